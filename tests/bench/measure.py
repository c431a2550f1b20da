"""Timing that a noisy machine can't bend far: contestants take turns, and medians are compared round by round."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter


@dataclass
class Timing:
    """Seconds that calls took, by round."""

    rounds: list[list[float]] = field(default_factory=list)

    @property
    def median(self) -> float:
        return median(median(calls) for calls in self.rounds)

    @property
    def p95(self) -> float:
        return p95([call for calls in self.rounds for call in calls])

    def ratio(self, floor: "Timing") -> float:
        """How many times the floor: the median of the rounds' ratios, each of what ran side by side."""
        return median(median(ours) / median(theirs) for ours, theirs in zip(self.rounds, floor.rounds, strict=True))


def interleaved(calls: list[Callable[[], object]], *, rounds: Iterable[object], batch: int) -> list[Timing]:
    """ABAB…: in every round each contestant is called `batch` times in a row."""
    timings = [Timing() for _ in calls]
    for call in calls:
        _batch(call, batch)  # connections, caches and prepared statements are nobody's handicap
    for _ in rounds:
        for call, timing in zip(calls, timings, strict=True):
            timing.rounds.append(_batch(call, batch))
    return timings


def _batch(call: Callable[[], object], count: int) -> list[float]:
    times = []
    for _ in range(count):
        began = perf_counter()
        call()
        times.append(perf_counter() - began)
    return times


def timed(call: Callable[[], object]) -> float:
    """Seconds that it takes once."""
    return _batch(call, 1)[0]


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
