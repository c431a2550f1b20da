import json
from collections.abc import Callable
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import text

from core.config import Settings
from core.database.engine import Database
from core.errors import NotPermitted, NotSignedIn
from core.models import ConversationKind, Identity
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.repositories.identities import Identities
from core.repositories.users import Users
from core.services import own_data
from core.services.audit_exporting import AuditExports
from core.services.exporting import ExportService
from core.services.own_data import OwnDataService
from core.services.sessions import SessionLimits
from core.services.task_views import NewTask
from core.services.tasks import TaskService
from tests.support.talks import Desk


class House:
    def __init__(self, database: Database, settings: Settings) -> None:
        self.desk, self.settings = Desk(database), settings
        self.service = OwnDataService(database, ExportService(database), AuditExports(database))

    def person(self, *roles: Role, name: str) -> Actor:
        actor = self.desk.person(*roles, display_name=name)
        with self.desk.database.transaction() as session:
            user = Users(session).get(actor.user_id)
            assert user
            Identities(session).add(
                Identity(user_id=user.id, issuer="https://id.example.com", subject=f"{name.lower()}-1")
            )
            return SessionLimits(self.settings).open(session, user, "Firefox/140 Linux", provider="kc")[1]

    def files(self, actor: Actor) -> dict[str, str]:
        return unpacked(b"".join(self.service.write(actor)))


def unpacked(content: bytes) -> dict[str, str]:
    """By name, what is in an inner archive too."""
    found: dict[str, str] = {}
    with ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            found |= unpacked(archive.read(name)) if name.endswith(".zip") else {name: archive.read(name).decode()}
    return found


@pytest.fixture
def house(database: Database, settings: Settings) -> House:
    return House(database, settings)


def test_it_holds_all_of_ones_own_and_nothing_of_others(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_data, "BATCH", 2)
    ada, bo = house.person(Role.STAFF, name="Ada"), house.person(Role.STAFF, name="Bo")
    tasks = TaskService(house.desk.database)
    for number in range(5):
        tasks.create(ada, NewTask(f"Mine {number}"))
        tasks.create(bo, NewTask("Theirs"))
    house.desk.talk(ada, "What do plums cost?")
    house.desk.talk(bo, "A secret of Bo's")
    files = house.files(ada)
    assert [one["title"] for one in json.loads(files["tasks.json"])] == [f"Mine {number}" for number in range(5)]
    assert json.loads(files["profile.json"])["display_name"] == "Ada"
    [session] = json.loads(files["sign-ins.json"])
    assert session["user_agent"] == "Firefox/140 Linux" and "token_hash" not in session
    assert session["provider"] == "kc"
    [elsewhere] = json.loads(files["profile.json"])["known_elsewhere_as"]
    assert (elsewhere["issuer"], elsewhere["subject"]) == ("https://id.example.com", "ada-1")
    assert "record:create" in files["audit.csv"]
    whole = "\n".join(files.values())
    assert "What do plums cost?" in whole
    assert not any(word in whole for word in ("Theirs", "secret", "argon2", "password_hash", str(bo.user_id)))
    with house.desk.database.reading() as session_:
        rows = [one for one in Audit(session_).list_recent(ada.company_id) if one.action == "user:export"]
    assert [(row.actor_id, row.target_id) for row in rows] == [(ada.user_id, ada.user_id)]


@pytest.mark.parametrize("roles", [(Role.MODERATOR,), (Role.ADMIN,), (Role.ANALYST,), tuple(Role)])
def test_what_one_oversees_is_not_ones_own(house: House, roles: tuple[Role, ...]) -> None:
    owner, me = house.person(Role.STAFF, name="Owner"), house.person(*roles, name="Me")
    house.desk.rooms.create(owner, ConversationKind.COMPANY, "Plans of others")
    assert "Plans of others" not in "\n".join(house.files(me).values())
    assert "Plans of others" in "\n".join(house.files(owner).values())


ENDS: dict[str, tuple[Callable[[House, Actor], object], type[Exception]]] = {
    "signed out": (lambda house, me: _sql(house, "UPDATE auth_sessions SET revoked_at = now()"), NotSignedIn),
    "without a role": (lambda house, me: _sql(house, "DELETE FROM user_roles"), NotPermitted),
}


def _sql(house: House, statement: str) -> None:
    with house.desk.database.transaction() as session:
        session.execute(text(statement))


@pytest.mark.parametrize("end", ENDS)
def test_it_ends_with_the_right_to_it(house: House, end: str) -> None:
    me = house.person(Role.STAFF, name="Me")
    blocks = house.service.write(me)
    next(blocks)
    act, error = ENDS[end]
    act(house, me)
    with pytest.raises(error):
        list(blocks)
