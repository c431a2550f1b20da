"""find anything: words of messages and titles, spending of conversations, what was imported"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LONGEST = "role <> 'user' OR char_length(content) <= 10000"
MINE = "kind = 'assistant' AND deleted_at IS NULL"


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    _widen()
    _create_words("message_words", "message_id", "messages", sa.Column("conversation_id", sa.Uuid(), nullable=False))
    _create_words("title_words", "conversation_id", "conversations")
    op.create_table(
        "search_backlog",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="search_backlog_conversation_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", name="search_backlog_pkey"),
    )
    # What was said before this is put into the index by the first process that runs.
    op.execute("INSERT INTO search_backlog (conversation_id) SELECT id FROM conversations")


def _widen() -> None:
    op.add_column("conversations", sa.Column("tokens", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("conversations", sa.Column("spent", sa.Numeric(16, 8), nullable=False, server_default=sa.text("0")))
    op.add_column("conversations", sa.Column("origin_key", sa.String(), nullable=True))
    op.add_column("conversations", sa.Column("origin", postgresql.JSONB(none_as_null=True), nullable=True))
    op.execute(
        "UPDATE conversations SET tokens = booked.tokens, spent = booked.spent FROM (SELECT conversation_id,"
        " sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) AS tokens, coalesce(sum(cost), 0) AS spent"
        " FROM model_calls WHERE conversation_id IS NOT NULL GROUP BY conversation_id) AS booked"
        " WHERE booked.conversation_id = conversations.id"
    )
    for name, first, where in (
        ("deleted", "last_message_at", "kind = 'assistant' AND deleted_at IS NOT NULL"),
        ("said", "said", MINE),
        ("spent", "spent", MINE),
    ):
        op.create_index(
            f"conversations_owner_{name}_idx",
            "conversations",
            ["owner_id", sa.literal_column(f"{first} DESC"), sa.literal_column("id DESC")],
            postgresql_where=sa.text(where),
        )
    op.create_index(
        "conversations_company_archived_idx",
        "conversations",
        ["company_id", sa.literal_column("last_message_at DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("kind = 'company' AND deleted_at IS NULL AND archived_at IS NOT NULL"),
    )
    op.create_index(
        "conversations_owner_origin_key",
        "conversations",
        ["owner_id", "origin_key"],
        unique=True,
        postgresql_where=sa.text("origin_key IS NOT NULL"),
    )
    op.drop_constraint("messages_content_check", "messages")
    op.execute(
        f"ALTER TABLE messages ADD CONSTRAINT messages_content_check CHECK ({LONGEST} OR extra ? 'imported') NOT VALID"
    )
    op.execute("ALTER TABLE messages VALIDATE CONSTRAINT messages_content_check")


def _create_words(table: str, key: str, of: str, *more: sa.Column) -> None:
    op.create_table(
        table,
        sa.Column(key, sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        *more,
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("is_room", sa.Boolean(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint([key], [f"{of}.id"], name=f"{table}_{key}_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(key, name=f"{table}_pkey"),
    )
    order: list = [sa.literal_column("said_at DESC"), sa.literal_column(f"{key} DESC")]
    op.create_index(f"{table}_scope_idx", table, ["scope_id", *order])
    op.create_index(f"{table}_rooms_idx", table, ["company_id", *order], postgresql_where=sa.text("is_room"))
    op.create_index(
        f"{table}_words_idx",
        table,
        ["words"],
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": "512"},
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("search_backlog", "title_words", "message_words"):
        op.drop_table(table)
    for name in ("origin_key", "spent_idx", "said_idx", "deleted_idx"):
        op.drop_index(f"conversations_owner_{name}", "conversations")
    op.drop_index("conversations_company_archived_idx", "conversations")
    for column in ("origin", "origin_key", "spent", "tokens"):
        op.drop_column("conversations", column)
    op.drop_constraint("messages_content_check", "messages")
    op.execute(f"DELETE FROM messages WHERE NOT ({LONGEST})")
    op.create_check_constraint(op.f("messages_content_check"), "messages", LONGEST)
