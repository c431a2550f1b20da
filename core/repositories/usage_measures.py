"""What a row of the ledger counts for, in SQL: for the sums that are kept, and for those made where none are."""

from core.models import DOLLAR

# Of two neighbouring buckets the upper bounds are so far apart that the value in between is off by at most 2 %:
# DDSketch (Masson, Rim, Lee, VLDB 2019), with a relative accuracy of 0.02. See core.analytics.latency.
GROWTH = 1.02 / 0.98

MEASURED = {
    "calls": "1",
    "answers": "(purpose = 'answer' AND status <> 'failed')::int",
    "errors": "(status IN ('failed', 'interrupted'))::int",
    "input_tokens": "coalesce(input_tokens, 0)",
    "cached_tokens": "coalesce(cached_tokens, 0)",
    "output_tokens": "coalesce(output_tokens, 0)",
    "cost": f"coalesce(cost * {DOLLAR:f}, 0)::bigint",
    "unpriced": "(cost IS NULL)::int",
    "estimated": "(usage_source = 'estimated')::int",
    "missing": "(usage_source = 'missing')::int",
    "timed_tokens": "CASE WHEN {timed} THEN output_tokens ELSE 0 END",
    "timed_ms": "CASE WHEN {timed} THEN duration_ms - first_token_ms ELSE 0 END",
}
"""Each of core.models.MEASURES, over the columns of `model_calls`."""

_TIMED = "status IN ('complete', 'stopped') AND output_tokens IS NOT NULL AND first_token_ms < duration_ms"
MEASURED = {name: expression.format(timed=_TIMED) for name, expression in MEASURED.items()}

CLOCKED = {
    "duration": "CASE WHEN status = 'complete' THEN duration_ms END",
    "first_token": "first_token_ms",
}
"""The milliseconds of a call for each of core.models.Clocked; NULL where it has none."""

CODE = "coalesce(error_code, status)"
"""What went wrong, where `errors` counts it."""


def bucket_of(milliseconds: str) -> str:
    """The bucket that a time belongs to: the lowest i for which GROWTH ** i is not below it."""
    return f"ceil(ln(greatest({milliseconds}, 1)::float8) / ln({GROWTH!r}::float8))::smallint"
