"""What models were asked: a row of the ledger for each call, with tokens by the length of its texts and its price."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import exp
from uuid import UUID

from core.assistant.prices import FREE, UNKNOWN, Price, price_of
from core.assistant.provider import EMBEDDED
from core.assistant.stream import MISSING, Usage
from core.models import (
    AuditAction,
    CallPurpose,
    CallStatus,
    Feedback,
    ModelCall,
    ModelPrice,
    Rating,
    Score,
    UsageSource,
)
from core.services.demo.world import Person, Place, World
from core.services.prices import audited

PROVIDER = "models.demo.example"
OWN_MACHINE = "meadow.demo.example"
INSTRUCTIONS = 2_400
"""Tokens that stand before every question: what the company says, and what each tool can do."""
TITLE_PROMPT = 160
RATED = 0.12
CACHED = 0.4
"""Of the calls that go on with something, whose beginning the provider still has."""
COMMENTS = (
    "Exactly what I needed.", "Wrong about our warranty.", "Too long.", "Saved me an hour.",
    "The table is upside down.",
    "Good tone.", "Made up a page number.", "Short and right.", "Answered another question than mine.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    provider: str
    share: int
    first_token: int
    """Milliseconds, in the middle."""
    speed: int
    """Tokens a second."""
    liked: float


MODELS = (
    Model("atlas-mini", PROVIDER, 56, 340, 120, 0.84),
    Model("atlas-large", PROVIDER, 24, 720, 58, 0.93),
    Model("meadow-8b", OWN_MACHINE, 12, 190, 45, 0.71),
    Model("SmolLM2-135M-Instruct", EMBEDDED, 8, 80, 130, 0.52),
)
PRICES = (
    ("atlas-mini", 0.0, "1.50", "0.375", "6.00"),
    ("atlas-large", 0.0, "15.00", "3.75", "60.00"),
    ("atlas-large", 0.45, "12.00", "3.00", "48.00"),
    ("atlas-mini", 0.72, "1.20", "0.30", "4.80"),
)
"""Since which part of the year a million tokens cost how much: read, read again, written."""
FAULTS = (
    (CallStatus.FAILED, "model_busy", 10),
    (CallStatus.FAILED, "model_unreachable", 5),
    (CallStatus.INTERRUPTED, "model_cut_short", 4),
    (CallStatus.INTERRUPTED, "model_too_slow", 3),
)


class Ledger:
    def __init__(self, world: World) -> None:
        self.world = world
        self.prices = [self._priced(*given) for given in PRICES]

    def _priced(self, model: str, part: float, read: str, cached: str, written: str) -> ModelPrice:
        world, admin = self.world, self.world.people["Ada"]
        at = world.year.at(part)
        price = ModelPrice(
            id=world.id(at), created_at=at, company_id=world.company_id, model=model, input_price=Decimal(read),
            cached_price=Decimal(cached), output_price=Decimal(written), effective_from=at, created_by=admin.id,
        )  # fmt: skip
        world.add(ModelPrice, **price.model_dump())
        world.did(at, AuditAction.PRICE_SET, admin, price.id, after=audited(price))
        return price

    def choose(self, *, is_large: bool = False) -> Model:
        if is_large:
            return MODELS[1]
        [model] = self.world.chance.choices(MODELS, [model.share for model in MODELS])
        return model

    def fault(self) -> tuple[CallStatus, str]:
        [(status, code, _)] = self.world.chance.choices(FAULTS, [share for _, _, share in FAULTS])
        return status, code

    def book(
        self, place: Place, asker: Person, model: Model, at: datetime, *, read: int, written: int,
        purpose: CallPurpose = CallPurpose.ANSWER, message_id: UUID | None = None, run_id: UUID | None = None,
        status: CallStatus = CallStatus.COMPLETE, error_code: str | None = None, is_begun: bool = False,
    ) -> ModelCall:  # fmt: skip
        """A call that ended at `at`. `is_begun`: it goes on with something that was sent before."""
        chance, is_lost = self.world.chance, status is CallStatus.FAILED
        usage = MISSING if is_lost else Usage(
            input_tokens=read + (TITLE_PROMPT if purpose is CallPurpose.TITLE else INSTRUCTIONS),
            cached_tokens=read // 2 if is_begun and chance.random() < CACHED else 0, output_tokens=written,
            source=UsageSource.EXACT if status is CallStatus.COMPLETE else UsageSource.ESTIMATED,
        )  # fmt: skip
        price = self._price(model, usage, at)
        first = round(model.first_token * exp(chance.gauss(0, 0.45)))
        call = ModelCall(
            id=self.world.id(at), created_at=at, company_id=self.world.company_id, user_id=asker.id,
            conversation_id=place.id, message_id=message_id, room_id=place.id if place.kind.is_room else None,
            run_id=run_id, purpose=purpose, provider=model.provider, model=model.name, input_tokens=usage.input_tokens,
            cached_tokens=usage.cached_tokens, output_tokens=usage.output_tokens,
            usage_source=usage.source, input_price=price.input_price,
            output_price=price.output_price, cost=price.cost and price.cost.quantize(Decimal("0.00000001")),
            price_source=price.source, first_token_ms=None if is_lost else first,
            duration_ms=first + written * 1_000 // model.speed, status=status, error_code=error_code,
        )  # fmt: skip
        self.world.calls.append(call)
        place.row["tokens"] += (usage.input_tokens or 0) + (usage.output_tokens or 0)
        place.row["spent"] += call.cost or 0
        return call

    def _price(self, model: Model, usage: Usage, at: datetime) -> Price:
        if model.provider == EMBEDDED:
            return FREE
        own = next((one for one in reversed(self.prices) if one.model == model.name and one.effective_from <= at), None)
        return price_of(model.provider, model.name, usage, at, own) if own else UNKNOWN

    def rate(self, call: ModelCall, model: Model, rater: Person) -> None:
        """Now and then somebody says what they think of an answer."""
        chance, world = self.world.chance, self.world
        if call.message_id is None or chance.random() >= RATED:
            return
        at = min(call.created_at + timedelta(seconds=chance.randrange(15, 400)), world.now)
        score = Score.UP if chance.random() < model.liked else Score.DOWN
        world.add(
            Feedback, id=world.id(at), created_at=at, message_id=call.message_id, user_id=rater.id, score=score,
            comment=chance.choice(COMMENTS) if chance.random() < 0.05 else "",
        )  # fmt: skip
        world.ratings.append(
            Rating(
                message_id=call.message_id, user_id=rater.id, company_id=world.company_id, room_id=call.room_id,
                model=model.name, score=score, created_at=at,
            )
        )  # fmt: skip
