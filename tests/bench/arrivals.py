"""When the provider's tokens come to where they are wanted: into the live answer, before viewers, into the database."""

import gc
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from time import monotonic
from uuid import UUID

from core.assistant.live import LiveAnswer
from core.assistant.runner import Runner
from core.assistant.runs import News, RunStore
from core.bootstrap import Application
from core.permissions import Actor
from tests.bench.provider import Pace, Told, told
from tests.support.talks import begun


@dataclass(frozen=True)
class Arrivals:
    """An answer as it came: `times` has the moment at which each token was there."""

    told: Told
    times: Sequence[float]

    @property
    def delays(self) -> list[float]:
        return [came - sent for came, sent in zip(self.times, self.told.sent_at, strict=True)]


class TimedAnswer(LiveAnswer):
    """Knows when each word came; see provider: the first is no token."""

    def __init__(self) -> None:
        super().__init__()
        self.times = array("d")
        self.over_at: float | None = None

    def append(self, delta: str) -> None:
        super().append(delta)
        self.times.extend([monotonic()] * len(delta.split()))

    def close(self) -> None:
        super().close()
        self.over_at = monotonic()

    @property
    def arrivals(self) -> Arrivals:
        return Arrivals(told(self.snapshot().text), self.times[1:])

    @property
    def took_to_end(self) -> float:
        """From its last token until it was committed."""
        assert self.over_at
        return self.over_at - self.arrivals.told.sent_at[-1]


class TimedStore(RunStore):
    """Knows how old the oldest token of each run was whenever they were kept."""

    def __init__(self, store: RunStore) -> None:
        super().__init__(store.database, store.assistant, store.worker_id, store.lost_after)
        self.ages = array("d")

    def keep(self, news: Sequence[News]) -> dict[UUID, bool]:
        kept = super().keep(news)
        now = monotonic()
        self.ages.extend(now - told(one.arrived.text).asked_at for one in news if one.arrived.text)
        return kept


class Viewer(Thread):
    """Somebody who has the answer open, and when they had each of its tokens."""

    def __init__(self, runner: Runner, run_id: UUID) -> None:
        super().__init__(daemon=True)
        self._runner = runner
        self._run_id = run_id
        self._times = array("d")
        self._text = ""
        self.start()

    def run(self) -> None:
        for snapshot in self._runner.watch(self._run_id):
            self._text = snapshot.text
            self._times.extend([monotonic()] * (snapshot.text.count(" ") - len(self._times)))

    @property
    def arrivals(self) -> Arrivals:
        return Arrivals(told(self._text), self._times)


class Desk:
    """An application that is running, with both in place."""

    def __init__(self, application: Application) -> None:
        self.runner = application.runner
        self.runner.store = self.store = TimedStore(self.runner.store)
        self.chat = application.chat
        self.chat.start_run = self._start
        self.answers: dict[UUID, TimedAnswer] = {}

    def ask(self, actor: Actor, conversation: UUID, pace: Pace) -> UUID:
        """Returns once the question is committed. The run."""
        return begun(self.chat.ask(actor, pace.question, conversation_id=conversation)).run_id

    def _start(self, run_id: UUID) -> None:
        self.answers[run_id] = self.runner._live[run_id] = TimedAnswer()
        self.runner.submit(run_id)


@contextmanager
def running(application: Application) -> Iterator[Desk]:
    desk = Desk(application)
    application.start()
    # As a served one does (core/web/lifespan.py): what all groups of the bench have loaded is no part of its pauses.
    gc.collect()
    gc.freeze()
    try:
        yield desk
    finally:
        gc.unfreeze()
        application.stop()
