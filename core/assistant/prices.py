"""What a call costs, by the price list that comes with genai-prices. Nothing is fetched."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import genai_prices
from genai_prices.types import TieredPrices

from core.assistant.provider import EMBEDDED
from core.assistant.stream import Usage

LIST = "genai-prices"


@dataclass(frozen=True, slots=True)
class Price:
    """`input_price` and `output_price` in USD per million tokens, `cost` in USD for the call.

    None where unknown, never zero for want of knowing. `source` says whose prices they are.
    """

    input_price: Decimal | None
    output_price: Decimal | None
    cost: Decimal | None
    source: str | None


UNKNOWN = Price(None, None, None, None)
FREE = Price(Decimal(0), Decimal(0), Decimal(0), EMBEDDED)


def price_of(provider: str, model: str, usage: Usage, at: datetime) -> Price:
    """The price of a call made at `at`. `provider` is EMBEDDED or the host that answered.

    A service the list doesn't know has no price, even for a model it knows from elsewhere: a gateway's or one's own
    machine's price is not the maker's. Cached input costs its own rate where the list has one; `input_price` is the
    rate of the rest. With tokens unknown, the unit prices are given and `cost` is None.
    """
    if provider == EMBEDDED:
        return FREE
    tokens = genai_prices.Usage(
        input_tokens=usage.input_tokens or 0,
        cache_read_tokens=min(usage.cached_tokens or 0, usage.input_tokens or 0),
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
    )


def _rate(price: Decimal | TieredPrices | None, input_tokens: int | None) -> Decimal | None:
    """The rate in force for a prompt of that length: beyond a tier's start, it holds for all tokens."""
    if not isinstance(price, TieredPrices):
        return price
    rate = price.base
    for tier in price.tiers:
        if (input_tokens or 0) > tier.start:
            rate = tier.price
    return rate
