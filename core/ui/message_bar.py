"""The row under a message: when it was said, and what can be done with it. One small part, all icons named.

Streamlit sends a part's code with each of its places. So the code has a place of its own, once a page, outside every
fragment; what stands under each message only calls it. That one place also is where every click is told, so that none
depends on the block it was made in, which may be drawn anew at that moment.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import streamlit as st

from core.ids import parse_id
from core.ui.told import keep_nothing_of, told

DONE = "acts_done"
REMEMBERED = 100
"""Clicks of the last seconds are told again with each new one; so many are known to be done."""
CODE = "message_bar_code"
STUB = """
export default function (component) {
  if (window.parleyMessageBar) window.parleyMessageBar(component)
  else window.addEventListener("parley-message-bar", () => window.parleyMessageBar(component), { once: true })
}
"""


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody wants done with a message, as the browser says it: who may do that is for the services to say."""

    message_id: UUID
    name: str
    value: str | None


def _beside(ending: str) -> str:
    return Path(__file__).with_suffix(ending).read_text("utf-8")


_code = st.components.v2.component(
    "message_bar_code",
    html='<div class="popup" popover></div>',
    js=f"const STYLES = {json.dumps(_beside('.css'))}\n{_beside('.js')}",
)
_bar = st.components.v2.component("message_bar", html='<div class="bar"></div>', js=STUB)


def message_bar_code(on_acts: Callable[[Sequence[Act]], None]) -> None:
    """To be drawn once on a page with message bars. `on_acts` is told what was clicked, before the next draw."""

    def acted() -> None:
        on_acts(_new(told(CODE, "acts") or []))

    _code(key=CODE, on_acts_change=acted)


def is_drawn() -> bool:
    """Whether the run before drew rows: then the page was not left since."""
    return CODE in st.session_state


def message_bar(data: Mapping[str, Any], *, key: str) -> None:
    """`data`: message (its id), time, exact, copy (the text), actions (names in order); score and version, or None.

    In rooms also reactions (emoji, count, names, mine), menu (the names behind "more"), and end: the page is to be
    scrolled to where this was said.
    """
    # As one string: Streamlit looks into each value of a dict for dataframes, at a third of the part's cost.
    _bar(key=key, data=json.dumps(data))
    keep_nothing_of(key)


def _new(acts: Sequence[Mapping[str, Any]]) -> list[Act]:
    """Those that were not done yet."""
    done: list[str] = st.session_state.get(DONE, [])
    new = [one for one in acts if one["id"] not in done]
    st.session_state[DONE] = [*done, *(one["id"] for one in new)][-REMEMBERED:]
    parsed = [(parse_id(str(one["message"])), str(one["name"]), one.get("value")) for one in new]
    return [Act(id_, name, None if value is None else str(value)) for id_, name, value in parsed if id_]
