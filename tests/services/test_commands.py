"""Commands as they are typed: which texts are some, whom they are for, what days mean where, and that nobody hears."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from core.assistant.commands import Reply, Typed, commands
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound, RateLimited
from core.ids import new_id
from core.models import ConversationKind, History, TaskSource
from core.permissions import Actor
from core.services.commands import CommandService
from core.services.limits import RateLimiter
from core.services.task_views import NewTask, TaskLine, TasksWanted
from core.services.tasks import TaskService
from tests.support.budgets import Till
from tests.support.callers import caller_for
from tests.support.talks import Desk, ignore

MESSAGES = (
    "Hello", "", "/", "//", "// a comment", "/ task Buy rye", " /task Buy rye", "/usr/bin/env python", "/etc/hosts",
    "/2 of it", "/task/er", "/-task", "/*\n * a comment */", "/Users\n/Applications", "/tmp\nis full", "see /task",
    "/regex/g", "/task, please", "\n/task x",
)  # fmt: skip


@pytest.mark.parametrize("text", MESSAGES)
def test_what_is_a_message(text: str) -> None:
    assert commands().read(text) is None


COMMANDS = {
    "/task Buy rye": ("task", "Buy rye"),
    "/TASK  Buy rye ": ("task", "Buy rye"),
    "/task": ("task", ""),
    "/task\tBuy rye": ("task", "Buy rye"),
    "/task Buy rye\nThe dark one": ("task", "Buy rye\nThe dark one"),
    "/help /task": ("help", "/task"),
    "/done 3": ("done", "3"),
}


@pytest.mark.parametrize("text", COMMANDS)
def test_what_is_a_command(text: str) -> None:
    found = commands().read(text)
    assert found and (found[0].name, found[1]) == COMMANDS[text]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/taks Buy rye", "Did you mean /tasks?"),
        ("/serch x", "Did you mean /search?"),
        ("/frobnicate", "There are /done"),
    ],
)
def test_a_slip_of_the_pen_is_said(text: str, says: str) -> None:
    with pytest.raises(Invalid, match=says.replace("?", r"\?")):
        commands().read(text)
    with pytest.raises(Invalid, match="put a space in front"):
        commands().read(text)


@dataclass
class Shop:
    desk: Desk
    service: CommandService
    ada: Actor
    bo: Actor

    @property
    def tasks(self) -> TaskService:
        return TaskService(self.desk.database)

    def say(self, text: str, actor: Actor | None = None, **given: Any) -> Reply:
        found = self.service.read(text)
        assert found
        given = {"client_key": new_id(), "zone": UTC, **given}
        return self.service.run(actor or self.ada, *found, **given)

    def all(self, actor: Actor | None = None) -> list[TaskLine]:
        return list(self.tasks.list_page(actor or self.ada, TasksWanted()).tasks)


@pytest.fixture
def shop(database: Database) -> Shop:
    desk = Desk(database)
    ada, bo = (desk.person(display_name=name) for name in ("Ada Lovelace", "Bo Olsen"))
    return Shop(desk, CommandService(database, RateLimiter({"command": (20, 60)}), ignore), ada, bo)


def listed(reply: Reply) -> dict[str, tuple[str, ...]]:
    """What the numbers of a reply mean to the next command."""
    return {reply.kind: tuple(line.id for line in reply.lines)}


def test_a_task_is_made_shown_and_taken_back(shop: Shop) -> None:
    reply = shop.say("/task Buy rye @Bo tomorrow\nThe dark one")
    [task] = shop.all()
    assert (task.title, task.assignee_name, task.source) == ("Buy rye", "Bo Olsen", TaskSource.COMMAND)
    assert shop.tasks.get(shop.bo, task.id).description == "The dark one"
    assert [(line.text, line.notes, line.number) for line in reply.lines] == [
        ("Buy rye", ("tomorrow", "for Bo Olsen"), None)
    ]
    assert reply.undo and shop.service.undo(shop.ada, reply.undo, zone=UTC).startswith("Taken back")
    assert shop.all() == []


def test_the_same_line_sent_twice_makes_one(shop: Shop) -> None:
    key = new_id()
    for _ in range(2):
        shop.say("/task Buy rye", client_key=key)
    assert len(shop.all()) == 1


# A Sunday night in Berlin, when it is Monday in Auckland and Sunday morning in Los Angeles.
NOW = datetime(2026, 5, 3, 21, 30, tzinfo=UTC)
DAYS = [
    ("tomorrow", "Europe/Berlin", "de-DE", date(2026, 5, 4)),
    ("tomorrow", "Pacific/Auckland", "en-NZ", date(2026, 5, 5)),
    ("today", "Pacific/Auckland", "en-NZ", date(2026, 5, 4)),
    ("today", "America/Los_Angeles", "en-US", date(2026, 5, 3)),
    ("on 5/6", "America/Los_Angeles", "en-US", date(2026, 5, 6)),
    ("on 5/6", "Europe/London", "en-GB", date(2026, 6, 5)),
    ("bis 5.6.", "Europe/Berlin", "de-DE", date(2026, 6, 5)),
    ("morgen", "Europe/Berlin", "de-DE", date(2026, 5, 4)),
    ("demain", "Europe/Paris", "fr-FR", date(2026, 5, 4)),
    ("mañana", "Europe/Madrid", "es-ES", date(2026, 5, 4)),
    ("on Monday", "Pacific/Auckland", "en-NZ", date(2026, 5, 11)),
    ("on Monday", "Europe/Berlin", "en-GB", date(2026, 5, 4)),
    ("by 2026-05-20", "UTC", "en", date(2026, 5, 20)),
    ("", "UTC", "en", None),
]


@pytest.mark.parametrize(("words", "zone", "locale", "due_on"), DAYS)
def test_days_are_those_of_who_types(shop: Shop, words: str, zone: str, locale: str, due_on: date | None) -> None:
    found = commands().read(f"/task Buy rye {words}")
    assert found
    now = NOW.astimezone(ZoneInfo(zone))
    caller = caller_for(shop.desk.database, shop.ada, now=now, locale=locale, is_command=True)
    found[0].run(caller, Typed(found[1]))
    assert [(task.title, task.due_on) for task in shop.all()] == [("Buy rye", due_on)]


def test_numbers_mean_the_list_that_was_shown(shop: Shop) -> None:
    for title in ("One", "Two", "Three"):
        shop.say(f"/task {title}")
    shown = shop.say("/tasks")
    assert [(line.number, line.text) for line in shown.lines] == [(1, "One"), (2, "Two"), (3, "Three")]
    for number, title in ((1, "One"), (3, "Three"), (2, "Two")):  # however the list has changed since
        reply = shop.say(f"/done {number}", listed=listed(shown))
        assert (reply.title, [line.text for line in reply.lines]) == ("Done", [title])
    assert [line.text for line in shop.say("/tasks").lines] == []
    assert shop.say("/done 2", listed=listed(shown)).title == "“Two” is done already."


def test_without_a_list_numbers_mean_the_one_there_would_be(shop: Shop) -> None:
    for title in ("One", "Two"):
        shop.say(f"/task {title}")
    reply = shop.say("/done #2")
    assert [line.text for line in reply.lines] == ["Two"]
    assert reply.undo and "as it was" in shop.service.undo(shop.ada, reply.undo, zone=UTC)
    assert [line.text for line in shop.say("/tasks").lines] == ["One", "Two"]


def test_words_of_the_title(shop: Shop) -> None:
    for title in ("Buy rye", "Buy rye bread", "Call Bo"):
        shop.say(f"/task {title}")
    assert [line.text for line in shop.say("/done buy RYE").lines] == ["Buy rye"]  # called exactly so
    shop.say("/task Buy rye rolls")
    several = shop.say("/done rye")
    assert [line.text for line in several.lines] == ["Buy rye bread", "Buy rye rolls"]
    assert [line.text for line in shop.say("/done 2", listed=listed(several)).lines] == ["Buy rye rolls"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/task", "Write what is to be done"),
        ("/task @Bo tomorrow", "Write what is to be done"),
        ("/task Rye @Zoe", "Nobody here is called"),
        ("/task Rye by 31 April", "There is no day like"),
        (f"/task {'x' * 300}", "title"),
        ("/tasks lost", "/tasks knows open, done, all"),
        ("/tasks @Zoe", "Nobody here is called"),
        ("/done", "Say which"),
        ("/done 1", "You have no open tasks"),
        ("/done rye", "None of your open tasks"),
        ("/done 999999999999999999999", "You have no open tasks"),
        ("/search", "Say what to look for"),
        ("/usage decade", "/usage knows today, week, month, year"),
        ("/help frobnicate", "There is no command /frobnicate"),
    ],
)
def test_what_can_not_be_done_is_said(shop: Shop, text: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        shop.say(text)
    assert shop.all() == []


def test_a_number_too_high_is_said(shop: Shop) -> None:
    shop.say("/task Rye")
    with pytest.raises(Invalid, match="No task has the number 2: there is only 1"):
        shop.say("/done 2")


def test_whose_and_when(shop: Shop) -> None:
    for text in ("/task Mine today", "/task Given @Bo", "/task Later in 3 days", "/task Some day"):
        shop.say(text)
    shop.tasks.create(shop.bo, NewTask("From Bo", assignee_id=shop.ada.user_id))
    titles = {
        words: [line.text for line in shop.say(f"/tasks {words}").lines]
        for words in ("today", "week", "someday", "mine", "given", "done", "@Bo", "@me")
    }
    assert titles == {
        "today": ["Mine"],
        "week": ["Mine", "Later"],
        "someday": ["Given", "Some day", "From Bo"],
        "mine": ["Mine", "Later", "Some day", "From Bo"],
        "given": ["Given"],
        "done": [],
        "@Bo": ["Given"],
        "@me": ["Mine", "Later", "Some day", "From Bo"],
    }


def test_a_click_ticks_and_opens_again(shop: Shop) -> None:
    [line] = shop.say("/task Rye").lines
    assert line.done and line.reopened
    shop.service.call(shop.ada, line.done, zone=UTC)
    assert [one.is_done for one in shop.say("/tasks done").lines] == [True]
    shop.service.call(shop.ada, line.reopened, zone=UTC)
    assert [one.text for one in shop.say("/tasks").lines] == ["Rye"]


def test_what_changed_since_is_not_taken_back(shop: Shop) -> None:
    reply = shop.say("/task Rye")
    shop.tasks.update(shop.ada, UUID(reply.lines[0].id), title="Wheat")
    assert reply.undo
    with pytest.raises(Conflict):
        shop.service.undo(shop.ada, reply.undo, zone=UTC)


# Where it is typed.


def test_it_knows_where_it_was_typed_and_says_nothing_there(shop: Shop) -> None:
    desk = shop.desk
    room = desk.rooms.create(shop.ada, ConversationKind.GROUP, "Kitchen", user_ids=[shop.bo.user_id])
    said = desk.talks.send(shop.bo, room, "We are out of rye.").message_id
    gone = desk.talks.send(shop.bo, room, "Forget it.").message_id
    desk.talks.delete(shop.bo, gone)
    before, state = len(desk.read(room, shop.bo).messages), desk.read(room, shop.bo).state
    shop.say("/task Buy rye", conversation_id=room)
    [task] = shop.all()
    assert (task.conversation_id, task.message_id) == (room, said)
    seen = desk.read(room, shop.bo)
    assert (len(seen.messages), seen.state) == (before, state)
    assert desk.started == []


def test_nothing_from_before_they_joined_is_its_source(shop: Shop) -> None:
    desk = shop.desk
    room = desk.rooms.create(shop.bo, ConversationKind.GROUP, "Late", user_ids=[], history=History.JOINED)
    desk.talks.send(shop.bo, room, "Before")
    desk.members.add(shop.bo, room, [shop.ada.user_id])
    shop.say("/task Rye", conversation_id=room)
    assert [(task.conversation_id, task.message_id) for task in shop.all()] == [(room, None)]


def test_in_a_room_one_still_sees_all_that_is_ones_own(shop: Shop) -> None:
    """The answer is private: it is not what everybody there may know."""
    room = shop.desk.rooms.create(shop.ada, ConversationKind.GROUP, "Kitchen", user_ids=[])
    shop.desk.talk(shop.ada, "My own question about rye")
    shop.say("/task From elsewhere")
    assert [line.text for line in shop.say("/tasks", conversation_id=room).lines] == ["From elsewhere"]
    assert [line.text for line in shop.say("/search rye", conversation_id=room).lines] == ["My own question about rye"]
    assert shop.say("/usage", conversation_id=room).title.startswith("One answer, 4 tokens")


def test_what_one_can_not_read_any_more_takes_no_commands(shop: Shop) -> None:
    room = shop.desk.rooms.create(shop.bo, ConversationKind.GROUP, "Kitchen", user_ids=[shop.ada.user_id])
    shop.desk.members.remove(shop.bo, room, shop.ada.user_id)
    with pytest.raises(NotFound, match="no longer a member"):
        shop.say("/task Rye", conversation_id=room)
    assert shop.all() == []


def test_there_is_a_limit(shop: Shop) -> None:
    for _ in range(20):
        shop.say("/help")
    with pytest.raises(RateLimited, match="20 commands in one minute"):
        shop.say("/task Rye")
    assert shop.all() == []


def test_a_search_leads_to_where_it_was_said(shop: Shop) -> None:
    asked = shop.desk.talk(shop.ada, "Where is the rye?")
    [line, *_] = shop.say("/search rye from:me").lines
    assert line.link and dict(line.link.query) == {"c": str(asked.conversation_id), "m": "1"}
    assert line.text == "Where is the rye?" and line.notes[0] == "Ada Lovelace"
    assert shop.say("/search barley").hints == ("Nothing that you may read has all of that.",)


def test_usage_says_what_is_left(database: Database) -> None:
    till = Till(database)
    till.set(10_000)
    till.finish(till.desk.ask(till.me, "How much?"), tokens=1_200)
    service = CommandService(database, RateLimiter(), ignore)
    found = service.read("/usage today")
    assert found
    reply = service.run(till.me, *found, client_key=new_id(), zone=UTC)
    assert reply.title.startswith("One answer, 1,200 tokens") and reply.title.endswith(" today")
    assert [line.text for line in reply.lines] == ["8.8k tokens of 10k tokens left today"]


def test_help_names_every_command(shop: Shop) -> None:
    usages = [line.text.split()[0] for line in shop.say("/help").lines]
    assert sorted(usages) == ["/done", "/help", "/search", "/task", "/tasks", "/usage"]
    for usage in usages:
        assert shop.say(f"/help {usage}").lines
