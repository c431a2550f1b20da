from uuid import UUID

import pytest

from core import clock
from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.config import Settings
from core.database.engine import Database
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.repositories.notices import Notices
from core.repositories.users import Users
from core.services.accounts import AccountService
from core.services.session_ending import SessionEnding
from core.services.sessions import SessionLimits
from tests.support.models import ScriptedModel
from tests.support.talks import DONE, HIDDEN, Desk, outcome


class House:
    def __init__(self, database: Database, settings: Settings) -> None:
        self.desk, self.settings = Desk(database), settings
        self.ending = SessionEnding(database, self.desk.hints)
        self.accounts = AccountService(database, settings)
        self.admin = self.sign_in(self.desk.person(Role.ADMIN, display_name="Ada"))
        self.bo = self.sign_in(self.desk.person(Role.STAFF))

    def sign_in(self, actor: Actor, provider: str | None = None) -> Actor:
        with self.desk.database.transaction() as session:
            user = Users(session).get(actor.user_id)
            assert user
            return SessionLimits(self.settings).open(session, user, "Firefox/140 Linux", provider=provider)[1]

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


WITHOUT_PASSWORDS = {
    "local_passwords": False,
    "sso": {"kc": {"issuer": "https://id.example.com", "client_id": "parley", "domains": "example.com"}},
}


def test_what_a_password_opened_ends_where_there_are_none_any_more(
    fresh_database: Database, settings: Settings
) -> None:
    """At the start of a process with that setting; what a provider opened goes on."""
    house = House(fresh_database, settings)
    phone, through = house.sign_in(house.bo), house.sign_in(house.bo, provider="kc")
    given = WITHOUT_PASSWORDS | {"data_dir": settings.data_dir}
    switched_off = Settings(_env_file=None, **given)  # type: ignore[arg-type, call-arg]
    for started in (settings, switched_off, switched_off):
        application = Application(started, fresh_database, Assistant(started, model_factory=lambda _: ScriptedModel()))
        application.start()
        application.stop()
        is_on = started is settings
        assert [house.is_in(one) for one in (house.bo, phone, house.admin, through)] == [is_on, is_on, is_on, True]
    with fresh_database.reading() as session:
        rows = [one for one in Audit(session).list_recent(house.bo.company_id) if one.action == "session:end"]
    told = {row.target_id: (row.actor_id, row.after) for row in rows}
    assert len(rows) == 2 and told == {
        house.bo.user_id: (None, {"sessions": 2, "passwords": "switched off"}),
        house.admin.user_id: (None, {"sessions": 1, "passwords": "switched off"}),
    }
