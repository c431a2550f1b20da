"""The ledger as a file for DuckDB."""

from pathlib import Path
from uuid import uuid4

import duckdb
from duckdb import DuckDBPyConnection

from tests.bench.stand import plain
from tests.bench.usage.ledger import Ledger

CALLS = {
    "created_at": "TIMESTAMP", "user_id": "UUID", "room_id": "UUID", "purpose": "VARCHAR", "model": "VARCHAR",
    "input_tokens": "INTEGER", "output_tokens": "INTEGER", "cost": "DOUBLE", "first_token_ms": "INTEGER",
    "duration_ms": "INTEGER", "status": "VARCHAR", "error_code": "VARCHAR",
}  # fmt: skip
RATINGS = {"created_at": "TIMESTAMP", "user_id": "UUID", "room_id": "UUID", "model": "VARCHAR", "score": "VARCHAR"}
"""Columns that the page's figures come from, and nothing else."""


def written(ledger: Ledger, folder: Path) -> tuple[str, str]:
    """The calls and the ratings, in order of time, each as what can stand behind FROM. Made once."""
    return tuple(
        _written(ledger, folder / f"{table}_{ledger.size}.parquet", table, columns)
        for table, columns in (("model_calls", CALLS), ("ratings", RATINGS))
    )  # type: ignore[return-value]


def _written(ledger: Ledger, path: Path, table: str, columns: dict[str, str]) -> str:
    if not path.exists():
        csv, fresh = (path.with_name(f"{path.name}.{uuid4().hex}.{kind}") for kind in ("csv", "fresh"))
        names = ", ".join("created_at AT TIME ZONE 'UTC'" if name == "created_at" else name for name in columns)
        rows = (
            f"SELECT {names} FROM {table} WHERE company_id = '{ledger.analyst.company_id}' ORDER BY {table}.created_at"
        )
        with plain(ledger.database.engine.url) as connection, csv.open("wb") as file:
            connection.execute("SET statement_timeout = 0")
            with connection.cursor().copy(f"COPY ({rows}) TO STDOUT (FORMAT csv)") as copy:
                for chunk in copy:
                    file.write(chunk)
        with duckdb.connect() as duck:
            source = f"read_csv('{csv}', header = false, columns = {columns!r})"
            duck.execute(f"COPY (SELECT * FROM {source}) TO '{fresh}' (FORMAT parquet)")
        csv.unlink()
        fresh.rename(path)
    return f"'{path}'"


def opened() -> DuckDBPyConnection:
    """With as many threads as it takes by itself."""
    return duckdb.connect()
