"""Access to private conversations as lists: for the moderators who take it, and for those whose conversations they are.

No list names a conversation by its title: of what is private only the kind and the people are said.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.models import ConversationKind
from core.repositories.base import Repository

Position = tuple[datetime, UUID]
"""When it was taken, and its key."""
MOST_LOOKS = 20
"""Looks that are shown of one grant."""


@dataclass(frozen=True, slots=True)
class GrantLine:
    id: UUID
    conversation_id: UUID
    kind: ConversationKind
    moderator_id: UUID
    moderator_name: str | None
    """None for who is gone."""
    names: tuple[str, ...]
    """Whose conversation it is: its owner, of a direct chat both; empty when they are gone."""
    reason: str
    case_id: UUID | None
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    """Before its time."""
    looks: int
    last_looked_at: datetime | None

    @property
    def position(self) -> Position:
        return self.created_at, self.id

    @property
    def until(self) -> datetime:
        """When it was, or will be, over."""
        return min(self.ended_at or self.expires_at, self.expires_at)

    def is_in_force(self, now: datetime) -> bool:
        return self.until > now


@dataclass(frozen=True, slots=True)
class LookLine:
    at: datetime
    messages: int
    since: datetime | None
    """When the first of them was said; None where there was nothing."""
    until: datetime | None
    is_earlier_version: bool


@dataclass(frozen=True, slots=True)
class LookedInto:
    """A conversation of somebody's into which moderators looked. `title`: empty for one without."""

    conversation_id: UUID
    kind: ConversationKind
    title: str
    last_looked_at: datetime
    looks: int

    @property
    def position(self) -> Position:
        return self.last_looked_at, self.conversation_id


class AccessLines(Repository):
    def get(self, grant_id: UUID) -> GrantLine | None:
        return next(iter(self._lines("SELECT * FROM access_grants WHERE id = :id", {"id": grant_id})), None)

    def list_in_force(self, moderator_id: UUID, now: datetime) -> list[GrantLine]:
        """This moderator's own, those that are over first, first. They are few: nobody takes many within hours."""
        return self._lines(IN_FORCE, {"moderator": moderator_id, "now": now}, order="g.expires_at, g.id")

    def list_page(self, company_id: UUID, *, after: Position | None = None, limit: int) -> list[GrantLine]:
        """All of a company's, the newest first. `after`: the position of the last line of the page before."""
        return self._lines(page_of("company_id = :company", after), _given(after, limit) | {"company": company_id})

    def list_looked(
        self, conversation_id: UUID, floor: int, *, after: Position | None = None, limit: int
    ) -> list[GrantLine]:
        """Those under which somebody read what comes after `floor` in a conversation, the newest first."""
        given = _given(after, limit) | {"conversation": conversation_id, "floor": floor}
        return self._lines(page_of(LOOKED, after), given)

    def list_looked_into(self, user_id: UUID, *, after: Position | None = None, limit: int) -> list[LookedInto]:
        """Of all conversations that this person is in, also those of theirs that they deleted, and of what they may see
        there: the ones looked into last, first.
        """
        behind = "HAVING (max(l.created_at), c.id) < (:place_at, :place_id)" if after else ""
        statement = LOOKED_INTO.format(behind=behind)
        found = self.session.execute(text(statement), {"user": user_id} | _given(after, limit))
        return [LookedInto(row[0], ConversationKind(row[1]), *tuple(row)[2:]) for row in found]

    def list_looks(self, grant_ids: Collection[UUID], floor: int) -> Mapping[UUID, list[LookLine]]:
        """The looks under each, the newest first: at most MOST_LOOKS, and one more where there are more."""
        found: dict[UUID, list[LookLine]] = defaultdict(list)
        given = {"ids": list(grant_ids), "floor": floor, "limit": MOST_LOOKS + 1}
        for row in self.session.execute(text(LOOKS), given) if grant_ids else ():
            found[row[0]].append(LookLine(*tuple(row)[1:]))
        return found

    def _lines(self, page: str, given: dict[str, Any], order: str = "g.created_at DESC, g.id DESC") -> list[GrantLine]:
        statement = f"{_LINE.format(page=page)} ORDER BY {order}"
        return [_line(row) for row in self.session.execute(text(statement), given)]


IN_FORCE = """SELECT * FROM access_grants
    WHERE moderator_id = :moderator AND ended_at IS NULL AND expires_at > :now"""
# Who joined where the past is hidden is told of what they could have read themselves; nothing has no last message.
LOOKED = "conversation_id = :conversation AND looks > 0 AND (last_seq > :floor OR :floor = 0)"
LOOKS = """SELECT l.grant_id, l.created_at, l.messages, l.since, l.until, l.is_earlier_version
    FROM unnest(CAST(:ids AS uuid[])) AS g (id) CROSS JOIN LATERAL (
        SELECT * FROM access_looks WHERE grant_id = g.id AND (last_seq > :floor OR :floor = 0)
        ORDER BY created_at DESC, id DESC LIMIT :limit) l
    ORDER BY l.grant_id, l.created_at DESC, l.id DESC"""
LOOKED_INTO = """SELECT c.id, c.kind, c.title, max(l.created_at) AS last_looked_at, count(*) AS looks
    FROM members m JOIN conversations c ON c.id = m.conversation_id
    JOIN access_grants g ON g.conversation_id = c.id JOIN access_looks l ON l.grant_id = g.id
    WHERE m.user_id = :user AND m.left_at IS NULL AND c.looked_at IS NOT NULL
        AND (c.deleted_at IS NULL OR m.role = 'owner')
        AND (c.history IS DISTINCT FROM 'joined' OR m.joined_seq = 0 OR l.last_seq > m.joined_seq)
    GROUP BY c.id, c.kind, c.title {behind} ORDER BY last_looked_at DESC, c.id DESC LIMIT :limit"""
# The page is cut off before names are looked up.
_LINE = """
    SELECT g.id, g.conversation_id, g.kind, g.moderator_id, u.display_name AS moderator_name,
        CASE WHEN g.kind = 'direct' THEN ARRAY(SELECT p.display_name FROM members m JOIN users p ON p.id = m.user_id
            WHERE m.conversation_id = g.conversation_id ORDER BY lower(p.display_name), p.id) END AS both_names,
        o.display_name AS owner_name, g.reason, g.case_id, g.created_at, g.expires_at, g.ended_at, g.looks,
        g.last_looked_at
    FROM ({page}) g LEFT JOIN users u ON u.id = g.moderator_id LEFT JOIN users o ON o.id = g.owner_id"""


def page_of(wanted: str, after: Position | None) -> str:
    """The grants behind a place, the newest first."""
    behind = " AND (created_at, id) < (:place_at, :place_id)" if after else ""
    return f"SELECT * FROM access_grants WHERE {wanted}{behind} ORDER BY created_at DESC, id DESC LIMIT :limit"


def _given(after: Position | None, limit: int) -> dict[str, Any]:
    return {"limit": limit} | ({"place_at": after[0], "place_id": after[1]} if after else {})


def _line(row: Row[Any]) -> GrantLine:
    values = row._asdict()
    both, owner = values.pop("both_names"), values.pop("owner_name")
    return GrantLine(
        **values | {"kind": ConversationKind(values["kind"]), "names": tuple(both or filter(None, [owner]))}
    )
