import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from core import clock
from core.config import Settings
from core.database.engine import Database
from core.errors import Invalid, LinkExpired, NotSignedIn, Suspended
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.repositories.notices import Notices
from core.repositories.users import Users
from core.services.accounts import AccountService
from core.services.password_links import CLOSED, INACTIVE, ONESELF, PasswordLinkService
from core.services.people import PeopleService
from tests.support.cases import suspend
from tests.support.passwords import GOOD, OTHER, QuickPasswords
from tests.support.talks import DONE, Desk, outcome
from tests.support.waiting import until


class House:
    def __init__(self, database: Database, settings: Settings) -> None:
        self.desk, self.passwords = Desk(database), QuickPasswords()
        self.links = PasswordLinkService(database, settings, self.desk.hints, self.passwords)
        self.accounts = AccountService(database, settings, self.passwords)
        self.people = PeopleService(database, self.passwords)
        self.admin, self.other = (self.desk.person(Role.ADMIN, display_name=name) for name in ("Ada", "Otto"))
        self.bo = self.people.create_user(
            self.admin, email="bo@example.com", display_name="Bo", password=GOOD, roles=[Role.STAFF]
        )

    def sign_in(self, password: str) -> Actor:
        signed_in = self.accounts.sign_in(email=self.bo.email, password=password, user_agent="Firefox/140")
        return self.accounts.actor(signed_in.session_id)

    def use(self, token: str, password: str = OTHER) -> Actor:
        signed_in = self.links.use(token=token, password=password, user_agent="Edg/1")
        return self.accounts.actor(signed_in.session_id)


@pytest.fixture
def house(database: Database, settings: Settings) -> House:
    return House(database, settings)


def test_a_link_changes_the_password_ends_all_sessions_and_says_so(house: House) -> None:
    before = house.sign_in(GOOD)
    assert house.links.waiting(house.admin, house.bo.id) is None
    token = house.links.issue(house.admin, house.bo.id).token
    waiting = house.links.waiting(house.other, house.bo.id)
    assert waiting and waiting.by == "Ada"
    house.sign_in(GOOD)  # until it is used the old one is good
    assert house.links.check(token) == house.bo.email

    now = house.use(token)
    with pytest.raises(NotSignedIn):
        house.accounts.actor(before.session_id or before.user_id)
    assert [view.is_current for view in house.accounts.sessions(now)] == [True]
    assert house.desk.hints.standing == [house.bo.id]
    assert house.sign_in(OTHER).user_id == house.bo.id
    assert outcome(lambda: house.sign_in(GOOD)) == "WrongCredentials"
    for again in (lambda: house.use(token, GOOD), lambda: house.links.check(token)):
        with pytest.raises(LinkExpired, match=CLOSED):
            again()
    with house.desk.database.reading() as session:
        [notice] = Notices(session).list_unread(house.bo.id, clock.now(), limit=9)
        changed, *_ = [one for one in Audit(session).list_recent(house.bo.company_id) if one.action == "user:password"]
    assert notice.text == "Your password was changed by a link that Ada made."
    assert (changed.actor_id, changed.after) == (house.bo.id, {"by_link_of": str(house.admin.user_id)})


ENDS: dict[str, Callable[[House], object]] = {
    "revoked": lambda house: house.links.revoke(house.other, house.bo.id),
    "another was made": lambda house: house.links.issue(house.other, house.bo.id),
    "password given": lambda house: house.people.set_password(house.other, house.bo.id, "five brown bridges"),
    "password changed": lambda house: house.accounts.change_password(
        house.sign_in(GOOD), current=GOOD, new="five brown bridges", user_agent=""
    ),
    "deactivated": lambda house: house.people.deactivate(house.other, house.bo.id),
    "its maker demoted": lambda house: house.people.set_roles(house.other, house.admin.user_id, [Role.STAFF]),
    "its maker deactivated": lambda house: house.people.deactivate(house.other, house.admin.user_id),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_link_ends(house: House, end: str) -> None:
    token = house.links.issue(house.admin, house.bo.id).token
    ENDS[end](house)
    with pytest.raises(LinkExpired, match=CLOSED):
        house.use(token)
    if end == "deactivated":
        house.people.reactivate(house.other, house.bo.id)
        assert outcome(lambda: house.use(token)) == "LinkExpired"


def test_after_a_day_it_is_over(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    token = house.links.issue(house.admin, house.bo.id).token
    later = clock.now() + timedelta(days=1, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert outcome(lambda: house.use(token)) == "LinkExpired"
    assert house.links.waiting(house.admin, house.bo.id) is None
    assert house.use(house.links.issue(house.admin, house.bo.id).token).user_id == house.bo.id


def test_it_is_no_way_round_anything(house: House) -> None:
    with pytest.raises(Invalid, match=ONESELF):
        house.links.issue(house.admin, house.admin.user_id)
    token = house.links.issue(house.admin, house.bo.id).token
    for bad in ("short", "passwordpassword", ""):
        assert outcome(lambda bad=bad: house.use(token, bad)) == "Invalid"  # type: ignore[misc]
    suspend(house.desk.database, house.bo.id, clock.now() + timedelta(hours=1))
    with pytest.raises(Suspended):
        house.use(token)
    house.people.deactivate(house.admin, house.bo.id)
    with pytest.raises(Invalid, match=INACTIVE):
        house.links.issue(house.admin, house.bo.id)


def test_used_twice_at_once_it_works_once(fresh_database: Database, settings: Settings) -> None:
    house = House(fresh_database, settings)
    token, ready, outcomes = house.links.issue(house.admin, house.bo.id).token, threading.Barrier(3), list[str]()

    def run(number: int) -> None:
        ready.wait()
        outcomes.append(outcome(lambda: house.use(token, f"{number} brown wide bridges")))

    threads = [threading.Thread(target=run, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == sorted([DONE] + ["LinkExpired"] * 2)


def test_used_while_the_account_is_being_deactivated_neither_is_in_the_others_way(
    fresh_database: Database, settings: Settings
) -> None:
    """The person is held by somebody else until both want them: whoever holds the link by then waits for whoever holds
    the person.
    """
    house = House(fresh_database, settings)
    token, outcomes = house.links.issue(house.admin, house.bo.id).token, dict[str, str]()

    def run(name: str, act: Callable[[], object]) -> threading.Thread:
        def go() -> None:
            outcomes[name] = outcome(act)

        thread = threading.Thread(target=go)
        thread.start()
        return thread

    with fresh_database.transaction() as session:
        Users(session).get_for_update(house.bo.id)
        first = run("deactivated", lambda: house.people.deactivate(house.other, house.bo.id))
        _until_waiting(fresh_database, 1)
        second = run("used", lambda: house.use(token))
        _until_waiting(fresh_database, 2)
    first.join()
    second.join()
    assert outcomes == {"deactivated": DONE, "used": "LinkExpired"}


def _until_waiting(database: Database, count: int) -> None:
    with database.reading() as session:
        until(lambda: session.scalar(text(_WAITING)) == count)


_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
