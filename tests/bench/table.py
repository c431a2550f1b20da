"""The figures as rows, and on the terminal."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from rich.table import Table
from rich.text import Text

from tests.bench.goals import Judged, judged
from tests.bench.measure import p95

HEADINGS = ("Measured", "Parley", "Floor or peer, same run", "Ratio", "Goal", "")


@dataclass(frozen=True)
class Row:
    """One figure beside its floor; everything as it is printed. "family: member" names one of several with the same
    goal.
    """

    what: str
    ours: str
    floor: str = ""
    ratio: str = ""
    goal: str = ""

    @cached_property
    def judged(self) -> Judged | None:
        """None where there is no goal."""
        return judged(self.goal, self.ours, self.ratio) if self.goal else None

    @property
    def verdict(self) -> str:
        if not self.judged:
            return ""
        return "met" if self.judged.is_met else "missed"

    @property
    def family(self) -> str:
        return self.what.partition(": ")[0]

    @property
    def cells(self) -> tuple[str, ...]:
        return self.what, self.ours, self.floor, self.ratio, self.goal, self.verdict


@dataclass(frozen=True)
class Section:
    """What a group has measured; `failure` is why it is not all of it."""

    key: str
    title: str
    seconds: int
    rows: tuple[Row, ...]
    failure: str = ""


def unnumbered(what: str) -> str:
    """The name of a row without what differs from run to run, such as how much was measured."""
    return re.sub(r"\d[\d,.]*", "N", what)


def at_most(what: str, ours: str, floor: str, ratio: float, limit: float | None = None) -> Row:
    """A ratio that should be small; without a limit it is only shown."""
    return Row(what, ours, floor, f"{ratio:.2f}×", "" if limit is None else f"≤ {limit:g}×")


def at_least(what: str, ours: str, floor: str, share: float, limit: float | None = None) -> Row:
    """A share of the floor that should be large."""
    return Row(what, ours, floor, f"{share:.0%}", "" if limit is None else f"≥ {limit:.0%}")


def ms(seconds: float) -> str:
    if seconds >= 10:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:,.{2 if seconds < 0.01 else 1 if seconds < 0.1 else 0}f} ms"


def spread(times: Sequence[float]) -> str:
    """Of seconds."""
    return f"p50 {ms(median(times))}, p95 {ms(p95(list(times)))}"


def within(seconds: float, of: str = "p95") -> str:
    """The goal that a figure is at most so much."""
    return f"{of} ≤ {seconds * 1000:g} ms".strip()


def kilobytes(count: float) -> str:
    return f"{count / 1024:,.1f} KB"


def per_second(rate: float, what: str) -> str:
    return f"{rate:,.0f} {what}/s" if rate >= 20 else f"{rate:.1f} {what}/s"


def drawn(section: Section) -> Table:
    table = Table(*HEADINGS, title=f"{section.title} ({section.seconds} s)", title_justify="left")
    colours = {"": "", "met": "green", "missed": "red"}
    for row in section.rows:
        table.add_row(*map(Text, row.cells[:-1]), Text(row.verdict, colours[row.verdict]))
    if section.failure:
        table.caption = f"failed: {section.failure}"
    return table


def line(cells: Sequence[str]) -> str:
    """Of a table in Markdown."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
