"""The figures as rows, on the terminal and in Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

HEADINGS = ("Measured", "Parley", "Floor, same run", "Ratio", "Goal", "")


@dataclass(frozen=True)
class Row:
    """One figure beside its floor. `is_met` is None where there is no goal."""

    what: str
    ours: str
    floor: str = ""
    ratio: str = ""
    goal: str = ""
    is_met: bool | None = None

    @property
    def verdict(self) -> str:
        return {None: "", True: "met", False: "missed"}[self.is_met]

    @property
    def cells(self) -> tuple[str, ...]:
        return self.what, self.ours, self.floor, self.ratio, self.goal, self.verdict


@dataclass(frozen=True)
class Section:
    name: str
    rows: Sequence[Row]


def at_most(what: str, ours: str, floor: str, ratio: float, limit: float | None = None) -> Row:
    """A ratio that should be small; without a limit it is only shown."""
    goal = "" if limit is None else f"≤ {limit:g}×"
    return Row(what, ours, floor, f"{ratio:.2f}×", goal, None if limit is None else ratio <= limit)


def at_least(what: str, ours: str, floor: str, share: float, limit: float | None = None) -> Row:
    """A share of the floor that should be large."""
    goal = "" if limit is None else f"≥ {limit:.0%}"
    return Row(what, ours, floor, f"{share:.0%}", goal, None if limit is None else share >= limit)


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"


def kilobytes(count: float) -> str:
    return f"{count / 1024:.1f} KB"


def per_second(rate: float, what: str) -> str:
    return f"{rate:,.0f} {what}/s" if rate >= 20 else f"{rate:.1f} {what}/s"


def drawn(sections: Sequence[Section]) -> Table:
    table = Table(*HEADINGS, title="Parley beside its floors", title_justify="left")
    for section in sections:
        table.add_section()
        table.add_row(Text(section.name, "bold"))
        for row in section.rows:
            colour = {None: "", True: "green", False: "red"}[row.is_met]
            table.add_row(*row.cells[:-1], Text(row.verdict, colour))
    return table


def markdown(sections: Sequence[Section]) -> str:
    lines = []
    for section in sections:
        lines += [f"## {section.name}", "", _line(HEADINGS), _line(["---"] * len(HEADINGS))]
        lines += [_line(row.cells) for row in section.rows]
        lines.append("")
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
