"""Kept out for a time: at once, everywhere, and no longer than that."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from core import clock
from core.config import Settings
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotPermitted, NotSignedIn, RuleBroken, Suspended, WrongCredentials
from core.models import AuditAction, ConversationKind, Outcome, ReportReason
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.repositories.notices import Notices
from core.services.access import require_still
from core.services.accounts import AccountService
from core.services.people import PeopleService
from core.services.sessions import SignedIn
from core.services.suspensions import AN_ADMIN, NOBODY, NOT_AHEAD, RUN_OUT, TOO_LONG
from tests.services.test_room_races import at_once
from tests.support.cases import case_of, decided
from tests.support.passwords import GOOD, QuickPasswords
from tests.support.talks import Desk

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Clock:
    def __init__(self) -> None:
        self.moment = clock.now()

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ours = Clock()
    monkeypatch.setattr(clock, "now", ours)
    return ours


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def ada(desk: Desk) -> Actor:
    return desk.person(Role.MODERATOR, display_name="Ada")


class Someone:
    """Who signs in with a password."""

    def __init__(self, desk: Desk, settings: Settings, *roles: Role) -> None:
        passwords = QuickPasswords()
        self.accounts = AccountService(desk.database, settings, passwords)
        self.email = "bo@example.com"
        person = PeopleService(desk.database, passwords).create_user(
            None, email=self.email, display_name="Bo", password=GOOD, roles=roles or [Role.STAFF],
            company_id=desk.company.id,
        )  # fmt: skip
        self.actor = Actor(person.id, person.company_id, self.email, "Bo", person.roles)

    def sign_in(self, password: str = GOOD) -> SignedIn:
        return self.accounts.sign_in(email=self.email, password=password, user_agent="")


@pytest.fixture
def bo(desk: Desk, settings: Settings) -> Someone:
    return Someone(desk, settings)


def in_force(desk: Desk, moderator: Actor) -> UUID:
    return desk.suspensions.list_in_force(moderator)[0].id


def told(desk: Desk, user_id: UUID) -> list[str]:
    with desk.database.reading() as session:
        return [line.text for line in Notices(session).list_unread(user_id, clock.now(), limit=50)]


def test_a_session_is_refused_until_the_time_is_out(desk: Desk, ada: Actor, bo: Someone, time: Clock) -> None:
    """With nothing but the clock, in every way that a session is asked for."""
    signed_in = bo.sign_in()
    until = time.moment + DAY
    desk.suspensions.suspend(ada, decided(desk, ada, bo.actor), until, "Insults")
    assert desk.hints.standing == [bo.actor.user_id]
    for ask in (partial(bo.accounts.resolve, signed_in.token), partial(bo.accounts.actor, signed_in.session_id)):
        with pytest.raises(Suspended) as refused:
            ask()
        assert (refused.value.until, refused.value.reason) == (until, "Insults")
        assert str(refused.value) == f"Suspended until {until:%A, %-d %B %Y, %H:%M} UTC · Insults"
    assert not bo.accounts.is_live(signed_in.session_id)
    assert bo.accounts.actors([signed_in.session_id]) == {}
    with desk.database.reading() as session, pytest.raises(NotSignedIn):
        require_still(session, Actor(*_five(bo.actor), signed_in.session_id))
    time.moment = until
    assert bo.accounts.resolve(signed_in.token)
    assert bo.accounts.is_live(signed_in.session_id)
    assert bo.accounts.actor(signed_in.session_id).user_id == bo.actor.user_id
    assert desk.suspensions.list_in_force(ada) == ()


def _five(actor: Actor) -> tuple[UUID, UUID, str, str, frozenset[Role]]:
    return actor.user_id, actor.company_id, actor.email, actor.display_name, actor.roles


def test_signing_in_tells_only_who_knows_the_password(desk: Desk, ada: Actor, bo: Someone, time: Clock) -> None:
    desk.suspensions.suspend(ada, decided(desk, ada, bo.actor), time.moment + HOUR, "Insults")
    with pytest.raises(WrongCredentials):
        bo.sign_in("not the password")
    with pytest.raises(Suspended, match="Insults"):
        bo.sign_in()
    with desk.database.reading() as session:
        refused = [one for one in Audit(session).list_recent(desk.company.id, 5) if one.outcome is Outcome.REFUSED]
    assert [one.action for one in refused] == [AuditAction.SIGNED_IN] * 2
    time.moment += HOUR
    assert bo.sign_in().user_id == bo.actor.user_id


def test_a_deactivated_person_is_not_said_to_be_suspended(desk: Desk, ada: Actor, bo: Someone) -> None:
    signed_in = bo.sign_in()
    desk.suspensions.suspend(ada, decided(desk, ada, bo.actor), clock.now() + DAY, "Insults")
    PeopleService(desk.database, QuickPasswords()).deactivate(None, bo.actor.user_id)
    assert bo.accounts.resolve(signed_in.token) is None
    with pytest.raises(WrongCredentials):
        bo.sign_in()


def test_lifting_lets_them_in_where_they_were(desk: Desk, ada: Actor, bo: Someone) -> None:
    signed_in = bo.sign_in()
    desk.suspensions.suspend(ada, decided(desk, ada, bo.actor), clock.now() + DAY, "Insults")
    desk.suspensions.lift(ada, in_force(desk, ada), "A mistake")
    assert bo.accounts.resolve(signed_in.token)
    assert [one.partition(":")[0].partition(" until")[0] for one in reversed(told(desk, bo.actor.user_id))] == [
        "A moderator suspended you",
        "A moderator lifted your suspension.",
    ]
    assert "Insults" in told(desk, bo.actor.user_id)[1]


def test_the_trail_says_until_when_and_what_it_was(desk: Desk, ada: Actor, bo: Someone, time: Clock) -> None:
    until = time.moment + DAY
    desk.suspensions.suspend(ada, decided(desk, ada, bo.actor), until, "Insults")
    desk.suspensions.lift(ada, in_force(desk, ada), "A mistake")
    with desk.database.reading() as session:
        lifted, suspended = Audit(session).list_recent(desk.company.id, 2)
        assert Audit(session).verify(desk.company.id) is None
    facts = {"suspended_until": until.isoformat(timespec="minutes")}
    assert (suspended.action, suspended.before, suspended.after) == (AuditAction.USER_SUSPENDED, None, facts)
    assert (lifted.action, lifted.before, lifted.after) == (AuditAction.SUSPENSION_LIFTED, facts, None)
    assert (suspended.reason, lifted.reason) == ("Insults", "A mistake")
    assert suspended.target_id == lifted.target_id == bo.actor.user_id


def test_of_a_case_there_is_what_was_before(desk: Desk, ada: Actor, bo: Someone, time: Clock) -> None:
    case_id, until = decided(desk, ada, bo.actor), time.moment + DAY
    desk.suspensions.suspend(ada, case_id, time.moment + HOUR, "First")
    time.moment += 2 * HOUR
    desk.suspensions.suspend(ada, case_id, until, "Second")
    standing = desk.suspensions.of_case(ada, case_id)
    assert standing
    assert standing.in_force
    assert (standing.name, standing.in_force.reason, standing.in_force.by) == ("Bo", "Second", "Ada")
    assert [one.reason for one in standing.past] == ["First"]


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        (timedelta(), NOT_AHEAD),
        (-HOUR, NOT_AHEAD),
        (timedelta(days=367), TOO_LONG),
        (timedelta(days=366), None),
        (timedelta(seconds=1), None),
    ],
)
def test_how_long(desk: Desk, ada: Actor, bo: Someone, time: Clock, after: timedelta, sentence: str | None) -> None:
    case_id = decided(desk, ada, bo.actor)
    if sentence is None:
        desk.suspensions.suspend(ada, case_id, time.moment + after, "Insults")
        return
    with pytest.raises(Invalid) as refused:
        desk.suspensions.suspend(ada, case_id, time.moment + after, "Insults")
    assert str(refused.value) == sentence


@pytest.mark.parametrize("reason", ["", " \n", "x" * 501, "nul\0"])
def test_it_has_a_reason(desk: Desk, ada: Actor, bo: Someone, reason: str) -> None:
    with pytest.raises(Invalid):
        desk.suspensions.suspend(ada, decided(desk, ada, bo.actor), clock.now() + DAY, reason)
    assert desk.suspensions.list_in_force(ada) == ()


def test_whom_it_cannot_be(desk: Desk, ada: Actor) -> None:
    boss = desk.person(Role.STAFF, Role.ADMIN)
    case_id = decided(desk, ada, boss)
    with pytest.raises(NotPermitted) as refused:
        desk.suspensions.suspend(ada, case_id, clock.now() + DAY, "Why")
    assert str(refused.value) == AN_ADMIN
    standing = desk.suspensions.of_case(ada, case_id)
    assert standing
    assert standing.why_not == AN_ADMIN
    asked = desk.talk(None, "Why?")
    desk.reports.report(desk.me, asked.answer_id, ReportReason.FALSE)
    case_id = case_of(desk, asked.answer_id)[0]
    desk.moderation.claim(ada, case_id, 0)
    with pytest.raises(RuleBroken) as nobody:
        desk.suspensions.suspend(ada, case_id, clock.now() + DAY, "Why")
    assert str(nobody.value) == NOBODY
    assert desk.suspensions.of_case(ada, case_id) is None


def test_who_is_kept_out_is_not_asked_for_and_others_are(desk: Desk, ada: Actor, bo: Someone, time: Clock) -> None:
    """In a room their question waits until they may speak again; what is being written for them is written."""
    cy = desk.person()
    room = desk.rooms.create(desk.me, ConversationKind.GROUP, "Ours", user_ids=[bo.actor.user_id, cy.user_id])
    running = desk.talks.send(bo.actor, room, "@Assistant, one?").run_id
    desk.talks.send(bo.actor, room, "@Assistant, two?")
    desk.talks.send(cy, room, "@Assistant, three?")
    assert running
    desk.suspensions.suspend(ada, decided(desk, ada, bo.actor), time.moment + HOUR, "Insults")
    desk.end(running, "One.")
    desk.end(desk.started[-1], "Three.")
    assert [one for one in desk.texts(room) if one.endswith(".")][-2:] == ["One.", "Three."]
    assert desk.store.list_due() == []
    time.moment += HOUR
    assert desk.store.list_due() == [room]
    assert desk.store.move_on(room)


def test_others_do_not_see_it(desk: Desk, ada: Actor, bo: Someone) -> None:
    """What they see of the person, and can do with them, is the same."""
    direct = desk.rooms.start_direct(desk.me, bo.actor.user_id)
    case_id = decided(desk, ada, bo.actor)

    def seen() -> str:
        people = PeopleService(desk.database, QuickPasswords())
        room = desk.rooms.get(desk.me, direct)
        return repr((room, people.directory(desk.me), desk.members.list_members(desk.me, direct)))

    before = seen()
    desk.suspensions.suspend(ada, case_id, clock.now() + DAY, "Insults")
    assert seen() == before
    desk.talks.send(desk.me, direct, "Are you there?")
    assert told(desk, desk.me.user_id) == [
        "A moderator looked at a message that you reported: it stays as it is. Thank you for looking after one another."
    ]


def test_of_two_at_once_one_suspends_and_one_lifts(fresh_database: Database) -> None:
    desk = Desk(fresh_database, limits={"message": (1_000, 60), "room": (1_000, 60), "report": (1_000, 60)})
    ada, eve = (desk.person(Role.MODERATOR, display_name=name) for name in ("Ada", "Eve"))
    for _ in range(20):
        bo = desk.person()
        case_id, until = decided(desk, ada, bo), clock.now() + DAY
        results = at_once(*(partial(desk.suspensions.suspend, who, case_id, until, "Why") for who in (ada, eve)))
        assert results.count(None) == 1
        winner = ("Ada", "Eve")[results.index(None)]
        [lost] = [one for one in results if one]
        assert isinstance(lost, Conflict)
        assert str(lost).startswith(f"{winner} suspended them already, until ")
        [line] = desk.suspensions.list_in_force(ada)
        results = at_once(*(partial(desk.suspensions.lift, who, line.id) for who in (ada, eve)))
        assert results.count(None) == 1
        winner = ("Ada", "Eve")[results.index(None)]
        assert [str(one) for one in results if one] == [f"{winner} lifted this suspension already."]
    with fresh_database.reading() as session:
        assert Audit(session).verify(desk.company.id) is None


def test_two_who_suspend_each_other_leave_one(fresh_database: Database) -> None:
    desk = Desk(fresh_database, limits={"message": (1_000, 60), "room": (1_000, 60), "report": (1_000, 60)})
    boss = desk.person(Role.MODERATOR)
    for _ in range(10):
        one, other = (desk.person(Role.STAFF, Role.MODERATOR) for _ in range(2))
        cases, until = [decided(desk, boss, who) for who in (one, other)], clock.now() + DAY
        results = at_once(
            partial(desk.suspensions.suspend, one, cases[1], until, "You"),
            partial(desk.suspensions.suspend, other, cases[0], until, "No, you"),
        )
        assert sorted(map(type, results), key=str) == sorted([type(None), Suspended], key=str)


def test_one_that_has_run_out_is_not_lifted(desk: Desk, ada: Actor, bo: Someone, time: Clock) -> None:
    desk.suspensions.suspend(ada, decided(desk, ada, bo.actor), time.moment + HOUR, "Insults")
    suspension_id = in_force(desk, ada)
    time.moment += HOUR
    with pytest.raises(Conflict) as refused:
        desk.suspensions.lift(ada, suspension_id)
    assert str(refused.value) == RUN_OUT


def test_the_list_goes_on_where_it_was(desk: Desk, ada: Actor) -> None:
    for hours in (3, 1, 2):
        desk.suspensions.suspend(ada, decided(desk, ada, desk.person()), clock.now() + hours * HOUR, f"In {hours}")
    first = desk.suspensions.list_in_force(ada, limit=2)
    rest = desk.suspensions.list_in_force(ada, after=first[-1].place, limit=2)
    assert [one.reason for one in (*first, *rest)] == ["In 1", "In 2", "In 3"]
