"""Nobody gets anything of others' private conversations over HTTP: every address of ours is tried."""

from io import BytesIO
from zipfile import ZipFile, is_zipfile

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from core import clock
from core.database.engine import Database
from core.database.events import Events
from core.ids import new_id
from core.models import Company, ConversationKind
from core.permissions import Actor, Role
from core.repositories.users import Users
from core.services.audit_exporting import AuditExports
from core.services.exporting import ExportService
from core.services.own_data import OwnDataService
from core.services.presence import PresenceService
from core.services.usage import UsageService
from core.services.usage_exporting import UsageExports
from core.services.watching import WatchService
from core.web.audit_exports import AUDIT
from core.web.cookies import SESSION
from core.web.events import EVENTS
from core.web.exports import EXPORT
from core.web.own_data import OWN_DATA
from core.web.routes import routes
from core.web.usage_exports import USAGE
from tests.support.access import SECRET, Scene
from tests.support.talks import Desk, ignore
from tests.support.web import StandIn

HIDDEN, DENIED, GIVEN = 404, 403, 200
ROLES = ((Role.ADMIN,), (Role.ANALYST,), (Role.MODERATOR,), (Role.STAFF, Role.MODERATOR), tuple(Role))
GIVES_NOTHING = ("/account/", "/healthz", "/readyz", "/metrics", "/api/import")
"""Forms of one's own account, the state of the process, and where files are brought."""


@pytest.fixture
def application(application: StandIn, database: Database) -> StandIn:
    usage = UsageService(database)
    application.exporting, application.audit_exports = ExportService(database), AuditExports(database)
    application.own_data = OwnDataService(database, application.exporting, application.audit_exports)
    application.usage_exports = UsageExports(database, usage)
    application.presence = PresenceService(database, new_id(), ignore)
    application.watching = WatchService(database, application.presence)
    application.events = Events(database.engine.url)
    return application


@pytest.fixture
def me(application: StandIn, signed_in: TestClient) -> Actor:
    identity = application.accounts.resolve(signed_in.cookies[SESSION])
    assert identity
    return application.accounts.actor(identity.session_id)


def asked(scene: Scene) -> dict[str, list[dict[str, str]]]:
    """What each address that gives something can be asked about a private conversation."""
    today = clock.now().date().isoformat()
    days = {"from": today, "to": today}
    return {
        EVENTS: [{"c": str(scene.id)}],
        EXPORT: [{"c": str(scene.id), "format": one, "versions": "1"} for one in ("md", "json", "html")],
        USAGE: [{"table": one, "room": str(scene.id)} | days for one in ("calls", "rooms", "chart", "people")],
        AUDIT: [{"format": one} for one in ("csv", "json")],
        OWN_DATA: [{}],
    }


def test_every_address_that_gives_something_is_tried(application: StandIn) -> None:
    ours = {one.path for one in routes(application) if "GET" in (one.methods or ())}
    given = {path for path in ours if not path.startswith(GIVES_NOTHING)}
    assert given == {EVENTS, EXPORT, USAGE, AUDIT, OWN_DATA}


def _unpacked(answer: Response) -> str:
    """What it says, in archives within archives too."""
    return answer.text + _files(answer.content)


def _files(content: bytes) -> str:
    if not is_zipfile(BytesIO(content)):
        return content.decode(errors="replace")
    with ZipFile(BytesIO(content)) as archive:
        return "".join(_files(archive.read(name)) for name in archive.namelist())


@pytest.mark.parametrize("kind", [kind for kind in ConversationKind if kind is not ConversationKind.COMPANY])
def test_none_gives_anything_of_a_private_conversation(
    database: Database, me: Actor, signed_in: TestClient, kind: ConversationKind
) -> None:
    desk = Desk(database)
    with database.reading() as session:
        desk.company = session.get_one(Company, me.company_id)
    scene = Scene(desk, kind)
    for roles in ROLES:
        with database.transaction() as session:
            Users(session).set_roles(me.user_id, list(roles))
        for address, questions in asked(scene).items():
            for params in questions:
                answer = signed_in.get(address, params=params)
                assert SECRET not in _unpacked(answer), (roles, address, params)
                is_of_it = address in (EVENTS, EXPORT)
                assert answer.status_code in ((HIDDEN, DENIED) if is_of_it else (GIVEN, DENIED, 422)), (roles, params)
    if kind.is_room:
        desk.join(me, scene.id)
    else:
        scene.sql("UPDATE conversations SET owner_id = :me WHERE id = :id", me=me.user_id, id=scene.id)
    for address in (EXPORT, OWN_DATA):
        assert SECRET in _unpacked(signed_in.get(address, params=asked(scene)[address][0])), "it is looked for in vain"


@pytest.mark.parametrize("kind", ConversationKind)
def test_a_cookie_of_another_company_gives_nothing_of_this_one(
    database: Database, me: Actor, signed_in: TestClient, kind: ConversationKind
) -> None:
    """Of somebody who has every role there, and asks by the ids of this one."""
    scene = Scene(Desk(database), kind)
    assert scene.owner.company_id != me.company_id
    with database.transaction() as session:
        Users(session).set_roles(me.user_id, list(Role))
    for address, questions in asked(scene).items():
        for params in questions:
            answer = signed_in.get(address, params=params)
            assert SECRET not in _unpacked(answer), (address, params)
            assert answer.status_code == (HIDDEN if address in (EVENTS, EXPORT) else GIVEN), (address, params)
