import re
from collections.abc import Callable

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from core.config import Settings
from core.database.engine import Database
from core.errors import StaleForm
from core.models import User
from core.permissions import Actor, Role
from core.services.invites import CLOSED, InviteService
from core.services.password_links import CLOSED as PASSWORD_CLOSED
from core.services.password_links import PasswordLinkService
from core.services.people import TAKEN, PeopleService
from core.web import addresses
from core.web.link_forms import SOMEBODY_ELSE
from core.web.throttle import OF_ONE_ADDRESS
from tests.support.builders import make_company
from tests.support.passwords import GOOD, OTHER, QuickPasswords
from tests.support.talks import Told
from tests.support.web import HTML, Inside, StandIn, client_of, fill_in, hidden_fields, send, sign_in, site

EMAIL = "new@example.com"
TYPED = {"display_name": "Nora <b>", "password": OTHER}
BOTH = (addresses.INVITE, addresses.NEW_PASSWORD)


@pytest.fixture
def application(application: StandIn, database: Database, settings: Settings) -> StandIn:
    application.invites = InviteService(database, settings, QuickPasswords())
    application.password_links = PasswordLinkService(database, settings, Told(), QuickPasswords())
    return application


@pytest.fixture
def admin(application: StandIn, database: Database) -> Actor:
    with database.reading() as session:
        user = session.exec(select(User)).one()
    return Actor(user.id, user.company_id, user.email, user.display_name, frozenset({Role.ADMIN}))


Link = Callable[[str], str]


@pytest.fixture
def link(application: StandIn, admin: Actor, database: Database) -> Link:
    """The token of a new link of that kind."""
    people = PeopleService(database, QuickPasswords())

    def made(address: str) -> str:
        if address == addresses.INVITE:
            return application.invites.invite(admin, email=EMAIL, display_name="Nora <i>", roles=[Role.STAFF]).token
        bo = people.create_user(admin, email="bo@example.com", display_name="Bo", password=GOOD, roles=[Role.STAFF])
        return application.password_links.issue(admin, bo.id).token

    return made


def alert(text: str) -> str | None:
    found = re.search(r'role="alert">([^<]*)<', text)
    return found[1].replace("&#39;", "'") if found else None


def test_an_invite_makes_an_account_and_signs_it_in_once(application: StandIn, inside: Inside, link: Link) -> None:
    app = site(application, inside)
    first, second = client_of(app), client_of(app)
    address = f"{addresses.INVITE}?token={link(addresses.INVITE)}"
    shown = first.get(address, headers=HTML)
    assert shown.status_code == 200 and "Join <bdi>Engines</bdi>" in shown.text and EMAIL in shown.text
    assert 'value="Nora &lt;i&gt;"' in shown.text and "<script" not in shown.text

    wrong = send(first, addresses.INVITE, hidden_fields(shown.text) | TYPED | {"password": "short"})
    assert (wrong.status_code, "12 characters" in (alert(wrong.text) or "")) == (422, True)
    assert 'value="Nora &lt;b&gt;"' in wrong.text and "short" not in wrong.text
    late = hidden_fields(second.get(address, headers=HTML).text)
    done = send(first, addresses.INVITE, hidden_fields(wrong.text) | TYPED)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert first.get("/").text == "inside"

    for again in (second.get(address, headers=HTML), send(second, addresses.INVITE, late | TYPED)):
        assert (again.status_code, alert(again.text)) == (410, CLOSED)
        assert not re.search(r"(?<!parley_form)session=", again.headers.get("set-cookie", ""))
    assert second.get("/").status_code == 401
    assert sign_in(second, email=EMAIL, password=OTHER).status_code == 303


def test_a_new_password_signs_everybody_else_out_once(application: StandIn, inside: Inside, link: Link) -> None:
    app = site(application, inside)
    old, new = client_of(app), client_of(app)
    address = f"{addresses.NEW_PASSWORD}?token={link(addresses.NEW_PASSWORD)}"
    assert sign_in(old, email="bo@example.com", password=GOOD).status_code == 303
    assert "bo@example.com" in new.get(address, headers=HTML).text
    done = fill_in(new, address, password=OTHER)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert [client.get("/").status_code for client in (old, new)] == [401, 200]
    again = new.get(address, headers=HTML)
    assert (again.status_code, alert(again.text)) == (410, PASSWORD_CLOSED)
    assert sign_in(old, email="bo@example.com", password=GOOD).status_code == 422
    assert sign_in(old, email="bo@example.com", password=OTHER).status_code == 303


@pytest.mark.parametrize("address", BOTH)
@pytest.mark.parametrize("how", ["missing", "of another form", "of another browser"])
def test_a_form_that_we_did_not_make_uses_no_link(
    application: StandIn, inside: Inside, link: Link, address: str, how: str
) -> None:
    app = site(application, inside)
    client, other = client_of(app), client_of(app)
    token = link(address)
    hidden = hidden_fields(client.get(f"{address}?token={token}", headers=HTML).text)
    if how == "missing":
        del hidden["form"]
    elif how == "of another form":
        hidden["form"] = hidden_fields(client.get(addresses.SIGN_IN, headers=HTML).text)["form"]
    else:
        hidden["form"] = hidden_fields(other.get(f"{address}?token={token}", headers=HTML).text)["form"]
    answer = send(client, address, hidden | TYPED)
    assert (answer.status_code, alert(answer.text)) == (422, StaleForm.sentence)
    assert client.get("/").status_code == 401
    assert send(client, address, hidden_fields(answer.text) | TYPED, origin="http://elsewhere").status_code == 403
    assert send(client, address, hidden_fields(answer.text) | TYPED).status_code == 303


@pytest.mark.parametrize("address", BOTH)
@pytest.mark.parametrize("token", ["", "unknown", "%00", "%F0%9F%98%80", "x" * 4_000])
def test_an_unknown_link_is_a_sentence_with_the_headers_of_every_answer(
    client: TestClient, address: str, token: str
) -> None:
    answer = client.get(f"{address}?token={token}", headers=HTML)
    assert answer.status_code == 410
    assert alert(answer.text) == (CLOSED if address == addresses.INVITE else PASSWORD_CLOSED)
    assert answer.headers["cache-control"] == "no-store" and "frame-ancestors 'none'" in str(answer.headers)
    assert answer.headers["referrer-policy"] == "same-origin"


def test_whoever_tries_many_links_has_to_wait(client: TestClient, link: Link) -> None:
    token = link(addresses.INVITE)
    for number in range(OF_ONE_ADDRESS.failures):
        assert client.get(f"{addresses.INVITE}?token={number}", headers=HTML).status_code == 410
    answer = client.get(f"{addresses.NEW_PASSWORD}?token={token}", headers=HTML)
    assert answer.status_code == 429
    assert (alert(answer.text) or "").startswith("Too many attempts.")


def test_a_link_of_the_other_kind_opens_nothing(client: TestClient, link: Link) -> None:
    invite, reset = link(addresses.INVITE), link(addresses.NEW_PASSWORD)
    for address, token in ((addresses.INVITE, reset), (addresses.NEW_PASSWORD, invite), (addresses.SET_UP, invite)):
        assert client.get(f"{address}?token={token}", headers=HTML).status_code == 410


def test_in_a_browser_that_is_signed_in_it_says_so_and_ends_that(
    signed_in: TestClient, application: StandIn, link: Link
) -> None:
    before = signed_in.cookies["parley_session"]
    address = f"{addresses.INVITE}?token={link(addresses.INVITE)}"
    assert SOMEBODY_ELSE in signed_in.get(address, headers=HTML).text
    assert application.accounts.resolve(before)
    assert fill_in(signed_in, address, **TYPED).status_code == 303
    after = signed_in.cookies["parley_session"]
    assert application.accounts.resolve(before) is None and application.accounts.resolve(after)


def test_an_address_that_got_an_account_meanwhile(client: TestClient, database: Database, link: Link) -> None:
    hidden = hidden_fields(client.get(f"{addresses.INVITE}?token={link(addresses.INVITE)}", headers=HTML).text)
    with database.transaction() as session:
        elsewhere = make_company(session).id
    PeopleService(database, QuickPasswords()).create_user(
        None, email=EMAIL, display_name="New", password=None, roles=[], company_id=elsewhere
    )
    answer = send(client, addresses.INVITE, hidden | TYPED)
    assert (answer.status_code, alert(answer.text)) == (409, TAKEN)


@pytest.mark.parametrize("address", BOTH)
def test_every_field_has_a_label_and_a_purpose(client: TestClient, link: Link, address: str) -> None:
    page = client.get(f"{address}?token={link(address)}", headers=HTML).text
    fields = re.findall(r'<input id="(\w+)"[^>]*autocomplete="([\w-]+)"', page)
    assert [name for name, _ in fields] == re.findall(r'<label for="(\w+)">', page)
    assert page.count("autofocus") == 1


def test_forms_look_as_was_chosen_in_this_browser(application: StandIn, inside: Inside) -> None:
    """What a stranger to us put there changes nothing."""
    client = client_of(site(application, inside))
    seen = {}
    for look in ("", "dark", "light", "}</style><script>", "DARK"):
        client.cookies.set("parley_look", look)
        text = client.get(addresses.SIGN_IN, headers=HTML).text
        seen[look] = ("prefers-color-scheme: dark" in text, "@media all" in text, "<script" in text)
    device = (True, False, False)
    assert seen == {
        "": device, "dark": (False, True, False), "light": (False, False, False), "}</style><script>": device,
        "DARK": device,
    }  # fmt: skip
