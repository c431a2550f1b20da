"""`python -m core usage …`: the sums behind the usage page."""

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from core.amounts import counted
from core.services.usage_keeping import MOST_LISTED, Difference, UsageKeeper

app = typer.Typer(help="The sums behind the usage page.", no_args_is_help=True)
COLUMNS = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()


@app.command()
def rebuild(
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted rebuild.")] = False,
) -> None:
    """Make all sums anew from the ledger. The page works meanwhile; it can be interrupted and resumed."""
    keeper = _keeper()
    if not resume:
        keeper.begin()
    calls = 0
    with Progress(*COLUMNS) as progress:
        task = progress.add_task("Days", total=keeper.days_left())
        for count in keeper.work():
            calls += count
            progress.advance(task)
    typer.echo(f"Summed up {counted(calls, 'call')}.")


@app.command()
def verify() -> None:
    """Compare all sums with the ledger, and name each that differs. Exit code 1 if any does."""
    if found := count_differences():
        typer.echo(
            f"{found:,} differences (at most {MOST_LISTED} are listed of each table, month and company)."
            " `python -m core usage rebuild` makes the sums anew."
        )
        raise typer.Exit(1)
    typer.echo("Every sum equals the ledger.")


def count_differences() -> int:
    """Each is named as it is found."""
    keeper = _keeper()
    if left := keeper.days_left():
        typer.echo(
            f"A rebuild is under way, with {counted(left, 'day')} to go: what it has not come to yet may differ."
        )
    console, found = Console(), 0
    with Progress(*COLUMNS, console=console) as progress:
        task = progress.add_task("Months", total=None)
        months = keeper.months()
        progress.update(task, total=len(months))
        for month in months:
            for difference in keeper.verify(month):
                console.print(_line(difference), markup=False, highlight=False, soft_wrap=True)
                found += 1
            progress.advance(task)
    return found


def _keeper() -> UsageKeeper:
    from core.bootstrap import current  # the composition root imports everything; `--help` needs none of it

    return current().usage_keeper


def _line(difference: Difference) -> str:
    where = " ".join(f"{name}={value}" for name, value in difference.keys.items() if value)
    if difference.ledger is None or difference.kept is None:
        what = "is kept, but nothing in the ledger comes to it" if difference.kept else "is missing"
        return f"{difference.table} {where}: {what}"
    pairs = [
        f"{name} is {difference.kept[name]}, should be {value}"
        for name, value in difference.ledger.items()
        if difference.kept[name] != value
    ]
    return f"{difference.table} {where}: {', '.join(pairs)}"
