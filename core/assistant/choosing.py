"""Which models the people of a company may ask."""

from collections.abc import Sequence

from core.errors import Invalid
from core.models import Company

NOT_ALLOWED = "Your company doesn't allow that model any more. Choose another one."


def models_of(company: Company, models: Sequence[str]) -> tuple[str, ...]:
    """Those of Parley's `models` that the company allows, the one first that answers where nobody chose.

    Empty where it allows only ones that Parley offers no more: then nothing answers, as what it did not allow it did
    not mean to be asked.
    """
    allowed = [name for name in models if not company.models or name in company.models]
    return tuple(sorted(allowed, key=lambda name: name != company.default_model))


def require_allowed(company: Company | None, model: str | None) -> None:
    """None for the default. Raises Invalid."""
    if model is not None and company is not None and company.models and model not in company.models:
        raise Invalid(NOT_ALLOWED)
