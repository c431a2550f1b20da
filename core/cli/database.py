"""`python -m core database …`: the database as a whole, for whoever keeps it."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from core.amounts import counted
from core.cli.stopping import stoppable
from core.config import Settings, is_postgresql_address, load_settings
from core.database import copying
from core.database.copying import Contents
from core.database.opening import open_database, open_engine
from core.errors import CopyFailed, Invalid

app = typer.Typer(help="The database as a whole: dumped, restored, moved.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="The dump: a file in PostgreSQL's custom format.")]
Target = Annotated[
    str,
    typer.Option(
        "--to",
        help="An empty database, postgresql://user:password@host/name. Without it the address is asked for, or read"
        " from standard input: a password doesn't belong into a command.",
    ),
]
SAID = {
    "users": "account",
    "conversations": "conversation",
    "messages": "message",
    "model_calls": "model call",
    "audit_events": "audit event",
}


@app.callback()
def stop_in_order(context: typer.Context) -> None:
    context.with_resource(stoppable())


@app.command()
def dump(file: File) -> None:
    """Write everything into a new file, as it is at one moment. People may go on meanwhile."""
    with open_engine(load_settings().past_pooler) as engine:
        contents = copying.dump(engine, file)
    typer.echo(f"Wrote {file}: {_said(contents)}.")


@app.command()
def restore(file: File) -> None:
    """Make the database of a dump, where there is none yet, and check it. A dump of an older Parley is migrated."""
    settings = load_settings()
    with open_engine(settings.past_pooler) as engine:
        contents = copying.restore(engine, file)
    typer.echo(f"Restored {file}: {_said(contents)}.")
    check(settings)


@app.command()
def move(to: Target = "") -> None:
    """Copy the database to another server, like the embedded one to yours, and check it there. Stop Parley before."""
    settings = load_settings()
    to = to or str(typer.prompt("Address", hide_input=sys.stdin.isatty()))
    if not is_postgresql_address(to):
        raise Invalid(
            "That is no address of a PostgreSQL database: write postgresql://user:password@host/name, with %40 for an @"
            " in the password."
        )
    there = settings.model_copy(update={"database_url": SecretStr(to), "listen_database_url": None})
    with open_engine(settings.past_pooler) as source, open_engine(there) as target:
        contents = copying.move(source, target)
    typer.echo(f"Moved: {_said(contents)}.")
    check(there)
    typer.echo("Set DATABASE_URL to that address and start Parley. The database it was in is as it was.")


def check(settings: Settings) -> None:
    """Migrates what is there now, and holds its trail and its sums against what they must be. Raises CopyFailed."""
    from core import bootstrap  # the composition root imports everything; a dump needs none of it
    from core.cli import audit, usage

    with open_database(settings) as database:
        bootstrap.install(bootstrap.build(settings, database))
        broken, differences = audit.count_broken(), usage.count_differences()
    if broken or differences:
        raise CopyFailed(
            f"The copy is there, but {broken} chains of the audit and {differences} sums of usage are not right, as is"
            " said above. See whether that was so before: `python -m core audit verify`, `python -m core usage verify`."
        )
    typer.echo("Every chain of the audit is whole, and every sum of usage equals the ledger.")


def _said(contents: Contents) -> str:
    """How much it is, for whoever knows how much it should be."""
    parts = [counted(contents.rows.get(table, 0), what) for table, what in SAID.items()]
    return f"{', '.join(parts)}; {len(contents.rows)} tables, at revision {contents.revision}"
