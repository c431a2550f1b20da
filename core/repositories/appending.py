"""The statement that adds a message at the end of its conversation.

It is put together once: SQLAlchemy takes longer for that than PostgreSQL to run it.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Insert,
    Integer,
    String,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from core.models import Conversation, ConversationKind, Message, MessageWords, TitleWords
from core.models.base import table_of
from core.repositories.search_index import MESSAGE_MARKS, SCOPE_MARKS

_messages, _conversations = table_of(Message), table_of(Conversation)
_words, _title_words = table_of(MessageWords), table_of(TitleWords)


def _appending() -> Insert:
    """Takes the next seq, moves the conversation's time and first title, adds the message, and beside both the words
    that search finds them by: one statement.
    """
    new = {
        name: bindparam(f"new_{name}", type_=_messages.c[name].type)
        for name in (
            "id", "created_at", "conversation_id", "role", "content", "sender_id", "status", "message_type",
            "tokens_used", "reply_to_id", "version_group_id", "client_key", "extra",
        )
    }  # fmt: skip
    title = bindparam("new_title", type_=_conversations.c.title.type)
    bump = (
        update(_conversations)
        .where(_conversations.c.id == new["conversation_id"])
        .values(
            last_seq=_conversations.c.last_seq + 1,
            revision=_conversations.c.revision + 1,
            said=_conversations.c.said + bindparam("new_said", type_=Integer),
            last_message_at=func.greatest(_conversations.c.last_message_at, new["created_at"]),
            title=case((_conversations.c.title == "", title), else_=_conversations.c.title),
        )
        .returning(*(_conversations.c[name] for name in ASKED_OF_IT))
        .cte("bump")
    )
    row = select(*new.values(), bump.c.last_seq)
    adding = insert(_messages).from_select([*new, "seq"], row).returning(_messages.c.seq)
    return adding.add_cte(_indexing(new, bump), _indexing_title(bump, title))


def _indexing(new: Mapping[str, Any], bump: CTE) -> CTE:
    """Puts the words of the new message beside it, unless it has none to be found by."""
    words = bindparam("new_words", type_=String)
    given = select(*(new[name].label(name) for name in ("role", "sender_id", "created_at"))).cte("given")
    marks = MESSAGE_MARKS.format(m="given"), SCOPE_MARKS.format(c="bump")
    vector = cast(func.concat(words, *map(literal_column, marks)), _words.c.words.type)
    row = select(new["id"], bump.c.id, *_scope(bump), new["created_at"], vector)
    columns = ["message_id", "conversation_id", *SCOPE, "said_at", "words"]
    found = row.join_from(bump, given, true()).where(words.is_not(None))
    return insert(_words).from_select(columns, found).cte("indexed")


def _indexing_title(bump: CTE, title: ColumnElement[str]) -> CTE:
    """The same for the title that a first message gives."""
    words = bindparam("new_title_words", type_=String)
    vector = cast(func.concat(words, literal_column(SCOPE_MARKS.format(c="bump"))), _title_words.c.words.type)
    row = select(bump.c.id, *_scope(bump), bump.c.created_at, vector).where(title != "", bump.c.title == title)
    adding = upsert(_title_words).from_select(["conversation_id", *SCOPE, "said_at", "words"], row)
    replaced = {"words": adding.excluded.words}
    return adding.on_conflict_do_update(index_elements=["conversation_id"], set_=replaced).cte("titled")


SCOPE = ("company_id", "scope_id", "is_room")


ASKED_OF_IT = ("id", "created_at", "company_id", "owner_id", "kind", "title", "last_seq")
"""Of the conversation. Not all columns: psycopg takes a statement of more than 4,096 characters apart at each call."""


def _scope(bump: CTE) -> tuple[ColumnElement[Any], ...]:
    is_chat = bump.c.kind == literal_column(f"'{ConversationKind.ASSISTANT}'")
    return bump.c.company_id, case((is_chat, bump.c.owner_id), else_=bump.c.id), ~is_chat


APPEND = _appending()
"""Wants `new_…` for each column, `new_title`, and the words of both for search."""
