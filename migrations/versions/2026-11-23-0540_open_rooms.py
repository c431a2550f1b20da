"""open rooms: members, mentions, reactions, rate limits, presence"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("mentions", "reactions", "rate_limit_events", "presences", "serving_processes")
CONTENT = "char_length(content) BETWEEN 1 AND 10000"


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    _widen()
    op.create_table(
        "mentions",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="mentions_message_id_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="mentions_user_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", "user_id", name="mentions_pkey"),
    )
    op.create_index("mentions_user_conversation_idx", "mentions", ["user_id", "conversation_id", "seq"])
    op.create_table(
        "reactions",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("emoji", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(emoji) BETWEEN 1 AND 16", name=op.f("reactions_emoji_check")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="reactions_message_id_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="reactions_user_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", "user_id", "emoji", name="reactions_pkey"),
    )
    op.create_index("reactions_user_id_idx", "reactions", ["user_id"])
    op.create_table(
        "rate_limit_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="rate_limit_events_user_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="rate_limit_events_pkey"),
    )
    op.create_index("rate_limit_events_created_at_idx", "rate_limit_events", ["created_at"])
    op.create_index("rate_limit_events_window_idx", "rate_limit_events", ["user_id", "event", "room_id", "created_at"])
    op.create_table(
        "serving_processes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="serving_processes_pkey"),
    )
    op.create_table(
        "presences",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="presences_conversation_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="presences_user_id_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["process_id"], ["serving_processes.id"], name="presences_process_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", "process_id", name="presences_pkey"),
    )
    op.create_index("presences_process_id_idx", "presences", ["process_id"])
    op.create_index("presences_user_id_idx", "presences", ["user_id"])


def _widen() -> None:
    """What the tables that are there need. There are no rooms yet, so nothing has to be counted."""
    nought = sa.text("0")
    op.add_column("companies", sa.Column("assistant_name", sa.String(), nullable=False, server_default="Assistant"))
    op.create_check_constraint(
        op.f("companies_assistant_name_check"), "companies", "char_length(assistant_name) BETWEEN 1 AND 40"
    )
    op.add_column("conversations", sa.Column("history", sa.String(), nullable=False, server_default="all"))
    op.create_check_constraint(op.f("conversations_history_check"), "conversations", "history IN ('all', 'joined')")
    op.add_column("conversations", sa.Column("said", sa.Integer(), nullable=False, server_default=nought))
    op.add_column("conversations", sa.Column("member_count", sa.Integer(), nullable=False, server_default=nought))
    op.create_index(
        "conversations_company_recent_idx",
        "conversations",
        ["company_id", sa.literal_column("last_message_at DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("kind = 'company' AND deleted_at IS NULL AND archived_at IS NULL"),
    )
    op.add_column("members", sa.Column("kind", sa.String(), nullable=False, server_default="assistant"))
    op.create_check_constraint(
        op.f("members_kind_check"), "members", "kind IN ('assistant', 'direct', 'group', 'company')"
    )
    op.create_index(
        "members_rooms_idx",
        "members",
        ["user_id", "kind", "conversation_id"],
        postgresql_where=sa.text("kind <> 'assistant' AND left_at IS NULL"),
    )
    op.add_column("members", sa.Column("joined_seq", sa.Integer(), nullable=False, server_default=nought))
    op.add_column("members", sa.Column("read_said", sa.Integer(), nullable=False, server_default=nought))
    op.add_column("members", sa.Column("added_by", sa.Uuid(), nullable=True))
    op.create_foreign_key("members_added_by_fkey", "members", "users", ["added_by"], ["id"], ondelete="SET NULL")
    op.create_index(
        "members_keepers_idx",
        "members",
        ["conversation_id"],
        postgresql_where=sa.text("role <> 'member' AND left_at IS NULL"),
    )
    op.add_column("queued_questions", sa.Column("message_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "queued_questions_message_id_fkey", "queued_questions", "messages", ["message_id"], ["id"], ondelete="CASCADE"
    )
    op.create_unique_constraint("queued_questions_message_id_key", "queued_questions", ["message_id"])
    op.drop_constraint("queued_questions_content_check", "queued_questions")
    op.create_check_constraint(
        op.f("queued_questions_content_check"), "queued_questions", f"message_id IS NOT NULL OR {CONTENT}"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in TABLES:
        op.drop_table(table)
    op.execute("DELETE FROM queued_questions WHERE message_id IS NOT NULL")
    op.drop_constraint("queued_questions_content_check", "queued_questions")
    op.drop_column("queued_questions", "message_id")
    op.create_check_constraint(op.f("queued_questions_content_check"), "queued_questions", CONTENT)
    op.drop_index("members_keepers_idx", "members")
    op.drop_index("members_rooms_idx", "members")
    for column in ("added_by", "read_said", "joined_seq", "kind"):
        op.drop_column("members", column)
    op.drop_index("conversations_company_recent_idx", "conversations")
    for column in ("member_count", "said", "history"):
        op.drop_column("conversations", column)
    op.drop_column("companies", "assistant_name")
