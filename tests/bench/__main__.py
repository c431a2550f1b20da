"""`python -m tests.bench`: the hot paths, each beside its floor in the same run."""

import logging
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from core.config import ROOT
from tests.bench import machine
from tests.bench.audit import trail
from tests.bench.moderation import messages as overseen
from tests.bench.moderation import queue, rules
from tests.bench.retention import removing
from tests.bench.rooms import answers, appending, listing, live, model, pages, reading, writers
from tests.bench.search import finding
from tests.bench.stand import Stand, stand
from tests.bench.table import Row, Section, drawn, markdown
from tests.bench.tasks import keeping
from tests.bench.usage import looking

REPORT = ROOT / "docs" / "benchmarks.md"
ROOMS: dict[str, tuple[str, Callable[[Stand], list[Row]]]] = {
    "append": ("Appending a message", appending.measure),
    "read": ("Opening and listing", reading.measure),
    "rooms": ("Rooms and what is unread in them", listing.measure),
    "search": ("Finding what was said", finding.measure),
    "usage": ("What usage costs to see, and to book", looking.measure),
    "tasks": ("The tasks of somebody who has very many", keeping.measure),
    "audit": ("The audit trail, seen and verified", trail.measure),
    "moderation": ("What was reported, waiting to be looked at", queue.measure),
    "messages": ("All that moderators may see, searched", overseen.measure),
    "rules": ("What is sent, held against the company's rules", rules.measure),
    "retention": ("Removing what is too old", removing.measure),
    "writers": ("Sixteen at once", writers.measure),
    "model": ("The embedded model", model.measure),
    "answers": ("Answers of a service, alone and many at once", answers.measure),
    "live": ("Open pages while nothing happens, and when something does", live.measure),
    "pages": ("The chat page with 50 sessions", pages.measure),
}

Quick = Annotated[bool, typer.Option("--quick", help="Fewer rounds: a look, not a measurement.")]
Only = Annotated[list[str] | None, typer.Option("--only", help=f"One of {', '.join(ROOMS)}; may be repeated.")]
Write = Annotated[bool, typer.Option("--write", help=f"Keep the table in {REPORT.relative_to(ROOT)}.")]
Calls = Annotated[
    list[int] | None, typer.Option("--calls", min=1_000, help="How many calls the usage page sums up; may be repeated.")
]
Size = Annotated[int | None, typer.Option("--messages", min=1_000, help="How many messages search looks through.")]

Events = Annotated[int | None, typer.Option("--events", min=1_000, help="How long the audit's chain is.")]


def main(
    quick: Quick = False,
    only: Only = None,
    write: Write = False,
    messages: Size = None,
    calls: Calls = None,
    events: Events = None,
) -> None:
    """Measures Parley's hot paths beside their floors."""
    if unknown := set(only or ()) - set(ROOMS):
        raise typer.BadParameter(f"There is no {', '.join(sorted(unknown))}. There are {', '.join(ROOMS)}.")
    logging.disable(logging.WARNING)
    console = Console(width=max(Console().width, 160))
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    sections = []
    with (
        Progress(*columns, console=console) as progress,
        stand(progress, is_quick=quick, messages=messages, calls=tuple(calls or ()), events=events) as place,
    ):
        about = machine.described(place.server_url)
        for name in only or ROOMS:
            title, measure = ROOMS[name]
            sections.append(Section(title, measure(place)))
    console.print(*about, sep="\n")
    console.print(drawn(sections))
    if write:
        REPORT.write_text(_report(about, sections))


def _report(about: list[str], sections: list[Section]) -> str:
    facts = "\n".join(f"- {line}" for line in about)
    head = "# Benchmarks\n\nPrinted by `make bench`, each figure beside its floor in the same run.\n"
    return f"{head}\n{facts}\n\n{markdown(sections)}"


if __name__ == "__main__":
    typer.run(main)
