"""Three months of calls that never happened, and what people thought of some, for the demo: so that the usage page has
something to show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import exp
from random import Random
from uuid import UUID

from core import clock
from core.database.engine import Database
from core.ids import new_id
from core.models import CallPurpose, CallStatus, ModelCall, Rating, Score, UsageSource
from core.repositories.feedback import Feedbacks
from core.repositories.model_calls import ModelCalls

DAYS = 90
SEED = 7
PROVIDER = "demo"
MILLION = Decimal(1_000_000)
PLACES = Decimal("0.00000001")
HOURS = (0, 0, 0, 0, 0, 1, 3, 6, 9, 10, 8, 6, 4, 6, 8, 8, 6, 4, 2, 1, 1, 1, 0, 0)
"""How much of a day's work is done in each of them, in UTC."""
WEEKDAYS = (10, 11, 11, 10, 8, 2, 1)
ENDS = {
    (CallStatus.COMPLETE, None): 950,
    (CallStatus.STOPPED, None): 20,
    (CallStatus.FAILED, "model_busy"): 14,
    (CallStatus.FAILED, "model_unreachable"): 8,
    (CallStatus.INTERRUPTED, "model_cut_short"): 5,
    (CallStatus.INTERRUPTED, "model_too_slow"): 3,
}


RATED = 0.12
"""Of the answers that are whole."""


@dataclass(frozen=True, slots=True)
class _Model:
    name: str
    share: int
    input_price: str | None
    """USD per million tokens; None: it has no price."""
    output_price: str | None
    first_token: int
    """Milliseconds, in the middle."""
    speed: int
    """Tokens a second."""
    liked: float
    """Of its answers that are rated."""


MODELS = (
    _Model("demo-large", 25, "2.50", "10.00", 700, 60, 0.92),
    _Model("demo-small", 60, "0.25", "1.00", 350, 120, 0.8),
    _Model("demo-local", 15, None, None, 90, 130, 0.6),
)
LIKED = {model.name: model.liked for model in MODELS}


class DemoLedger:
    def __init__(self, database: Database) -> None:
        self.database = database

    def add_days(self, company_id: UUID, user_ids: Sequence[UUID], room_ids: Sequence[UUID]) -> Iterator[int]:
        """Books the days before today, the earliest first; gives how many calls each had. The same each time."""
        chance, mood = Random(SEED), Random(SEED)
        today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        for ago in range(DAYS, 0, -1):
            calls = list(_day(chance, today - timedelta(days=ago), company_id, user_ids, room_ids))
            with self.database.transaction() as session:
                ModelCalls(session).add_all(calls)
                Feedbacks(session).add_past([_rated(mood, call) for call in calls if _is_rated(mood, call)])
            yield len(calls)


def _day(
    chance: Random, day: datetime, company_id: UUID, user_ids: Sequence[UUID], room_ids: Sequence[UUID]
) -> Iterator[ModelCall]:
    grown = 1 + (DAYS - (clock.now() - day).days) / DAYS  # more of it every week
    for place, user_id in enumerate(user_ids):
        busy = grown * WEEKDAYS[day.weekday()] / (1 + place / 2)
        for _ in range(max(round(chance.gauss(busy, busy / 3)), 0)):
            hour = chance.choices(range(24), HOURS)[0]
            moment = day + timedelta(hours=hour, seconds=chance.randrange(3_600))
            room_id = chance.choice(room_ids) if room_ids and chance.random() < 0.3 else None
            whose = _Whose(company_id, user_id, room_id)
            is_new = chance.random() < 0.3
            yield _call(chance, whose, moment, CallPurpose.ANSWER)
            if is_new:
                yield _call(chance, whose, moment + timedelta(seconds=9), CallPurpose.TITLE)


def _is_rated(mood: Random, call: ModelCall) -> bool:
    is_whole = call.purpose is CallPurpose.ANSWER and call.status is CallStatus.COMPLETE
    return is_whole and mood.random() < RATED


def _rated(mood: Random, call: ModelCall) -> Rating:
    """By whoever asked, a minute later."""
    assert call.user_id is not None
    return Rating(
        message_id=new_id(),
        user_id=call.user_id,
        company_id=call.company_id,
        room_id=call.room_id,
        model=call.model,
        score=Score.UP if mood.random() < LIKED[call.model] else Score.DOWN,
        created_at=call.created_at + timedelta(minutes=1),
    )


@dataclass(frozen=True, slots=True)
class _Whose:
    company_id: UUID
    user_id: UUID
    room_id: UUID | None


def _call(chance: Random, whose: _Whose, moment: datetime, purpose: CallPurpose) -> ModelCall:
    model = chance.choices(MODELS, [one.share for one in MODELS])[0]
    (status, error_code) = chance.choices(list(ENDS), list(ENDS.values()))[0]
    is_whole, is_lost = status is CallStatus.COMPLETE, status is CallStatus.FAILED
    read = _about(chance, 1_400 if purpose is CallPurpose.ANSWER else 300)
    written = _about(chance, 320 if purpose is CallPurpose.ANSWER else 9) // (1 if is_whole else 2)
    cached = read // 2 if chance.random() < 0.4 else 0
    first_token = _about(chance, model.first_token)
    source = UsageSource.MISSING if is_lost else UsageSource.EXACT if is_whole else UsageSource.ESTIMATED
    return ModelCall(
        id=new_id(),
        created_at=moment,
        company_id=whose.company_id,
        user_id=whose.user_id,
        room_id=whose.room_id,
        purpose=purpose,
        provider=PROVIDER,
        model=model.name,
        input_tokens=None if is_lost else read,
        cached_tokens=None if is_lost else cached,
        output_tokens=None if is_lost else written,
        usage_source=source,
        input_price=Decimal(model.input_price) if model.input_price else None,
        output_price=Decimal(model.output_price) if model.output_price else None,
        cost=None if is_lost else _cost(model, read, written),
        price_source=PROVIDER if model.input_price else None,
        first_token_ms=None if is_lost else first_token,
        duration_ms=first_token + written * 1_000 // model.speed,
        status=status,
        error_code=error_code,
    )


def _about(chance: Random, middle: int) -> int:
    """As often more than half as much again as less than two thirds."""
    return max(round(middle * exp(chance.gauss(0, 0.6))), 1)


def _cost(model: _Model, read: int, written: int) -> Decimal | None:
    if model.input_price is None or model.output_price is None:
        return None
    return ((read * Decimal(model.input_price) + written * Decimal(model.output_price)) / MILLION).quantize(PLACES)
