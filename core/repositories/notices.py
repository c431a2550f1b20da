from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from core import clock
from core.ids import derived_id, new_id
from core.models import Member, MemberRole, Notice, User, UserRole
from core.models.base import table_of
from core.permissions import Role
from core.repositories.base import Repository

_notices, _members = table_of(Notice), table_of(Member)


@dataclass(frozen=True, slots=True)
class NoticeLine:
    id: UUID
    kind: str
    text: str
    created_at: datetime
    ends_at: datetime | None
    """From then on nobody needs it any more."""
    conversation_id: UUID | None
    """What it is about, where there is more to be read of that."""


class Notices(Repository):
    """What people are told once, until they put it away."""

    def lock(self, company_id: UUID) -> None:
        """Until this transaction ends nobody else tells this company's people anything.

        For who tells several things: two who did so in different orders would wait for each other.
        """
        key = derived_id("notices", str(company_id)).int & (2**63 - 1)
        self.session.execute(select(func.pg_advisory_xact_lock(key)))

    def tell(
        self,
        user_ids: Collection[UUID],
        *,
        key: str,
        kind: str,
        text: str,
        ends_at: datetime | None,
        conversation_id: UUID | None = None,
    ) -> None:
        """Tells each of them, unless they were told of that `key` before. However many say so at once, it is once."""
        said = {"key": key, "kind": kind, "text": text, "ends_at": ends_at, "conversation_id": conversation_id}
        said |= {"created_at": clock.now()}
        # In one order for everybody: two who tell the same people wait for each other once, and never both.
        rows = [said | {"id": new_id(), "user_id": user_id} for user_id in sorted(set(user_ids))]
        if rows:
            self.session.execute(insert(_notices).values(rows).on_conflict_do_nothing())

    def is_told(self, user_ids: Collection[UUID], keys: Collection[str]) -> bool:
        """Whether anybody of them was told of any of that."""
        if not keys:
            return False
        statement = select(_notices.c.id).where(_notices.c.user_id.in_(user_ids), _notices.c.key.in_(keys)).limit(1)
        return self.session.execute(statement).first() is not None

    def list_unread(self, user_id: UUID, now: datetime, *, limit: int) -> list[NoticeLine]:
        """The newest first."""
        statement = (
            select(*(_notices.c[name] for name in NoticeLine.__slots__))
            .where(_notices.c.user_id == user_id, _notices.c.read_at.is_(None))
            .where(or_(_notices.c.ends_at.is_(None), _notices.c.ends_at > now))
            .order_by(_notices.c.created_at.desc())
            .limit(limit)
        )
        return [NoticeLine(*tuple(row)) for row in self.session.execute(statement)]

    def put_away(self, user_id: UUID, notice_id: UUID | None) -> None:
        """One's own, or with None all of them; somebody else's stay."""
        statement = update(_notices).where(_notices.c.user_id == user_id, _notices.c.read_at.is_(None))
        if notice_id is not None:
            statement = statement.where(_notices.c.id == notice_id)
        self.session.execute(statement.values(read_at=clock.now()))

    def list_admins(self, company_id: UUID) -> list[UUID]:
        """Those who may sign in."""
        statement = (
            select(col(User.id))
            .join(UserRole, col(UserRole.user_id) == col(User.id))
            .where(col(User.company_id) == company_id, col(User.is_active), col(UserRole.role) == Role.ADMIN)
        )
        return list(self.session.execute(statement).scalars())

    def list_owners(self, room_id: UUID) -> list[UUID]:
        """Of a room."""
        statement = select(_members.c.user_id).where(
            _members.c.conversation_id == room_id,
            _members.c.role == MemberRole.OWNER,
            _members.c.left_at.is_(None),
        )
        return list(self.session.execute(statement).scalars())
