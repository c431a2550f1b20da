"""Tools do what their person may, and in a room no more than the room has anyway."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from core import clock
from core.assistant.tools.registry import MOST_TOLD, NO_TOOL, Performed, toolbox
from core.database.engine import Database
from core.errors import Conflict
from core.models import ConversationKind, History, Task, TaskSource, TaskStatus
from core.permissions import DENIALS, Actor, Permission, Role
from core.services.task_views import NewTask, TasksWanted
from core.services.tasks import TaskService
from tests.conftest import rolled_back
from tests.services.test_room_grid import undone
from tests.support.budgets import Till
from tests.support.callers import caller_for, in_room
from tests.support.talks import DONE, Desk, without_chat

SECRET = "xyzzyplugh"
HIDDEN = "Not found. It may have been deleted, or it is not shared with you."
NO_RECORDS, NO_BROWSING = DENIALS[Permission.RECORDS_KEEP], DENIALS[Permission.CONVERSATIONS_BROWSE]
TODAY = clock.now().date()


@dataclass
class Scene:
    """A task that Ada had made for Bo in a room, whom all that has SECRET in it is private to somebody else."""

    desk: Desk
    ada: Actor
    bo: Actor
    cy: Actor
    room: UUID
    task: UUID

    @property
    def tasks(self) -> TaskService:
        return TaskService(self.desk.database)

    def somebody(self, who: str) -> Actor:
        return {
            "owner": lambda: self.ada,
            "assignee": lambda: self.bo,
            "colleague in the room": lambda: self.cy,
            "stranger": self.desk.stranger,
            "owner without the role": lambda: without_chat(self.ada),
        }[who]()

    def perform(self, name: str, actor: Actor, where: str = "chat", **arguments: Any) -> Performed:
        make = caller_for(self.desk.database, actor)
        caller = in_room(self.desk.database, actor, self.room) if where == "room" else make
        return toolbox().perform(name, caller, json.dumps(arguments))

    def kept(self) -> dict[str, Any]:
        with self.desk.database.reading() as session:
            return session.get_one(Task, self.task).model_dump()

    def listed(self, actor: Actor) -> list[str]:
        return [one.title for one in self.tasks.list_page(actor, TasksWanted()).tasks]


@pytest.fixture(scope="module")
def made_once(worker_engine: Engine) -> Iterator[Scene]:
    with rolled_back(worker_engine) as database:
        yield made(database)


@pytest.fixture
def scene(made_once: Scene) -> Iterator[Scene]:
    """As it was made, whatever the tests before did to it."""
    with undone(made_once.desk.database):
        yield made_once


def made(database: Database) -> Scene:
    desk = Desk(database)
    ada, bo, cy = (desk.person(display_name=name) for name in ("Ada Lovelace", "Bo Olsen", "Cy Curie"))
    others = [bo.user_id, cy.user_id]
    room = desk.rooms.create(ada, ConversationKind.GROUP, "Kitchen", user_ids=others)
    desk.talks.send(ada, room, "The oven is repaired on Monday.")
    tasks = TaskService(database)
    given = {"source": TaskSource.ASSISTANT, "conversation_id": room, "assignee_id": bo.user_id}
    task = tasks.create(ada, NewTask("Call the oven people", "The number is on the door", **given)).id  # type: ignore[arg-type]
    # What is private: of each of them alone, of two of them, and of another company.
    for one in (ada, bo, cy, desk.stranger()):
        tasks.create(one, NewTask(f"{SECRET} of {one.display_name}", SECRET))
        desk.talk(one, f"My own oven {SECRET} {one.display_name}")
    return Scene(desk, ada, bo, cy, room, task)


WHO = ("owner", "assignee", "colleague in the room", "stranger", "owner without the role")
GIVEN: dict[str, dict[str, Any]] = {
    "create_task": {"title": "Buy rye", "assignee": "me"},
    "list_tasks": {"status": "all"},
    "update_task": {"title": "Call the gas people"},
    "complete_task": {},
    "search_messages": {"query": "oven"},
    "my_usage": {},
}
EXPECTED = dict.fromkeys(product(GIVEN, WHO, ("chat", "room")), DONE)
EXPECTED |= {
    (name, who, where): HIDDEN
    for name, who, where in EXPECTED
    if name in ("update_task", "complete_task") and who in ("colleague in the room", "stranger")
}
EXPECTED |= {("create_task", "stranger", "room"): HIDDEN}
EXPECTED |= {key: NO_RECORDS for key in EXPECTED if key[1] == WHO[4] and key[0].endswith(("task", "tasks"))}
EXPECTED |= {key: NO_BROWSING for key in EXPECTED if key[1] == WHO[4] and key[0] == "search_messages"}
EXPECTED |= {key: "There is no tool named 'my_usage' here." for key in EXPECTED if key[::2] == ("my_usage", "room")}


@pytest.mark.parametrize(("name", "who", "where"), EXPECTED)
def test_the_grid(scene: Scene, name: str, who: str, where: str) -> None:
    actor, before = scene.somebody(who), scene.kept()
    arguments = GIVEN[name] | ({"task_id": str(scene.task)} if name in ("update_task", "complete_task") else {})
    done = scene.perform(name, actor, where, **arguments)
    expected = EXPECTED[name, who, where]
    if expected == DONE:
        assert done.result, done.told
    else:
        assert done.result is None and done.told.startswith(expected) and done.shown.startswith((expected, NO_TOOL))
        assert scene.kept() == before
    said = done.told + done.shown + str(done.result)
    mine = {"owner": "Ada Lovelace", "assignee": "Bo Olsen", "colleague in the room": "Cy Curie"}.get(who, "nobody")
    theirs = said.replace(f"{SECRET} of {mine}", "").replace(f"{SECRET} {mine}", "")
    assert SECRET not in (said if where == "room" else theirs)


def test_every_tool_is_in_the_grid() -> None:
    assert {tool.name for tool in toolbox()} == set(GIVEN)


def test_a_call_made_twice_makes_one_task(scene: Scene) -> None:
    caller = caller_for(scene.desk.database, scene.ada)
    ids = {json.loads(toolbox().perform("create_task", caller, '{"title": "Rye"}').told)["created"]["id"] for _ in "12"}
    assert len(ids) == 1 and scene.listed(scene.ada).count("Rye") == 1


def test_what_is_made_knows_where_it_comes_from(scene: Scene) -> None:
    sent = scene.desk.talks.send(scene.ada, scene.room, "@Assistant note: rye").message_id
    for is_command, source in ((False, TaskSource.ASSISTANT), (True, TaskSource.COMMAND)):
        caller = in_room(scene.desk.database, scene.ada, scene.room, message_id=sent, is_command=is_command)
        done = toolbox().perform("create_task", caller, '{"title": "Rye", "assignee": "Bo"}')
        line = scene.tasks.get(scene.ada, UUID(json.loads(done.told)["created"]["id"])).line
        assert (line.source, line.conversation_id, line.message_id) == (source, scene.room, sent)
        assert line.assignee_id == scene.bo.user_id
        assert done.shown == "Created “Rye” for Bo Olsen."
        assert done.result and dict(done.result.links[0].query) == {"task": str(line.id)}


def test_leaving_out_leaves_alone(scene: Scene) -> None:
    day = TODAY + timedelta(days=3)
    steps: list[tuple[dict[str, Any], tuple[str, str, Any, str]]] = [
        ({"due_on": day.isoformat()}, ("Call the oven people", "The number is on the door", day, "Bo Olsen")),
        ({"title": "Call them"}, ("Call them", "The number is on the door", day, "Bo Olsen")),
        ({"description": ""}, ("Call them", "", day, "Bo Olsen")),
        ({"due_on": "none"}, ("Call them", "", None, "Bo Olsen")),
        ({"assignee": "me"}, ("Call them", "", None, "Ada Lovelace")),
    ]
    for arguments, expected in steps:
        assert scene.perform("update_task", scene.ada, task_id=str(scene.task), **arguments).result
        task = scene.tasks.get(scene.ada, scene.task)
        assert (task.title, task.description, task.line.due_on, task.line.assignee_name) == expected


UNDONE: list[tuple[str, dict[str, Any]]] = [
    ("update_task", {"title": "Other", "description": "", "due_on": "2199-01-01", "assignee": "me"}),
    ("complete_task", {}),
]


@pytest.mark.parametrize(("name", "arguments"), UNDONE)
def test_a_change_is_taken_back_once(scene: Scene, name: str, arguments: dict[str, Any]) -> None:
    before, caller = scene.kept(), caller_for(scene.desk.database, scene.ada)
    tool = toolbox().get(name)
    assert tool and tool.undo
    done = toolbox().perform(name, caller, json.dumps({"task_id": str(scene.task), **arguments}))
    assert done.result and done.result.undo and scene.kept() != before
    kept = json.loads(json.dumps(done.result.undo))
    assert tool.undo(caller, kept).startswith("Taken back")
    assert tool.undo(caller, kept) == "That was taken back already."
    fields = ("title", "description", "due_on", "assignee_id", "status")
    assert {name: scene.kept()[name] for name in fields} == {name: before[name] for name in fields}


def test_what_is_created_is_taken_back_once(scene: Scene) -> None:
    caller = caller_for(scene.desk.database, scene.ada)
    done = toolbox().perform("create_task", caller, '{"title": "Rye"}')
    tool = toolbox().get("create_task")
    assert tool and tool.undo and done.result and done.result.undo
    assert tool.undo(caller, done.result.undo).startswith("Taken back")
    assert tool.undo(caller, done.result.undo) == "That was taken back already."
    assert "Rye" not in scene.listed(scene.ada)


@pytest.mark.parametrize("name", ["create_task", "update_task", "complete_task"])
def test_what_was_changed_since_is_not_taken_back(scene: Scene, name: str) -> None:
    caller, tool = caller_for(scene.desk.database, scene.ada), toolbox().get(name)
    given = {"title": "Rye"} if name == "create_task" else {"task_id": str(scene.task)}
    done = toolbox().perform(name, caller, json.dumps(given | ({"title": "Rye"} if name == "update_task" else {})))
    assert tool and tool.undo and done.result and done.result.undo
    task_id = UUID(done.result.undo["task_id"])
    scene.tasks.update(scene.ada, task_id, description="Somebody was faster")
    with pytest.raises(Conflict, match="changed since"):
        tool.undo(caller, done.result.undo)
    assert scene.tasks.get(scene.ada, task_id).description == "Somebody was faster"


def test_what_changed_nothing_has_nothing_to_take_back(scene: Scene) -> None:
    scene.tasks.complete(scene.ada, scene.task)
    same = {"update_task": {"title": "Call the oven people"}, "complete_task": {}}
    for name, arguments in same.items():
        done = scene.perform(name, scene.ada, task_id=str(scene.task), **arguments)
        assert done.result and done.result.undo is None and "already" in done.shown


REACHING: list[tuple[str, dict[str, Any], bool]] = [
    ("create_task", {"title": "Rye"}, False),
    ("create_task", {"title": "Rye", "assignee": "me"}, False),
    ("create_task", {"title": "Rye", "assignee": "Ada"}, False),
    ("create_task", {"title": "Rye", "assignee": "Bo"}, True),
    ("update_task", {"task_id": "shared", "title": "Other"}, True),
    ("update_task", {"task_id": "shared", "description": ""}, True),
    ("update_task", {"task_id": "shared", "due_on": "none"}, False),
    ("update_task", {"task_id": "shared", "assignee": "me"}, False),
    ("update_task", {"task_id": "own", "title": "Other", "description": "More"}, False),
    ("update_task", {"task_id": "own", "assignee": "Cy"}, True),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), REACHING)
def test_what_others_will_read_is_known_before(
    scene: Scene, name: str, arguments: dict[str, Any], expected: bool
) -> None:
    own = scene.tasks.create(scene.ada, NewTask("Mine")).id
    ids = {"shared": str(scene.task), "own": str(own)}
    tool = toolbox().get(name)
    assert tool and tool.reaches_others
    given = arguments | ({"task_id": ids[arguments["task_id"]]} if "task_id" in arguments else {})
    caller = caller_for(scene.desk.database, scene.ada)
    assert tool.reaches_others(caller, tool.read(json.dumps(given))) is expected


WRONG: list[tuple[str, str, str]] = [
    ("create_task", "{", "The arguments can't be used."),
    ("create_task", "[]", "The arguments can't be used."),
    ("create_task", "{}", "The arguments can't be used. title: Field required."),
    ("create_task", '{"title": 5}', "The arguments can't be used. title:"),
    ("create_task", '{"title": "Rye", "owner": "Bo"}', "The arguments can't be used. owner:"),
    ("create_task", '{"title": "   "}', "The title"),
    ("create_task", json.dumps({"title": "x" * 300}), "The title"),
    ("create_task", json.dumps({"title": "Rye", "description": "x" * 10_001}), "The description"),
    ("create_task", '{"title": "Rye", "due_on": "2026-02-31"}', "The arguments can't be used. due_on:"),
    ("create_task", '{"title": "Rye", "due_on": "2020-01-01"}', "That day is over: today is"),
    ("create_task", '{"title": "Rye", "due_on": "9999-01-01"}', "A task can be due from 2000 to 2199."),
    ("create_task", '{"title": "Rye", "assignee": "Zoe"}', "Nobody here is called “Zoe”."),
    ("list_tasks", '{"limit": 21}', "The arguments can't be used. limit:"),
    ("list_tasks", '{"status": "lost"}', "The arguments can't be used. status:"),
    ("list_tasks", '{"status": "done", "due": "today"}', "What is done has no day to come."),
    ("update_task", '{"task_id": "7"}', "The arguments can't be used. task_id:"),
    ("update_task", json.dumps({"task_id": "01a220f4-ec61-70ed-8172-8092c154c9d8", "title": "Rye"}), HIDDEN),
    ("search_messages", '{"query": "  "}', "Say what to look for"),
    ("my_usage", '{"period": "decade"}', "The arguments can't be used. period:"),
    ("forget_everything", "{}", "There is no tool named 'forget_everything' here. Use one of:"),
]


@pytest.mark.parametrize(("name", "arguments", "sentence"), WRONG)
def test_what_can_not_be_used_is_said(scene: Scene, name: str, arguments: str, sentence: str) -> None:
    done = toolbox().perform(name, caller_for(scene.desk.database, scene.ada), arguments)
    assert done.result is None and done.told.startswith(sentence), done.told
    assert done.told.endswith(".")


def test_nothing_to_change_is_said(scene: Scene) -> None:
    assert scene.perform("update_task", scene.ada, task_id=str(scene.task)).told.startswith("Say what to change")


def test_who_several_may_be_is_asked_for(scene: Scene) -> None:
    other = scene.desk.person(display_name="Bo Berg", email="bo.berg@example.com")
    assert (
        "“Bo” may be Bo Berg or Bo Olsen." in scene.perform("create_task", scene.ada, title="Rye", assignee="Bo").told
    )
    done = scene.perform("create_task", scene.ada, title="Rye", assignee="BO.BERG@example.com")
    assert done.shown == "Created “Rye” for Bo Berg."
    assert scene.listed(other) == ["Rye"]


def test_the_day_is_the_askers(scene: Scene) -> None:
    """Where it is tomorrow already, today is over."""
    now = clock.now().replace(hour=23)
    caller = caller_for(scene.desk.database, scene.ada, now=now.astimezone(ZoneInfo("Pacific/Auckland")))
    done = toolbox().perform("create_task", caller, json.dumps({"title": "Rye", "due_on": now.date().isoformat()}))
    assert done.result is None and done.told.startswith("That day is over")


def test_results_are_cut_to_size(scene: Scene) -> None:
    for number in range(20):
        scene.tasks.create(scene.ada, NewTask(f"{number} {'long ' * 49}", due_on=TODAY))
    done = scene.perform("list_tasks", scene.ada, due="today")
    assert len(done.told) <= MOST_TOLD
    full = json.loads(scene.perform("list_tasks", scene.ada, due="today", limit=2).told)
    assert len(full["tasks"]) == 2 and full["there_are_more"] and full["today"] == TODAY.isoformat()


@pytest.mark.parametrize(("due", "days"), [("overdue", [-1]), ("today", [0]), ("week", [0, 6]), ("someday", [None])])
def test_days(scene: Scene, due: str, days: list[int | None]) -> None:
    dee = scene.desk.person()
    for one in (-1, 0, 6, 7, None):
        day = None if one is None else TODAY + timedelta(days=one)
        scene.tasks.create(dee, NewTask(str(one), due_on=day))
    told = json.loads(scene.perform("list_tasks", dee, due=due).told)
    assert [task["title"] for task in told["tasks"]] == [str(day) for day in days]


# Rooms.


def test_in_a_room_only_its_own_tasks_are_spoken_of(scene: Scene) -> None:
    """Not what somebody noted there in private with a command, nor what the assistant made elsewhere."""
    here = {"conversation_id": scene.room}
    private = [
        scene.tasks.create(scene.ada, NewTask("By a command", source=TaskSource.COMMAND, **here)),  # type: ignore[arg-type]
        scene.tasks.create(scene.ada, NewTask("By hand", source=TaskSource.PERSON, **here)),  # type: ignore[arg-type]
        scene.tasks.create(scene.ada, NewTask("Elsewhere", source=TaskSource.ASSISTANT)),
    ]
    told = json.loads(scene.perform("list_tasks", scene.ada, "room").told)
    assert [task["title"] for task in told["tasks"]] == ["Call the oven people"]
    assert "description" not in told["tasks"][0]
    for task in private:
        for name, more in (("update_task", {"title": "Other"}), ("complete_task", {})):
            assert scene.perform(name, scene.ada, "room", task_id=str(task.id), **more).told == HIDDEN
        assert scene.tasks.get(scene.ada, task.id).line.version == 0
    assert "door" not in scene.perform("complete_task", scene.ada, "room", task_id=str(scene.task)).told


def test_in_a_room_only_the_room_is_searched(scene: Scene) -> None:
    desk, ada = scene.desk, scene.ada
    direct = desk.rooms.start_direct(ada, scene.bo.user_id)
    desk.talks.send(ada, direct, "Another oven, in private")
    other = desk.rooms.create(ada, ConversationKind.COMPANY, "Oven friends", user_ids=[])
    desk.talks.send(ada, other, "The oven of the company")
    everywhere = json.loads(scene.perform("search_messages", ada, query="oven").told)
    assert len(everywhere["found"]) == 4  # her own chat, and three rooms
    for query in ("oven", "oven in:Bo", "oven in:“Oven friends”", "oven from:me", "oven is:reported"):
        told = scene.perform("search_messages", ada, "room", query=query).told
        found = json.loads(told)["found"]
        assert {hit["excerpt"] for hit in found} <= {"The oven is repaired on Monday."}, query
        assert "private" not in told
    # Not even that there is a direct chat with somebody is told.
    hints = [json.loads(scene.perform("search_messages", ada, "room", query=f"oven in:{name}").told)["hints"]
             for name in ("Bo", "Cy")]  # fmt: skip
    assert [hint.replace("Bo", "Cy") for hint in hints[0]] == hints[1]


def test_in_a_room_nothing_is_found_from_before_they_joined(scene: Scene) -> None:
    desk = scene.desk
    moderator = desk.person(Role.STAFF, Role.MODERATOR)
    room = desk.rooms.create(scene.ada, ConversationKind.COMPANY, "Bread", user_ids=[], history=History.JOINED)
    desk.talks.send(scene.ada, room, "The sourdough is old.")
    desk.members.add(scene.ada, room, [moderator.user_id])
    desk.talks.send(scene.ada, room, "The sourdough is new.")
    caller = in_room(desk.database, moderator, room)
    told = json.loads(toolbox().perform("search_messages", caller, '{"query": "sourdough"}').told)
    assert [hit["excerpt"] for hit in told["found"]] == ["The sourdough is new."]


def test_a_question_does_not_find_itself(scene: Scene) -> None:
    sent = scene.desk.talks.send(scene.ada, scene.room, "@Assistant where did we speak of the oven?").message_id
    caller = in_room(scene.desk.database, scene.ada, scene.room, message_id=sent)
    told = json.loads(toolbox().perform("search_messages", caller, '{"query": "oven"}').told)
    assert [hit["excerpt"] for hit in told["found"]] == ["The oven is repaired on Monday."]


def test_what_is_kept_of_a_search_has_nobodys_words(scene: Scene) -> None:
    done = scene.perform("search_messages", scene.ada, query="oven")
    assert done.result
    assert done.shown == "Found 2 messages."
    said = done.shown + str(done.result.links)
    assert "oven" not in said and "Kitchen" not in said
    assert {link.page for link in done.result.links} == {"browse"}


def test_usage_is_ones_own(database: Database) -> None:
    till = Till(database)
    till.set(10_000)
    till.finish(till.desk.ask(till.me, "How much?"), tokens=1_200)
    till.finish(till.desk.ask(till.desk.person(), "And I?"), tokens=7_000)
    done = toolbox().perform("my_usage", caller_for(database, till.me), "{}")
    told = json.loads(done.told)
    assert (told["answers"], told["input_tokens"]) == (1, 1_200)
    assert [(one["of"], one["left"], one["limit"]) for one in told["budgets"]] == [
        ("the person who asks", 8_800, 10_000)
    ]
    assert done.shown.startswith("One answer, 1,200 tokens, ") and done.shown.endswith(" this month.")


def test_tasks_are_done_and_opened_again(scene: Scene) -> None:
    for done, status in ((True, TaskStatus.DONE), (False, TaskStatus.OPEN)):
        assert scene.perform("complete_task", scene.bo, "room", task_id=str(scene.task), done=done).result
        assert scene.tasks.get(scene.bo, scene.task).line.status is status
