"""Finding in corpora of two sizes, beside ILIKE over the same messages, and what the index costs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

from psycopg import Connection
from sqlalchemy.engine import URL

from core.models import MessageRole, MessageStatus
from core.permissions import Actor
from core.repositories.messages import Messages
from core.services.search import SearchService
from core.services.search_views import Order
from tests.bench.measure import interleaved
from tests.bench.search.corpus import Corpus, corpus_of, sizes
from tests.bench.seeding import make_talk
from tests.bench.stand import Stand, plain
from tests.bench.table import Row, ms, spread, within

ROUNDS = 3
GOALS = ((1_000_000, 0.030), (5_000_000, 0.060))
"""Up to so many messages, in seconds."""
FASTER, LARGE = 10, 1_000_000
"""So many times as fast as ILIKE, among so many messages."""
ILIKED = 8
"""Words that are looked for with ILIKE: each takes it a second or more."""
ILIKE = """
    SELECT m.id, m.created_at, left(m.content, 240) FROM messages m JOIN conversations c ON c.id = m.conversation_id
    JOIN members me ON me.conversation_id = c.id AND me.user_id = %(me)s AND me.left_at IS NULL
    WHERE c.deleted_at IS NULL AND m.deleted_at IS NULL AND m.content ILIKE %(pattern)s
    ORDER BY m.created_at DESC, m.id DESC LIMIT 20
"""
HOLDING = """
    SELECT count(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id
    WHERE m.deleted_at IS NULL AND c.owner_id = %(me)s AND c.kind = 'assistant'
        AND ' ' || m.content || ' ' LIKE %(pattern)s
"""
ALONE = "operators alone"
OPERATORS_ALONE = ["from:me", "role:assistant", "model:model-3", "has:reaction", "is:edited", "before:2026"]
SHAPES = ("phrases", "prefixes", "short prefixes", "identifiers", "two words")
OPERATORS = (
    "from:me", "role:assistant", "model:model-3", "before:2026-03", "after:2026-09", "has:reaction", "is:edited",
    "-the",
)  # fmt: skip
IN_TITLE = "in:title"
PEOPLE = {"heavy": "20,000 chats", "moderator": "moderator of 200 rooms", "light": "20 chats"}
KINDS = (*SHAPES, *(f"{name} and a word" for name in (*OPERATORS, IN_TITLE)), ALONE)
SIZES = {
    "words": "pg_relation_size('message_words')",
    "inverted index": "pg_relation_size('message_words_words_idx')",
    "other indexes": "pg_indexes_size('message_words') - pg_relation_size('message_words_words_idx')",
}

ROWS = [
    *(f"1 messages, words: 60 of them, {who}, {order} first" for who in PEOPLE.values() for order in Order),
    *(
        f"1 messages, {'shapes' if name in SHAPES else 'operators'}: {name}, {who}"
        for name in KINDS
        for who in PEOPLE
        if who != "light"
    ),
    "1 messages: the same with ILIKE, 8 of the words",
    "1 messages: words with hits too few or too many",
    "1 messages: bytes of the index a message",
    "1 messages: append a message of 60 words",
]


def measure(stand: Stand) -> Iterator[Row]:
    for size in sizes(stand)[-stand.pick(2, 1) :]:
        corpus = corpus_of(stand, size)
        yield from _looked_through(corpus, corpus.database.engine.url, size, stand.pick(ROUNDS, 1))
        yield from _appending(stand, f"{size:,} messages", corpus)


def _looked_through(corpus: Corpus, url: URL, size: int, rounds: int) -> Iterator[Row]:
    where, bench = f"{size:,} messages", _Bench(corpus, SearchService(corpus.database), rounds)
    goal = next((seconds for most, seconds in GOALS if size <= most), None)
    found = {}
    for who in ("heavy", "moderator", "light"):
        for order in Order:
            found[who, order] = bench.time(getattr(corpus, who), corpus.sixty, order)
            yield found[who, order].row(f"{where}, words: 60 of them, {PEOPLE[who]}, {order} first", goal)
    for name, queries in _kinds(corpus).items():
        for who in ("heavy", "moderator"):
            timing = bench.time(getattr(corpus, who), queries, Order.BEST)
            yield timing.row(f"{where}, {_family(name)}: {name}, {who}", goal)
    with plain(url, autocommit=True) as connection:
        yield from _beside_ilike(where, size, connection, corpus, found["heavy", Order.NEWEST])
        yield _complete(where, connection, bench)
        yield _sizes(where, connection, size)


def _family(kind: str) -> str:
    return "shapes" if kind in SHAPES else "operators"


def _kinds(corpus: Corpus) -> dict[str, list[str]]:
    """A search of each kind, over words that are neither rare nor common."""
    middle = corpus.sixty[12:52:4]
    shapes = (
        [f'"{phrase}"' for phrase in corpus.phrases[:20]],
        [f"{word[:4]}*" for word in corpus.sixty[::3]],
        [f"{word[:2]}*" for word in corpus.sixty[::3]],
        corpus.codes[:: max(1, len(corpus.codes) // 20)][:20],
        [f"{one} {other}" for one, other in zip(corpus.sixty[::3], corpus.sixty[1::3], strict=True)],
    )
    operators = {operator: operator for operator in OPERATORS} | {IN_TITLE: f"in:{corpus.words[300]}"}
    with_word = {
        f"{name} and a word": [f"{operator} {word}" for word in middle] for name, operator in operators.items()
    }
    return {**dict(zip(SHAPES, shapes, strict=True)), **with_word, ALONE: OPERATORS_ALONE}


@dataclass(frozen=True)
class _Timing:
    seconds: list[float]

    def row(self, what: str, goal: float | None) -> Row:
        return Row(what, spread(self.seconds), goal="" if goal is None else within(goal))


@dataclass(frozen=True)
class _Bench:
    corpus: Corpus
    service: SearchService
    rounds: int

    def time(self, actor: Actor, queries: list[str], order: Order) -> _Timing:
        """Each query once to warm up, then so many times."""
        rounds = [[self._once(actor, query, order) for query in queries] for _ in range(self.rounds + 1)]
        return _Timing([seconds for one in rounds[1:] for seconds in one])

    def _once(self, actor: Actor, query: str, order: Order) -> float:
        began = perf_counter()
        self.service.search(actor, query, order=order)
        return perf_counter() - began

    def count(self, actor: Actor, query: str) -> int:
        """How many hits there are on all pages."""
        found, after = 0, None
        while True:
            page = self.service.search(actor, query, order=Order.NEWEST, after=after, limit=200)
            found, after = found + len(page.hits), page.following
            if after is None:
                return found


def _beside_ilike(
    where: str, size: int, connection: "Connection[tuple]", corpus: Corpus, ours: _Timing
) -> Iterator[Row]:
    connection.execute("SET statement_timeout = 0")
    words = corpus.sixty[:: len(corpus.sixty) // ILIKED][:ILIKED]
    theirs = [_seconds(lambda word=word: _ilike(connection, corpus.heavy, word)) for word in words]  # type: ignore[misc]
    ratio, is_large = median(theirs) / median(ours.seconds), size >= LARGE
    yield Row(
        f"{where}: the same with ILIKE, {len(words)} of the words",
        spread(ours.seconds),
        f"{spread(theirs)} ILIKE",
        f"{ratio:,.1f}× as fast",
        f"≥ {FASTER}×" if is_large else "",
    )


def _ilike(connection: "Connection[tuple]", actor: Actor, word: str) -> list[Any]:
    return connection.execute(ILIKE, {"me": actor.user_id, "pattern": f"%{word}%"}).fetchall()


def _seconds(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began


def _complete(where: str, connection: "Connection[tuple]", bench: _Bench) -> Row:
    """All pages together beside a count over the texts themselves."""
    corpus, pairs = bench.corpus, []
    for word in corpus.sixty[20::8]:
        pattern = {"me": corpus.heavy.user_id, "pattern": f"% {word} %"}
        row = connection.execute(HOLDING, pattern).fetchone()
        assert row
        pairs.append((bench.count(corpus.heavy, f'"{word}"'), int(row[0])))
    wrong = sum(one != other for one, other in pairs)
    hits, held = (sum(pair[side] for pair in pairs) for side in (0, 1))
    told = f"{wrong} of {len(pairs)} words, {hits:,} hits on all pages"
    return Row(f"{where}: words with hits too few or too many", told, f"{held:,} by reading", goal="none")


def _sizes(where: str, connection: "Connection[tuple]", size: int) -> Row:
    found = {name: connection.execute(f"SELECT {sql}").fetchone()[0] for name, sql in SIZES.items()}  # type: ignore[index, call-overload]
    said = connection.execute("SELECT pg_total_relation_size('messages')").fetchone()[0]  # type: ignore[index]
    each = ", ".join(f"{name} {amount / size:,.0f}" for name, amount in found.items())
    return Row(f"{where}: bytes of the index a message", each, f"{said / size:,.0f} the message itself")


def _appending(stand: Stand, where: str, corpus: Corpus) -> Iterator[Row]:
    """An answer's length of text with its words, and without, as a pending answer is."""
    said = " ".join(corpus.words[at * 37 % 9_000] for at in range(60))
    with corpus.database.transaction() as session:
        talk = make_talk(session, corpus.light, 1).id

    def append(status: MessageStatus) -> None:
        with corpus.database.transaction() as session:
            Messages(session).append(talk, role=MessageRole.ASSISTANT, content=said, status=status)

    calls: list[Callable[[], object]] = [
        lambda: append(MessageStatus.COMPLETE),
        lambda: append(MessageStatus.PENDING),
    ]
    ours, floor = interleaved(calls, rounds=stand.rounds(30, 5, "Appending with words"), batch=20)
    yield Row(
        f"{where}: append a message of 60 words",
        f"{ms(ours.median)}, p95 {ms(ours.p95)}",
        f"{ms(floor.median)}, p95 {ms(floor.p95)} without its words",
        f"{ours.ratio(floor):.2f}×",
    )
