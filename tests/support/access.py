"""A private conversation with a secret in it, everybody around it, and a moderator who may ask to read it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core import clock
from core.models import ConversationKind
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.repositories.notices import Notices
from tests.support.talks import Desk

SECRET = "xyzzyplugh"
WHY = "Looking into a complaint"


class Scene:
    """A conversation of one kind with a secret in it, and everybody around it."""

    def __init__(self, desk: Desk, kind: ConversationKind, said: int = 1) -> None:
        self.desk, self.kind = desk, kind
        self.owner = desk.person(display_name="Ada")
        self.member = desk.person(Role.STAFF, Role.MODERATOR, display_name="Bo")
        self.former = desk.person(Role.STAFF, Role.MODERATOR, display_name="Cy")
        self.moderator = desk.person(Role.MODERATOR, display_name="Mo")
        self.id = self._made(said)

    def _made(self, said: int) -> UUID:
        desk, texts = self.desk, [f"{SECRET} {number}" for number in range(1, said + 1)]
        if self.kind is ConversationKind.ASSISTANT:
            return desk.talk(self.owner, *texts).conversation_id
        if self.kind is ConversationKind.DIRECT:
            room = desk.rooms.start_direct(self.owner, self.member.user_id)
        else:
            people = [self.member.user_id, self.former.user_id]
            room = desk.rooms.create(self.owner, self.kind, f"Room of {SECRET}", user_ids=people)
            desk.members.leave(self.former, room)
        for one in texts:
            desk.talks.send(self.owner, room, one)
        return room

    def somebody(self, who: str) -> Actor:
        desk = self.desk
        made: dict[str, Callable[[], Actor]] = {
            "moderator": lambda: self.moderator,
            "both": lambda: desk.person(Role.STAFF, Role.MODERATOR),
            "member-mod": lambda: self.member,
            "former-mod": lambda: self.former,
            "admin": lambda: desk.person(Role.ADMIN),
            "analyst": lambda: desk.person(Role.ANALYST),
            "staff": desk.person,
            "member": lambda: with_roles(self.member, Role.STAFF),
            "owner": lambda: self.owner,
            "other": lambda: desk.person(Role.MODERATOR),
            "demoted": lambda: with_roles(self.moderator, Role.STAFF, Role.ADMIN, Role.ANALYST),
            "other-mod": lambda: with_roles(desk.stranger(), Role.STAFF, Role.MODERATOR),
        }
        return made[who]()

    def take(self, actor: Actor | None = None, minutes: int = 30) -> UUID:
        return self.desk.grants.take(actor or self.moderator, str(self.id), WHY, minutes)

    def expire(self, grant: UUID) -> None:
        """As if it had been taken an hour earlier than it was."""
        self.sql("UPDATE access_grants SET created_at = created_at - interval '1 hour', "
                 "expires_at = expires_at - interval '1 hour' WHERE id = :id", id=grant)  # fmt: skip

    def sql(self, statement: str, **given: Any) -> Any:
        with self.desk.database.transaction() as session:
            return session.execute(text(statement), given)

    def events(self) -> list[tuple[str, dict[str, Any], str]]:
        """What the trail has about access, in order."""
        with self.desk.database.reading() as session:
            found = Audit(session).list_recent(self.desk.company.id)
            assert Audit(session).verify(self.desk.company.id) is None
        return [(one.action, one.after or {}, one.reason) for one in reversed(found) if one.action[:6] == "access"]

    def told(self, actor: Actor) -> list[str]:
        with self.desk.database.reading() as session:
            found = Notices(session).list_unread(actor.user_id, clock.now(), limit=50)
        return [one.text for one in found if one.kind == "access" and one.conversation_id == self.id]


def with_roles(actor: Actor, *roles: Role) -> Actor:
    return Actor(actor.user_id, actor.company_id, actor.email, actor.display_name, frozenset(roles))
