"""The document of a run: how it is written, and read again. What it says of its figures is worked out from them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.bench.reasons import REASONS, UNKNOWN
from tests.bench.table import HEADINGS, Row, Section, line, unnumbered

TITLE = "# Benchmarks"
HEAD = """\
Written by `make bench`: one run on one machine, each figure beside its floor or its peer in the same run. A ratio is
the median over rounds in which both took turns. Whether a goal is met is judged by the figure as it is printed here; of
several with one goal the first table has the one that is nearest to missing it, and the tables below have all.
Beside DuckDB there is a goal from a million calls on; with fewer the ratio stands there without one.
[benchmarks-large.md](benchmarks-large.md) has what takes longer than a run: five or ten million of what is a million.
"""
GOALS = "## The goals"
PROMISES = ("Promise", *HEADINGS[1:])
RULE = line(["---"] * len(HEADINGS))
WHY = "What is missed, and why:"


@dataclass(frozen=True)
class Document:
    about: tuple[str, ...]
    """When, how, and on what: a line each."""
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Promise:
    """A goal, and those of its rows that are held against it: the one nearest to missing it first."""

    section: Section
    rows: tuple[Row, ...]

    @property
    def worst(self) -> Row:
        return self.rows[0]

    @property
    def is_met(self) -> bool:
        return self.worst.verdict == "met"

    @property
    def name(self) -> str:
        row, count = self.worst, len(self.rows)
        if count == 1:
            return row.what
        return f"{row.family}: the worst of {count}, {row.what.partition(': ')[2]}"

    @property
    def reason(self) -> str:
        return REASONS.get((self.section.key, unnumbered(self.worst.family)), UNKNOWN)


def promises(sections: Sequence[Section]) -> list[Promise]:
    families: dict[tuple[str, str, str], list[Row]] = {}
    places = {section.key: section for section in sections}
    for section in sections:
        for row in section.rows:
            if row.judged:
                families.setdefault((section.key, row.family, row.goal), []).append(row)
    return [
        Promise(places[key], tuple(sorted(rows, key=_strain, reverse=True))) for (key, *_), rows in families.items()
    ]


def _strain(row: Row) -> tuple[bool, float]:
    assert row.judged
    return not row.judged.is_met, row.judged.strain


def written(document: Document) -> str:
    return "\n".join(_lines(document))


def _lines(document: Document) -> Iterator[str]:
    yield from (TITLE, "", HEAD)
    yield from (f"- {fact}" for fact in document.about)
    yield from ("", GOALS, "")
    yield from _goal_lines(promises(document.sections))
    for section in document.sections:
        yield from (f"## {section.title}", "", f"`--only {section.key}`, {section.seconds} s", "")
        if section.failure:
            yield from (f"**Not all of it, for it failed: {section.failure}**", "")
        yield from (line(HEADINGS), RULE)
        yield from (line(row.cells) for row in section.rows)
        yield ""


def _goal_lines(found: list[Promise]) -> Iterator[str]:
    missed = [promise for promise in found if not promise.is_met]
    yield from (f"{len(found) - len(missed)} of {len(found)} are met.", "")
    yield from (line(PROMISES), RULE)
    yield from (line((promise.name, *promise.worst.cells[1:])) for promise in found)
    yield ""
    if missed:
        yield from (WHY, "")
        yield from (f"- {promise.section.title}, {promise.name}: {promise.reason}" for promise in missed)
        yield ""


def read(text: str) -> Document:
    """Out of its tables; what else it says is not looked at: `written` of it is the same text if that is right.
    Raises ValueError for what is no such document.
    """
    head, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    if not head.startswith(TITLE) or not parts or f"## {parts[0]}".split("\n")[0] != GOALS:
        raise ValueError(f"it doesn't begin with {TITLE!r} and {GOALS!r}")
    about = tuple(fact.removeprefix("- ") for fact in head.split("\n") if fact.startswith("- "))
    return Document(about, tuple(_section(part) for part in parts[1:]))


def _section(part: str) -> Section:
    title, _, rest = part.partition("\n")
    told = re.search(r"^`--only (\w+)`, (\d+) s$", rest, re.MULTILINE)
    if not told:
        raise ValueError(f"{title!r} doesn't say which group it is, and how long it took")
    failure = re.search(r"^\*\*Not all of it, for it failed: (.*)\*\*$", rest, re.MULTILINE)
    lines = [one for one in rest.split("\n") if one.startswith("|")]
    if lines[:2] != [line(HEADINGS), RULE]:
        raise ValueError(f"{title!r} has no table of {', '.join(HEADINGS)}")
    rows = tuple(Row(*_cells(one)[:-1]) for one in lines[2:])
    return Section(told[1], title, int(told[2]), rows, failure[1] if failure else "")


def _cells(row: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", row)[1:-1]
    return [cell.strip().replace("\\|", "|") for cell in cells]
