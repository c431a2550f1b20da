"""Commands that people type: done at once with their own rights, and answered to them alone."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.commands import Command, Commands, Reply, ToolCall, Typed, Undo, called, commands
from core.assistant.tools.registry import Caller, Result, Toolbox, toolbox
from core.database.engine import Database
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.models import MessageType
from core.permissions import Actor, Permission
from core.repositories.conversations import Conversations
from core.repositories.members import Members
from core.repositories.messages import Messages
from core.services.access import get_or_raise
from core.services.limits import Limited, RateLimiter

RECENT = 20
"""Messages among which the last one that says something is looked for."""
NO_WAY_BACK = "This can't be taken back."


class CommandService:
    """Nothing of it gets into the transcript or to a model. What it makes knows the conversation it was typed in."""

    def __init__(
        self,
        database: Database,
        limiter: RateLimiter,
        told_person: Callable[[UUID], None],
        *,
        tools: Toolbox | None = None,
        known: Commands | None = None,
    ) -> None:
        """`tools`, `known`: None for all that there are."""
        self.database = database
        self.limiter = limiter
        self.told_person = told_person
        self.tools = toolbox() if tools is None else tools
        self.known = known or commands()

    def read(self, text: str) -> tuple[Command, str] | None:
        """The command that a text is, and its words; None for a message. Raises Invalid for a slip of the pen."""
        return self.known.read(text)

    def run(
        self,
        actor: Actor,
        command: Command,
        words: str,
        *,
        client_key: UUID,
        zone: tzinfo,
        locale: str = "en",
        conversation_id: UUID | None = None,
        listed: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Reply:
        """`client_key`: the same for the same line sent twice, which then makes one thing. `listed`: what numbers mean,
        by kind. Raises NotFound for a conversation that this person can't read any more, RateLimited, and whatever the
        command does.
        """
        actor.require(Permission.CHAT_USE)
        with self.database.transaction() as session:
            message_id = _last_said(session, actor, conversation_id) if conversation_id else None
            self.limiter.take(session, actor, Limited.COMMAND)
        caller = self._caller(
            actor, zone, client_key=client_key, locale=locale, conversation_id=conversation_id, message_id=message_id
        )
        return command.run(caller, Typed(words, listed or {}))

    def call(self, actor: Actor, wanted: ToolCall, *, zone: tzinfo) -> Result:
        """What a click in a reply does."""
        tool = self.tools.get(wanted.tool)
        if tool is None:
            raise Invalid
        return called(tool, self._caller(actor, zone), **wanted.arguments)

    def undo(self, actor: Actor, undo: Undo, *, zone: tzinfo) -> str:
        """Takes back what a command has done; the sentence that says so. Raises Conflict where it is too late."""
        tool = self.tools.get(undo.tool)
        if tool is None or tool.undo is None:
            raise Conflict(NO_WAY_BACK)
        return tool.undo(self._caller(actor, zone), undo.kept)

    def _caller(
        self,
        actor: Actor,
        zone: tzinfo,
        *,
        client_key: UUID | None = None,
        locale: str = "en",
        conversation_id: UUID | None = None,
        message_id: UUID | None = None,
    ) -> Caller:
        """Not as in a room, wherever it was typed: nobody else reads the answer."""
        actor.require(Permission.CHAT_USE)
        return Caller(
            database=self.database,
            actor=actor,
            now=clock.now().astimezone(zone),
            client_key=client_key or new_id(),
            conversation_id=conversation_id,
            message_id=message_id,
            is_command=True,
            told_person=self.told_person,
            locale=locale,
        )


def _last_said(session: Session, actor: Actor, conversation_id: UUID) -> UUID | None:
    """The last message that this person sees there. Raises NotFound."""
    conversation = get_or_raise(Conversations(session), actor, conversation_id)
    member = Members(session).get(conversation_id, actor.user_id) if conversation.kind.is_room else None
    floor = conversation.floor_for(member) if member else 0
    lines = Messages(session).latest(conversation_id, RECENT, floor=floor)
    said = (one for one in reversed(lines) if one.message_type is MessageType.TEXT and one.deleted_at is None)
    return next((one.id for one in said), None)
