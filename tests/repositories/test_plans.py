"""The screens' queries on filled tables, by PostgreSQL's own account: which index, and how many rows."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.ids import new_id
from core.models import ConversationKind, MessageRole, MessageStatus, RunStatus, Score
from core.repositories.answer_runs import AnswerRuns, Arrived
from core.repositories.conversations import Conversations
from core.repositories.feedback import Feedbacks
from core.repositories.last_words import LastWords
from core.repositories.members import Members
from core.repositories.mentions import Mentions
from core.repositories.messages import Messages
from core.repositories.queued_questions import QueuedQuestions
from core.repositories.rate_limits import RateLimits
from core.repositories.reactions import Reactions
from core.repositories.rooms import Rooms
from core.repositories.search import REACH, Search, Wanted
from core.repositories.unread import Unreads
from core.repositories.versions import Versions
from core.search.words import vector_of
from tests.bench.seeding import ANSWER, QUESTION
from tests.bench.statements import statements_of
from tests.support.large_tables import FEW, PAGE, ROOMS, Filled

pytestmark = pytest.mark.xdist_group("plans")  # the tables are filled once

LARGE = {
    "messages",
    "conversations",
    "members",
    "answer_runs",
    "model_calls",
    "reactions",
    "mentions",
    "rate_limit_events",
}
PARAMETER = r"%\((\w+)\)s"


def undone(database: Database) -> Session:
    """For statements of all kinds: nothing is committed."""
    return Session(database.engine)


@dataclass(frozen=True)
class Plan:
    """One statement as it was planned and, where it ran, what it touched."""

    root: dict[str, Any]

    @cached_property
    def nodes(self) -> list[dict[str, Any]]:
        def below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
            yield node
            for child in node.get("Plans", ()):
                yield from below(child)

        return list(below(self.root))

    @property
    def scanned_whole(self) -> set[str]:
        return {node["Relation Name"] for node in self.nodes if node["Node Type"] == "Seq Scan"} & LARGE

    @property
    def indexes(self) -> set[str]:
        return {node["Index Name"] for node in self.nodes if "Index Name" in node}

    @property
    def sorts(self) -> bool:
        return any("Sort" in node["Node Type"] for node in self.nodes)

    @property
    def rows(self) -> float:
        """Rows that scans of tables found, those they threw away again included."""
        scans = [node for node in self.nodes if "Relation Name" in node and "Scan" in node["Node Type"]]
        return sum(
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in scans
        )


Query = Callable[[Session, Filled], object]

READS: dict[str, Query] = {
    "a page of the list": lambda s, f: Conversations(s).list_recent(f.many, limit=FEW),
    "the next page of it": lambda s, f: Conversations(s).list_recent(f.many, limit=FEW, before=(clock.now(), new_id())),
    "the archive": lambda s, f: Conversations(s).list_recent(f.many, archived=True, limit=FEW),
    "a conversation": lambda s, f: Conversations(s).get_readable(f.few, f.long),
    "a conversation to change": lambda s, f: Conversations(s).get_readable(f.few, f.long, lock=True),
    "the latest messages": lambda s, f: Messages(s).latest(f.long, PAGE),
    "earlier messages": lambda s, f: Messages(s).page(f.long, before=10_000, limit=PAGE),
    "later messages": lambda s, f: Messages(s).page(f.long, after=10_000, limit=PAGE),
    "what was said last": lambda s, f: LastWords(s).of([f.short, f.long, f.rewritten]),
    "a message": lambda s, f: Messages(s).get(f.answers[0]),
    "a message by its key": lambda s, f: Messages(s).get_by_client_key(new_id()),
    "versions": lambda s, f: Versions(s).list_versions(f.answers),
    "the version shown": lambda s, f: Versions(s).get_shown_version(f.answers[0]),
    "a person's scores": lambda s, f: Feedbacks(s).list_scores(f.answers, f.few.user_id),
    "the run of a conversation": lambda s, f: AnswerRuns(s).get_active(f.long),
    "the run of an answer": lambda s, f: AnswerRuns(s).get_by_message(f.answers[0]),
    "a run": lambda s, f: AnswerRuns(s).get(new_id()),
    "what has arrived": lambda s, f: AnswerRuns(s).get_since(new_id(), 10),
    "the queue": lambda s, f: QueuedQuestions(s).list_of(f.long),
    "queues to move on": lambda s, _: QueuedQuestions(s).list_due(),
    "the next of the queue": lambda s, f: QueuedQuestions(s).get_next(f.long),
    "why answers failed": lambda s, f: AnswerRuns(s).list_failures(f.answers),
    "runs without a heartbeat": lambda s, _: AnswerRuns(s).list_stale(clock.now()),
    "runs nobody took": lambda s, _: AnswerRuns(s).list_unclaimed(clock.now()),
    "company rooms": lambda s, f: Rooms(s).list_open(f.guest, limit=FEW),
    "more company rooms": lambda s, f: Rooms(s).list_open(f.guest, limit=FEW, before=(clock.now(), new_id())),
    "reactions of a page": lambda s, f: Reactions(s).list_of(f.answers),
    "who is called on a page": lambda s, f: Mentions(s).list_mine(f.answers, f.few.user_id),
    "what a page replies to": lambda s, f: Messages(s).list_excerpts(f.answers),
    "what waits in a room": lambda s, f: QueuedQuestions(s).list_messages(f.room),
    "members": lambda s, f: Members(s).list_lines(f.room),
    "who looks after a room": lambda s, f: Members(s).count_keepers(f.room),
    "unread in some rooms": lambda s, f: Unreads(s).in_rooms([f.room], [f.guest.user_id, f.few.user_id]),
    "how long to wait": lambda s, f: RateLimits(s).wait_for(
        f.guest.user_id, "message", f.room, count=10, window=timedelta(minutes=1)
    ),
}
WRITES: dict[str, Query] = {
    "append": lambda s, f: Messages(s).append(f.long, role=MessageRole.USER, content="Hello"),
    "complete an answer": lambda s, f: Messages(s).complete(f.answers[0], "Done.", MessageStatus.COMPLETE, 4),
    "rate an answer": lambda s, f: Feedbacks(s).put(f.answers[0], f.few.user_id, Score.UP, [], ""),
    "mark as read": lambda s, f: Members(s).mark_read(f.room, f.guest.user_id, 39),
    "react": lambda s, f: Reactions(s).add(f.answers[0], f.few.user_id, "👍"),
    "count an event": lambda s, f: RateLimits(s).add(f.guest.user_id, "message", f.room),
    "claim a run": lambda s, _: AnswerRuns(s).claim(new_id(), new_id()),
    "keep what has arrived": lambda s, _: AnswerRuns(s).keep(new_id(), [Arrived(new_id(), 0, "so far")]),
    "stop a run": lambda s, _: AnswerRuns(s).request_stop(new_id()),
    "end a run": lambda s, _: AnswerRuns(s).finish(new_id(), RunStatus.COMPLETE),
}

BY_ROOMS: dict[str, Query] = {
    "one's rooms": lambda s, f: Rooms(s).list_mine(f.guest, ConversationKind.GROUP, limit=PAGE),
    "the next page of them": lambda s, f: Rooms(s).list_mine(
        f.guest, ConversationKind.GROUP, limit=PAGE, before=(clock.now(), new_id())
    ),
    "how many they are": lambda s, f: Rooms(s).count_mine(f.guest, ConversationKind.GROUP),
    "everything unread": lambda s, f: Unreads(s).of_person(f.guest.user_id),
}
"""What these cost depends on how many rooms a person is in; nothing else may add to it."""

QUERIES = READS | WRITES
NO_LITERAL = "runs without a heartbeat"


def plans_of(filled: Filled, query: Query, how: str = "ANALYZE, BUFFERS") -> list[Plan]:
    """The plans of what a query sends, each run once more under EXPLAIN and rolled back."""
    with undone(filled.database) as session:
        with statements_of(filled.database) as sent:
            query(session, filled)
        session.rollback()
        explain = session.connection().exec_driver_sql
        assert sent
        return [
            Plan(explain(f"EXPLAIN ({how}, FORMAT JSON) {sql}", values).scalar_one()[0]["Plan"]) for sql, values in sent
        ]


@pytest.mark.parametrize("what", QUERIES)
def test_no_query_of_a_screen_reads_a_large_table_whole(filled: Filled, what: str) -> None:
    for plan in plans_of(filled, QUERIES[what]):
        assert not plan.scanned_whole
        assert plan.rows <= 3 * FEW


@pytest.mark.parametrize("what", BY_ROOMS)
def test_a_persons_rooms_cost_as_many_rows_as_they_are(filled: Filled, what: str) -> None:
    """However many chats with the assistant they have, and however much was said."""
    rooms = 2 * ROOMS if what == "everything unread" else ROOMS
    for plan in plans_of(filled, BY_ROOMS[what]):
        assert not plan.scanned_whole
        assert plan.rows <= 3 * rooms + PAGE


@pytest.mark.parametrize(
    ("what", "index"),
    [
        ("a page of the list", "conversations_owner_recent_idx"),
        ("the next page of it", "conversations_owner_recent_idx"),
        ("the archive", "conversations_owner_archived_idx"),
        ("company rooms", "conversations_company_recent_idx"),
        ("more company rooms", "conversations_company_recent_idx"),
        ("the latest messages", None),  # two indexes have that order
        ("earlier messages", None),
        ("later messages", None),
    ],
)
def test_a_list_comes_out_of_its_index_in_its_own_order(filled: Filled, what: str, index: str | None) -> None:
    (plan,) = plans_of(filled, READS[what])
    assert index is None or index in plan.indexes
    assert not plan.sorts


@pytest.mark.parametrize(
    ("little", "much"),
    [
        (
            lambda s, f: Conversations(s).list_recent(f.few, limit=FEW),
            lambda s, f: Conversations(s).list_recent(f.many, limit=FEW),
        ),
        (lambda s, f: Messages(s).latest(f.short, PAGE), lambda s, f: Messages(s).latest(f.long, PAGE)),
        (lambda s, f: Messages(s).latest(f.short, PAGE), lambda s, f: Messages(s).latest(f.rewritten, PAGE)),
        (
            lambda s, f: Messages(s).append(f.short, role=MessageRole.USER, content="Hello"),
            lambda s, f: Messages(s).append(f.long, role=MessageRole.USER, content="Hello"),
        ),
    ],
    ids=["list", "open", "open after rewriting", "append"],
)
def test_a_long_history_touches_no_more_rows_than_a_short_one(filled: Filled, little: Query, much: Query) -> None:
    (short,), (long,) = plans_of(filled, little), plans_of(filled, much)
    assert long.rows <= short.rows


@pytest.mark.parametrize("what", QUERIES)
def test_a_prepared_statement_that_knows_no_values_has_an_index_too(filled: Filled, what: str) -> None:
    """psycopg prepares what is sent often, and PostgreSQL may then plan it once for all values."""
    with undone(filled.database) as session:
        with statements_of(filled.database) as sent:
            QUERIES[what](session, filled)
        session.rollback()
        for sql, _ in sent:
            explained = session.connection().exec_driver_sql(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {numbered(sql)}")
            assert not Plan(explained.scalar_one()[0]["Plan"]).scanned_whole


def numbered(sql: str) -> str:
    """`%(name)s` as `$1`, `$2`, …, which is how PostgreSQL itself knows parameters."""
    names = list(dict.fromkeys(re.findall(PARAMETER, sql)))
    return re.sub(PARAMETER, lambda found: f"${names.index(found[1]) + 1}", sql)


# Searching: what it costs is bounded by how far the first look reaches, and by what the inverted index finds.
FIND_INDEXED = """
    INSERT INTO message_words (message_id, company_id, conversation_id, scope_id, is_room, said_at, words)
    SELECT m.id, c.company_id, c.id, c.owner_id, false, m.created_at,
        CAST(concat(CASE m.role WHEN 'user' THEN :question ELSE :answer END, CASE m.seq WHEN 7 THEN ' ''rare''' END,
            ' ''~u', right(CAST(c.owner_id AS text), 17), '''') AS tsvector)
    FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE c.id = :conversation
"""


@pytest.fixture(scope="module")
def searched(filled: Filled) -> Filled:
    with filled.database.transaction() as session:
        given = {"conversation": filled.long, "question": vector_of(QUESTION), "answer": vector_of(ANSWER)}
        session.connection().execute(text(FIND_INDEXED), given)
    with filled.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE message_words"))
    return filled


def search_plans(filled: Filled, words: str, since: datetime | None = None) -> list[Plan]:
    with filled.database.transaction() as session:
        search = Search(session)
        search.settle()
        with statements_of(filled.database) as sent:
            search.messages(search.scope_of(filled.few), Wanted((words,), since), enough=21, limit=200)
        explain = session.connection().exec_driver_sql
        return [
            Plan(explain(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values).scalar_one()[0]["Plan"])
            for sql, values in sent
        ]


def test_a_common_word_is_found_within_the_first_look(searched: Filled) -> None:
    _rooms, walk = search_plans(searched, "'suppliers'")
    assert "message_words_scope_idx" in walk.indexes
    assert not walk.sorts
    assert walk.rows <= 2 * 200 + 5


def test_a_rare_word_costs_one_look_and_what_it_finds(searched: Filled) -> None:
    _rooms, walk, ends, gathering = search_plans(searched, "'rare'")
    assert walk.rows <= REACH
    assert ends.rows <= REACH + 1
    assert "message_words_words_idx" in gathering.indexes
    assert gathering.rows <= 5


def test_what_was_said_lately_is_gathered_by_its_words_alone(searched: Filled) -> None:
    """By when it was said, the planner would go through all that everybody said then."""
    *_, gathering = search_plans(searched, "'rare'", datetime(2020, 1, 1, tzinfo=UTC))
    (scan,) = (node for node in gathering.nodes if "Relation Name" in node)
    assert gathering.indexes == {"message_words_words_idx"}
    assert "said_at" not in scan["Recheck Cond"] + scan.get("Filter", "")


@pytest.mark.parametrize("words", ["'suppliers'", "'rare'", "'nothing'", "'sup':*", "!'suppliers'", "('of' <-> 'our')"])
def test_no_search_reads_a_table_whole(searched: Filled, words: str) -> None:
    for plan in search_plans(searched, words):
        assert not {node["Relation Name"] for node in plan.nodes if node["Node Type"] == "Seq Scan"}
