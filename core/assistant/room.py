"""What is different for the assistant in a room: several people speak, and it hears what the one who asks may hear."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from core.assistant.context import Turn
from core.models import Company, Conversation, Member, MessageRole, MessageStatus, User
from core.repositories.message_lines import MessageLine

SETTING = (
    "This is a room with several people. Each of their messages begins with the writer's name. "
    "The last one is for you: answer it, without a name in front."
)


@dataclass(frozen=True, slots=True)
class Hearing:
    """Where the assistant is, and what of it it hears."""

    setting: str = ""
    """For the instructions; empty in a chat with one person."""
    floor: int = 0
    """Nothing up to this seq: it is from before the person who asks joined."""
    assistant_name: str = ""

    def turn(self, line: MessageLine) -> Turn:
        if line.role is MessageRole.ASSISTANT:
            return Turn("assistant", line.content)
        if not self.setting:
            return Turn("user", line.content)
        said = re.sub(rf"^\s*{re.escape(call_of(self.assistant_name))}[\s,:]*", "", line.content, flags=re.IGNORECASE)
        return Turn("user", f"{' '.join((line.sender_name or 'Somebody').split())}: {said or line.content}")


def room_of(session: Session, conversation: Conversation, company: Company, asker: User) -> Hearing:
    """How the conversation sounds to the assistant when this person asks."""
    if not conversation.kind.is_room:
        return Hearing()
    member = session.get(Member, (conversation.id, asker.id))  # whoever asked and then left was one when asking
    floor = conversation.floor_for(member) if member else conversation.last_seq
    return Hearing(SETTING, floor, company.assistant_name)


def with_answers(lines: Sequence[MessageLine], later: Sequence[MessageLine]) -> list[MessageLine]:
    """With the answers to questions among these that were written behind the last of them, each behind its question:
    else a question that waited would be told together with others that have their answers.
    """
    found = {
        line.reply_to_id: line
        for line in later
        if line.role is MessageRole.ASSISTANT and line.status is MessageStatus.COMPLETE
    }
    asked = lines[-1].id if lines else None
    return [one for line in lines for one in (line, found.get(line.id)) if one and (one is line or line.id != asked)]


def call_of(assistant_name: str) -> str:
    """How people call the assistant in a room."""
    return f"@{assistant_name}"
