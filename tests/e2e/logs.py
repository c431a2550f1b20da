"""What the served processes logged during a test: shown when it fails, and without a crash unless it provokes one.

`begin` and `add` are hooks of pytest, for the conftest.py of whoever serves a Parley.
"""

import re
from collections.abc import Generator

import pytest

from tests.e2e.served import STARTED, Parley

CRASH = re.compile(r"\b\w+_crashed\b|\bunraisable\b|^Traceback ")
"""Of core/telemetry/logs.py and of whatever catches everything, and the line that follows each."""
REQUEST = re.compile(r" core\.web\.noting \w+ request ")
CRASHED = "The served Parley crashed meanwhile, or a moment late behind the test before:"
LINES = 40
"""Of each log, at most."""

sizes = pytest.StashKey[dict[Parley, int]]()


@pytest.hookimpl(tryfirst=True)
def begin(item: pytest.Item) -> None:
    item.stash[sizes] = {parley: parley.log_size for parley in STARTED}


def check(item: pytest.Item) -> None:
    """Fails when a process crashed behind what was seen of it. A test that is marked `crashes` has it do that."""
    if item.get_closest_marker("crashes") is None:
        for lines in _since(item).values():
            at = next((at for at, line in enumerate(lines) if CRASH.search(line)), None)
            assert at is None, "\n".join([CRASHED, *lines[at:][:LINES]])


@pytest.hookimpl(wrapper=True)
def add(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """To a test that failed, the end of what each process logged since it began, requests left out."""
    report = yield
    if report.failed:
        for parley, lines in _since(item).items():
            said = [line for line in lines if not REQUEST.search(line)][-LINES:]
            report.sections.append((f"Log of {parley.url} until {report.when}", "\n".join(said)))
    return report


def _since(item: pytest.Item) -> dict[Parley, list[str]]:
    """Of a process that was started meanwhile, all of it."""
    before = item.stash.get(sizes, {})
    logged = {parley: parley.logged(before.get(parley, 0)) for parley in STARTED}
    return {parley: text.splitlines() for parley, text in logged.items() if text}
