"""What is due, on the first page."""

import streamlit as st

from core.permissions import Actor
from core.services.task_views import TaskPage
from core.ui import links, times
from core.ui.task_row import task_row
from core.ui.task_undo import undo_offer


def home_tasks(actor: Actor, due: TaskPage) -> None:
    """Overdue and today's, as far as they are to do it themselves; nothing where there is nothing."""
    today = times.today()
    undo_offer(actor)
    if not due.tasks:
        return
    st.header("Today", anchor=False)
    with st.container(gap="xsmall"):
        for line in due.tasks:
            task_row(actor, line, today, can_edit=False)
    label = "More is due: all tasks" if due.next else "All tasks"
    st.page_link(links.TASKS.page(), label=label, icon=links.TASKS.icon, help="")
