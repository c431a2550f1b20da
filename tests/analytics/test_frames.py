"""Every frame equals what plain Python makes of the raw rows: any filter, many time zones, over changes of clocks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import ceil, isnan
from operator import add
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame
from sqlalchemy import text
from sqlmodel import Session

from core.analytics import frames, hours
from core.analytics.clocks import timed_purposes
from core.analytics.periods import Period
from core.analytics.slices import Slice
from core.database.engine import Database
from core.ids import derived_id, new_id
from core.models import NOBODY, CallPurpose, CallStatus, Kind, ModelCall, Rating, Score, UsageSource
from core.repositories.feedback import Feedbacks
from core.repositories.model_calls import ModelCalls
from tests.support.builders import make_company
from tests.support.ledgers import MODELS, World, calls_between, measured, times, utc, within
from tests.support.properties import tried

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Pacific/Apia",
)
# Clocks change in it at midnight (São Paulo), by half an hour (Lord Howe), and as most do.
SUMMERS = (date(2018, 9, 20), date(2018, 11, 20))
WINTERS = (date(2026, 2, 20), date(2026, 4, 20))
PEOPLE = tuple(derived_id("person", str(number)) for number in range(4))
ROOMS = tuple(derived_id("room", str(number)) for number in range(2))
EXAMPLES = tried(25)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    since, until = draw(st.sampled_from((SUMMERS, WINTERS)))
    first = since + timedelta(days=draw(st.integers(0, (until - since).days)))
    days = draw(st.sampled_from((1, 2, 3, 7, 30, 45, 120, 420)))
    return Period(first, first + timedelta(days=days - 1), ZoneInfo(draw(st.sampled_from(ZONES))))


def booked(session: Session, world: World, data: st.DataObject, period: Period) -> list[ModelCall]:
    """A random ledger around a period and the one before it, some of it booked twice."""
    around = timedelta(days=min(period.days, 60) + 2)
    near = (period.start, period.end, period.before.start)
    made = calls_between(world, period.start - around, min(period.end, period.start + around) + timedelta(days=2), near)
    calls = data.draw(st.lists(made, min_size=5, max_size=30))
    repeated = data.draw(st.lists(st.sampled_from(calls), max_size=3)) if calls else []
    ledger = ModelCalls(session)
    half = len(calls) // 2
    for batch in (calls[:half], calls[half:], repeated):
        ledger.add_all(batch)
    return calls


def rated(session: Session, world: World, data: st.DataObject, period: Period) -> list[Rating]:
    """Random ratings around a period."""
    minutes = period.days * 24 * 60
    quarters = st.integers(-4 * 24, 4 * 24).map(lambda number: timedelta(minutes=15 * number))
    made = st.builds(
        Rating,
        message_id=st.builds(new_id),
        user_id=st.sampled_from(world.people),
        company_id=st.just(world.company_id),
        room_id=st.none() | st.sampled_from(world.rooms),
        model=st.sampled_from(MODELS),
        score=st.sampled_from(Score),
        created_at=st.one_of(
            st.builds(add, st.sampled_from((period.start, period.end)), quarters),
            st.integers(0, minutes).map(lambda number: period.start + timedelta(minutes=number)),
        ),
    )
    ratings = data.draw(st.lists(made, max_size=15))
    Feedbacks(session).add_past(ratings)
    return ratings


@st.composite
def slices(draw: st.DrawFn, world: World, period: Period) -> Slice:
    def some(values: Sequence[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
        return st.one_of(st.just(()), st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple))

    return Slice(
        world.company_id,
        period,
        models=draw(some(MODELS)),
        purposes=draw(some([purpose.value for purpose in CallPurpose])),
        user_ids=draw(st.one_of(st.just(()), some(world.people))),
        room_ids=draw(st.one_of(st.just(()), some(world.rooms))),
    )


def same(frame: DataFrame, expected: list[dict[str, Any]]) -> None:
    columns = [column for column in frame.columns if not expected or column in expected[0]]
    found = frame[columns].to_dict("records")
    assert [rounded(row) for row in found] == [rounded(row) for row in expected]


def rounded(row: Mapping[Any, Any]) -> dict[Any, Any]:
    """Money to the eighth place, as the ledger has it."""
    return {name: round(value, 7) if isinstance(value, float) else value for name, value in row.items()}


def spans(slice_: Slice, calls: Sequence[ModelCall]) -> list[tuple[datetime, list[ModelCall]]]:
    """The calls of each bucket."""
    edges = [*slice_.period.edges, slice_.period.end]
    return [
        (edge.astimezone(slice_.period.zone), within(calls, slice_, edge, until)) for edge, until in pairwise(edges)
    ]


def nearest_rank(values: Sequence[int], share: float) -> float:
    return values[max(ceil(share * len(values) - 1e-9), 1) - 1] if values else float("nan")


def near(found: float, values: Sequence[int], share: float) -> None:
    exact = nearest_rank(values, share)
    assert isnan(found) if isnan(exact) else found == pytest.approx(max(exact, 1), rel=0.0200001)


@pytest.mark.filterwarnings("ignore:.*read-only.*")
@EXAMPLES
@given(st.data())
def test_every_frame_equals_the_ledger(database: Database, data: st.DataObject) -> None:
    with database.transaction() as session:
        world = World(make_company(session).id, PEOPLE, ROOMS)
        stranger = World(make_company(session).id, PEOPLE, ROOMS)
        period = data.draw(periods())
        calls = booked(session, world, data, period)
        booked(session, stranger, data, period)
        ratings = rated(session, world, data, period)
        rated(session, stranger, data, period)
        slice_ = data.draw(slices(world, period))
        connection = session.connection()
        buckets, inside = spans(slice_, calls), within(calls, slice_, period.start, period.end)

        same(frames.over_time(connection, slice_), [{"bucket": at, **measured(some)} for at, some in buckets])
        for by in ("model", "purpose"):
            names = sorted({str(getattr(call, by)) for call in inside})
            expected = [
                {"bucket": at, "series": name, **measured([c for c in some if str(getattr(c, by)) == name])}
                for at, some in buckets
                for name in names
            ]
            same(frames.over_time(connection, slice_, by), expected)
        people = [{"bucket": at, "people": len({c.user_id for c in some} - {None})} for at, some in buckets]
        same(frames.people_over_time(connection, slice_), people)
        check_subjects(connection, slice_, calls, inside)
        check_models(connection, slice_, inside)
        check_ratings(connection, slice_, ratings)
        check_errors(connection, slice_, inside)
        check_heat(connection, slice_, inside)
        check_latency(connection, slice_, calls)


def check_subjects(connection, slice_: Slice, calls: Sequence[ModelCall], inside: Sequence[ModelCall]) -> None:
    before = within(calls, slice_, slice_.period.before.start, slice_.period.before.end)
    for kind, whose in (
        (Kind.PERSON, lambda call: call.user_id or NOBODY),
        (Kind.ROOM, lambda call: call.room_id),
    ):
        found = frames.subjects(connection, slice_, kind)
        listed, total = found[found["subject"].notna()], found[found["subject"].isna()].to_dict("records")[0]
        known = [call for call in inside if whose(call) is not None]
        known_before = [call for call in before if whose(call) is not None]
        expected: list[dict[str, Any]] = [
            {
                "subject": str(subject),
                **measured([c for c in known if whose(c) == subject]),
                "before": measured([c for c in known_before if whose(c) == subject])["cost"],
            }
            for subject in {whose(call) for call in known}
        ]
        expected.sort(key=lambda row: (-row["cost"], -row["input_tokens"] - row["output_tokens"], row["subject"]))
        same(listed, expected)
        for name, value in measured(known).items():
            assert total[name] == pytest.approx(value)
        for name, value in measured(known_before).items():
            assert total[f"before_{name}"] == pytest.approx(value)
        assert total["people"] == len({whose(call) for call in known} - {NOBODY})
        assert total["before_people"] == len({whose(call) for call in known_before} - {NOBODY})
        if kind is Kind.PERSON:
            (whole,) = frames.whole(connection, slice_).to_dict("records")
            assert whole == {name: total[name] for name in whole}


def check_models(connection, slice_: Slice, inside: Sequence[ModelCall]) -> None:
    found = frames.models(connection, slice_)
    assert set(found["model"]) == {call.model for call in inside}
    timed = timed_purposes(slice_)
    for row in found.to_dict("records"):
        of = [call for call in inside if call.model == row["model"]]
        for name, value in measured(of).items():
            assert row[name] == pytest.approx(value)
        clocked = [call for call in of if call.purpose.value in timed]
        for name, share in (("p50", 0.5), ("p95", 0.95)):
            near(row[name], times(clocked, first_token=False), share)
            near(row[f"first_{name}"], times(clocked, first_token=True), share)


def check_ratings(connection, slice_: Slice, ratings: Sequence[Rating]) -> None:
    """Purposes make no difference."""
    counted = Counter(
        (one.model, one.score)
        for one in ratings
        if slice_.period.start <= one.created_at < slice_.period.end
        and (not slice_.models or one.model in slice_.models)
        and (not slice_.user_ids or one.user_id in slice_.user_ids)
        and (not slice_.room_ids or one.room_id in slice_.room_ids)
    )
    expected = [
        {"model": model, "up": counted[model, Score.UP], "down": counted[model, Score.DOWN]}
        for model in sorted({model for model, _ in counted})
    ]
    found = frames.ratings_by_model(connection, slice_).sort_values("model").to_dict("records")
    assert found == expected


def check_errors(connection, slice_: Slice, inside: Sequence[ModelCall]) -> None:
    codes = Counter(c.error_code or c.status.value for c in inside if c.status.value in ("failed", "interrupted"))
    found = frames.errors_by_code(connection, slice_)
    assert dict(zip(found["code"], found["calls"], strict=True)) == codes
    assert list(found["calls"]) == sorted(found["calls"], reverse=True)


def check_heat(connection, slice_: Slice, inside: Sequence[ModelCall]) -> None:
    local = [call.created_at.astimezone(slice_.period.zone) for call in inside]
    counted = Counter((moment.weekday(), moment.hour) for moment in local)
    found = hours.heat(connection, slice_)
    assert [(row.weekday, row.hour) for row in found.itertuples()] == [(d, h) for d in range(7) for h in range(24)]
    assert {(row.weekday, row.hour): row.calls for row in found.itertuples() if row.calls} == counted


def check_latency(connection, slice_: Slice, calls: Sequence[ModelCall]) -> None:
    period, found = slice_.period, frames.latency(connection, slice_)
    if not slice_.is_personal and period.bucket.value != "hour":
        period = Period(period.first, period.last, ZoneInfo("UTC"))
    edges = [*period.edges, period.end]
    timed = timed_purposes(slice_)
    assert list(found["bucket"]) == [edge.astimezone(period.zone) for edge in period.edges]
    for row, (start, end) in zip(found.to_dict("records"), pairwise(edges), strict=True):
        of = [call for call in within(calls, slice_, start, end) if call.purpose.value in timed]
        for name, share in (("p50", 0.5), ("p95", 0.95)):
            near(row[name], times(of, first_token=False), share)
            near(row[f"first_{name}"], times(of, first_token=True), share)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("days", [1, 3, 4, 90, 91, 400, 401, 1_100])
def test_buckets_cover_the_period_without_gap(zone: str, days: int) -> None:
    for first in (*SUMMERS, *WINTERS, date(2011, 12, 29)):
        period = Period(first, first + timedelta(days=days - 1), ZoneInfo(zone))
        edges = [*period.edges, period.end]
        assert (
            edges[0] == period.start == datetime(first.year, first.month, first.day, tzinfo=period.zone).astimezone(UTC)
        )
        assert edges == sorted(edges)
        assert len(edges) < 110
        assert period.before.end == period.start
        assert period.before.days == days


def test_the_same_person_in_two_quarters_is_one(database: Database) -> None:
    """Also in a company whose people's numbers fill several blocks of bits."""
    with database.transaction() as session:
        world = World(make_company(session).id, tuple(derived_id("many", str(n)) for n in range(2_200)), ROOMS)
        start = utc(2026, 3, 3)
        calls = [
            ModelCall(
                company_id=world.company_id,
                user_id=person,
                created_at=start + timedelta(minutes=20 * (number % 3)),
                purpose=CallPurpose.ANSWER,
                provider="x",
                model="small",
                usage_source=UsageSource.EXACT,
                duration_ms=1,
                status=CallStatus.COMPLETE,
            )
            for number, person in enumerate([*world.people, *world.people])
        ]
        ModelCalls(session).add_all(calls)
        day = Slice(world.company_id, Period(start.date(), start.date() + timedelta(days=6), ZoneInfo("UTC")))
        assert list(frames.people_over_time(session.connection(), day)["people"]) == [2_200, 0, 0, 0, 0, 0, 0]
        assert session.execute(text("SELECT count(DISTINCT block) FROM usage_presence")).scalar_one() >= 3


def test_the_last_moment_of_an_hour_belongs_to_it(database: Database) -> None:
    with database.transaction() as session:
        world = World(make_company(session).id, PEOPLE, ROOMS)
        moment = utc(2026, 3, 3) + timedelta(hours=16, microseconds=-1)
        call = ModelCall(
            company_id=world.company_id,
            user_id=world.people[0],
            created_at=moment,
            purpose=CallPurpose.ANSWER,
            provider="x",
            model="small",
            usage_source=UsageSource.EXACT,
            duration_ms=1,
            status=CallStatus.COMPLETE,
        )
        ModelCalls(session).add_all([call])
        period = Period(moment.date(), moment.date(), ZoneInfo("UTC"))
        for slice_ in (Slice(world.company_id, period), Slice(world.company_id, period, user_ids=world.people[:1])):
            found = hours.heat(session.connection(), slice_)
            assert [(row.weekday, row.hour) for row in found.itertuples() if row.calls] == [(1, 15)]


def test_a_model_that_was_asked_only_right_before_is_not_listed(database: Database) -> None:
    """Its call is in the day of UTC that the period begins in, and is taken away again."""
    with database.transaction() as session:
        world = World(make_company(session).id, PEOPLE, ROOMS)
        period = Period(date(2026, 3, 3), date(2026, 3, 6), ZoneInfo("America/New_York"))
        for model, moment in (("small", period.start), ("large", period.start - timedelta(hours=1))):
            call = ModelCall(
                company_id=world.company_id,
                created_at=moment,
                purpose=CallPurpose.ANSWER,
                provider="x",
                model=model,
                usage_source=UsageSource.EXACT,
                duration_ms=1_000,
                status=CallStatus.COMPLETE,
            )
            ModelCalls(session).add_all([call])
        found = frames.models(session.connection(), Slice(world.company_id, period))
        assert list(found["model"]) == ["small"]
        assert set(frames.over_time(session.connection(), Slice(world.company_id, period), "model")["series"]) == {
            "small"
        }


def test_a_period_that_ends_on_the_day_its_clocks_change_by_half_an_hour(database: Database) -> None:
    """All its buckets begin at a full hour of UTC, and it ends at half past one: 13:30 on the fifth of April."""
    with database.transaction() as session:
        world = World(make_company(session).id, PEOPLE, ROOMS)
        period = Period(date(2026, 3, 30), date(2026, 4, 5), ZoneInfo("Australia/Lord_Howe"))
        for minutes in (-1, -40, 0, 29):
            call = ModelCall(
                company_id=world.company_id,
                created_at=period.end + timedelta(minutes=minutes),
                purpose=CallPurpose.ANSWER,
                provider="x",
                model="small",
                usage_source=UsageSource.EXACT,
                duration_ms=1_000,
                status=CallStatus.COMPLETE,
            )
            ModelCalls(session).add_all([call])
        found = hours.heat(session.connection(), Slice(world.company_id, period))
        counted = {(row.weekday, row.hour): row.calls for row in found.itertuples() if row.calls}
        assert counted == {(6, 23): 2}
        assert frames.over_time(session.connection(), Slice(world.company_id, period))["calls"].sum() == 2
