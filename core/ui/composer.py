"""The chat box: sends, and gives back the text when it could not be sent."""

from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import ParleyError
from core.ids import new_id
from core.permissions import Actor
from core.services.views import Transcript
from core.ui import failures, guard, links

BOX = "composer"
KEY = "client_key"
UNDO = "undo"
"""What was put away last and can be taken back, until something else is done."""
MODEL = "new_chat_model"
SENT = "just_sent"
"""Set for one run after a message went out: a page other than Chat goes there."""


def send(actor: Actor, conversation_id: UUID | None, text: str) -> bool:
    """Sends a message; False, with a notice, when it was refused. A second send of the same box is one message."""
    st.session_state.pop(failures.NOTICE, None)
    client_key = st.session_state.setdefault(KEY, new_id())
    try:
        asked = bootstrap.current().chat.ask(
            guard.again(actor),
            text,
            conversation_id=conversation_id,
            model=st.session_state.get(MODEL) if conversation_id is None else None,
            client_key=client_key,
        )
    except ParleyError as error:
        failures.keep_notice(error)
        return False
    st.session_state[KEY] = new_id()
    st.session_state[SENT] = True
    st.session_state.pop(UNDO, None)
    links.select_conversation(asked.conversation_id)
    return True


def chat_box(actor: Actor, conversation_id: UUID | None, *, caption: str) -> None:
    def submitted() -> None:
        text = st.session_state[BOX]
        if not send(actor, conversation_id, text):
            st.session_state[BOX] = text

    with st.bottom:
        failures.show_notice()
    # Not inside `with st.bottom`: only a box that Streamlit puts there itself keeps the page scrolled to the newest.
    st.chat_input("Ask anything", key=BOX, on_submit=submitted)
    st.bottom.caption(caption)


def stop_answer(actor: Actor, conversation_id: UUID) -> None:
    with failures.noticed():
        bootstrap.current().chat.stop(guard.again(actor), conversation_id)


def context_caption(shown: Transcript) -> str:
    """Under the box: the model, and how much of its window this conversation fills."""
    assistant = bootstrap.current().assistant
    wanted = shown.conversation.model
    model = wanted if wanted in assistant.models else assistant.default_model
    window = assistant.window(model)
    used = min(sum(message.tokens or 0 for message in shown.messages), window)
    return f"{model} · about {_short(used)} of {_short(window)} tokens in use"


def _short(tokens: int) -> str:
    return f"{tokens / 1000:.1f}k" if tokens >= 1000 else str(tokens)
