"""Where the times of a slice's calls are read from, in SQL: how many took how long, by buckets of milliseconds."""

from collections.abc import Sequence
from datetime import datetime

from core.analytics.parts import DAY, Days, Rest
from core.analytics.periods import Bucket, Period
from core.analytics.slices import Slice
from core.analytics.sources import Given, ledger, of_days, united
from core.models import ANY, Clocked, Span
from core.repositories.usage_measures import CLOCKED, bucket_of

LONGER = {Bucket.WEEK: Span.WEEK, Bucket.MONTH: Span.MONTH}
"""The sums that a bucket is a row of, unless the period cuts it."""
BUCKETS = 2**15
"""More than there are of milliseconds."""
CODES = BUCKETS * len(Clocked)


def latencies(slice_: Slice, given: Given, models: Sequence[str]) -> str:
    """Columns code (see `coded`, by the place of the model) and calls, of these models; of answers unless the slice
    says otherwise.
    """
    names = given.add(list(models))

    def kept(days: Days) -> str:
        return f"""SELECT model, clocked, bucket, {days.sign} * calls AS calls FROM usage_latencies
            WHERE {_clocked(slice_, given, f"ANY({names})")} AND {of_days(days, given)}"""

    def single(rest: Rest) -> str:
        return f"""SELECT model, clocked, bucket, {rest.sign} AS calls
            FROM {timed(slice_, given, rest.start, rest.end)} WHERE model = ANY({names})"""

    code = coded(f"array_position(CAST({names} AS text[]), model) - 1")
    # Whole numbers up to 2^53 are exact, and added up faster. What is put together first is coded only once.
    return f"""(SELECT {code} AS code, calls FROM (SELECT model, clocked, bucket, sum(calls::float8)::bigint AS calls
        FROM {united(slice_, kept, single)} GROUP BY 1, 2, 3) g) s"""


def times(slice_: Slice, given: Given, period: Period) -> str:
    """Columns code (see `coded`, by the days since the first) and calls, of days and, where a chart has those, whole
    weeks and months of a period in UTC.
    """
    parts = [(Span.DAY, period.first, period.last + DAY)]
    if period.bucket in LONGER:
        whole = [edge.date() for edge in period.edges[1:]]
        parts = [
            (Span.DAY, period.first, whole[0]),
            (LONGER[period.bucket], whole[0], whole[-1]),
            (Span.DAY, whole[-1], period.last + DAY),
        ]
    wanted = _clocked(slice_, given, f"ANY({given.add(list(slice_.models) or [ANY])})")
    code = coded(f"start - CAST({given.add(period.first)} AS date)")
    selects = [
        f"SELECT {code} AS code, calls FROM usage_latencies WHERE {wanted} AND {of_days(Days(1, *part), given)}"
        for part in parts
    ]
    return f"({' UNION ALL '.join(selects)}) s"


def coded(group: str) -> str:
    """The number of a group, from 0, what was clocked, and the bucket of milliseconds, as one number: by that rows are
    told apart faster than by the three. See CODES and BUCKETS for the way back.
    """
    return f"(({group}) * {CODES} + (clocked = '{list(Clocked)[1]}')::int * {BUCKETS} + bucket)"


def _clocked(slice_: Slice, given: Given, model: str) -> str:
    purposes = given.add(list(timed_purposes(slice_)))
    clocks = given.add(list(Clocked))
    return f"company_id = :company AND clocked = ANY({clocks}) AND model = {model} AND purpose = ANY({purposes})"


def timed(slice_: Slice, given: Given, start: datetime, end: datetime) -> str:
    """Columns created_at, clocked, model and bucket: a row for each time that the ledger has of a call."""
    clocks = ", ".join(f"('{name}', {CLOCKED[name]})" for name in Clocked)
    where = f"{ledger(slice_, given, start, end)} AND purpose = ANY({given.add(list(timed_purposes(slice_)))})"
    return f"""(SELECT created_at, clocked, model, {bucket_of("milliseconds")} AS bucket FROM model_calls
        CROSS JOIN LATERAL (VALUES {clocks}) t (clocked, milliseconds) WHERE {where} AND milliseconds IS NOT NULL) t"""


def timed_purposes(slice_: Slice) -> tuple[str, ...]:
    """Of titles nobody waits for: unless asked otherwise, times are those of answers."""
    return slice_.purposes or ("answer",)
