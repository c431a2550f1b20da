"""Sending a file for an import, through the gate, and who can use it then."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.config import Settings
from core.database.engine import Database
from core.errors import NotFound, NotPermitted, TooManyAttempts, Unavailable
from core.ids import new_id, new_token
from core.permissions import Actor, Role
from core.services import uploads
from core.services.sessions import SessionLimits
from core.services.uploads import MEGABYTE, Uploads
from core.web.cookies import SESSION
from core.web.imports import IMPORT, PIECE
from tests.support.builders import make_company, make_user
from tests.support.web import ORIGIN, Inside, StandIn, client_of, site

FROM_HERE = {"origin": ORIGIN}


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.data_dir / "imports"


@pytest.fixture
def store(application: StandIn, folder: Path) -> Uploads:
    application.uploads = Uploads(folder, 3)
    return application.uploads


@pytest.fixture
def ada(application: StandIn, signed_in: TestClient) -> Actor:
    identity = application.accounts.resolve(signed_in.cookies[SESSION])
    assert identity
    return application.accounts.actor(identity.session_id)


def send(client: TestClient, content: bytes | Iterator[bytes], **headers: str) -> Any:
    return client.post(IMPORT, content=content, headers=FROM_HERE | headers)


def test_a_file_is_kept_for_the_one_who_sent_it(
    store: Uploads, signed_in: TestClient, ada: Actor, folder: Path
) -> None:
    content = os.urandom(2 * PIECE + 17)
    answer = send(signed_in, content)
    assert answer.status_code == 201 and answer.json()["size"] == len(content)
    with store.open(ada, answer.json()["id"]) as file:
        assert file.read() == content
    [path] = folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600 and folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(NotFound):
        store.open(replace(ada, user_id=new_id()), answer.json()["id"])


def test_it_can_be_dropped(store: Uploads, signed_in: TestClient, ada: Actor, folder: Path) -> None:
    upload_id = send(signed_in, b"[]").json()["id"]
    assert signed_in.delete(f"{IMPORT}/{upload_id}").status_code == 403  # from no page of ours
    for _ in range(2):
        assert signed_in.delete(f"{IMPORT}/{upload_id}", headers=FROM_HERE).status_code == 204
    assert not list(folder.iterdir())
    with pytest.raises(NotFound):
        store.open(ada, upload_id)


def test_nobody_drops_the_file_of_another(
    store: Uploads, signed_in: TestClient, ada: Actor, application: StandIn, inside: Inside, database: Database
) -> None:
    upload_id = send(signed_in, b"[]").json()["id"]
    other = client_of(site(application, inside))
    with database.transaction() as session:
        user = make_user(session, make_company(session), (Role.STAFF,))
        opened, _ = SessionLimits(application.settings).open(session, user, "")
    other.cookies.set(SESSION, opened.token)
    assert other.delete(f"{IMPORT}/{upload_id}", headers=FROM_HERE).status_code == 204
    store.open(ada, upload_id).close()


@pytest.mark.parametrize("name", ["..", "%2e%2e%2fsecret_key", "x" * 43 + ".part", "a/b", "é" * 43, ""])
def test_no_other_file_can_be_named(store: Uploads, signed_in: TestClient, ada: Actor, name: str) -> None:
    assert signed_in.delete(f"{IMPORT}/{name}", headers=FROM_HERE).status_code in (200, 404, 405)
    with pytest.raises(NotFound):
        store.open(ada, name)


def test_without_a_session_from_elsewhere_or_without_the_role_nothing_is_kept(
    store: Uploads, client: TestClient, application: StandIn, folder: Path, database: Database
) -> None:
    assert send(client, b"[]").status_code == 401
    with database.transaction() as session:
        user = make_user(session, make_company(session), (Role.ANALYST,))
        opened, actor = SessionLimits(application.settings).open(session, user, "")
    client.cookies.set(SESSION, opened.token)
    refused = send(client, b"[]")
    assert refused.status_code == 403 and "role staff" in refused.text
    assert client.post(IMPORT, content=b"[]", headers={"origin": "http://evil.example"}).status_code == 403
    for attempt in (lambda: store.begin(actor), lambda: store.open(actor, new_token()), lambda: store.drop(actor, "x")):
        with pytest.raises(NotPermitted):
            attempt()
    assert not folder.exists()


@pytest.mark.parametrize("is_announced", [True, False])
def test_what_is_too_large_is_refused_with_a_sentence(
    store: Uploads, signed_in: TestClient, folder: Path, is_announced: bool
) -> None:
    whole = bytes(3 * MEGABYTE + 1)
    answer = send(signed_in, whole if is_announced else iter([whole[:MEGABYTE], whole[MEGABYTE:]]))
    assert (answer.status_code, answer.text) == (413, uploads.too_large(3 * MEGABYTE))
    assert not list(folder.iterdir()) if folder.exists() else is_announced
    assert send(signed_in, whole[:-1]).status_code == 201


def test_an_empty_file_is_refused(store: Uploads, signed_in: TestClient, folder: Path) -> None:
    answer = send(signed_in, b"")
    assert (answer.status_code, answer.text) == (422, uploads.EMPTY) and not list(folder.iterdir())


def test_the_oldest_of_one_person_goes_for_a_new_one(
    store: Uploads, signed_in: TestClient, ada: Actor, folder: Path
) -> None:
    sent = []
    for number in range(uploads.WAITING + 2):
        sent.append(send(signed_in, b"[]").json()["id"])
        path = folder / f"{ada.user_id.hex}~{sent[-1]}"
        os.utime(path, (path.stat().st_mtime + number - 100,) * 2)
    there = {path.name.partition("~")[2] for path in folder.iterdir()}
    assert there == set(sent[-uploads.WAITING :])
    stranger = replace(ada, user_id=new_id())
    with store.begin(stranger) as incoming:
        incoming.write(b"x")
        incoming.finish()
    assert len(list(folder.iterdir())) == uploads.WAITING + 1


def test_so_many_at_once_and_no_more(store: Uploads, ada: Actor, folder: Path) -> None:
    coming = [store.begin(ada).__enter__() for _ in range(uploads.WAITING)]
    with pytest.raises(TooManyAttempts):
        store.begin(ada)
    for one in coming:
        one.__exit__(None, None, None)
    store.begin(ada)
    assert not list(folder.iterdir())


def test_old_files_are_removed(store: Uploads, ada: Actor, folder: Path) -> None:
    kept, old, stalled, fresh = (folder / f"{new_id().hex}~{new_token()}{end}" for end in ("", "", ".part", ".part"))
    folder.mkdir()
    for path, age in (
        (kept, uploads.LIFE - 60),
        (old, uploads.LIFE + 60),
        (stalled, uploads.STALLED + 60),
        (fresh, 60),
    ):
        path.write_bytes(b"x")
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    store.begin(ada)
    assert set(folder.iterdir()) == {kept, fresh}


def test_a_full_disk_is_said_in_a_sentence(ada: Actor, tmp_path: Path) -> None:
    store = Uploads(tmp_path, 3)
    full = Path("/dev/full").open("wb", buffering=0)  # the kernel's own full disk  # noqa: SIM115
    with pytest.raises(Unavailable, match="no room left"), store.begin(ada) as incoming:
        incoming.file.close()
        incoming.file = full
        incoming.write(b"x")
    assert not list(tmp_path.iterdir())


def test_a_browser_that_goes_away_leaves_nothing(
    store: Uploads, application: StandIn, signed_in: TestClient, inside: Inside, folder: Path
) -> None:
    headers = {"host": "testserver", "origin": ORIGIN, "cookie": f"{SESSION}={signed_in.cookies[SESSION]}"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": IMPORT,
        "raw_path": IMPORT.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 5),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    seen: list[list[str]] = []

    def suffixes() -> list[str]:
        return [path.suffix for path in folder.iterdir()]

    async def pieces() -> AsyncIterator[dict[str, Any]]:
        for _ in range(3):
            yield {"type": "http.request", "body": bytes(PIECE // 2), "more_body": True}
        seen.append(suffixes())
        yield {"type": "http.disconnect"}

    coming = pieces()

    async def ignore(_: Any) -> None:
        pass

    async def go_through() -> None:
        await site(application, inside)(scope, coming.__anext__, ignore)  # type: ignore[arg-type]

    asyncio.run(go_through())
    assert seen == [[".part"]] and not list(folder.iterdir())


def test_memory_is_bounded_while_it_arrives(store: Uploads, ada: Actor) -> None:
    store.limit = 100 * MEGABYTE
    with store.begin(ada) as incoming:
        for _ in range(50):
            incoming.write(bytes(PIECE))
        assert incoming.draft.stat().st_size == 50 * PIECE  # nothing is held back
