"""What models cost, where the price list does not know it or an admin knows better."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.prices import LIST, UNKNOWN, Price, price_of
from core.assistant.provider import EMBEDDED
from core.assistant.stream import Usage
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound
from core.lines import one_line
from core.models import MAX_MODEL_NAME, AuditAction, ModelPrice, UsageSource
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.repositories.companies import Companies
from core.repositories.model_prices import ModelPrices
from core.services.texts import required_text
from core.typed.numbers import decimal_of, plain

DEAREST = Decimal(1_000_000)
"""USD per million tokens."""
DECIMALS = 6
YEARS_AHEAD = 5
NO_TOKENS = Usage(0, 0, 0, UsageSource.EXACT)
Amounts = tuple[Decimal | None, Decimal | None, Decimal | None]
"""Of input, of what of it was cached, and of output."""
NOTHING: Amounts = (None, None, None)
LONG_PROMPT = Usage(10_000_000, 0, 0, UsageSource.EXACT)


@dataclass(frozen=True, slots=True)
class TypedPrice:
    """USD per million tokens, as a person typed them."""

    input_price: str
    cached_price: str
    """Empty: as other input."""
    output_price: str


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """One that an admin set. Without amounts: that the own price ends, and what holds without one holds again."""

    id: UUID
    input_price: Decimal | None
    cached_price: Decimal | None
    output_price: Decimal | None
    effective_from: datetime
    set_at: datetime
    set_by: str | None
    """None for somebody who is gone."""
    removed_at: datetime | None
    """When it was taken back, before it began."""

    @property
    def is_end(self) -> bool:
        return self.input_price is None


@dataclass(frozen=True, slots=True)
class PricedModel:
    model: str
    is_offered: bool
    price: Price
    """What holds now; its `cost` means nothing."""
    rises: bool
    """True where the list asks for more when the prompt is long."""
    since: datetime | None
    """From when the own price holds that holds now. None: it is not an own one."""
    upcoming: tuple[OwnPrice, ...]
    """The next first."""
    history: tuple[OwnPrice, ...]
    """Those that have begun, and those that were taken back: the latest first."""


class PriceService:
    def __init__(self, database: Database, provider: str, models: tuple[str, ...]) -> None:
        """`provider`: who answers, as the ledger names it. `models`: those that are offered."""
        self.database = database
        self.provider = provider
        self.models = models

    def list_models(self, actor: Actor) -> tuple[PricedModel, ...]:
        """Those that are offered, in their order, then others that were called or have a price, by name."""
        actor.require(Permission.PRICES_MANAGE)
        with self.database.reading() as session:
            rows = ModelPrices(session).list_all(actor.company_id)
            used = ModelPrices(session).list_used(actor.company_id)
        now = clock.now()
        own: dict[str, list[tuple[ModelPrice, str | None]]] = defaultdict(list)
        for row, name in rows:
            own[row.model].append((row, name))
        others = sorted({*used, *own} - {*self.models}, key=str.casefold)
        return tuple(self._view(model, own[model], now) for model in [*self.models, *others])

    def set_price(self, actor: Actor, model: str, typed: TypedPrice, *, starts_on: date, zone: tzinfo) -> None:
        """Has a price hold from the beginning of that day in `zone`; if that is today, from now on. Raises Invalid.

        It takes the place of one that was to begin on the same day.
        """
        actor.require(Permission.PRICES_MANAGE)
        model = required_text(one_line(model), field="The model's name", limit=MAX_MODEL_NAME)
        amounts = _amounts(typed)
        with self.database.transaction() as session:
            self._put(session, actor, model, amounts, _beginning(starts_on, zone))

    def end_price(self, actor: Actor, model: str, *, starts_on: date, zone: tzinfo) -> None:
        """Has the own price end on that day: what holds without one holds again. Raises Invalid where there is none."""
        actor.require(Permission.PRICES_MANAGE)
        with self.database.transaction() as session:
            begins = _beginning(starts_on, zone)
            before = ModelPrices(session).in_force([(actor.company_id, model)], begins)
            if not any(price.is_own for price in before.values()):
                raise Invalid("This model has no own price on that day that could end.")
            self._put(session, actor, model, NOTHING, begins)

    def take_back(self, actor: Actor, price_id: UUID) -> None:
        """Before it begins. Raises NotFound, and Conflict when it has begun or somebody was faster."""
        actor.require(Permission.PRICES_MANAGE)
        with self.database.transaction() as session:
            price = ModelPrices(session).get(actor.company_id, price_id)
            if price is None:
                raise NotFound
            before = audited(price)
            if not ModelPrices(session).take_back(price.id, clock.now()):
                raise Conflict("That price has begun, or was taken back before. Reload to see what holds.")
            _record(session, AuditAction.PRICE_REMOVED, actor, price.id, before=before)

    def _put(self, session: Session, actor: Actor, model: str, amounts: Amounts, begins: datetime) -> None:
        Companies(session).lock(actor.company_id)
        prices, now = ModelPrices(session), clock.now()
        begins = max(begins, now)  # today's may have waited for the lock
        before = prices.in_force([(actor.company_id, model)], begins).get((actor.company_id, model))
        told = audited(before) if before else None
        if same := prices.get_beginning(actor.company_id, model, begins):
            prices.take_back(same.id, now)
        price = ModelPrice(
            created_at=now,
            company_id=actor.company_id,
            model=model,
            effective_from=begins,
            created_by=actor.user_id,
            input_price=amounts[0],
            cached_price=amounts[1],
            output_price=amounts[2],
        )
        prices.add(price)
        _record(session, AuditAction.PRICE_SET, actor, price.id, before=told, after=audited(price))

    def _view(self, model: str, rows: list[tuple[ModelPrice, str | None]], now: datetime) -> PricedModel:
        """`rows`: the latest beginning first."""
        kept = [row for row, _ in rows if row.removed_at is None]
        current = next((row for row in kept if row.effective_from <= now), None)
        price = price_of(self.provider, model, NO_TOKENS, now, current)
        if price.source == EMBEDDED and model not in self.models:
            price = UNKNOWN  # it was a service's
        of_long = price_of(self.provider, model, LONG_PROMPT, now, current)
        views = [_own(row, name) for row, name in rows]
        upcoming = [view for view in views if view.removed_at is None and view.effective_from > now]
        return PricedModel(
            model=model,
            is_offered=model in self.models,
            price=price,
            rises=price.source == LIST and of_long.input_price != price.input_price,
            since=current.effective_from if current and current.is_own else None,
            upcoming=tuple(reversed(upcoming)),
            history=tuple(view for view in views if view not in upcoming),
        )


def _amounts(typed: TypedPrice) -> Amounts:
    """Raises Invalid."""
    input_price = _amount(typed.input_price, "The price of input")
    cached_price = _amount(typed.cached_price, "The price of cached input") if typed.cached_price.strip() else None
    if cached_price is not None and cached_price > input_price:
        raise Invalid("Cached input can't cost more than other input.")
    output_price = _amount(typed.output_price, "The price of output")
    return input_price, cached_price, output_price


def _amount(text: str, field: str) -> Decimal:
    """Raises Invalid."""
    text = text.strip().removeprefix("$").strip()
    if not text:
        raise Invalid(f"{field} is empty. Write 0 if it costs nothing.")
    if text.startswith(("-", "−")):
        raise Invalid(f"{field} can't be negative.")
    amount = decimal_of(text)
    if amount is None:
        raise Invalid(f"{field} has to be a number, like 1.25.")
    if amount > DEAREST:
        raise Invalid(f"{field} may be up to ${DEAREST:,} per million tokens.")
    if amount != round(amount, DECIMALS):
        raise Invalid(f"{field} may have up to {DECIMALS} decimals.")
    return amount


def _beginning(day: date, zone: tzinfo) -> datetime:
    """The moment from which a price holds that is to hold from that day on. Raises Invalid."""
    now = clock.now()
    today = now.astimezone(zone).date()
    if day < today:
        raise Invalid("A price can't begin before today: what was booked keeps its price.")
    if day > today + timedelta(days=365 * YEARS_AHEAD):
        raise Invalid(f"A price can begin up to {YEARS_AHEAD} years from now.")
    return now if day == today else datetime.combine(day, time(), zone).astimezone(UTC)


def _own(row: ModelPrice, name: str | None) -> OwnPrice:
    return OwnPrice(
        id=row.id,
        input_price=row.input_price,
        cached_price=row.cached_price,
        output_price=row.output_price,
        effective_from=row.effective_from,
        set_at=row.created_at,
        set_by=name,
        removed_at=row.removed_at,
    )


def audited(price: ModelPrice) -> dict[str, Any]:
    amounts = {"input": price.input_price, "cached": price.cached_price, "output": price.output_price}
    written = {f"{name}_price": None if amount is None else plain(amount) for name, amount in amounts.items()}
    return {"model": price.model, **written, "effective_from": price.effective_from.isoformat()}


def _record(session: Session, action: AuditAction, actor: Actor, price_id: UUID, **told: Any) -> None:
    Audit(session).record(
        action, actor=actor, company_id=actor.company_id, target_type="price", target_id=price_id, **told
    )
