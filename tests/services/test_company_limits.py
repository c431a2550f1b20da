"""Limits that a company has of its own."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from core.database.engine import Database
from core.errors import Invalid, Overtaken, RateLimited
from core.models import ConversationKind
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.services.company_limits import NO_NUMBER, NO_WHILE, NOTHING, TOO_MANY, CompanyLimits, LimitView
from core.services.limits import Limit, Limited, RateLimiter
from tests.services.test_room_races import at_once
from tests.support.streams import counted
from tests.support.talks import DENIED, DONE, Desk, outcome

PARLEYS: Limit = (60, 60)
MINUTE, DAY = 60, 86_400


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def boss(desk: Desk) -> Actor:
    return desk.person(Role.ADMIN, display_name="Ada")


def service(desk: Desk) -> CompanyLimits:
    return CompanyLimits(desk.database, RateLimiter({"moderator.message": (300, 60)}))


def set_limit(
    desk: Desk, actor: Actor, count: str, seconds: int = MINUTE, *, seen: Limit | None = None, event: str = "message"
) -> None:
    service(desk).set(actor, Limited(event), count, seconds, seen=seen)


def shown(desk: Desk, actor: Actor, event: Limited = Limited.MESSAGE) -> LimitView:
    return next(one for one in service(desk).list_all(actor) if one.event is event)


def trail(desk: Desk, actor: Actor) -> list[tuple[object, object]]:
    with desk.database.reading() as session:
        found = Audit(session).list_recent(actor.company_id)
        return [(one.before, one.after) for one in found if one.action == "company:update"]


def test_it_holds_from_the_next_one_on_for_all_of_the_company_and_nobody_else(desk: Desk, boss: Actor) -> None:
    """Whichever process they ask: nothing is kept in one. Roles that Parley lets do more are bound as well."""
    mo, stranger = desk.person(Role.STAFF, Role.MODERATOR), desk.stranger()
    rooms = {one: desk.rooms.create(one, ConversationKind.GROUP, "Plans") for one in (desk.me, mo, stranger)}
    desk.talks.send(desk.me, rooms[desk.me], "One")
    set_limit(desk, boss, "2", DAY)
    desk.talks.send(desk.me, rooms[desk.me], "Two")
    with pytest.raises(RateLimited, match=r"2 messages here in one day\. Try again in 24 hours\."):
        desk.talks.send(desk.me, rooms[desk.me], "Three")
    said = [outcome(lambda: desk.talks.send(mo, rooms[mo], "Hello")) for _ in range(3)]
    assert said == [DONE, DONE, "RateLimited"]
    assert [outcome(lambda: desk.talks.send(stranger, rooms[stranger], "Hello")) for _ in range(3)] == [DONE] * 3
    set_limit(desk, boss, "", seen=(2, DAY))
    desk.talks.send(desk.me, rooms[desk.me], "Three")


def test_it_says_whose_it_is_and_what_holds_without_it(desk: Desk, boss: Actor) -> None:
    before = shown(desk, boss)
    assert (before.own, before.in_force, before.by_role) == (None, PARLEYS, {"moderator": (300, 60)})
    set_limit(desk, boss, " 1,000 ", DAY)
    set_limit(desk, boss, "1000", DAY, seen=(1_000, DAY))  # the same again is nothing
    kept = shown(desk, boss)
    assert kept.own and (kept.own.set_by, kept.in_force, kept.parleys) == ("Ada", (1_000, DAY), PARLEYS)
    set_limit(desk, boss, "", seen=(1_000, DAY))
    assert shown(desk, boss).own is None
    was = {"limit": "message", "count": 1_000, "seconds": DAY}
    none = {"limit": "message", "count": None, "seconds": None}
    assert trail(desk, boss) == [(was, none), (none, was)]


@pytest.mark.parametrize(
    ("count", "seconds", "sentence"),
    [
        ("0", MINUTE, NOTHING),
        ("000", MINUTE, NOTHING),
        ("-3", MINUTE, NOTHING),
        ("ten", MINUTE, NO_NUMBER),
        ("1.5", MINUTE, NO_NUMBER),
        ("1,5", MINUTE, NO_NUMBER),
        ("٣", MINUTE, NO_NUMBER),
        ("--3", MINUTE, NOTHING),
        ("100001", MINUTE, TOO_MANY),
        ("9" * 5_000, MINUTE, TOO_MANY),
        ("5", 0, NO_WHILE),
        ("5", DAY + 1, NO_WHILE),
    ],
)
def test_what_can_be_no_limit_is_refused_with_what_to_change(
    desk: Desk, boss: Actor, count: str, seconds: int, sentence: str
) -> None:
    with pytest.raises(Invalid) as refused:
        set_limit(desk, boss, count, seconds)
    assert str(refused.value) == sentence
    assert shown(desk, boss).own is None and trail(desk, boss) == []


def test_of_two_admins_at_once_the_second_is_told(desk: Desk, boss: Actor) -> None:
    bea = desk.person(Role.ADMIN, display_name="Bea")
    set_limit(desk, boss, "30")
    with pytest.raises(Overtaken, match="Ada changed this after you opened it"):
        set_limit(desk, bea, "20")
    set_limit(desk, bea, "20", seen=(30, MINUTE))
    with pytest.raises(Overtaken, match="Bea changed this"):
        set_limit(desk, boss, "", seen=(30, MINUTE))
    set_limit(desk, bea, "", seen=(20, MINUTE))
    assert shown(desk, boss).own is None and len(trail(desk, boss)) == 3


def test_of_two_who_set_it_in_the_same_moment_one_does(fresh_database: Database) -> None:
    desk = Desk(fresh_database)
    both = [desk.person(Role.ADMIN), desk.person(Role.ADMIN)]
    results = at_once(*(partial(set_limit, desk, who, "7") for who in both))
    assert sorted(type(one).__name__ for one in results) == ["NoneType", "Overtaken"]
    assert len(trail(desk, both[0])) == 1 and shown(desk, both[0]).in_force == (7, MINUTE)


@pytest.mark.parametrize("role", list(Role))
def test_only_admins_see_and_set_them(desk: Desk, role: Role) -> None:
    actor = desk.person(role)
    expected = DONE if role is Role.ADMIN else DENIED
    assert outcome(lambda: set_limit(desk, actor, "5")) == expected
    assert outcome(lambda: service(desk).list_all(actor)) == expected


def test_a_limit_costs_no_query_of_its_own(desk: Desk, boss: Actor) -> None:
    def queries() -> int:
        with counted(desk.database) as sent, desk.database.transaction() as session:
            RateLimiter().take(session, desk.me, Limited.REPORT)
        return len([one for one in sent if one.lstrip().startswith(("SELECT", "INSERT", "DELETE"))])

    without = queries()
    set_limit(desk, boss, "5", event="report")
    assert queries() == without == 4


def test_what_a_day_looks_back_on_is_kept_for_a_day(desk: Desk, boss: Actor) -> None:
    set_limit(desk, boss, "1", DAY, event="report")

    def take() -> str:
        with desk.database.transaction() as session:
            RateLimiter().take(session, desk.me, Limited.REPORT)
        return DONE

    take()
    for hours, result in ((23, "RateLimited"), (25, DONE)):
        with desk.database.transaction() as session:
            session.execute(
                text("UPDATE rate_limit_events SET created_at = clock_timestamp() - CAST(:age AS interval)"),
                {"age": timedelta(hours=hours)},
            )
        assert outcome(take) == result
