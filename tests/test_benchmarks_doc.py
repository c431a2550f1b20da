"""docs/benchmarks.md is as the last whole `make bench` wrote it, and nothing else quotes other figures."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from core.config import ROOT
from tests.bench.checks import faults, unmeasured
from tests.bench.document import Document, read, written
from tests.bench.draft import Draft
from tests.bench.goals import judged
from tests.bench.groups import GROUPS, Group, measured
from tests.bench.machine import PACKAGES, PEERS
from tests.bench.reasons import REASONS
from tests.bench.stand import Stand
from tests.bench.table import Row, Section

REPORT = ROOT / "docs" / "benchmarks.md"
LARGE = ROOT / "docs" / "benchmarks-large.md"
QUOTING = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")} - {REPORT, LARGE})
CHEAP = ("append", "read", "rooms", "queue", "rules")


def test_the_document_is_of_a_whole_run_of_the_bench_as_it_is() -> None:
    assert faults(REPORT.read_text()) == []


@pytest.mark.parametrize("document", QUOTING, ids=lambda path: path.name)
def test_a_figure_that_is_said_to_be_measured_is_one_of_the_last_run(document: Path) -> None:
    assert unmeasured(document.read_text(), REPORT.read_text() + LARGE.read_text()) == []


def test_what_is_measured_by_hand_says_with_which_command() -> None:
    for section in LARGE.read_text().split("\n## ")[1:]:
        [command] = re.findall(r"`python -m tests\.bench ([^`]+)`", section)
        words = shlex.split(command)
        assert {words[at + 1] for at, word in enumerate(words) if word == "--only"} <= set(GROUPS)
        assert set(words[::2]) <= {"--only", "--messages", "--calls", "--events"}


@pytest.mark.parametrize(
    ("goal", "ours", "ratio", "is_met"),
    [
        ("≤ 4×", "0.87 ms", "2.25×", True),
        ("≤ 4×", "0.87 ms", "4.01×", False),
        ("≥ 10×", "p50 16.0 ms", "1,589.2× as fast", True),
        ("≥ 40%", "18.0 reruns/s, 56 ms CPU each", "4%", False),
        ("≤ 1% of one", "0.22 s, 0.4% of one", "", True),
        ("≤ 1% of one", "0.92 s, 1.4% of one", "", False),
        ("≤ 1% of one", "-0.09 s, -1.4% of one", "", True),
        ("p95 ≤ 30 ms", "p50 31.0 ms, p95 29.9 ms", "", True),
        ("p95 ≤ 30 ms", "p50 1.00 ms, p95 30.1 ms", "", False),
        ("p50 ≤ 60 ms", "p50 59.0 ms, p95 61.0 ms", "0.2×", True),
        ("max ≤ 500 ms", "p50 261 ms, p95 302 ms, max 0.6 s", "", False),
        ("≤ 5 s", "4,999 ms", "", True),
        ("≤ 8 KB", "1.3 KB", "", True),
        ("≤ 8 KB", "0.1 MB", "", False),
        ("≥ 30,000 rows/s", "70,780 rows/s", "", True),
        ("≥ 30,000 rows/s", "7,078 rows/s", "", False),
        ("none", "0 of 496", "", True),
        ("none", "0.5 of them", "", False),
        ("none", "10 of 496", "", False),
        ("all", "100 of 100", "", True),
        ("all", "99 of 100", "", False),
        ("exact", "not the same", "", False),
        ("no gaps", "without gaps", "", True),
    ],
)
def test_a_goal_is_held_against_the_figure_that_is_printed(goal: str, ours: str, ratio: str, is_met: bool) -> None:
    assert judged(goal, ours, ratio).is_met is is_met


@pytest.mark.parametrize(
    ("goal", "ours"), [("fast", "1 ms"), ("p95 ≤ 30 ms", "p50 1.00 ms"), ("≤ 8 KB", "12 ms"), ("≤ 5 s", "soon")]
)
def test_a_goal_that_nothing_can_be_held_against_is_none(goal: str, ours: str) -> None:
    with pytest.raises(ValueError, match="held against"):
        judged(goal, ours, "")


def whole() -> Document:
    """As a run writes it: every row that is named, and a goal in each group."""
    sections = tuple(
        Section(group.key, group.title, 7, tuple(Row(name, "p50 1.00 ms, p95 2.00 ms") for name in group.rows))
        for group in GROUPS.values()
    )
    first, *others = sections
    rows = (*(Row(row.what, "2.00 ms", "1.00 ms | a floor", "2.00×", "≤ 4×") for row in first.rows),)
    packages = ", ".join(f"{name} {version(name)}" for name in (*PACKAGES, *PEERS))
    about = ("2026-11-28 12:00 UTC", "`python -m tests.bench --write docs/benchmarks.md`", packages)
    return Document(about, (Section(first.key, first.title, 7, rows), *others))


def test_what_is_written_is_read_again() -> None:
    assert read(written(whole())) == whole()
    assert faults(written(whole())) == []


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("| 2.00 ms | 1.00 ms \\| a floor | 2.00× |", "| 8.00 ms | 1.00 ms \\| a floor | 8.00× |", "its own figures"),
        ("| ≤ 4× | met |", "| ≤ 4× | missed |", "its own figures"),
        ("| append a message | 2.00 ms |", "| append a thing | 2.00 ms |", "has no append a message"),
        ("5 of 5 are met", "6 of 6 are met", "its own figures"),
        ("## Opening and listing\n", "## Opening\n", "Its groups are"),
        ("| list 50 conversations | p50 1.00 ms, p95 2.00 ms |  |  |  |  |\n", "", "has no list N conversations"),
        ("| list 50 conversations |", "| list 50 dreams |", "which the bench has not"),
        (
            "`--only read`, 7 s\n",
            "`--only read`, 7 s\n\n**Not all of it, for it failed: Gone**\n",
            "is not whole: Gone",
        ),
        ("`python -m tests.bench --write", "`python -m tests.bench --quick --write", "of a part of a run"),
        (f"streamlit {version('streamlit')}", "streamlit 1.0.0", "streamlit is pinned"),
        ("| Measured | Parley |", "| Measured | Ours |", "can't be read"),
        ("# Benchmarks", "# Figures", "can't be read"),
    ],
)
def test_what_is_wrong_with_a_document_is_told(was: str, becomes: str, told: str) -> None:
    text = written(whole())
    assert was in text
    found = faults(text.replace(was, becomes))
    assert any(told in fault for fault in found), found


def test_a_group_that_fails_keeps_what_it_measured() -> None:
    def measure(_: Stand) -> Iterator[Row]:
        yield Row("one", "1.00 ms")
        raise RuntimeError("the server is gone\nand more of that")

    section = measured_of(Group("made_up", "Made up", measure, ["one", "two"]))
    assert section.rows == (Row("one", "1.00 ms"),)
    assert section.failure == "RuntimeError the server is gone"


@pytest.mark.parametrize("row", [Row("three", "1.00 ms"), Row("two", "1.00 ms", goal="quick")])
def test_a_group_fails_that_tells_what_it_does_not_name_or_has_a_goal_that_is_none(row: Row) -> None:
    section = measured_of(Group("made_up", "Made up", lambda _: [Row("one", "1.00 ms"), row], ["one", "two"]))
    assert section.rows[0] == Row("one", "1.00 ms")
    assert section.failure


def measured_of(group: Group) -> Section:
    return measured(group, cast("Stand", None), Console(file=StringIO()))


def test_a_reason_is_one_of_a_row_that_there_is() -> None:
    families = {(group.key, Row(row, "").family) for group in GROUPS.values() for row in group.expected}
    assert set(REASONS) <= families


def test_a_figure_that_was_never_measured_is_found() -> None:
    text = "Fast.\n\nA page takes 12 ms, or 2.25× a floor ([docs](docs/benchmarks.md)).\n\nElsewhere 99 ms."
    assert unmeasured(text, "| a page | 12 ms | | 2.25× |") == []
    assert unmeasured(text, "| a page | 13 ms | | 2.25× |") == ["12"]


HOW = ("`python -m tests.bench --write docs/benchmarks.md`", "2 cores", "Python 3.11")


def test_what_was_measured_before_an_interruption_need_not_be_measured_again(tmp_path: Path) -> None:
    document = whole()
    first, second, third = document.sections[:3]
    broken = replace(second, failure="Gone")
    draft = Draft(tmp_path / "run.md")
    for number in range(1, 4):
        draft.keep(Document(("2026-11-28 12:00 UTC", *HOW), (first, broken, third)[:number]))
    assert Draft(tmp_path / "run.md").found(HOW, GROUPS) == {first.key: first, third.key: third}
    assert draft.found(HOW, [third.key]) == {third.key: third}
    assert not (tmp_path / "run.md").exists()
    draft.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_run_goes_on_only_with_what_was_measured_in_the_same_way(tmp_path: Path) -> None:
    draft = Draft(tmp_path / "run.md")
    with pytest.raises(ValueError, match="no run was interrupted"):
        draft.found(HOW, GROUPS)
    draft.keep(Document(("2026-11-28 12:00 UTC", *HOW), whole().sections[:1]))
    with pytest.raises(ValueError, match=r"says 2 cores"):
        draft.found((HOW[0], "4 cores", HOW[2]), GROUPS)


@pytest.mark.long
def test_a_quick_run_of_what_is_cheap_measures_and_writes(tmp_path: Path) -> None:
    only = [word for group in CHEAP for word in ("--only", group)]
    command = [sys.executable, "-m", "tests.bench", "--quick", *only, "--write", str(tmp_path / "run.md")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    document = read((tmp_path / "run.md").read_text())
    assert [section.key for section in document.sections] == list(CHEAP)
    assert all(section.rows and not section.failure for section in document.sections)
