"""The top of a chat: its name, its model, and what can be done with it as a whole."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.views import ConversationView
from core.ui import dialogs, exporting, failures, guard, links
from core.ui.composer import UNDO
from core.ui.controls import shows
from core.ui.looked import WHO_LOOKED, looked_line, who_looked
from core.ui.text import as_label

RENAME, INSTRUCTIONS, ARCHIVE, UNARCHIVE, DELETE = "Rename", "Instructions", "Archive", "Bring back", "Delete"


def chat_header(actor: Actor, conversation: ConversationView, models: Sequence[str]) -> None:
    """`models`: those that the person can choose from, as `CompanyModels.offered` has them."""
    menu = "chat_menu"

    def chosen() -> None:
        _act(actor, conversation, st.session_state[menu])

    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        title = as_label(conversation.title, 48) or "New chat"
        if st.button(f"**{title}**", type="tertiary", key="chat_title", help="Rename", wrap=False):
            dialogs.rename(actor, conversation)
        _model_choice(actor, conversation, models)
        put_away = UNARCHIVE if conversation.is_archived else ARCHIVE
        options = [RENAME, INSTRUCTIONS, exporting.EXPORT, WHO_LOOKED, put_away, DELETE]
        st.menu_button("More", options, type="tertiary", key=menu, on_click=chosen)
    if conversation.is_archived:
        st.info("This chat is archived. Writing in it brings it back.", icon=":material/archive:")
    looked_line(actor, conversation)
    asked = st.session_state.pop(dialogs.OPEN, None)
    if asked == RENAME:
        dialogs.rename(actor, conversation)
    elif asked == INSTRUCTIONS:
        dialogs.instruct(actor, conversation)
    elif asked == exporting.EXPORT:
        exporting.export([conversation.id])
    elif asked == WHO_LOOKED:
        who_looked(actor, conversation.id)


def undo_offer(actor: Actor) -> None:
    """After something was put away: says so and takes it back on a click."""
    if offer := st.session_state.get(UNDO):
        what, conversation_id, title = offer
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{what} “{as_label(title)}”.", width="content")
            st.button(
                "Undo", icon=":material/undo:", key="undo_it", on_click=_undo, args=(actor, what, conversation_id)
            )
            st.button("Dismiss", type="tertiary", key="undo_not", on_click=forget_undo)


def _model_choice(actor: Actor, conversation: ConversationView, models: Sequence[str]) -> None:
    if len(models) < 2:
        return
    key = f"model_{conversation.id}"

    def chosen() -> None:
        with failures.noticed():
            bootstrap.current().conversations.choose_model(guard.again(actor), conversation.id, st.session_state[key])

    shows(key, conversation.model if conversation.model in models else models[0])
    st.selectbox("Model", models, key=key, on_change=chosen, label_visibility="collapsed", width=180)


def _act(actor: Actor, conversation: ConversationView, choice: str | None) -> None:
    conversations = bootstrap.current().conversations
    with failures.noticed():
        actor = guard.again(actor)
        if choice in (RENAME, INSTRUCTIONS, exporting.EXPORT, WHO_LOOKED):
            st.session_state[dialogs.OPEN] = choice
        elif choice == UNARCHIVE:
            conversations.unarchive(actor, conversation.id)
            forget_undo()
        elif choice == ARCHIVE:
            conversations.archive(actor, conversation.id)
            _leave("Archived", conversation)
        elif choice == DELETE:
            conversations.delete(actor, conversation.id)
            _leave("Deleted", conversation)


def _leave(what: str, conversation: ConversationView) -> None:
    st.session_state[UNDO] = (what, conversation.id, conversation.title)
    links.select_conversation(None)


def _undo(actor: Actor, what: str, conversation_id: UUID) -> None:
    conversations = bootstrap.current().conversations
    with failures.noticed():
        actor = guard.again(actor)
        if what == "Deleted":
            conversations.restore(actor, conversation_id)
        else:
            conversations.unarchive(actor, conversation_id)
        links.select_conversation(conversation_id)
    forget_undo()


def forget_undo() -> None:
    st.session_state.pop(UNDO, None)
