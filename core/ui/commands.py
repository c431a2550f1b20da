"""Commands typed into the box, and their answers above it: for the person who typed them, in this tab, alone."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import streamlit as st

from core import bootstrap, clock
from core.assistant.commands import Reply
from core.errors import ParleyError
from core.ids import new_id
from core.permissions import Actor
from core.ui import failures, guard, times

CARD = "command_card"
"""The answer that stands above the box."""
LAST = "last_command"
LISTED = "command_listed"
"""By kind of record: the ids under the numbers that were shown last."""
UNSEEN, UNHEARD, TWICE = timedelta(seconds=10), timedelta(minutes=2), timedelta(seconds=1)
"""The same line again within this time is the same frame come twice, or a double click: while its answer has not been
drawn, where nobody told whether it had arrived, and after it was drawn.
"""


@dataclass(frozen=True, slots=True)
class Card:
    """An answer, and where it was asked for."""

    id: UUID
    conversation_id: UUID | None
    reply: Reply
    is_drawn: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """The line that was sent last, and the key of what it makes."""

    conversation_id: UUID | None
    text: str
    client_key: UUID
    at: datetime
    has_arrived: bool = False


def run(actor: Actor, conversation_id: UUID | None, text: str) -> bool | None:
    """Does what the text says, if it is a command: True, or False, with a notice, when it was refused. None for a
    message. Sent twice it is done once.
    """
    failures.forget()
    service = bootstrap.current().commands
    try:
        found = service.read(text)
        if found is None:
            return None
        sent = _sent(conversation_id, text)
        if sent.has_arrived:
            return True
        st.session_state[LAST] = sent
        reply = service.run(
            guard.again(actor),
            *found,
            client_key=sent.client_key,
            zone=times.zone(),
            locale=st.context.locale or "en",
            conversation_id=conversation_id,
            listed=st.session_state.get(LISTED),
        )
    except ParleyError as error:
        failures.keep_notice(error)
        return False
    st.session_state[LAST] = replace(sent, has_arrived=True)
    _put(conversation_id, reply)
    return True


def _sent(conversation_id: UUID | None, text: str) -> Sent:
    """A repetition is the one before."""
    last: Sent | None = st.session_state.get(LAST)
    if last and (last.conversation_id, last.text) == (conversation_id, text):
        card: Card | None = st.session_state.get(CARD)
        patience = (TWICE if card is None or card.is_drawn else UNSEEN) if last.has_arrived else UNHEARD
        if clock.now() - last.at < patience:
            return last
    return Sent(conversation_id, text, new_id(), clock.now())


def _put(conversation_id: UUID | None, reply: Reply) -> None:
    if reply.kind:
        listed = tuple(line.id for line in reply.lines if line.number)
        st.session_state[LISTED] = st.session_state.get(LISTED, {}) | {reply.kind: listed}
    st.session_state[CARD] = Card(new_id(), conversation_id, reply)


def forget() -> None:
    """When something else is said: the answer has been read."""
    st.session_state.pop(CARD, None)


def current(conversation_id: UUID | None) -> Card | None:
    """The answer that stands above this box."""
    card: Card | None = st.session_state.get(CARD)
    return card if card and card.conversation_id == conversation_id else None


def drawn(card: Card) -> None:
    st.session_state[CARD] = replace(card, is_drawn=True)


def tick(actor: Actor, card_id: UUID, place: int, *, is_done: bool) -> None:
    """For a click on a line that was drawn so: ticks it off, or opens it again."""
    card = _still(card_id)
    if card is None or place >= len(card.reply.lines):  # it was taken back meanwhile, lines and all
        return
    line = card.reply.lines[place]
    call = line.reopened if is_done else line.done
    if call is None:
        return
    with failures.noticed():
        bootstrap.current().commands.call(guard.again(actor), call, zone=times.zone())
        changed = replace(line, is_done=not is_done)
        lines = (*card.reply.lines[:place], changed, *card.reply.lines[place + 1 :])
        st.session_state[CARD] = replace(card, reply=replace(card.reply, lines=lines))


def undo(actor: Actor, card_id: UUID) -> None:
    """For a click: takes back what the command has done."""
    card = _still(card_id)
    if card is None or card.reply.undo is None:
        return
    kept = card.reply.undo
    with failures.noticed():
        said = bootstrap.current().commands.undo(guard.again(actor), kept, zone=times.zone())
        st.session_state[CARD] = replace(card, reply=Reply(said))


def _still(card_id: UUID) -> Card | None:
    """The card as it is by now; None when another one stands there."""
    card: Card | None = st.session_state.get(CARD)
    return card if card and card.id == card_id else None
