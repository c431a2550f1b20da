"""Who has which conversation open, told by the processes that serve the pages."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, Uuid, bindparam, column, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlmodel import col

from core.models import Conversation, Member, Presence, ServingProcess, User
from core.models.base import table_of
from core.repositories.base import Repository

_presences, _processes = table_of(Presence), table_of(ServingProcess)

Pair = tuple[UUID, UUID]
"""A conversation and a person."""


class Presences(Repository):
    def sign_on(self, process_id: UUID, now: datetime) -> None:
        """Says that this process serves pages; it may have said so before."""
        statement = insert(_processes).values(id=process_id, seen_at=now)
        self.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"seen_at": now}))

    def beat(self, process_id: UUID, now: datetime) -> bool:
        """A sign of life. False when others took the process for dead: then what it had written is gone."""
        statement = update(_processes).where(_processes.c.id == process_id).values(seen_at=now)
        return bool(self.session.execute(statement.returning(_processes.c.id)).one_or_none())

    def sign_off(self, process_id: UUID) -> None:
        """With all that it had written."""
        self.session.execute(delete(_processes).where(_processes.c.id == process_id))

    def add(self, process_id: UUID, pairs: Collection[Pair]) -> None:
        """Conversations and people that are no more are left out."""
        asked = pairs_asked(pairs)
        there = (
            select(asked.c.conversation_id, asked.c.user_id, bindparam(None, process_id, type_=Uuid()))
            .join(Conversation, col(Conversation.id) == asked.c.conversation_id)
            .join(User, col(User.id) == asked.c.user_id)
        )
        columns = ["conversation_id", "user_id", "process_id"]
        self.session.execute(insert(_presences).from_select(columns, there).on_conflict_do_nothing())

    def remove(self, process_id: UUID, pairs: Collection[Pair]) -> None:
        asked = pairs_asked(pairs)
        self.session.execute(
            delete(_presences).where(
                _presences.c.process_id == process_id,
                _presences.c.conversation_id == asked.c.conversation_id,
                _presences.c.user_id == asked.c.user_id,
            )
        )

    def remove_silent(self, since: datetime) -> set[UUID]:
        """Forgets the processes that were not heard of since then. The conversations that somebody had open there."""
        silent = select(_processes.c.id).where(_processes.c.seen_at < since).with_for_update(skip_locked=True)
        process_ids = list(self.session.execute(silent).scalars())
        if not process_ids:
            return set()
        gone = delete(_presences).where(_presences.c.process_id.in_(process_ids))
        conversation_ids = set(self.session.execute(gone.returning(_presences.c.conversation_id)).scalars())
        self.session.execute(delete(_processes).where(_processes.c.id.in_(process_ids)))
        return conversation_ids

    def list_names(self, conversation_ids: Collection[UUID], since: datetime) -> list[tuple[UUID, str]]:
        """Conversation and name, once for each member who has it open in a process heard of since then; by name."""
        statement = (
            select(_presences.c.conversation_id, col(User.id), col(User.display_name))
            .distinct()
            .join_from(_presences, _processes, _processes.c.id == _presences.c.process_id)
            .join(User, col(User.id) == _presences.c.user_id)
            .join(
                Member,
                (col(Member.conversation_id) == _presences.c.conversation_id) & (col(Member.user_id) == col(User.id)),
            )
            .where(
                _presences.c.conversation_id.in_(conversation_ids),
                _processes.c.seen_at >= since,
                col(Member.left_at).is_(None),
            )
            .order_by(col(User.display_name), col(User.id))
        )
        return [(conversation_id, name) for conversation_id, _, name in self.session.execute(statement)]


def pairs_asked(pairs: Iterable[Pair]) -> FromClause:
    """Pairs as a table of two columns, `conversation_id` and `user_id`; one statement however many there are."""
    given = list(pairs)
    sides: list[Any] = [bindparam(None, [pair[side] for pair in given], type_=ARRAY(Uuid())) for side in (0, 1)]
    columns = column("conversation_id", Uuid()), column("user_id", Uuid())
    return func.unnest(*sides).table_valued(*columns, joins_implicitly=True).render_derived("asked")
