"""What people think of a message, in one emoji."""

import unicodedata
from uuid import UUID

from sqlmodel import Session

from core.database.engine import Database
from core.errors import Invalid, NotFound, RuleBroken
from core.models import MAX_EMOJI, Conversation
from core.permissions import Actor, Permission
from core.repositories.conversations import Conversations
from core.repositories.messages import Messages
from core.repositories.reactions import Reactions
from core.services.hints import Hints
from core.services.limits import Limited, RateLimiter
from core.services.room_access import member_or_raise, refuse_closed
from core.services.talk import visible_message

MAX_KINDS = 20
"""Different emoji under one message."""
KEYCAP = "\u20e3"
# Symbols, skin tones, and what stands on them; "!!" and the like are punctuation.
PARTS = ("So", "Sm", "Sk", "Mn", "Me", "Po")
JOINER, AS_PICTURE = "\u200d", "\ufe0f"
FIRST_PICTURE = 0x1F000
TAGS = range(0xE0020, 0xE0080)
"""Invisible letters that make a flag of a region of it."""


class ReactionService:
    """One of each emoji for each person and message."""

    def __init__(self, database: Database, limiter: RateLimiter, hints: Hints) -> None:
        self.database = database
        self.limiter = limiter
        self.hints = hints

    def react(self, actor: Actor, message_id: UUID, emoji: str) -> None:
        """Adds it; there already, it stays. Raises Invalid for what is no emoji, NotFound, Conflict, RateLimited."""
        emoji = checked_emoji(emoji)
        with self.database.transaction() as session:
            conversation = _locked_room(session, actor, message_id)
            is_news = self._add(session, actor, conversation, message_id, emoji)
        self._tell(conversation, is_news=is_news)

    def toggle(self, actor: Actor, message_id: UUID, emoji: str) -> bool:
        """Adds it, or takes it away when it is there. True when it is there now."""
        emoji = checked_emoji(emoji)
        with self.database.transaction() as session:
            conversation = _locked_room(session, actor, message_id)
            was_there = _remove(session, actor, conversation, message_id, emoji)
            if not was_there:
                self._add(session, actor, conversation, message_id, emoji)
        self._tell(conversation, is_news=True)
        return not was_there

    def _add(self, session: Session, actor: Actor, conversation: Conversation, message_id: UUID, emoji: str) -> bool:
        self.limiter.take(session, actor, Limited.REACT, conversation.id)
        reactions = Reactions(session)
        is_news = reactions.add(message_id, actor.user_id, emoji)
        if reactions.count_kinds(message_id) > MAX_KINDS:
            raise RuleBroken(f"A message has up to {MAX_KINDS} different reactions. Use one that is there.")
        if is_news:
            Conversations(session).touch(conversation)
        return is_news

    def _tell(self, conversation: Conversation, *, is_news: bool) -> None:
        if is_news:
            self.hints.publish(conversation.id)


def checked_emoji(text: str) -> str:
    """The emoji without spaces around it. Raises Invalid for letters, words and what is too long for one."""
    emoji = text.strip().removesuffix(AS_PICTURE)
    is_keycap = emoji.endswith(KEYCAP) and emoji[:1] in "#*0123456789"
    rest = emoji[1:] if is_keycap else emoji
    is_emoji = bool(emoji) and all(map(_is_part, rest))
    if not is_emoji or emoji.endswith(JOINER) or not (is_keycap or _pictures(emoji) == 1) or len(emoji) > MAX_EMOJI:
        raise Invalid("A reaction is one emoji.")
    # The old ones are letters to a browser unless this is added; with and without they are the same reaction.
    return f"{emoji}{AS_PICTURE}" if len(emoji) == 1 and ord(emoji) < FIRST_PICTURE else emoji


def _is_part(part: str) -> bool:
    return unicodedata.category(part) in PARTS or part == JOINER or ord(part) in TAGS


def _pictures(emoji: str) -> int:
    """How many stand side by side: what a joiner joins is one, and two letters of a flag are."""
    joined, letters = False, 0
    count = 0
    for part in emoji:
        if 0x1F1E6 <= ord(part) <= 0x1F1FF:
            letters += 1
        elif unicodedata.category(part) in ("So", "Sm", "Po") and ord(part) > 0xFF:
            count += not joined
        joined = part == JOINER
    return count + (letters == 2) if letters in (0, 2) else 2


def _locked_room(session: Session, actor: Actor, message_id: UUID) -> Conversation:
    """The room of a message that this person sees there."""
    actor.require(Permission.CHAT_USE)
    message = Messages(session).get(message_id)
    if message is None:
        raise NotFound
    conversation, _ = member_or_raise(session, actor, message.conversation_id)
    refuse_closed(session, conversation, actor)
    session.refresh(message)
    visible_message(session, actor, message_id, conversation.id)
    return conversation


def _remove(session: Session, actor: Actor, conversation: Conversation, message_id: UUID, emoji: str) -> bool:
    was_there = Reactions(session).remove(message_id, actor.user_id, emoji)
    if was_there:
        Conversations(session).touch(conversation)
    return was_there
