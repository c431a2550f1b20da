"""Where a slice is read from, in SQL: the sums that are kept, or, for some people or rooms, the ledger by its indexes,
unless sums are kept of each of them.

Each source is a subquery with the same columns whichever it reads, so that what is asked of it is written once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from core.analytics.parts import DAY, Days, Part, Rest, nearest_day, parts_of
from core.analytics.periods import Bucket
from core.analytics.slices import Slice
from core.models import ANY, MEASURES, NOBODY, Face, Grain, Kind
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
    times = f"start >= {given.add(period.start)} AND start < {given.add(period.end)}"
    grain = grain_of((*period.edges, period.end))
    return f"""(SELECT * FROM usage_slots WHERE company_id = :company AND grain = '{grain}'
        AND face = '{_face(slice_, by)}' AND {times} AND {called(slice_, given)}) s"""


def placed(slice_: Slice, given: Given, by: str | None) -> str:
    """Columns place (the number of the bucket), series (`by`) and the measures, over a slice's period."""
    period, series = slice_.period, by or f"'{ANY}'"
    if slice_.is_personal or period.bucket is Bucket.HOUR:
        place = f"width_bucket(start, CAST({given.add(list(period.edges))} AS timestamptz[])) - 1"
        return f"(SELECT {place} AS place, {series} AS series, {_NAMES} FROM {slots(slice_, given, by)}) s"
    pieces = _signed_pieces((*period.edges, period.end))
    places, signs, grains, starts, ends = (given.add(list(column)) for column in zip(*pieces, strict=True))
    signed = ", ".join(f"m.sign * {name} AS {name}" for name in MEASURES)
    return f"""(SELECT m.place, {series} AS series, {signed}
        FROM unnest(CAST({places} AS int[]), CAST({signs} AS int[]), CAST({grains} AS text[]),
            CAST({starts} AS timestamptz[]), CAST({ends} AS timestamptz[])) m (place, sign, grain, since, until)
        CROSS JOIN LATERAL (SELECT * FROM usage_slots WHERE company_id = :company AND grain = m.grain
            AND face = '{_face(slice_, by)}' AND start >= m.since AND start < m.until AND {called(slice_, given)}
            OFFSET 0) h) s"""


def _signed_pieces(bounds: Sequence[datetime]) -> list[tuple[int, int, Grain, datetime, datetime]]:
    """Of buckets put together from the days of UTC that begin next to their bounds: what to add to which, or with the
    sign turned to take away, because the days are too many or too few.
    """
    midnights = [datetime.combine(nearest_day(bound), time(), UTC) for bound in bounds]
    beside, pieces = grain_of(bounds), []
    for place, (start, end) in enumerate(pairwise(midnights)):
        pieces.append((place, 1, Grain.DAY, start, end))
    for place, (bound, midnight) in enumerate(zip(bounds, midnights, strict=True)):
        since, until = sorted((bound, midnight))
        sign = 1 if bound < midnight else -1
        for whose, of in ((place, sign), (place - 1, -sign)):
            if since < until and 0 <= whose < len(bounds) - 1:
                pieces.append((whose, of, beside, since, until))
    return pieces


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
    whose = list(slice_.only(kind))

    def kept(days: Days) -> str:
        told_apart = BOTH[kind] if slice_.models or slice_.purposes else kind
        wanted = f"{on_each(days, given)} AND subject = ANY({given.add(whose)})" if whose else of_days(days, given)
        return f"""SELECT {by}, {_signed(days.sign)} FROM usage_spans WHERE company_id = :company
            AND kind = '{told_apart}' AND {wanted} AND {called(slice_, given)}"""

    def single(rest: Rest) -> str:
        where = f"{ledger(slice_, given, rest.start, rest.end)} AND {SUBJECTS[kind]} IS NOT NULL"
        calls = f"(SELECT {SUBJECTS[kind]} AS subject, model, {_MEASURED} FROM model_calls WHERE {where}) c"
        return f"SELECT {by}, {_signed(rest.sign)} FROM {calls}"

    return united(slice_, kept, single, of=kind)


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


def united(slice_: Slice, kept: Callable[[Days], str], single: Callable[[Rest], str], *, of: Kind | None = None) -> str:
    """The rows of all parts of a slice's period: each part is read from the sums by `kept` or from the ledger by
    `single`, which see to its sign. `of`: whose sums are told apart; None: nobody's.
    """
    period = slice_.period
    parts: Sequence[Part] = parts_of(period.start, period.end)
    if slice_.is_personal and not (of and slice_.only(of)):
        parts = (Rest(1, period.start, period.end),)
    selects = [kept(part) if isinstance(part, Days) else single(part) for part in parts]
    return f"({' UNION ALL '.join(selects)}) s"


def of_days(days: Days, given: Given) -> str:
    """The condition for the rows of sums that are kept by span."""
    return f"span = '{days.span}' AND start >= {given.add(days.first)} AND start < {given.add(days.end)}"


def on_each(days: Days, given: Given) -> str:
    """The same, each by itself: for what an index has behind the day."""
    return f"span = '{days.span}' AND start = ANY({given.add(list(days.starts))})"


def _signed(sign: int) -> str:
    return _NAMES if sign > 0 else ", ".join(f"-{name} AS {name}" for name in MEASURES)


def _any_of(wanted: dict[str, Any], given: Given) -> str:
    found = [f"{column} = ANY({given.add(list(values))})" for column, values in wanted.items() if values]
    return " AND ".join(found) or "true"


def _face(slice_: Slice, by: str | None) -> Face:
    """The coarsest whose rows tell apart what is asked for."""
    by_model, by_purpose = by == "model" or bool(slice_.models), by == "purpose" or bool(slice_.purposes)
    if by_model and by_purpose:
        return Face.BOTH
    if by_model:
        return Face.MODEL
    return Face.PURPOSE if by_purpose else Face.TOTAL
