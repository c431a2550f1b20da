"""Reading on along any version of a conversation, the one that is shown or one that was hidden."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Uuid, bindparam, case, column, func, or_, select, true

from core.models import Message, MessageRole, MessageStatus
from core.models.base import table_of
from core.repositories.base import Repository
from core.repositories.message_lines import AFTER, BEFORE, HIDDEN_AFTER, HIDDEN_BEFORE, MessageLine, is_step, lines_of

MOST_NESTED = 8
"""Versions within versions that are followed; behind that comes what is shown."""
MOST_TEXTS = 10
"""Texts of other versions of one message that are read."""

_messages = table_of(Message)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Messages of a branch that were hidden together."""

    bundle: UUID | None
    """The version that they were hidden with; None for those that the transcript shows."""
    below: int | None
    """Only those before this seq belong to the branch. None: all."""

    def has(self, seq: int) -> bool:
        return self.below is None or seq < self.below


@dataclass(frozen=True, slots=True)
class Branch:
    """One version of a conversation from its beginning to its end, as stretches, the latest first."""

    stretches: tuple[Stretch, ...] = (Stretch(None, None),)

    @property
    def is_shown(self) -> bool:
        """Whether it is what the transcript shows."""
        return self.stretches[0].bundle is None


@dataclass(frozen=True, slots=True)
class VersionLine:
    """Another version of a message, with the text that it had. A deleted one carries none, as in MessageLine."""

    id: UUID
    seq: int
    role: MessageRole
    status: MessageStatus
    content: str
    created_at: datetime
    is_deleted: bool


class Branches(Repository):
    def get_of(self, conversation_id: UUID, seq: int) -> Branch | None:
        """The branch that shows that message; None when there is no such message."""
        statement = select(_messages.c.superseded_with_id).where(
            _messages.c.conversation_id == conversation_id, _messages.c.seq == seq, ~is_step
        )
        found = self.session.execute(statement).one_or_none()
        if found is None:
            return None
        bundle, below, stretches = found.superseded_with_id, None, []
        for _ in range(MOST_NESTED):
            if bundle is None:
                break
            stretches.append(Stretch(bundle, below))
            bundle, below = self._around(bundle)
        return Branch((*stretches, Stretch(None, below)))

    def _around(self, version_id: UUID) -> tuple[UUID | None, int]:
        """Where a hidden version had its place: what the version in that place was hidden with, and that one's seq,
        before which the two have everything in common.

        Of all versions of a message one stands in the branch around them: each other one was hidden by itself.
        """
        statement = (
            select(_in_place.c.superseded_with_id, func.coalesce(_in_place.c.seq, _messages.c.seq))
            .select_from(_messages.outerjoin(_in_place, true()))
            .where(_messages.c.id == version_id)
        )
        bundle, seq = self.session.execute(statement).one()
        return bundle, seq

    def before(
        self, conversation_id: UUID, branch: Branch, seq: int, *, floor: int, with_deleted: bool, limit: int
    ) -> list[MessageLine]:
        """The `limit` messages of the branch nearest before that seq, in the order they were said. None up to `floor`.

        `with_deleted`: with the text of deleted ones.
        """
        found: list[MessageLine] = []
        given = {"conversation": conversation_id, "floor": floor, "with_deleted": with_deleted}
        for stretch in branch.stretches:
            bound = {"before": min(seq, stretch.below or seq), "bundle": stretch.bundle, "limit": limit - len(found)}
            found += lines_of(self.session.execute(BEFORE if stretch.bundle is None else HIDDEN_BEFORE, given | bound))
            if len(found) >= limit:
                break
        return found[::-1]

    def after(
        self, conversation_id: UUID, branch: Branch, seq: int, *, floor: int, with_deleted: bool, limit: int
    ) -> list[MessageLine]:
        """The same for those behind that seq."""
        found: list[MessageLine] = []
        given = {"conversation": conversation_id, "floor": floor, "with_deleted": with_deleted}
        for stretch in reversed(branch.stretches):
            if not stretch.has(seq + 1):
                continue
            bound = {"after": seq, "bundle": stretch.bundle, "limit": limit - len(found)}
            lines = lines_of(self.session.execute(AFTER if stretch.bundle is None else HIDDEN_AFTER, given | bound))
            found += [line for line in lines if stretch.has(line.seq)]
            if len(found) >= limit:
                break
        return found

    def list_texts(self, groups: Collection[UUID], *, floor: int, with_deleted: bool) -> dict[UUID, list[VersionLine]]:
        """For each group its versions, first to last; of very many the latest, one more than MOST_TEXTS."""
        if not groups:
            return {}
        given = {"groups": list(groups), "floor": floor, "with_deleted": with_deleted}
        found: dict[UUID, list[VersionLine]] = {}
        for group, *values in self.session.execute(_texts, given):
            found.setdefault(group, []).insert(0, VersionLine(*values))
        return found


_others = _messages.alias("others")
_in_place = (
    select(_others.c.superseded_with_id, _others.c.seq)
    .where(
        _others.c.version_group_id == _messages.c.version_group_id,
        or_(_others.c.superseded_with_id.is_(None), _others.c.superseded_with_id != _others.c.id),
    )
    .limit(1)
    .correlate(_messages)
    .lateral("in_place")
)
_groups: Any = (
    func.unnest(bindparam("groups", type_=ARRAY(Uuid())))
    .table_valued(column("id", _messages.c.id.type), joins_implicitly=True)
    .render_derived("groups")
)
_latest = (
    select(
        _messages.c.id,
        _messages.c.seq,
        _messages.c.role,
        _messages.c.status,
        case(
            (_messages.c.deleted_at.is_(None) | bindparam("with_deleted", type_=Boolean), _messages.c.content), else_=""
        ).label("content"),
        _messages.c.created_at,
        _messages.c.deleted_at.is_not(None).label("is_deleted"),
    )
    .where(_messages.c.version_group_id == _groups.c.id, _messages.c.seq > bindparam("floor"))
    .order_by(_messages.c.seq.desc())
    .limit(MOST_TEXTS + 1)
    .lateral("latest")
)
# Put together once: SQLAlchemy takes longer for that than PostgreSQL to answer.
_texts = (
    select(_groups.c.id, *_latest.c)
    .select_from(_groups.join(_latest, true()))
    .order_by(_groups.c.id, _latest.c.seq.desc())
)
