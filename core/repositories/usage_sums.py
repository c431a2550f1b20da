"""The sums over the ledger as a whole: made anew, day by day, and compared with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core import clock
from core.locks import Lock
from core.models import ANY, CallPurpose, Clocked, Face, Grain, Kind, Span
from core.repositories.base import Repository
from core.repositories.usage_rollups import ALL, LATENCIES, PRESENCE, RATINGS, SLOTS, Rollup, counting

DAY = timedelta(days=1)
SETTLED = timedelta(days=2)
"""Days further back than that get no new calls."""
MOST_LISTED = 20
NOT_NUMBERED = 2**31 - 1
"""Stands for the number of people who should have one."""

_WITHIN = "company_id = :company AND created_at >= :start AND created_at < :end"


def _lists(**values: Any) -> str:
    return " AND ".join(f"{column} = ANY('{{{','.join(names)}}}')" for column, names in values.items())


_PURPOSES = ",".join(CallPurpose)
# The rows of a day, so that each table's key finds them.
_OF_DAY = {
    "usage_slots": f"{_lists(grain=Grain, face=Face)} AND start >= :start AND start < :end",
    "usage_spans": f"{_lists(kind=Kind)} AND span = '{Span.DAY}' AND start = :day",
    "usage_presence": f"{_lists(grain=Grain)} AND model = ANY(:models) AND purpose = ANY('{{\"\",{_PURPOSES}}}')"
    " AND start >= :start AND start < :end",
    "usage_latencies": f"{_lists(clocked=Clocked)} AND span = '{Span.DAY}' AND model = ANY(:models)"
    f" AND purpose = ANY('{{{_PURPOSES}}}') AND start = :day",
    "usage_errors": f"span = '{Span.DAY}' AND start = :day",
    "usage_ratings": f"span = '{Span.DAY}' AND start = :day",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of the sums that is not what the ledger comes to. None where one of the two has no such row."""

    table: str
    keys: dict[str, str]
    ledger: dict[str, Any] | None
    kept: dict[str, Any] | None


class UsageSums(Repository):
    def lock(self) -> None:
        """Until this transaction ends nobody else makes them anew."""
        self.session.execute(text(f"SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({Lock.REBUILDING})"))

    def list_companies(self) -> list[UUID]:
        return list(self.session.execute(text("SELECT id FROM companies ORDER BY id")).scalars())

    def first_day(self) -> date | None:
        """The first day of UTC with a call or a rating; None when there never was one."""
        statement = """SELECT least(
            (SELECT min(k.first) FROM companies c CROSS JOIN LATERAL (
                SELECT min(created_at) AS first FROM model_calls WHERE company_id = c.id) k),
            (SELECT min(created_at) FROM ratings))"""
        first: datetime | None = self.session.execute(text(statement)).scalar_one()
        return first.astimezone(UTC).date() if first else None

    def last_day(self) -> date:
        """Today, or the last day of a call that is dated later."""
        statement = """SELECT max(k.last) FROM companies c CROSS JOIN LATERAL (
            SELECT max(created_at) AS last FROM model_calls WHERE company_id = c.id) k"""
        last: datetime | None = self.session.execute(text(statement)).scalar_one()
        return max(last or clock.now(), clock.now()).astimezone(UTC).date()

    def begin(self) -> None:
        """From the first day on, whether or not a rebuild is under way. Rows that no day will come to are taken out."""
        first = self.first_day()
        self.session.execute(text("DELETE FROM usage_rebuilds"))
        given = {"now": clock.now(), "first": first}
        self.session.execute(text("INSERT INTO usage_rebuilds (began_at, next_day) VALUES (:now, :first)"), given)
        last = self.last_day()
        for rollup in ALL:
            # A week or a month begins before the first day in it.
            begins = "date_trunc(span, CAST(:first AS date))" if rollup.spans else ":first"
            outside = f"start < {begins} OR start > :last"
            given = {"first": first, "last": last if rollup.spans else last + DAY}
            self.session.execute(text(f"DELETE FROM {rollup.table} WHERE {outside if first else 'true'}"), given)

    def next_day(self) -> date | None:
        """Where an unfinished rebuild goes on; None when there is none."""
        found = self.session.execute(text("SELECT next_day FROM usage_rebuilds")).one_or_none()
        if found is None:
            return None
        day: date | None = found[0] or self.first_day() or self.last_day()
        return day

    def make_day(self, day: date) -> int:
        """Makes the rows of one day of UTC anew, under the lock, and of its week and month if they end with it. How
        many calls it had.
        """
        self._wait_for_bookings(day)
        calls = 0
        for company_id in self.list_companies():
            given = _given(company_id, day)
            given["models"] = self._models(given)
            for rollup in ALL:
                where = f"company_id = :company AND {_OF_DAY[rollup.table]}"
                self.session.execute(text(f"DELETE FROM {rollup.table} WHERE {where}"), given)
            calls += self.session.execute(text(counting(_WITHIN)), given).scalar_one()
            rated = f"(SELECT * FROM ratings WHERE {_WITHIN})"
            self.session.execute(text(RATINGS.add(rated, only_days=True)), given)
        is_over = day >= self.last_day()
        for span in (Span.WEEK, Span.MONTH):
            start = _starts(span, day)
            if is_over or _starts(span, day + DAY) != start:
                self._sum_days(span, start)
        if is_over:
            self._drop_unknown_models()
        done = "DELETE FROM usage_rebuilds" if is_over else "UPDATE usage_rebuilds SET next_day = :next"
        self.session.execute(text(done), {} if is_over else {"next": day + DAY})
        return calls

    def _drop_unknown_models(self) -> None:
        """Rows that no day was looked through for, because no call ever was of their model."""
        known = f"""SELECT DISTINCT model FROM usage_spans
            WHERE company_id = :company AND kind = '{Kind.MODEL}' AND span = '{Span.MONTH}'"""
        for company_id in self.list_companies():
            given: dict[str, Any] = {"company": company_id}
            given["known"] = [ANY, *self.session.execute(text(known), given).scalars()]
            for rollup in (PRESENCE, LATENCIES):
                strays = f"DELETE FROM {rollup.table} WHERE company_id = :company AND model <> ALL(:known)"
                self.session.execute(text(strays), given)

    def _sum_days(self, span: Span, start: date) -> None:
        """Makes the rows of one week or month out of those of its days."""
        given: dict[str, Any] = {"start": start, "following": _following(span, start)}
        for given["company"] in self.list_companies():
            for rollup in ALL:
                if span not in rollup.longer:
                    continue
                stale = f"company_id = :company AND span = '{span}' AND start = :start"
                self.session.execute(text(f"DELETE FROM {rollup.table} WHERE {stale}"), given)
                days = rollup.summed(span, "company_id = :company AND start >= :start AND start < :following")
                self.session.execute(text(f"INSERT INTO {rollup.table} ({rollup.columns}) {days}"), given)

    def _wait_for_bookings(self, day: date) -> None:
        """What changes the sums of that day is either in the ledger by now or waits until this is over."""
        tables = ["ratings"]  # a rating may change, however old it is
        if day >= (clock.now() - SETTLED).date():
            tables.insert(0, "model_calls")
        self.session.execute(text(f"LOCK TABLE {', '.join(tables)} IN SHARE MODE"))

    def _models(self, given: dict[str, Any]) -> list[str]:
        statement = f"""SELECT model FROM usage_spans WHERE company_id = :company AND kind = '{Kind.MODEL}'
            AND span = '{Span.MONTH}' UNION SELECT model FROM model_calls WHERE {_WITHIN}"""
        return [ANY, *self.session.execute(text(statement), given).scalars()]

    def list_differences(self, month: date) -> Iterator[Difference]:
        """What the sums of one month of UTC, and of the weeks that begin in it, have that the ledger does not come to,
        or the other way round; at most MOST_LISTED of each table and company. Each table is looked at as of one moment.
        """
        self.session.execute(text("SET LOCAL statement_timeout = 0"))
        for company_id in self.list_companies():
            following = _following(Span.MONTH, month)
            given: dict[str, Any] = {"company": company_id, "month": month, "following": following}
            given |= {"start": _midnight(month), "end": _midnight(following)}
            for rollup in ALL:
                ledger = "ratings" if rollup is RATINGS else "model_calls"
                expected = rollup.select(f"(SELECT * FROM {ledger} WHERE {_WITHIN})", only_days=True)
                yield from self._compare(rollup, expected, _kept(rollup), given)
                for span in rollup.longer:
                    begins = f"date_trunc('{span}', start)"
                    within = f"{begins} >= CAST(:month AS date) AND {begins} < CAST(:following AS date)"
                    of_days = rollup.summed(span, f"company_id = :company AND start < :following + 7 AND {within}")
                    kept = f"span = '{span}' AND start >= :month AND start < :following"
                    yield from self._compare(rollup, of_days, kept, given)

    def _compare(self, rollup: Rollup, expected: str, where: str, given: dict[str, Any]) -> Iterator[Difference]:
        keys = ", ".join(rollup.keys)
        sums = {side: ", ".join(f"{side}.{column}" for column in rollup.sums) for side in ("ledger", "kept")}
        statement = f"""WITH numbers AS (
                SELECT user_id, number FROM usage_numbers
                UNION ALL SELECT user_id, {NOT_NUMBERED} FROM model_calls m WHERE {_WITHIN} AND user_id IS NOT NULL
                    AND NOT EXISTS (SELECT FROM usage_numbers n WHERE n.user_id = m.user_id) AND {rollup is PRESENCE}
            ), ledger AS (SELECT *, 1 AS there FROM ({expected}) e),
            kept AS (SELECT {rollup.columns}, 1 AS there FROM {rollup.table} WHERE company_id = :company AND {where})
            SELECT {", ".join(f"{key}::text" for key in rollup.keys)}, ledger.there, kept.there,
                {sums["ledger"]}, {sums["kept"]}
            FROM ledger FULL JOIN kept USING ({keys})
            WHERE ({sums["ledger"]}) IS DISTINCT FROM ({sums["kept"]}) OR ledger.there IS DISTINCT FROM kept.there
            LIMIT {MOST_LISTED}"""
        for row in self.session.execute(text(statement), given):
            values = list(row)
            named = dict(zip(rollup.keys, values, strict=False))
            in_ledger, is_kept, *found = values[len(rollup.keys) :]
            size = len(rollup.sums)
            yield Difference(
                rollup.table,
                named,
                dict(zip(rollup.sums, found[:size], strict=True)) if in_ledger else None,
                dict(zip(rollup.sums, found[size:], strict=True)) if is_kept else None,
            )


def _kept(rollup: Rollup) -> str:
    if rollup in (SLOTS, PRESENCE):
        return "start >= :start AND start < :end"
    return f"span = '{Span.DAY}' AND start >= :month AND start < :following"


def _given(company_id: UUID, day: date) -> dict[str, Any]:
    return {"company": company_id, "day": day, "start": _midnight(day), "end": _midnight(day + DAY)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _starts(span: Span, day: date) -> date:
    """The first day of the week, or the month, that a day is in."""
    return day - DAY * day.weekday() if span is Span.WEEK else day.replace(day=1)


def _following(span: Span, start: date) -> date:
    return _starts(span, start + DAY * (7 if span is Span.WEEK else 31))
