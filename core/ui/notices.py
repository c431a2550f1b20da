"""What people are told once, wherever they look first, until they put it away."""

from uuid import UUID

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.ui import failures, guard, times
from core.ui.looked import who_looked_button
from core.ui.text import as_label

LONGEST = 800
"""Characters of a notice."""
ICON, ICONS = (
    ":material/savings:",
    {
        "moderation": ":material/shield:",
        "access": ":material/visibility:",
        "account": ":material/key:",
    },
)
"""By its kind."""


def notices(actor: Actor, most: int) -> None:
    """The newest of what this person was told and has not put away, anywhere: put away here it is gone everywhere."""
    waiting = bootstrap.current().spending.notices(actor, limit=most + 1)
    for notice in waiting[:most]:
        again = f" It begins again on {times.with_zone(notice.ends_at, times.zone())}." if notice.ends_at else ""
        leads_on = notice.conversation_id is not None  # another button: on a narrow screen below the text
        with st.container(horizontal=True, vertical_alignment="center", wrap=leads_on, border=True):
            st.markdown(
                f":small[{ICONS.get(notice.kind, ICON)} {as_label(notice.text, LONGEST)}{again}]", width="stretch"
            )
            if notice.conversation_id:
                who_looked_button(actor, notice.conversation_id, key=f"notice_looked_{notice.id}")
            _put_away_button(actor, "Put away", ":material/close:", notice.id)
    if len(waiting) > most:
        with st.container(horizontal=True, horizontal_alignment="right"):
            _put_away_button(actor, "Put all away", ":material/clear_all:", None)


def _put_away_button(actor: Actor, label: str, icon: str, notice_id: UUID | None) -> None:
    st.button(
        label,
        icon=icon,
        type="tertiary",
        key=f"put_away_{notice_id}",
        on_click=_put_away,
        args=(actor, notice_id),
    )


def _put_away(actor: Actor, notice_id: UUID | None) -> None:
    """None: all there are."""
    with failures.noticed():
        bootstrap.current().spending.put_away(guard.again(actor), notice_id)
