"""`python -m core import FILE --for EMAIL`: conversations from elsewhere, from the machine that Parley runs on."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from core.amounts import counted
from core.cli.users import Company
from core.errors import NotFound
from core.permissions import Actor
from core.services import import_views
from core.services.identity import without_controls
from core.services.import_views import ImportReport

File = Annotated[
    Path,
    typer.Argument(exists=True, dir_okay=False, readable=True, help="JSON or ZIP: of Parley, ChatGPT or Open WebUI."),
]
Whose = Annotated[str, typer.Option("--for", metavar="EMAIL", help="Whose conversations they become.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would come in.")]

SOURCES = {"parley": "Parley", "chatgpt": "ChatGPT", "open-webui": "Open WebUI"}


def import_file(file: File, email: Whose, dry_run: DryRun = False, company: Company = None) -> None:
    """Bring in conversations from a file. What was imported before is left alone."""
    from core.bootstrap import current  # the composition root imports everything; `--help` needs none of it

    app = current()
    person = app.people.find(None, email)
    if company not in (None, person.company_id):
        raise NotFound("Nobody in that company has this e-mail address.")
    actor = Actor(person.id, person.company_id, person.email, person.display_name, person.roles)
    bring = app.importing.look if dry_run else app.importing.run
    app.events.start()  # a server that runs beside this one shows it at once
    try:
        with file.open("rb") as content, _progress() as bar:
            task = bar.add_task("Looking" if dry_run else "Importing", total=file.stat().st_size, count=0)

            def tell(progress: import_views.Progress) -> None:
                bar.update(task, completed=progress.read, count=progress.conversations)

            report = bring(actor, content, progress=tell)
            bar.update(task, completed=file.stat().st_size)
    finally:
        app.events.stop()
    _say(report, "Would come in" if dry_run else "Came in")
    if report.is_empty:
        raise typer.Exit(1)


def _progress() -> Progress:
    count = TextColumn("{task.fields[count]:,} conversations")
    return Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), count, TimeRemainingColumn())


def _say(report: ImportReport, came_in: str) -> None:
    console = Console()
    console.print(_figures(report, came_in))
    for note, count in report.notes:
        console.print(Text(f"{note} (in {count:,})"))
    if report.failures:
        table = Table("", "Conversation", "Why it could not come in")
        for failure in report.failures:
            title = Text(without_controls(failure.title) or "without a title", overflow="fold")
            table.add_row(str(failure.position), title, Text(without_controls(failure.reason)))
        console.print(table)
    if (left := report.failed - len(report.failures)) > 0:
        console.print(f"and {left:,} more")
    if report.trouble:
        console.print(Text(report.trouble, style="red"))


def _figures(report: ImportReport, came_in: str) -> Table:
    table = Table(show_header=False)
    table.add_row("From", ", ".join(SOURCES.get(source, source) for source in report.sources) or "nowhere")
    table.add_row(came_in, f"{counted(report.conversations, 'conversation')}, {counted(report.messages, 'message')}")
    if report.first_at and report.last_at:
        table.add_row("Said", f"{report.first_at:%Y-%m-%d} to {report.last_at:%Y-%m-%d}")
    table.add_row("There already", f"{report.already:,}")
    table.add_row("Could not be read", f"{report.failed:,}")
    return table
