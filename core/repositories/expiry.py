"""What is too old to be kept: found by index, counted, and removed for good with all that belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.models import Conversation, ConversationKind, MessageType
from core.repositories.base import Repository
from core.repositories.conversations import Conversations
from core.repositories.legal_holds import IS_HELD
from core.repositories.message_lines import IS_STEP

PAGE = 500
"""Conversations that are looked at in one statement."""
NO_ID = UUID(int=0)

_PAGE = """page AS MATERIALIZED (
    SELECT id, company_id, owner_id FROM conversations
    WHERE company_id = :company AND kind = :kind AND id > :after ORDER BY id LIMIT :page)"""
# The answers that are being written, few of however many there were, and their questions.
_BUSY = """busy AS MATERIALIZED (
    SELECT run.conversation_id, m.created_at FROM (
        SELECT r.conversation_id, unnest(ARRAY[a.id, a.reply_to_id]) AS id FROM answer_runs r
        JOIN messages a ON a.id = r.message_id WHERE r.status IN ('queued', 'running')) run
    JOIN messages m ON m.id = run.id)"""
_NEXT = text(
    f"""
    WITH {_PAGE}
    SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last, (SELECT count(*) FROM page) AS seen, (
        SELECT page.id FROM page CROSS JOIN LATERAL (
            SELECT FROM messages m WHERE m.conversation_id = page.id AND m.created_at < :before
            UNION ALL SELECT FROM queued_questions q WHERE q.conversation_id = page.id AND q.created_at < :before
            LIMIT 1) AS old
        WHERE NOT {IS_HELD.format(c="page")} ORDER BY page.id LIMIT 1) AS found
    """
)
_COUNT = text(
    f"""
    WITH {_PAGE}, {_BUSY}, counted AS MATERIALIZED (
        SELECT page.*, old.messages - (
            SELECT count(*) FROM busy b WHERE b.conversation_id = page.id AND b.created_at < :before) - (
            SELECT count(*) FROM messages m WHERE m.conversation_id = page.id AND m.created_at < :before
                AND (m.superseded_with_id IS NULL) IS FALSE AND {IS_STEP.format(m="m")}) AS messages
        FROM page CROSS JOIN LATERAL (
            SELECT count(*) AS messages FROM messages m
            WHERE m.conversation_id = page.id AND m.created_at < :before) AS old
        WHERE old.messages > 0),
    stated AS (SELECT c.messages, {IS_HELD.format(c="c")} AS is_held FROM counted c WHERE c.messages > 0)
    SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last, (SELECT count(*) FROM page) AS seen,
        coalesce(sum(messages) FILTER (WHERE NOT is_held), 0) AS messages,
        count(*) FILTER (WHERE NOT is_held) AS conversations, count(*) FILTER (WHERE is_held) AS held
    FROM stated
    """
)
# Steps go with their answers, whenever they were made.
_OLD = text(
    f"""
    WITH busy AS MATERIALIZED (
        SELECT unnest(ARRAY[a.id, a.reply_to_id]) AS id FROM answer_runs r JOIN messages a ON a.id = r.message_id
        WHERE r.conversation_id = :id AND r.status IN ('queued', 'running'))
    SELECT m.id, m.seq, m.message_type, m.extra ? 'imported' AS is_imported FROM messages m
    WHERE m.conversation_id = :id AND m.created_at < :before AND NOT {IS_STEP.format(m="m")}
        AND m.id NOT IN (SELECT id FROM busy WHERE id IS NOT NULL)
    ORDER BY m.created_at, m.id LIMIT :limit
    """
)
_REMOVE_STEPS = text(
    f"DELETE FROM messages m WHERE m.reply_to_id = ANY(:ids) AND m.message_type = 'tool' AND {IS_STEP.format(m='m')}"
)
_REMOVE = text("DELETE FROM messages WHERE id = ANY(:ids)")
# Questions that wait behind an answer which nobody had written again: text, and no message yet.
_REMOVE_WAITING = text(
    """
    DELETE FROM queued_questions q WHERE q.conversation_id = :id AND q.created_at < :before AND NOT EXISTS (
        SELECT FROM answer_runs r WHERE r.conversation_id = :id AND r.status IN ('queued', 'running'))
    """
)
_IS_EMPTY = text(
    "SELECT NOT EXISTS (SELECT FROM messages WHERE conversation_id = :id)"
    " AND NOT EXISTS (SELECT FROM queued_questions WHERE conversation_id = :id)"
)
_FIRST_SHOWN = text(
    "SELECT id FROM messages WHERE conversation_id = :id AND (superseded_with_id IS NULL) ORDER BY seq LIMIT 1"
)
_FIRST_QUESTION = text(
    """
    SELECT content FROM messages WHERE conversation_id = :id AND (superseded_with_id IS NULL) AND role = 'user'
        AND deleted_at IS NULL AND content <> '' ORDER BY seq LIMIT 1
    """
)
# Whoever had not read some of it has so much less to read.
_READ = text(
    """
    UPDATE members SET read_said = read_said + (SELECT count(*) FROM unnest(CAST(:seqs AS int[])) seq
        WHERE seq > last_read_seq)
    WHERE conversation_id = :id AND last_read_seq < :last
    """
)
_SHRINK = text("UPDATE conversations SET said = greatest(said - :count, 0) WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Place:
    """Where looking through the conversations of a kind has come to."""

    found: UUID | None
    """The first that has something to go and is not held; None: none of those looked at."""
    last: UUID | None
    """The last that was looked at; None at the end."""


@dataclass(frozen=True, slots=True)
class Count:
    """Over the conversations looked at, the last of which is `last`; None at the end."""

    messages: int
    conversations: int
    held: int
    last: UUID | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What went of a conversation at once."""

    messages: int
    is_all: bool = False
    """Nothing of it was left, and it went as well."""
    loses_title: bool = False
    """Its title was made from what went."""


class Expiry(Repository):
    """Messages that are older than a moment. Removing takes the lock of Retention."""

    def next(self, company_id: UUID, kind: ConversationKind, before: datetime, after: UUID | None) -> Place:
        """Looks at some conversations behind `after`, in the order of their ids."""
        given = {"company": company_id, "kind": kind.value, "before": before, "after": after or NO_ID, "page": PAGE}
        row = self.session.execute(_NEXT, given).one()
        return Place(row.found, row.last if row.seen == PAGE else None)

    def count(
        self, company_id: UUID, kind: ConversationKind, before: datetime, after: UUID | None, *, page: int = PAGE
    ) -> Count:
        """Over `page` conversations behind `after`: what `take` would take of those that are not held."""
        given = {"company": company_id, "kind": kind.value, "before": before, "after": after or NO_ID, "page": page}
        row = self.session.execute(_COUNT, given).one()
        return Count(int(row.messages), row.conversations, row.held, row.last if row.seen == page else None)

    def list_old(self, conversation_id: UUID, before: datetime, limit: int) -> Sequence[Row[Any]]:
        """The oldest first, without the answer that is being written there and its question."""
        return self.session.execute(_OLD, {"id": conversation_id, "before": before, "limit": limit}).all()

    def take(self, conversation: Conversation, before: datetime, limit: int) -> Taken:
        """Removes up to `limit` messages, and the conversation if it is a chat with the assistant of which nothing is
        left. It has to be locked, and not held.
        """
        key = {"id": conversation.id}
        old = self.list_old(conversation.id, before, limit)
        ids = [row.id for row in old]
        first = self.session.execute(_FIRST_SHOWN, key).scalar_one_or_none()
        self.session.execute(_REMOVE_STEPS, {"ids": ids})
        self.session.execute(_REMOVE, {"ids": ids})
        waiting = self.session.execute(_REMOVE_WAITING, key | {"before": before}).rowcount  # type: ignore[attr-defined]
        if not ids and not waiting:
            return Taken(0)
        is_chat = conversation.kind is ConversationKind.ASSISTANT
        if is_chat and self.session.execute(_IS_EMPTY, key).scalar_one():
            Conversations(self.session).purge(conversation.id)
            return Taken(len(ids), is_all=True)
        counted = [row.seq for row in old if row.message_type != MessageType.NOTICE]
        if is_chat:
            self.session.execute(_SHRINK, key | {"count": len(counted)})
        elif counted:
            self.session.execute(_READ, key | {"seqs": counted, "last": max(counted)})
        loses_title = is_chat and first in ids and is_title_of_first(conversation)
        if any(row.is_imported for row in old):
            forget_origin(conversation)
        Conversations(self.session).touch(conversation)
        return Taken(len(ids), loses_title=loses_title)

    def rename(self, conversation: Conversation, title: str) -> None:
        """After the first question that is left. It is not a name that a person gave."""
        if conversation.origin:
            conversation.origin = conversation.origin | {"title": [title, title]}
        Conversations(self.session).update(conversation, title=title, is_titled=False)

    def first_question(self, conversation_id: UUID) -> str | None:
        """The text of the first that is there; None when there is none."""
        return self.session.execute(_FIRST_QUESTION, {"id": conversation_id}).scalar_one_or_none()


def is_title_of_first(conversation: Conversation) -> bool:
    """Whether the title was made from the first question, or came with an import, which may have made it so."""
    given = (conversation.origin or {}).get("title")
    return not conversation.is_titled or (given is not None and given[0] == conversation.title)


def forget_origin(conversation: Conversation) -> None:
    """What its document said beside its messages may repeat them."""
    origin = dict(conversation.origin or {})
    origin.pop("extra", None)
    if given := origin.get("title"):
        origin["title"] = [given[0], given[0]] if given[0] == conversation.title else ["", ""]
    conversation.origin = origin
