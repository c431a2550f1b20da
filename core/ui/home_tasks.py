"""What is due, on the first page."""

import streamlit as st

from core import bootstrap
from core.models import TaskStatus
from core.permissions import Actor
from core.services.task_views import TasksWanted, Whose
from core.ui import links, times
from core.ui.task_row import task_row
from core.ui.task_undo import undo_offer

MOST = 5


def home_tasks(actor: Actor) -> None:
    """Overdue and today's, as far as they are to do it themselves; nothing where there is nothing."""
    today = times.today()
    wanted = TasksWanted(TaskStatus.OPEN, whose=Whose.MINE, due_to=today)
    page = bootstrap.current().tasks.list_page(actor, wanted, limit=MOST)
    undo_offer(actor)
    if not page.tasks:
        return
    st.subheader("Today", anchor=False)
    with st.container(gap="xsmall"):
        for line in page.tasks:
            task_row(actor, line, today, can_edit=False)
    label = "More is due: all tasks" if page.next else "All tasks"
    st.page_link(links.TASKS.page(), label=label, icon=links.TASKS.icon, help="")
