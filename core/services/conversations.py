from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from core.assistant.choosing import require_allowed
from core.assistant.screening import screened
from core.database.engine import Database
from core.errors import Invalid, NotFound
from core.lines import one_line
from core.models import MAX_INSTRUCTIONS, MAX_TITLE, AuditAction, Conversation, Member
from core.permissions import Actor, Permission
from core.repositories.answer_runs import AnswerRuns
from core.repositories.audit import Audit
from core.repositories.companies import Companies
from core.repositories.conversations import Conversations
from core.repositories.last_words import LastWords
from core.repositories.members import Members
from core.repositories.messages import Messages
from core.rules.screen import told
from core.services.access import get_or_raise
from core.services.room_access import add_notice, managed_or_raise, owned_or_raise, record, room_view
from core.services.texts import checked_instructions, required_text
from core.services.views import Continued, ConversationLine, ConversationView

PAGE = 30


class ConversationService:
    """A person's list of conversations and what they may do with one as a whole."""

    def __init__(
        self,
        database: Database,
        models: tuple[str, ...],
        instruction_tokens: int,
        changed: Callable[[UUID], None],
        listed: Callable[[UUID], None],
    ) -> None:
        """`instruction_tokens`: the most that instructions may take of what the model can read. `changed` tells whoever
        has the conversation open, `listed` whoever has it in their list.
        """
        self.database = database
        self.models = models
        self.instruction_tokens = instruction_tokens
        self.changed = changed
        self.listed = listed

    def get(self, actor: Actor, conversation_id: UUID) -> ConversationView:
        with self.database.reading() as session:
            conversation = get_or_raise(Conversations(session), actor, conversation_id)
            return view(session, conversation, actor, membership(session, actor, conversation))

    def list_recent(
        self, actor: Actor, *, archived: bool = False, limit: int = PAGE, before: tuple[datetime, UUID] | None = None
    ) -> list[ConversationLine]:
        """Newest activity first; for the next page pass the last line's `position` as `before`."""
        actor.require(Permission.CHAT_USE)
        with self.database.reading() as session:
            return Conversations(session).list_recent(actor, archived=archived, limit=limit, before=before)

    def list_continued(self, actor: Actor, *, limit: int) -> list[Continued]:
        """One's latest chats with the assistant, the newest first, each with what was said last."""
        actor.require(Permission.CHAT_USE)
        with self.database.reading() as session:
            lines = Conversations(session).list_recent(actor, limit=limit)
            words = LastWords(session).of([line.id for line in lines])
        return [Continued(line, words.get(line.id, "")) for line in lines]

    def count(self, actor: Actor, *, archived: bool = False) -> int:
        actor.require(Permission.CHAT_USE)
        with self.database.reading() as session:
            return Conversations(session).count(actor, archived=archived)

    def rename(self, actor: Actor, conversation_id: UUID, title: str) -> str | None:
        """What a rule took out of it, in a sentence; None: nothing."""
        title = required_text(one_line(title), field="The title", limit=MAX_TITLE)
        with self.database.transaction() as session:
            conversation = managed_or_raise(session, actor, conversation_id)
            kept = screened(session, conversation.company_id, conversation.kind, title, limit=MAX_TITLE)
            before, title = conversation.title, kept.text
            Conversations(session).update(conversation, title=title, is_titled=True)
            if conversation.kind.is_room:
                add_notice(session, conversation, f"{actor.display_name} named this room “{title}”.")
            # Titles come from what people wrote: the trail says that one changed, not what it said.
            _record(session, actor, AuditAction.CONVERSATION_UPDATED, conversation, title_length=(before, title))
        self.changed(conversation_id)
        self.listed(conversation_id)
        return told(kept.masked)

    def choose_model(self, actor: Actor, conversation_id: UUID, model: str | None) -> None:
        """None goes back to the default model."""
        if model is not None and model not in self.models:
            raise Invalid("That model isn't available here. Choose one from the list.")
        with self.database.transaction() as session:
            conversation = managed_or_raise(session, actor, conversation_id)
            require_allowed(Companies(session).get(actor.company_id), model)
            before = conversation.model
            Conversations(session).update(conversation, model=model)
            _record(session, actor, AuditAction.CONVERSATION_UPDATED, conversation, model=(before, model))
        self.changed(conversation_id)

    def instruct(self, actor: Actor, conversation_id: UUID, instructions: str) -> str | None:
        """What the assistant is told in this conversation, beside the company's own instructions. What a rule took out
        of it, in a sentence; None: nothing.
        """
        text = checked_instructions(instructions, limit=MAX_INSTRUCTIONS, tokens=self.instruction_tokens)
        with self.database.transaction() as session:
            conversation = managed_or_raise(session, actor, conversation_id)
            kept = screened(session, conversation.company_id, conversation.kind, text, limit=MAX_INSTRUCTIONS)
            before, text = conversation.instructions, kept.text
            Conversations(session).update(conversation, instructions=text)
            _record(session, actor, AuditAction.CONVERSATION_UPDATED, conversation, instructions_length=(before, text))
        self.changed(conversation_id)
        return told(kept.masked)

    def archive(self, actor: Actor, conversation_id: UUID) -> None:
        with self.database.transaction() as session:
            conversation = owned_or_raise(session, actor, conversation_id)
            Conversations(session).archive(conversation)
            _record(session, actor, AuditAction.CONVERSATION_ARCHIVED, conversation)
        self.changed(conversation_id)
        self.listed(conversation_id)

    def unarchive(self, actor: Actor, conversation_id: UUID) -> None:
        with self.database.transaction() as session:
            conversation = owned_or_raise(session, actor, conversation_id)
            Conversations(session).unarchive(conversation)
            _record(session, actor, AuditAction.CONVERSATION_UNARCHIVED, conversation)
        self.changed(conversation_id)
        self.listed(conversation_id)

    def delete(self, actor: Actor, conversation_id: UUID) -> None:
        """Hides it with all its messages and stops its answer; `restore` undoes it."""
        with self.database.transaction() as session:
            conversation = owned_or_raise(session, actor, conversation_id)
            Conversations(session).delete(conversation)
            if run := AnswerRuns(session).get_active(conversation_id):
                AnswerRuns(session).request_stop(run.id)
            _record(session, actor, AuditAction.CONVERSATION_DELETED, conversation)
        self.changed(conversation_id)
        self.listed(conversation_id)

    def restore(self, actor: Actor, conversation_id: UUID) -> None:
        with self.database.transaction() as session:
            conversation = owned_or_raise(session, actor, conversation_id, with_deleted=True)
            Conversations(session).restore(conversation)
            _record(session, actor, AuditAction.CONVERSATION_RESTORED, conversation)
        self.changed(conversation_id)
        self.listed(conversation_id)

    def clear_history(self, actor: Actor) -> int:
        """Deletes all assistant chats of this person, messages included. Returns how many chats there were."""
        actor.require(Permission.CHAT_USE)
        with self.database.transaction() as session:
            # The conversations first, as everywhere: whoever ends an answer takes the locks in this order too.
            deleted = Conversations(session).delete_all_of(actor.user_id)
            messages = Messages(session).clear_history(actor.user_id)
            AnswerRuns(session).request_stop_of_all(actor.user_id)
            Audit(session).record(
                AuditAction.HISTORY_CLEARED,
                actor=actor,
                company_id=actor.company_id,
                target_type="user",
                target_id=actor.user_id,
                after={"conversations": len(deleted), "messages": messages},
            )
        for conversation_id in deleted:
            self.changed(conversation_id)
        return len(deleted)


def membership(session: Session, actor: Actor, conversation: Conversation) -> Member | None:
    """The reader's place in a room; None in a chat with the assistant."""
    if not conversation.kind.is_room:
        return None
    member = Members(session).get(conversation.id, actor.user_id)
    if member is None:  # left in this very moment
        raise NotFound
    return member


def view(session: Session, conversation: Conversation, actor: Actor, member: Member | None) -> ConversationView:
    """`member` is the reader's place in a room, from `membership`."""
    room = room_view(session, actor, conversation, member) if member else None
    return ConversationView(
        id=conversation.id,
        kind=conversation.kind,
        title=room.title if room else conversation.title,
        model=conversation.model,
        instructions=conversation.instructions,
        last_message_at=conversation.last_message_at,
        is_archived=conversation.archived_at is not None,
        is_mine=conversation.owner_id == actor.user_id,
        room=room,
        looked_at=conversation.looked_at,
    )


def _record(
    session: Session,
    actor: Actor,
    action: AuditAction,
    conversation: Conversation,
    **changes: tuple[str | None, str | None],
) -> None:
    """`…_length` changes are recorded by their length: the trail holds no content."""
    before, after = ({name: _measured(name, pair[side]) for name, pair in changes.items()} for side in (0, 1))
    record(session, actor, action, conversation, before=before or None, **after)


def _measured(name: str, value: str | None) -> str | int | None:
    return len(value or "") if name.endswith("_length") else value
