"""Numbers as people write them: 12.50 and 12,50, 1,500,000 and 1.500.000 and 1 500 000."""

import re
from decimal import Decimal

from core.errors import Invalid

LONGEST = 40
"""Digits of a whole number that are read: with more it is beyond everything all the same."""
_GROUPS = r"[0-9]{1,3}(?P<mark>[,.'’\s])[0-9]{3}(?:(?P=mark)[0-9]{3})*"
_WHOLE = re.compile(rf"[0-9]+|{_GROUPS}")
_BOTH = re.compile(rf"(?P<whole>{_GROUPS})(?!(?P=mark))[.,](?P<decimals>[0-9]*)")
_PLAIN = re.compile(r"(?P<whole>[0-9]*)(?:[.,](?P<decimals>[0-9]*))?")


def decimal_of(typed: str) -> Decimal | None:
    """None for what is no number, or a negative one. Raises Invalid for one that is read in two ways, like 1,500: with
    both ways to write what is meant.
    """
    text = typed.strip()
    if not any(sign.isdigit() for sign in text):
        return None
    if found := _PLAIN.fullmatch(text):
        whole, decimals = found["whole"], found["decimals"] or ""
        if _is_group(whole, decimals):
            other = typeable(Decimal(f"{whole}.{decimals}"))
            raise Invalid(f"“{text}” can be read in two ways: write {whole}{decimals}, or {other}.")
        return Decimal(f"{whole or 0}.{decimals or 0}")
    if (whole_number := whole_of(text)) is not None:
        return Decimal(whole_number)
    found = _BOTH.fullmatch(text)
    return found and Decimal(f"{_digits(found['whole'])}.{found['decimals'] or 0}")


def whole_of(typed: str) -> int | None:
    """Where nothing but whole numbers make sense: there 1,500 is read in one way. None for what is none."""
    text = typed.strip()
    return int(_digits(text).lstrip("0")[:LONGEST] or 0) if _WHOLE.fullmatch(text) else None


def typeable(amount: Decimal) -> str:
    """As somebody would type it, read in one way: with two decimals or none, and not with three."""
    whole, _, decimals = plain(amount).partition(".")
    if not decimals:
        return whole
    decimals = decimals.ljust(2, "0")
    return f"{whole}.{decimals}0" if _is_group(whole, decimals) else f"{whole}.{decimals}"


def plain(amount: Decimal) -> str:
    """Without noughts that say nothing, like 1990 and 12.5: as the audit trail keeps it."""
    return f"{amount.normalize():f}"


def _is_group(whole: str, decimals: str) -> bool:
    """Whether what stands behind the sign may be thousands as well."""
    return len(decimals) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
