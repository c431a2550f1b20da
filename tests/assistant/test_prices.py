from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.assistant.prices import LIST, UNKNOWN, Price, price_of
from core.assistant.provider import EMBEDDED
from core.assistant.stream import MISSING, Usage
from core.models.model_call import UsageSource

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def tokens(sent: int, cached: int, written: int) -> Usage:
    return Usage(sent, cached, written, UsageSource.EXACT)


def test_the_list_price_is_per_million_and_the_cost_in_dollars() -> None:
    price = price_of("api.openai.com", "gpt-5-mini", tokens(1_000_000, 0, 500_000), NOW)
    assert price == Price(Decimal("0.25"), Decimal(2), Decimal("1.25"), LIST, Decimal("0.025"))


def test_cached_input_costs_its_own_rate() -> None:
    price = price_of("api.openai.com", "gpt-5-mini", tokens(1_000_000, 600_000, 0), NOW)
    assert price.cost == Decimal("0.4") * Decimal("0.25") + Decimal("0.6") * Decimal("0.025")
    assert price.input_price == Decimal("0.25")


def test_a_tier_sets_the_rate_of_all_its_tokens() -> None:
    low = price_of("api.openai.com", "gpt-5.4", tokens(1_000, 0, 1_000), NOW)
    high = price_of("api.openai.com", "gpt-5.4", tokens(1_000_000, 0, 1_000), NOW)
    assert low.input_price is not None
    assert high.input_price is not None
    assert high.input_price > low.input_price
    assert high.output_price is not None
    assert high.cost == high.input_price + high.output_price / 1_000


def test_the_embedded_model_is_free() -> None:
    assert price_of(EMBEDDED, "any", tokens(9, 0, 9), NOW) == Price(Decimal(0), Decimal(0), Decimal(0), EMBEDDED)


@pytest.mark.parametrize(
    ("provider", "model"),
    [("api.openai.com", "not-a-model"), ("llm.corp.example", "gpt-5-mini"), ("127.0.0.1", "llama")],
)
def test_unknown_is_none_and_never_zero(provider: str, model: str) -> None:
    assert price_of(provider, model, tokens(9, 0, 9), NOW) == UNKNOWN


def test_without_tokens_there_are_rates_but_no_cost() -> None:
    price = price_of("api.openai.com", "gpt-5-mini", MISSING, NOW)
    assert (price.input_price, price.cost) == (Decimal("0.25"), None)


def test_more_cached_than_sent_is_not_a_negative_price() -> None:
    price = price_of("api.openai.com", "gpt-5-mini", tokens(10, 99, 0), NOW)
    assert price.cost is not None
    assert price.cost >= 0
