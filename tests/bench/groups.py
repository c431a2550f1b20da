"""What is measured, in the order in which it is, and which rows each group tells."""

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter

from rich.console import Console

from tests.bench.audit import trail
from tests.bench.growth import growing
from tests.bench.moderation import messages as overseen
from tests.bench.moderation import queue, rules
from tests.bench.retention import removing
from tests.bench.rooms import answers, appending, listing, live, model, pages, reading, writers
from tests.bench.search import finding
from tests.bench.stand import Stand
from tests.bench.table import Row, Section, unnumbered
from tests.bench.tasks import keeping
from tests.bench.usage import looking


@dataclass(frozen=True)
class Group:
    key: str
    title: str
    measure: Callable[[Stand], Iterable[Row]]
    rows: Iterable[str]
    """What they are called; numbers in it don't matter."""

    @property
    def expected(self) -> set[str]:
        return {unnumbered(row) for row in self.rows}


# What is timed to the hundredth of a millisecond comes first, and what shares a large database side by side.
GROUPS = {
    group.key: group
    for group in (
        Group("append", "Appending a message", appending.measure, appending.ROWS),
        Group("read", "Opening and listing", reading.measure, reading.ROWS),
        Group("rooms", "Rooms and what is unread in them", listing.measure, listing.ROWS),
        Group("writers", "Sixteen at once", writers.measure, writers.ROWS),
        Group("model", "The embedded model", model.measure, model.ROWS),
        Group("answers", "Answers of a service, alone and many at once", answers.measure, answers.ROWS),
        Group("live", "Open pages while nothing happens, and when something does", live.measure, live.ROWS),
        Group("pages", "Screens, with 50 sessions", pages.measure, pages.ROWS),
        Group("tasks", "The tasks of somebody who has very many", keeping.measure, keeping.ROWS),
        Group("queue", "What was reported, waiting to be looked at", queue.measure, queue.ROWS),
        Group("rules", "What is sent, held against the company's rules", rules.measure, rules.ROWS),
        Group("audit", "The audit trail, seen and verified", trail.measure, trail.ROWS),
        Group("retention", "Removing what is too old", removing.measure, removing.ROWS),
        Group("usage", "What usage costs to see, and to book", looking.measure, looking.ROWS),
        Group("growth", "A company that grows", growing.measure, growing.ROWS),
        Group("search", "Finding what was said", finding.measure, finding.ROWS),
        Group("messages", "All that moderators may see, searched", overseen.measure, overseen.ROWS),
    )
}


def measured(group: Group, stand: Stand, console: Console) -> Section:
    """With what was measured until it failed, if it does: the figures of the others are not lost by that."""
    rows: list[Row] = []
    failure, began = "", perf_counter()
    try:
        for row in group.measure(stand):
            assert row.verdict is not None  # its goal can be read
            rows.append(row)
    except Exception as error:  # noqa: BLE001 - told in the document, and by the run's exit code
        console.print(traceback.format_exc(), style="red", markup=False, highlight=False)
        failure = f"{type(error).__name__} {error}".split("\n")[0][:200]
    else:
        if other := {unnumbered(row.what) for row in rows} ^ group.expected:
            failure = f"its rows are not those it names: {', '.join(sorted(other))}"
    return Section(group.key, group.title, round(perf_counter() - began), tuple(rows), failure)
