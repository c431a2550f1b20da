"""Over real sockets: who may come in, and how far."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx2
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from core.assistant.runs import NOBODY_CAME
from core.models import AnswerRun
from core.services.accounts import AccountService
from core.services.chat import ChatService
from core.web.headers import SECURITY_HEADERS
from tests.e2e.conftest import Guest
from tests.e2e.served import Parley
from tests.support.talks import admit_all, begun, ignore
from tests.support.web import hidden_fields

pytestmark = pytest.mark.e2e

HTML = {"accept": "text/html"}
PAGES = ["/", "/chat", "/chat?c=018f0000-0000-7000-8000-000000000000", "/account", "/settings", "/home", "/_shell"]
SIGNED_OUT = "You are signed out. Sign in to go on."
PATIENCE = 60.0


@pytest.fixture
def visitor(parley: Parley, ada: Guest) -> Iterator[httpx2.Client]:
    """Nobody yet, at a Parley that is set up."""
    with client_of(parley) as client:
        yield client


def client_of(parley: Parley) -> httpx2.Client:
    return httpx2.Client(base_url=parley.url, timeout=PATIENCE)


def sign_out(parley: Parley, token: str) -> None:
    with client_of(parley) as client:
        cookie = {"cookie": f"parley_session={token}"}
        fields = hidden_fields(client.get("/account/sign-out", headers=HTML | cookie).text)
        answer = client.post(
            "/account/sign-out",
            data=fields | {"where": "here"},
            headers=HTML | cookie | {"origin": parley.url},
        )
        assert answer.headers["location"] == "/account/sign-in?signed-out"


@asynccontextmanager
async def socket_to(
    parley: Parley, token: str | None, *, origin: str | None = None, resume: str | None = None, **headers: str
) -> AsyncIterator[ClientConnection]:
    """As Streamlit's own page opens it; `resume` is the session id that it would like to go on with."""
    cookie = {"Cookie": f"parley_session={token}"} if token else {}
    async with connect(
        f"ws://127.0.0.1:{parley.port}/_stcore/stream",
        origin=origin or parley.url,  # type: ignore[arg-type]
        additional_headers=cookie | {name.replace("_", "-"): value for name, value in headers.items()},
        subprotocols=["streamlit", "unused", *([resume] if resume else [])],  # type: ignore[list-item]
        max_size=None,
        open_timeout=PATIENCE,
    ) as socket:
        yield socket


async def rerun(socket: ClientConnection, page: str = "", query: str = "") -> tuple[str, str]:
    """Asks for a page. The Streamlit session's id, and everything that was sent until the run was over."""
    request = BackMsg()
    request.rerun_script.page_name = page
    request.rerun_script.query_string = query
    await socket.send(request.SerializeToString())
    session_id, shown = "", ""
    async with asyncio.timeout(PATIENCE):
        while True:
            message = ForwardMsg.FromString(await socket.recv(decode=False))
            session_id = message.new_session.initialize.session_id or session_id
            shown += str(message)
            if message.WhichOneof("type") == "script_finished" and message.script_finished == 0:
                return session_id, shown


async def closed_with(socket: ClientConnection) -> int:
    """The code it ends with, whatever still comes before."""
    async with asyncio.timeout(PATIENCE):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else 0


async def refused(parley: Parley, token: str | None, **options: Any) -> int:
    """The status that the handshake is answered with."""
    with pytest.raises(InvalidStatus) as refusal:
        async with socket_to(parley, token, **options):
            pass
    return int(refusal.value.response.status_code)


@pytest.mark.long
def test_a_fresh_process_asks_whoever_comes_first_to_sign_in(parley: Parley, ada: Guest) -> None:
    """They come by a page's own address: Streamlit's discovery of pages may not answer before the gate does."""
    parley.restart()
    with client_of(parley) as client:
        answer = client.get("/account", headers=HTML)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/account/sign-in?next=/account"
        assert answer.headers["content-security-policy"] == SECURITY_HEADERS["content-security-policy"]
    assert asyncio.run(refused(parley, None)) == 403


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("cookie", [None, "made-up", ""])
def test_without_a_session_every_page_asks_to_sign_in(visitor: httpx2.Client, path: str, cookie: str | None) -> None:
    headers = HTML if cookie is None else HTML | {"cookie": f"parley_session={cookie}"}
    answer = visitor.get(path, headers=headers)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/account/sign-in")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/_stcore/metrics", 404),
        ("/_stcore/host-config", 401),
        ("/_stcore/health", 401),
        ("/_stcore/script-health-check", 404),
        ("/_stcore/upload_file/a/b", 404),
        ("/_stcore/agent/openapi.json", 404),
        ("/_stcore/agent/interact", 404),
        ("/media/0123456789abcdef.csv", 404),
        ("/component/conversation_links/index.js", 404),
        ("/app/static/x", 404),
        ("/auth/logout", 404),
    ],
)
def test_streamlits_own_paths_are_closed(visitor: httpx2.Client, path: str, status: int) -> None:
    answer = visitor.get(path)
    assert answer.status_code == status
    assert ("You are signed out." if status == 401 else "Not found.") in answer.text
    slashes = visitor.get(f"{visitor.base_url}/{path}")
    assert slashes.status_code in (401, 404) and "{" not in slashes.text


def test_with_a_session_metrics_and_the_agent_api_stay_closed(parley: Parley, ada: Guest) -> None:
    with client_of(parley) as client:
        cookie = {"cookie": f"parley_session={ada.token}"}
        assert client.get("/_stcore/metrics", headers=cookie).status_code == 404
        assert client.get("/_stcore/health", headers=cookie).text == "ok"
        asked = client.post("/_stcore/agent/interact", json={}, headers=cookie | {"origin": parley.url})
        assert asked.status_code == 404 and "session_id" not in asked.text


def test_every_answer_has_the_security_headers(parley: Parley, ada: Guest, visitor: httpx2.Client) -> None:
    cookie = {"cookie": f"parley_session={ada.token}"}
    script = re.search(r"/static/js/[^\"]+\.js", visitor.get("/", headers=HTML | cookie).text)
    assert script
    for path, headers in [
        ("/", HTML),
        ("/", HTML | cookie),
        ("/chat", HTML | cookie),
        ("/account/sign-in", HTML),
        ("/account/password", HTML | cookie),
        ("/healthz", {}),
        ("/readyz", {}),
        ("/nowhere/at/all", HTML | cookie),
        ("/_stcore/metrics", {}),
        ("/_stcore/host-config", cookie),
        (script[0], {}),
        ("/static/js/missing.js", {}),
    ]:
        answer = visitor.get(path, headers=headers)
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS, path


def test_another_sites_pages_get_nothing(parley: Parley, ada: Guest, visitor: httpx2.Client) -> None:
    cookie = {"cookie": f"parley_session={ada.token}"}
    for origin in (
        "https://evil.example",
        "null",
        f"http://127.0.0.1:{parley.port + 1}",
        f"https://127.0.0.1:{parley.port}",
    ):
        for path in ("/", "/_stcore/host-config", "/account/sign-out", "/api/events", "/api/export"):
            answer = visitor.get(path, headers=HTML | cookie | {"origin": origin})
            assert (answer.status_code, answer.text) == (
                403,
                "This request came from another site, so Parley refused it.",
            )
        assert visitor.post("/account/sign-out", headers=HTML | cookie | {"origin": origin}).status_code == 403
        assert asyncio.run(refused(parley, ada.token, origin=origin)) == 403
    assert visitor.post("/account/sign-out", headers=HTML | cookie).status_code == 403


@pytest.mark.parametrize("token", [None, "", "made-up", "../../etc/passwd"])
def test_no_socket_without_a_session(parley: Parley, ada: Guest, token: str | None) -> None:
    assert asyncio.run(refused(parley, token)) == 403


def test_a_copied_cookie_is_dead_after_sign_out(parley: Parley, bob: Guest, visitor: httpx2.Client) -> None:
    token = parley.sign_in(bob.email)
    cookie = {"cookie": f"parley_session={token}"}
    assert visitor.get("/chat", headers=HTML | cookie).status_code == 200
    sign_out(parley, token)
    answer = visitor.get("/chat", headers=HTML | cookie)
    assert answer.status_code == 303 and "max-age=0" in answer.headers["set-cookie"].lower()
    assert asyncio.run(refused(parley, token)) == 403
    # The other browsers of the same person go on.
    assert visitor.get("/chat", headers=HTML | {"cookie": f"parley_session={bob.token}"}).status_code == 200


def test_nobody_becomes_somebody_else_by_a_header(parley: Parley, ada: Guest, bob: Guest) -> None:
    with parley.database() as database:
        adas = AccountService(database, parley.settings).resolve(ada.token)
    assert adas
    spoofed = {"X_App_Uid": str(adas.user_id), "X_App_Sid": str(adas.session_id)}
    assert asyncio.run(refused(parley, None, **spoofed)) == 403

    async def come_in() -> str:
        async with socket_to(parley, bob.token, **spoofed) as socket:
            return (await rerun(socket))[1]

    shown = asyncio.run(come_in())
    assert "Hello, Bob" in shown and "Ada" not in shown and "Lovelace" not in shown


def test_somebody_elses_streamlit_session_is_not_handed_over(parley: Parley, ada: Guest, bob: Guest) -> None:
    async def come_in() -> None:
        async with socket_to(parley, ada.token) as socket:
            adas, shown = await rerun(socket, "account")
            assert "ada@" in shown
        async with socket_to(parley, bob.token, resume=adas) as socket:
            bobs, shown = await rerun(socket, "account")
            assert bobs != adas
            assert "bob@" in shown and "ada@" not in shown and "Lovelace" not in shown
        async with socket_to(parley, ada.token, resume=adas) as socket:
            again, shown = await rerun(socket)
            assert again == adas and "Hello, Ada" in shown  # one's own is

    asyncio.run(come_in())


def test_the_tab_of_whoever_signed_out_gets_nothing_more(parley: Parley, bob: Guest) -> None:
    async def stay() -> None:
        token = parley.sign_in(bob.email)
        async with socket_to(parley, token) as socket:
            assert "Hello, Bob" in (await rerun(socket))[1]
            await asyncio.to_thread(sign_out, parley, token)
            with pytest.raises(ConnectionClosed) as end:
                await rerun(socket, "chat")
            assert end.value.rcvd is not None and end.value.rcvd.code == 4401

    asyncio.run(stay())


def test_a_tab_that_only_watches_ends_too(parley: Parley, bob: Guest) -> None:
    """Signed out while an answer is arriving: the rest of it goes into the database and nowhere else."""
    token = parley.sign_in(bob.email)
    conversation_id = leave_a_question(parley, token)

    async def watch() -> int:
        request = BackMsg()
        request.rerun_script.page_name = "chat"
        request.rerun_script.query_string = f"c={conversation_id}"
        async with socket_to(parley, token) as socket:
            await socket.send(request.SerializeToString())
            async with asyncio.timeout(PATIENCE):
                while b"Thinking" not in await socket.recv(decode=False):
                    pass
            await asyncio.to_thread(sign_out, parley, token)
            return await closed_with(socket)

    assert asyncio.run(watch()) == 4401


def leave_a_question(parley: Parley, token: str) -> UUID:
    """Asked in a process that died before it could begin the answer: the server takes it up within seconds."""
    with parley.database() as database:
        accounts = AccountService(database, parley.settings)
        identity = accounts.resolve(token)
        assert identity
        chat = ChatService(database, lambda _: "any", ignore, ignore, ignore, admit=admit_all)
        asked = begun(chat.ask(accounts.actor(identity.session_id), "Write a long story about a lighthouse keeper."))
        with database.transaction() as session:
            run = session.get(AnswerRun, asked.run_id)
            assert run
            run.heartbeat_at -= NOBODY_CAME
    return asked.conversation_id


def test_people_who_come_at_the_same_moment_do_not_get_in_each_others_way(
    parley: Parley, ada: Guest, bob: Guest
) -> None:
    async def come(guest: Guest) -> list[str]:
        async with socket_to(parley, guest.token) as socket:
            return [(await rerun(socket, page))[1] for page in ["", "chat", "account"]]

    async def come_all() -> list[list[str]]:
        return await asyncio.gather(*(come(guest) for guest in [ada, bob] * 3))

    shown = [page for pages in asyncio.run(come_all()) for page in pages]
    assert len(shown) == 18
    assert [page for page in shown if "Something went wrong" in page] == []


ACTS: list[Callable[[ClientConnection], Any]] = [
    lambda socket: socket.send(b"\xff\xff not protobuf"),
    lambda socket: socket.send("text"),
    lambda socket: socket.send(b""),
]


@pytest.mark.crashes  # Streamlit does, on that one socket
@pytest.mark.parametrize("act", ACTS, ids=["garbage", "text", "empty"])
def test_garbage_on_the_socket_harms_nobody(parley: Parley, bob: Guest, act: Callable[[ClientConnection], Any]) -> None:
    async def send() -> None:
        async with socket_to(parley, bob.token) as socket:
            await rerun(socket)
            await act(socket)
        async with socket_to(parley, bob.token) as socket:
            assert "Hello, Bob" in (await rerun(socket))[1]

    asyncio.run(send())
    assert parley.process.poll() is None
