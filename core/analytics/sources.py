"""Where a slice is read from, in SQL: the sums that are kept, or, for some people or rooms, the ledger by its indexes.

Each source is a subquery with the same columns whichever it reads, so that what is asked of it is written once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from core.analytics.parts import DAY, Days, Part, Rest, nearest_day, parts_of
from core.analytics.periods import Bucket
from core.analytics.slices import Slice
from core.models import ANY, MEASURES, NOBODY, Face, Grain, Kind, Span
from core.repositories.usage_measures import CODE, MEASURED

SUMS = ", ".join(f"sum({name})::bigint AS {name}" for name in MEASURES)
_NAMES = ", ".join(MEASURES)
_MEASURED = ", ".join(f"{MEASURED[name]} AS {name}" for name in MEASURES)
SUBJECTS = {
    Kind.MODEL: f"'{NOBODY}'::uuid",
    Kind.PERSON: f"coalesce(user_id, '{NOBODY}'::uuid)",
    Kind.ROOM: "room_id",
}
"""Whose a call is, over the columns of the ledger."""
MOMENT = timedelta(microseconds=1)
BOTH = {Kind.PERSON: Kind.PERSON_BOTH, Kind.ROOM: Kind.ROOM_BOTH, Kind.MODEL: Kind.MODEL}


class Given:
    """The parameters of a statement while it is put together."""

    def __init__(self, slice_: Slice) -> None:
        self.values: dict[str, Any] = {"company": slice_.company_id}

    def add(self, value: Any) -> str:
        """Its place in the statement."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}"


def called(slice_: Slice, given: Given) -> str:
    """The condition on models and purposes, for any table that has both."""
    return _any_of({"model": slice_.models, "purpose": slice_.purposes}, given)


def ledger(slice_: Slice, given: Given, start: datetime, end: datetime) -> str:
    """The condition for the calls of a slice between two moments."""
    whose = _any_of({"user_id": slice_.user_ids, "room_id": slice_.room_ids}, given)
    times = f"created_at >= {given.add(start)} AND created_at < {given.add(end)}"
    return f"company_id = :company AND {times} AND {whose} AND {called(slice_, given)}"


def slots(slice_: Slice, given: Given, by: str | None) -> str:
    """Columns start, model, purpose and the measures, over a slice's period. `by`: what is to be told apart, "model" or
    "purpose".
    """
    period = slice_.period
    if slice_.is_personal:
        where = ledger(slice_, given, period.start, period.end)
        return f"(SELECT created_at AS start, model, purpose, {_MEASURED} FROM model_calls WHERE {where}) s"
    face = _face(by_model=by == "model" or bool(slice_.models), by_purpose=by == "purpose" or bool(slice_.purposes))
    times = f"start >= {given.add(period.start)} AND start < {given.add(period.end)}"
    where = f"company_id = :company AND grain = '{grain_of(period.edges)}' AND face = '{face}' AND {times}"
    return f"(SELECT * FROM usage_slots WHERE {where} AND {called(slice_, given)}) s"


def placed(slice_: Slice, given: Given, by: str | None) -> str:
    """Columns place (the number of the bucket), series (`by`) and the measures, over a slice's period."""
    period, series = slice_.period, by or f"'{ANY}'"
    edges = given.add(list(period.edges))
    if slice_.is_personal or period.bucket is Bucket.HOUR:
        place = f"width_bucket(start, CAST({edges} AS timestamptz[])) - 1"
        return f"(SELECT {place} AS place, {series} AS series, {_NAMES} FROM {slots(slice_, given, by)}) s"
    bounds = (*period.edges, period.end)
    days = given.add([nearest_day(edge) for edge in bounds])
    place = f"width_bucket(start, CAST({days} AS date[])) - 1"
    where = of_days(Days(1, Span.DAY, nearest_day(bounds[0]), nearest_day(bounds[-1])), given)
    whole = f"""SELECT {place} AS place, {series} AS series, {_NAMES} FROM usage_spans
        WHERE company_id = :company AND kind = '{Kind.MODEL}' AND {where} AND {called(slice_, given)}"""
    moved = _moved(bounds)
    if not moved:
        return f"({whole}) s"
    face = _face(by_model=by == "model" or bool(slice_.models), by_purpose=by == "purpose" or bool(slice_.purposes))
    starts, ends, adds, loses = (given.add(list(column)) for column in zip(*moved, strict=True))
    signed = ", ".join(f"v.sign * {name} AS {name}" for name in MEASURES)
    hours = f"""SELECT v.place, {series} AS series, {signed}
        FROM unnest(CAST({starts} AS timestamptz[]), CAST({ends} AS timestamptz[]), CAST({adds} AS int[]),
            CAST({loses} AS int[])) m (since, until, adds, loses)
        CROSS JOIN LATERAL (SELECT * FROM usage_slots WHERE company_id = :company AND grain = '{grain_of(bounds)}'
            AND face = '{face}' AND start >= m.since AND start < m.until AND {called(slice_, given)} OFFSET 0) h
        CROSS JOIN LATERAL (VALUES (m.adds, 1), (m.loses, -1)) v (place, sign)
        WHERE v.place >= 0 AND v.place < {len(period.edges)}"""
    return f"({whole} UNION ALL {hours}) s"


def _moved(bounds: Sequence[datetime]) -> list[tuple[datetime, datetime, int, int]]:
    """Of buckets put together from the days of UTC that begin next to their bounds: from when to when which bucket has
    too little, and which too much.
    """
    moved = []
    for place, bound in enumerate(bounds):
        midnight = datetime.combine(nearest_day(bound), time(), UTC)
        if bound < midnight:
            moved.append((bound, midnight, place, place - 1))
        elif bound > midnight:
            moved.append((midnight, bound, place - 1, place))
    return moved


def grain_of(edges: Iterable[datetime]) -> Grain:
    """The coarsest whose rows lie between these edges and not across."""
    return Grain.QUARTER if any(edge.minute for edge in edges) else Grain.HOUR


def presence(slice_: Slice, given: Given) -> str:
    """Columns place (the number of the bucket), block and people (bits). Not for a slice of some people."""
    models, purposes = (list(wanted) or [ANY] for wanted in (slice_.models, slice_.purposes))
    pieces = [
        (place, *piece)
        for place, (start, end) in enumerate(pairwise((*slice_.period.edges, slice_.period.end)))
        for piece in _pieces(start, end)
    ]
    places, grains, starts, ends = (given.add(list(column)) for column in zip(*pieces, strict=True))
    return f"""(SELECT m.place, h.block, h.people
        FROM unnest(CAST({places} AS int[]), CAST({grains} AS text[]), CAST({starts} AS timestamptz[]),
            CAST({ends} AS timestamptz[])) m (place, grain, since, until)
        CROSS JOIN LATERAL (SELECT block, people FROM usage_presence WHERE company_id = :company AND grain = m.grain
            AND model = ANY({given.add(models)}) AND purpose = ANY({given.add(purposes)})
            AND start >= m.since AND start < m.until OFFSET 0) h) s"""


def _pieces(start: datetime, end: datetime) -> Iterator[tuple[Grain, datetime, datetime]]:
    """The whole days of UTC between two moments, and the quarters of an hour beside them."""
    first = datetime.combine((start + DAY - MOMENT).date(), time(), UTC)
    last = datetime.combine(end.date(), time(), UTC)
    if first >= last:
        yield Grain.QUARTER, start, end
        return
    yield Grain.DAY, first, last
    if start < first:
        yield Grain.QUARTER, start, first
    if last < end:
        yield Grain.QUARTER, last, end


def spans(slice_: Slice, given: Given, kind: Kind, by: str) -> str:
    """Columns `by` (subject or model) and the measures: rows of the parts of the period, some to be taken away."""

    def kept(days: Days) -> str:
        told_apart = BOTH[kind] if slice_.models or slice_.purposes else kind
        return f"""SELECT {by}, {_signed(days.sign)} FROM usage_spans WHERE company_id = :company
            AND kind = '{told_apart}' AND {of_days(days, given)} AND {called(slice_, given)}"""

    def single(rest: Rest) -> str:
        whose = f"{SUBJECTS[kind]} AS subject"
        where = f"{ledger(slice_, given, rest.start, rest.end)} AND {SUBJECTS[kind]} IS NOT NULL"
        calls = f"(SELECT {whose}, model, {_MEASURED} FROM model_calls WHERE {where}) c"
        return f"SELECT {by}, {_signed(rest.sign)} FROM {calls}"

    return united(slice_, kept, single)


def errors(slice_: Slice, given: Given) -> str:
    """Columns code and calls."""

    def kept(days: Days) -> str:
        return f"""SELECT code, {days.sign} * calls AS calls FROM usage_errors WHERE company_id = :company
            AND {of_days(days, given)} AND {called(slice_, given)}"""

    def single(rest: Rest) -> str:
        where = f"{ledger(slice_, given, rest.start, rest.end)} AND status IN ('failed', 'interrupted')"
        return f"SELECT {CODE} AS code, {rest.sign} AS calls FROM model_calls WHERE {where}"

    return united(slice_, kept, single)


def ratings(slice_: Slice, given: Given) -> str:
    """Columns model, up and down. Purposes make no difference: it is answers that are rated."""
    models = _any_of({"model": slice_.models}, given)

    def kept(days: Days) -> str:
        return f"""SELECT model, {days.sign} * up AS up, {days.sign} * down AS down FROM usage_ratings
            WHERE company_id = :company AND {of_days(days, given)} AND {models}"""

    def single(rest: Rest) -> str:
        whose = _any_of({"user_id": slice_.user_ids, "room_id": slice_.room_ids}, given)
        times = f"created_at >= {given.add(rest.start)} AND created_at < {given.add(rest.end)}"
        return f"""SELECT model, {rest.sign} * (score = 'up')::int AS up, {rest.sign} * (score = 'down')::int AS down
            FROM ratings WHERE company_id = :company AND {times} AND {whose} AND {models}"""

    return united(slice_, kept, single)


def united(slice_: Slice, kept: Callable[[Days], str], single: Callable[[Rest], str]) -> str:
    """The rows of all parts of a slice's period: each part is read from the sums by `kept` or from the ledger by
    `single`, which see to its sign.
    """
    period = slice_.period
    parts: Sequence[Part] = parts_of(period.start, period.end)
    if slice_.is_personal:
        parts = (Rest(1, period.start, period.end),)
    selects = [kept(part) if isinstance(part, Days) else single(part) for part in parts]
    return f"({' UNION ALL '.join(selects)}) s"


def of_days(days: Days, given: Given) -> str:
    """The condition for the rows of sums that are kept by span."""
    return f"span = '{days.span}' AND start >= {given.add(days.first)} AND start < {given.add(days.end)}"


def _signed(sign: int) -> str:
    return _NAMES if sign > 0 else ", ".join(f"-{name} AS {name}" for name in MEASURES)


def _any_of(wanted: dict[str, Any], given: Given) -> str:
    found = [f"{column} = ANY({given.add(list(values))})" for column, values in wanted.items() if values]
    return " AND ".join(found) or "true"


def _face(*, by_model: bool, by_purpose: bool) -> Face:
    if by_model and by_purpose:
        return Face.BOTH
    if by_model:
        return Face.MODEL
    return Face.PURPOSE if by_purpose else Face.TOTAL
