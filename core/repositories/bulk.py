"""Many rows at once, of whatever tables: for data that is made up, not for what people do."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

from core.models.base import table_of
from core.repositories.base import Repository

MINTED = ("id", "created_at")
"""What other rows get by themselves."""


class Bulk(Repository):
    def is_empty(self) -> bool:
        """Whether there is nobody here: no account of any company."""
        return not self.session.execute(text("SELECT EXISTS (SELECT FROM users)")).scalar_one()

    def unhurried(self) -> None:
        """No statement of this transaction is ended for the time it takes."""
        self.session.execute(text("SET LOCAL statement_timeout = 0"))

    def copy(self, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
        """Adds rows by the names of their columns. What a row leaves out has the model's default; a key has none here:
        it has to be given, so that the same rows are the same each time.
        """
        if not rows:
            return
        table = table_of(model)
        columns = [(column.name, _default(model, column.name), _kept(column.type)) for column in table.columns]
        names = ", ".join(f'"{name}"' for name, _, _ in columns)
        cursor: Any = self.session.connection().connection.cursor()
        with cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([keep(row.get(name, default)) for name, default, keep in columns])

    def settle(self, models: Iterable[type[SQLModel]]) -> None:
        """Has PostgreSQL count what it has now, as it would by itself in a while: until then it plans as if these
        tables were empty.
        """
        for model in models:
            self.session.execute(text(f"ANALYZE {table_of(model).name}"))


def _default(model: type[SQLModel], name: str) -> Any:
    field = model.model_fields[name]
    if name in MINTED or field.is_required():
        return None
    return field.get_default(call_default_factory=True)


def _kept(kind: Any) -> Any:
    return _as_json if isinstance(kind, JSONB) else _as_is


def _as_json(value: Any) -> Any:
    return None if value is None else Jsonb(value)


def _as_is(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
