"""`-p tests.support.coverage`: how much of core/ the tests run, in lines and branches, all workers together.

SlipCover writes its probes into core/ as it is imported. coverage.py has itself called for each line of everything that
runs before Python 3.12, of SQLAlchemy and Streamlit as well: the tests took twice the processor time.
"""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import slipcover

LEAST = 90.0
"""Percent; with less, the run fails."""
LEFT_OUT = ["if TYPE_CHECKING:", "@overload", 'if __name__ == "__main__":', "raise NotImplementedError", r"^\s*\.\.\.$"]
WORKERS = "coverage"

# A probe that was passed once costs little more than nothing; taking it out of running code (-1: never) would replace
# functions under other threads.
probes = slipcover.Slipcover(branch=True, source=["core"], exclude_also=LEFT_OUT, d_miss_threshold=-1)
slipcover.ImportManager(probes, slipcover.FileMatcher(sources=["core"])).__enter__()

of_workers: list[dict[str, Any]] = []
measured = pytest.StashKey[dict[str, Any]]()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    if written := getattr(node, "workeroutput", {}).get(WORKERS):
        of_workers.append(json.loads(written))


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    yield
    own = probes.get_coverage()
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[WORKERS] = json.dumps(own)
        return
    for other in of_workers:
        slipcover.merge_coverage(own, other)
    session.config.stash[measured] = own
    if percent(own) < LEAST and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    coverage = config.stash[measured]
    table = io.StringIO()
    slipcover.print_coverage(coverage, outfile=table, skip_covered=True, missing_width=80)
    terminalreporter.write_line(table.getvalue())
    enough = percent(coverage) >= LEAST
    verdict = "enough" if enough else "too little"
    terminalreporter.write_line(
        f"core/ is covered to {percent(coverage):.1f} % in lines and branches; {LEAST:g} % is {verdict}.",
        green=enough,
        red=not enough,
    )


def percent(coverage: dict[str, Any]) -> float:
    return float(coverage["summary"]["percent_covered"])
