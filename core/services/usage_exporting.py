"""Figures of usage, and the calls behind them, as files: exactly those of a view, for whoever may see it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from pandas import DataFrame

from core.analytics.periods import period_of
from core.database.engine import Database
from core.errors import Invalid
from core.models import AuditAction
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.services.access import require_still
from core.services.usage import SERIES, UsageService
from core.services.usage_query import Query
from core.services.usage_views import CallLine, Chart, Table, Wanted
from core.transfer.tables import FORMATS, Column, Kind, Row

MOST = 1_000_000
"""Rows of a file: a sheet of Excel has room for little more."""
UNKNOWN_FORMAT = "Choose CSV, XLSX or Parquet."
NO_DAYS = "Say from and to which day."
BATCH = 2_000
KINDS = {
    "created_at": Kind.TIME,
    "input_tokens": Kind.WHOLE,
    "cached_tokens": Kind.WHOLE,
    "output_tokens": Kind.WHOLE,
    "cost": Kind.MONEY,
    "duration_ms": Kind.WHOLE,
    "first_token_ms": Kind.WHOLE,
}
"""Of a call; everything else of it is text."""
CALL_COLUMNS = tuple(Column(field.name, KINDS.get(field.name, Kind.TEXT)) for field in fields(CallLine))


@dataclass(frozen=True)
class UsagePlan:
    """What a file is to hold, asked for by somebody who may see it."""

    query: Query
    wanted: Wanted
    table: Table
    format: str
    rows: int
    """How many there will be, unless calls end meanwhile."""

    @property
    def name(self) -> str:
        what = self.query.chart.value if self.table is Table.MAIN else self.table.value
        return f"usage-{what}-{self.wanted.first}-to-{self.wanted.last}.{self.format}"


class UsageExports:
    """No transaction is open while what was read is on its way to a browser, however slow that is."""

    def __init__(self, database: Database, usage: UsageService) -> None:
        self.database = database
        self.usage = usage

    def plan(self, actor: Actor, query: Query, table: Table, format_: str) -> UsagePlan:
        """Raises Invalid for a period, format or point that can't be and for more than MOST calls, NotPermitted for the
        use of others without the right to see it.
        """
        actor.require(Permission.USAGE_VIEW)
        if format_ not in FORMATS:
            raise Invalid(UNKNOWN_FORMAT)
        if query.first is None or query.last is None:
            raise Invalid(NO_DAYS)
        wanted = query.wanted(period_of(query.first, query.last, query.zone or ZoneInfo("UTC")))
        rows = (
            self._count_calls(actor, query, wanted)
            if table is Table.CALLS
            else self._count(actor, query, wanted, table)
        )
        if rows > MOST:
            raise Invalid(f"These are {rows:,} calls. A file takes up to {MOST:,}: choose fewer days, or filter them.")
        return UsagePlan(query, wanted, table, format_, rows)

    def write(self, actor: Actor, plan: UsagePlan) -> Iterator[bytes]:
        """The file, in blocks, some of them empty. For every page it is asked anew whether this person may see it."""
        actor.require(Permission.USAGE_VIEW)
        self._check(actor)  # before it is recorded
        columns, rows = self._rows(actor, plan)
        self._record(actor, plan)
        yield from FORMATS[plan.format](columns, rows, plan.wanted.zone)

    def _rows(self, actor: Actor, plan: UsagePlan) -> tuple[Sequence[Column], Iterator[Sequence[Row]]]:
        if plan.table is Table.CALLS:
            return CALL_COLUMNS, self._calls(actor, plan)
        frame = self.usage.table(actor, plan.wanted, plan.table, plan.query.chart)
        return columns_of(frame), rows_of(frame)

    def _calls(self, actor: Actor, plan: UsagePlan) -> Iterator[Sequence[Row]]:
        query, names, sent = plan.query, [column.name for column in CALL_COLUMNS], 0
        for page in self.usage.all_calls(actor, plan.wanted, query.chart, query.point):
            rows = [[_value(getattr(line, name)) for name in names] for line in page[: MOST - sent]]
            yield rows
            sent += len(rows)
            if sent >= MOST:  # more calls ended meanwhile than there is room for
                return
            self._check(actor)

    def _check(self, actor: Actor) -> None:
        """Before each page: rights may have been taken away since it was asked for."""
        with self.database.reading() as session:
            require_still(session, actor, Permission.USAGE_VIEW, Permission.USAGE_OVERSEE)

    def _count(self, actor: Actor, query: Query, wanted: Wanted, table: Table) -> int:
        return len(self.usage.table(actor, wanted, table, query.chart))

    def _count_calls(self, actor: Actor, query: Query, wanted: Wanted) -> int:
        """From the sums over time, which have each of them."""
        chart = query.chart if query.chart in SERIES else Chart.TOKENS
        frame = self.usage.table(actor, wanted, Table.MAIN, chart)
        if query.at is not None:
            if query.at not in period_of(wanted.first, wanted.last, wanted.zone).edges:
                raise Invalid("That part of the chart isn't in this period.")
            frame = frame[frame["bucket"] == query.at]
        if query.series and "series" in frame:
            frame = frame[frame["series"].isin(query.series)]
        return int(frame["calls"].sum())

    def _record(self, actor: Actor, plan: UsagePlan) -> None:
        wanted = plan.wanted
        with self.database.transaction() as session:
            Audit(session).record(
                AuditAction.USAGE_EXPORTED,
                actor=actor,
                company_id=actor.company_id,
                target_type="usage",
                target_id=None,
                after={
                    "table": plan.table.value,
                    "format": plan.format,
                    "rows": plan.rows,
                    "from": wanted.first,
                    "to": wanted.last,
                    "zone": wanted.zone.key,
                    "is_mine": wanted.is_mine or not actor.may(Permission.USAGE_OVERSEE),
                    "models": wanted.models,
                    "purposes": wanted.purposes,
                    "people": wanted.user_ids,
                    "rooms": wanted.room_ids,
                }
                | _of_chart(plan),
            )


def _of_chart(plan: UsagePlan) -> dict[str, Any]:
    """Which chart it is, or of which point of one the calls are; nothing for what is of no chart."""
    query = plan.query
    if plan.table is Table.MAIN:
        return {"chart": query.chart.value}
    if plan.table is Table.CALLS and query.point:
        return {"chart": query.chart.value, "at": query.at and query.at.isoformat(), "of": query.series}
    return {}


def columns_of(frame: DataFrame) -> tuple[Column, ...]:
    return tuple(Column(str(name), _kind(frame[name])) for name in frame.columns)


def rows_of(frame: DataFrame) -> Iterator[Sequence[Row]]:
    """NaN becomes None."""
    columns = [[None if pd.isna(value) else _value(value) for value in frame[name].tolist()] for name in frame.columns]
    rows = list(zip(*columns, strict=True))
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _kind(column: "pd.Series[Any]") -> Kind:
    if pd.api.types.is_datetime64_any_dtype(column):
        return Kind.TIME
    if pd.api.types.is_integer_dtype(column):
        return Kind.WHOLE
    return Kind.NUMBER if pd.api.types.is_float_dtype(column) else Kind.TEXT


def _value(value: Any) -> Any:
    """Keys as text; enums are it already."""
    return value if value is None or isinstance(value, int | float | Decimal | str | pd.Timestamp) else _other(value)


def _other(value: Any) -> Any:
    return value if hasattr(value, "astimezone") else str(value)
