"""`python -m tests.bench`: what Parley does, each beside its floor or its peer in the same run."""

import logging
import os
import shlex
import signal
import sys
from pathlib import Path
from time import perf_counter
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from core.config import ROOT
from tests.bench import machine
from tests.bench.document import Document, promises, read, written
from tests.bench.groups import GROUPS, measured
from tests.bench.stand import stand
from tests.bench.table import Section, drawn

REPORT = ROOT / "docs" / "benchmarks.md"

Quick = Annotated[bool, typer.Option("--quick", help="Less of everything: a look, not a measurement.")]
Only = Annotated[list[str] | None, typer.Option("--only", help=f"One of {', '.join(GROUPS)}; may be repeated.")]
Write = Annotated[Path | None, typer.Option("--write", help="A file for the document of the run.")]
Rewrite = Annotated[bool, typer.Option("--rewrite", help=f"{REPORT.relative_to(ROOT)} again out of its own figures.")]
Calls = Annotated[
    list[int] | None, typer.Option("--calls", min=1_000, help="How many calls the usage page sums up; may be repeated.")
]
Size = Annotated[
    int | None, typer.Option("--messages", min=10_000, help="How many messages are looked through, and grown to.")
]
Events = Annotated[int | None, typer.Option("--events", min=1_000, help="How long the audit's chain is.")]


def main(
    quick: Quick = False,
    only: Only = None,
    write: Write = None,
    rewrite: Rewrite = False,
    messages: Size = None,
    calls: Calls = None,
    events: Events = None,
) -> None:
    """Measures Parley beside its floors. Ends with 1 when a group failed; a goal that is missed is no failure."""
    if rewrite:
        REPORT.write_text(written(read(REPORT.read_text())))
        return
    if unknown := set(only or ()) - set(GROUPS):
        raise typer.BadParameter(f"There is no {', '.join(sorted(unknown))}. There are {', '.join(GROUPS)}.")
    if write and write.resolve() == REPORT and (quick or only):
        raise typer.BadParameter(f"{write} is of whole runs. Name another file for a part of one.")
    logging.disable(logging.WARNING)
    signal.signal(signal.SIGTERM, _end)
    console = Console(width=max(Console().width, 160))
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    load, began = os.getloadavg()[0], perf_counter()
    sections: list[Section] = []
    with (
        Progress(*columns, console=console) as progress,
        stand(progress, is_quick=quick, messages=messages, calls=tuple(calls or ()), events=events) as place,
    ):
        about = machine.described(place.server_url)
        for key in only or GROUPS:
            section = measured(GROUPS[key], place, console)
            sections.append(section)
            console.print(drawn(section))
            for task in progress.task_ids:
                progress.remove_task(task)
    when = machine.moment(load, round((perf_counter() - began) / 60))
    document = Document((when, f"`{_command()}`", *about), tuple(sections))
    if write:
        write.write_text(written(document))
    _conclude(console, document)


def _conclude(console: Console, document: Document) -> None:
    console.print(*document.about, sep="\n", markup=False)
    for promise in promises(document.sections):
        if not promise.is_met:
            row = promise.worst
            console.print(f"missed: {promise.section.key}, {promise.name}: {row.ours} {row.ratio} ({row.goal})")
    failed = [section for section in document.sections if section.failure]
    for section in failed:
        console.print(f"failed: {section.key}: {section.failure}", style="red", markup=False)
    if failed:
        raise typer.Exit(1)


def _command() -> str:
    return shlex.join(["python", "-m", "tests.bench", *sys.argv[1:]])


def _end(*_: object) -> NoReturn:
    """What was started is stopped, as when it is interrupted."""
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    typer.run(main)
