"""Taking everything out of a message for good, but its place: what retention does to whole messages."""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from core import clock
from core.models import TOOL, Conversation
from core.repositories.base import Repository
from core.repositories.conversations import Conversations
from core.repositories.expiry import forget_origin
from core.repositories.message_lines import IS_STEP

# What hangs on a message and has, or was made of, a text of it. The ledger has none, and ratings are sums.
_HANGING = (
    *(
        text(f"DELETE FROM {table} WHERE message_id = ANY(:ids)")
        for table in ("message_revisions", "message_words", "mentions", "reactions", "feedback", "queued_questions")
    ),
    text("UPDATE answer_runs SET partial = '' WHERE message_id = ANY(:ids) AND partial <> ''"),
    # Who reports a message may repeat it.
    text(
        "UPDATE reports r SET comment = '' FROM cases c"
        " WHERE c.id = r.case_id AND c.message_id = ANY(:ids) AND r.comment <> ''"
    ),
    text("UPDATE cases SET text_hash = ''::bytea WHERE message_id = ANY(:ids)"),
)
_EMPTY = text(
    """
    UPDATE messages SET content = '', extra = '{}', edit_reason = NULL, purged_at = :now, deleted_at = :now,
        deleted_by = :by, delete_reason = :reason
    WHERE id = ANY(:ids)
    """
)
# What was called for an answer, with which words and to what end: that there were so many calls stays.
_EMPTY_STEPS = text(
    f"""
    UPDATE messages m SET content = '', purged_at = :now, deleted_at = :now, deleted_by = :by, delete_reason = :reason,
        extra = jsonb_build_object('{TOOL}', m.extra -> '{TOOL}' || CAST(:nothing AS jsonb))
    WHERE m.reply_to_id = ANY(:ids) AND m.message_type = 'tool' AND {IS_STEP.format(m="m")}
    """
)
_NOTHING = json.dumps({"name": "", "arguments": "", "call_id": "", "told": "", "links": [], "undo": None})
_IS_IMPORTED = text("SELECT EXISTS (SELECT FROM messages WHERE id = ANY(:ids) AND extra ? 'imported')")
_TEXTS = text(
    """
    SELECT content FROM messages WHERE id = :id AND content <> ''
    UNION SELECT content FROM message_revisions WHERE message_id = :id AND content <> ''
    """
)
_SAME = text(
    """
    SELECT m.id FROM messages m JOIN messages this ON this.id = :id
        AND m.conversation_id = this.conversation_id AND m.version_group_id = this.version_group_id
    WHERE m.id <> this.id AND (m.content = ANY(:texts) OR EXISTS (
        SELECT FROM message_revisions r WHERE r.message_id = m.id AND r.content = ANY(:texts)))
    ORDER BY m.id
    """
)
_IS_ANSWERED = text(
    """
    SELECT EXISTS (SELECT FROM answer_runs r JOIN messages a ON a.id = r.message_id
        WHERE r.conversation_id = :conversation AND r.status IN ('queued', 'running')
            AND (a.reply_to_id = ANY(:ids) OR a.id = ANY(:ids)))
    """
)


class Purging(Repository):
    """In a conversation that is locked, and not held."""

    def list_texts(self, message_id: UUID) -> list[str]:
        """What the message says, and ever said; empty texts left out."""
        return list(self.session.execute(_TEXTS, {"id": message_id}).scalars())

    def list_same(self, message_id: UUID, texts: Sequence[str]) -> list[UUID]:
        """Other versions of it that have, or had, one of these texts."""
        return list(self.session.execute(_SAME, {"id": message_id, "texts": list(texts)}).scalars())

    def is_being_answered(self, conversation_id: UUID, message_ids: Sequence[UUID]) -> bool:
        """Whether one of them is read by the assistant at this moment, or written."""
        given = {"conversation": conversation_id, "ids": list(message_ids)}
        return bool(self.session.execute(_IS_ANSWERED, given).scalar_one())

    def empty(self, conversation: Conversation, message_ids: Sequence[UUID], by: UUID, reason: str) -> None:
        """Their places stay, and so does whatever counts them."""
        key = {"ids": list(message_ids)}
        if self.session.execute(_IS_IMPORTED, key).scalar_one():
            forget_origin(conversation)
        for statement in _HANGING:
            self.session.execute(statement, key)
        done = {"now": clock.now(), "by": by, "reason": reason}
        self.session.execute(_EMPTY_STEPS, key | done | {"nothing": _NOTHING})
        self.session.execute(_EMPTY, key | done)
        Conversations(self.session).touch(conversation)
