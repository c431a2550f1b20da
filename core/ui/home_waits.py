"""What waits for a person, read once for all parts of the first page, and the one thing that is most useful next."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from core import bootstrap
from core.models import TaskStatus
from core.permissions import Actor, Permission
from core.services.room_views import RoomLine, Unread
from core.services.steps import WaitingLine
from core.services.task_views import TaskPage, TasksWanted, Whose
from core.services.views import Continued
from core.ui import times
from core.ui.conversation_list import HEADINGS

MOST = 5
"""Of each list."""
MOST_DECISIONS = 3
NO_TASKS = TaskPage((), None)


@dataclass(frozen=True, slots=True)
class Waits:
    """Where a permission is missing, nothing waits."""

    may_ask: bool = False
    unread: Unread = field(default_factory=Unread)
    rooms: Sequence[RoomLine] = ()
    """Where one is called first, then where there is more to read, then the newest."""
    chats: Sequence[Continued] = ()
    decisions: Sequence[WaitingLine] = ()
    due: TaskPage = NO_TASKS
    overdue: int = 0
    """Of those that are in `due`, how many are late."""
    reports: int = 0


class Step(StrEnum):
    """What can come next, the most useful first."""

    MENTION = "mention"
    OVERDUE = "overdue"
    DECISION = "decision"
    REPORTS = "reports"
    UNREAD = "unread"
    CONTINUE = "continue"
    ASK = "ask"


def next_step(waits: Waits) -> Step | None:
    """People who wait come before what is late, and that before what can be read at any time. None: nothing."""
    is_there = {
        Step.MENTION: waits.unread.mentions > 0,
        Step.OVERDUE: waits.overdue > 0,
        Step.DECISION: bool(waits.decisions),
        Step.REPORTS: waits.reports > 0,
        Step.UNREAD: waits.unread.total > 0,
        Step.CONTINUE: bool(waits.chats),
        Step.ASK: waits.may_ask,
    }
    return next((step for step in Step if is_there[step]), None)


def waits_of(actor: Actor) -> Waits:
    app, today = bootstrap.current(), times.today()
    may_chat, may_decide = actor.may(Permission.CHAT_USE), actor.may(Permission.MODERATION_WORK)
    due = NO_TASKS
    if actor.may(Permission.RECORDS_KEEP):
        wanted = TasksWanted(TaskStatus.OPEN, whose=Whose.MINE, due_to=today)
        due = app.tasks.list_page(actor, wanted, limit=MOST)
    return Waits(
        may_ask=may_chat,
        unread=app.rooms.unread(actor) if may_chat else Unread(),
        rooms=_rooms(actor) if may_chat else (),
        chats=app.conversations.list_continued(actor, limit=MOST) if may_chat else (),
        decisions=app.steps.list_waiting(actor, MOST_DECISIONS),
        due=due,
        overdue=sum(line.due_on is not None and line.due_on < today for line in due.tasks),
        reports=app.moderation_queue.count_open(actor) if may_decide else 0,
    )


def badge_of(line: RoomLine) -> int:
    """What is new there, as far as a badge counts it."""
    return line.mentions if line.muted else line.unread


def _rooms(actor: Actor) -> list[RoomLine]:
    rooms = bootstrap.current().rooms
    newest = [line for kind in HEADINGS for line in rooms.list_mine(actor, kind, limit=MOST)]
    return sorted(newest, key=lambda line: (not line.mentions, not badge_of(line), -line.last_message_at.timestamp()))
