from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlmodel import col

from core import clock
from core.models import Reaction, User
from core.models.base import table_of
from core.repositories.base import Repository
from core.repositories.search_index import SearchIndex
from core.search.conditions import Mark

_reactions = table_of(Reaction)


@dataclass(frozen=True, slots=True)
class ReactionLine:
    """One emoji under a message, and whose it is: the first of them first."""

    emoji: str
    user_ids: tuple[UUID, ...]
    names: tuple[str, ...]


_order = (_reactions.c.created_at, _reactions.c.user_id)
# Put together once: SQLAlchemy takes longer for that than PostgreSQL to answer.
_of_page = (
    select(
        _reactions.c.message_id,
        _reactions.c.emoji,
        func.array_agg(aggregate_order_by(_reactions.c.user_id, *_order)),
        func.array_agg(aggregate_order_by(col(User.display_name), *_order)),
    )
    .join(User, col(User.id) == _reactions.c.user_id)
    .where(_reactions.c.message_id == any_(bindparam("messages", type_=ARRAY(Uuid()))))
    .group_by(_reactions.c.message_id, _reactions.c.emoji)
    .order_by(_reactions.c.message_id, func.min(_reactions.c.created_at), _reactions.c.emoji)
)


class Reactions(Repository):
    def add(self, message_id: UUID, user_id: UUID, emoji: str) -> bool:
        """False when it was there."""
        row = {"message_id": message_id, "user_id": user_id, "emoji": emoji, "created_at": clock.now()}
        statement = insert(_reactions).values(row).on_conflict_do_nothing().returning(_reactions.c.message_id)
        is_new = self.session.execute(statement).scalar_one_or_none() is not None
        if is_new:
            SearchIndex(self.session).mark(message_id, Mark.REACTION)
        return is_new

    def remove(self, message_id: UUID, user_id: UUID, emoji: str) -> bool:
        """False when it was not there."""
        statement = delete(_reactions).where(
            _reactions.c.message_id == message_id, _reactions.c.user_id == user_id, _reactions.c.emoji == emoji
        )
        was_there = bool(self.session.execute(statement).rowcount)  # type: ignore[attr-defined]
        if was_there and not self.count_kinds(message_id):
            SearchIndex(self.session).unmark(message_id, Mark.REACTION)
        return was_there

    def count_kinds(self, message_id: UUID) -> int:
        """How many different emoji the message has."""
        statement = select(func.count(func.distinct(_reactions.c.emoji))).where(_reactions.c.message_id == message_id)
        return int(self.session.execute(statement).scalar_one())

    def list_of(self, message_ids: Collection[UUID]) -> dict[UUID, list[ReactionLine]]:
        """For each message its reactions, the oldest emoji first: one query for a whole page."""
        if not message_ids:
            return {}
        found: dict[UUID, list[ReactionLine]] = defaultdict(list)
        for message_id, emoji, user_ids, names in self.session.execute(_of_page, {"messages": list(message_ids)}):
            found[message_id].append(ReactionLine(emoji, tuple(user_ids), tuple(names)))
        return dict(found)
