from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from core.models.base import Record, counter_field, enum_field, one_of, time_field

MAX_TITLE = 200
MAX_INSTRUCTIONS = 4_000


class ConversationKind(StrEnum):
    ASSISTANT = "assistant"
    DIRECT = "direct"
    GROUP = "group"
    COMPANY = "company"


class Conversation(Record, table=True):
    """One chat, whoever takes part. `last_seq` hands out the messages' order, gapless, under this row's lock."""

    __tablename__ = "conversations"
    __table_args__ = (
        one_of("kind", ConversationKind),
        CheckConstraint(f"char_length(title) <= {MAX_TITLE}", name="title"),
        CheckConstraint("(kind = 'direct') = (direct_key IS NOT NULL)", name="direct_key"),
        # A person's assistant chats, and the archived ones, each in the order of its list.
        Index(
            "conversations_owner_recent_idx",
            "owner_id",
            text("last_message_at DESC"),
            text("id DESC"),
            postgresql_where=text("kind = 'assistant' AND deleted_at IS NULL AND archived_at IS NULL"),
        ),
        Index(
            "conversations_owner_archived_idx",
            "owner_id",
            text("last_message_at DESC"),
            text("id DESC"),
            postgresql_where=text("kind = 'assistant' AND deleted_at IS NULL AND archived_at IS NOT NULL"),
        ),
    )

    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    owner_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    kind: ConversationKind = enum_field(ConversationKind, ConversationKind.ASSISTANT)
    title: str = ""
    """Empty until the first message gives one."""
    is_titled: bool = False
    """True once a person named it: then nothing renames it by itself."""
    direct_key: str | None = Field(default=None, unique=True)
    last_seq: int = 0
    revision: int = counter_field()
    """Counts up with whatever changes what its readers see, so that an open tab can tell whether it is behind."""
    last_message_at: datetime = time_field()
    model: str | None = None
    """None: the default model, whichever that is when asking."""
    instructions: str = ""
    archived_at: datetime | None = time_field(None)
    deleted_at: datetime | None = time_field(None)


class MemberRole(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class Member(SQLModel, table=True):
    """Somebody's place in a conversation. It is what makes the conversation readable to them."""

    __tablename__ = "members"
    __table_args__ = (
        one_of("role", MemberRole),
        Index("members_user_id_idx", "user_id", "conversation_id", postgresql_where=text("left_at IS NULL")),
    )

    conversation_id: UUID = Field(foreign_key="conversations.id", primary_key=True, ondelete="CASCADE")
    user_id: UUID = Field(foreign_key="users.id", primary_key=True, ondelete="CASCADE")
    role: MemberRole = enum_field(MemberRole, MemberRole.MEMBER)
    joined_at: datetime = time_field()
    left_at: datetime | None = time_field(None)
    last_read_seq: int = 0
    muted: bool = False
