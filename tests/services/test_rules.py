"""What rules do wherever a person's text comes in, and who may make them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from core.config import Settings
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound, ParleyError, RefusedByRule
from core.models import ConversationKind, Decision, MessageType, ReportReason, RuleAction, RuleKind, TargetType
from core.permissions import Role
from core.repositories.search_index import SearchIndex
from core.services.moderation_query import QueueQuery
from core.services.rules import RuleService, WantedRule
from core.services.setup import Setup
from tests.support.passwords import GOOD, QuickPasswords
from tests.support.tables import tables_with
from tests.support.talks import Desk, outcome

WORD = "xyzzyplugh"
SECRET = "ghp_" + WORD * 4
TEXT = f"The key is {SECRET}, is it?"
MASKED = "The key is [key removed], is it?"
KINDS = tuple(ConversationKind)
ROOMS = tuple(kind for kind in KINDS if kind.is_room)
UTC = ZoneInfo("UTC")


class House:
    """A company with a moderator who makes rules."""

    def __init__(self, database: Database, **options: Any) -> None:
        self.desk = Desk(database, **options)
        self.rules = RuleService(database)
        self.mo = self.desk.person(Role.MODERATOR)
        self.me, self.other = self.desk.me, self.desk.person()

    def rule(self, action: RuleAction, places: tuple[ConversationKind, ...] = KINDS, name: str = "Keys") -> UUID:
        return self.rules.add(self.mo, WantedRule(name, RuleKind.SECRETS, action, places))

    def room(self, kind: ConversationKind) -> UUID:
        if kind is ConversationKind.DIRECT:
            return self.desk.rooms.start_direct(self.me, self.other.user_id)
        return self.desk.rooms.create(self.me, kind, "Ours", user_ids=[self.other.user_id])

    def cases(self) -> list[tuple[Any, ...]]:
        """Text, number of reports, rule, status."""
        statement = """SELECT m.content, c.report_count, r.rule, c.status FROM cases c JOIN messages m
            ON m.id = c.message_id JOIN reports r ON r.case_id = c.id ORDER BY r.id"""
        with self.desk.database.reading() as session:
            return [tuple(row) for row in session.execute(text(statement))]

    def case(self) -> Any:
        [line] = self.desk.cases.list_page(self.mo, QueueQuery(), UTC).lines
        return line

    def told_to_the_model(self) -> str:
        """All that a model is sent with whatever is to be answered now."""
        with self.desk.database.reading() as session:
            runs = session.execute(text("SELECT id FROM answer_runs WHERE status = 'queued'")).scalars().all()
        return repr([self.desk.store.begin(run_id) for run_id in runs])


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@dataclass(frozen=True)
class Entrance:
    """A way in which a person's text comes in. `prepare` makes what it takes; then `send` sends."""

    prepare: Callable[[House, ConversationKind], Any]
    send: Callable[[House, Any, str], object]
    kinds: tuple[ConversationKind, ...]
    is_message: bool = True


CHAT = (ConversationKind.ASSISTANT,)


def answered(house: House, _kind: ConversationKind) -> Any:
    return house.desk.talk(house.me, "Hello?")


def busy(house: House, _kind: ConversationKind) -> Any:
    return house.desk.ask(house.me, "Hello?")


def queued(house: House, kind: ConversationKind) -> Any:
    [question] = house.desk.queue_up(asked := busy(house, kind), "And?")
    return asked, question


def said(house: House, kind: ConversationKind) -> UUID:
    return house.desk.talks.send(house.me, house.room(kind), "Hello").message_id


def queue(house: House, asked: Any, typed: str) -> None:
    """Its turn comes when the answer before it has ended."""
    house.desk.chat.ask(house.me, typed, conversation_id=asked.conversation_id)
    house.desk.answer(asked)


def edit_queued(house: House, given: Any, typed: str) -> None:
    house.desk.queue.edit(house.me, given[1], typed)
    house.desk.answer(given[0])


def conversation(house: House, kind: ConversationKind) -> UUID:
    is_chat = kind is ConversationKind.ASSISTANT
    return answered(house, kind).conversation_id if is_chat else house.room(kind)


NAMED = tuple(kind for kind in KINDS if kind is not ConversationKind.DIRECT)
ENTRANCES = {
    "first question": Entrance(
        lambda house, _: None, lambda house, _, typed: house.desk.chat.ask(house.me, typed), CHAT
    ),
    "next question": Entrance(
        answered,
        lambda house, asked, typed: house.desk.chat.ask(house.me, typed, conversation_id=asked.conversation_id),
        CHAT,
    ),
    "queued question": Entrance(busy, queue, CHAT),
    "edited in the queue": Entrance(queued, edit_queued, CHAT),
    "asked anew": Entrance(
        answered, lambda house, asked, typed: house.desk.chat.edit_and_resend(house.me, asked.question_id, typed), CHAT
    ),
    "said": Entrance(House.room, lambda house, room, typed: house.desk.talks.send(house.me, room, typed), ROOMS),
    "asked in a room": Entrance(
        House.room, lambda house, room, typed: house.desk.talks.send(house.me, room, f"@Assistant {typed}"), ROOMS
    ),
    "edited": Entrance(said, lambda house, message, typed: house.desk.talks.edit(house.me, message, typed), ROOMS),
    "data of a message": Entrance(
        House.room,
        lambda house, room, typed: house.desk.talks.send(
            house.me, room, "Look", message_type=MessageType.TOOL, extra={"a": [{"b": typed, typed: 1}]}
        ),
        ROOMS,
        is_message=False,
    ),
    "name": Entrance(
        conversation,
        lambda house, key, typed: house.desk.conversations.rename(house.me, key, typed),
        NAMED,
        is_message=False,
    ),
    "instructions": Entrance(
        conversation,
        lambda house, key, typed: house.desk.conversations.instruct(house.me, key, typed),
        NAMED,
        is_message=False,
    ),
    "name of a new room": Entrance(
        lambda _, kind: kind,
        lambda house, kind, typed: house.desk.rooms.create(house.me, kind, typed),
        tuple(kind for kind in ROOMS if kind is not ConversationKind.DIRECT),
        is_message=False,
    ),
}
GRID = [(name, kind) for name, entrance in ENTRANCES.items() for kind in entrance.kinds]


@pytest.mark.parametrize(("name", "kind"), GRID)
@pytest.mark.parametrize("action", RuleAction)
def test_wherever_it_comes_in_the_rule_acts(
    house: House, name: str, kind: ConversationKind, action: RuleAction
) -> None:
    entrance = ENTRANCES[name]
    given = entrance.prepare(house, kind)
    house.rule(action, places=(kind,))
    before = tables_with(house.desk.database, "is it?")
    done = outcome(lambda: entrance.send(house, given, TEXT))
    if action is RuleAction.REPORT:
        assert done == "done"
        cases = house.cases()
        if entrance.is_message:
            [(content, count, rule, status)] = cases
            assert content.endswith(TEXT)
            assert (count, rule, status) == (1, "Keys", "open")
            assert house.mo.user_id in house.desk.hints.people
        else:
            assert cases == []
        return
    assert done == ("RefusedByRule" if action is RuleAction.REFUSE else "done")
    assert tables_with(house.desk.database, WORD) == set()
    assert WORD not in house.told_to_the_model()
    assert house.cases() == []
    kept = tables_with(house.desk.database, "[key removed]")
    assert kept if action is RuleAction.MASK else not kept
    if action is RuleAction.REFUSE:
        assert tables_with(house.desk.database, "is it?") == before


@pytest.mark.parametrize(("name", "kind"), GRID)
def test_elsewhere_it_does_not(house: House, name: str, kind: ConversationKind) -> None:
    given = ENTRANCES[name].prepare(house, kind)
    house.rule(RuleAction.REFUSE, places=tuple(one for one in KINDS if one is not kind))
    assert outcome(lambda: ENTRANCES[name].send(house, given, TEXT)) == "done"


def test_the_author_is_told_what_was_taken_out_and_never_what_it_was(house: House) -> None:
    house.rule(RuleAction.MASK)
    room = house.room(ConversationKind.GROUP)
    sent = house.desk.talks.send(house.me, room, TEXT)
    told = "Taken out before this was sent anywhere: a key or token (rule “Keys”)."
    assert sent.masked == told
    assert house.desk.ask(house.me, TEXT).masked == told
    assert house.desk.talks.edit(house.me, sent.message_id, f"So {TEXT}") == told
    assert house.desk.talks.send(house.me, room, "Nothing").masked is None
    house.rules.change(house.mo, *version(house), WantedRule("Keys", RuleKind.SECRETS, RuleAction.REFUSE, KINDS))
    with pytest.raises(RefusedByRule) as refused:
        house.desk.talks.send(house.me, room, f"Look:\n\n{TEXT}")
    assert "a key or token in line 3, which the rule “Keys”" in str(refused.value)
    assert SECRET[:6] not in str(refused.value)


def version(house: House) -> tuple[UUID, int]:
    [rule] = house.rules.list_all(house.mo)
    return rule.id, rule.version


def test_what_would_become_too_long_by_masks_is_not_sent(house: House) -> None:
    wanted = WantedRule("A", RuleKind.PATTERN, RuleAction.MASK, KINDS, pattern="a")
    house.rules.add(house.mo, wanted)
    with pytest.raises(Invalid, match="more than 10,000 characters"):
        house.desk.chat.ask(house.me, "ab" * 5_000)


def test_an_edit_is_reported_again_only_for_what_is_new_in_it(house: House) -> None:
    house.rule(RuleAction.REPORT)
    room = house.room(ConversationKind.GROUP)
    message = house.desk.talks.send(house.me, room, TEXT).message_id
    house.desk.talks.edit(house.me, message, f"{TEXT} Or not?")
    assert house.cases() == [(f"{TEXT} Or not?", 1, "Keys", "open")]
    case = house.case()
    house.desk.moderation.claim(house.mo, case.id, case.version)
    house.desk.moderation.dismiss(house.mo, case.id, case.version + 1)
    house.desk.talks.edit(house.me, message, f"{TEXT} Or is it?")
    assert house.cases()[0][3] == "closed"
    house.desk.talks.edit(house.me, message, f"{TEXT} And ghp_{'a' * 36}")
    assert [row[1:] for row in house.cases()] == [(1, "Keys", "open")], "one report of each rule"
    asked = house.desk.talk(house.me, TEXT)
    count = len(house.cases())
    house.desk.chat.edit_and_resend(house.me, asked.question_id, f"{TEXT} Really?")
    assert len(house.cases()) == count


def test_a_case_of_a_rule_is_worked_like_any_other_and_outlives_the_rule(database: Database) -> None:
    """The limit of reports is people's."""
    house = House(database, limits={"report": (1, 3_600)})
    house.rule(RuleAction.REPORT)
    room = house.room(ConversationKind.GROUP)
    for _ in range(3):
        house.desk.talks.send(house.me, room, "Nothing to see")
    message = house.desk.talks.send(house.me, room, TEXT).message_id
    house.desk.reports.report(house.other, message, ReportReason.PRIVATE)
    house.rules.delete(house.mo, *version(house))
    case = house.case()
    assert case.reasons == (ReportReason.AUTOMATIC, ReportReason.PRIVATE)
    assert house.desk.cases.list_page(house.mo, QueueQuery(reason=ReportReason.AUTOMATIC), UTC).lines == (case,)
    shown = house.desk.cases.get(house.mo, case.id)
    assert [(one.rule, one.reason, bool(one.reporter_name)) for one in shown.reports] == [
        ("Keys", ReportReason.AUTOMATIC, False),
        ("", ReportReason.PRIVATE, True),
    ]
    house.desk.moderation.claim(house.mo, case.id, case.version)
    house.desk.moderation.delete(house.mo, case.id, case.version + 1, "A key")
    assert house.desk.cases.get(house.mo, case.id).line.decision is Decision.DELETED
    with pytest.raises(Invalid):
        house.desk.reports.report(house.other, message, ReportReason.AUTOMATIC)


def test_the_author_is_not_told_of_a_rules_report(house: House) -> None:
    house.rule(RuleAction.REPORT)
    asked = house.desk.talk(house.me, TEXT)
    [question, *_] = house.desk.read(asked.conversation_id).messages
    assert question.report is None
    marked = "SELECT count(*) FROM message_words WHERE '~reported' = ANY(tsvector_to_array(words))"
    with house.desk.database.transaction() as session:
        assert session.execute(text("SELECT count(*) FROM cases")).scalar_one() == 1
        SearchIndex(session).put_again(asked.question_id)
        assert session.execute(text(marked)).scalar_one() == 0
    house.desk.reports.report(house.me, asked.question_id, ReportReason.OTHER)
    with house.desk.database.transaction() as session:
        SearchIndex(session).put_again(asked.question_id)
        assert session.execute(text(marked)).scalar_one() == 1


def test_a_change_acts_on_the_next_message(house: House) -> None:
    room = house.room(ConversationKind.GROUP)

    def kept() -> str:
        with house.desk.database.reading() as session:
            message = house.desk.talks.send(house.me, room, TEXT).message_id
            found = session.execute(text("SELECT content FROM messages WHERE id = :id"), {"id": message})
            return str(found.scalar_one())

    assert kept() == TEXT
    rule_id = house.rule(RuleAction.MASK)
    assert kept() == MASKED
    house.rules.switch(house.mo, rule_id, 1, on=False)
    assert kept() == TEXT
    house.rules.switch(house.mo, rule_id, 2, on=True)
    assert kept() == MASKED
    house.rules.delete(house.mo, rule_id, 3)
    assert kept() == TEXT


WANTED = WantedRule("Words", RuleKind.WORDS, RuleAction.REPORT, KINDS, words="one\ntwo")


@pytest.mark.parametrize("name", ["change", "switch", "delete"])
def test_of_two_tabs_one_acts(house: House, name: str) -> None:
    key = house.rule(RuleAction.MASK)
    acts: dict[str, Callable[[], object]] = {
        "change": lambda: house.rules.change(house.mo, key, 1, WANTED),
        "switch": lambda: house.rules.switch(house.mo, key, 1, on=False),
        "delete": lambda: house.rules.delete(house.mo, key, 1),
    }
    acts["change"]()
    with pytest.raises((Conflict, NotFound)):
        acts[name]()
    assert version(house) == (key, 2)


BAD: dict[str, WantedRule] = {
    "is empty": WantedRule(" ", RuleKind.CARDS, RuleAction.MASK, KINDS),
    "at least one kind": WantedRule("A", RuleKind.CARDS, RuleAction.MASK, ()),
    "Write a word first": WantedRule("A", RuleKind.WORDS, RuleAction.MASK, KINDS, words="\n \n"),
    "Line 2 has no letter": WantedRule("A", RuleKind.WORDS, RuleAction.MASK, KINDS, words="a\n***"),
    "up to 5,000 entries": WantedRule(
        "A", RuleKind.WORDS, RuleAction.MASK, KINDS, words="\n".join(map(str, range(5001)))
    ),
    "not closed, at “(b” (character 2)": WantedRule("A", RuleKind.PATTERN, RuleAction.MASK, KINDS, pattern="a(b"),
    "too slow": WantedRule("A", RuleKind.PATTERN, RuleAction.MASK, KINDS, pattern=r"(\pL{1,9}x){1,9}"),
    "There is a rule “KEYS”": WantedRule("KEYS", RuleKind.CARDS, RuleAction.MASK, KINDS),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_rule_that_can_not_be_is_rejected_with_its_reason(house: House, reason: str) -> None:
    house.rule(RuleAction.MASK)
    with pytest.raises(ParleyError) as error:
        house.rules.add(house.mo, BAD[reason])
    assert reason in str(error.value)
    assert len(house.rules.list_all(house.mo)) == 1


def test_each_change_is_on_record_with_what_was_before(house: House) -> None:
    key = house.rules.add(house.mo, WANTED)
    house.rules.change(
        house.mo, key, 1, WantedRule("Words", RuleKind.WORDS, RuleAction.REFUSE, KINDS, words="two\nthree")
    )
    house.rules.switch(house.mo, key, 2, on=False)
    house.rules.switch(house.mo, key, 3, on=False)  # nothing changes
    house.rules.delete(house.mo, key, 3)
    rows = list(trail(house))
    assert [row[0] for row in rows] == ["rule:add", "rule:change", "rule:change", "rule:delete"]
    assert rows[1][1]["action"] == "report" and rows[1][2]["action"] == "refuse"
    assert rows[1][2]["words_added"] == ["three"] and rows[1][2]["words_removed"] == ["one"]
    assert (rows[2][1]["on"], rows[2][2]["on"]) == (True, False)
    assert rows[3][1]["words_removed"] == ["two", "three"] and rows[3][2] is None


def trail(house: House) -> Iterator[tuple[Any, ...]]:
    statement = "SELECT action, before, after FROM audit_events WHERE target_type = :rule ORDER BY sequence"
    with house.desk.database.reading() as session:
        yield from (tuple(row) for row in session.execute(text(statement), {"rule": TargetType.RULE.value}))


def test_trying_keeps_nothing(house: House) -> None:
    house.rule(RuleAction.MASK)
    [hit] = house.rules.try_out(house.mo, f"a\n{TEXT}")
    assert (hit.name, hit.action, hit.line) == ("Keys", RuleAction.MASK, 2)
    wanted = WantedRule("A", RuleKind.PATTERN, RuleAction.REFUSE, KINDS, pattern="key")
    assert [hit.name for hit in house.rules.try_out(house.mo, TEXT, wanted)] == ["A"]
    assert tables_with(house.desk.database, WORD) == set()


def test_a_new_company_masks_keys_and_cards(database: Database, settings: Settings) -> None:
    setup = Setup(database, settings, QuickPasswords())
    link = setup.issue_setup_link()
    setup.set_up(token=link, company_name="New", email="a@example.com", display_name="A", password=GOOD, user_agent="")
    statement = "SELECT r.name, r.action, r.is_on FROM rules r ORDER BY r.name"
    with database.reading() as session:
        rows = [tuple(row) for row in session.execute(text(statement))]
    assert rows == [
        ("Bank accounts", "mask", False), ("Card numbers", "mask", True), ("Keys and passwords", "mask", True)
    ]  # fmt: skip
