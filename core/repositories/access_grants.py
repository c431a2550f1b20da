"""Leave to read private conversations, and what was read under it. Whoever takes one holds the conversation's lock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from core import clock
from core.models import AccessGrant, AccessLook
from core.models.base import table_of
from core.repositories.base import Repository

SAME_LOOK = timedelta(minutes=5)
"""The very same page within this time is the same look: a page is drawn again with each click."""

_grants, _looks = table_of(AccessGrant), table_of(AccessLook)


@dataclass(frozen=True, slots=True)
class Part:
    """What of a conversation a look showed."""

    first_seq: int
    """0, as `last_seq`, where there was nothing."""
    last_seq: int
    messages: int
    since: datetime | None
    until: datetime | None
    is_earlier_version: bool


class AccessGrants(Repository):
    def add(self, grant: AccessGrant) -> AccessGrant:
        self.session.add(grant)
        self.session.flush()
        return grant

    def get(self, company_id: UUID, moderator_id: UUID, grant_id: UUID) -> AccessGrant | None:
        """One's own, whether or not it is over."""
        return self._one(_grants.c.id == grant_id, _grants.c.company_id == company_id, moderator_id=moderator_id)

    def lock(self, company_id: UUID, moderator_id: UUID, grant_id: UUID) -> AccessGrant | None:
        """The same, held against others who look, end or extend until this transaction ends."""
        wanted = _grants.c.id == grant_id, _grants.c.company_id == company_id
        return self._one(*wanted, moderator_id=moderator_id, lock=True)

    def get_held(self, moderator_id: UUID, conversation_id: UUID) -> AccessGrant | None:
        """The one that nobody has ended; it may have expired."""
        return self._one(
            _grants.c.conversation_id == conversation_id,
            _grants.c.ended_at.is_(None),
            moderator_id=moderator_id,
            lock=True,
        )

    def end(self, grant: AccessGrant, at: datetime) -> None:
        grant.ended_at = at
        self.add(grant)

    def is_seen(self, grant_id: UUID, part: Part) -> bool:
        """Whether exactly this page was looked at just now, so that it is the same look."""
        statement = select(_looks.c.id).where(
            _looks.c.grant_id == grant_id,
            _looks.c.created_at > clock.now() - SAME_LOOK,
            _looks.c.first_seq == part.first_seq,
            _looks.c.last_seq == part.last_seq,
            _looks.c.messages == part.messages,
            _looks.c.is_earlier_version == part.is_earlier_version,
        )
        return self.session.execute(statement.limit(1)).first() is not None

    def add_look(self, grant: AccessGrant, part: Part) -> None:
        now = clock.now()
        look = AccessLook(
            created_at=now,
            grant_id=grant.id,
            first_seq=part.first_seq,
            last_seq=part.last_seq,
            messages=part.messages,
            since=part.since,
            until=part.until,
            is_earlier_version=part.is_earlier_version,
        )
        grant.looks, grant.last_looked_at = grant.looks + 1, now
        grant.last_seq = max(grant.last_seq, part.last_seq)
        self.session.add_all([look, grant])
        self.session.flush()
        self.session.execute(
            text("UPDATE conversations SET looked_at = :now, revision = revision + 1 WHERE id = :id"),
            {"now": now, "id": grant.conversation_id},
        )

    def _one(self, *wanted: Any, moderator_id: UUID, lock: bool = False) -> AccessGrant | None:
        """As the database has it at this moment."""
        statement = select(AccessGrant).where(_grants.c.moderator_id == moderator_id, *wanted)
        statement = statement.with_for_update() if lock else statement
        return self.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()
