"""A cookie that was there before somebody signed in is worth nothing afterwards, whichever way they came in."""

from collections.abc import Callable

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from core.config import Settings
from core.database.engine import Database
from core.models import User
from core.permissions import Actor, Role
from core.services.invites import InviteService
from core.services.password_links import PasswordLinkService
from core.services.people import PeopleService
from core.web import addresses
from core.web.cookies import SESSION
from tests.support.passwords import GOOD, OTHER, QuickPasswords
from tests.support.talks import Told
from tests.support.web import Inside, StandIn, client_of, fill_in, hidden_fields, send, sign_in, site

EVE, BO = "eve@example.com", "bo@example.com"
Come = Callable[[StandIn, TestClient, Actor], str]
"""Somebody comes in with this browser. Whose address that is."""


@pytest.fixture
def application(application: StandIn, database: Database, settings: Settings) -> StandIn:
    application.invites = InviteService(database, settings, QuickPasswords())
    application.password_links = PasswordLinkService(database, settings, Told(), QuickPasswords())
    people = PeopleService(database, QuickPasswords())
    for email in (EVE, BO):
        people.create_user(None, email=email, display_name=email[:3], password=GOOD, roles=[Role.STAFF])
    return application


@pytest.fixture
def admin(application: StandIn, database: Database) -> Actor:
    with database.reading() as session:
        user = session.exec(select(User).where(User.email == "ada@example.com")).one()
    return Actor(user.id, user.company_id, user.email, user.display_name, frozenset({Role.ADMIN}))


def by_password(application: StandIn, client: TestClient, admin: Actor) -> str:
    assert sign_in(client, email=BO).status_code == 303
    return BO


def by_invite(application: StandIn, client: TestClient, admin: Actor) -> str:
    made = application.invites.invite(admin, email="new@example.com", display_name="New", roles=[Role.STAFF])
    address = f"{addresses.INVITE}?token={made.token}"
    assert fill_in(client, address, display_name="New", password=OTHER).status_code == 303
    return "new@example.com"


def by_password_link(application: StandIn, client: TestClient, admin: Actor) -> str:
    bo = PeopleService(application.accounts.database).find(None, BO)
    made = application.password_links.issue(admin, bo.id)
    assert fill_in(client, f"{addresses.NEW_PASSWORD}?token={made.token}", password=OTHER).status_code == 303
    return BO


WAYS: list[tuple[Come, str]] = [
    (by_password, "made up"),
    (by_password, "a session that ended"),
    *(
        (come, planted)
        for come in (by_invite, by_password_link)
        for planted in ("made up", "a session", "one that ended")
    ),
]


@pytest.mark.parametrize(("come", "planted"), WAYS)
def test_what_was_planted_is_not_what_they_have(
    application: StandIn, inside: Inside, admin: Actor, come: Come, planted: str
) -> None:
    app = site(application, inside)
    attacker, victim = client_of(app), client_of(app)
    sign_in(attacker, email=EVE)
    token = "made-up" if planted == "made up" else attacker.cookies[SESSION]
    if planted.endswith("ended"):
        fill_in(attacker, addresses.SIGN_OUT, where="here")
    victim.cookies.set(SESSION, token, domain="testserver.local", path="/")
    email = come(application, victim, admin)
    found = application.accounts.resolve(victim.cookies[SESSION])
    assert found and application.accounts.actor(found.session_id).email == email
    assert victim.cookies[SESSION] != token
    assert application.accounts.resolve(token) is None


def test_whoever_was_signed_in_as_somebody_else_is_led_on_as_them_and_sees_who_it_is(
    application: StandIn, inside: Inside
) -> None:
    """A planted session of the attacker's own shows their name on every page; signing in over it ends it."""
    app = site(application, inside)
    attacker, victim = client_of(app), client_of(app)
    form = victim.get(addresses.SIGN_IN).text
    sign_in(attacker, email=EVE)
    token = attacker.cookies[SESSION]
    victim.cookies.set(SESSION, token, domain="testserver.local", path="/")
    assert victim.get(addresses.SIGN_IN).headers["location"] == "/"
    assert "eve" in victim.get(addresses.SIGN_OUT).text
    assert send(victim, addresses.SIGN_IN, hidden_fields(form) | {"email": BO, "password": GOOD}).status_code == 303
    assert application.accounts.resolve(token) is None
    found = application.accounts.resolve(victim.cookies[SESSION])
    assert found and application.accounts.actor(found.session_id).email == BO
