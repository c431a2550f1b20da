"""What every table shares. Import this before declaring a table: it sets the naming convention."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    Numeric,
    String,
    Table,
    TypeDecorator,
    bindparam,
    text,
)
from sqlmodel import Field, SQLModel

from core import clock
from core.ids import new_id

SQLModel.metadata.naming_convention = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
}


class Record(SQLModel):
    """A row with a time-ordered key and the moment it was made."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime = Field(
        default_factory=clock.now,
        sa_type=DateTime(timezone=True),
        nullable=False,
    )


class EnumText(TypeDecorator[StrEnum]):
    """A StrEnum kept as text; pair it with `one_of`. Rows come back with members, not strings."""

    impl = String
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.enum(value)


def one_of(column: str, enum: type[StrEnum]) -> CheckConstraint:
    """The database checks the values too; a new one is a migration of this constraint."""
    values = ", ".join(f"'{member.value}'" for member in enum)
    return CheckConstraint(f"{column} IN ({values})", name=column)


def enum_field(enum: type[StrEnum], default: Any = ..., **options: Any) -> Any:
    """A column that holds a member of `enum`; required unless a default is given."""
    return Field(default, sa_type=EnumText(enum), **options)


def time_field(default: Any = ..., **options: Any) -> Any:
    """A moment in UTC; required unless a default or its factory is given."""
    given = {} if "default_factory" in options else {"default": default}
    return Field(**given, **options, sa_type=DateTime(timezone=True))


def enum_setting(enum: type[StrEnum], default: StrEnum) -> Any:
    """A member of `enum` that rows of a process which does not know the column yet begin with as well."""
    return Field(default, sa_type=EnumText(enum), sa_column_kwargs={"server_default": text(f"'{default.value}'")})


def counter_field(kind: Any = Integer, nought: Any = 0) -> Any:
    """A number that begins at 0, also in rows of a process that does not know the column yet."""
    return Field(default=nought, sa_type=kind, sa_column_kwargs={"server_default": text("0")})


def amount_field(precision: int, scale: int) -> Any:
    """An exact number that may be unknown: NULL, not 0."""
    return Field(default=None, sa_type=Numeric(precision, scale))


def literal_of(column: ColumnElement[Any], value: StrEnum) -> Any:
    """The value as part of the SQL instead of a parameter: only then can the planner match it with a partial index."""
    return bindparam(None, value, type_=column.type, literal_execute=True)


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model, for statements over columns instead of objects."""
    return model.__table__  # type: ignore[attr-defined, no-any-return]
