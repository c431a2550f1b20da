"""What may stand in a budget: amounts and marks as people type them."""

from decimal import Decimal

from core.errors import Invalid
from core.models import BudgetUnit
from core.typed.numbers import decimal_of, whole_of

MOST = {BudgetUnit.USD: Decimal(1_000_000_000), BudgetUnit.TOKENS: Decimal(1_000_000_000_000)}
DECIMALS = {BudgetUnit.USD: 8, BudgetUnit.TOKENS: 0}
MAX_MARKS = 5


def checked_amount(typed: str, unit: BudgetUnit) -> Decimal:
    """Raises Invalid with what is wrong."""
    text = typed.strip().removeprefix("$").strip()
    if text.startswith("-"):
        raise Invalid("A budget can't be negative. To allow nothing for a while, take the role away.")
    whole = whole_of(text) if unit is BudgetUnit.TOKENS else None
    amount = decimal_of(text) if whole is None else Decimal(whole)
    if amount is None:
        raise Invalid("Write the amount as a number, like 25 or 12.50.")
    if amount > MOST[unit]:
        raise Invalid(f"That is more than {MOST[unit]:,}. Without a budget there is no limit at all.")
    if amount == 0:
        raise Invalid("A budget of nothing would refuse every question. Choose more than 0.")
    if amount != round(amount, DECIMALS[unit]):
        raise Invalid("Tokens are whole." if unit is BudgetUnit.TOKENS else "Up to 8 digits after the point.")
    return amount


def checked_marks(typed: str) -> tuple[int, ...]:
    """Raises Invalid. Nothing typed: nobody is told."""
    parts = [part.strip().removesuffix("%").strip() for part in typed.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) <= 3 and 1 <= int(part) <= 100 for part in parts):
        raise Invalid("Write the marks as per cent between 1 and 100, like 80, 100.")
    if len(parts) > MAX_MARKS:
        raise Invalid(f"At most {MAX_MARKS} marks.")
    return tuple(sorted({int(part) for part in parts}))
