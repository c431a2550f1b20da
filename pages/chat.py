"""One conversation: a room, a chat with the assistant, or the beginning of one."""

from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import NotFound
from core.permissions import Actor, Permission
from core.services.views import Transcript
from core.ui import composer, dialogs, failures, links, reporting, room, task_making
from core.ui.chat_header import chat_header, undo_offer
from core.ui.composer import chat_box, context_caption
from core.ui.earlier import earlier
from core.ui.guard import require
from core.ui.live import live
from core.ui.new_chat import model_caption, new_chat
from core.ui.notices import notices
from core.ui.queue import queue
from core.ui.transcript import follow_answer, transcript


def open_one(actor: Actor, conversation_id: UUID) -> None:
    try:
        shown = bootstrap.current().transcripts.read(actor, conversation_id, limit=room.limit(conversation_id))
    except NotFound as error:
        if not room.gone(conversation_id, error):
            not_here(actor, error)
        return
    (room.room if shown.conversation.room else chat)(actor, shown)


def not_here(actor: Actor, error: NotFound) -> None:
    st.title("This chat isn't here", anchor=False)
    st.markdown(failures.sentence_of(error))
    st.markdown("Start a new one below.")
    chat_box(actor, None, caption=model_caption(bootstrap.current().company_models.offered(actor)))


def chat(actor: Actor, shown: Transcript) -> None:
    """With the assistant."""
    conversation = shown.conversation
    composer.see(shown)
    live(conversation.id, shown.state)
    models = bootstrap.current().company_models.offered(actor)
    chat_header(actor, conversation, models)
    earlier(shown)
    answering = transcript(actor, shown)
    queue(actor, shown)
    chat_box(actor, conversation.id, caption=context_caption(shown, models))
    is_asked = reporting.asked_for(actor) or task_making.asked_for(actor)
    if not is_asked and (answer_id := st.session_state.pop(dialogs.RATED, None)):
        dialogs.say_why(actor, answer_id)
    if not dialogs.is_open():
        follow_answer(shown, answering)


actor = require(Permission.CHAT_USE)
st.session_state.pop(composer.SENT, None)
selected = links.selected_conversation()
undo_offer(actor)
if problem := bootstrap.current().assistant.problem():
    st.warning(problem, icon=":material/build:")
with st.bottom.container():  # always there: what stands below keeps its place when the notice goes
    if not failures.is_noticed():  # a refusal says it all, and more
        notices(actor, 1)
# No st.stop() from here on: after it Streamlit keeps the fragments of the page before, to be drawn beside this one's.
if selected is None:
    new_chat(actor)
else:
    open_one(actor, selected)
