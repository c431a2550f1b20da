"""A page of tasks in SQL: which, in which order, and from where on. Statements are put together once, and want `me` and
`company`; those of groups `today` besides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.models import Conversation, Message, Task, TaskStatus, User
from core.models.base import literal_of, table_of
from core.permissions import Actor
from core.repositories.conversations import readable_to
from core.repositories.task_wanted import TaskGroup, TaskPlace, TasksWanted, Whose
from core.repositories.tasks import is_done, is_given, is_there

_tasks, _conversations, _messages = table_of(Task), table_of(Conversation), table_of(Message)
_owner, _assignee = aliased(User), aliased(User)
due_day: ColumnElement[date] = literal_column("coalesce(tasks.due_on, 'infinity'::date)", Date)
NO_DAY: ColumnElement[date] = literal_column("'infinity'::date", Date)
is_open = and_(_tasks.c.status == literal_of(_tasks.c.status, TaskStatus.OPEN), is_there)
_me, _company = (bindparam(name, type_=Uuid()) for name in ("me", "company"))
# In the words of its indexes: said in others, PostgreSQL would not see that they serve.
_is_mine, _is_given = _tasks.c.assignee_id == _me, and_(_tasks.c.owner_id == _me, is_given)


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """How a list is sorted, what is in it, and what comes behind a place in it."""

    by: tuple[ColumnElement[Any], ...]
    holds: ColumnElement[bool]
    behind: ColumnElement[bool]


def _value(name: str, column: Any) -> ColumnElement[Any]:
    return bindparam(name, type_=column.type)


_after_id, TODAY = _value("after_id", _tasks.c.id), _value("today", _tasks.c.due_on)
_after_due = cast(bindparam("after_due", type_=String), Date)
_after_completed = _value("after_completed", _tasks.c.completed_at)
OPEN = Order((due_day, _tasks.c.id), is_open, tuple_(due_day, _tasks.c.id) > tuple_(_after_due, _after_id))
DONE = Order(
    (_tasks.c.completed_at.desc(), _tasks.c.id.desc()),
    is_done,
    tuple_(_tasks.c.completed_at, _tasks.c.id) < tuple_(_after_completed, _after_id),
)
NEWEST = Order((_tasks.c.id.desc(),), is_there, _tasks.c.id < _after_id)
_person_id = _value("person_id", _tasks.c.owner_id)
_VALUES: dict[str, ColumnElement[bool] | None] = {
    "owner_id": _tasks.c.owner_id == _value("owner_id", _tasks.c.owner_id),
    "assignee_id": _tasks.c.assignee_id == _value("assignee_id", _tasks.c.assignee_id),
    "source": _tasks.c.source == _value("source", _tasks.c.source),
    "conversation_id": _tasks.c.conversation_id == _value("conversation_id", _tasks.c.conversation_id),
    "person_id": or_(_tasks.c.owner_id == _person_id, _tasks.c.assignee_id == _person_id),
    "due_from": due_day >= _value("due_from", _tasks.c.due_on),
    "due_to": due_day <= _value("due_to", _tasks.c.due_on),
    "today": None,  # asks for nothing by itself: see _OF_A_DAY
}
"""What of TasksWanted is a value, and what it asks for."""
_OF_A_DAY = {
    TaskGroup.OVERDUE: due_day < TODAY,
    TaskGroup.TODAY: due_day == TODAY,
    TaskGroup.UPCOMING: and_(due_day > TODAY, due_day < NO_DAY),
    TaskGroup.SOMEDAY: due_day == NO_DAY,
}
_ENDS = {
    TaskGroup.OVERDUE: due_day < TODAY,
    TaskGroup.TODAY: due_day <= TODAY,
    TaskGroup.UPCOMING: due_day < NO_DAY,
    TaskGroup.SOMEDAY: true(),
}
"""The groups again, without where they begin."""
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)


def order_of(wanted: TasksWanted) -> Order:
    if wanted.status is TaskStatus.DONE or wanted.group is TaskGroup.DONE:
        return DONE
    return OPEN if wanted.status or wanted.group else NEWEST


def page_statement(wanted: TasksWanted, *, continued: bool) -> Select[Any]:
    """Two lists, each from its index: what they are to do, and what they gave to others. Merged, the first few. It
    wants what `given` has.
    """
    fields = frozenset(name for name in _VALUES if getattr(wanted, name) is not None)
    if wanted.group in _OF_A_DAY and wanted.today is None:
        raise ValueError("the groups begin and end with a day: say which is today")
    return _put_together(order_of(wanted), wanted.group, wanted.whose, fields, continued=continued)


def given(actor: Actor, wanted: TasksWanted, after: TaskPlace | None, limit: int) -> dict[str, Any]:
    """What the statement of a page wants."""
    values = {name: getattr(wanted, name) for name in _VALUES if getattr(wanted, name) is not None}
    return reader(actor) | values | (_place(wanted, after) if after else {}) | {"limit": limit}


def _place(wanted: TasksWanted, after: TaskPlace) -> dict[str, Any]:
    """Where a list goes on: behind `after`, and not before its group begins. Were the two told to PostgreSQL as two
    conditions, it would begin at the latter and read on to the former.
    """
    begins = {
        TaskGroup.TODAY: TaskPlace(_FIRST, wanted.today),
        TaskGroup.UPCOMING: TaskPlace(_LAST, wanted.today),
        TaskGroup.SOMEDAY: TaskPlace(_FIRST),
    }
    place = after
    if wanted.group in begins:
        place = max(after, begins[wanted.group], key=lambda one: (one.due_on or date.max, one.id))
    return {
        "after_id": place.id,
        "after_due": place.due_on.isoformat() if place.due_on else "infinity",
        "after_completed": place.completed_at,
    }


@lru_cache(maxsize=256)  # put together once: SQLAlchemy takes longer for that than PostgreSQL to answer
def _put_together(
    order: Order, group: TaskGroup | None, whose: Whose, fields: frozenset[str], *, continued: bool
) -> Select[Any]:
    """`fields`: what is asked for of `_VALUES`."""
    conditions = [order.holds, *_conditions(order, group, fields, continued=continued)]
    conditions += [order.behind] if continued else []
    limit = bindparam("limit", type_=Integer)
    parts = [select(_tasks).where(one, *conditions).order_by(*order.by).limit(limit) for one in branches(whose)]
    if len(parts) == 1:
        return dressed(parts[0]).order_by(*_of_page(order))
    merged = select(union_all(*(select(part.subquery()) for part in parts)).subquery("both"))
    return dressed(merged).order_by(*_of_page(order)).limit(limit)


def reader(actor: Actor) -> dict[str, Any]:
    return {"me": actor.user_id, "company": actor.company_id}


def _of_page(order: Order) -> Sequence[ColumnElement[Any]]:
    """The same order over what was found."""
    if order is OPEN:
        return literal_column("coalesce(page.due_on, 'infinity'::date)"), literal_column("page.id")
    if order is DONE:
        return literal_column("page.completed_at").desc(), literal_column("page.id").desc()
    return (literal_column("page.id").desc(),)


def _conditions(
    order: Order, group: TaskGroup | None, fields: frozenset[str], *, continued: bool
) -> list[ColumnElement[bool]]:
    conditions = [condition for name, condition in _VALUES.items() if name in fields and condition is not None]
    conditions += [due_day < NO_DAY] if fields & {"due_from", "due_to"} else []
    groups = _ENDS if continued and order is OPEN else _OF_A_DAY  # where it begins is in the place: see `_place`
    return conditions + ([groups[group]] if group in groups else [])


def branches(whose: Whose) -> list[ColumnElement[bool]]:
    """Each has an index of its own; no task is in both."""
    return {Whose.MINE: [_is_mine], Whose.GIVEN: [_is_given], Whose.ALL: [_is_mine, _is_given]}[whose]


DESCRIPTION = literal_column("page.description", String)


def dressed(found: Select[Any]) -> Select[Any]:
    """With names, and with the way to where it came from for who may go there."""
    page = found.subquery("page")
    may_open = exists().where(_conversations.c.id == page.c.conversation_id, readable_to(_me, _company))
    return (
        select(
            page.c.id,
            page.c.title,
            page.c.description != "",
            page.c.status,
            page.c.due_on,
            page.c.created_at,
            page.c.completed_at,
            page.c.reopened_at,
            page.c.owner_id,
            col(_owner.display_name),
            page.c.assignee_id,
            col(_assignee.display_name),
            page.c.source,
            _if(may_open, page.c.conversation_id),
            _if(may_open, page.c.message_id),
            _if(may_open, select(_messages.c.seq).where(_messages.c.id == page.c.message_id).scalar_subquery()),
            page.c.version,
        )
        .join(_owner, col(_owner.id) == page.c.owner_id)
        .join(_assignee, col(_assignee.id) == page.c.assignee_id)
    )


def _if(condition: ColumnElement[bool], value: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((condition, value))
