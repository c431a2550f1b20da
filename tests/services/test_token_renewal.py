"""A session gets another token after its person's rights changed, and loses nobody on the way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import text

from core import clock
from core.config import Settings
from core.database.engine import Database
from core.errors import Suspended
from core.ids import new_id
from core.models import User
from core.permissions import Role
from core.repositories.users import Users
from core.services.accounts import AccountService
from core.services.people import PeopleService, Person
from core.services.session_keeping import GRACE, UNSEEN
from core.services.sessions import SessionIdentity, SignedIn
from core.services.sso import SsoService
from core.services.sso_claims import vouched_by
from core.sso import SsoProvider
from tests.support.cases import suspend
from tests.support.passwords import GOOD, QuickPasswords
from tests.support.waiting import at_once, until

BO = "bo@example.com"
MOMENT = timedelta(seconds=1)
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@dataclass
class Clock:
    """What `core.clock` says, moved on by hand."""

    ahead: timedelta = field(default_factory=timedelta)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved, now = Clock(), clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + moved.ahead)
    return moved


class House:
    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.accounts = AccountService(database, settings, QuickPasswords())
        self.people = PeopleService(database, QuickPasswords())
        self.accounts.set_up_by_command(
            company_name="Engines", email="ada@example.com", display_name="Ada", password=GOOD
        )
        self.bo: Person = self.people.create_user(None, email=BO, display_name="Bo", password=GOOD, roles=[Role.STAFF])
        self.ada = self.accounts.actor(self.sign_in("ada@example.com").session_id)

    def sign_in(self, email: str = BO) -> SignedIn:
        return self.accounts.sign_in(email=email, password=GOOD, user_agent="")

    def promote(self) -> None:
        self.people.set_roles(self.ada, self.bo.id, [Role.STAFF, Role.MODERATOR])

    def is_due(self, token: str) -> bool | None:
        """None: it opens nothing."""
        identity = self.accounts.resolve(token)
        return identity.is_token_due if identity else None

    def renew(self, token: str) -> SignedIn | None:
        identity = self.accounts.resolve(token)
        assert identity
        return self.accounts.renew_token(identity.session_id, token)

    def next_of(self, token: str) -> str:
        renewed = self.renew(token)
        assert renewed
        return renewed.token


@pytest.fixture
def house(database: Database, settings: Settings) -> House:
    return House(database, settings)


def come_with_groups(house: House) -> None:
    """By another browser; its own token is of now."""
    provider = SsoProvider.model_validate(
        {
            "key": "kc", "issuer": "https://id.example.com", "client_id": "parley", "domains": "example.com",
            "link_by_email": True, "roles": '{"care": "staff+moderator"}',
        }
    )  # fmt: skip
    claims = {"sub": "1", "email": BO, "email_verified": True, "groups": ["care"]}
    signed_in = SsoService(house.database, house.settings).sign_in(provider, vouched_by(provider, claims), "")
    assert house.is_due(signed_in.token) is False


CHANGES: dict[str, Callable[[House], object]] = {
    "people page": House.promote,
    "command line": lambda house: house.people.set_roles(None, house.bo.id, [Role.ANALYST]),
    "no role any more": lambda house: house.people.set_roles(None, house.bo.id, []),
    "groups of a provider": come_with_groups,
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_roles_makes_every_token_of_theirs_due(house: House, change: str) -> None:
    first, second, other = house.sign_in(), house.sign_in(), house.sign_in("ada@example.com")
    house.people.set_roles(house.ada, house.bo.id, [Role.STAFF])  # what they have already
    assert [house.is_due(one.token) for one in (first, second, other)] == [False, False, False]
    CHANGES[change](house)
    assert [house.is_due(one.token) for one in (first, second, other)] == [True, True, False]
    assert house.is_due(house.sign_in().token) is False
    for one in (first, second):
        assert house.is_due(house.next_of(one.token)) is False


def test_the_one_before_opens_nothing_a_minute_after_the_new_one_was_used(house: House, time: Clock) -> None:
    signed_in = house.sign_in()
    house.promote()
    identity = house.accounts.resolve(signed_in.token)
    new = house.next_of(signed_in.token)
    time.ahead += GRACE * 2  # whatever the browser did with it, it has not come with it yet
    assert house.is_due(signed_in.token) is True
    assert house.accounts.resolve(new) == SessionIdentity(signed_in.session_id, house.bo.id), "the same session"
    assert identity and identity.session_id == signed_in.session_id
    time.ahead += GRACE - MOMENT
    assert house.is_due(signed_in.token) is True, "other tabs were on their way with it"
    assert house.is_due(new) is False, "which gives it no longer life"
    time.ahead += 2 * MOMENT
    assert house.is_due(signed_in.token) is None
    assert house.accounts.renew_token(signed_in.session_id, signed_in.token) is None
    assert house.is_due(new) is False


def test_who_never_got_the_answer_gets_the_same_token_again(house: House, time: Clock) -> None:
    signed_in = house.sign_in()
    house.promote()
    lost = house.next_of(signed_in.token)
    time.ahead += UNSEEN - MOMENT
    assert house.next_of(signed_in.token) == lost
    time.ahead += 2 * MOMENT
    assert house.is_due(signed_in.token) is None, "but not for ever"
    assert house.is_due(lost) is False


def test_requests_at_once_get_one_and_the_same(fresh_database: Database, settings: Settings) -> None:
    house = House(fresh_database, settings)
    signed_in = house.sign_in()
    house.promote()
    renewed = at_once(8, lambda _: house.next_of(signed_in.token))
    assert len(set(renewed)) == 1 and isinstance(renewed[0], str), renewed
    assert house.is_due(renewed[0]) is False
    with fresh_database.reading() as session:
        rows = session.execute(text("SELECT count(*) FROM auth_sessions WHERE replaced_hash IS NOT NULL"))
        assert rows.scalar_one() == 1


def test_roles_that_change_again_meanwhile_lead_on_from_token_to_token(house: House) -> None:
    signed_in = house.sign_in()
    house.promote()
    first = house.next_of(signed_in.token)
    house.people.set_roles(None, house.bo.id, [Role.ANALYST])
    assert house.next_of(signed_in.token) == first, "which the browser has to get first"
    assert house.is_due(first) is True
    second = house.next_of(first)
    assert [house.is_due(token) for token in (signed_in.token, first, second)] == [None, True, False]


def test_it_ends_when_the_session_would_have_ended(house: House, time: Clock) -> None:
    signed_in = house.sign_in()
    time.ahead = timedelta(days=13)
    house.promote()
    renewed = house.renew(signed_in.token)
    assert renewed and round(renewed.max_age / 86_400) == house.settings.session_max_days - 13
    time.ahead = timedelta(days=13 + house.settings.session_idle_days, seconds=1)
    assert house.is_due(renewed.token) is None


@pytest.mark.parametrize("end", ["signed out", "ended by an admin", "deactivated"])
def test_both_end_with_the_session(house: House, end: str) -> None:
    signed_in = house.sign_in()
    house.promote()
    new = house.next_of(signed_in.token)
    {
        "signed out": lambda: house.accounts.sign_out(signed_in.session_id),
        "ended by an admin": lambda: house.accounts.sign_out_everywhere(house.accounts.actor(signed_in.session_id)),
        "deactivated": lambda: house.people.deactivate(None, house.bo.id),
    }[end]()
    assert [house.is_due(token) for token in (signed_in.token, new)] == [None, None]
    assert house.accounts.renew_token(signed_in.session_id, new) is None


def test_who_is_suspended_is_told_so_with_either(house: House) -> None:
    signed_in = house.sign_in()
    house.promote()
    new = house.next_of(signed_in.token)
    suspend(house.database, house.bo.id, clock.now() + timedelta(days=1))
    for token in (signed_in.token, new):
        with pytest.raises(Suspended):
            house.accounts.resolve(token)
    assert house.accounts.renew_token(signed_in.session_id, new) is None


def test_a_machine_whose_clock_is_ahead_makes_nobody_change_twice(house: House, database: Database) -> None:
    signed_in = house.sign_in()
    with database.transaction() as session:
        session.get_one(User, house.bo.id).rights_changed_at = clock.now() + timedelta(seconds=30)
    assert house.is_due(house.next_of(signed_in.token)) is False


def test_nobody_else_can_tell_what_comes_next(house: House, settings: Settings) -> None:
    """It follows from the secret key as well as from the token, and differs by session."""
    signed_in, other = house.sign_in(), new_id()
    house.promote()
    secret = {"secret_key": "another secret of 32 characters.."}
    elsewhere = AccountService(house.database, Settings(_env_file=None, data_dir=settings.data_dir, **secret))  # type: ignore[arg-type, call-arg]
    theirs = elsewhere.renew_token(signed_in.session_id, signed_in.token)
    assert theirs and house.renew(signed_in.token) is None, "with another key it leads nowhere, and loses nothing"
    assert house.is_due(theirs.token) is False
    assert house.accounts.renew_token(other, theirs.token) is None
    assert house.accounts.renew_token(signed_in.session_id, "made up") is None


def test_a_use_and_the_end_of_all_sessions_do_not_wait_for_each_other(
    fresh_database: Database, settings: Settings
) -> None:
    """As when somebody is deactivated while they click: the person is held first, then the sessions."""
    house = House(fresh_database, settings)
    signed_in = house.sign_in()
    with fresh_database.transaction() as session:
        session.execute(text("UPDATE auth_sessions SET last_used_at = last_used_at - interval '2 minutes'"))
    used: list[bool] = []
    click = Thread(target=lambda: used.append(house.accounts.is_live(signed_in.session_id)))
    with fresh_database.transaction() as session:
        assert Users(session).get_for_update(house.bo.id)
        click.start()
        with fresh_database.reading() as other:
            waits = text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            until(lambda: other.execute(waits).scalar_one())
        session.execute(text("UPDATE auth_sessions SET revoked_at = now() WHERE user_id = :id"), {"id": house.bo.id})
    click.join(10)
    assert used == [True] and not house.accounts.is_live(signed_in.session_id)
