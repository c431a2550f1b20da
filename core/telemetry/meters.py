"""Numbers that only grow, kept in memory for whoever scrapes them: counters and histograms. From any thread."""

import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from core.telemetry.exposition import Family, Kind, Sample

MOST_SERIES = 300
"""Of one meter. What comes beyond is counted under OTHER: labels are few by design, and this holds it."""
OTHER = "other"

Labels = tuple[str, ...]


class Counter:
    def __init__(self, name: str, help_: str, *labels: str) -> None:
        """`name` without `_total`; `labels`: their names."""
        self.name, self.help, self.labels = name, help_, labels
        self._changing = threading.Lock()
        self._values: dict[Labels, float] = {} if labels else {(): 0.0}

    def add(self, amount: float, *labels: str) -> None:
        with self._changing:
            key = _known_or_other(self._values, labels)
            self._values[key] = self._values.get(key, 0.0) + amount

    def count(self, *labels: str) -> None:
        self.add(1, *labels)

    def value(self, *labels: str) -> float:
        return self._values.get(labels, 0.0)

    def family(self) -> Family:
        with self._changing:
            values = list(self._values.items())
        samples = [Sample("_total", tuple(zip(self.labels, key, strict=True)), value) for key, value in values]
        return Family(self.name, self.help, Kind.COUNTER, samples)


class Level(Counter):
    """One number that rises and falls: how many there are of something just now."""

    def family(self) -> Family:
        return Family(self.name, self.help, Kind.GAUGE, [Sample("", (), self.value())])


class Histogram:
    def __init__(self, name: str, help_: str, bounds: Sequence[float], *labels: str) -> None:
        """`bounds`: the upper ends of its buckets, rising, without infinity."""
        self.name, self.help, self.bounds, self.labels = name, help_, tuple(bounds), labels
        self._changing = threading.Lock()
        self._buckets: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}

    def observe(self, value: float, *labels: str) -> None:
        place = bisect_left(self.bounds, value)
        with self._changing:
            key = _known_or_other(self._sums, labels)
            self._buckets.setdefault(key, [0] * (len(self.bounds) + 1))[place] += 1
            self._sums[key] = self._sums.get(key, 0.0) + value

    def family(self) -> Family:
        with self._changing:
            series = [(key, list(self._buckets[key]), total) for key, total in self._sums.items()]
        samples = [one for key, buckets, total in series for one in self._samples(key, buckets, total)]
        return Family(self.name, self.help, Kind.HISTOGRAM, samples)

    def _samples(self, key: Labels, buckets: Sequence[int], total: float) -> Iterator[Sample]:
        labels, below = tuple(zip(self.labels, key, strict=True)), 0
        for bound, inside in zip((*self.bounds, float("inf")), buckets, strict=True):
            below += inside
            yield Sample("_bucket", (*labels, ("le", "+Inf" if bound == float("inf") else f"{bound:g}")), below)
        yield Sample("_sum", labels, total)
        yield Sample("_count", labels, below)


def _known_or_other(known: dict[Labels, float], labels: Labels) -> Labels:
    return labels if labels in known or len(known) < MOST_SERIES else (OTHER,) * len(labels)
