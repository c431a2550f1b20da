"""What search looks through: for each message and each title its words, and who they may be shown to.

Narrow tables beside the ones that hold the text, so that reading a transcript does not carry them along.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, SQLModel

from core.models.base import time_field

# Words that wait for their place in the index are looked through one by one, by every search.
GIN: dict[str, Any] = {"postgresql_using": "gin", "postgresql_with": {"gin_pending_list_limit": "512"}}


def _newest_first(table: str, name: str, first: str, key: str, **options: Any) -> Index:
    return Index(f"{table}_{name}_idx", first, text("said_at DESC"), text(f"{key} DESC"), **options)


class MessageWords(SQLModel, table=True):
    """A message as search sees it. There is none for notices, deleted messages and answers being written."""

    __tablename__ = "message_words"
    __table_args__ = (
        _newest_first("message_words", "scope", "scope_id", "message_id"),
        _newest_first("message_words", "rooms", "company_id", "message_id", postgresql_where=text("is_room")),
        Index("message_words_words_idx", "words", **GIN),
    )

    message_id: UUID = Field(foreign_key="messages.id", primary_key=True, ondelete="CASCADE")
    company_id: UUID
    conversation_id: UUID
    scope_id: UUID
    """Whose reading it is: of a chat with the assistant its owner, of a room the room."""
    is_room: bool
    said_at: datetime = time_field()
    words: str = Field(sa_column=Column(TSVECTOR, nullable=False))
    """See core.search.words; beside them marks like ~r:user, which the operators look for."""


class TitleWords(SQLModel, table=True):
    """The same for the title of a conversation, by when that began."""

    __tablename__ = "title_words"
    __table_args__ = (
        _newest_first("title_words", "scope", "scope_id", "conversation_id"),
        _newest_first("title_words", "rooms", "company_id", "conversation_id", postgresql_where=text("is_room")),
        Index("title_words_words_idx", "words", **GIN),
    )

    conversation_id: UUID = Field(foreign_key="conversations.id", primary_key=True, ondelete="CASCADE")
    company_id: UUID
    scope_id: UUID
    is_room: bool
    said_at: datetime = time_field()
    words: str = Field(sa_column=Column(TSVECTOR, nullable=False))


class SearchBacklog(SQLModel, table=True):
    """A conversation whose words have yet to be put into the index. Whichever process comes first does it."""

    __tablename__ = "search_backlog"

    conversation_id: UUID = Field(foreign_key="conversations.id", primary_key=True, ondelete="CASCADE")
