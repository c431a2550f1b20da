"""Two Parleys on one PostgreSQL behind nginx, as docs/operations.md has it: one is killed, and people go on."""

import re
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr
from sqlalchemy.engine import URL

from core import bootstrap
from core.config import Settings
from core.database.opening import open_database
from core.ids import new_token
from core.models import ConversationKind, MessageStatus
from core.permissions import Actor, Role
from tests.e2e.browsing import Chat, fill_sign_in, launched
from tests.e2e.rooms import Room
from tests.e2e.served import STREAMLIT, Parley, free_port, served
from tests.faults.conftest import KEY, LOST_AFTER, MODEL
from tests.faults.kept import Kept
from tests.faults.postgres import Postgres
from tests.support.nginx import balanced
from tests.support.openai_server import OpenAIServer, Reply
from tests.support.passwords import GOOD
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TOKEN = "metrics-0123456789abcdefghijklmnopqrstuv"
SESSIONS = 24
BACK = 60_000.0
"""Milliseconds until a page whose process died is there again, on a machine that does other things as well."""


@dataclass(frozen=True)
class Pair:
    url: str
    """Of nginx."""
    processes: tuple[Parley, Parley]
    kept: Kept
    settings: Settings

    def sockets(self) -> list[int]:
        """How many pages each process serves; a dead one none."""
        return [_sockets(one) if one.process.poll() is None else 0 for one in self.processes]

    def opened(self, opens: Callable[[], Page]) -> tuple[Page, Parley]:
        """The page which that opens, and the process that serves it."""
        before = self.sockets()
        page = opens()
        found = until(lambda: self._grown(before), patience=60)
        assert found
        return page, found

    def _grown(self, before: list[int]) -> Parley | None:
        pairs = zip(self.processes, self.sockets(), before, strict=True)
        return next((one for one, now, then in pairs if now > then), None)


def _sockets(parley: Parley) -> int:
    return int(float(re.findall(r"^parley_websockets (\S+)$", _metrics(parley), re.MULTILINE)[0]))


def _metrics(parley: Parley) -> str:
    return httpx2.get(f"{parley.url}/metrics", headers={"authorization": f"Bearer {TOKEN}"}, timeout=30).text


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, provider: OpenAIServer) -> Iterator[Pair]:
    """Each with a data folder of its own, as on two machines: what they share is PostgreSQL and the settings."""
    folder, port = tmp_path_factory.mktemp("pair"), free_port()
    with ExitStack() as ending:
        postgres = Postgres(folder / "server")
        ending.callback(postgres.stop)
        database = Kept(postgres.url).make_database("parley")
        shared = settings_of(database, f"https://127.0.0.1:{port}", provider)
        first, second = (Parley(made(folder / name), STREAMLIT, **shared) for name in ("first", "second"))
        ending.enter_context(served(first))
        ending.enter_context(served(second))
        there = Settings(_env_file=None, database_url=SecretStr(shared["DATABASE_URL"]))  # type: ignore[call-arg]
        add_people(there)
        url = ending.enter_context(balanced(folder / "nginx", port, first.port, second.port))
        yield Pair(url, (first, second), Kept(database), there)


def add_people(settings: Settings) -> None:
    with open_database(settings) as database:
        app = bootstrap.build(settings, database)
        named = {"company_name": "Engines", "display_name": "Ada", "password": GOOD}
        app.accounts.set_up_by_command(email="ada@example.com", **named)
        app.people.create_user(None, email="bo@example.com", display_name="Bo", password=GOOD, roles=[Role.STAFF])


def settings_of(database: URL, url: str, provider: OpenAIServer) -> dict[str, str]:
    return {
        "DATABASE_URL": database.set(drivername="postgresql").render_as_string(hide_password=False),
        "OPENAI_BASE_URL": provider.base_url,
        "OPENAI_API_KEY": KEY,
        "PARLEY_MODELS": MODEL,
        "PARLEY_ENVIRONMENT": "production",
        "PARLEY_SECRET_KEY": "a secret that both processes know, 0123456789",
        "PARLEY_PUBLIC_URL": url,
        "PARLEY_METRICS_TOKEN": TOKEN,
        "PARLEY_LOST_AFTER": str(LOST_AFTER),
        "PARLEY_SHUTDOWN_GRACE": "1",
    }


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def running(pair: Pair) -> Pair:
    """Both, whatever was done to them before."""
    for one in pair.processes:
        one.start_again()
    return pair


def sign_in(browser: Browser, pair: Pair, email: str) -> tuple[Page, Parley]:
    """By the form, through nginx. With the process that it led to."""
    return pair.opened(lambda: _signed_in(browser, pair, email))


def _signed_in(browser: Browser, pair: Pair, email: str) -> Page:
    page = browser.new_context(ignore_https_errors=True).new_page()
    page.goto(f"{pair.url}/chat")
    fill_sign_in(page, email)
    page.wait_for_url(re.compile("/chat$"))
    return page


def at_another(browser: Browser, pair: Pair, email: str, than: Parley) -> Page:
    """Signs in until the hash of the session leads to the other process."""
    while True:
        page, at = sign_in(browser, pair, email)
        if at is not than:
            return page
        page.context.close()


def make_room(pair: Pair) -> UUID:
    """A group of both."""
    with open_database(pair.settings) as database:
        app = bootstrap.build(pair.settings, database)
        ada, bo = (app.people.find(None, f"{name}@example.com") for name in ("ada", "bo"))
        actor = Actor(ada.id, ada.company_id, ada.email, ada.display_name, ada.roles)
        return app.rooms.create(actor, ConversationKind.GROUP, "Launch", user_ids=[bo.id])


def test_when_the_process_of_a_page_is_killed_the_page_goes_on_with_the_other(
    running: Pair, browser: Browser, provider: OpenAIServer
) -> None:
    chunks = [f"word-{number:03d} " for number in range(200)]
    provider.replies_to["nginx-kill"] = [Reply(chunks, delay=0.05), Reply(["All ", "of ", "it."])]
    page, at = sign_in(browser, running, "ada@example.com")
    chat = Chat(page, running.url)
    chat.ask("nginx-kill")
    expect(chat.answers.last).to_contain_text("word-060", timeout=BACK)  # its beginning has been kept by then
    at.kill()
    killed = time.monotonic()

    expect(chat.page.get_by_role("button", name="Retry")).to_be_visible(timeout=BACK)
    print(f"offered Retry {time.monotonic() - killed:.1f} s after the kill")
    assert "word-000" in chat.text_of(chat.answers.last)
    chat.page.get_by_role("button", name="Retry").click()
    expect(chat.answers.last).to_contain_text("All of it.", timeout=BACK)
    chat.ask("nginx-after")
    chat.wait_whole(2)
    assert len(running.kept.questions("nginx-kill")) == 1
    [answer] = [one for one in running.kept.answers_to("nginx-kill") if one.is_shown]
    assert (answer.status, answer.content) == (MessageStatus.COMPLETE, "All of it.")
    assert running.kept.gaps() == []
    chat.page.context.close()


def test_an_answer_of_the_other_process_is_followed_through_the_death_of_ones_own(
    running: Pair, browser: Browser, provider: OpenAIServer
) -> None:
    """Two people in one room on two processes: they see each other, and the one whose process dies sees the end."""
    adas_page, adas = sign_in(browser, running, "ada@example.com")
    bos_page = at_another(browser, running, "bo@example.com", adas)
    conversation_id = make_room(running)
    ada = Room(adas_page, running.url, conversation_id).open()
    bo = Room(bos_page, running.url, conversation_id).open()
    ada.say("Are you there?")
    expect(bo.said("Are you there?")).to_be_visible(timeout=BACK)

    chunks = [f"step-{number:03d} " for number in range(100)]
    provider.replies = [Reply(chunks, delay=0.1)]
    bo.say("@Assistant count the steps")
    expect(ada.page.get_by_text(re.compile("step-005"))).to_be_visible(timeout=BACK)
    adas.kill()
    expect(ada.page.get_by_text(re.compile("step-099"))).to_be_visible(timeout=BACK)
    bo.say("It has ended.")
    expect(ada.said("It has ended.")).to_be_visible(timeout=BACK)
    written = [one for one in running.kept.messages(conversation_id) if "step-" in one.content]
    assert [(one.status, one.content.split()) for one in written] == [(MessageStatus.COMPLETE, "".join(chunks).split())]
    for page in (ada.page, bo.page):
        page.context.close()


def test_what_is_for_machines_stays_inside(running: Pair) -> None:
    with httpx2.Client(base_url=running.url, verify=_trusting(), timeout=30) as client:
        assert client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 404
        assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 200)
        assert "strict-transport-security" in client.get("/account/sign-in").headers


def test_a_session_stays_with_one_process_and_sessions_are_spread(running: Pair) -> None:
    """Nobody is signed in by these: where a request goes is decided before anybody looks whose cookie it is."""
    led_to: Counter[int] = Counter()
    with httpx2.Client(base_url=running.url, verify=_trusting(), timeout=30) as client:
        for _ in range(SESSIONS):
            before = [_asked(one) for one in running.processes]
            cookie = {"cookie": f"first=1; __Host-parley_session={new_token()}; last=1"}
            for _ in range(3):
                assert client.get("/account/sign-in", headers=cookie).status_code == 200
            grown = [_asked(one) - then for one, then in zip(running.processes, before, strict=True)]
            assert sorted(grown) == [0, 3]
            led_to[grown.index(3)] += 1
    assert set(led_to) == {0, 1}


def _asked(parley: Parley) -> int:
    """How often it was asked for the sign-in."""
    counts = re.findall(
        r'^parley_http_requests_total\{route="/account/sign-in".*\} (\S+)$', _metrics(parley), re.MULTILINE
    )
    return int(sum(map(float, counts)))


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
