"""`python -m core audit …`: the trail of who did what."""

from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from core.amounts import counted
from core.ids import parse_id
from core.models import ChainProblem
from core.services.audit_views import BrokenLink, Verified

app = typer.Typer(help="The trail of who did what.", no_args_is_help=True)
COLUMNS = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
PROBLEMS = {
    ChainProblem.MISSING: "this row is missing",
    ChainProblem.CHANGED: "this row was changed",
    ChainProblem.MISLINKED: "this row was written behind another one than is there now",
    ChainProblem.SHORTER: "the chain is shorter than it was: this row and all after it are missing",
    ChainProblem.LONGER: "the chain is longer than it should be: this row is behind its end",
    ChainProblem.HEAD: "the kept end of the chain is not that of this row, its last",
    ChainProblem.REWRITTEN: "this row is not the one that was here when the chain was verified before",
}


@app.command()
def verify(
    company: Annotated[str, typer.Option(help="The id of one company; all without it.")] = "",
) -> None:
    """Walk along the chains and name the first broken link of each. Exit code 1 if there is any."""
    raise typer.Exit(1 if count_broken(company) else 0)


def count_broken(company: str = "") -> int:
    """The same of the chains of one company, or of all."""
    from core.bootstrap import current  # the composition root imports everything; `--help` needs none of it

    checks, console, broken = current().audit_checks, Console(), 0
    with Progress(*COLUMNS, console=console) as progress:
        for company_id, name in _chosen(checks.companies(), company):
            who = f"{name} ({company_id})" if name else str(company_id)
            task = progress.add_task(name or str(company_id), total=None)
            for step in checks.verify(company_id, who):
                progress.update(task, total=step.total, completed=step.rows)
                if step.is_over:
                    console.print(_said(who, step), markup=False, highlight=False, soft_wrap=True)
                    broken += step.broken is not None
    return broken


def _chosen(companies: list[tuple[UUID, str]], wanted: str) -> list[tuple[UUID, str]]:
    if not wanted:
        return companies
    key = parse_id(wanted)
    found = [one for one in companies if one[0] == key]
    if not found:
        raise typer.BadParameter("There is no company of that id.", param_hint="--company")
    return found


def _said(who: str, step: Verified) -> str:
    if step.broken is None:
        return f"{who}: whole, {counted(step.rows, 'row')}."
    return f"{who}: BROKEN at row {step.broken.sequence:,} ({_when(step.broken)}): {PROBLEMS[step.broken.problem]}."


def _when(link: BrokenLink) -> str:
    if link.created_at:
        return f"of {link.created_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"after the row of {link.after:%Y-%m-%d %H:%M:%S} UTC" if link.after else "before any other"
