"""`python -m tests.bench`: what Parley does, each beside its floor or its peer in the same run."""

import logging
import os
import shlex
import signal
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from core.config import ROOT
from tests.bench import machine
from tests.bench.document import Document, promises, read, written
from tests.bench.draft import Draft
from tests.bench.groups import GROUPS, measured
from tests.bench.stand import stand
from tests.bench.table import Section, drawn

REPORT = ROOT / "docs" / "benchmarks.md"

Quick = Annotated[bool, typer.Option("--quick", help="Less of everything: a look, not a measurement.")]
Only = Annotated[list[str] | None, typer.Option("--only", help=f"One of {', '.join(GROUPS)}; may be repeated.")]
Write = Annotated[Path | None, typer.Option("--write", help="A file for the document of the run.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run that was interrupted, to the same file.")]
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
    resume: Resume = False,
    rewrite: Rewrite = False,
    messages: Size = None,
    calls: Calls = None,
    events: Events = None,
) -> None:
    """Measures Parley beside its floors. Ends with 1 when a group failed; a goal that is missed is no failure.

    What each group measured is kept beside the document of --write at once: after an interruption --resume goes on.
    """
    if rewrite:
        REPORT.write_text(written(read(REPORT.read_text())))
        return
    _refuse(only or (), write, is_part=bool(quick or only), resume=resume)
    logging.disable(logging.WARNING)
    signal.signal(signal.SIGTERM, _end)
    console = Console(width=max(Console().width, 160))
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    load, began = os.getloadavg()[0], perf_counter()
    draft = Draft(write) if write else None
    sections: dict[str, Section] = {}
    with (
        Progress(*columns, console=console) as progress,
        stand(progress, is_quick=quick, messages=messages, calls=tuple(calls or ()), events=events) as place,
    ):
        how = (f"`{_command()}`", *machine.described(place.server_url))
        if draft and resume:
            sections = _found(draft, how, only or GROUPS)
        before = sum(section.seconds for section in sections.values())
        for key in only or GROUPS:
            if key not in sections:
                sections[key] = measured(GROUPS[key], place, console)
            console.print(drawn(sections[key]))
            for task in progress.task_ids:
                progress.remove_task(task)
            when = machine.moment(load, round((before + perf_counter() - began) / 60), is_resumed=resume)
            document = Document((when, *how), tuple(sections[one] for one in only or GROUPS if one in sections))
            if draft:
                draft.keep(document)
    if write and draft:
        write.write_text(written(document))
        draft.discard()
    _conclude(console, document)


def _refuse(only: Sequence[str], write: Path | None, *, is_part: bool, resume: bool) -> None:
    if unknown := set(only) - set(GROUPS):
        raise typer.BadParameter(f"There is no {', '.join(sorted(unknown))}. There are {', '.join(GROUPS)}.")
    if write and write.resolve() == REPORT and is_part:
        raise typer.BadParameter(f"{write} is of whole runs. Name another file for a part of one.")
    if resume and not write:
        raise typer.BadParameter("What a run has measured is kept beside its document: name that with --write.")


def _found(draft: Draft, how: tuple[str, ...], keys: Iterable[str]) -> dict[str, Section]:
    try:
        return draft.found(how, keys)
    except ValueError as error:
        raise typer.BadParameter(f"There is nothing to go on with: {error}. Leave --resume out.") from None


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
    """As it is given to measure all of it."""
    return shlex.join(["python", "-m", "tests.bench", *(word for word in sys.argv[1:] if word != "--resume")])


def _end(*_: object) -> NoReturn:
    """What was started is stopped, as when it is interrupted."""
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    typer.run(main)
