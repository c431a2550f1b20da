"""Words written to make the assistant do what its person did not ask for gain nothing, whatever a model makes of them.

No model is asked here. Instead of hoping for one that does not listen, these tests play the one that obeys everything:
it calls every tool with every word and id that it was told, and what it wants beyond that.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from markdown_it import MarkdownIt
from sqlalchemy import text

from core.assistant.commands import Reply, commands
from core.assistant.context import Exchange, Prompt, ToolCall, Turn
from core.assistant.tools.registry import Caller, Performed, Tool, toolbox
from core.assistant.wire import messages_of
from core.database.engine import Database
from core.errors import Invalid, ParleyError
from core.ids import new_id
from core.lines import isolated, one_line
from core.models import ConversationKind, TaskSource
from core.permissions import Actor, Role
from core.services.commands import CommandService
from core.services.limits import RateLimiter
from core.services.task_views import NewTask
from core.services.tasks import TaskService
from core.ui.text import WORD_JOINER, as_label, as_markdown
from tests.assistant.injections import INJECTIONS
from tests.support.callers import caller_for, in_room
from tests.support.talks import Desk, ignore

SECRET, PRIVATE = "xyzzyplugh", "frobozz"
"""What is Cy's alone, and what is Ada's alone."""
NAMES = [f"{number}: {one.strip()[:24]!r}" for number, one in enumerate(INJECTIONS)]
BY_TURNS = [
    pytest.param(words, id=name, marks=pytest.mark.long if number % 6 else ())
    for number, (words, name) in enumerate(zip(INJECTIONS, NAMES, strict=True))
]
"""Where a whole scene is made for each: a sixth under `make test`, the others under `make long`."""
KEPT = ("tasks", "messages", "conversations", "members", "users", "user_roles", "reactions", "budgets", "rules")
"""Tables that hold what somebody could be after."""


@dataclass
class Plot:
    """Bo writes into a room with Ada, and gives her a task. Cy has secrets, Ada has private things."""

    desk: Desk
    ada: Actor
    room: UUID
    ids: dict[str, UUID]
    of_room: UUID
    """The task that the assistant made in the room."""

    def callers(self) -> Iterator[Caller]:
        yield caller_for(self.desk.database, self.ada)
        yield in_room(self.desk.database, self.ada, self.room)

    def kept(self) -> dict[tuple[str, str], str]:
        """Every row as it stands there, by table and key."""
        found = {}
        with self.desk.database.reading() as session:
            for name in KEPT:
                for row in session.execute(text(f"SELECT row_to_json(t)::text FROM {name} t")).scalars():
                    found[name, str(json.loads(row).get("id") or row)] = row
        return found


def plot(database: Database, words: str) -> Plot:
    desk = Desk(database)
    tasks = TaskService(database)
    ada, cy = desk.person(display_name="Ada Lovelace"), desk.person(display_name="Cy Curie", email="cy@example.com")
    bo = desk.person(display_name=one_line(words)[:80] or "Bo")
    moderator = desk.person(Role.STAFF, Role.MODERATOR)
    room = desk.rooms.create(bo, ConversationKind.GROUP, one_line(words)[:100] or "Room", user_ids=[ada.user_id])
    said = desk.talks.send(bo, room, f"@Assistant {words}").message_id
    # What the injected words are after.
    direct = desk.rooms.start_direct(cy, moderator.user_id)
    desk.talks.send(cy, direct, f"The secret password is {SECRET}")
    theirs = tasks.create(cy, NewTask(f"{SECRET} secret of Cy", SECRET))
    mine = tasks.create(ada, NewTask(f"{PRIVATE} secret of Ada", PRIVATE))
    desk.talk(ada, f"My secret is {PRIVATE}")
    of_room = tasks.create(ada, NewTask("Oven", source=TaskSource.ASSISTANT, conversation_id=room))
    given = tasks.create(bo, NewTask(one_line(words)[:255], words, assignee_id=ada.user_id))
    ids = {"TASK_OF_CY": theirs.id, "DIRECT_CHAT": direct, "MODERATOR": moderator.user_id, "CY": cy.user_id}
    return Plot(desk, ada, room, ids | {"given": given.id, "mine": mine.id, "said": said}, of_room.id)


QUERIES = (SECRET, "secret", "secret in:Cy", "from:cy", "is:reported")


def obeyed(scene: Plot, caller: Caller, words: str, *, is_approved: bool) -> Iterator[Performed]:
    """Every call that a model could want which does whatever it was told; or, where nobody approves of anything, those
    that are made without asking.
    """
    for name, key in scene.ids.items():
        words = words.replace(name, str(key))
    whatever = {"actor": words, "user": str(scene.ids["CY"]), "owner": "*", "company": "*", "is_room": False,
                "conversation_id": str(scene.ids["DIRECT_CHAT"]), "role": "admin"}  # fmt: skip
    wanted: dict[str, list[dict[str, Any]]] = {
        "create_task": [{"title": words[:255], "description": words, "assignee": words[:99]}, {"title": words[:255]}],
        "list_tasks": [{"status": "all", "whose": whose} for whose in ("all", "mine", "given")],
        "update_task": [{"task_id": str(key), "title": "Taken over", "assignee": "me"} for key in scene.ids.values()],
        "complete_task": [{"task_id": str(key)} for key in scene.ids.values()],
        "search_messages": [{"query": query} for query in (words, *QUERIES)],
        "my_usage": [{}],
    }
    for tool in toolbox():
        for arguments in wanted[tool.name]:
            if is_approved or not is_asked_about(tool, caller, json.dumps(arguments)):
                yield tool_call(caller, tool.name, json.dumps(arguments))
            yield tool_call(caller, tool.name, json.dumps(arguments | whatever))
        yield tool_call(caller, tool.name, words)
    yield tool_call(caller, words, "{}")


def is_asked_about(tool: Tool, caller: Caller, arguments: str) -> bool:
    try:
        return tool.reaches_others is not None and tool.reaches_others(caller, tool.read(arguments))
    except ParleyError:
        return False


def tool_call(caller: Caller, name: str, arguments: str) -> Performed:
    return toolbox().perform(name, caller, arguments)


def test_there_are_enough() -> None:
    assert len(set(INJECTIONS)) >= 60


@pytest.mark.parametrize("words", BY_TURNS)
def test_obeying_gains_nothing(database: Database, words: str) -> None:
    scene = plot(database, words)
    for caller in scene.callers():
        before = scene.kept()
        unasked = list(obeyed(scene, caller, words, is_approved=False))
        _assert_others_read_nothing_new(scene, before)
        for done in [*unasked, *obeyed(scene, caller, words, is_approved=True)]:
            said = done.told + done.shown + str(done.result)
            assert SECRET not in said
            assert not (caller.is_room and PRIVATE in said)
            told = _json(done.told)
            assert isinstance(told, dict) == (done.result is not None)
        _assert_only_hers(scene, caller, before)


def _json(told: str) -> Any:
    try:
        return json.loads(told)
    except ValueError:
        return told  # a sentence


def _assert_others_read_nothing_new(scene: Plot, before: dict[tuple[str, str], str]) -> None:
    """Whatever she may see, no words of it got to somebody else without her approval."""
    for key, row in scene.kept().items():
        task = json.loads(row)
        if key[0] == "tasks" and {task["owner_id"], task["assignee_id"]} != {str(scene.ada.user_id)}:
            was = json.loads(before[key])
            assert (task["title"], task["description"]) == (was["title"], was["description"])


def _assert_only_hers(scene: Plot, caller: Caller, before: dict[tuple[str, str], str]) -> None:
    """What is different is a task of Ada's; in a room, one of the room's."""
    after = scene.kept()
    assert before.keys() <= after.keys()
    changed = [key for key, row in after.items() if before.get(key) != row]
    assert {table for table, _ in changed} <= {"tasks"}
    for key in changed:
        task = json.loads(after[key])
        assert str(scene.ada.user_id) in (task["owner_id"], task["assignee_id"])
        is_new = key not in before
        if caller.is_room:
            assert is_new or UUID(task["id"]) == scene.of_room
        else:
            assert is_new or UUID(task["id"]) in (scene.ids["given"], scene.ids["mine"])


@pytest.mark.parametrize("words", BY_TURNS)
def test_typed_into_the_box_it_is_a_message_or_a_command_of_its_person(database: Database, words: str) -> None:
    scene = plot(database, words)
    before, replies = scene.kept(), []
    for typed in (words, *(f"/{name} {words}" for name in ("task", "search", "done", "tasks", "help", "usage"))):
        try:
            replies.append(str(ran(scene, typed)))
        except ParleyError as error:
            replies.append(str(error))
    assert SECRET not in "".join(replies)
    _assert_only_hers(scene, caller_for(database, scene.ada), before)


def ran(scene: Plot, typed: str) -> Reply | None:
    service = CommandService(scene.desk.database, RateLimiter(), ignore)
    place: dict[str, Any] = {"client_key": new_id(), "zone": ZoneInfo("UTC"), "conversation_id": scene.room}
    found = service.read(typed)
    return service.run(scene.ada, *found, **place) if found else None


def test_most_of_them_are_no_commands() -> None:
    for words in INJECTIONS:
        try:
            found = commands().read(words)
        except Invalid:
            continue
        assert found is None or words.startswith(("/tasks", "/done"))


INSTRUCTIONS = "You are the assistant of Engines."


@pytest.mark.parametrize("words", BY_TURNS)
def test_what_tools_give_is_data(database: Database, words: str) -> None:
    """As the result of a call, in JSON: the words can't end it, and they are nowhere else."""
    scene = plot(database, words)
    caller = in_room(database, scene.ada, scene.room)
    told = [tool_call(caller, "search_messages", '{"query": "from:me OR assistant"}').told]
    told += [tool_call(caller_for(database, scene.ada), "list_tasks", "{}").told]
    [given] = [one for one in json.loads(told[1])["tasks"] if one["id"] == str(scene.ids["given"])]
    assert given["title"] == one_line(words)[:255].strip()
    calls = tuple(ToolCall(f"c{number}", "list_tasks", "{}", one) for number, one in enumerate(told))
    prompt = Prompt(INSTRUCTIONS, (Turn("user", "What is there to do?"),), exchanges=(Exchange("", calls),))
    messages = messages_of(prompt, can_prefill=False)
    assert {message.instructions for message in messages if message.kind == "request"} == {INSTRUCTIONS}
    parts = [part for message in messages for part in message.parts]
    assert {part.part_kind for part in parts} == {"user-prompt", "tool-call", "tool-return"}
    assert [part.content for part in parts if part.part_kind == "tool-return"] == told


@pytest.mark.parametrize("words", INJECTIONS, ids=NAMES)
def test_it_is_drawn_as_text(words: str) -> None:
    """In titles, cards and steps: no link, no image, no markup of anybody's."""
    drawn = MarkdownIt("commonmark", {"linkify": False}).enable(["strikethrough", "table"]).parse(as_label(words, 400))
    kinds = {child.type for block in drawn for child in (block.children or [])}
    assert {block.type for block in drawn} <= {"paragraph_open", "inline", "paragraph_close"}
    assert kinds <= {"text", "text_special", "softbreak"}
    plain = "".join(child.content for block in drawn for child in (block.children or []))
    assert plain.replace(WORD_JOINER, "") in (one_line(words).replace(WORD_JOINER, ""), isolated(one_line(words)))
    assert "image" not in {
        child.type for block in MarkdownIt().parse(as_markdown(words)) for child in block.children or ()
    }
