"""The export route, over the real ASGI application and the real PostgreSQL."""

import asyncio
import io
import json
from urllib.parse import unquote
from uuid import UUID
from zipfile import ZipFile

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient
from starlette.types import Message

from core.config import Settings
from core.database.engine import Database
from core.ids import new_id
from core.models import AuditEvent
from core.permissions import Actor, Role
from core.repositories.documents import Documents
from core.repositories.users import Users
from core.services.accounts import AccountService
from core.services.exporting import ExportService
from core.web.cookies import SESSION
from core.web.exports import EXPORT
from tests.support.documents import talk
from tests.support.passwords import QuickPasswords
from tests.support.talks import Desk
from tests.support.web import HTML, Inside, StandIn, client_of, set_up, sign_in, site


@pytest.fixture
def application(database: Database, settings: Settings) -> StandIn:
    accounts = AccountService(database, settings, QuickPasswords())
    set_up(accounts)
    return StandIn(settings, accounts, exporting=ExportService(database))


@pytest.fixture
def desk(database: Database, application: StandIn) -> Desk:
    """Beside the company of the first admin, which has to be the first."""
    return Desk(database)


@pytest.fixture
def ada(application: StandIn, signed_in: TestClient, desk: Desk) -> Actor:
    """Signed in as staff."""
    identity = application.accounts.resolve(signed_in.cookies[SESSION])
    assert identity
    with desk.database.transaction() as session:
        Users(session).set_roles(identity.user_id, [Role.STAFF])
    return application.accounts.actor(identity.session_id)


def put(desk: Desk, owner: Actor, *titles: str, length: int = 2) -> list[UUID]:
    with desk.database.transaction() as session:
        return [Documents(session).put(owner, talk(length, title)).id for title in titles]


def audited(desk: Desk) -> int:
    with desk.database.reading() as session:
        found = select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "conversation:export")  # type: ignore[arg-type]
        return int(session.execute(found).scalar_one())


def test_one_is_the_file_itself(desk: Desk, ada: Actor, signed_in: TestClient) -> None:
    [mine] = put(desk, ada, "Żółw & <b>Co</b>")
    types = {
        "md": "text/markdown; charset=utf-8",
        "json": "application/json",
        "html": "application/octet-stream",
    }
    for ending, media_type in types.items():
        answer = signed_in.get(EXPORT, params={"c": str(mine), "format": ending}, headers=HTML)
        assert answer.status_code == 200 and answer.headers["content-type"] == media_type
        disposition = answer.headers["content-disposition"]
        assert disposition.startswith(f'attachment; filename="w & -b-Co-b-.{ending}"; ')
        assert unquote(disposition.partition("UTF-8''")[2]) == f"Żółw & -b-Co-b-.{ending}"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (answer.headers["x-parley-conversations"], answer.headers["x-parley-messages"]) == ("1", "2")
        assert "**what** was said" in answer.text or "<strong>what</strong>" in answer.text
    assert audited(desk) == 3


def test_several_are_a_zip(desk: Desk, ada: Actor, signed_in: TestClient) -> None:
    ids = put(desk, ada, "One", "Two")
    for params in ({"c": [str(id_) for id_ in ids]}, {"all": "1"}):
        answer = signed_in.get(EXPORT, params={**params, "format": "json", "versions": "1"})
        assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
        assert answer.headers["x-parley-conversations"] == "2"
        assert 'filename="Conversations.zip"' in answer.headers["content-disposition"]
        with ZipFile(io.BytesIO(answer.content)) as archive:
            assert sorted(archive.namelist()) == ["One.json", "Two.json", "index.txt"]
            assert json.loads(archive.read("One.json"))["title"] == "One"
    only = signed_in.get(EXPORT, params={"all": "1", "c": str(new_id())})
    assert only.status_code == 200


def test_head_says_whether_one_may_and_writes_nothing(desk: Desk, ada: Actor, signed_in: TestClient) -> None:
    [mine] = put(desk, ada, "Mine")
    [theirs] = put(desk, desk.person(), "Theirs")
    for params, status, sentence in (
        ({"c": str(mine)}, 200, ""),
        ({"c": str(theirs)}, 404, "Not found. It may have been deleted, or it is not shared with you."),
        ({"c": [str(mine), str(theirs)]}, 404, "Not found."),
        ({"c": "x"}, 404, "Not found."),
        ({"c": ""}, 404, "Not found."),
        ({"c": "0' OR 1=1"}, 404, "Not found."),
        ({}, 422, "Choose at least one conversation."),
        ({"c": str(mine), "format": "pdf"}, 422, "Choose Markdown, JSON or HTML."),
        ({"c": str(mine), "format": ""}, 422, "Choose Markdown, JSON or HTML."),
    ):
        asked = signed_in.head(EXPORT, params=params)
        assert (asked.status_code, asked.content) == (status, b"")
        if status != 200:
            answer = signed_in.get(EXPORT, params=params)
            assert answer.status_code == status and answer.text.startswith(sentence)
    assert asked.headers.get("content-disposition") is None
    assert signed_in.head(EXPORT, params={"c": str(mine)}).headers["x-parley-messages"] == "2"
    assert audited(desk) == 0


def test_only_for_who_is_signed_in_and_may(
    desk: Desk, ada: Actor, signed_in: TestClient, application: StandIn, inside: Inside
) -> None:
    [mine] = put(desk, ada, "Mine")
    stranger = client_of(site(application, inside))
    assert stranger.get(EXPORT, params={"c": str(mine)}).status_code == 401
    assert stranger.get(EXPORT, params={"c": str(mine)}, headers=HTML).status_code == 303
    foreign = {"origin": "https://elsewhere.example"}
    assert signed_in.get(EXPORT, params={"c": str(mine)}, headers=foreign).status_code == 403
    assert signed_in.post(EXPORT, params={"c": str(mine)}).status_code in (403, 405)
    with desk.database.transaction() as session:
        Users(session).set_roles(ada.user_id, [Role.ANALYST])
    refused = signed_in.get(EXPORT, params={"c": str(mine)})
    assert (refused.status_code, refused.text) == (403, "Browsing and searching needs the role staff or moderator.")
    assert signed_in.head(EXPORT, params={"all": "1"}).status_code == 403
    assert audited(desk) == 0


def test_who_hangs_up_ends_it(fresh_database: Database, settings: Settings, inside: Inside) -> None:
    """Over a pooled database: every connection is back, and no further page was read."""
    accounts = AccountService(fresh_database, settings, QuickPasswords())
    set_up(accounts)
    desk = Desk(fresh_database)
    application = StandIn(settings, accounts, exporting=ExportService(fresh_database))
    app = site(application, inside)
    browser = client_of(app)
    sign_in(browser)
    token = browser.cookies[SESSION]
    identity = accounts.resolve(token)
    assert identity
    with fresh_database.transaction() as session:
        Users(session).set_roles(identity.user_id, [Role.STAFF])
    [mine] = put(desk, accounts.actor(identity.session_id), "Long", length=3_000)
    sent: list[int] = []

    async def play() -> None:
        gone = asyncio.Event()

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                sent.append(len(message["body"]))
                if len(sent) == 3:
                    gone.set()
                await asyncio.sleep(0.05)

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "method": "GET", "path": EXPORT, "raw_path": EXPORT.encode(),
            "query_string": f"c={mine}&format=json".encode(), "scheme": "http", "server": ("testserver", 80),
            "headers": [(b"host", b"testserver"), (b"cookie", f"{SESSION}={token}".encode())], "root_path": "",
            "http_version": "1.1",
        }  # fmt: skip
        await asyncio.wait_for(app(scope, receive, send), 20)

    asyncio.run(play())
    assert 3 <= len(sent) <= 5 and sum(sent) < 600_000
    assert fresh_database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
