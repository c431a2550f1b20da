"""A whole database as a file, and made of such a file again, here or on another server.

`pg_dump` sees one moment, whatever is written meanwhile. What is made of it is made in one transaction: all of it is
there afterwards, or nothing.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import IO

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from core.database.drafts import drafted
from core.database.engine import shown
from core.database.migrate import first_line, is_known_revision, refuse_old_server
from core.database.moving import NAMED, held_still
from core.database.programs import Program, running
from core.database.watchdog import unhurried
from core.errors import CopyFailed, DatabaseUnavailable, Invalid, Misconfigured

SCHEMA = "public"
DUMP = ("--format=custom", f"--schema={SCHEMA}", "--no-owner", "--no-privileges")
RESTORE = (f"--schema={SCHEMA}", "--no-owner", "--no-privileges", "--no-comments", "--file=-")
QUIET = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-")
# The preamble of a script ends with this; servers before 17 don't know that time-out, which is off by itself.
LAST_OF_PREAMBLE, UNKNOWN_TO_SOME = b"SET row_security", b"SET transaction_timeout"

UNHURRIED = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
TABLES = f"""
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = '{SCHEMA}'::regnamespace AND c.relkind IN ('r', 'p')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY c.relname
"""
OBJECTS = f"""
    SELECT count(*) FROM pg_class c
    WHERE c.relnamespace = '{SCHEMA}'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""


@dataclass(frozen=True, slots=True)
class Contents:
    revision: str
    """The last migration it has."""
    rows: Mapping[str, int]
    """How many each table has."""


def dump(engine: Engine, file: Path) -> Contents:
    """Writes the database into a new file, for `restore` or `pg_restore`; people may go on meanwhile.

    Raises DatabaseUnavailable, Misconfigured where no Parley is, Invalid where the file can't be, Conflict while
    another process writes it, and CopyFailed.
    """
    try:
        # By its own way, not through standard output: only then does a file that is cut lack something.
        with drafted(file) as draft, dumping(engine, f"--file={draft}") as (program, contents):
            _require(program, "The dump was broken off")
    except OSError as error:
        raise Invalid(f"{file} can't be written: {error.strerror}.") from error
    return contents


@contextmanager
def dumping(engine: Engine, *words: str) -> Iterator[tuple[Program, Contents]]:
    """A `pg_dump` with those words, and what it finds: both see the same moment."""
    with _at(engine), engine.connect() as connection, unhurried(connection):
        connection.execution_options(isolation_level="REPEATABLE READ")
        _refuse_other_places(connection)
        connection.execute(text(f"{UNHURRIED}; SET LOCAL {NAMED}"))
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        with running("pg_dump", *DUMP, *words, f"--snapshot={snapshot}", at=engine.url, stdout=PIPE) as program:
            yield program, _contents(connection)


def restore(engine: Engine, file: Path) -> Contents:
    """Makes the database of a dump in an empty one. Raises Invalid for a file that is none, or is not whole; else like
    `restoring`.
    """
    if not file.is_file():
        raise Invalid(f"There is no file {file}.")
    revision = _revision_in(file)
    if not is_known_revision(revision):
        raise Misconfigured(f"This dump is of a newer Parley (revision {revision}). Restore it with that version.")
    with file.open("rb") as dumped:
        return restoring(engine, dumped)


def restoring(engine: Engine, dumped: IO[bytes], last_look: Callable[[], None] = lambda: None) -> Contents:
    """The same of a stream. `last_look` is called when all was read: what that raises leaves nothing there.

    Raises DatabaseUnavailable; Misconfigured for a server or a database that will not do, with a sentence for the
    operator; CopyFailed, and then nothing is there.
    """
    with _at(engine), engine.connect() as connection:
        _refuse_unfit(connection)
    with (
        running("pg_restore", *RESTORE, stdin=dumped, stdout=PIPE) as script,
        running("psql", *QUIET, at=engine.url, stdin=PIPE) as psql,
    ):
        is_whole = _carry(script, psql, last_look)
        if is_whole:
            psql.end_input()
        else:
            psql.process.kill()
        if not psql.ends_well() and (is_whole or psql.complaint):
            raise CopyFailed(f"Nothing was restored. PostgreSQL said: {psql.complaint}.")
        _require(script, "Nothing was restored, because the dump can't be read to its end")
    return look_into(engine)


def move(source: Engine, target: Engine) -> Contents:
    """Copies one into the other, which is empty. Raises like both; Conflict where a Parley runs in what is moved, be it
    that it came in between: then nothing is there; and CopyFailed when there is not the same then.
    """
    with _at(source), held_still(source) as still, dumping(source) as (program, contents):
        found = restoring(target, program.output, still.refuse_company)
        _require(program, "The copy is not whole")
    if found != contents:
        other = [table for table, rows in contents.rows.items() if found.rows.get(table) != rows]
        raise CopyFailed(f"The copy is not what was copied: {', '.join(other)} differ. Drop it and try again.")
    return found


def look_into(engine: Engine) -> Contents:
    """What is there now. Raises DatabaseUnavailable, and Misconfigured where no Parley is."""
    with _at(engine), engine.connect() as connection, unhurried(connection):
        _refuse_other_places(connection)
        connection.execute(text(UNHURRIED))
        return _contents(connection)


def _carry(script: Program, psql: Program, last_look: Callable[[], None]) -> bool:
    """Hands the script over, in one transaction that is only committed when the script came to its end."""
    try:
        psql.input.write(b"BEGIN;\n")
        for line in script.output:
            if not line.startswith(UNKNOWN_TO_SOME):
                psql.input.write(line)
            if line.startswith(LAST_OF_PREAMBLE):
                break
        shutil.copyfileobj(script.output, psql.input)
        if not script.ends_well():
            return False
        last_look()
        psql.input.write(b"COMMIT;\n")
        psql.input.flush()
    except BrokenPipeError:  # it has something to say
        return True
    return True


def _revision_in(file: Path) -> str:
    words = ("--data-only", f"--schema={SCHEMA}", "--table=alembic_version", "--file=-")
    with running("pg_restore", *words, str(file), stdout=PIPE) as program:
        lines = program.output.read().decode(errors="replace").splitlines()
        if not program.ends_well():
            raise Invalid(f"{file} can't be restored: {program.complaint}.")
    begins = next((at for at, line in enumerate(lines, 1) if line.startswith("COPY ")), None)
    if begins is None:
        raise Invalid(f"{file} is no dump of a Parley.")
    return lines[begins]


def _contents(connection: Connection) -> Contents:
    tables = list(connection.execute(text(TABLES)).scalars())
    count = " UNION ALL ".join(f"SELECT '{table}' AS name, count(*) AS rows FROM {SCHEMA}.{table}" for table in tables)
    rows = {row.name: row.rows for row in connection.execute(text(count))}
    return Contents(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one(), rows)


def _refuse_other_places(connection: Connection) -> None:
    """Unless there is a Parley where a dump looks for it."""
    place = connection.execute(
        text("SELECT relnamespace::regnamespace FROM pg_class WHERE oid = to_regclass(:name)"),
        {"name": "alembic_version"},
    ).scalar()
    if place is None:
        raise Misconfigured(f"There is no Parley in the database {shown(connection.engine.url)}.")
    if place != SCHEMA:
        raise Misconfigured(f"Parley's tables are in the schema {place}: use pg_dump --schema={place}.")


def _refuse_unfit(connection: Connection) -> None:
    where = shown(connection.engine.url)
    refuse_old_server(connection)
    if (encoding := connection.execute(text("SHOW server_encoding")).scalar_one()) != "UTF8":
        raise Misconfigured(
            f"The database {where} keeps text as {encoding}, which lacks most of people's letters. Make one with"
            " CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
        )
    may_create = text("SELECT current_schema(), has_schema_privilege(:schema, 'CREATE')")
    schema, is_allowed = connection.execute(may_create, {"schema": SCHEMA}).one()
    if schema != SCHEMA or not is_allowed:
        raise Misconfigured(
            f"{connection.engine.url.username or 'This user'} can't make tables in the schema {SCHEMA} of {where}."
            " Make the user the database's owner: ALTER DATABASE … OWNER TO …."
        )
    if count := connection.execute(text(OBJECTS)).scalar_one():
        raise Misconfigured(
            f"The database {where} is not empty: it has {count} tables. Nothing was changed. Use a new one, made with"
            " CREATE DATABASE."
        )


@contextmanager
def _at(engine: Engine) -> Iterator[None]:
    """Around asking it."""
    try:
        yield
    except DBAPIError as error:
        raise DatabaseUnavailable(
            f"PostgreSQL at {shown(engine.url)} does not do what it should: {first_line(error)}."
            " Check the address, the user and that it runs."
        ) from error


def _require(program: Program, otherwise: str) -> None:
    if not program.ends_well():
        raise CopyFailed(f"{otherwise}: {program.complaint or 'it was ended'}.")
