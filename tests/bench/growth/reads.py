"""What a query read, by PostgreSQL's own statistics: whatever planned it, and in whichever transaction."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from core.database.engine import Database

LARGE = 5_000
"""Rows: a smaller table is read whole with good reason."""
INDEXES = "SELECT indexrelname, idx_scan FROM pg_stat_user_indexes"
TABLES = "SELECT t.relname, seq_scan FROM pg_stat_user_tables t JOIN pg_class c ON c.oid = t.relid"
TABLES += " WHERE c.reltuples >= :large"


@dataclass(frozen=True)
class Reads:
    indexes: tuple[str, ...]
    read_whole: tuple[str, ...]
    """Tables of LARGE and more rows."""


def reads_of(database: Database, call: Callable[[], object]) -> Reads:
    before = _counts(database)
    call()
    after = _counts(database)
    indexes, tables = (
        tuple(sorted(name for name, count in late.items() if count > early.get(name, 0)))
        for early, late in zip(before, after, strict=True)
    )
    return Reads(indexes, tables)


def _counts(database: Database) -> tuple[dict[str, int], dict[str, int]]:
    """Each connection keeps what it counted to itself for a while: all of the pool's are asked for it."""
    database.dispose()  # what is left of them is sent when they end
    with database.engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        connection.commit()
        indexes = connection.execute(text(INDEXES)).all()
        tables = connection.execute(text(TABLES), {"large": LARGE}).all()
    database.dispose()
    return _by_name(indexes), _by_name(tables)


def _by_name(rows: Iterable[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in rows}
