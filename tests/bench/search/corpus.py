"""Messages in bulk, with words as unevenly spread as in a language, for a company of two hundred.

One person has twenty thousand chats, one has twenty, a moderator looks after two hundred company rooms; the rest is
others'.
The whole stretches over a year, and what was said about the same time stands together, as it does where it grew.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from uuid import UUID

import psycopg
from rich.progress import Progress

from core.database.engine import Database
from core.ids import new_id
from core.models import ConversationKind
from core.permissions import Actor, Role
from core.search.conditions import Mark
from core.search.words import LATIN, SMALL_WORDS, fold, quoted, stem
from tests.bench.stand import Stand, plain
from tests.support.builders import make_actor, make_company, make_user

PEOPLE = 200
HEAVY_SHARE, ROOMS_SHARE = 0.4, 0.2
HEAVY_CHATS, ROOMS, LIGHT_CHATS, LIGHT_MESSAGES = 20_000, 200, 20, 20
VOCABULARY = 50_000
CONSONANTS = ("b", "br", "d", "f", "fl", "g", "k", "l", "m", "n", "p", "pr", "r", "s", "st", "t", "tr", "v")
VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ou")
SYLLABLES = [consonant + vowel for consonant in CONSONANTS for vowel in VOWELS]
BEGAN = datetime(2025, 11, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
QUESTION, ANSWER = 14, 60
"""Words, on average."""
CODED = 400
"""One message in so many has a code of its own."""
REACTED, EDITED = 97, 89
WORD_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE indexname IN"
WORD_INDEXES += " ('message_words_words_idx', 'title_words_words_idx')"
MESSAGES_COLUMNS = "id, created_at, conversation_id, seq, sender_id, role, message_type, content, status"
MESSAGES_COLUMNS += ", tokens_used, edited_at"
WORDS_COLUMNS = "message_id, company_id, conversation_id, scope_id, is_room, said_at, words"


@dataclass(frozen=True)
class Talk:
    """A conversation of the corpus."""

    id: UUID
    kind: ConversationKind
    owner: UUID


@dataclass
class Corpus:
    database: Database
    heavy: Actor
    light: Actor
    moderator: Actor
    words: list[str]
    """From the most to the least frequent."""
    codes: list[str]
    phrases: list[str]

    @property
    def company(self) -> UUID:
        return self.heavy.company_id

    @cached_property
    def sixty(self) -> list[str]:
        """Words of every frequency, from the most frequent to those that are there a few times."""
        last = len(self.words) - 1
        ranks = {round(last ** (at / 59)) for at in range(60)}
        more = (rank for rank in range(last) if rank not in ranks)
        return [self.words[rank] for rank in sorted([*ranks, *(next(more) for _ in range(60 - len(ranks)))])]


def sizes(stand: Stand) -> list[int]:
    """How large the company grows."""
    largest = stand.messages or stand.pick(1_000_000, 20_000)
    return [largest // 100, largest // 10, largest] if largest >= 1_000_000 else [largest // 10, largest // 2, largest]


def corpus_of(stand: Stand, messages: int) -> Corpus:
    """The same for all groups that want one of that size."""
    return stand.shared(f"corpus_{messages}", lambda database: fill(database, messages, stand.progress))


def fill(database: Database, messages: int, progress: Progress) -> Corpus:
    dice = random.Random(20251101)
    with database.transaction() as session:
        company = make_company(session)
        roles = (Role.STAFF, Role.MODERATOR)
        people = [make_user(session, company) for _ in range(PEOPLE - 1)]
        moderator = make_user(session, company, roles)
    heavy, light, *others = people
    words = vocabulary(dice)
    corpus = Corpus(
        database, make_actor(heavy), make_actor(light), make_actor(moderator, roles), words, codes=[], phrases=[]
    )
    talks = _talks(dice, messages, heavy.id, light.id, [one.id for one in others], moderator.id)
    with plain(database.engine.url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET statement_timeout = 0")
        indexes = connection.execute(WORD_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        _add_talks(connection, corpus, talks, dice)
        _add_messages(corpus, talks, dice, progress)
        connection.execute("SET maintenance_work_mem = '1GB'")
        for _, definition in progress.track(indexes, description="Indexes"):
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE")
    return corpus


def vocabulary(dice: random.Random) -> list[str]:
    """English small words, then made up ones."""
    small = sorted(LATIN[0].small_words)
    dice.shuffle(small)
    made: dict[str, None] = {}
    while len(made) < VOCABULARY:
        made["".join(dice.choices(SYLLABLES, k=dice.choice((2, 2, 3, 3, 4))))] = None
    return [*small, *made]


def _talks(
    dice: random.Random, messages: int, heavy: UUID, light: UUID, others: list[UUID], moderator: UUID
) -> list[tuple[Talk, int]]:
    """Each conversation and how much is said in it."""
    found = [
        (Talk(new_id(), ConversationKind.ASSISTANT, heavy), max(2, round(messages * HEAVY_SHARE / HEAVY_CHATS)))
        for _ in range(min(HEAVY_CHATS, messages // 5))
    ]
    found += [(Talk(new_id(), ConversationKind.ASSISTANT, light), LIGHT_MESSAGES) for _ in range(LIGHT_CHATS)]
    found += [
        (Talk(new_id(), ConversationKind.COMPANY, moderator), round(messages * ROOMS_SHARE / ROOMS))
        for _ in range(ROOMS)
    ]
    left = messages - sum(count for _, count in found)
    while left > 0:
        count = min(left, dice.randrange(4, 120))
        found.append((Talk(new_id(), ConversationKind.ASSISTANT, dice.choice(others)), count))
        left -= count
    return found


def _add_talks(
    connection: "psycopg.Connection[tuple]", corpus: Corpus, talks: list[tuple[Talk, int]], dice: random.Random
) -> None:
    company, last = corpus.heavy.company_id, BEGAN + YEAR
    columns = (
        "id, created_at, company_id, owner_id, kind, title, is_titled, last_seq, said, member_count, last_message_at,"
        " instructions"
    )
    titles = {talk.id: " ".join(dice.choices(corpus.words[:2_000], k=4)) for talk, _ in talks}
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY conversations ({columns}) FROM STDIN") as copy:
            for talk, count in talks:
                copy.write_row(
                    (
                        talk.id,
                        BEGAN,
                        company,
                        talk.owner,
                        talk.kind.value,
                        titles[talk.id],
                        True,
                        count,
                        count,
                        1,
                        last,
                        "",
                    )
                )
        with cursor.copy(
            "COPY members (conversation_id, user_id, kind, role, joined_at, last_read_seq, muted) FROM STDIN"
        ) as copy:
            for talk, count in talks:
                copy.write_row((talk.id, talk.owner, talk.kind.value, "owner", BEGAN, count, False))
        with cursor.copy(
            "COPY title_words (conversation_id, company_id, scope_id, is_room, said_at, words) FROM STDIN"
        ) as copy:
            for talk, _ in talks:
                vector = f"{_vector(titles[talk.id])} {_scope_marks(talk, company)}"
                copy.write_row((talk.id, company, _scope(talk), talk.kind.is_room, BEGAN, vector))


def _add_messages(corpus: Corpus, talks: list[tuple[Talk, int]], dice: random.Random, progress: Progress) -> None:
    """Each text and its words side by side, for a COPY fills one table: two connections, and two processors."""
    order = [talk for talk, count in talks for _ in range(count)]
    dice.shuffle(order)
    seqs: dict[UUID, int] = {}
    with (
        _copying(corpus.database, f"COPY messages ({MESSAGES_COLUMNS}) FROM STDIN") as messages,
        _copying(corpus.database, f"COPY message_words ({WORDS_COLUMNS}) FROM STDIN") as words,
    ):
        said = _said(random.Random(7), corpus, len(order))
        for number, (talk, text) in enumerate(
            progress.track(zip(order, said, strict=True), total=len(order), description=f"{len(order):,} messages")
        ):
            seq = seqs[talk.id] = seqs.get(talk.id, 0) + 1
            key, at, is_person = new_id(), BEGAN + YEAR * (number / len(order)), seq % 2 == 1
            edited = at if number % EDITED == 0 else None
            role, sender = ("user", talk.owner) if is_person else ("assistant", None)
            messages.write_row((key, at, talk.id, seq, sender, role, "text", text, "complete", 60, edited))
            marks = [_scope_marks(talk, corpus.company), Mark.ROLE.of(role), *_marks_of(at, number)]
            marks += (
                [Mark.SENDER.of_id(sender)]
                if sender
                else [Mark.MODEL.of(f"model-{number % 6}"), Mark.MODEL.of("model")]
            )
            vector = f"{_vector(text)} {' '.join(marks)}"
            words.write_row((key, corpus.company, talk.id, _scope(talk), talk.kind.is_room, at, vector))


@contextmanager
def _copying(database: Database, statement: str) -> "Iterator[psycopg.Copy]":
    with plain(database.engine.url) as connection, connection.cursor() as cursor:
        # The rows are right: to look their keys up a million times takes longer than to make them.
        for setting in ("session_replication_role = replica", "synchronous_commit = off", "statement_timeout = 0"):
            cursor.execute(f"SET {setting}")
        with cursor.copy(statement) as copy:
            yield copy


def _marks_of(at: datetime, number: int) -> list[str]:
    marks = [Mark.MONTH.of(f"{at:%Y%m}"), Mark.YEAR.of(f"{at:%Y}"), Mark.QUARTER.of(f"{at:%Y}{(at.month + 2) // 3}")]
    marks += [Mark.EDITED.of("")] if number % EDITED == 0 else []
    return marks + ([Mark.REACTION.of("")] if number % REACTED == 0 else [])


def _said(dice: random.Random, corpus: Corpus, count: int) -> Iterator[str]:
    """Texts by Zipf's law; in some a code that is nowhere else."""
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(corpus.words))))
    for number in range(count):
        length = max(3, round(dice.gauss(QUESTION if number % 2 else ANSWER, 8)))
        said = dice.choices(corpus.words, cum_weights=weights, k=length)
        if number % CODED == 0:
            code = f"ERR_{number:X}_{dice.randrange(16**4):04X}"
            said.insert(length // 2, code)
            corpus.codes.append(code)
        if number % 5_003 == 0:
            corpus.phrases.append(" ".join(said[:2]))
        yield " ".join(said)


ENGLISH = LATIN[0]
_ENTRIES: dict[str, str] = {}


def _vector(text: str) -> str:
    """What `vector_of` makes of such a text, ten times as fast; the bench compares the two."""
    places: dict[str, list[int]] = {}
    stems: dict[str, None] = {}
    position, before = 1, ""
    for word in text.split(" "):
        if before in SMALL_WORDS and word in SMALL_WORDS:
            stems[f"{before} {word}"] = None
        before = word
        if "_" in word:
            folded = fold(word)
            places.setdefault(folded, []).append(position)
            for part in folded.split("_"):
                places.setdefault(part, []).append(position)
                stems |= {found: None for found in [stem(part, ENGLISH)] if found}
                position += 1
            continue
        places.setdefault(word, []).append(position)
        position += 1
    entries = [f"{quoted(word)}:{','.join(f'{one}A' for one in at)}" for word, at in places.items()]
    for word in places:
        if word not in _ENTRIES:
            found = stem(word, ENGLISH)
            _ENTRIES[word] = quoted(found) if found else ""
        if _ENTRIES[word]:
            entries.append(_ENTRIES[word])
    return " ".join([*entries, *map(quoted, stems)])


def _scope(talk: Talk) -> UUID:
    return talk.id if talk.kind.is_room else talk.owner


def _scope_marks(talk: Talk, company: UUID) -> str:
    wider = [Mark.COMPANY.of_id(company), Mark.SHARED.of_id(company)]
    return " ".join(
        [Mark.CONVERSATION.of_id(talk.id), *(wider if talk.kind.is_room else [Mark.OWNER.of_id(talk.owner)])]
    )
