"""How the answer to a command looks: a card above the box, with ticks, links and what takes it back."""

from functools import partial
from uuid import UUID

import streamlit as st

from core.assistant.commands import Line
from core.assistant.tools.registry import Link
from core.permissions import Actor
from core.ui import commands, links
from core.ui.commands import Card
from core.ui.text import as_label

LONGEST, LONGEST_TITLE, LONGEST_NOTE = 160, 200, 400
FEW = 6
"""So many lines stand there at once; among more one scrolls, else they would hide the page."""
HEIGHT = 260


def command_card(actor: Actor, conversation_id: UUID | None) -> None:
    place = st.empty()  # always there: what stands below keeps its place when the card goes
    card = commands.current(conversation_id)
    if card is None:
        return
    with place.container(border=True, gap="xsmall", key=f"command_{card.id}"):
        _head(actor, card)
        lines = card.reply.lines
        with st.container(gap="xxsmall", height=HEIGHT if len(lines) > FEW else "content", border=False):
            for number, line in enumerate(lines):
                _line(actor, card, line, number)
        for hint in card.reply.hints:
            st.caption(as_label(hint, LONGEST_NOTE))
        for number, link in enumerate(card.reply.links):
            _link(link, link.label, key=f"command_link_{card.id}_{number}")
    commands.drawn(card)


def _head(actor: Actor, card: Card) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.markdown(f"**{as_label(card.reply.title, LONGEST_TITLE)}**", width="stretch")
        if card.reply.undo:
            st.button(
                "Undo",
                icon=":material/undo:",
                key=f"command_undo_{card.id}",
                on_click=partial(commands.undo, actor, card.id),
            )
        st.button("Dismiss", type="tertiary", key=f"command_close_{card.id}", on_click=commands.forget)


def _line(actor: Actor, card: Card, line: Line, place: int) -> None:
    said = as_label(line.text, LONGEST)
    said = f"~~{said}~~" if line.is_done else said
    said = f"{line.number}\\. {said}" if line.number else said
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
        if line.done:
            _tick(actor, card, line, place)
        with st.container(gap=None):
            if not (line.link and _link(line.link, said, key=f"command_line_{card.id}_{place}")):
                st.markdown(said)
            if line.notes:
                st.caption(" · ".join(as_label(note, LONGEST_NOTE) for note in line.notes))


def _tick(actor: Actor, card: Card, line: Line, place: int) -> None:
    key = f"command_tick_{card.id}_{place}"
    st.session_state[key] = line.is_done  # as it is, also where a click was refused
    st.checkbox(
        f"Done: {as_label(line.text)}",
        key=key,
        label_visibility="collapsed",
        width="content",
        on_change=partial(commands.tick, actor, card.id, place, is_done=line.is_done),
    )


def _link(link: Link, label: str, *, key: str) -> bool:
    """False where there is no such page."""
    screen = links.screen_at(link.page)
    if screen is None:
        return False
    with st.container(key=key):
        st.page_link(
            screen.page(),
            label=label,
            icon=":material/arrow_forward:",  # not the page's own: that of tasks is a tick, beside one to be clicked
            help="",
            query_params=dict(link.query),
            width="content",
        )
    return True
