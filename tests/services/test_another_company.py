"""What a company has is nobody else's: every method of every service, for who has all roles in another one."""

from uuid import UUID

import pytest

from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.config import Settings
from core.database.engine import Database
from core.models import ConversationKind
from core.permissions import Actor, Role
from core.repositories.users import Users
from core.services.sessions import SessionLimits
from tests.services.test_no_way_round import LEFT_OUT, PRIVATE, found_by
from tests.support.access import SECRET
from tests.support.builders import make_company
from tests.support.models import ScriptedModel
from tests.support.walk import Walk

KEPT = {("tasks", "list_page"), ("commands", "call"), ("access_reading", "looked_into")}
"""Tasks that are their own, and who looked at conversations that were: by their own key, wherever they are now."""
BELONG = (
    f"UPDATE users SET display_name = 'Person of {SECRET}' WHERE company_id = :company",
    f"UPDATE companies SET name = 'House of {SECRET}', instructions = 'Speak of {SECRET}' WHERE id = :company",
)


@pytest.fixture
def application(database: Database, settings: Settings) -> Application:
    return Application(settings, database, Assistant(settings, model_factory=lambda _: ScriptedModel()))


class Company(Walk):
    """One in which everything has the secret: people, its own name, and a conversation of that kind."""

    def __init__(self, application: Application, kind: ConversationKind) -> None:
        super().__init__(application, kind)
        for statement in BELONG:
            self.scene.sql(statement, company=self.desk.company.id)

    def elsewhere(self) -> Actor:
        with self.application.database.transaction() as session:
            company = make_company(session)
        return self.desk.person(*Role, company=company)

    def signed_in(self, user_id: UUID) -> UUID:
        with self.application.database.transaction() as session:
            user = Users(session).get(user_id)
            assert user
            return SessionLimits(self.application.settings).open(session, user, "")[0].session_id

    def move(self, user_id: UUID, company_id: UUID) -> None:
        """As an operator might do it, in SQL: nothing in Parley does."""
        self.scene.sql(
            "UPDATE users SET company_id = :to, display_name = 'Moved' WHERE id = :id", to=company_id, id=user_id
        )


@pytest.mark.parametrize("kind", PRIVATE)
def test_no_method_gives_anything_of_another_company(application: Application, kind: ConversationKind) -> None:
    company = Company(application, kind)
    assert found_by(company, company.elsewhere()) == set()
    insider = company.desk.person(*Role)
    found = found_by(company, insider)
    assert found >= {("people", "list_people"), ("people_looking", "list_page")}, "it is looked for in vain"
    assert not found & LEFT_OUT


@pytest.mark.parametrize(
    ("kind", "who"),
    [
        (ConversationKind.ASSISTANT, "owner"),
        (ConversationKind.GROUP, "member"),
    ],
)
def test_whose_person_was_moved_a_session_shows_the_company_they_are_in_now(
    application: Application, kind: ConversationKind, who: str
) -> None:
    """Their rooms and chats stay where they are, and are theirs no more."""
    company = Company(application, kind)
    person: Actor = getattr(company.scene, who)
    session_id = company.signed_in(person.user_id)
    there = company.elsewhere()
    company.move(person.user_id, there.company_id)
    actor = application.accounts.actor(session_id)
    assert (actor.user_id, actor.company_id) == (person.user_id, there.company_id)
    assert found_by(company, actor) <= KEPT
