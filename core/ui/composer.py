"""The chat box: sends, and gives back the text when it could not be sent."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import streamlit as st

from core import bootstrap, clock
from core.errors import ParleyError
from core.ids import derived_id, new_id
from core.permissions import Actor
from core.services.spending import Standing
from core.services.views import Transcript
from core.ui import commands, failures, guard, links
from core.ui.budget_left import with_left
from core.ui.command_card import command_card

BOXES = "boxes"
LAST = "last_sent"
"""What was sent last from this tab."""
WHILE_WRITING, UNSEEN, UNHEARD = timedelta(seconds=2), timedelta(seconds=10), timedelta(minutes=2)
TWICE = timedelta(seconds=1)
"""The same text again within this time, from the same place, is the same frame come twice, or a double click: while its
answer is written, while the page has not shown yet what became of it, and where nobody told whether it had arrived.
Once the page has shown the answer at its end, the same words are meant anew; in a room, once it has shown them, and
TWICE is over: the server is ahead of what the browser has drawn.
"""
UNDO = "undo"
"""What was put away last and can be taken back, until something else is done."""
MODEL = "new_chat_model"
NO_MODEL = "None of the models that your company allows is there any more"
SEEN = "seen_state"
ASK = "Ask anything, or type /help"
SENT = "just_sent"
"""Set for one run after a message went out: a page other than Chat goes there."""


def send(actor: Actor, conversation_id: UUID | None, text: str) -> bool:
    """Asks the assistant; False, with a notice, when it was refused. Sent twice it is one message."""

    def ask(actor: Actor, client_key: UUID) -> UUID:
        chosen = st.session_state.get(MODEL) if conversation_id is None else None
        app = bootstrap.current()
        # The first one is what answers without a choice, whichever that will be some day; and what an admin has taken
        # out since it was chosen here is none either.
        model = chosen if chosen and chosen in app.company_models.offered(actor)[1:] else None
        chat = app.chat
        asked = chat.ask(actor, text, conversation_id=conversation_id, model=model, client_key=client_key)
        failures.keep_note(asked.masked)
        return asked.conversation_id

    sent_to = _delivered(actor, conversation_id, text, ask)
    if sent_to is None:
        return False
    st.session_state[SENT] = True
    st.session_state.pop(UNDO, None)
    if conversation_id is None and sent_to not in _boxes():
        _keep_box(sent_to)
    links.select_conversation(sent_to)
    return True


def say(actor: Actor, room_id: UUID, text: str, *, reply_to_id: UUID | None = None) -> bool:
    """The same for a message in a room."""

    def say(actor: Actor, client_key: UUID) -> UUID:
        talk = bootstrap.current().talk
        sent = talk.send(actor, room_id, text, reply_to_id=reply_to_id, client_key=client_key)
        failures.keep_note(sent.masked)
        return sent.conversation_id

    return _delivered(actor, room_id, f"{text}\0{reply_to_id or ''}", say) is not None


def _delivered(
    actor: Actor, conversation_id: UUID | None, text: str, deliver: Callable[[Actor, UUID], UUID]
) -> UUID | None:
    """The conversation that `deliver` sent it to, under a key that a repetition has again; None when it was refused."""
    failures.forget()
    sending = _sending(actor, conversation_id, text)
    is_repetition = sending.has_arrived
    st.session_state[LAST] = sending
    try:
        sent_to = deliver(guard.again(actor), sending.client_key)
    except ParleyError as error:
        failures.keep_notice(error)
        return None
    commands.forget()
    if not is_repetition:  # else every repetition would make the time longer in which the next one counts as such
        st.session_state[LAST] = replace(sending, tried_at=clock.now(), has_arrived=True)
    return sent_to


@dataclass(frozen=True, slots=True)
class Sending:
    """A text on its way, and the key by which it is known to be the same one again."""

    conversation_id: UUID | None
    text: str
    client_key: UUID
    tried_at: datetime
    has_arrived: bool
    """As far as this tab knows."""
    seen: "Seen | None"
    """What the tab had shown by then."""

    def is_repeated_by(self, conversation_id: UUID | None, text: str, seen: "Seen | None") -> bool:
        if (self.conversation_id, self.text) != (conversation_id, text):
            return False
        age = clock.now() - self.tried_at
        if seen and seen.is_of_room(conversation_id):
            if seen.mine != (self.seen.mine if self.seen else None):
                return age < TWICE
            return age < (UNSEEN if self.has_arrived else UNHEARD)
        if not self.has_arrived:
            return age < UNHEARD
        if seen == self.seen:
            return age < UNSEEN
        return not (seen and seen.is_at_rest) and age < WHILE_WRITING


@dataclass(frozen=True, slots=True)
class Seen:
    """What this tab has shown."""

    conversation_id: UUID
    end: str
    """What the conversation ended with."""
    is_at_rest: bool
    """False while an answer is written; True in a room, where nothing said waits for one."""
    is_room: bool = False
    mine: UUID | None = None
    """In a room: what this person had said last. Another one, and what was sent has been shown."""

    def is_of_room(self, conversation_id: UUID | None) -> bool:
        return self.is_room and self.conversation_id == conversation_id


def _sending(actor: Actor, conversation_id: UUID | None, text: str) -> Sending:
    """A repetition keeps the key of the first time. Else the key is of the person and of what they saw when they wrote
    it: two tabs of theirs that send the same into the same state of a conversation send one message.
    """
    last: Sending | None = st.session_state.get(LAST)
    seen: Seen | None = st.session_state.get(SEEN)
    if last and last.is_repeated_by(conversation_id, text, seen):
        return last
    key = new_id()
    if seen and seen.conversation_id == conversation_id:
        key = derived_id(str(actor.user_id), str(conversation_id), seen.end, text)
    return Sending(conversation_id, text, key, tried_at=clock.now(), has_arrived=False, seen=seen)


def see(shown: Transcript) -> None:
    """Remembers what this tab shows."""
    last = [f"{message.id} {message.status}" for message in shown.messages[-1:]]
    end = " ".join([*last, *(str(question.id) for question in shown.queued)])
    is_room = shown.conversation.room is not None
    st.session_state[SEEN] = Seen(
        shown.conversation.id,
        end,
        is_at_rest=is_room or shown.active_run_id is None,
        is_room=is_room,
        mine=next((one.id for one in reversed(shown.messages) if one.is_mine), None) if is_room else None,
    )


def forget_sent() -> None:
    """What is sent from now on is meant anew, the same words too."""
    st.session_state.pop(LAST, None)


def box_key(conversation_id: UUID | None) -> str:
    """Each conversation has a box of its own: what is typed in one never gets into another. None: a new chat."""
    return _boxes().get(conversation_id, f"composer_{conversation_id}")


def _keep_box(conversation_id: UUID) -> None:
    """A chat that was begun here goes on with the box it was begun in: with the focus, and what is typed by then."""
    _boxes()[conversation_id] = box_key(None)
    _boxes()[None] = f"composer_{new_id()}"


def _boxes() -> dict[UUID | None, str]:
    found: dict[UUID | None, str] = st.session_state.setdefault(BOXES, {})
    return found


def chat_box(
    actor: Actor,
    conversation_id: UUID | None,
    *,
    caption: str,
    standings: Sequence[Standing] | None = None,
    stays_at_top: bool = False,
) -> None:
    """`standings`: the budgets that a question has to fit, where they were asked for already. `stays_at_top`: the page
    is read from its beginning, and not from what is newest.
    """
    box = box_key(conversation_id)

    def submitted() -> None:
        text = st.session_state[box]
        is_done = commands.run(actor, conversation_id, text)
        if is_done is None:
            is_done = send(actor, conversation_id, text)
        if not is_done:
            st.session_state[box] = text

    with st.bottom:
        failures.show_notice()
        command_card(actor, conversation_id)
    # Only a box that Streamlit puts at the bottom itself keeps the page scrolled to the newest.
    with st.bottom if stays_at_top else nullcontext():
        st.chat_input(ASK, key=box, on_submit=submitted)
    if standings is None:
        standings = bootstrap.current().spending.standings(actor, conversation_id)
    st.bottom.caption(with_left(standings, caption))


def stop_answer(actor: Actor, conversation_id: UUID) -> None:
    with failures.noticed():
        bootstrap.current().chat.stop(guard.again(actor), conversation_id)


def context_caption(shown: Transcript, models: Sequence[str]) -> str:
    """Under the box: the model, and how much of its window this conversation fills. `models`: those on offer."""
    if not models:
        return NO_MODEL
    assistant, wanted = bootstrap.current().assistant, shown.conversation.model
    model = wanted if wanted in models else models[0]
    window = assistant.window(model)
    used = min(sum(message.tokens or 0 for message in shown.messages), window)
    return f"{model} · about {_short(used)} of {_short(window)} tokens in use"


def _short(tokens: int) -> str:
    return f"{tokens / 1000:.1f}k" if tokens >= 1000 else str(tokens)
