"""Signing in through a provider, over real HTTP to one on loopback that signs real tokens."""

import base64
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.testclient import TestClient

from core.config import Settings
from core.database.engine import Database
from core.permissions import Role
from core.repositories.audit import Audit
from core.services import sso
from core.services.accounts import AccountService
from core.services.people import PeopleService
from core.services.sessions import SessionIdentity
from core.web import addresses, openid
from core.web.attempts import PREFIX
from core.web.sso import ASKED_WRONGLY, BUSY, DECLINED, NOT_BEGUN
from tests.support.builders import make_company
from tests.support.openid_provider import ACCESS_TOKEN, SECRET, Claims, OpenIdProvider
from tests.support.passwords import QuickPasswords
from tests.support.web import EMAIL, HTML, Inside, StandIn, client_of, fill_in, set_up, sign_in, site

COOKIE = "parley_session"
BOB = {"email": "Bob@Example.com", "name": "Bob\u0000 Boole", "groups": ["desk", "nobody's"]}
UNAVAILABLE = "The place where you sign in does not answer at the moment. Try again in a minute."


@pytest.fixture(scope="module")
def key_cloak() -> Iterator[OpenIdProvider]:
    with OpenIdProvider() as provider:
        yield provider


@pytest.fixture
def provider(key_cloak: OpenIdProvider) -> OpenIdProvider:
    """Nobody but Bob is known there."""
    key_cloak.people = {"bob-1": dict(BOB)}
    key_cloak.redeemed.clear()
    key_cloak.ended.clear()
    key_cloak.has_end_session = True
    return key_cloak


class Desk:
    """A Parley whose people come through providers."""

    def __init__(self, database: Database, settings: Settings, *providers: dict[str, Any], **more: Any) -> None:
        self.database = database
        self._data_dir = settings.data_dir
        set_up(AccountService(database, settings, QuickPasswords()))  # Ada, an admin
        self.configure(*providers, **more)

    def configure(self, *providers: dict[str, Any], **more: Any) -> None:
        """A process started with these settings."""
        given: dict[str, Any] = {"data_dir": self._data_dir, "sso": {one["key"]: one for one in providers}, **more}
        self.settings = Settings(_env_file=None, **given)  # type: ignore[call-arg]
        accounts = AccountService(self.database, self.settings, QuickPasswords())
        self.application = StandIn(self.settings, accounts)
        self.inside = Inside()
        self.app = site(self.application, self.inside)

    def browser(self) -> TestClient:
        return client_of(self.app)

    def people(self, email: str) -> Any:
        return PeopleService(self.database).find(None, email)

    def who(self, client: TestClient) -> str | None:
        """Whose session the browser has."""
        identity = self.application.accounts.resolve(client.cookies.get(COOKIE) or "")
        return self.application.accounts.actor(identity.session_id).email if identity else None

    def trail(self) -> list[tuple[str, str, dict[str, Any] | None]]:
        """The newest first."""
        with self.database.reading() as session:
            company_id = PeopleService(self.database).find(None, EMAIL).company_id
            return [(one.action, one.outcome.value, one.after) for one in Audit(session).list_recent(company_id)]


@pytest.fixture
def desk(database: Database, settings: Settings, provider: OpenIdProvider) -> Desk:
    return Desk(database, settings, provider.settings("keycloak"))


def begin(client: TestClient, key: str = "keycloak", wanted: str | None = None) -> str:
    """The address at the provider that the browser is sent to."""
    answer = client.get(f"/account/sso/{key}", params={"next": wanted} if wanted else {}, headers=HTML)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def consent(address: str, who: str = "bob-1") -> str:
    """What the provider sends the browser back to, as a path of ours."""
    params = {**{k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}, "as": who}
    back = httpx2.get(address, params=params, verify=False)  # else it reads all certificates, to need none
    parts = urlsplit(back.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}" == "http://testserver"
    return f"{parts.path}?{parts.query}"


def come(client: TestClient, key: str = "keycloak", who: str = "bob-1", wanted: str | None = None) -> Any:
    return client.get(consent(begin(client, key, wanted), who), headers=HTML)


def said(answer: Any) -> str:
    found = re.search(r'role="alert">([^<]*)<', answer.text)
    return found[1].replace("&#39;", "'") if found else ""


def assert_out(answer: Any, client: TestClient, sentence: str, status: int) -> None:
    assert (answer.status_code, said(answer)) == (status, sentence)
    assert "/account/sso/keycloak" in answer.text and "/account/sign-in" in answer.text  # the ways back
    assert COOKIE not in client.cookies
    assert client.get("/").status_code == 401


def test_the_first_sign_in_makes_the_account_and_the_next_ones_find_it(desk: Desk, provider: OpenIdProvider) -> None:
    client = desk.browser()
    page = client.get(f"{addresses.SIGN_IN}?next=/chat%3Fc=1").text
    assert '<a class="button quiet" href="/account/sso/keycloak?next=/chat%3Fc%3D1">Sign in with Keycloak</a>' in page
    address = begin(client, wanted="/chat?c=1")
    asked = parse_qs(urlsplit(address).query)
    assert asked["tenant"] == ["engines"] and asked["scope"] == ["openid email profile"]
    assert asked["redirect_uri"] == ["http://testserver/account/sso/keycloak/callback"]

    answer = client.get(consent(address), headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat?c=1")
    assert answer.headers["cache-control"] == "no-store"
    assert set(client.cookies) == {COOKIE, "parley_form"} and len(client.cookies[COOKIE]) == 43
    assert client.get("/").text == "inside"
    bob = desk.people("bob@example.com")
    assert (bob.display_name, bob.roles, bob.has_password) == ("Bob Boole", {Role.STAFF}, False)
    assert desk.trail()[:2] == [
        ("session:sign_in", "done", {"provider": "keycloak"}),
        ("user:create", "done", {"roles": ["staff"], "provider": "keycloak"}),
    ]

    provider.people["bob-1"] |= {"email": "robert@example.com", "name": "Robert"}
    again = desk.browser()
    assert come(again).status_code == 303
    assert desk.who(again) == "Bob@Example.com"  # known by the subject, whatever the address is
    assert again.cookies[COOKIE] != client.cookies[COOKIE]
    assert again.get("/account/sso/keycloak?next=/tasks").headers["location"] == "/tasks"


def test_nothing_of_the_providers_stays_or_is_told(
    desk: Desk, provider: OpenIdProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "core")
    client = desk.browser()
    back = consent(begin(client))
    answer = client.get(back, headers=HTML)
    code = parse_qs(urlsplit(back).query)["code"][0]
    told = f"{answer.headers} {answer.text} {dict(client.cookies)} {caplog.text} {desk.trail()} {desk.settings!r}"
    with provider.failing(tokens=JSONResponse({"error": SECRET, "error_description": SECRET}, 401)):
        failed = come(desk.browser())
    told += f"{failed.headers} {failed.text} {caplog.text}"
    for secret in (code, SECRET, ACCESS_TOKEN, provider.redeemed[0]["code_verifier"]):
        assert secret not in told


ISSUED: dict[str, Callable[[Claims], Claims]] = {
    "expired": lambda claims: claims | {"exp": time.time() - 120},
    "without an end": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "of an hour ago": lambda claims: claims | {"iat": time.time() - 3600},
    "of tomorrow": lambda claims: claims | {"iat": time.time() + 86_400},
    "not yet good": lambda claims: claims | {"nbf": time.time() + 3600},
    "another issuer": lambda claims: claims | {"iss": "https://evil.example"},
    "no issuer": lambda claims: claims | {"iss": None},
    "another audience": lambda claims: claims | {"aud": "other"},
    "audiences without us": lambda claims: claims | {"aud": ["other", "third"]},
    "several audiences, for nobody": lambda claims: claims | {"aud": ["parley", "other"]},
    "made for another": lambda claims: claims | {"aud": ["parley", "other"], "azp": "other"},
    "nonce of another": lambda claims: claims | {"nonce": "x" * 43},
    "no nonce": lambda claims: claims | {"nonce": ""},
    "nobody": lambda claims: claims | {"sub": ""},
    "no text for a subject": lambda claims: claims | {"sub": 7},
    "endless subject": lambda claims: claims | {"sub": "x" * 256},
}


@pytest.mark.parametrize("alter", ISSUED.values(), ids=ISSUED.keys())
def test_a_token_that_is_not_for_this_sign_in_opens_nothing(
    desk: Desk, provider: OpenIdProvider, alter: Callable[[Claims], Claims]
) -> None:
    client = desk.browser()
    with provider.failing(alter=alter):
        assert_out(come(client), client, openid.NOT_BELIEVED, 422)


def unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    return f"{header}.{token.split('.')[1]}."


def with_another_payload(token: str) -> str:
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "ada"}).encode()).decode().rstrip("=")
    return f"{header}.{changed}.{signature}"


def with_the_shared_secret(token: str) -> str:
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return jwt.encode({"alg": "HS256", "kid": "shared"}, claims, OctKey.import_key(SECRET))


FORGED: dict[str, Callable[[str], str]] = {
    "not signed": unsigned,
    "changed": with_another_payload,
    "signed with what two know": with_the_shared_secret,
    "cut": lambda token: token[:-20],
    "garbage": lambda _: "a.b.c",
    "empty": lambda _: "",
    "not ASCII": lambda _: "ä.ö.ü",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_opens_nothing(desk: Desk, provider: OpenIdProvider, forge: Callable[[str], str]) -> None:
    client = desk.browser()
    with provider.failing(forge=forge):
        assert_out(come(client), client, openid.NOT_BELIEVED, 422)


@pytest.mark.parametrize("kid", ["one", "unheard-of"])
def test_somebody_elses_key_opens_nothing(desk: Desk, provider: OpenIdProvider, kid: str) -> None:
    client = desk.browser()
    with provider.failing(sign_with=RSAKey.generate_key(2048, {"kid": kid})):
        assert_out(come(client), client, openid.NOT_BELIEVED, 422)


def test_a_new_key_of_the_providers_is_looked_up(desk: Desk, provider: OpenIdProvider) -> None:
    assert come(desk.browser()).status_code == 303
    provider.change_key("later")
    assert come(desk.browser()).status_code == 303


ANSWERS: dict[str, Callable[[], Response]] = {
    "html": lambda: HTMLResponse("<h1>Proxy</h1>"),
    "a list": lambda: JSONResponse([1]),
    "a redirect": lambda: Response(status_code=302, headers={"location": "http://127.0.0.1:1/"}),
    "too long": lambda: JSONResponse({"id_token": "x" * 1_100_000}),
    "another error": lambda: JSONResponse({"error": "invalid_client"}, 401),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_a_provider_that_answers_oddly_is_said_to_be_away(
    desk: Desk, provider: OpenIdProvider, answer: Callable[[], Response]
) -> None:
    client = desk.browser()
    with provider.failing(tokens=answer()):
        assert_out(come(client), client, UNAVAILABLE, 503)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"end_session_endpoint": "http://evil.example/end"},
    ],
)
def test_a_provider_that_describes_itself_oddly_is_not_asked(
    desk: Desk, provider: OpenIdProvider, metadata: dict[str, Any]
) -> None:
    client = desk.browser()
    with provider.failing(metadata=metadata):
        assert_out(client.get("/account/sso/keycloak", headers=HTML), client, UNAVAILABLE, 503)


def test_a_slow_provider_and_one_that_is_away(database: Database, settings: Settings, provider: OpenIdProvider) -> None:
    away = provider.settings("away", issuer="http://127.0.0.1:1")
    desk = Desk(database, settings, provider.settings("keycloak", patience=1), away)
    client = desk.browser()
    with provider.failing(seconds=3.0):
        begun = time.monotonic()
        assert_out(client.get("/account/sso/keycloak", headers=HTML), client, UNAVAILABLE, 503)
        assert time.monotonic() - begun < 2.5
    back = consent(begin(client))
    with provider.failing(seconds=3.0):
        assert_out(client.get(back, headers=HTML), client, UNAVAILABLE, 503)
    gone = client.get("/account/sso/away", headers=HTML)
    assert (gone.status_code, said(gone)) == (503, UNAVAILABLE)


@pytest.mark.parametrize(
    ("error", "sentence", "status"),
    [
        ("access_denied", DECLINED, 422),
        ("login_required", DECLINED, 422),
        ("invalid_request", ASKED_WRONGLY.format(fault="invalid_request"), 503),
        ("server_error", BUSY, 503),
        ("<script>", ASKED_WRONGLY.format(fault="unknown"), 503),
    ],
)
def test_what_the_provider_refuses_is_said_in_our_words(
    desk: Desk, provider: OpenIdProvider, error: str, sentence: str, status: int
) -> None:
    client = desk.browser()
    with provider.failing(error=error):
        answer = come(client, wanted="/tasks")
    assert_out(answer, client, sentence, status)
    assert "secret" not in answer.text and 'href="/account/sso/keycloak?next=/tasks"' in answer.text


def test_an_answer_works_once_and_only_in_the_browser_that_began(desk: Desk, provider: OpenIdProvider) -> None:
    client, other = desk.browser(), desk.browser()
    back = consent(begin(client))
    assert_out(other.get(back, headers=HTML), other, NOT_BEGUN, 422)
    [(name, value)] = client.cookies.items()
    assert name.startswith(PREFIX)
    assert client.get(back, headers=HTML).status_code == 303
    again = client.get(back, headers=HTML)
    assert (again.status_code, again.headers["location"]) == (303, "/")  # the back button; the session goes on

    client.cookies.delete(COOKIE)
    assert_out(client.get(back, headers=HTML), client, NOT_BEGUN, 422)
    client.cookies.set(name, value)  # copied before: then it is the provider that knows its code again
    assert_out(client.get(back, headers=HTML), client, openid.CODE_REFUSED, 422)


def test_somebody_elses_code_or_state_is_refused(desk: Desk, provider: OpenIdProvider) -> None:
    """As when one is led to a callback so as to be signed in as another."""
    provider.people["eve"] = {"email": "eve@example.com"}
    eve, bob = desk.browser(), desk.browser()
    eves = parse_qs(urlsplit(consent(begin(eve), "eve")).query)
    bobs = parse_qs(urlsplit(consent(begin(bob))).query)
    answers: list[tuple[dict[str, Any], str]] = [
        ({"code": eves["code"], "state": bobs["state"]}, openid.CODE_REFUSED),  # PKCE
        ({"code": bobs["code"], "state": eves["state"]}, NOT_BEGUN),
        ({"code": bobs["code"]}, NOT_BEGUN),
        ({"code": bobs["code"], "state": "ä"}, NOT_BEGUN),
    ]
    for asked, sentence in answers:
        assert_out(bob.get("/account/sso/keycloak/callback", params=asked, headers=HTML), bob, sentence, 422)
    assert_out(
        bob.get("/account/sso/keycloak/callback?code=%ED%B2%80&state=%ED%B2%80%00", headers=HTML), bob, NOT_BEGUN, 422
    )
    [(name, value)] = eve.cookies.items()
    eve.cookies.clear()
    eve.cookies.set(name, value.replace(value[5], "A" if value[5] != "A" else "B"))
    assert_out(eve.get("/account/sso/keycloak/callback", params=eves, headers=HTML), eve, NOT_BEGUN, 422)


def test_two_tabs_and_a_host_of_them(desk: Desk, provider: OpenIdProvider) -> None:
    client = desk.browser()
    first, second = consent(begin(client)), consent(begin(client))
    assert client.get(second, headers=HTML).status_code == 303
    assert client.get(first, headers=HTML).status_code == 303
    other = desk.browser()
    for _ in range(20):
        last = begin(other)
        assert len(other.cookies) <= 5
    assert other.get(consent(last), headers=HTML).status_code == 303


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/account/sign-out", "/?" + 5_000 * "x"],
)
def test_it_leads_back_to_a_page_of_ours_or_to_none(desk: Desk, wanted: str) -> None:
    assert come(desk.browser(), wanted=wanted).headers["location"] == "/"


def test_whoever_was_signed_in_there_is_not_any_more(desk: Desk, provider: OpenIdProvider) -> None:
    """A session that was planted, or somebody else's: it ends, and the new one has a token of its own."""
    client = desk.browser()
    back = consent(begin(client))
    sign_in(client)
    planted = client.cookies[COOKIE]
    assert client.get(back, headers=HTML).status_code == 303
    assert client.cookies[COOKIE] != planted
    assert desk.application.accounts.resolve(planted) is None
    assert desk.who(client) == "Bob@Example.com"


@pytest.mark.parametrize(
    ("claims", "settings_of", "sentence"),
    [
        ({"email_verified": False}, {}, sso.NOT_VERIFIED),
        ({"email_verified": None}, {}, sso.NOT_VERIFIED),
        ({"email": "bob@example.org"}, {}, sso.NO_PLACE),
        ({"email": "bob@sub.example.com"}, {}, sso.NO_PLACE),
        ({"email": "bob@example.com.evil.example"}, {}, sso.NO_PLACE),
        ({"email": "bob"}, {}, "say your e-mail address"),
        ({"email": ["bob@example.com"]}, {}, "say your e-mail address"),
        ({}, {"companies": "example.org=Engines"}, sso.NO_PLACE),
        ({}, {"companies": "example.com=Bridges"}, sso.NO_PLACE),
        ({"hd": "example.org"}, {"company_claim": "hd", "companies": "example.com=Engines"}, sso.NO_PLACE),
        ({}, {"company_claim": "hd", "companies": "example.com=Engines"}, sso.NO_PLACE),
        ({"email": EMAIL}, {}, sso.TAKEN),
        ({"preferred_username": "eve@example.com"}, {"email_claim": "preferred_username"}, sso.NOT_VERIFIED),
        ({"hasgroups": True}, {"roles": "desk=staff"}, "more groups than"),
        ({"_claim_names": {"groups": "src1"}}, {"roles": "desk=staff"}, "more groups than"),
    ],
)
def test_who_has_no_place_here_is_told_so(
    database: Database,
    settings: Settings,
    provider: OpenIdProvider,
    claims: Claims,
    settings_of: dict[str, Any],
    sentence: str,
) -> None:
    desk = Desk(database, settings, provider.settings("keycloak", **settings_of))
    provider.people["bob-1"] |= claims
    client = desk.browser()
    answer = come(client)
    assert_out(answer, client, said(answer), 403)
    assert sentence in said(answer)
    assert [person.email for person in PeopleService(database).list_people(None)] == [EMAIL]


def test_companies_by_domain_by_claim_and_by_id(
    database: Database, settings: Settings, provider: OpenIdProvider
) -> None:
    desk = Desk(
        database,
        settings,
        provider.settings("a", domains="", companies="example.com=Engines, example.org=Bridges"),
    )
    with database.transaction() as session:
        bridges = make_company(session, name="Bridges").id
    engines = desk.people(EMAIL).company_id
    provider.people["eve"] = {"email": "eve@EXAMPLE.org", "tenant": {"name": ["Left", "Right"]}}
    assert come(desk.browser(), "a").status_code == come(desk.browser(), "a", "eve").status_code == 303
    assert [desk.people(email).company_id for email in ("bob@example.com", "eve@example.org")] == [engines, bridges]

    desk.configure(provider.settings("b", domains="*", company_claim="tenant.name", companies=f"right={bridges}"))
    assert come(desk.browser(), "b", "eve").status_code == 303
    provider.people["bob-1"]["tenant"] = {"name": "Right"}
    answer = come(desk.browser(), "b")  # the account is of the other company
    assert (answer.status_code, said(answer)) == (403, sso.ELSEWHERE)


def test_groups_become_roles_at_every_sign_in(database: Database, settings: Settings, provider: OpenIdProvider) -> None:
    roles = json.dumps({"CN=boss, OU=it": "admin+staff", "/desk": "staff+moderator"})
    desk = Desk(
        database,
        settings,
        provider.settings("keycloak", roles=roles, everybody="none", groups_claim="realm.groups", link_by_email=True),
    )
    bob = provider.people["bob-1"] = {"email": "bob@example.com", "realm": {"groups": ["/desk", "CN=boss, OU=it"]}}

    def roles_of(email: str = "bob@example.com") -> set[str]:
        return set(desk.people(email).roles)

    first = desk.browser()
    come(first)
    assert roles_of() == {"staff", "moderator", "admin"}
    come(desk.browser())
    assert [action for action, _, _ in desk.trail()[:3]] == ["session:sign_in", "session:sign_in", "user:create"]
    bob["realm"] = {"groups": "/desk"}
    come(desk.browser())
    assert roles_of() == {"staff", "moderator"}
    assert desk.trail()[1] == ("user:roles", "done", {"roles": ["moderator", "staff"], "provider": "keycloak"})
    assert desk.who(first) == "bob@example.com"  # the other browser goes on, with the new rights
    del bob["realm"]
    come(desk.browser())
    assert roles_of() == set()

    provider.people["ada"] = {"email": EMAIL, "realm": {"groups": ["/desk"]}}
    come(desk.browser(), who="ada")  # linked; and the last admin stays one, whatever the groups say
    assert roles_of(EMAIL) == {"staff", "moderator", "admin"}
    bob["realm"] = {"groups": ["CN=boss, OU=it"]}
    come(desk.browser())
    come(desk.browser(), who="ada")
    assert roles_of(EMAIL) == {"staff", "moderator"}


def test_linking_by_address_only_where_it_may_be_and_not_a_second_person(
    database: Database, settings: Settings, provider: OpenIdProvider
) -> None:
    desk = Desk(database, settings, provider.settings("keycloak", link_by_email=True))
    provider.people |= {"ada": {"email": "ADA@example.com"}, "new ada": {"email": EMAIL}}
    client = desk.browser()
    assert come(client, who="ada").status_code == 303
    assert desk.who(client) == EMAIL
    assert [action for action, _, _ in desk.trail()[:2]] == ["session:sign_in", "user:link_identity"]
    assert desk.people(EMAIL).has_password
    answer = come(desk.browser(), who="new ada")  # the address is somebody else's now; the account is not
    assert (answer.status_code, said(answer)) == (403, sso.TAKEN)
    assert desk.trail()[0] == ("session:sign_in", "refused", {"provider": "keycloak"})
    assert desk.application.sso.unlink(EMAIL) == 1
    assert come(desk.browser(), who="new ada").status_code == 303


def test_the_deactivated_and_the_suspended_stay_out_and_their_sessions_end(
    desk: Desk, provider: OpenIdProvider
) -> None:
    client = desk.browser()
    come(client)
    people = PeopleService(desk.database)
    bob = desk.people("bob@example.com")
    people.deactivate(None, bob.id)
    assert client.get("/").status_code == 401
    client.cookies.clear()
    assert_out(come(client), client, sso.SWITCHED_OFF, 403)
    assert desk.trail()[0] == ("session:sign_in", "refused", {"provider": "keycloak"})
    people.reactivate(None, bob.id)
    assert come(client).status_code == 303

    del provider.people["bob-1"]  # there, they were removed: nobody is let through any more
    with pytest.raises(KeyError):
        come(desk.browser())


def test_two_providers_side_by_side(database: Database, settings: Settings, provider: OpenIdProvider) -> None:
    with OpenIdProvider(client_id="other") as second:
        second.people["bob-1"] = {"email": "other.bob@example.com"}  # the same subject, another issuer
        desk = Desk(database, settings, provider.settings("keycloak"), second.settings("okta", label="Okta & <Co>"))
        page = desk.browser().get(addresses.SIGN_IN).text
        assert "Sign in with Keycloak" in page and "Sign in with Okta &amp; &lt;Co&gt;" in page
        first, other = desk.browser(), desk.browser()
        assert come(first).status_code == come(other, "okta").status_code == 303
        assert [desk.who(first), desk.who(other)] == ["Bob@Example.com", "other.bob@example.com"]
        mixed = desk.browser()
        back = consent(begin(mixed, "okta"))
        answer = mixed.get(back.replace("/okta/", "/keycloak/"), headers=HTML)
        assert_out(answer, mixed, NOT_BEGUN, 422)
        named = desk.browser()
        back = consent(begin(named))
        assert_out(named.get(f"{back}&iss={second.issuer}", headers=HTML), named, NOT_BEGUN, 422)
    assert desk.browser().get("/account/sso/nobody", headers=HTML).status_code == 404


def test_what_the_token_leaves_out_is_asked_for(
    database: Database, settings: Settings, provider: OpenIdProvider
) -> None:
    desk = Desk(database, settings, provider.settings("keycloak", roles="desk=analyst", everybody="none"))
    with provider.failing(is_thin=True):
        assert come(desk.browser()).status_code == 303
    assert desk.people("bob@example.com").roles == {Role.ANALYST}
    client = desk.browser()
    with provider.failing(is_thin=True, userinfo={"sub": "eve"}):
        assert_out(come(client), client, openid.NOT_BELIEVED, 422)

    def unsaid(claims: Claims) -> Claims:
        return {name: value for name, value in claims.items() if name != "email_verified"}

    with provider.failing(alter=unsaid):
        assert come(client).status_code == 303
    client.cookies.clear()
    with provider.failing(alter=unsaid, userinfo={"email": "other@example.com"}):  # it is that one which is verified
        assert_out(come(client), client, sso.NOT_VERIFIED, 403)


def test_secrets_go_the_way_that_the_provider_takes(database: Database, settings: Settings) -> None:
    with OpenIdProvider() as provider:
        provider.people["bob-1"] = dict(BOB)
        desk = Desk(database, settings, provider.settings("keycloak"))
        with provider.failing(metadata={"token_endpoint_auth_methods_supported": ["client_secret_post"]}):
            assert come(desk.browser()).status_code == 303
        assert provider.redeemed[0]["client_secret"] == SECRET
    assert "client_secret" not in repr(desk.settings) or SECRET not in repr(desk.settings)


def test_signing_out_ends_both_sessions(desk: Desk, provider: OpenIdProvider) -> None:
    client = desk.browser()
    come(client)
    token = client.cookies[COOKIE]
    answer = fill_in(client, addresses.SIGN_OUT, where="here")
    assert answer.status_code == 200 and COOKIE not in client.cookies
    assert desk.application.accounts.resolve(token) is None
    onward = re.search(r'url=([^"]+)"', answer.text)
    assert onward
    httpx2.get(onward[1].replace("&amp;", "&"))
    assert provider.ended == [{"client_id": "parley", "post_logout_redirect_uri": "http://testserver/account/sign-in"}]

    by_password = desk.browser()
    sign_in(by_password)
    assert fill_in(by_password, addresses.SIGN_OUT, where="here").headers["location"] == "/account/sign-in?signed-out"


def test_signing_out_where_the_provider_has_no_end_or_is_away(
    database: Database, settings: Settings, provider: OpenIdProvider
) -> None:
    provider.has_end_session = False
    desk = Desk(database, settings, provider.settings("keycloak"))
    client = desk.browser()
    come(client)
    out = fill_in(client, addresses.SIGN_OUT, where="everywhere")
    assert out.headers["location"] == "/account/sign-in?signed-out"


def test_without_local_passwords(database: Database, settings: Settings, provider: OpenIdProvider) -> None:
    desk = Desk(database, settings, provider.settings("keycloak", link_by_email=True), local_passwords=False)
    client = desk.browser()
    page = client.get(addresses.SIGN_IN).text
    assert 'name="password"' not in page and '<a class="button" href="/account/sso/keycloak">' in page
    refused = client.post(addresses.SIGN_IN, data={"email": EMAIL}, headers=HTML | {"origin": "http://testserver"})
    assert refused.status_code == 422 and COOKIE not in client.cookies
    link = f"{addresses.SET_UP}?token={desk.application.accounts.issue_setup_link()}"
    assert client.get(link, headers=HTML).status_code == 403
    come(client)
    assert "no password here" in client.get(addresses.PASSWORD, headers=HTML).text
    identity = desk.application.accounts.resolve(client.cookies[COOKIE])
    assert isinstance(identity, SessionIdentity)


def test_only_the_two_addresses_are_open(desk: Desk, provider: OpenIdProvider) -> None:
    client = desk.browser()
    for path in (
        "/account/sso/",
        "/account/sso/keycloak/",
        "/account/sso/keycloak/callback/x",
        "/account/sso/x/_stcore/host-config",
        "/account/sso/../chat",
        "/account/sso/KEYCLOAK",
    ):
        assert client.get(path).status_code == 401, path
    for method, path in [
        ("POST", "/account/sso/keycloak"),
        ("OPTIONS", "/account/sso/keycloak"),
        ("PUT", addresses.SIGN_IN),
    ]:
        assert client.request(method, path, headers={"origin": "http://testserver"}).status_code == 401
    foreign = client.get("/account/sso/keycloak", headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert desk.inside.scopes == []


def test_too_many_failures_wait(desk: Desk) -> None:
    client = desk.browser()
    answers = [client.get("/account/sso/keycloak/callback?state=x&code=y", headers=HTML) for _ in range(61)]
    assert [one.status_code for one in answers] == [422] * 60 + [429]
