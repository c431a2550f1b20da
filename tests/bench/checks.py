"""What is wrong with the document of the last run: held against itself, the groups there are, and what is pinned."""

import re
from collections.abc import Iterator

from core.config import ROOT
from tests.bench.document import Document, read, written
from tests.bench.groups import GROUPS
from tests.bench.machine import PACKAGES, PEERS
from tests.bench.table import Section, unnumbered

AGAIN = "`make bench` makes it again."
FIGURE = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?= ?(?:µs|ms|s|KB|MB|%|×|times|\w+/s)(?![\w/]))")
"""A number with a unit that things are measured in."""


def faults(text: str) -> list[str]:
    """A sentence each; none when the document is as `make bench` wrote it, and of the program as it is."""
    try:
        document = read(text)
        if written(document) != text:
            return [f"It isn't as it would be written from its own figures: {_difference(written(document), text)}"]
    except ValueError as error:
        return [f"It can't be read: {error}. {AGAIN}"]
    return [*_about(document), *_groups(document), *_versions(document)]


def unmeasured(paragraphs: str, document: str) -> list[str]:
    """Figures that a text has in a paragraph that names the benchmarks, and that the benchmarks don't have."""
    known = set(FIGURE.findall(document))
    quoting = [part for part in paragraphs.split("\n\n") if "benchmarks.md" in part or "make bench" in part]
    return [figure for part in quoting for figure in FIGURE.findall(part) if figure not in known]


def _difference(expected: str, text: str) -> str:
    lines = zip(expected.split("\n"), text.split("\n"), strict=False)
    return next((f"{there!r} for {line!r}" for line, there in lines if line != there), "there is more, or less, of it")


def _about(document: Document) -> Iterator[str]:
    if part := {"--quick", "--only"} & set(" ".join(document.about).strip("`").split()):
        yield f"It is of a part of a run: {', '.join(part)}. {AGAIN}"


def _groups(document: Document) -> Iterator[str]:
    found, expected = ([(one.key, one.title) for one in many] for many in (document.sections, GROUPS.values()))
    if found != expected:
        yield f"Its groups are {found}, those of the bench {expected}. {AGAIN}"
    for section in document.sections:
        if section.key in GROUPS:
            yield from _rows(section)


def _rows(section: Section) -> Iterator[str]:
    if section.failure:
        yield f"{section.title} is not whole: {section.failure}. {AGAIN}"
    there, expected = {unnumbered(row.what) for row in section.rows}, GROUPS[section.key].expected
    if missing := expected - there:
        yield f"{section.title} has no {', '.join(sorted(missing))}. {AGAIN}"
    if more := there - expected:
        yield f"{section.title} has {', '.join(sorted(more))}, which the bench has not. {AGAIN}"


def _versions(document: Document) -> Iterator[str]:
    pins = dict(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([\w.]+)", _pinned(), re.MULTILINE))
    used = dict(re.findall(r"([\w.-]+) (\d[\w.]*)", "\n".join(document.about)))
    for name in (*PACKAGES, *PEERS):
        if used.get(name) != pins[name]:
            yield f"{name} is pinned to {pins[name]}, with which it was not measured. {AGAIN}"


def _pinned() -> str:
    return "\n".join((ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt"))
