import asyncio
import re
from datetime import timedelta

import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.testclient import TestClient

from core import clock
from core.config import Settings
from core.database.engine import Database
from core.errors import StaleForm
from core.services.accounts import SAME_PASSWORD, WRONG_CURRENT, AccountService
from core.services.companies import CompanyService
from core.services.company_changes import TAKEN
from core.web import addresses, forms
from core.web.account import SET_UP_ALREADY
from tests.support.passwords import GOOD, OTHER, QuickPasswords
from tests.support.web import (
    EMAIL,
    HTML,
    ORIGIN,
    Inside,
    StandIn,
    client_of,
    fill_in,
    hidden_fields,
    send,
    set_up,
    sign_in,
    site,
)

NEW = {"company_name": "Engines", "display_name": "Ada <b>", "email": EMAIL, "password": GOOD}


@pytest.fixture
def empty(database: Database, settings: Settings) -> StandIn:
    """Nobody set it up yet."""
    return StandIn(settings, AccountService(database, settings, QuickPasswords()))


def alert(text: str) -> str | None:
    found = re.search(r'role="alert">([^<]*)<', text)
    return found[1].replace("&#39;", "'") if found else None


def test_from_the_set_up_link_to_signed_out_everywhere(empty: StandIn, inside: Inside) -> None:
    app = site(empty, inside)
    first, second = client_of(app), client_of(app)
    assert "Open the set-up link that Parley printed when it started." in first.get("/account/sign-in").text
    link = f"{addresses.SET_UP}?token={empty.accounts.issue_setup_link()}"

    wrong = fill_in(first, link, **NEW | {"password": "short"})
    assert (wrong.status_code, "12 characters" in (alert(wrong.text) or "")) == (422, True)
    assert 'value="Ada &lt;b&gt;"' in wrong.text and 'value="Engines"' in wrong.text and "short" not in wrong.text
    done = send(first, addresses.SET_UP, hidden_fields(wrong.text) | NEW)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert first.get("/").text == "inside"
    used = second.get(link)
    assert (used.status_code, alert(used.text)) == (410, SET_UP_ALREADY)

    assert sign_in(second).status_code == 303
    changed = fill_in(first, addresses.PASSWORD, current=GOOD, new=OTHER)
    assert "Password changed" in first.get(changed.headers["location"]).text
    assert [client.get("/").status_code for client in (first, second)] == [200, 401]
    assert sign_in(second, password=OTHER).status_code == 303
    assert "Ada &lt;b&gt;" in second.get(addresses.SIGN_OUT).text
    fill_in(second, addresses.SIGN_OUT, where="here")
    assert [client.get("/").status_code for client in (first, second)] == [200, 401]
    sign_in(second, password=OTHER)
    out = fill_in(second, addresses.SIGN_OUT, where="everywhere")
    assert "You are signed out." in second.get(out.headers["location"]).text
    assert [client.get("/").status_code for client in (first, second)] == [401, 401]


def test_a_company_that_was_made_before_is_not_set_up_again(empty: StandIn, inside: Inside) -> None:
    """On the command line one may have been made, with nobody in it yet."""
    CompanyService(empty.accounts.database, instruction_tokens=500).create(NEW["company_name"].upper())
    link = f"{addresses.SET_UP}?token={empty.accounts.issue_setup_link()}"
    client = client_of(site(empty, inside))
    refused = fill_in(client, link, **NEW)
    assert (refused.status_code, alert(refused.text)) == (409, TAKEN)
    done = send(client, addresses.SET_UP, hidden_fields(refused.text) | NEW | {"company_name": "Bridges"})
    assert done.status_code == 303


def test_signing_in_leads_back_and_never_keeps_an_old_token(client: TestClient, application: StandIn) -> None:
    asked = client.get("/chat?c=1", headers=HTML).headers["location"]
    planted = "planted-by-somebody-else"
    client.cookies.set("parley_session", planted, domain="testserver.local", path="/")
    answer = fill_in(client, asked, email=EMAIL, password=GOOD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat?c=1")
    first = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    assert first != planted and application.accounts.resolve(first)
    again = client.get("/account/sign-in?next=/tasks", headers=HTML)
    assert (again.status_code, again.headers["location"]) == (303, "/tasks")


def test_signing_in_over_a_session_ends_it(client: TestClient, application: StandIn) -> None:
    form = hidden_fields(client.get(addresses.SIGN_IN).text)
    typed = form | {"email": EMAIL, "password": GOOD}
    send(client, addresses.SIGN_IN, typed)
    first = client.cookies["parley_session"]
    send(client, addresses.SIGN_IN, typed)
    second = client.cookies["parley_session"]
    assert application.accounts.resolve(first) is None
    assert application.accounts.resolve(second)


@pytest.mark.parametrize("email", [EMAIL, "eve@example.com", "", 'a"><script>alert(1)</script>', "\0", "x" * 5_000])
def test_a_refused_sign_in_keeps_the_address_and_says_one_sentence(client: TestClient, email: str) -> None:
    answer = sign_in(client, email=email, password="not this one")
    assert answer.status_code == 422
    assert alert(answer.text) == "E-mail and password don't match an account here."
    assert "not this one" not in answer.text and "<script>" not in answer.text
    assert "set-cookie" not in answer.headers
    if email == EMAIL:
        assert f'value="{EMAIL}"' in answer.text


def tampered(token: str) -> dict[str, str | None]:
    expires, _, signature = token.partition(".")
    return {
        "missing": None,
        "empty": "",
        "unsigned": f"{expires}.",
        "stretched": f"{int(expires) + 60}.{signature}",
        "not a number": f"x.{signature}",
        "other digits": f"\u0663.{signature}",
        "huge": f"{'9' * 5_000}.{signature}",
        "old": f"1.{signature}",
        "odd": f"{expires}.\U0001f600",
    }


@pytest.mark.parametrize("how", tampered("1.x"))
@pytest.mark.parametrize("address", [addresses.SIGN_IN, addresses.PASSWORD, addresses.SIGN_OUT])
def test_a_form_that_we_did_not_make_changes_nothing(
    client: TestClient, application: StandIn, address: str, how: str
) -> None:
    if address != addresses.SIGN_IN:
        sign_in(client)
    before = client.cookies.get("parley_session")
    hidden = hidden_fields(client.get(address).text)
    token = tampered(hidden.pop("form"))[how]
    filled = {"email": EMAIL, "password": GOOD, "current": GOOD, "new": OTHER, "where": "here"}
    answer = send(client, address, hidden | filled | ({} if token is None else {"form": token}))
    assert (answer.status_code, alert(answer.text)) == (422, StaleForm.sentence)
    assert client.cookies.get("parley_session") == before
    assert (before is None) or application.accounts.resolve(before)


def test_a_form_belongs_to_one_browser_one_purpose_and_two_hours(
    application: StandIn, inside: Inside, settings: Settings
) -> None:
    app = site(application, inside)
    mine, theirs = client_of(app), client_of(app)
    form = hidden_fields(mine.get(addresses.SIGN_IN).text)
    theirs.get(addresses.SIGN_IN)
    assert send(theirs, addresses.SIGN_IN, form | {"email": EMAIL, "password": GOOD}).status_code == 422
    sign_in(mine)
    sign_out = hidden_fields(mine.get(addresses.SIGN_OUT).text)
    assert send(mine, addresses.PASSWORD, sign_out | {"current": GOOD, "new": OTHER}).status_code == 422
    token = forms.make_token(settings, "x", "browser")
    forms.require_token(settings, "x", "browser", token)
    ours = forms.make_token(settings, "x", "browser").partition(".")[0]
    assert abs(int(ours) - clock.now().timestamp() - timedelta(hours=2).total_seconds()) < 5


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * 16_385, 413),
        (b"password=" + b"x" * 20_000, 413),
        (b"&".join(b"f%d=1" % number for number in range(30)), 413),
        (b"", 422),
        (b"\xff\xfe\x00=%zz&&&=&form=%", 422),
        (b"email=" + b"%00" * 100, 422),
    ],
)
def test_odd_bodies_get_a_sentence(client: TestClient, body: bytes, status: int) -> None:
    headers = HTML | {"origin": "http://testserver", "content-type": "application/x-www-form-urlencoded"}
    for address in (addresses.SIGN_IN, addresses.SET_UP):
        answer = client.post(address, content=body, headers=headers)
        assert answer.status_code == status
        assert (alert(answer.text) or "").endswith(".")


@pytest.mark.parametrize("token", ["", "unknown", "%00", "%F0%9F%98%80", "x" * 4_000])
def test_an_unknown_set_up_link_is_a_sentence(empty: StandIn, inside: Inside, token: str) -> None:
    answer = client_of(site(empty, inside)).get(f"{addresses.SET_UP}?token={token}", headers=HTML)
    assert answer.status_code == 410
    assert "Restart Parley to get a new one." in (alert(answer.text) or "")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"current": "wrong", "new": OTHER}, WRONG_CURRENT),
        ({"current": GOOD, "new": GOOD}, SAME_PASSWORD),
        (
            {"current": GOOD, "new": "short"},
            "Use 12 characters or more for the password; a few words are easy to remember.",
        ),
    ],
)
def test_a_refused_password_leaves_everything(signed_in: TestClient, fields: dict[str, str], sentence: str) -> None:
    answer = fill_in(signed_in, addresses.PASSWORD, **fields)
    assert (answer.status_code, alert(answer.text)) == (422, sentence)
    assert fields["current"] not in answer.text
    assert signed_in.get("/").status_code == 200


@pytest.mark.parametrize("address", [addresses.SIGN_IN, addresses.SET_UP, addresses.PASSWORD, addresses.SIGN_OUT])
def test_every_field_has_a_label_and_a_purpose(
    client: TestClient, empty: StandIn, application: StandIn, address: str
) -> None:
    if address in (addresses.PASSWORD, addresses.SIGN_OUT):
        sign_in(client)
    page = client.get(address).text
    fields = re.findall(r'<input id="(\w+)"[^>]*autocomplete="([\w-]+)"', page)
    labels = re.findall(r'<label for="(\w+)">', page)
    assert [name for name, _ in fields] == labels
    assert page.count("autofocus") == (1 if "<form" in page else 0)
    assert 'lang="en"' in page and "<h1>" in page and "<script" not in page


def test_after_ten_failures_within_a_minute_an_address_has_to_wait(client: TestClient, application: StandIn) -> None:
    for _ in range(10):
        assert sign_in(client, email=EMAIL, password="not this one").status_code == 422
    answer = sign_in(client, email=EMAIL.upper(), password=GOOD)
    assert answer.status_code == 429
    assert (alert(answer.text) or "").startswith("Too many attempts. Try again in ")
    assert sign_in(client, email="eve@example.com", password="not this one").status_code == 422


def test_guesses_that_are_sent_at_once_count_as_they_begin(fresh_database: Database, settings: Settings) -> None:
    accounts = AccountService(fresh_database, settings, QuickPasswords())
    set_up(accounts)

    async def guess() -> list[int]:
        transport = ASGITransport(site(StandIn(settings, accounts), Inside()))
        async with AsyncClient(transport=transport, base_url=ORIGIN, headers=HTML | {"origin": ORIGIN}) as client:
            page = await client.get(addresses.SIGN_IN)
            form = hidden_fields(page.text) | {"email": EMAIL, "password": "not this one"}
            answers = await asyncio.gather(*[client.post(addresses.SIGN_IN, data=form) for _ in range(40)])
            return [answer.status_code for answer in answers]

    assert sorted(asyncio.run(guess())) == [422] * 10 + [429] * 30


def test_the_current_password_is_not_guessed_either(signed_in: TestClient) -> None:
    def change(current: str) -> tuple[int, str]:
        answer = fill_in(signed_in, addresses.PASSWORD, current=current, new="five brown bridges")
        return answer.status_code, alert(answer.text) or ""

    assert [change(f"guess number {number}") for number in range(10)] == [(422, WRONG_CURRENT)] * 10
    assert change(GOOD) == (429, "Too many attempts. Try again in 60 seconds.")
