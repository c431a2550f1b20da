"""The same company with ten thousand, a hundred thousand and a million messages: what people do in it, side by side."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import cycle
from uuid import UUID
from zoneinfo import ZoneInfo

from core import clock
from core.bootstrap import Application, build
from core.models import ConversationKind, MessageRole, TaskStatus
from core.permissions import Actor, Role
from core.repositories.messages import Messages
from core.services.search_views import Order
from core.services.task_views import TasksWanted, Whose
from core.services.usage_views import Wanted
from tests.bench.growth.company import analyst, company_of
from tests.bench.growth.reads import Reads, reads_of
from tests.bench.measure import Timing, interleaved
from tests.bench.search.corpus import Corpus, sizes
from tests.bench.seeding import QUESTION
from tests.bench.stand import Stand
from tests.bench.table import Row, at_most, ms

ZONE = ZoneInfo("Europe/Berlin")
BATCH = 5
CHATS = 50
ROOM_KINDS = (ConversationKind.DIRECT, ConversationKind.GROUP, ConversationKind.COMPANY)
LISTED = 5
"""What Home shows of each list."""
NOWHERE = {"openai_base_url": "http://127.0.0.1:9/v1", "models": ["nobody-asks-it"]}
GOAL, SEARCH_GOAL, USAGE_GOAL = 1.5, 3.0, 1.6
"""Times what it costs in the smallest: search has more to choose from there, and usage more days with calls."""


@dataclass(frozen=True)
class Act:
    name: str
    of: Callable[["Grown"], Callable[[], object]]
    goal: float = GOAL


@dataclass(frozen=True)
class Grown:
    """The company at one size. The heavy person has two in five of its messages, in up to 20,000 chats."""

    app: Application
    corpus: Corpus
    chats: tuple[UUID, ...]

    def append(self) -> Callable[[], object]:
        chats = cycle(self.chats)

        def append() -> None:
            with self.app.database.transaction() as session:
                sender = self.corpus.heavy.user_id
                Messages(session).append(next(chats), role=MessageRole.USER, content=QUESTION, sender_id=sender)

        return append

    def open(self) -> Callable[[], object]:
        chats = cycle(self.chats)
        return lambda: self.app.transcripts.read(self.corpus.heavy, next(chats))

    def list_chats(self) -> Callable[[], object]:
        return partial(self.app.conversations.list_recent, self.corpus.heavy, limit=CHATS)

    def search(self, words: list[str]) -> Callable[[], object]:
        words_in_turn = cycle(words)
        return lambda: self.app.search.search(self.corpus.heavy, next(words_in_turn), order=Order.BEST)

    def home(self, actor: Actor) -> Callable[[], object]:
        """All that pages/home.py asks for."""
        app, today = self.app, clock.now().astimezone(ZONE).date()
        due = TasksWanted(TaskStatus.OPEN, whose=Whose.MINE, due_to=today)
        month = Wanted(today.replace(day=1), today, ZONE, is_mine=True)

        def read() -> None:
            app.spending.notices(actor, limit=LISTED)
            app.steps.list_waiting(actor, LISTED)
            app.rooms.unread(actor)
            app.tasks.count_due(actor, today)
            app.usage.totals(actor, month)
            app.spending.standings(actor)
            app.tasks.list_page(actor, due, limit=LISTED)
            app.conversations.list_continued(actor, limit=LISTED)
            for kind in ROOM_KINDS:
                app.rooms.list_mine(actor, kind, limit=LISTED)
            if Role.MODERATOR in actor.roles:
                app.moderation_queue.count_open(actor)
            app.company_models.offered(actor)

        return read

    def usage(self) -> Callable[[], object]:
        last = clock.now().astimezone(ZONE).date()
        wanted = Wanted(last - timedelta(days=29), last, ZONE)
        return partial(self.app.usage.look, analyst(self.corpus), wanted)

    def tasks(self) -> Callable[[], object]:
        return partial(self.app.tasks.list_page, self.corpus.heavy, TasksWanted(TaskStatus.DONE))


ACTS = (
    Act("append a message", Grown.append),
    Act("open a chat at its end", Grown.open),
    Act("list 50 chats", Grown.list_chats),
    Act("find a common word", lambda grown: grown.search(grown.corpus.sixty[5:15]), SEARCH_GOAL),
    Act("find a rare word", lambda grown: grown.search(grown.corpus.sixty[-15:-5]), SEARCH_GOAL),
    Act("Home of the person with most chats", lambda grown: grown.home(grown.corpus.heavy)),
    Act("Home of a moderator in 200 rooms", lambda grown: grown.home(grown.corpus.moderator)),
    Act("usage of 30 days", Grown.usage, USAGE_GOAL),
    Act("a page of tasks that are done", Grown.tasks),
)
WHOLE = "1 messages, kinds of query that read a large table whole"
ROWS = [*(f"{act.name}, 1 messages beside 1" for act in ACTS), *(f"indexes: {act.name}" for act in ACTS), WHOLE]


def measure(stand: Stand) -> Iterator[Row]:
    grown = [_grown(stand, size) for size in sizes(stand)]
    yield from _grows(stand, grown)
    largest = sizes(stand)[-1]
    reads = {act.name: reads_of(grown[-1].app.database, act.of(grown[-1])) for act in ACTS}
    for name, found in reads.items():
        yield Row(f"indexes: {name}", ", ".join(found.indexes))
    yield _read_whole(f"{largest:,}", reads)


def _grown(stand: Stand, size: int) -> Grown:
    corpus = company_of(stand, size)
    app = build(stand.settings.model_copy(update=NOWHERE), corpus.database)
    # Not the latest, which are in memory anyway.
    lines = app.conversations.list_recent(corpus.heavy, limit=CHATS)
    return Grown(app, corpus, tuple(line.id for line in lines))


def _grows(stand: Stand, grown: list[Grown]) -> Iterator[Row]:
    counts = [f"{size:,}" for size in sizes(stand)]
    for act in ACTS:
        calls = [act.of(one) for one in grown]
        timings = interleaved(calls, rounds=stand.rounds(20, 5, act.name), batch=BATCH)
        *smaller, largest = timings
        beside = ", ".join(f"{ms(one.median)} of {count}" for one, count in zip(smaller, counts, strict=False))
        what = f"{act.name}, {counts[-1]} messages beside {counts[0]}"
        yield at_most(what, _both(largest), beside, largest.ratio(timings[0]), act.goal)


def _read_whole(size: str, reads: dict[str, Reads]) -> Row:
    found = [f"{name}: {', '.join(one.read_whole)}" for name, one in reads.items() if one.read_whole]
    row = Row(WHOLE, "; ".join([f"{len(found)} of {len(reads)}", *found]), goal="none")
    return replace(row, what=WHOLE.replace("1", size, 1))


def _both(timing: Timing) -> str:
    return f"p50 {ms(timing.median)}, p95 {ms(timing.p95)}"
