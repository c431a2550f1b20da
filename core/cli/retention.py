"""`python -m core retention …`: what is too old to be kept."""

from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from core.amounts import counted
from core.services.retention import RetentionService
from core.services.retention_keeping import RetentionKeeper
from core.services.retention_views import DryRun, Gone

app = typer.Typer(help="What is too old to be kept.", no_args_is_help=True)
COLUMNS = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
Company = Annotated[UUID | None, typer.Option("--company", help="A company's id; without it, all that have a rule.")]


@app.command("dry-run")
def dry_run(company: Company = None) -> None:
    """Say what would go, and remove nothing."""
    for company_id, name in _companies(company):
        typer.echo(f"{name}: {foreseen(_service().count_old(company_id))}")


@app.command("run")
def run(company: Company = None) -> None:
    """Remove what is too old, for good, or go on with a run that was interrupted. It can be interrupted and resumed."""
    service, keeper = _service(), _keeper()
    for company_id, name in _companies(company):
        if not keeper.begin(company_id):
            continue
        with Progress(*COLUMNS) as progress:
            task = progress.add_task(f"Messages of {name}", total=service.count_old(company_id).messages)
            for step in keeper.work(company_id):
                progress.advance(task, step.messages)
        last = keeper.last_run(company_id)
        assert last
        typer.echo(f"{name}: {went(last.gone)}")


@app.command()
def holds(company: Company = None) -> None:
    """List what is held, and why."""
    table = Table("Company", "Held", "Reason", "Since", "Placed by")
    for name, hold in _service().list_holds(company):
        table.add_row(
            Text(name),  # as text: a name in brackets isn't markup
            Text(hold.name or str(hold.conversation_id or hold.user_id), overflow="fold"),
            Text(hold.reason),
            f"{hold.created_at:%Y-%m-%d %H:%M} UTC",
            Text(hold.placed_by or "somebody who is gone"),
        )
    if table.rows:
        Console().print(table)
    else:
        typer.echo("Nothing is held.")


def _service() -> RetentionService:
    from core.bootstrap import current  # the composition root imports everything; `--help` needs none of it

    return current().retention


def _keeper() -> RetentionKeeper:
    from core.bootstrap import current  # see above

    return current().retention_keeper


def _companies(wanted: UUID | None) -> list[tuple[UUID, str]]:
    found = [one for one in _keeper().list_companies() if wanted in (None, one[0])]
    if not found:
        typer.echo("There is no rule: everything is kept for good.")
    return found


def foreseen(dry: DryRun) -> str:
    held = f" Held: {counted(dry.held, 'conversation')}." if dry.held else ""
    return f"{dry.amount} would go; the ledger is kept.{held}"


def went(gone: Gone) -> str:
    chats = f", of which {counted(gone.chats, 'chat')} had nothing left and went too" if gone.chats else ""
    return f"{gone.amount} went{chats}; the ledger is kept."
