"""Figures as a person reads them: money with its currency, tokens as 12.3k, times in the unit that fits."""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from math import isnan

CENT, LEAST = Decimal("0.01"), Decimal("0.0001")
NOT_KNOWN = "not known"
STEPS = ((1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))
SECOND, MINUTE = 1_000, 60_000
"""In milliseconds."""


class Unit(StrEnum):
    DOLLARS = "dollars"
    TOKENS = "tokens"
    COUNT = "count"
    MILLISECONDS = "milliseconds"
    TOKENS_PER_SECOND = "tokens/s"
    SHARE = "share"
    """Of one."""

    def text(self, value: float | None) -> str:
        """`not known` for None and NaN, never 0."""
        return NOT_KNOWN if value is None or isnan(value) else TEXTS[self](value)


def dollars(amount: Decimal | float) -> str:
    """To the cent, or as far as it takes to see what little it was."""
    exact = amount if isinstance(amount, Decimal) else Decimal(repr(float(amount)))
    if 0 < exact < LEAST:
        return f"under ${LEAST}"
    return f"${exact:.4f}" if 0 < exact < CENT else f"${exact:,.2f}"


def compact(count: float) -> str:
    """Three figures at most: 950, 12.3k, 1.2M."""
    for place, (step, letter) in enumerate(STEPS):
        # What would round up to 1,000 of a step is one of the next.
        if abs(count) >= step * 0.9995:
            return (
                f"{_short(count / step)}{letter}" if place or count < 1_000 * step else f"{count / step:,.0f}{letter}"
            )
    return f"{count:,.0f}"


def separated(count: float) -> str:
    return f"{count:,.0f}"


def duration(milliseconds: float) -> str:
    if milliseconds < SECOND:
        return f"{milliseconds:.0f} ms"
    if milliseconds < MINUTE:
        return f"{milliseconds / SECOND:.1f} s"
    minutes, rest = divmod(round(milliseconds / SECOND), 60)
    return f"{minutes:,} min {rest} s"


def rate(per_second: float) -> str:
    return f"{per_second:.1f}/s" if per_second < 10 else f"{per_second:,.0f}/s"


def percent(share: float) -> str:
    """Whole from 10 % on. What is there is never shown as nothing, nor what is missing as all."""
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0.999 < share < 1:
        return "over 99.9 %"
    return f"{share * 100:.1f} %" if 0 < share < 0.1 or 0.99 < share < 1 else f"{share * 100:.0f} %"


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if abs(number) < 99.95 else f"{number:.0f}"


TEXTS: dict[Unit, Callable[[float], str]] = {
    Unit.DOLLARS: dollars,
    Unit.TOKENS: compact,
    Unit.COUNT: separated,
    Unit.MILLISECONDS: duration,
    Unit.TOKENS_PER_SECOND: rate,
    Unit.SHARE: percent,
}
