from collections.abc import Callable

import pytest

from core.config import Settings
from core.database.engine import Database
from core.errors import DatabaseUnavailable
from core.permissions import Role
from core.services.accounts import AccountService
from core.services.people import PeopleService
from core.services.sessions import SessionIdentity
from tests.support.passwords import GOOD, OTHER, QuickPasswords
from tests.support.web import HTML, ORIGIN, SOCKET, UNWANTED, Inside, StandIn, client_of, refused_with, sign_in, site

ENDS: dict[str, Callable[[StandIn, SessionIdentity, Database], object]] = {
    "signed out": lambda app, who, database: app.accounts.sign_out(who.session_id),
    "signed out everywhere": lambda app, who, database: app.accounts.sign_out_everywhere(
        app.accounts.actor(who.session_id)
    ),
    "password changed": lambda app, who, database: app.accounts.change_password(
        app.accounts.actor(who.session_id), current=GOOD, new=OTHER, user_agent=""
    ),
    "deactivated": lambda app, who, database: PeopleService(database, QuickPasswords()).deactivate(None, who.user_id),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("recheck_seconds", [0.0, 3600.0])
def test_an_open_socket_ends_with_its_session(
    application: StandIn, inside: Inside, database: Database, end: str, recheck_seconds: float
) -> None:
    client = client_of(site(application, inside, recheck_seconds=recheck_seconds))
    PeopleService(database, QuickPasswords()).create_user(
        None, email="bob@example.com", display_name="Bob", password=GOOD, roles=[Role.STAFF]
    )
    sign_in(client, email="bob@example.com")
    token = client.cookies["parley_session"]
    identity = application.accounts.resolve(token)
    assert identity
    with client.websocket_connect(SOCKET, headers={"origin": ORIGIN}) as socket:
        socket.send_bytes(b"2")
        assert [socket.receive_bytes(), socket.receive_bytes()] == [b"tick", b"tick"]
        ENDS[end](application, identity, database)
        socket.send_bytes(b"3")
        assert socket.receive() == {"type": "websocket.close", "code": 4401}
    # The frame never got in, the inside was told of the end, and what it still said went nowhere.
    assert inside.frames == [
        {"type": "websocket.receive", "bytes": b"2"},
        {"type": "websocket.disconnect", "code": 4401},
    ]
    answer = client.get("/", headers=HTML | {"cookie": f"parley_session={token}"})
    assert answer.status_code == 303
    assert answer.headers["set-cookie"].startswith('parley_session="";')
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert refused_with(client, {"origin": ORIGIN, "cookie": f"parley_session={token}"}) == 4401


def test_what_nobody_has_any_use_for_does_not_get_in(application: StandIn, inside: Inside) -> None:
    client = client_of(site(application, inside))
    sign_in(client)
    with client.websocket_connect(SOCKET, headers={"origin": ORIGIN}) as socket:
        socket.send_bytes(UNWANTED)
        socket.send_bytes(b"1")
        assert socket.receive_bytes() == b"tick"
    assert [frame.get("bytes") for frame in inside.frames] == [b"1", None]


def test_a_socket_that_only_listens_ends_as_well(application: StandIn, database: Database) -> None:
    class Talking(Inside):
        async def __call__(self, scope, receive, send):  # type: ignore[no-untyped-def]
            if scope["type"] == "http":
                await super().__call__(scope, receive, send)
                return
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "bytes": b"first"})
            assert (await receive())["type"] == "websocket.disconnect"  # the other tab signs out meanwhile
            await send({"type": "websocket.send", "bytes": b"second"})
            self.frames.append(await receive())

    inside = Talking()
    client = client_of(site(application, inside, recheck_seconds=0))
    sign_in(client)
    identity = application.accounts.resolve(client.cookies["parley_session"])
    assert identity
    with client.websocket_connect(SOCKET, headers={"origin": ORIGIN}) as socket:
        assert socket.receive_bytes() == b"first"
        application.accounts.sign_out(identity.session_id)
        socket.close()
        assert socket.receive() == {"type": "websocket.close", "code": 4401}
    assert inside.frames == [{"type": "websocket.disconnect", "code": 4401}]


class BrokenAccounts(AccountService):
    """As when PostgreSQL is away."""

    is_away = False

    def resolve(self, token: str) -> SessionIdentity | None:
        if self.is_away:
            raise DatabaseUnavailable
        return super().resolve(token)

    def is_live(self, session_id: object) -> bool:  # type: ignore[override]
        if self.is_away:
            raise DatabaseUnavailable
        return super().is_live(session_id)  # type: ignore[arg-type]


def test_while_the_database_is_away_nobody_new_comes_in_and_gets_a_sentence(
    application: StandIn, database: Database, settings: Settings, inside: Inside
) -> None:
    application.accounts = broken = BrokenAccounts(database, settings, QuickPasswords())
    client = client_of(site(application, inside))
    sign_in(client)
    with client.websocket_connect(SOCKET, headers={"origin": ORIGIN}) as socket:
        broken.is_away = True
        socket.send_bytes(b"1")
        assert socket.receive_bytes() == b"tick"  # the page asks the database itself, and can say that it's away
        answer = client.get("/", headers=HTML)
        assert answer.status_code == 503
        assert "reach its database" in answer.text
        assert client.get("/").text == str(DatabaseUnavailable())
        assert refused_with(client, {"origin": ORIGIN}) == 1013
    broken.is_away = False
    assert client.get("/").status_code == 200
