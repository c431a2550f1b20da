"""Amounts as a person reads them."""

from decimal import Decimal


def rate(amount: Decimal) -> str:
    """A price for a million tokens, with as many decimals as it has, but two at least. As Markdown."""
    whole, _, decimals = f"{amount.normalize():,f}".partition(".")
    return rf"\${whole}.{decimals.ljust(2, '0')}"
