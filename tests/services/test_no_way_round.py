"""Nobody reads a private conversation of others without leaving a trace: every method of every service is tried.

They are found by themselves, see tests/support/walk.py. A new method is walked through too; one that asks for something
new fails here until it is said there what to give it.
"""

import pytest

from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.config import Settings
from core.database.engine import Database
from core.models import ConversationKind
from core.permissions import Actor, Role
from tests.support.access import SECRET
from tests.support.models import ScriptedModel
from tests.support.walk import Walk

PRIVATE: tuple[ConversationKind, ...] = tuple(kind for kind in ConversationKind if kind is not ConversationKind.COMPANY)
EVERY_ROLE, MODERATOR = tuple(Role), (Role.MODERATOR,)
WHO: dict[ConversationKind, list[tuple[Role, ...]]] = {kind: [MODERATOR, EVERY_ROLE] for kind in PRIVATE} | {
    ConversationKind.GROUP: [(Role.ANALYST,), MODERATOR, (Role.ADMIN,), EVERY_ROLE]
}
"""Who has every role is let in wherever one of them is, and who only moderates is shown things in other ways than who
chats as well. That the others alone open no more is tried in one kind.
"""
LEFT_OUT = {
    # They take what a person brings along, and give nothing of what is here.
    *(("importing", "look"), ("importing", "run"), ("exporting", "name_of")),
    # The way that leaves its trace: tests/services/test_access.py.
    ("access_grants", "take"),
}
FOUND_BY_ITS_OWNER = {
    *(("browse", "read"), ("exporting", "write"), ("search", "search")),
    *(("transcripts", "read"), ("usage", "calls")),
}


@pytest.fixture
def application(database: Database, settings: Settings) -> Application:
    return Application(settings, database, Assistant(settings, model_factory=lambda _: ScriptedModel()))


def found_by(walk: Walk, actor: Actor) -> set[tuple[str, str]]:
    """The methods that give this person something of it."""
    methods = {(service, verb): method for service, verb, method in walk.methods()}
    assert len(methods) > 100
    return {name for name in methods.keys() - LEFT_OUT if SECRET in walk.said(actor, methods[name])}


@pytest.mark.parametrize("kind", PRIVATE)
def test_no_method_gives_anybody_anything_of_a_private_conversation(
    application: Application, kind: ConversationKind
) -> None:
    walk = Walk(application, kind)
    for roles in WHO[kind]:
        assert found_by(walk, walk.desk.person(*roles)) == set(), roles
    assert found_by(walk, walk.scene.moderator) == {("access_reading", "read")}, "a grant opens this, and nothing else"
    assert found_by(walk, walk.scene.owner) >= FOUND_BY_ITS_OWNER, "it is looked for in vain"
