"""How the sums over the ledger are made: once for a new call, for a day made anew, and for comparing.

Each Rollup says in SQL which rows of its table a row of the ledger counts in, and for how much.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from core.models import ANY, BLOCK, MEASURES, NOBODY, Clocked, Face, Grain, Kind, Span
from core.repositories.usage_measures import CLOCKED, CODE, MEASURED, bucket_of


@dataclass(frozen=True)
class Rollup:
    """Keys and sums of `table`, as expressions over the rows `c` of a source that looks like the ledger.

    The source is joined with `beside`, where a row counts several times.
    """

    table: str
    keys: Mapping[str, str]
    sums: Mapping[str, str]
    beside: str
    where: str = "true"
    spans: tuple[Span, ...] = ()
    """What it has rows of; none: it is not kept by day. What is longer than a day is the sum of its days."""
    kept: str = "{table}.{column} + EXCLUDED.{column}"
    """How what is new goes together with what is there."""

    @property
    def columns(self) -> str:
        return ", ".join([*self.keys, *self.sums])

    @property
    def longer(self) -> tuple[Span, ...]:
        """The spans whose rows its rows of days add up to."""
        return self.spans[1:]

    def select(self, source: str, *, only_days: bool = False) -> str:
        """The rows that a source comes to. In the order of their keys: two that write the same ones wait for each other
        once, and never both. `only_days`: without those of longer spans.
        """
        keys = ", ".join(f"{expression} AS {column}" for column, expression in self.keys.items())
        sums = ", ".join(f"{expression} AS {column}" for column, expression in self.sums.items())
        numbers = ", ".join(str(number) for number in range(1, len(self.keys) + 1))
        spans = _values(*((f"'{span}'",) for span in (self.spans[:1] if only_days else self.spans)))
        beside = f"CROSS JOIN (VALUES {spans}) g (span) {self.beside}" if self.spans else self.beside
        rows = f"SELECT {keys}, {sums} FROM {source} c {beside} WHERE {self.where}"
        return f"{rows} GROUP BY {numbers} ORDER BY {numbers}"

    def add(self, source: str, *, only_days: bool = False) -> str:
        """Adds what a source comes to."""
        kept = ", ".join(f"{column} = {self.kept.format(table=self.table, column=column)}" for column in self.sums)
        return (
            f"INSERT INTO {self.table} ({self.columns}) {self.select(source, only_days=only_days)}"
            f" ON CONFLICT ({', '.join(self.keys)}) DO UPDATE SET {kept}"
        )

    def summed(self, span: Span, where: str) -> str:
        """The rows of a longer span that its rows of days come to."""
        given = {"span": f"'{span}'", "start": f"date_trunc('{span}', start)::date"}
        keys = ", ".join(f"{given.get(column, column)} AS {column}" for column in self.keys)
        sums = ", ".join(f"sum({column})::bigint AS {column}" for column in self.sums)
        numbers = ", ".join(str(number) for number in range(1, len(self.keys) + 1))
        return f"SELECT {keys}, {sums} FROM {self.table} WHERE span = '{Span.DAY}' AND {where} GROUP BY {numbers}"


def _values(*rows: tuple[str, ...]) -> str:
    return ", ".join(f"({', '.join(row)})" for row in rows)


_MODEL = f"CASE WHEN f.by_model THEN c.model ELSE '{ANY}' END"
_PURPOSE = f"CASE WHEN f.by_purpose THEN c.purpose ELSE '{ANY}' END"
_BY_MONTH = (Span.DAY, Span.MONTH)
_START = "date_trunc(g.span, c.created_at AT TIME ZONE 'UTC')::date"
_BIN = "date_bin(g.width, c.created_at, timestamptz '2000-01-01 00:00+00')"
_MEASURES = {name: f"sum({MEASURED[name]})" for name in MEASURES}
_FACES = _values(
    (f"'{Face.TOTAL}'", "false", "false"),
    (f"'{Face.MODEL}'", "true", "false"),
    (f"'{Face.PURPOSE}'", "false", "true"),
    (f"'{Face.BOTH}'", "true", "true"),
)
_WIDTHS = _values(
    (f"'{Grain.DAY}'", "interval '1 day'"),
    (f"'{Grain.HOUR}'", "interval '1 hour'"),
    (f"'{Grain.QUARTER}'", "interval '15 minutes'"),
)
_CLOCKS = _values(*((f"'{name}'", CLOCKED[name]) for name in Clocked))
_PERSON = f"coalesce(c.user_id, '{NOBODY}'::uuid)"

SLOTS = Rollup(
    "usage_slots",
    {
        "company_id": "c.company_id",
        "grain": "g.grain",
        "face": "f.face",
        "start": _BIN,
        "model": _MODEL,
        "purpose": _PURPOSE,
    },
    _MEASURES,
    f"CROSS JOIN (VALUES {_WIDTHS}) g (grain, width) CROSS JOIN (VALUES {_FACES}) f (face, by_model, by_purpose)",
)
SPANS = Rollup(
    "usage_spans",
    {
        "company_id": "c.company_id",
        "kind": "f.kind",
        "span": "g.span",
        "start": _START,
        "subject": "f.subject",
        "model": _MODEL,
        "purpose": _PURPOSE,
    },
    _MEASURES,
    f"""CROSS JOIN LATERAL (VALUES ('{Kind.MODEL}', '{NOBODY}'::uuid, true, true),
        ('{Kind.PERSON}', {_PERSON}, false, false), ('{Kind.PERSON_BOTH}', {_PERSON}, true, true),
        ('{Kind.ROOM}', c.room_id, false, false), ('{Kind.ROOM_BOTH}', c.room_id, true, true)
    ) f (kind, subject, by_model, by_purpose)""",
    "f.subject IS NOT NULL",
    spans=_BY_MONTH,
)
PRESENCE = Rollup(
    "usage_presence",
    {
        "company_id": "c.company_id",
        "grain": "g.grain",
        "model": _MODEL,
        "purpose": _PURPOSE,
        "start": _BIN,
        "block": f"n.number / {BLOCK}",
    },
    {"people": f"bit_or(set_bit(repeat('0', {BLOCK})::bit({BLOCK}), n.number % {BLOCK}, 1))"},
    f"CROSS JOIN (VALUES {_WIDTHS}) g (grain, width) CROSS JOIN (VALUES {_FACES}) f (face, by_model, by_purpose)"
    " JOIN numbers n ON n.user_id = c.user_id",
    f"g.grain <> '{Grain.HOUR}'",
    kept="{table}.{column} | EXCLUDED.{column}",
)
LATENCIES = Rollup(
    "usage_latencies",
    {
        "company_id": "c.company_id",
        "clocked": "t.clocked",
        "span": "g.span",
        "model": "f.model",
        "purpose": "c.purpose",
        "start": _START,
        "bucket": bucket_of("t.milliseconds"),
    },
    {"calls": "count(*)"},
    f"CROSS JOIN LATERAL (VALUES (c.model), ('{ANY}')) f (model)"
    f" CROSS JOIN LATERAL (VALUES {_CLOCKS}) t (clocked, milliseconds)",
    "t.milliseconds IS NOT NULL",
    spans=tuple(Span),
)
ERRORS = Rollup(
    "usage_errors",
    {
        "company_id": "c.company_id",
        "span": "g.span",
        "start": _START,
        "code": CODE,
        "model": "c.model",
        "purpose": "c.purpose",
    },
    {"calls": "count(*)"},
    "",
    "c.status IN ('failed', 'interrupted')",
    spans=_BY_MONTH,
)
RATINGS = Rollup(
    "usage_ratings",
    {"company_id": "c.company_id", "span": "g.span", "start": _START, "model": "c.model"},
    {"up": "count(*) FILTER (WHERE c.score = 'up')", "down": "count(*) FILTER (WHERE c.score = 'down')"},
    "",
    spans=_BY_MONTH,
)
OF_CALLS = (SLOTS, SPANS, PRESENCE, LATENCIES, ERRORS)
ALL = (*OF_CALLS, RATINGS)

NUMBERED = """numbered AS (
    INSERT INTO usage_numbers (user_id) SELECT DISTINCT user_id FROM {source} c WHERE user_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM usage_numbers u WHERE u.user_id = c.user_id) ORDER BY user_id
        ON CONFLICT (user_id) DO UPDATE SET user_id = EXCLUDED.user_id RETURNING user_id, number
), numbers AS (
    SELECT user_id, number FROM usage_numbers WHERE user_id IN (SELECT user_id FROM {source} c)
    UNION SELECT user_id, number FROM numbered
)"""
"""Everybody in a source with their number; who has none gets one."""


def booking() -> str:
    """Adds the ledger rows in `:rows`, a JSON array, and what they come to, in one statement; those that are there
    already stay as they are and count no second time. The tokens, the cost and the ids of what was new.
    """
    return f"""
        WITH added AS (
            INSERT INTO model_calls SELECT * FROM json_populate_recordset(NULL::model_calls, CAST(:rows AS json))
            ON CONFLICT (id) DO NOTHING RETURNING *
        ), {NUMBERED.format(source="added")}, {_counted("added")}
        SELECT coalesce(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)), 0)::bigint,
            coalesce(sum(cost), 0), coalesce(array_agg(id), '{{}}') FROM added"""


def counting(where: str) -> str:
    """Adds what these rows of the ledger come to, but for the rows of spans longer than a day."""
    return f"""
        WITH day AS MATERIALIZED (SELECT * FROM model_calls WHERE {where}),
        {NUMBERED.format(source="day")}, {_counted("day", only_days=True)} SELECT count(*) FROM day"""


def _counted(source: str, *, only_days: bool = False) -> str:
    parts = [f"of_{rollup.table} AS ({rollup.add(source, only_days=only_days)})" for rollup in OF_CALLS]
    return ", ".join(parts)
