"""`make demo`: a company of 40 people with a year behind it, in a data folder of its own, and then Parley on it."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from core import clock, ids
from core.cli.serve import serve
from core.cli.stopping import stoppable
from core.config import ROOT, Settings, load_settings
from core.database.opening import open_database
from core.errors import Conflict, Invalid
from core.services.demo.people import COMPANY, GUIDES, PEOPLE
from core.services.passwords import Passwords

FOLDER = ROOT / "data-demo"
SIGN_INS = "sign-ins.txt"
"""In the folder: that it is there says as well that the demo is whole."""
LENGTH = 12
"""Characters of the password."""
THERE = "The demo in {folder} is there already; --anew makes it once more."
FOREIGN = (
    "{folder} is there and holds no demo, so it stays as it is. Choose another folder with --folder, or move it away."
)
BUSY = "Parley is running on {folder}. Stop it first; nothing was changed."
COLUMNS = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()

Folder = Annotated[Path, typer.Option(help="Where it is kept.")]
Messages = Annotated[int, typer.Option(help="How many messages, at least 1,000.", min=1_000, max=2_000_000)]
Anew = Annotated[bool, typer.Option("--anew", help="Replace the demo that is there.")]
Until = Annotated[str, typer.Option(help="The moment at which the year ends, like 2026-11-18T14:30; now without it.")]
Serves = Annotated[bool, typer.Option("--serve", help="Start Parley on it.")]


def demo_year(
    folder: Folder = FOLDER, messages: Messages = 100_000, anew: Anew = False, until: Until = "", serves: Serves = False
) -> None:
    """Make up a company of 40 people with a year of talk, usage, reports and tasks, in a data folder of its own."""
    folder = folder.expanduser().absolute()
    now = _moment(until)
    if _is_made(folder) and not anew:
        typer.echo(THERE.format(folder=folder))
    else:
        make(folder, messages, now)
    typer.echo((folder / SIGN_INS).read_text())
    if serves:
        os.environ["PARLEY_DATA_DIR"] = str(folder)
        os.environ.pop("DATABASE_URL", None)
        serve()


def make(folder: Path, messages: int, now: datetime) -> None:
    """Under another name until it is whole: whatever interrupts this, a demo that was there stays, and no half of a new
    one.
    """
    from core.services.demo.story import DemoYear  # imports nearly everything; a demo that is there needs none of it

    if folder.exists() and not _is_made(folder) and any(folder.iterdir()):
        raise Conflict(FOREIGN.format(folder=folder))
    if _is_used(folder):
        raise Conflict(BUSY.format(folder=folder))
    draft = folder.with_name(f".{folder.name}-{os.getpid()}")
    password = re.sub(r"\W|_", "", ids.new_token())[:LENGTH]
    with _discarded(draft):
        settings = _settings(draft)
        with open_database(settings) as database:
            show(DemoYear(database).add(now, messages, Passwords().hash(password)), messages)
        _note(draft / SIGN_INS, password)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)


def show(adding: Iterator[int], messages: int) -> None:
    """`adding`: how many messages are there so far, again and again."""
    console = Console()
    with Progress(*COLUMNS, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"A year at {COMPANY}", total=messages)
        said = 0
        for said in adding:
            progress.update(task, completed=min(said, messages))
    typer.echo(f"{COMPANY}: {len(PEOPLE)} people, a year, {said:,} messages.")


def _moment(until: str) -> datetime:
    """Without an offset it is of UTC."""
    if not until:
        return clock.now()
    try:
        found = datetime.fromisoformat(until)
    except ValueError:
        raise Invalid(f"{until} is no moment. Write it like 2026-11-18T14:30.") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _is_made(folder: Path) -> bool:
    return (folder / SIGN_INS).exists()


def _is_used(folder: Path) -> bool:
    """Whether its PostgreSQL runs."""
    lines = _read(folder / "postgres" / "postmaster.pid").split()
    return bool(lines) and Path(f"/proc/{lines[0]}").exists()


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _settings(folder: Path) -> Settings:
    """Those of Parley, but with the embedded database in that folder, whatever DATABASE_URL says."""
    return load_settings().model_copy(update={"data_dir": folder, "database_url": None})


def _note(path: Path, password: str) -> None:
    """For whoever runs this alone to read."""
    lines = [f"    {role:<12}{person.lower()}@demo.example" for role, person in GUIDES]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("\n".join([f"Sign in, each with the password {password}", *lines, ""]))


@contextmanager
def _discarded(draft: Path) -> Iterator[None]:
    """What is there of the draft in the end is taken away; being told to stop is no reason to leave it."""
    with stoppable():
        try:
            yield
        finally:
            shutil.rmtree(draft, ignore_errors=True)
