from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Numeric, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from core.models.base import Record, counter_field, enum_field, enum_setting, one_of, time_field

MAX_TITLE = 200
MAX_INSTRUCTIONS = 4_000


class ConversationKind(StrEnum):
    ASSISTANT = "assistant"
    DIRECT = "direct"
    GROUP = "group"
    COMPANY = "company"

    @property
    def is_room(self) -> bool:
        """True where people talk with each other, and the assistant speaks when it is asked."""
        return self is not ConversationKind.ASSISTANT


class History(StrEnum):
    """What somebody who joins later may see of what was said before."""

    ALL = "all"
    JOINED = "joined"
    """Only what is said from their joining on."""


class Conversation(Record, table=True):
    """One chat, whoever takes part. `last_seq` hands out the messages' order, gapless, under this row's lock."""

    __tablename__ = "conversations"
    __table_args__ = (
        one_of("kind", ConversationKind),
        one_of("history", History),
        CheckConstraint(f"char_length(title) <= {MAX_TITLE}", name="title"),
        CheckConstraint("(kind = 'direct') = (direct_key IS NOT NULL)", name="direct_key"),
        CheckConstraint("locked_at IS NULL OR (kind <> 'assistant' AND lock_reason <> '')", name="locked"),
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
        # Those that their owner deleted.
        Index(
            "conversations_owner_deleted_idx",
            "owner_id",
            text("last_message_at DESC"),
            text("id DESC"),
            postgresql_where=text("kind = 'assistant' AND deleted_at IS NOT NULL"),
        ),
        # A person's chats by how long they are, and by what they cost.
        Index(
            "conversations_owner_said_idx",
            "owner_id",
            text("said DESC"),
            text("id DESC"),
            postgresql_where=text("kind = 'assistant' AND deleted_at IS NULL"),
        ),
        Index(
            "conversations_owner_spent_idx",
            "owner_id",
            text("spent DESC"),
            text("id DESC"),
            postgresql_where=text("kind = 'assistant' AND deleted_at IS NULL"),
        ),
        # What was imported is imported once.
        Index(
            "conversations_owner_origin_key",
            "owner_id",
            "origin_key",
            unique=True,
            postgresql_where=text("origin_key IS NOT NULL"),
        ),
        # The rooms that everybody in a company may join, in the order of their list.
        Index(
            "conversations_company_recent_idx",
            "company_id",
            text("last_message_at DESC"),
            text("id DESC"),
            postgresql_where=text("kind = 'company' AND deleted_at IS NULL AND archived_at IS NULL"),
        ),
        # Those of them that were put away, for who oversees them.
        Index(
            "conversations_company_archived_idx",
            "company_id",
            text("last_message_at DESC"),
            text("id DESC"),
            postgresql_where=text("kind = 'company' AND deleted_at IS NULL AND archived_at IS NOT NULL"),
        ),
        # Rooms that a moderator locked, few of however many, for who unlocks them.
        Index(
            "conversations_company_locked_idx",
            "company_id",
            text("locked_at DESC"),
            text("id DESC"),
            postgresql_where=text("locked_at IS NOT NULL"),
        ),
        # All of a kind, one after another: for who looks at each what is too old to be kept.
        Index("conversations_company_kind_idx", "company_id", "kind", "id"),
    )

    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    owner_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    kind: ConversationKind = enum_field(ConversationKind, ConversationKind.ASSISTANT)
    title: str = ""
    """Empty until the first message gives one."""
    is_titled: bool = False
    """True once a person named it: then nothing renames it by itself."""
    direct_key: str | None = Field(default=None, unique=True)
    """Of a direct chat: its two people, so that there is one for each pair."""
    history: History = enum_setting(History, History.ALL)
    last_seq: int = 0
    said: int = counter_field()
    """How many messages there are, notices not counted: what a member has not read is counted from here. In a room with
    those that are no longer kept, so that it only ever grows.
    """
    member_count: int = counter_field()
    """Those who have not left; kept here, so that a list of rooms need not count them."""
    revision: int = counter_field()
    """Counts up with whatever changes what its readers see, so that an open tab can tell whether it is behind."""
    tokens: int = counter_field(BigInteger)
    """What models read and wrote for it, as far as it is known: the sum over its ledger rows, kept with them."""
    spent: Decimal = counter_field(Numeric(16, 8), Decimal())
    """USD, likewise."""
    last_message_at: datetime = time_field()
    model: str | None = None
    """None: the default model, whichever that is when asking."""
    instructions: str = ""
    archived_at: datetime | None = time_field(None)
    deleted_at: datetime | None = time_field(None)
    locked_at: datetime | None = time_field(None)
    """Since when a moderator keeps a room locked: it can be read, and nothing else. None: it is open."""
    locked_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    lock_reason: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    looked_at: datetime | None = time_field(None)
    """When a moderator last read in it under a grant; None: nobody ever did. See AccessGrant."""
    origin_key: str | None = None
    """Of an imported one: which conversation of which system it was, so that it comes in once. None: it began here."""
    origin: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    """Of an imported one: what its document says that has no column, for the next export. See core.transfer."""

    def floor_for(self, member: "Member") -> int:
        """The last message that is too old for this member to see; 0 when they may see all."""
        return member.joined_seq if self.history is History.JOINED else 0


class MemberRole(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class Member(SQLModel, table=True):
    """Somebody's place in a conversation. It is what makes the conversation readable to them."""

    __tablename__ = "members"
    __table_args__ = (
        one_of("role", MemberRole),
        one_of("kind", ConversationKind),
        # A person's rooms, however many chats with the assistant they have beside.
        Index(
            "members_rooms_idx",
            "user_id",
            "kind",
            "conversation_id",
            postgresql_where=text("kind <> 'assistant' AND left_at IS NULL"),
        ),
        Index("members_user_id_idx", "user_id", "conversation_id", postgresql_where=text("left_at IS NULL")),
        # Those who look after a room, few of however many.
        Index("members_keepers_idx", "conversation_id", postgresql_where=text("role <> 'member' AND left_at IS NULL")),
    )

    conversation_id: UUID = Field(foreign_key="conversations.id", primary_key=True, ondelete="CASCADE")
    user_id: UUID = Field(foreign_key="users.id", primary_key=True, ondelete="CASCADE")
    kind: ConversationKind = enum_setting(ConversationKind, ConversationKind.ASSISTANT)
    """The conversation's, which never changes: so that a person's rooms are found without looking at their chats."""
    role: MemberRole = enum_field(MemberRole, MemberRole.MEMBER)
    joined_at: datetime = time_field()
    joined_seq: int = counter_field()
    """The last message before they joined, the latest time that they did. See History."""
    added_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    """None for who came by themselves."""
    left_at: datetime | None = time_field(None)
    last_read_seq: int = 0
    read_said: int = counter_field()
    """How many of the conversation's `said` they have read."""
    muted: bool = False
