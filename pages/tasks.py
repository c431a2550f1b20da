"""What is to be done, by oneself and for oneself."""

import streamlit as st

from core.permissions import Permission
from core.ui import failures, guard, task_editing
from core.ui.live import live_tasks
from core.ui.task_adding import quick_add
from core.ui.task_filters import task_filters
from core.ui.task_list import task_list
from core.ui.task_undo import undo_offer

actor = guard.require(Permission.RECORDS_KEEP)
st.title("Tasks", anchor=False)
failures.show_notice()
task_editing.follow_link(actor)
quick_add(actor)
chosen = task_filters(actor)
live_tasks()
task_list(actor, chosen)
undo_offer(actor)
