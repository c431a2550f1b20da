"""One task in a list: ticked, opened for editing, followed to where it came from."""

from datetime import date

import streamlit as st

from core import bootstrap
from core.models import TaskStatus
from core.permissions import Actor
from core.services.task_views import TaskLine
from core.ui import failures, guard, links, task_editing, task_undo
from core.ui.browse_address import Address
from core.ui.task_words import about, quoted, title_of


def task_row(actor: Actor, line: TaskLine, today: date, *, can_edit: bool = True) -> None:
    if can_edit and task_editing.is_edited(line.id):
        task_editing.editor(actor)
        return
    with st.container(horizontal=True, vertical_alignment="center", wrap=False, gap="small", key=f"task_{line.id}"):
        _tick(actor, line, today)
        if line.conversation_id and line.message_seq is not None:
            st.page_link(
                links.BROWSE.page(),
                label="Message",
                icon=":material/chat_bubble:",
                help="Open the message that it came from",
                query_params=Address(conversation_id=line.conversation_id, message=line.message_seq).params(),
            )
        if can_edit:
            st.button(
                ":material/edit:",
                help="Edit",
                type="tertiary",
                key=f"edit_task_{line.id}",
                on_click=task_editing.begin,
                args=(actor, line.id),
            )


def _tick(actor: Actor, line: TaskLine, today: date) -> None:
    said = about(actor, line, today)
    title = title_of(line)
    label = f"{title}  :small[:gray[{said}]]" if said else title
    # Another one for each of its states: ticked, undone and ticked again, it begins anew each time.
    key = f"tick_{line.id}_{line.version}"
    is_done = line.status is TaskStatus.DONE
    st.checkbox(label, is_done, key=key, on_change=_ticked, args=(actor, line), width="stretch", wrap=True)


def _ticked(actor: Actor, line: TaskLine) -> None:
    tasks = bootstrap.current().tasks
    with failures.noticed():
        actor = guard.again(actor)
        # The way back is for this step alone: it ends where somebody else has changed the task since.
        if line.status is TaskStatus.OPEN:
            version = tasks.complete(actor, line.id).line.version
            said = f"Done: {quoted(line.title)}."
            task_undo.keep(said, lambda tasks, actor: tasks.reopen(actor, line.id, version=version))
        else:
            version = tasks.reopen(actor, line.id).line.version
            said = f"Open again: {quoted(line.title)}."
            task_undo.keep(said, lambda tasks, actor: tasks.complete(actor, line.id, version=version))
