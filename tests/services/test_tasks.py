"""Tasks are their owner's and their assignee's; for all others they do not exist."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.models import AuditAction, ConversationKind, History, MessageRole, Task, TaskSource, TaskStatus
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.repositories.messages import Messages
from core.repositories.task_lines import TaskLines
from core.repositories.task_pages import given, page_statement
from core.repositories.users import Users
from core.services.task_views import NewTask, TaskGroup, TaskPlace, TasksWanted, Whose
from core.services.tasks import TaskService
from tests.services.test_room_races import at_once
from tests.support.talks import DONE, HIDDEN, Desk, outcome, without_chat

TODAY = date(2026, 5, 6)
DAYS = {
    TaskGroup.OVERDUE: TODAY - timedelta(days=1),
    TaskGroup.TODAY: TODAY,
    TaskGroup.UPCOMING: TODAY + timedelta(days=1),
    TaskGroup.SOMEDAY: None,
}


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def tasks(desk: Desk) -> TaskService:
    return TaskService(desk.database)


@pytest.fixture
def ada(desk: Desk) -> Actor:
    return desk.person(Role.STAFF, display_name="Ada")


@pytest.fixture
def bo(desk: Desk) -> Actor:
    return desk.person(Role.STAFF, display_name="Bo")


ACTS: dict[str, Callable[[TaskService, Actor, UUID, UUID], Any]] = {
    "get": lambda tasks, actor, task, _: tasks.get(actor, task),
    "update": lambda tasks, actor, task, _: tasks.update(actor, task, title="Other"),
    "complete": lambda tasks, actor, task, _: tasks.complete(actor, task),
    "reopen": lambda tasks, actor, task, _: tasks.reopen(actor, task),
    "assign": lambda tasks, actor, task, to: tasks.assign(actor, task, to),
    "delete": lambda tasks, actor, task, _: tasks.delete(actor, task),
    "restore": lambda tasks, actor, task, _: tasks.restore(actor, task),
}
WHO = ("owner", "assignee", "colleague", "stranger", "owner without the role", "moderator", "admin")
EXPECTED = {(act, who): DONE if who in ("owner", "assignee") else HIDDEN for act, who in product(ACTS, WHO)}
EXPECTED |= {(act, who): "NotPermitted" for act, who in EXPECTED if who in WHO[4:]}
EXPECTED |= {("delete", "assignee"): "NotPermitted"}


@pytest.mark.parametrize(("act", "who"), EXPECTED)
def test_the_grid(desk: Desk, tasks: TaskService, ada: Actor, bo: Actor, act: str, who: str) -> None:
    task = tasks.create(ada, NewTask("Call the bakery", "Rye", assignee_id=bo.user_id))
    people = {
        "owner": ada,
        "assignee": bo,
        "colleague": desk.person(Role.STAFF),
        "stranger": Desk(desk.database).person(Role.STAFF),
        "owner without the role": without_chat(ada),
        "moderator": desk.person(Role.MODERATOR),
        "admin": desk.person(Role.ADMIN),
    }
    before = kept(desk, task.id)
    assert outcome(lambda: ACTS[act](tasks, people[who], task.id, ada.user_id)) == EXPECTED[act, who]
    if EXPECTED[act, who] != DONE:
        assert kept(desk, task.id) == before


def kept(desk: Desk, task_id: UUID) -> dict[str, Any]:
    with desk.database.reading() as session:
        return session.get_one(Task, task_id).model_dump()


def titles(
    tasks: TaskService, actor: Actor, wanted: TasksWanted, limit: int = 2, place: TaskPlace | None = None
) -> list[str]:
    """Page by page to the end."""
    found: list[str] = []
    while True:
        page = tasks.list_page(actor, wanted, after=place, limit=limit)
        found += [one.title for one in page.tasks]
        place = page.next
        if place is None:
            return found


def test_lists_show_what_is_wanted_in_order_and_page_through_it(
    desk: Desk, tasks: TaskService, ada: Actor, bo: Actor
) -> None:
    for whose, assignee in (("own", ada), ("given", bo)):
        for number in range(3):
            for group, day in DAYS.items():
                made = tasks.create(ada, NewTask(f"{group} {whose} {number}", due_on=day, assignee_id=assignee.user_id))
                done = tasks.create(ada, NewTask(f"done {whose} {number} {group}", assignee_id=assignee.user_id))
                tasks.complete(assignee, done.id)
                assert made.line.due_on == day
    tasks.create(bo, NewTask("of Bo alone", due_on=TODAY))
    numbers = [f"{whose} {number}" for whose in ("own", "given") for number in range(3)]
    open_ones = [f"{group} {one}" for group in DAYS for one in numbers]
    assert titles(tasks, ada, TasksWanted(TaskStatus.OPEN)) == open_ones
    for group in DAYS:
        assert titles(tasks, ada, TasksWanted(group=group, today=TODAY)) == [f"{group} {one}" for one in numbers]
    assert titles(tasks, ada, TasksWanted(TaskStatus.OPEN, whose=Whose.MINE)) == [
        one for one in open_ones if "own" in one
    ]
    given = [one for one in open_ones if "given" in one]
    assert titles(tasks, ada, TasksWanted(TaskStatus.OPEN, whose=Whose.GIVEN)) == given
    assert titles(tasks, ada, TasksWanted(TaskStatus.OPEN, assignee_id=bo.user_id)) == given
    assert titles(tasks, bo, TasksWanted(TaskStatus.OPEN, owner_id=ada.user_id)) == given
    assert titles(tasks, ada, TasksWanted(TaskStatus.OPEN, due_to=TODAY)) == open_ones[:12]
    done_ones = titles(tasks, ada, TasksWanted(TaskStatus.DONE))
    assert len(done_ones) == 24 and done_ones[0] == "done given 2 someday" and done_ones[-1] == "done own 0 overdue"
    assert titles(tasks, ada, TasksWanted(group=TaskGroup.DONE, today=TODAY)) == done_ones
    assert len(titles(tasks, ada, TasksWanted(), limit=7)) == 48
    counts = tasks.counts(ada, TODAY)
    assert (counts.overdue, counts.today, counts.upcoming, counts.someday, counts.given) == (3, 3, 3, 3, 12)
    assert tasks.count_due(bo, TODAY) == 7
    assert tasks.people(ada) == ((ada.user_id, "Ada"), (bo.user_id, "Bo"))


def test_a_group_goes_on_in_its_own_days_wherever_the_page_before_ended(tasks: TaskService, ada: Actor) -> None:
    """It may have become another day in between."""
    for number in range(2):
        for group, day in DAYS.items():
            tasks.create(ada, NewTask(f"{group} {number}", due_on=day))
    ends = (TODAY - timedelta(days=400), *DAYS.values())  # long before all of them, and behind each
    for at, group in enumerate(DAYS):
        for behind, day in enumerate(ends):
            place = TaskPlace(new_id(), day)
            shown = titles(tasks, ada, TasksWanted(group=group, today=TODAY), limit=1, place=place)
            assert shown == ([f"{group} 0", f"{group} 1"] if behind <= at else []), (group, day)
    of_days = [f"{group} {number}" for group in (TaskGroup.TODAY, TaskGroup.UPCOMING) for number in range(2)]
    assert titles(tasks, ada, TasksWanted(TaskStatus.OPEN, due_from=TODAY), limit=1) == of_days


def test_what_is_left_out_stays_and_what_is_emptied_is_empty(tasks: TaskService, ada: Actor) -> None:
    task = tasks.create(ada, NewTask(" Call \n the bakery ", "Rye, not wheat", TODAY))
    assert (task.title, task.description, task.line.due_on) == ("Call the bakery", "Rye, not wheat", TODAY)
    task = tasks.update(ada, task.id, title="Call them")
    assert (task.title, task.description, task.line.due_on) == ("Call them", "Rye, not wheat", TODAY)
    task = tasks.update(ada, task.id, description="", due_on=None)
    assert (task.title, task.description, task.line.due_on) == ("Call them", "", None)
    with pytest.raises(Conflict, match="changed meanwhile"):
        tasks.update(ada, task.id, title="From another tab", version=0)
    assert tasks.update(ada, task.id, title="Anew", version=task.line.version).title == "Anew"


def test_both_times_stay(tasks: TaskService, ada: Actor) -> None:
    task = tasks.create(ada, NewTask("Call"))
    done = tasks.complete(ada, task.id).line
    assert done.completed_at and done.reopened_at is None
    assert tasks.complete(ada, task.id).line == done
    again = tasks.reopen(ada, task.id).line
    assert (again.status, again.completed_at) == (TaskStatus.OPEN, done.completed_at) and again.reopened_at
    later = tasks.complete(ada, task.id).line
    assert later.completed_at and later.completed_at > done.completed_at and later.reopened_at == again.reopened_at


def test_what_is_deleted_can_be_brought_back(tasks: TaskService, ada: Actor, bo: Actor) -> None:
    task = tasks.create(ada, NewTask("Call", assignee_id=bo.user_id))
    tasks.delete(ada, task.id)
    with pytest.raises(NotFound):
        tasks.get(bo, task.id)
    assert tasks.restore(ada, task.id).title == "Call"
    assert tasks.get(bo, task.id).title == "Call"
    others = [tasks.create(ada, NewTask(f"Done {number}")) for number in range(3)]
    of_bo = tasks.create(bo, NewTask("Of Bo", assignee_id=ada.user_id))
    for one in (*others, of_bo):
        tasks.complete(ada, one.id)
    count, at = tasks.clear_done(ada)
    assert count == 3 and titles(tasks, ada, TasksWanted(TaskStatus.DONE)) == ["Of Bo"]
    assert tasks.restore_cleared(bo, at) == 0
    assert tasks.restore_cleared(ada, at) == 3 and tasks.clear_done(bo)[0] == 1


def test_the_same_key_is_the_same_task(tasks: TaskService, ada: Actor, bo: Actor) -> None:
    key = new_id()
    task = tasks.create(ada, NewTask("Call"), client_key=key)
    assert tasks.create(ada, NewTask("Call"), client_key=key).id == task.id
    with pytest.raises(Conflict, match="somebody else"):
        tasks.create(bo, NewTask("Call"), client_key=key)
    tasks.delete(ada, task.id)
    with pytest.raises(Conflict, match="deleted since"):
        tasks.create(ada, NewTask("Call"), client_key=key)


def test_the_same_key_at_once_is_one_task(fresh_database: Database) -> None:
    desk = Desk(fresh_database)
    tasks, key = TaskService(fresh_database), new_id()
    made = at_once(*[lambda: tasks.create(desk.me, NewTask("Call"), client_key=key)] * 4)
    assert len({one.id for one in made if not isinstance(one, BaseException)}) == 1
    assert len(titles(tasks, desk.me, TasksWanted())) == 1


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        (NewTask(" \n "), "The title is empty"),
        (NewTask("x" * 256), "The title may have up to 255 characters; this has 256"),
        (NewTask("x\0"), "NUL"),
        (NewTask("x", "y" * 10_001), "The description may have up to 10,000"),
        (NewTask("x", due_on=date(1999, 12, 31)), "due from 2000 to 2199"),
        (NewTask("x", assignee_id=new_id()), "Nobody of this company"),
    ],
)
def test_bad_input_gets_a_sentence(tasks: TaskService, ada: Actor, new: NewTask, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        tasks.create(ada, new)


def test_only_who_keeps_tasks_is_given_any(desk: Desk, tasks: TaskService, ada: Actor) -> None:
    stranger, analyst = Desk(desk.database).person(Role.STAFF), desk.person(Role.ANALYST, display_name="Cy")
    for who, sentence in ((stranger, "Nobody of this company"), (analyst, "Cy keeps no tasks here")):
        with pytest.raises(Invalid, match=sentence):
            tasks.create(ada, NewTask("Call", assignee_id=who.user_id))


def test_who_may_not_read_where_it_comes_from_is_not_led_there(
    desk: Desk, tasks: TaskService, ada: Actor, bo: Actor
) -> None:
    asked = desk.ask(ada, "Rye or wheat?")
    task = tasks.create(ada, NewTask("Ask", message_id=asked.question_id, assignee_id=bo.user_id))
    assert (task.line.conversation_id, task.line.message_id) == (asked.conversation_id, asked.question_id)
    of_bo = tasks.get(bo, task.id).line
    assert (of_bo.conversation_id, of_bo.message_id) == (None, None)
    for new in (NewTask("x", message_id=asked.question_id), NewTask("x", conversation_id=asked.conversation_id)):
        with pytest.raises(NotFound):
            tasks.create(bo, new)


def test_who_joined_later_makes_no_task_of_what_was_said_before(
    desk: Desk, tasks: TaskService, ada: Actor, bo: Actor
) -> None:
    room = desk.rooms.create(ada, ConversationKind.GROUP, "Two", history=History.JOINED)
    with desk.database.transaction() as session:
        early = Messages(session).append(room, role=MessageRole.USER, content="Early", sender_id=ada.user_id)
    desk.members.add(ada, room, [bo.user_id])
    with pytest.raises(NotFound):
        tasks.create(bo, NewTask("x", message_id=early.id))


def test_the_trail_has_every_step_and_no_text(desk: Desk, tasks: TaskService, ada: Actor, bo: Actor) -> None:
    task = tasks.create(ada, NewTask("Secret name", "Secret text", source=TaskSource.COMMAND))
    tasks.assign(ada, task.id, bo.user_id)
    tasks.complete(bo, task.id)
    tasks.delete(ada, task.id)
    tasks.restore(ada, task.id)
    tasks.clear_done(ada)
    with desk.database.reading() as session:
        events = Audit(session).list_recent(ada.company_id, 6)[::-1]
        assert Audit(session).verify(ada.company_id) is None
    assert [(AuditAction(one.action), one.actor_id) for one in events] == [
        (AuditAction.RECORD_CREATED, ada.user_id),
        (AuditAction.RECORD_UPDATED, ada.user_id),
        (AuditAction.RECORD_UPDATED, bo.user_id),
        (AuditAction.RECORD_DELETED, ada.user_id),
        (AuditAction.RECORD_RESTORED, ada.user_id),
        (AuditAction.RECORD_DELETED, ada.user_id),
    ]
    assert events[2].before == {"kind": "task", "status": "open"}
    assert "Secret" not in "".join(f"{one.before}{one.after}" for one in events)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bakery", {"Call the bakery", "Ask Bo"}),
        ("BAKERY call", {"Call the bakery"}),
        ("bak", {"Call the bakery", "Ask Bo"}),
        ("creme brulee", {"Crème brûlée"}),
        ("strasse", {"Straße"}),
        ("secret", set()),
        ("100%", set()),
    ],
)
def test_tasks_are_found_by_words_whatever_became_of_them(
    desk: Desk, tasks: TaskService, ada: Actor, bo: Actor, text: str, found: set[str]
) -> None:
    tasks.create(ada, NewTask("Call the bakery"))
    tasks.complete(ada, tasks.create(ada, NewTask("Ask Bo", "about the bakery", assignee_id=bo.user_id)).id)
    tasks.create(ada, NewTask("Crème brûlée"))
    tasks.create(ada, NewTask("Straße"))
    tasks.create(bo, NewTask("Secret bakery"))
    tasks.delete(ada, tasks.create(ada, NewTask("Deleted bakery")).id)
    assert {one.title for one in tasks.find(ada, text, TasksWanted()).tasks} == found


def test_a_search_goes_on_behind_what_it_looked_at(tasks: TaskService, ada: Actor) -> None:
    """Ten are looked at for a page: a page may be empty, and is not the end."""
    for number in range(25):
        tasks.create(ada, NewTask(f"Rye {number}" if number in (0, 20, 23) else f"Wheat {number}"))
    pages: list[list[str]] = []
    place: TaskPlace | None = None
    while not pages or place:
        page = tasks.find(ada, "rye", TasksWanted(), after=place, limit=1, at_once=1)
        pages.append([one.title for one in page.tasks])
        place = page.next
    assert pages == [["Rye 23"], ["Rye 20"], [], ["Rye 0"], []]


def test_counts_tell_whose_apart(desk: Desk, tasks: TaskService, ada: Actor, bo: Actor) -> None:
    for day in DAYS.values():
        tasks.create(ada, NewTask("Own", due_on=day))
        tasks.create(ada, NewTask("Given", due_on=day, assignee_id=bo.user_id))
    for whose, each in ((Whose.MINE, 1), (Whose.GIVEN, 1), (Whose.ALL, 2)):
        counts = tasks.counts(ada, TODAY, whose)
        assert (counts.overdue, counts.today, counts.upcoming, counts.someday, counts.given) == (each,) * 4 + (4,)


def test_with_somebody_are_tasks_that_they_gave_or_got(desk: Desk, tasks: TaskService, ada: Actor, bo: Actor) -> None:
    cy = desk.person(Role.STAFF, display_name="Cy")
    for owner, assignee in product((ada, bo, cy), (ada, bo, cy)):
        tasks.create(owner, NewTask(f"{owner.display_name} for {assignee.display_name}", assignee_id=assignee.user_id))
    shown = titles(tasks, ada, TasksWanted(TaskStatus.OPEN, person_id=bo.user_id))
    assert set(shown) == {"Ada for Bo", "Bo for Ada"}


def test_what_is_due_is_counted_where_each_person_is(
    desk: Desk, tasks: TaskService, ada: Actor, bo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is Thursday on Kiritimati while it is Wednesday in Berlin."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 5, 6, 11, tzinfo=UTC))
    tomorrow = TODAY + timedelta(days=1)
    for actor, zone in ((ada, "Europe/Berlin"), (bo, "Pacific/Kiritimati")):
        tasks.create(actor, NewTask("Call", due_on=TODAY))
        tasks.create(actor, NewTask("Write", due_on=tomorrow))
        tasks.create(actor, NewTask("Some day"))
        with desk.database.transaction() as session:
            Users(session).set_zone(actor.user_id, zone)
    with desk.database.reading() as session:
        zones = Users(session).list_zones([ada.user_id, bo.user_id])
        days = {user_id: clock.today(zone) for user_id, zone in zones.items()}
        assert days == {ada.user_id: TODAY, bo.user_id: tomorrow}
        assert TaskLines(session).count_due_of(days) == {ada.user_id: 1, bo.user_id: 2}
    assert clock.today("Nowhere/At_all") == clock.today(None) == TODAY


def test_a_task_leads_to_the_place_of_its_message(desk: Desk, tasks: TaskService, ada: Actor, bo: Actor) -> None:
    asked = desk.ask(ada, "Rye or wheat?")
    made = tasks.create(ada, NewTask("Ask", message_id=asked.question_id, assignee_id=bo.user_id))
    assert made.line.message_seq == 1
    assert tasks.get(bo, made.id).line.message_seq is None


@pytest.mark.parametrize("whose", Whose)
@pytest.mark.parametrize("wanted", [TasksWanted(TaskStatus.OPEN), TasksWanted(TaskStatus.DONE), TasksWanted()])
def test_lists_come_from_their_indexes(desk: Desk, ada: Actor, wanted: TasksWanted, whose: Whose) -> None:
    place = TaskPlace(new_id(), TODAY, clock.now())
    wanted = TasksWanted(wanted.status, whose=whose)
    asked = page_statement(wanted, continued=True).params(given(ada, wanted, place, 50))
    with desk.database.transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_sort = off"))
        compiled = asked.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = "\n".join(row[0] for row in session.execute(text(f"EXPLAIN {compiled}".replace(":", "\\:"))))
    mine, gave = {
        TaskStatus.OPEN: ("assignee_counted", "given_open"),
        TaskStatus.DONE: ("assignee_done", "given_done"),
        None: ("assignee", "given"),
    }[wanted.status]
    for name in {Whose.MINE: [mine], Whose.GIVEN: [gave], Whose.ALL: [mine, gave]}[whose]:
        assert f"Index Scan using tasks_{name}_idx" in plan, plan
    assert "Seq Scan on tasks" not in plan


COUNTS: dict[str, Callable[[TaskLines, Actor], Any]] = {
    "what is due, of many people": lambda tasks, ada: tasks.count_due_of({ada.user_id: TODAY, new_id(): TODAY}),
    "each group": lambda tasks, ada: tasks.counts(ada, TODAY, Whose.ALL),
    "messages that tasks came from": lambda tasks, ada: tasks.list_messages(ada, 9),
    "tasks with somebody": lambda tasks, ada: tasks.list_page(
        ada, TasksWanted(TaskStatus.OPEN, person_id=new_id()), limit=9
    ),
    "tasks with their descriptions": lambda tasks, ada: tasks.list_with_descriptions(ada, TasksWanted(), limit=9),
}


@pytest.mark.parametrize("what", COUNTS)
def test_nothing_reads_the_tasks_of_everybody(desk: Desk, ada: Actor, what: str) -> None:
    with desk.database.transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        with executed(session) as statements:
            COUNTS[what](TaskLines(session), ada)
        for statement, parameters in statements:
            rows = session.connection().exec_driver_sql(f"EXPLAIN {statement}", parameters)
            plan = "\n".join(row[0] for row in rows)
            assert "Seq Scan on tasks" not in plan and ("using tasks_" in plan or "Scan on tasks_" in plan), plan


@contextmanager
def executed(session: Session) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of PostgreSQL meanwhile."""
    asked: list[tuple[str, Any]] = []

    def note(*given: Any) -> None:
        asked.append((given[2], given[3]))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(connection, "before_cursor_execute", note)


def test_who_was_to_do_what_is_cleared_hears_of_it(desk: Desk, ada: Actor, bo: Actor) -> None:
    heard: list[UUID] = []
    tasks = TaskService(desk.database, heard.append)
    tasks.complete(ada, tasks.create(ada, NewTask("Rye", assignee_id=bo.user_id)).id)
    heard.clear()
    _, at = tasks.clear_done(ada)
    assert set(heard) == {ada.user_id, bo.user_id}
    heard.clear()
    tasks.restore_cleared(ada, at)
    assert set(heard) == {ada.user_id, bo.user_id}


@pytest.mark.parametrize("title", ["\u200b", "\u202e \u2066", "\u00ad"])
def test_a_title_that_nobody_sees_is_none(tasks: TaskService, ada: Actor, title: str) -> None:
    with pytest.raises(Invalid, match="The title is empty"):
        tasks.create(ada, NewTask(title))
