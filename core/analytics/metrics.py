"""What is measured, each declared once: its name, its unit, and how it totals.

A metric reads the columns that core.analytics.frames gives, one value a row, and NaN where there is nothing to know.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pandas import DataFrame, Series

from core.analytics.units import Unit


class Totals(StrEnum):
    """How the value of a whole comes from its parts."""

    SUM = "sum"
    RATIO = "ratio"
    """By dividing the sums: the mean of ratios would be wrong."""
    DISTINCT = "distinct"
    """By counting anew: who came on two days is one person."""
    PERCENTILE = "percentile"
    """From the histogram of the whole."""


@dataclass(frozen=True)
class Metric:
    slug: str
    """Stands in addresses and files: it stays."""
    label: str
    unit: Unit
    totals: Totals
    column: str
    about: str
    """One sentence: what counts."""
    below: str | None = None
    """The column that a ratio divides by."""
    times: float = 1.0
    """What the ratio is multiplied with, for its unit."""
    plus: str | None = None
    """A column that is added."""
    is_money: bool = False
    """Not known for calls without a price."""

    def of(self, frame: DataFrame) -> Series:
        """A value for each row; NaN where it is not known, or there is nothing to divide by."""
        values = frame[self.column].astype(float)
        if self.plus is not None:
            values = values + frame[self.plus]
        if self.below is not None:
            below = frame[self.below].astype(float)
            if self.is_money:  # those of unknown cost would count as free; calls that aren't below may be as unknown
                below = below - (frame["unpriced"] - (frame["calls"] - below)).clip(lower=0)
            values = (values * self.times / below).where(below > 0)
        if self.is_money:
            values = values.where((frame["calls"] == 0) | (frame["unpriced"] < frame["calls"]))
        return values

    def text(self, value: float | None) -> str:
        return self.unit.text(value)


def _sum(slug: str, label: str, unit: Unit, about: str, **more: Any) -> Metric:
    return Metric(slug, label, unit, Totals.SUM, more.pop("column", slug), about, **more)


CALLS = _sum("calls", "Calls", Unit.COUNT, "Requests to a model, whatever their purpose and end.")
ANSWERS = _sum("answers", "Answers", Unit.COUNT, "Answers that did not fail; titles and tool steps are not counted.")
ERRORS = _sum("errors", "Errors", Unit.COUNT, "Calls that failed or were interrupted.")
INPUT = _sum("input_tokens", "Tokens in", Unit.TOKENS, "What models read, with what the provider had cached.")
CACHED = _sum("cached_tokens", "Cached", Unit.TOKENS, "The part of the tokens in that the provider had read before.")
OUTPUT = _sum("output_tokens", "Tokens out", Unit.TOKENS, "What models wrote.")
TOKENS = Metric(
    "tokens", "Tokens", Unit.TOKENS, Totals.SUM, "input_tokens", "What models read and wrote.", plus="output_tokens"
)
UNPRICED = _sum("unpriced", "Without a price", Unit.COUNT, "Calls of which nobody knows what they cost.")
COST = _sum(
    "cost", "Cost", Unit.DOLLARS, "Model spend in US dollars at the prices of the time, as far as known.", is_money=True
)
PEOPLE = Metric(
    "people", "Active people", Unit.COUNT, Totals.DISTINCT, "people", "Who asked a model for something at least once."
)
COST_PER_ANSWER = Metric(
    "cost-per-answer", "Cost per answer", Unit.DOLLARS, Totals.RATIO, "cost",
    "All cost, tool steps and titles as well, divided by the answers of known cost.", below="answers", is_money=True,
)  # fmt: skip
SPEED = Metric(
    "tokens-per-second", "Tokens/s", Unit.TOKENS_PER_SECOND, Totals.RATIO, "timed_tokens",
    "Tokens written a second after the first one.", below="timed_ms", times=1_000,
)  # fmt: skip
ERROR_SHARE = Metric(
    "error-share", "Errors", Unit.SHARE, Totals.RATIO, "errors", "Calls that failed or were interrupted.", below="calls"
)
DURATION_MIDDLE = Metric(
    "duration-p50", "Half within", Unit.MILLISECONDS, Totals.PERCENTILE, "p50",
    "Half of the complete calls took no longer (p50, within 2 %).",
)  # fmt: skip
DURATION_MOST = Metric(
    "duration-p95", "95 % within", Unit.MILLISECONDS, Totals.PERCENTILE, "p95",
    "19 of 20 complete calls took no longer (p95, within 2 %).",
)  # fmt: skip
FIRST_MIDDLE = Metric(
    "first-token-p50", "First token, half within", Unit.MILLISECONDS, Totals.PERCENTILE, "first_p50",
    "Half of the calls began to answer by then (p50, within 2 %).",
)  # fmt: skip
FIRST_MOST = Metric(
    "first-token-p95", "First token, 95 % within", Unit.MILLISECONDS, Totals.PERCENTILE, "first_p95",
    "19 of 20 calls began to answer by then (p95, within 2 %).",
)  # fmt: skip

METRICS = (
    CALLS, ANSWERS, ERRORS, INPUT, CACHED, OUTPUT, TOKENS, UNPRICED, COST, PEOPLE, COST_PER_ANSWER, SPEED, ERROR_SHARE,
    DURATION_MIDDLE, DURATION_MOST, FIRST_MIDDLE, FIRST_MOST,
)  # fmt: skip
