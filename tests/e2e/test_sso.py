"""A person in a browser who comes through a provider, on another site than Parley, and goes again."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core.permissions import Role
from core.services.people import PeopleService
from core.web.cookies import SESSION
from core.web.forms import FORM_COOKIE
from tests.e2e.browsing import PATIENCE
from tests.e2e.served import NO_MODEL, Parley, served
from tests.support.openid_provider import SECRET, OpenIdProvider

pytestmark = [pytest.mark.e2e, pytest.mark.long]


@pytest.fixture(scope="module")
def providers() -> Iterator[tuple[OpenIdProvider, OpenIdProvider]]:
    """By the name localhost, while Parley is opened by number: to a browser that is another site."""
    with OpenIdProvider("localhost") as first, OpenIdProvider("localhost", client_id="second") as second:
        first.people |= {
            "ada-1": {"email": "ada@example.com", "name": "Ada Lovelace", "groups": ["boss"]},
            "bob-1": {"email": "bob@example.com", "name": "Bob Boole", "groups": ["desk"]},
        }
        second.people["cy-1"] = {"email": "cy@example.org", "name": "Cy Twombly"}
        yield first, second


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, providers: tuple[OpenIdProvider, OpenIdProvider]
) -> Iterator[Parley]:
    """Without passwords."""
    first, second = providers
    variables = NO_MODEL | {"PARLEY_LOCAL_PASSWORDS": "false", "PARLEY_SHUTDOWN_GRACE": "1"}
    for key, provider in (("KEYCLOAK", first), ("SECOND", second)):
        variables |= {
            f"PARLEY_SSO__{key}__ISSUER": provider.issuer,
            f"PARLEY_SSO__{key}__CLIENT_ID": provider.client_id,
            f"PARLEY_SSO__{key}__CLIENT_SECRET": SECRET,
        }
    variables |= {
        "PARLEY_SSO__KEYCLOAK__DOMAINS": "example.com",
        "PARLEY_SSO__KEYCLOAK__LINK_BY_EMAIL": "true",
        "PARLEY_SSO__KEYCLOAK__ROLES": "boss=admin, desk=staff",
        "PARLEY_SSO__SECOND__COMPANIES": "example.org=Engines",
    }
    with served(Parley(tmp_path_factory.mktemp("sso"), **variables)) as parley:
        assert "python -m core set-up" in parley.log and "/account/set-up" not in parley.log
        done = parley.command_line("set-up", "ada@example.com", "--name", "Ada Lovelace", "--company", "Engines")
        assert "is set up, with ada@example.com as its first admin" in done
        yield parley


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def come(page: Page, way: str, who: str) -> None:
    page.get_by_role("link", name=f"Sign in with {way}").click()
    page.get_by_role("link", name=who).click()


def test_in_by_one_provider_out_of_both_and_in_by_another(
    house: Parley, providers: tuple[OpenIdProvider, OpenIdProvider], page: Page
) -> None:
    broken: list[str] = []
    page.on("console", lambda said: broken.append(said.text) if "form-action" in said.text else None)
    page.goto(f"{house.url}/chat")
    expect(page.get_by_role("textbox")).to_have_count(0)
    come(page, "Keycloak", "bob-1")
    expect(page.get_by_role("textbox", name="Ask anything")).to_be_visible()  # where they wanted to go
    assert page.url.startswith(f"{house.url}/chat")
    cookies = {one["name"]: one for one in page.context.cookies(house.url)}
    assert set(cookies) == {SESSION, FORM_COOKIE, "_streamlit_xsrf"}  # nothing of the attempt, or of the provider's
    assert cookies[SESSION]["httpOnly"] and cookies[SESSION]["sameSite"] == "Lax"

    page.goto(f"{house.url}/account/sign-out")
    page.get_by_role("button", name="Sign out here").click()
    page.wait_for_url(f"{house.url}/account/sign-in")
    assert providers[0].ended
    page.get_by_role("link", name="Sign in with Keycloak").click()
    expect(page.get_by_role("heading", name="Who are you?")).to_be_visible()  # signed out there, too

    page.goto(f"{house.url}/account/sign-in")
    come(page, "Second", "cy-1")
    expect(page.get_by_role("heading", name="Hello, Cy")).to_be_visible()
    assert broken == []


def test_who_is_removed_and_whose_groups_change(
    house: Parley, providers: tuple[OpenIdProvider, OpenIdProvider], page: Page
) -> None:
    first, _ = providers
    page.goto(house.url)
    come(page, "Keycloak", "ada-1")  # linked with the account that was made by command
    expect(page.get_by_role("link", name="Settings")).to_be_visible()
    first.people["bob-1"]["groups"] = ["boss"]
    page.context.clear_cookies()
    page.goto(house.url)
    come(page, "Keycloak", "bob-1")
    expect(page.get_by_role("link", name="Settings")).to_be_visible()

    with house.database() as database:
        service = PeopleService(database)
        service.deactivate(None, service.find(None, "bob@example.com").id)
    page.goto(f"{house.url}/chat")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_role("link", name="Sign in with Keycloak").click()  # there, they are signed in still
    expect(page.get_by_role("alert")).to_have_text("Your account here is deactivated. An admin can let you in again.")
    page.get_by_role("link", name="Other ways to sign in").click()
    expect(page.get_by_role("link", name="Sign in with Second")).to_be_visible()
    with house.database() as database:
        people = {one.email: one for one in PeopleService(database).list_people(None)}
    assert not people["bob@example.com"].is_active and Role.ADMIN in people["ada@example.com"].roles


def test_what_goes_wrong_is_said_and_leads_back(
    house: Parley, providers: tuple[OpenIdProvider, OpenIdProvider], page: Page
) -> None:
    first, _ = providers
    page.goto(f"{house.url}/usage")
    with first.failing(alter=lambda claims: claims | {"exp": 1}):
        come(page, "Keycloak", "ada-1")
        expect(page.get_by_role("alert")).to_contain_text("can't be believed")
    page.get_by_role("link", name="Try again").click()  # and there nobody asks again who it is
    page.wait_for_url(re.compile("/usage"))
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()
    assert SECRET not in house.log and "id_token" not in house.log
