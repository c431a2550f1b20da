"""What a call costs: by an admin's own price, else by the list that comes with genai-prices. Nothing is fetched."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import genai_prices
from genai_prices.types import TieredPrices
from sqlmodel import Session

from core.assistant.provider import EMBEDDED
from core.assistant.stream import Usage
from core.models import ModelPrice
from core.repositories.model_prices import ModelPrices

LIST = "genai-prices"
OWN = "own price"
MILLION = Decimal(1_000_000)
BEYOND_LEDGER = Decimal(100_000_000)
"""USD that no row of the ledger can hold: what comes to as much was not counted right."""


@dataclass(frozen=True, slots=True)
class Price:
    """`input_price`, `output_price` and `cached_price` in USD per million tokens, `cost` in USD for the call.

    None where unknown, never zero for want of knowing; `cached_price` also where cached input costs what other input
    does. `source` says whose prices they are: OWN, LIST, EMBEDDED.
    """

    input_price: Decimal | None
    output_price: Decimal | None
    cost: Decimal | None
    source: str | None
    cached_price: Decimal | None = None


UNKNOWN = Price(None, None, None, None)
FREE = Price(Decimal(0), Decimal(0), Decimal(0), EMBEDDED)


def price_in_force(
    session: Session, company_id: UUID, provider: str, model: str, usage: Usage, *, at: datetime
) -> Price:
    """The price of a call that this company makes at `at`: its own where an admin set one, whichever provider answers.

    Otherwise as `price_of` says.
    """
    own = ModelPrices(session).in_force([(company_id, model)], at).get((company_id, model))
    return price_of(provider, model, usage, at, own)


def price_of(provider: str, model: str, usage: Usage, at: datetime, own: ModelPrice | None = None) -> Price:
    """The price of a call made at `at`. `provider` is EMBEDDED or the host that answered; `own` is in force then.

    A service the list doesn't know has no price, even for a model it knows from elsewhere: a gateway's or one's own
    machine's price is not the maker's. Cached input costs its own rate where there is one; `input_price` is the
    rate of the rest. With tokens unknown, the unit prices are given and `cost` is None.
    """
    if own is not None and own.is_own:
        return Price(own.input_price, own.output_price, _own_cost(own, usage), OWN, own.cached_price)
    if provider == EMBEDDED:
        return FREE
    tokens = genai_prices.Usage(
        input_tokens=usage.input_tokens or 0,
        cache_read_tokens=_cached(usage),
        output_tokens=usage.output_tokens or 0,
    )
    try:
        found = genai_prices.calc_price(
            tokens, model, provider_api_url=f"https://{provider}/v1", genai_request_timestamp=at
        )
    except (LookupError, ValueError):
        return UNKNOWN
    rates = found.model_price.__dict__
    return Price(
        _rate(rates.get("input_mtok"), usage.input_tokens),
        _rate(rates.get("output_mtok"), usage.input_tokens),
        None if usage.input_tokens is None or usage.output_tokens is None else found.total_price,
        LIST,
        _rate(rates.get("cache_read_mtok"), usage.input_tokens),
    )


def _own_cost(own: ModelPrice, usage: Usage) -> Decimal | None:
    """Exact. None without tokens, and for what no call can have come to."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    assert own.input_price is not None and own.output_price is not None  # held by a check of the table
    cached_price = own.input_price if own.cached_price is None else own.cached_price
    cached = _cached(usage)
    cost = (
        (usage.input_tokens - cached) * own.input_price + cached * cached_price + usage.output_tokens * own.output_price
    ) / MILLION
    return cost if 0 <= cost < BEYOND_LEDGER else None


def _cached(usage: Usage) -> int:
    return min(usage.cached_tokens or 0, usage.input_tokens or 0)


def _rate(price: Decimal | TieredPrices | None, input_tokens: int | None) -> Decimal | None:
    """The rate in force for a prompt of that length: beyond a tier's start, it holds for all tokens."""
    if not isinstance(price, TieredPrices):
        return price
    rate = price.base
    for tier in price.tiers:
        if (input_tokens or 0) > tier.start:
            rate = tier.price
    return rate
