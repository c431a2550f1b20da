"""Rows for every table of a schema that nobody here knows: made of what PostgreSQL says of its columns and checks."""

import re
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Uuid,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import BIT, JSONB, TSVECTOR

from core.ids import new_id

LEAST, MOST = 0, 1
"""The row that leaves out whatever may be left out, and the one that has everything."""
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
NOTHING: Any = None

# What one column alone can't know: the checks that hold several against each other.
FITTING: dict[str, dict[str, Any]] = {
    "access_grants": {"expires_at": NOON + timedelta(days=9), "looks": (0, 3), "last_looked_at": (NOTHING, NOON)},
    "budgets": {
        "scope": "company",
        "user_id": NOTHING,
        "conversation_id": NOTHING,
        "room_id": NOTHING,
        "role": NOTHING,
    },
    "cases": {
        "status": ("open", "closed"),
        "decision": (NOTHING, "dismissed"),
        "decided_at": (NOTHING, NOON),
        "claimed_by": NOTHING,
        "claimed_at": NOTHING,
    },
    "conversations": {"kind": ("assistant", "group"), "direct_key": NOTHING, "deleted_at": NOTHING},
    "legal_holds": {"conversation_id": NOTHING, "released_at": NOTHING, "release_reason": ""},
    "messages": {"purged_at": NOTHING, "role": ("user", "assistant"), "message_type": "text"},
    "model_prices": {"removed_at": NOTHING},
    "one_time_links": {"purpose": "setup"},
    "reports": {"rule_id": NOTHING, "rule": ""},
    "rules": {"kind": "secrets", "words": [[], []], "pattern": ""},
    "suspensions": {"until": NOON + timedelta(days=9)},
    "user_roles": {"role": ("staff", "admin")},
}
NEEDED = {("legal_holds", "user_id"), ("reports", "reporter_id")}
"""Those that may be left out only in other rows than these."""
ALONE = {"usage_rebuilds"}
"""Tables of one row."""

Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]
"""By table and primary key."""


def fill(connection: Connection) -> None:
    """Two rows into each table."""
    tables = reflected(connection)
    choices = {row.name: row.said for row in connection.execute(text(CHOICES))}
    made: dict[str, list[dict[str, Any]]] = {}
    for table in tables.sorted_tables:
        for which in (MOST,) if table.name in ALONE else (LEAST, MOST):
            row = dict(_values(table, which, made, choices))
            connection.execute(insert(table).values(row))
            made.setdefault(table.name, [{}] if table.name in ALONE else []).append(row)


def look(connection: Connection) -> Rows:
    """Everything that is there."""
    found: Rows = {}
    for table in reflected(connection).sorted_tables:
        keys = [column.name for column in table.primary_key]
        rows = connection.execute(select(table)).mappings()
        found[table.name] = {tuple(row[key] for key in keys): dict(row) for row in rows}
    return found


def lost(before: Rows, after: Rows) -> Iterator[tuple[str, str, Any, Any]]:
    """Table, column, what was there and what is: of the columns that both have."""
    for table, rows in before.items():
        for key, row in rows.items() if table in after else ():
            if key not in after[table]:
                yield table, "", row, None
                continue
            now = after[table][key]
            yield from ((table, name, value, now[name]) for name, value in row.items() if now.get(name, value) != value)


def reflected(connection: Connection) -> MetaData:
    tables = MetaData()
    with warnings.catch_warnings():
        # Of a constraint that is not valid yet SQLAlchemy makes an option that it then doesn't know itself.
        warnings.filterwarnings("ignore", "Can't validate argument 'dialect_options'")
        tables.reflect(connection)
    tables.remove(tables.tables["alembic_version"])
    return tables


CHOICES = """
    SELECT conrelid::regclass || '.' || attname AS name, pg_get_constraintdef(c.oid) AS said FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
    WHERE contype = 'c' AND cardinality(conkey) = 1 AND connamespace = 'public'::regnamespace
    AND pg_get_constraintdef(c.oid) LIKE '%ARRAY[%'
"""


def _values(
    table: Table, which: int, made: dict[str, list[dict[str, Any]]], choices: dict[str, str]
) -> Iterator[tuple[str, Any]]:
    fitting = FITTING.get(table.name, {})
    for column in table.columns:
        if column.identity:
            continue
        is_optional = column.nullable or column.server_default is not None
        if column.name in fitting:
            value = fitting[column.name]
            yield column.name, value[which] if isinstance(value, tuple) else _copy(value)
        elif which == LEAST and is_optional and (table.name, column.name) not in NEEDED:
            continue
        elif column.foreign_keys:
            [key] = column.foreign_keys
            yield column.name, made[key.column.table.name][which][key.column.name]
        elif said := choices.get(f"{table.name}.{column.name}"):
            options = re.findall(r"'([^']+)'::", said)
            yield column.name, options[:1] if isinstance(column.type, ARRAY) else options[which % len(options)]
        else:
            yield column.name, _value(column, which)


def _copy(value: Any) -> Any:
    return list(value[0]) if isinstance(value, list) else value


def _value(column: Column[Any], which: int) -> Any:
    name = f"{column.name[:10]} {which}"
    made: dict[type, Any] = {
        Uuid: new_id(),
        TSVECTOR: text("to_tsvector('simple', 'rye bread')"),
        BIT: "01" * 512,
        JSONB: {"one": [which]},
        ARRAY: [80] if isinstance(getattr(column.type, "item_type", None), Integer) else ["assistant"],
        Boolean: bool(which),
        DateTime: NOON + timedelta(hours=which),
        Date: date(2026, 3, 4 + which),
        Integer: which + 1,
        Numeric: Decimal("0.5"),
        LargeBinary: name.encode(),
        String: name,
    }
    fitting = [value for kind, value in made.items() if isinstance(column.type, kind)]
    assert fitting, f"{column}: a value of {column.type!r} is wanted here"
    return fitting[0]
