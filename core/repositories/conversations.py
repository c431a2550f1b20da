from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, exists, func, select, tuple_, update
from sqlmodel import col

from core import clock
from core.models import Conversation, ConversationKind, Member, MemberRole
from core.models.base import literal_of, table_of
from core.permissions import Actor
from core.repositories.base import Repository
from core.repositories.search_index import SearchIndex

_columns = table_of(Conversation).c
_POSITION = {"time": _columns.last_message_at, "id": _columns.id}


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """What a list shows of a conversation."""

    id: UUID
    title: str
    last_message_at: datetime

    @property
    def position(self) -> tuple[datetime, UUID]:
        """Where this line stands in its list: pass it as `before` for the lines that follow."""
        return self.last_message_at, self.id


class Conversations(Repository):
    def add(self, conversation: Conversation) -> Conversation:
        """With its owner as first member: membership is what makes it readable."""
        self.session.add(conversation)
        self.session.flush()
        owner = Member(
            conversation_id=conversation.id,
            user_id=conversation.owner_id,
            kind=conversation.kind,
            role=MemberRole.OWNER,
            joined_at=conversation.created_at,
        )
        conversation.member_count = 1
        self.session.add(owner)
        self.session.flush()
        if conversation.title:
            SearchIndex(self.session).put_title(conversation.id, conversation.title)
        return conversation

    def get(self, conversation_id: UUID) -> Conversation | None:
        return self.session.get(Conversation, conversation_id)

    def get_readable(
        self, actor: Actor, conversation_id: UUID, *, with_deleted: bool = False, lock: bool = False
    ) -> Conversation | None:
        """The conversation if this person may read it. `lock` makes other writers of it wait for this transaction."""
        given = {"conversation": conversation_id, "me": actor.user_id, "company": actor.company_id}
        statement = _readable(with_deleted=with_deleted, lock=lock)
        return self.session.execute(statement, given).scalar_one_or_none()

    def list_recent(
        self,
        actor: Actor,
        kind: ConversationKind = ConversationKind.ASSISTANT,
        *,
        archived: bool = False,
        limit: int = 50,
        before: tuple[datetime, UUID] | None = None,
    ) -> list[ConversationLine]:
        """Newest activity first. `before` is the position of the last line of the page before."""
        given: dict[str, Any] = {"me": actor.user_id, "company": actor.company_id, "limit": limit}
        if before is not None:
            given |= {"before_time": before[0], "before_id": before[1]}
        statement = _recent(kind, archived=archived, continued=before is not None)
        return [ConversationLine(*tuple(row)) for row in self.session.execute(statement, given).all()]

    def count(
        self, actor: Actor, kind: ConversationKind = ConversationKind.ASSISTANT, *, archived: bool = False
    ) -> int:
        counted = _listed(select(func.count()).select_from(Conversation), kind, archived=archived)
        given = {"me": actor.user_id, "company": actor.company_id}
        return int(self.session.execute(counted, given).scalar_one())

    def update(self, conversation: Conversation, **values: Any) -> Conversation:
        """Title, model, instructions: what is not named stays as it is."""
        for name, value in values.items():
            setattr(conversation, name, value)
        self.session.add(conversation)
        self.session.flush()
        if "title" in values:
            SearchIndex(self.session).put_title(conversation.id, conversation.title)
        self.touch(conversation)
        return conversation

    def lock(self, conversation_id: UUID) -> Conversation | None:
        """The conversation, held against other writers of it until this transaction ends. Deleted ones too."""
        statement = select(Conversation).where(_columns.id == conversation_id)
        options = {"populate_existing": True}
        locking = statement.with_for_update(key_share=True).execution_options(**options)
        return self.session.execute(locking).scalar_one_or_none()

    def touch(self, conversation: Conversation) -> None:
        """Counts a change that its readers see and that adds no message; see `Conversation.revision`."""
        self.session.execute(
            update(Conversation)
            .where(_columns.id == conversation.id)
            .values(revision=_columns.revision + 1)
            .execution_options(synchronize_session=False)
        )

    def archive(self, conversation: Conversation) -> None:
        self.update(conversation, archived_at=clock.now())

    def unarchive(self, conversation: Conversation) -> None:
        self.update(conversation, archived_at=None)

    def delete(self, conversation: Conversation) -> None:
        """Hides it from everybody, messages included; `restore` brings all of it back."""
        self.update(conversation, deleted_at=clock.now())

    def restore(self, conversation: Conversation) -> None:
        self.update(conversation, deleted_at=None)

    def delete_all_of(self, user_id: UUID) -> list[UUID]:
        """Hides every assistant chat of a person. Returns which there were."""
        statement = (
            update(Conversation)
            .where(
                _columns.owner_id == user_id,
                _columns.kind == literal_of(_columns.kind, ConversationKind.ASSISTANT),
                _columns.deleted_at.is_(None),
            )
            .values(deleted_at=clock.now())
            .returning(_columns.id)
        )
        return list(self.session.execute(statement).scalars())

    def purge(self, conversation_id: UUID) -> None:
        """Removes it for good with members, messages and runs; the ledger keeps its rows, their links blanked."""
        self.session.execute(delete(Conversation).where(col(Conversation.id) == conversation_id))
        self.session.expire_all()


def readable_by(actor: Actor) -> ColumnElement[bool]:
    """The condition from which every read of a conversation starts: same company, and a member of it now."""
    return readable_to(actor.user_id, actor.company_id)


def readable_to(user: Any, company: Any) -> ColumnElement[bool]:
    """The same for a person of that company, either of them a value or a column."""
    membership = exists().where(
        col(Member.conversation_id) == _columns.id, col(Member.user_id) == user, col(Member.left_at).is_(None)
    )
    return and_(_columns.company_id == company, membership)


@cache  # put together once: SQLAlchemy takes longer for that than PostgreSQL to answer
def _readable(*, with_deleted: bool, lock: bool) -> Select[Any]:
    id_, me, company = (bindparam(name, type_=_columns.id.type) for name in ("conversation", "me", "company"))
    statement = select(Conversation).where(_columns.id == id_, readable_to(me, company))
    if not with_deleted:
        statement = statement.where(_columns.deleted_at.is_(None))
    if lock:
        locking = statement.with_for_update(of=Conversation, key_share=True)
        return locking.execution_options(populate_existing=True)
    return statement


@cache
def _recent(kind: ConversationKind, *, archived: bool, continued: bool) -> Select[Any]:
    statement = _listed(select(_columns.id, _columns.title, _columns.last_message_at), kind, archived=archived)
    if continued:
        time, key = (bindparam(f"before_{name}", type_=column.type) for name, column in _POSITION.items())
        statement = statement.where(tuple_(*_POSITION.values()) < tuple_(time, key))
    return statement.order_by(*(column.desc() for column in _POSITION.values())).limit(bindparam("limit"))


def _listed(statement: Select[Any], kind: ConversationKind, *, archived: bool) -> Select[Any]:
    """Of `me` in `company`. An assistant chat has one reader, its owner, whose index is in the list's order; rooms go
    by membership.
    """
    me, company = (bindparam(name, type_=_columns.id.type) for name in ("me", "company"))
    mine = _columns.owner_id == me if kind is ConversationKind.ASSISTANT else readable_to(me, company)
    return statement.where(
        mine,
        _columns.company_id == company,
        _columns.kind == literal_of(_columns.kind, kind),
        _columns.deleted_at.is_(None),
        _columns.archived_at.is_not(None) if archived else _columns.archived_at.is_(None),
    )
