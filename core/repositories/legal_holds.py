"""What must not go, whatever the rules say."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select, text

from core import clock
from core.models import Conversation, ConversationKind, LegalHold, User
from core.models.base import table_of
from core.repositories.base import Repository

_holds, _users, _conversations = table_of(LegalHold), table_of(User), table_of(Conversation)

# {c} is the conversation. Memberships stay when somebody leaves: who was a member has one as well.
IS_HELD = """EXISTS (
    SELECT FROM legal_holds h WHERE h.company_id = {c}.company_id AND h.released_at IS NULL AND (
        h.conversation_id = {c}.id OR h.user_id = {c}.owner_id OR EXISTS (
            SELECT FROM members s WHERE s.conversation_id = {c}.id AND s.user_id = h.user_id)))"""
_HELD = text(f"SELECT {IS_HELD.format(c='c')} FROM conversations c WHERE c.id = :id")


@dataclass(frozen=True, slots=True)
class HoldLine:
    id: UUID
    user_id: UUID | None
    conversation_id: UUID | None
    name: str
    """The person's, or the title of a company room; empty for what is said in private, and for what is gone."""
    kind: ConversationKind | None
    """Of the conversation, if it is there."""
    reason: str
    created_at: datetime
    placed_by: str | None
    """None when they are gone."""


class LegalHolds(Repository):
    """Whoever places or releases one holds the lock of Retention."""

    def add(self, hold: LegalHold) -> LegalHold:
        self.session.add(hold)
        self.session.flush()
        return hold

    def get(self, company_id: UUID, hold_id: UUID) -> LegalHold | None:
        statement = select(LegalHold).where(_holds.c.id == hold_id, _holds.c.company_id == company_id)
        return self.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()

    def get_on(self, company_id: UUID, *, user_id: UUID | None, conversation_id: UUID | None) -> LegalHold | None:
        """The one in force on exactly that."""
        statement = select(LegalHold).where(
            _holds.c.company_id == company_id,
            _holds.c.released_at.is_(None),
            _holds.c.user_id.is_not_distinct_from(user_id),
            _holds.c.conversation_id.is_not_distinct_from(conversation_id),
        )
        return self.session.execute(statement).scalar_one_or_none()

    def release(self, hold: LegalHold, by: UUID, reason: str) -> None:
        hold.released_at, hold.released_by, hold.release_reason = clock.now(), by, reason
        self.add(hold)

    def count(self, company_id: UUID) -> int:
        """Those in force."""
        statement = select(func.count()).where(_holds.c.company_id == company_id, _holds.c.released_at.is_(None))
        return int(self.session.execute(statement).scalar_one())

    def is_held(self, conversation_id: UUID) -> bool:
        """By a hold on it, on its owner, or on anybody who is or was a member. To be asked under the lock of Retention
        and of the conversation, by whoever is about to remove something of it for good.
        """
        return bool(self.session.execute(_HELD, {"id": conversation_id}).scalar_one_or_none())

    def list_in_force(self, company_id: UUID) -> list[HoldLine]:
        """The newest first."""
        placer = _users.alias("placer")
        title = case((_conversations.c.kind == ConversationKind.COMPANY, _conversations.c.title), else_="")
        statement = (
            select(
                *(_holds.c[name] for name in ("id", "user_id", "conversation_id")),
                func.coalesce(_users.c.display_name, title, ""),
                _conversations.c.kind,
                *(_holds.c[name] for name in ("reason", "created_at")),
                placer.c.display_name,
            )
            .select_from(LegalHold)
            .outerjoin(User, _users.c.id == _holds.c.user_id)
            .outerjoin(Conversation, _conversations.c.id == _holds.c.conversation_id)
            .outerjoin(placer, placer.c.id == _holds.c.placed_by)
            .where(_holds.c.company_id == company_id, _holds.c.released_at.is_(None))
            .order_by(_holds.c.created_at.desc(), _holds.c.id.desc())
        )
        return [HoldLine(*tuple(row)) for row in self.session.execute(statement)]
