"""What stands beside the messages of a room: reactions, what they reply to, whom they call, what waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.models import Conversation, Member, MessageRole, MessageType
from core.repositories.mentions import Mentions
from core.repositories.message_lines import MessageLine
from core.repositories.messages import Excerpt, Messages
from core.repositories.queued_questions import QueuedQuestions
from core.repositories.reactions import ReactionLine, Reactions
from core.services.views import ReactionView, Reply


def may_still_edit(written_at: datetime, window: timedelta | None) -> bool:
    """`window`: for how long a message may be edited; None: for ever."""
    return window is None or clock.now() - written_at < window


@dataclass(frozen=True, slots=True)
class Beside:
    """Read once for a page of messages."""

    reader_id: UUID
    floor: int
    is_closed: bool
    edit_window: timedelta | None
    reactions: Mapping[UUID, Sequence[ReactionLine]]
    replied_to: Mapping[UUID, Excerpt]
    calling_me: frozenset[UUID]
    waiting: frozenset[UUID]

    @classmethod
    def read(
        cls,
        session: Session,
        conversation: Conversation,
        lines: Sequence[MessageLine],
        member: Member,
        edit_window: timedelta | None,
    ) -> Self:
        ids = [line.id for line in lines]
        return cls(
            reader_id=member.user_id,
            floor=conversation.floor_for(member),
            is_closed=conversation.archived_at is not None or conversation.locked_at is not None,
            edit_window=edit_window,
            reactions=Reactions(session).list_of(ids),
            replied_to=Messages(session).list_excerpts({line.reply_to_id for line in lines if line.reply_to_id}),
            calling_me=frozenset(Mentions(session).list_mine(ids, member.user_id)),
            waiting=frozenset(QueuedQuestions(session).list_messages(conversation.id)),
        )

    def of_line(self, line: MessageLine) -> dict[str, Any]:
        """The fields of its MessageView that only rooms have."""
        is_mine = line.sender_id == self.reader_id and line.role is MessageRole.USER and line.deleted_at is None
        is_young = may_still_edit(line.created_at, self.edit_window) and line.edit_reason is None
        return {
            "reply": self._reply(line.reply_to_id),
            "reactions": tuple(self._reaction(one) for one in self.reactions.get(line.id, ())),
            "mentions_me": line.id in self.calling_me,
            "is_waiting": line.id in self.waiting,
            "can_edit": is_mine and is_young and not self.is_closed and line.message_type is MessageType.TEXT,
            "can_delete": is_mine,
        } | ({} if self._can_ask_again(line) else {"can_retry": False, "can_resume": False})

    def _can_ask_again(self, line: MessageLine) -> bool:
        """Whether the reader sees the question of an answer, so that they may have it written again."""
        question = self.replied_to.get(line.reply_to_id) if line.reply_to_id else None
        is_seen = question is not None and not question.is_deleted and question.seq > self.floor
        return is_seen and not self.is_closed

    def _reply(self, message_id: UUID | None) -> Reply | None:
        if message_id is None:
            return None
        found = self.replied_to.get(message_id)
        if found is None:  # too old to be kept
            return Reply(message_id, 0, "", "")
        is_seen = found.seq > self.floor
        return Reply(found.id, found.seq, found.sender_name if is_seen else "", found.content if is_seen else "")

    def _reaction(self, line: ReactionLine) -> ReactionView:
        return ReactionView(line.emoji, len(line.user_ids), line.names, self.reader_id in line.user_ids)
