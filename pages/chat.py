"""One conversation: a room, a chat with the assistant, or the beginning of one."""

import streamlit as st

from core import bootstrap
from core.errors import NotFound
from core.permissions import Permission
from core.ui import composer, dialogs, links, room
from core.ui.chat_header import chat_header, undo_offer
from core.ui.composer import chat_box, context_caption
from core.ui.earlier import earlier_button
from core.ui.guard import require
from core.ui.live import live
from core.ui.new_chat import model_caption, new_chat
from core.ui.queue import queue
from core.ui.transcript import follow_answer, transcript

actor = require(Permission.CHAT_USE)
app = bootstrap.current()
st.session_state.pop(composer.SENT, None)
conversation_id = links.selected_conversation()
undo_offer(actor)
if problem := app.assistant.problem():
    st.warning(problem, icon=":material/build:")

if conversation_id is None:
    new_chat(actor)
    st.stop()

try:
    shown = app.transcripts.read(actor, conversation_id, limit=room.limit(conversation_id))
except NotFound as error:
    if room.gone(conversation_id, error):
        st.stop()
    st.title("This chat isn't here", anchor=False)
    st.markdown(str(error))
    st.markdown("Start a new one below.")
    composer.chat_box(actor, None, caption=model_caption())
    st.stop()

if shown.conversation.room:
    room.room(actor, shown)  # and no st.stop() after it: a run that is stopped keeps the fragments of the one before
else:
    composer.see(shown)
    live(conversation_id, shown.state)
    chat_header(actor, shown.conversation)
    if shown.has_earlier:
        earlier_button(conversation_id)
    answering = transcript(actor, shown)
    queue(actor, shown)
    chat_box(actor, conversation_id, caption=context_caption(shown))
    if answer_id := st.session_state.pop(dialogs.RATED, None):
        dialogs.say_why(actor, answer_id)
    follow_answer(shown, answering)
