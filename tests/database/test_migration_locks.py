"""People chat while migrations run: what those lock, and for how long."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL

from core.database import migrate as migrating
from core.database.migrate import alembic_config, current_revision, head_revision, migrate
from core.errors import Misconfigured

LOCK_TIMEOUT = 5.0
"""Seconds, as migrations/script.py.mako has it."""
BEFORE, WIDENS = "0008", "0009"
"""A migration that adds columns to `messages`, and the one before it."""
# Made before there was anything to upgrade: where these run, no table is large.
FIRST = {f"{number:04}" for number in range(1, 21)} - {"0017", "0018"}
LARGE = (
    r"(answer_runs|audit_events|conversations|feedback|members|mentions|message_revisions|message_words|messages"
    r"|model_calls|ratings|reactions|title_words|usage_\w+)\b"
)
ALTER = f"ALTER TABLE {LARGE}"
# What reads or writes a whole table while nobody else may, and how it is done instead.
SLOW = {
    rf"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)\S+ ON {LARGE}": "CREATE INDEX CONCURRENTLY in a migration of its own",
    rf"{ALTER} ADD CONSTRAINT (?!.* NOT VALID)": "NOT VALID, and VALIDATE in the next migration, as 0016 and 0017 do",
    rf"{ALTER} ADD COLUMN .* DEFAULT (?!now\(\))\w+\(": "a constant default, or none",
    rf"{ALTER} ALTER COLUMN \w+ (TYPE|SET DATA TYPE)": "a new column",
    rf"{ALTER} ALTER COLUMN \w+ SET NOT NULL": "a CHECK (… IS NOT NULL) NOT VALID, and VALIDATE",
}
BESIDE = r"(DROP|CREATE( UNIQUE)?) INDEX CONCURRENTLY |ALTER TABLE \w+ VALIDATE CONSTRAINT "
"""What may take long, because nobody waits for it."""


def slow_in(statement: str) -> str | None:
    return next((instead for pattern, instead in SLOW.items() if re.search(pattern, statement)), None)


def statements_of(way: Callable[[], None]) -> list[str]:
    """The SQL of an `upgrade` or `downgrade`, without a database."""
    written = StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": written, "transaction_per_migration": True}
    )
    with Operations.context(context), context.begin_transaction():
        way()
    said = (" ".join(one.split()) for one in re.split(r";\s*\n", written.getvalue()))
    return [one for one in said if one and one not in ("BEGIN", "COMMIT")]


WAYS = [
    pytest.param(script.revision, way, id=f"{script.revision}-{way.__name__}")
    for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()
    for way in (script.module.upgrade, script.module.downgrade)
]


@pytest.mark.parametrize(("revision", "way"), WAYS)
def test_a_migration_waits_for_no_lock_for_long_and_keeps_no_large_table_for_itself(
    revision: str, way: Callable[[], None]
) -> None:
    first, *others = statements_of(way)
    if not re.match(BESIDE, first):
        assert first == "SET LOCAL lock_timeout = '5s'"
        first, *others = [*others, ""]
    if re.match(BESIDE, first):
        assert all(re.match(BESIDE, one) for one in others if one), "what nobody waits for is a migration of its own"
    if revision not in FIRST and way.__name__ == "upgrade":
        assert {one: slow_in(one) for one in (first, *others) if slow_in(one)} == {}


@pytest.mark.parametrize(
    ("statement", "is_slow"),
    [
        ("CREATE INDEX messages_age_idx ON messages (conversation_id, created_at)", True),
        ("CREATE UNIQUE INDEX x_key ON model_calls (run_id) WHERE run_id IS NOT NULL", True),
        ("CREATE INDEX CONCURRENTLY messages_age_idx ON messages (conversation_id, created_at)", False),
        ("CREATE INDEX rules_idx ON rules (company_id)", False),
        ("ALTER TABLE messages ADD CONSTRAINT c CHECK (seq > 0)", True),
        ("ALTER TABLE messages ADD CONSTRAINT c CHECK (seq > 0) NOT VALID", False),
        ("ALTER TABLE messages ADD COLUMN key UUID DEFAULT gen_random_uuid() NOT NULL", True),
        ("ALTER TABLE messages ADD COLUMN at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL", False),
        ("ALTER TABLE messages ADD COLUMN n INTEGER DEFAULT 0 NOT NULL", False),
        ("ALTER TABLE messages ALTER COLUMN seq TYPE BIGINT", True),
        ("ALTER TABLE messages ALTER COLUMN sender_id SET NOT NULL", True),
    ],
)
def test_what_is_slow_is_known(statement: str, is_slow: bool) -> None:
    assert bool(slow_in(statement)) == is_slow


@pytest.fixture
def behind(fresh_url: URL) -> Iterator[Engine]:
    """A database in which the next migration wants `messages` for itself."""
    engine = create_engine(fresh_url)
    with engine.connect() as connection:
        command.downgrade(alembic_config(connection), BEFORE)
        connection.commit()
    yield engine
    engine.dispose()


@contextmanager
def reading_for_long(engine: Engine) -> Iterator[Connection]:
    """Somebody's report, in the midst of it."""
    with engine.connect() as connection, connection.begin():
        connection.execute(text("SELECT count(*) FROM messages"))
        yield connection


@pytest.mark.long
def test_nobody_waits_behind_a_migration_for_longer_than_it_waits_itself(behind: Engine) -> None:
    """It gives up, lets those pass who queued behind it, and tries again until the table is free."""
    longest, ended = 0.0, threading.Event()
    migration = threading.Thread(target=migrate, args=[behind, WIDENS], daemon=True)
    with reading_for_long(behind) as report, behind.connect() as other:
        other.execution_options(isolation_level="AUTOCOMMIT")
        migration.start()
        ending = threading.Timer(LOCK_TIMEOUT * 1.5, ended.set)
        ending.start()
        while not ended.is_set():
            began = time.monotonic()
            other.execute(text("SELECT count(*) FROM messages"))
            longest = max(longest, time.monotonic() - began)
        report.rollback()
    migration.join(LOCK_TIMEOUT * 4)
    print(f"the longest wait was {longest:.1f} s")
    assert 1.0 < longest < LOCK_TIMEOUT + 2.0  # it did stand in the way, for a moment
    with behind.connect() as connection:
        assert current_revision(connection) == WIDENS


@pytest.mark.long
def test_a_table_that_stays_held_is_said_in_a_sentence_and_what_was_migrated_stays(
    behind: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "LOCK_ATTEMPTS", 1)
    with reading_for_long(behind), pytest.raises(Misconfigured, match="somebody else holds a table"):
        migrate(behind)
    with behind.connect() as connection:
        assert current_revision(connection) == BEFORE
    migrate(behind)
    with behind.connect() as connection:
        assert current_revision(connection) == head_revision()
