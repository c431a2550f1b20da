"""What belongs to a page of messages, read with one query for each kind of thing. In order, and by index.

The statements are put together once: SQLAlchemy takes longer for that than PostgreSQL to answer.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    Integer,
    Row,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    false,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.models import Feedback, Message, MessageRevision, MessageType, ModelCall, Reaction, User
from core.models.base import literal_of, table_of
from core.repositories.base import Repository
from core.repositories.message_lines import is_step
from core.transfer.document import Person

_messages, _calls = table_of(Message), table_of(ModelCall)
_revisions, _reactions, _feedback = table_of(MessageRevision), table_of(Reaction), table_of(Feedback)

MessageRow = Row[Any]
CallRow = Row[Any]
Beside = Mapping[UUID, Sequence[Row[Any]]]
"""By message."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A page as the tables have it."""

    messages: Sequence[MessageRow]
    revisions: Beside
    reactions: Beside
    ratings: Beside
    calls: Beside
    steps: Beside

    def people(self) -> Iterator[UUID | None]:
        """Whoever is named, in the order in which they are."""
        for row in self.messages:
            yield row.sender_id
            yield row.edited_by
            for revision in self.revisions.get(row.id, ()):
                yield editor_of(revision)
            for beside in (self.reactions, self.ratings, self.calls):
                for one in beside.get(row.id, ()):
                    yield one.user_id


def editor_of(revision: Row[Any]) -> UUID | None:
    """Whom people may learn of: not which moderator it was."""
    return None if revision.by_moderator else revision.edited_by


class Pages(Repository):
    def list_messages(
        self, conversation_id: UUID, after: int, last: int, *, with_hidden: bool, limit: int
    ) -> Sequence[MessageRow]:
        given = {"conversation": conversation_id, "after": after, "last": last, "limit": limit}
        return self.session.execute(_ALL if with_hidden else _SHOWN, given).all()

    def list_revisions(self, ids: Collection[UUID]) -> Beside:
        return self._beside(_REVISIONS, ids)

    def list_reactions(self, ids: Collection[UUID]) -> Beside:
        return self._beside(_REACTIONS, ids)

    def list_ratings(self, ids: Collection[UUID]) -> Beside:
        return self._beside(_RATINGS, ids)

    def list_calls(self, ids: Collection[UUID]) -> Beside:
        return self._beside(_CALLS, ids)

    def list_steps(self, ids: Collection[UUID]) -> Beside:
        """By their answers."""
        return self._beside(_STEPS, ids)

    def list_other_calls(
        self, conversation_id: UUID, after: UUID, *, floor: int, of_hidden: bool, limit: int
    ) -> Sequence[CallRow]:
        """Of no message, or `of_hidden` ones: nothing that is older than what may be seen."""
        given = {
            "conversation": conversation_id,
            "after_id": after,
            "floor": floor,
            "of_hidden": of_hidden,
            "limit": limit,
        }
        return self.session.execute(_OTHER_CALLS, given).all()

    def list_people(self, ids: Collection[UUID]) -> dict[UUID, Person]:
        if not ids:
            return {}
        found = self.session.execute(_PEOPLE, {"ids": list(ids)})
        return {row.id: Person(row.display_name, row.email) for row in found}

    def _beside(self, statement: Any, ids: Collection[UUID]) -> Beside:
        found: dict[UUID, list[Row[Any]]] = defaultdict(list)
        if ids:
            for row in self.session.execute(statement, {"ids": list(ids)}):
                found[row.message_id].append(row)
        return found


_ids = bindparam("ids", type_=ARRAY(Uuid()))
_after, _last, _limit, _floor = (bindparam(name, type_=Integer) for name in ("after", "last", "limit", "floor"))
_here = bindparam("conversation", type_=_messages.c.conversation_id.type)


_content = case((_messages.c.deleted_at.is_(None), _messages.c.content), else_="").label("content")
_columns = (*(column for column in _messages.c if column.name not in ("content", "client_key", "deleted_by")), _content)


def _arm(*, hidden: bool) -> Select[Any]:
    """Written so that the transcript's index gives them in order, those that are hidden as well."""
    is_shown = _messages.c.superseded_with_id.is_(None)
    return (
        select(*_columns)
        .where(
            _messages.c.conversation_id == _here,
            and_(is_shown.is_(false()), ~is_step) if hidden else is_shown,
            _messages.c.seq > _after,
            _messages.c.seq <= _last,
        )
        .order_by(_messages.c.seq)
        .limit(_limit)
    )


_SHOWN = _arm(hidden=False)
_both = union_all(*(select(arm) for arm in (_arm(hidden=hidden).subquery() for hidden in (False, True)))).subquery()
_ALL = select(_both).order_by(_both.c.seq).limit(_limit)
_REVISIONS = select(_revisions).where(_revisions.c.message_id == any_(_ids)).order_by(_revisions.c.id)
_REACTIONS = (
    select(_reactions)
    .where(_reactions.c.message_id == any_(_ids))
    .order_by(_reactions.c.created_at, _reactions.c.user_id, _reactions.c.emoji)
)
_RATINGS = select(_feedback).where(_feedback.c.message_id == any_(_ids)).order_by(_feedback.c.id)
_CALLS = select(_calls).where(_calls.c.message_id == any_(_ids)).order_by(_calls.c.id)
_STEPS = (
    select(_messages.c.reply_to_id.label("message_id"), _messages.c.content, _messages.c.extra)
    .where(
        _messages.c.reply_to_id == any_(_ids),
        _messages.c.message_type == literal_of(_messages.c.message_type, MessageType.TOOL),
        is_step,
    )
    .order_by(_messages.c.seq)
)
_PEOPLE = select(col(User.id), col(User.display_name), col(User.email)).where(col(User.id) == any_(_ids))

_of, _oldest = aliased(Message), aliased(Message)
_since = (
    select(col(_oldest.created_at))
    .where(col(_oldest.conversation_id) == _here, col(_oldest.seq) == _floor)
    .scalar_subquery()
)
_OTHER_CALLS = (
    select(_calls)
    .join_from(ModelCall, _of, col(_of.id) == _calls.c.message_id, isouter=True)
    .where(
        _calls.c.conversation_id == _here,
        _calls.c.id > bindparam("after_id", type_=Uuid()),
        or_(
            and_(_calls.c.message_id.is_(None), or_(_floor == 0, _calls.c.created_at > _since)),
            and_(
                bindparam("of_hidden", type_=Boolean),
                col(_of.superseded_with_id).is_not(None),
                col(_of.seq) > _floor,
            ),
        ),
    )
    .order_by(_calls.c.id)
    .limit(_limit)
)
