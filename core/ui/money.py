"""Amounts as a person reads them."""

from decimal import Decimal

CENT, LEAST = Decimal("0.01"), Decimal("0.0001")


def dollars(amount: Decimal) -> str:
    """To the cent, or as far as it takes to see what little it was."""
    if 0 < amount < LEAST:
        return f"under ${LEAST}"
    return f"${amount:.4f}" if 0 < amount < CENT else f"${amount:,.2f}"


def rate(amount: Decimal) -> str:
    """A price for a million tokens, with as many decimals as it has, but two at least. As Markdown."""
    whole, _, decimals = f"{amount.normalize():,f}".partition(".")
    return rf"\${whole}.{decimals.ljust(2, '0')}"
