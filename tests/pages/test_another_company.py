"""No page shows anything of another company, whatever its address names."""

import pytest

from core.models import ConversationKind
from core.permissions import Role
from tests.pages.visitor import Desk, go, text_of, visit
from tests.support.access import SECRET, Scene
from tests.support.talks import Desk as Talks

PAGES = ("home", "chat", "browse", "tasks", "usage", "moderation", "audit", "people", "settings", "account")
OF_A_ROOM = ("c", "room", "conversation", "target", "message")
OF_A_PERSON = ("p", "person", "owner", "author", "who", "reviewer", "target")
SHOWN_TO_THEIR_OWN = {"home", "chat", "browse", "people", "settings"}


@pytest.fixture
def scene(desk: Desk) -> Scene:
    """A company in which everything has the secret: its name, its people, a room."""
    scene = Scene(Talks(desk.database), ConversationKind.COMPANY)
    for statement in (
        f"UPDATE users SET display_name = 'Person of {SECRET}' WHERE company_id = :id",
        f"UPDATE companies SET name = 'House of {SECRET}' WHERE id = :id",
    ):
        scene.sql(statement, id=scene.desk.company.id)
    return scene


def addresses(scene: Scene) -> list[dict[str, str]]:
    room, person = str(scene.id), str(scene.owner.user_id)
    return [
        dict.fromkeys(OF_A_ROOM, room),
        dict.fromkeys(OF_A_PERSON, person) | {"show": "all"},
        {"c": room, "m": "1", "q": "Person", "tab": "messages", "state": "any"},
        {"q": "Room", "tab": "grants", "period": "all"},
    ]


@pytest.mark.parametrize("page", PAGES)
def test_nothing_of_it_is_shown(desk: Desk, scene: Scene, page: str) -> None:
    member = desk.person(*Role, company=scene.desk.company)
    scene.desk.join(member.actor, scene.id)
    stranger, insider = visit(desk.person(*Role)), visit(member)
    for query in addresses(scene):
        assert SECRET not in text_of(go(stranger, f"{page}.py", **query)), query
    seen = [SECRET in text_of(go(insider, f"{page}.py", **query)) for query in addresses(scene)]
    assert any(seen) or page not in SHOWN_TO_THEIR_OWN, "it is looked for in vain"
