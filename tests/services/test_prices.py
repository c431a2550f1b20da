"""Own prices: which one is in force, what of it is booked, and who may say so."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import strategies as st
from sqlalchemy import text

from core import clock
from core.assistant.ledger import Call, Origin, rows_of
from core.assistant.prices import LIST, OWN, UNKNOWN, price_in_force
from core.assistant.provider import EMBEDDED, Assistant
from core.assistant.runs import News, RunStore
from core.assistant.stream import MISSING, Usage
from core.config import Settings
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.models import AuditAction, CallPurpose, CallStatus, ModelCall, RunStatus, UsageSource
from core.permissions import Actor, Role
from core.repositories.answer_runs import Arrived
from core.repositories.audit import Audit
from core.services.prices import PriceService, TypedPrice
from tests.bench.statements import statements_of
from tests.support.ledgers import calls_of
from tests.support.models import ScriptedModel
from tests.support.properties import tried
from tests.support.talks import MODELS, Desk
from tests.support.waiting import at_once

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY, TOMORROW = NOON.date(), NOON.date() + timedelta(days=1)
SMALL, LARGE = MODELS
PRICE = TypedPrice("2", "", "8")
quickly = tried(25)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """What time it is."""
    moment = [NOON]
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    return moment


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def boss(desk: Desk) -> Actor:
    return desk.person(Role.ADMIN, display_name="Ada")


@pytest.fixture
def prices(desk: Desk) -> PriceService:
    return PriceService(desk.database, EMBEDDED, MODELS)


def tell(prices: PriceService, actor: Actor, price: TypedPrice = PRICE, day: date = TODAY, model: str = SMALL) -> None:
    prices.set_price(actor, model, price, starts_on=day, zone=UTC)


def tokens(sent: int, cached: int | None, written: int) -> Usage:
    return Usage(sent, cached, written, UsageSource.EXACT)


def booked(desk: Desk, usage: Usage = tokens(1_000, 400, 100), model: str = SMALL) -> ModelCall:  # noqa: B008
    """The ledger row of an answer that somebody asks for and gets now."""
    job = desk.store.begin(desk.ask(desk.me, "Why?").run_id)
    assert job
    desk.store.finish(job, RunStatus.COMPLETE, "So.", [Call(CallPurpose.ANSWER, model, usage, CallStatus.COMPLETE, 1)])
    with desk.database.reading() as session:
        [row] = calls_of(session, job.origin.message_id)
        return row


def ledger(desk: Desk) -> list[Any]:
    with desk.database.reading() as session:
        return list(session.execute(text("SELECT * FROM model_calls ORDER BY id")).all())


def test_another_companys_prices_are_not_there(
    desk: Desk, boss: Actor, prices: PriceService, at: list[datetime]
) -> None:
    tell(prices, boss)
    tell(prices, boss, day=TOMORROW, model="theirs")
    with desk.database.transaction() as session:
        company = desk.stranger().company_id
        stranger = Actor(boss.user_id, company, boss.email, boss.display_name, frozenset({Role.ADMIN}))
        price = price_in_force(session, company, "api.openai.com", "gpt-5-mini", tokens(1, 0, 1), at=at[0])
        assert price.source == LIST
    views = prices.list_models(stranger)
    assert [(view.model, view.price.source, view.upcoming, view.history) for view in views] == [
        (model, EMBEDDED, (), ()) for model in MODELS
    ]
    theirs = next(view for view in prices.list_models(boss) if view.model == "theirs").upcoming[0]
    with pytest.raises(NotFound):
        prices.take_back(stranger, theirs.id)


def test_a_booked_call_has_the_own_price_and_keeps_it(
    desk: Desk, boss: Actor, prices: PriceService, at: list[datetime]
) -> None:
    free = booked(desk)
    assert (free.cost, free.price_source) == (Decimal(0), EMBEDDED)
    tell(prices, boss)
    row = booked(desk)
    assert (row.input_price, row.output_price, row.cost) == (Decimal(2), Decimal(8), Decimal("0.0028"))
    assert (row.price_source, row.created_at) == (OWN, at[0])
    tell(prices, boss, TypedPrice("2", "0.5", "8"))
    assert booked(desk).cost == Decimal("0.0022")
    before = ledger(desk)
    at[0] += timedelta(minutes=1)
    tell(prices, boss, TypedPrice("1000", "", "1000"))
    tell(prices, boss, day=TOMORROW)
    prices.take_back(boss, prices.list_models(boss)[0].upcoming[0].id)
    prices.end_price(boss, SMALL, starts_on=TODAY, zone=UTC)
    assert ledger(desk) == before
    assert (booked(desk).price_source, booked(desk, model=LARGE).price_source) == (EMBEDDED, EMBEDDED)


def test_attempts_titles_and_abandoned_answers_have_it_too(
    desk: Desk, boss: Actor, prices: PriceService, at: list[datetime]
) -> None:
    tell(prices, boss)
    job = desk.store.begin(desk.ask(desk.me, "Why?").run_id)
    assert job
    costly = Call(CallPurpose.ANSWER, SMALL, tokens(10, 0, 1), CallStatus.FAILED, 1, error_code="model_busy")
    desk.store.finish(job, RunStatus.FAILED, "", [costly], "model_busy")
    desk.store.title(job, "Reasons", Call(CallPurpose.TITLE, SMALL, tokens(10, 0, 1), CallStatus.COMPLETE, 1))
    assert [(row.price_source, row.cost) for row in ledger(desk)] == [(OWN, Decimal("0.000028"))] * 2


def test_without_tokens_there_is_no_cost_and_nothing_beyond_the_ledger(
    desk: Desk, boss: Actor, prices: PriceService, at: list[datetime]
) -> None:
    tell(prices, boss, TypedPrice("1000000", "", "0.000001"))
    for usage in (MISSING, Usage(5, None, None, UsageSource.ESTIMATED), tokens(2_000_000_000, 0, 0)):
        row = booked(desk, usage)
        assert (row.cost, row.input_price, row.price_source) == (None, Decimal(1_000_000), OWN)
    assert booked(desk, tokens(0, 0, 1)).cost == 0  # below what the ledger can hold, yet known
    assert booked(desk, tokens(10, 99, 0)).cost == 10


def test_an_own_price_holds_whoever_answers_and_its_end_brings_the_list_back(
    desk: Desk, boss: Actor, at: list[datetime]
) -> None:
    usage = tokens(1_000_000, 0, 0)
    for provider, model, otherwise in (
        ("api.openai.com", "gpt-5-mini", Decimal("0.25")),
        ("llm.corp.example", "house-model", None),
        (EMBEDDED, "smollm2", Decimal(0)),
    ):
        service = PriceService(desk.database, provider, (model,))

        def cost(provider: str = provider, model: str = model) -> Decimal | None:
            with desk.database.transaction() as session:
                return price_in_force(session, boss.company_id, provider, model, usage, at=at[0]).cost

        assert cost() == otherwise
        tell(service, boss, model=model)
        assert cost() == 2
        at[0] += timedelta(minutes=1)
        service.end_price(boss, model, starts_on=TODAY, zone=UTC)
        assert cost() == otherwise


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"input_price": "-1"}, "The price of input can't be negative."),
    ({"output_price": "−0.5"}, "The price of output can't be negative."),
    ({"input_price": " "}, "The price of input is empty. Write 0 if it costs nothing."),
    ({"output_price": "free"}, "The price of output has to be a number, like 1.25."),
    ({"input_price": "1,125"}, "“1,125” can be read in two ways: write 1125, or 1.1250."),
    ({"input_price": "1,25,5"}, "The price of input has to be a number, like 1.25."),
    ({"input_price": "1e3"}, "The price of input has to be a number, like 1.25."),
    ({"input_price": "NaN"}, "The price of input has to be a number, like 1.25."),
    ({"input_price": "٣"}, "The price of input has to be a number, like 1.25."),
    ({"cached_price": "?"}, "The price of cached input has to be a number, like 1.25."),
    ({"cached_price": "2.01"}, "Cached input can't cost more than other input."),
    ({"output_price": "1000000.01"}, "The price of output may be up to $1,000,000 per million tokens."),
    ({"output_price": "9" * 500}, "The price of output may be up to $1,000,000 per million tokens."),
    ({"input_price": "0.0000001"}, "The price of input may have up to 6 decimals."),
    ({"model": "  "}, "The model's name is empty. Write something first."),
    ({"model": "x" * 201}, "The model's name may have up to 200 characters; this has 201."),
    ({"model": "a\0b"}, "The model's name contains a NUL character, which can't be stored. Remove it and try again."),
    ({"day": TODAY - timedelta(days=1)}, "A price can't begin before today: what was booked keeps its price."),
    ({"day": date(1, 1, 1)}, "A price can't begin before today: what was booked keeps its price."),
    ({"day": date.max}, "A price can begin up to 5 years from now."),
]


@pytest.mark.parametrize(("changes", "sentence"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_can_not_be_a_price_says_why(
    desk: Desk, boss: Actor, prices: PriceService, at: list[datetime], changes: dict[str, Any], sentence: str
) -> None:
    given: dict[str, Any] = {
        "model": SMALL,
        "input_price": "2",
        "cached_price": "",
        "output_price": "8",
        "day": TODAY,
    } | changes
    price = TypedPrice(given["input_price"], given["cached_price"], given["output_price"])
    with pytest.raises(Invalid, match=re.escape(sentence)):
        tell(prices, boss, price, given["day"], given["model"])
    assert not any(view.history or view.upcoming for view in prices.list_models(boss))


def test_a_day_begins_where_the_admin_is(desk: Desk, boss: Actor, prices: PriceService, at: list[datetime]) -> None:
    """In Auckland it is the next day already, and in New York not the next one yet."""
    auckland, new_york = ZoneInfo("Pacific/Auckland"), ZoneInfo("America/New_York")
    with pytest.raises(Invalid):
        prices.set_price(boss, SMALL, PRICE, starts_on=TODAY, zone=auckland)
    prices.set_price(boss, SMALL, PRICE, starts_on=TOMORROW, zone=new_york)
    assert prices.list_models(boss)[0].upcoming[0].effective_from == datetime(2026, 11, 25, 5, tzinfo=UTC)
    prices.set_price(boss, LARGE, PRICE, starts_on=TOMORROW, zone=auckland)
    assert prices.list_models(boss)[1].since == NOON


def test_another_for_the_same_day_takes_its_place_and_both_are_told(
    desk: Desk, boss: Actor, prices: PriceService, at: list[datetime]
) -> None:
    tell(prices, boss, day=TOMORROW)
    tell(prices, boss, TypedPrice("$3.50", "0", ".5"), day=TOMORROW)
    [view, _] = prices.list_models(boss)
    assert [(p.input_price, p.cached_price, p.output_price) for p in view.upcoming] == [
        (Decimal("3.5"), Decimal(0), Decimal("0.5"))
    ]
    assert [(p.input_price, p.removed_at, p.set_by) for p in view.history] == [(Decimal(2), at[0], "Ada")]
    prices.take_back(boss, view.upcoming[0].id)
    for price in view.upcoming + view.history:
        with pytest.raises(Conflict):
            prices.take_back(boss, price.id)
    with pytest.raises(NotFound):
        prices.take_back(boss, new_id())
    at[0] += timedelta(days=2)
    assert prices.list_models(boss)[0].price.source == booked(desk).price_source == EMBEDDED


def test_what_has_begun_stays(desk: Desk, boss: Actor, prices: PriceService, at: list[datetime]) -> None:
    tell(prices, boss, day=TOMORROW)
    upcoming = prices.list_models(boss)[0].upcoming[0]
    at[0] = upcoming.effective_from
    with pytest.raises(Conflict):
        prices.take_back(boss, upcoming.id)
    with pytest.raises(Invalid, match="no own price"):
        prices.end_price(boss, LARGE, starts_on=TOMORROW, zone=UTC)


def test_the_trail_says_what_held_and_what_holds(
    desk: Desk, boss: Actor, prices: PriceService, at: list[datetime]
) -> None:
    tell(prices, boss)
    tell(prices, boss, TypedPrice("3", "1", "9"), day=TOMORROW)
    prices.take_back(boss, prices.list_models(boss)[0].upcoming[0].id)
    with desk.database.reading() as session:
        removed, changed, first = Audit(session).list_recent(boss.company_id)
        actions = [event.action for event in (first, changed, removed)]
        assert actions == [AuditAction.PRICE_SET, AuditAction.PRICE_SET, AuditAction.PRICE_REMOVED]
        assert first.before is None and changed.before == first.after and removed.before == changed.after
        assert changed.after == {
            "model": SMALL,
            "input_price": "3",
            "cached_price": "1",
            "output_price": "9",
            "effective_from": "2026-11-25T00:00:00+00:00",
        }


def test_models_are_listed_with_whose_price_they_have(desk: Desk, boss: Actor, at: list[datetime]) -> None:
    offered = ("gpt-5-mini", "gpt-5.4", "no-such-model")
    service = PriceService(desk.database, "api.openai.com", offered)
    booked(desk, model="used-before")
    tell(service, boss, model="for-later", day=TOMORROW)
    views = service.list_models(boss)
    assert [(view.model, view.is_offered, view.price.source, view.rises) for view in views] == [
        ("gpt-5-mini", True, LIST, False),
        ("gpt-5.4", True, LIST, True),
        ("no-such-model", True, None, False),
        ("for-later", False, None, False),
        ("used-before", False, None, False),
    ]
    assert views[0].price.cached_price == Decimal("0.025") and views[2].price == UNKNOWN


@dataclass
class Plain:
    """What holds, as plain Python tells it."""

    told: list[tuple[str, datetime, Decimal | None]] = field(default_factory=list)

    def tell(self, model: str, begins: datetime, amount: Decimal | None, now: datetime) -> None:
        if begins > now:
            self.told = [one for one in self.told if one[:2] != (model, begins)]
        self.told.append((model, begins, amount))

    def at(self, model: str, moment: datetime) -> Decimal | None:
        begun = [one for one in self.told if one[0] == model and one[1] <= moment]
        return max(reversed(begun), key=lambda one: one[1])[2] if begun else None


edits = st.one_of(
    st.tuples(st.just("set"), st.sampled_from(MODELS), st.integers(0, 3), st.integers(0, 10**10)),
    st.tuples(st.just("end"), st.sampled_from(MODELS), st.integers(0, 3)),
    st.tuples(st.just("take back"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.integers(1, 60)),
    st.tuples(st.just("call"), st.sampled_from(MODELS)),
)


@quickly
@hypothesis.given(st.lists(edits, max_size=15))
def test_the_price_in_force_is_what_plain_python_says_and_nothing_booked_changes(
    database: Database, at: list[datetime], script: list[tuple]
) -> None:
    at[0] = NOON
    desk, plain, rows = Desk(database), Plain(), list[ModelCall]()
    boss, prices = desk.person(Role.ADMIN), PriceService(database, EMBEDDED, MODELS)
    for act in script:
        day = at[0].date() + timedelta(days=act[2] if act[0] in {"set", "end"} else 0)
        begins = at[0] if day == at[0].date() else datetime(day.year, day.month, day.day, tzinfo=UTC)
        match act:
            case ("set", model, _, amount):
                dollars = Decimal(amount) / 1_000_000
                tell(prices, boss, TypedPrice(f"{dollars:f}", "", "0"), day, model)
                plain.tell(model, begins, dollars, at[0])
            case ("end", model, _) if plain.at(model, begins) is not None:
                prices.end_price(boss, model, starts_on=day, zone=UTC)
                plain.tell(model, begins, None, at[0])
            case ("take back", place):
                upcoming = [(view.model, one) for view in prices.list_models(boss) for one in view.upcoming]
                for model, one in upcoming[place % max(len(upcoming), 1) :][:1]:
                    prices.take_back(boss, one.id)
                    plain.told.remove((model, one.effective_from, one.input_price))
            case ("wait", hours):
                at[0] += timedelta(hours=hours)
            case ("call", model):
                rows.append(booked(desk, tokens(1_000_000, 0, 0), model))
                assert rows[-1].cost == (plain.at(model, at[0]) or 0)
        at[0] += timedelta(seconds=1)
    for model in MODELS:
        for hours in (-1, 0, 1, 24, 48, 96):
            moment = at[0] + timedelta(hours=hours)
            with database.transaction() as session:
                price = price_in_force(session, boss.company_id, EMBEDDED, model, tokens(0, 0, 0), at=moment)
            expected = plain.at(model, moment)
            assert (price.source, price.input_price) == ((EMBEDDED, 0) if expected is None else (OWN, expected))
    kept = {row.id: row for row in ledger(desk)}
    assert all((kept[row.id].cost, kept[row.id].input_price) == (row.cost, row.input_price) for row in rows)


def test_admins_who_set_the_same_day_at_once_leave_one_price(fresh_database: Database) -> None:
    desk = Desk(fresh_database)
    boss, prices = desk.person(Role.ADMIN), PriceService(fresh_database, EMBEDDED, MODELS)
    day = clock.now().date() + timedelta(days=3)
    assert at_once(6, lambda number: tell(prices, boss, TypedPrice(str(number), "", "1"), day)) == [None] * 6
    [view, _] = prices.list_models(boss)
    assert len(view.upcoming) == 1 and len(view.history) == 5


@pytest.mark.usefixtures("at")
def test_prices_of_two_companies_are_kept_apart_in_one_booking(desk: Desk, boss: Actor, prices: PriceService) -> None:
    """A worker keeps the attempts of all its answers in one transaction."""
    tell(prices, boss)
    call = Call(CallPurpose.ANSWER, SMALL, tokens(1, 0, 1), CallStatus.FAILED, 1)
    origins = [Origin(company, new_id(), new_id(), new_id(), new_id()) for company in (new_id(), boss.company_id)]
    with desk.database.reading() as session:
        rows = rows_of(session, EMBEDDED, [(origin, call) for origin in origins])
    assert [(row.company_id, row.price_source) for row in rows] == [
        (origins[0].company_id, EMBEDDED),
        (boss.company_id, OWN),
    ]


def test_a_booking_asks_once_for_own_prices_and_not_at_all_without_calls(desk: Desk) -> None:
    job = desk.store.begin(desk.ask(desk.me, "Why?").run_id)
    assert job
    calls = [Call(CallPurpose.ANSWER, model, tokens(1, 0, 1), CallStatus.FAILED, 1) for model in (*MODELS, SMALL)]
    for booked_now in ([], calls):
        with statements_of(desk.database) as sent:
            desk.store.keep([News(job, Arrived(job.run_id, 0, ""), booked_now)])
        assert sum("FROM model_prices" in statement for statement, _ in sent) == bool(booked_now)
    with statements_of(desk.database) as sent:
        desk.store.finish(job, RunStatus.FAILED, "", calls)
    assert sum("FROM model_prices" in statement for statement, _ in sent) == 1


def test_what_the_list_knows_is_booked_from_it_without_an_own_price(desk: Desk, at: list[datetime]) -> None:
    settings = Settings(_env_file=None, openai_base_url="https://api.openai.com/v1", models=["gpt-5-mini"])  # type: ignore[call-arg]
    assistant = Assistant(settings, model_factory=lambda _: ScriptedModel())
    desk.store = RunStore(desk.database, assistant, new_id(), timedelta(seconds=15))
    row = booked(desk, tokens(1_000_000, 600_000, 0), "gpt-5-mini")
    assert (row.price_source, row.cost) == (LIST, Decimal("0.115"))
