"""Conversations as documents: read out a page at a time, and put in as somebody's own.

What is imported has no place in some columns: who wrote a message may have no account here, and what it cost then is no
cost of this company. That stays beside, in `conversations.origin` and in `extra` of each message, and comes out again
with the next export. See core.repositories.imported.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import SQLModel

from core.ids import new_id
from core.models import (
    Conversation,
    ConversationKind,
    Feedback,
    Member,
    Message,
    MessageRevision,
    MessageRole,
    MessageType,
    Reaction,
)
from core.models.base import table_of
from core.permissions import Actor
from core.repositories import imported
from core.repositories.base import Repository
from core.repositories.conversations import Conversations
from core.repositories.document_pages import CallRow, Pages, Rows
from core.repositories.message_lines import IS_STEP
from core.repositories.passage import Passage
from core.repositories.search_index import SearchIndex
from core.transfer.document import Booked, Document, Said
from core.transfer.outgoing import Included

PAGE = 300
"""Messages that are read at once, and calls to models."""
AT_ONCE = 500
"""Rows that are inserted by one statement."""

_conversations = table_of(Conversation)
Item = TypeVar("Item")


class Documents(Repository):
    def find(self, owner_id: UUID, source: str, id: str) -> Conversation | None:  # noqa: A002
        """What this person imported of that conversation; deleted ones too."""
        statement = select(Conversation).where(
            _conversations.c.owner_id == owner_id, _conversations.c.origin_key == imported.key_of(source, id)
        )
        return self.session.execute(statement).scalar_one_or_none()

    # Out

    def begin(
        self, conversation: Conversation, *, floor: int = 0, included: Included, title: str | None = None
    ) -> Passage:
        """What is to be read of a conversation: all that is there now, but for messages up to `floor`.

        `title`: what the reader calls it where it has none of its own. Give it to `next_messages` until that gives
        none, then to `next_calls` likewise: each may have a session of its own.
        """
        return Passage(conversation, floor=floor, included=included, title=title)

    def next_messages(self, passage: Passage, limit: int = PAGE) -> list[Said]:
        """The next ones in order; none at the end. So many queries, however many messages there are."""
        pages, included = Pages(self.session), passage.included
        found = pages.list_messages(
            passage.conversation_id, passage.after, passage.last_seq, with_hidden=included.versions, limit=limit
        )
        if not found:
            return []
        ids, kept = [row.id for row in found], [row.id for row in found if row.deleted_at is None]
        own = [row.id for row in found if row.id in kept and included.only_of in (None, row.sender_id)]
        own += [row.id for row in found if row.id in kept and row.role is MessageRole.ASSISTANT and row.id not in own]
        rows = Rows(
            messages=found,
            revisions=pages.list_revisions(own) if included.versions else {},
            reactions=pages.list_reactions(kept) if included.reactions else {},
            ratings=_only(pages.list_ratings(kept), included.only_of) if included.reactions else {},
            calls=pages.list_calls(ids),
            steps=pages.list_steps(kept),
        )
        passage.meet(pages.list_people(passage.strangers(rows.people())))
        return [passage.said(row, rows) for row in found]

    def next_calls(self, passage: Passage, limit: int = PAGE) -> list[Booked]:
        """Those that belong to none of the messages: for titles, and of messages that are left out."""
        if not passage.included.ledger:
            return []
        rows: Sequence[CallRow] = Pages(self.session).list_other_calls(
            passage.conversation_id,
            passage.after_call,
            floor=passage.floor,
            of_hidden=not passage.included.versions,
            limit=limit,
        )
        passage.meet(Pages(self.session).list_people(passage.strangers(row.user_id for row in rows)))
        return passage.other_calls(rows)

    def read(
        self,
        conversation: Conversation,
        *,
        floor: int = 0,
        versions: bool = False,
        reactions: bool = False,
        ledger: bool = False,
        title: str | None = None,
    ) -> Document:
        """All of it at once. `versions`: what was superseded, and texts before edits; `reactions`: ratings as well."""
        passage = self.begin(conversation, floor=floor, included=Included(versions, reactions, ledger), title=title)
        messages = tuple(_all(lambda: self.next_messages(passage)))
        calls = tuple(_all(lambda: self.next_calls(passage)))
        return passage.document(messages, calls)

    def count_messages(self, floors: Mapping[UUID, int], *, with_hidden: bool) -> int:
        """How many there are in these conversations, each from behind its floor on."""
        given = {"ids": list(floors), "floors": list(floors.values()), "with_hidden": with_hidden}
        return int(self.session.execute(_COUNT, given).scalar_one())

    # In

    def put(self, owner: Actor, document: Document) -> Conversation:
        """Makes it this person's own chat with the assistant, whatever it was.

        They must not have it yet: see `find`. What they wrote, by their e-mail address, is theirs here as well.
        """
        arrival = imported.Arrival(document, owner)
        conversation = Conversations(self.session).add(
            Conversation(
                company_id=owner.company_id,
                owner_id=owner.user_id,
                kind=ConversationKind.ASSISTANT,
                created_at=document.created_at,
                last_message_at=document.last_message_at,
                archived_at=document.archived_at,
                title=arrival.title,
                is_titled=document.is_titled,
                instructions=arrival.instructions,
                last_seq=len(document.messages),
                said=sum(said.message_type is not MessageType.NOTICE for said in document.messages),
                origin_key=imported.key_of(document.source, document.id),
                origin=arrival.origin(),
            )
        )
        ids = [new_id() for _ in document.messages]
        self._insert(Message, arrival.messages(conversation.id, ids))
        self._insert(MessageRevision, arrival.revisions(ids))
        self._insert(Reaction, arrival.reactions(ids))
        self._insert(Feedback, arrival.ratings(ids))
        self._mark_read(conversation)
        SearchIndex(self.session).put_conversation(conversation.id)
        return conversation

    def _insert(self, model: type[SQLModel], rows: Iterator[dict[str, Any]]) -> None:
        """Those of reactions and ratings that come twice are there once."""
        table, batch = table_of(model), list[dict[str, Any]]()
        is_once = model in (Reaction, Feedback)
        statement: Any = upsert(table).on_conflict_do_nothing() if is_once else insert(table)
        for row in rows:
            batch.append(row)
            if len(batch) == AT_ONCE:
                self.session.execute(statement, batch)
                batch = []
        if batch:
            self.session.execute(statement, batch)

    def _mark_read(self, conversation: Conversation) -> None:
        member = self.session.get_one(Member, (conversation.id, conversation.owner_id))
        member.last_read_seq, member.read_said = conversation.last_seq, conversation.said
        self.session.add(member)
        self.session.flush()


# What is hidden is little, steps of answers among it: it is taken from what there is at all, which is no counting.
_COUNT = text(
    f"""
    SELECT coalesce(sum(greatest(c.last_seq - given.floor, 0) - hidden.messages), 0)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:floors AS int[])) AS given (id, floor)
    JOIN conversations c ON c.id = given.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS messages FROM messages m
        WHERE m.conversation_id = c.id AND (m.superseded_with_id IS NULL) IS FALSE AND m.seq > given.floor
            AND (NOT :with_hidden OR {IS_STEP.format(m="m")})
    ) hidden
    """
)


def _all(next_page: Callable[[], list[Item]]) -> Iterator[Item]:
    while page := next_page():
        yield from page


def _only(ratings: Mapping[UUID, Sequence[Any]], user_id: UUID | None) -> Mapping[UUID, Sequence[Any]]:
    """Those of this person; None: all."""
    if user_id is None:
        return ratings
    return {key: [one for one in given if one.user_id == user_id] for key, given in ratings.items()}
