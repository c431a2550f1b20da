from uuid import UUID

import pytest

from core import clock
from core.config import Settings
from core.database.engine import Database
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.repositories.notices import Notices
from core.repositories.users import Users
from core.services.accounts import AccountService
from core.services.session_ending import SessionEnding
from core.services.sessions import SessionLimits
from tests.support.talks import DONE, HIDDEN, Desk, outcome


class House:
    def __init__(self, database: Database, settings: Settings) -> None:
        self.desk, self.settings = Desk(database), settings
        self.ending = SessionEnding(database, self.desk.hints)
        self.accounts = AccountService(database, settings)
        self.admin = self.sign_in(self.desk.person(Role.ADMIN, display_name="Ada"))
        self.bo = self.sign_in(self.desk.person(Role.STAFF))

    def sign_in(self, actor: Actor) -> Actor:
        with self.desk.database.transaction() as session:
            user = Users(session).get(actor.user_id)
            assert user
            return SessionLimits(self.settings).open(session, user, "Firefox/140 Linux")[1]

    def is_in(self, actor: Actor) -> bool:
        return outcome(lambda: self.accounts.actor(_session(actor))) == DONE


def _session(actor: Actor) -> UUID:
    assert actor.session_id
    return actor.session_id


@pytest.fixture
def house(database: Database, settings: Settings) -> House:
    return House(database, settings)


def test_one_of_ones_own_ends_and_no_other(house: House) -> None:
    phone = house.sign_in(house.bo)
    assert phone.session_id and house.admin.session_id
    house.ending.end_own(house.bo, phone.session_id)
    assert [house.is_in(one) for one in (phone, house.bo, house.admin)] == [False, True, True]
    assert house.desk.hints.standing == [house.bo.user_id]
    for nothing in (phone.session_id, house.admin.session_id):
        assert outcome(lambda one=nothing: house.ending.end_own(house.bo, one)) == HIDDEN  # type: ignore[misc]
    assert house.is_in(house.admin)


def test_an_admin_ends_one_or_all_and_the_person_is_told(house: House) -> None:
    phone, tablet = house.sign_in(house.bo), house.sign_in(house.bo)
    assert phone.session_id
    views = house.ending.list_of(house.admin, house.bo.user_id)
    assert [view.id for view in views] == [tablet.session_id, phone.session_id, house.bo.session_id]
    assert not any(view.is_current for view in views)
    house.ending.end(house.admin, house.bo.user_id, phone.session_id)
    assert [house.is_in(one) for one in (phone, tablet, house.bo)] == [False, True, True]
    assert house.ending.end_all(house.admin, house.bo.user_id) == 2
    assert house.ending.end_all(house.admin, house.bo.user_id) == 0
    assert not any(map(house.is_in, (phone, tablet, house.bo))) and house.is_in(house.admin)
    with house.desk.database.reading() as session:
        told = [one.text for one in Notices(session).list_unread(house.bo.user_id, clock.now(), limit=9)]
        rows = [one for one in Audit(session).list_recent(house.bo.company_id) if one.action == "session:end"]
    assert told == ["Ada, an admin, signed out all browsers of yours.", "Ada, an admin, signed out a browser of yours."]
    assert [(row.actor_id, row.target_id, row.after) for row in rows] == [
        (house.admin.user_id, house.bo.user_id, {"sessions": 2}),
        (house.admin.user_id, house.bo.user_id, {"sessions": 1}),
    ]
