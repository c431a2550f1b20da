"""create the floor"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


TABLES = (
    "model_calls",
    "message_revisions",
    "feedback",
    "answer_runs",
    "messages",
    "members",
    "user_roles",
    "conversations",
    "auth_sessions",
    "users",
    "one_time_links",
    "companies",
    "audit_heads",
    "audit_events",
)

# The audit trail is written once. Even the owner of the tables has to drop the trigger, visibly, to change it.
REFUSE_FUNCTION = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
END $$
"""
REFUSE_TRIGGER = """
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
"""


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("target_type", sa.String(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'refused')", name=op.f("audit_events_outcome_check")),
        sa.PrimaryKeyConstraint("id", name="audit_events_pkey"),
        sa.UniqueConstraint("company_id", "sequence", name="audit_events_company_id_sequence_key"),
    )
    op.create_index(
        "audit_events_company_time_idx",
        "audit_events",
        ["company_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "audit_heads",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("company_id", name="audit_heads_pkey"),
    )
    op.create_table(
        "companies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("instructions", sa.String(), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 120", name=op.f("companies_name_check")),
        sa.PrimaryKeyConstraint("id", name="companies_pkey"),
    )
    op.create_table(
        "one_time_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('setup')", name=op.f("one_time_links_purpose_check")),
        sa.PrimaryKeyConstraint("id", name="one_time_links_pkey"),
        sa.UniqueConstraint("token_hash", name="one_time_links_token_hash_key"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("char_length(display_name) BETWEEN 1 AND 120", name=op.f("users_display_name_check")),
        sa.CheckConstraint("char_length(email) BETWEEN 3 AND 254", name=op.f("users_email_check")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name="users_company_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="users_pkey"),
    )
    op.create_index("users_company_id_idx", "users", ["company_id"], unique=False)
    op.create_index("users_lower_email_key", "users", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "auth_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_agent", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="auth_sessions_user_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="auth_sessions_pkey"),
        sa.UniqueConstraint("token_hash", name="auth_sessions_token_hash_key"),
    )
    op.create_index("auth_sessions_user_id_idx", "auth_sessions", ["user_id"], unique=False)
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("is_titled", sa.Boolean(), nullable=False),
        sa.Column("direct_key", sa.String(), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("instructions", sa.String(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'direct') = (direct_key IS NOT NULL)", name=op.f("conversations_direct_key_check")),
        sa.CheckConstraint(
            "kind IN ('assistant', 'direct', 'group', 'company')", name=op.f("conversations_kind_check")
        ),
        sa.CheckConstraint("char_length(title) <= 200", name=op.f("conversations_title_check")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name="conversations_company_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="conversations_owner_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="conversations_pkey"),
        sa.UniqueConstraint("direct_key", name="conversations_direct_key_key"),
    )
    op.create_index(
        "conversations_owner_archived_idx",
        "conversations",
        ["owner_id", sa.literal_column("last_message_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("kind = 'assistant' AND deleted_at IS NULL AND archived_at IS NOT NULL"),
    )
    op.create_index(
        "conversations_owner_recent_idx",
        "conversations",
        ["owner_id", sa.literal_column("last_message_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("kind = 'assistant' AND deleted_at IS NULL AND archived_at IS NULL"),
    )
    op.create_table(
        "user_roles",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.CheckConstraint("role IN ('staff', 'analyst', 'moderator', 'admin')", name=op.f("user_roles_role_check")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="user_roles_user_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "role", name="user_roles_pkey"),
    )
    op.create_table(
        "members",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_read_seq", sa.Integer(), nullable=False),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'admin', 'member')", name=op.f("members_role_check")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="members_conversation_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="members_user_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", name="members_pkey"),
    )
    op.create_index(
        "members_user_id_idx",
        "members",
        ["user_id", "conversation_id"],
        unique=False,
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("message_type", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reply_to_id", sa.Uuid(), nullable=True),
        sa.Column("superseded_with_id", sa.Uuid(), nullable=True),
        sa.Column("version_group_id", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("tokens_used", sa.Integer(), nullable=True),
        sa.Column("client_key", sa.Uuid(), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("edited_by", sa.Uuid(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("message_type IN ('text', 'notice', 'tool')", name=op.f("messages_message_type_check")),
        sa.CheckConstraint("role <> 'user' OR char_length(content) <= 10000", name=op.f("messages_content_check")),
        sa.CheckConstraint("role IN ('user', 'assistant', 'system')", name=op.f("messages_role_check")),
        sa.CheckConstraint(
            "status IN ('complete', 'pending', 'stopped', 'interrupted', 'failed')", name=op.f("messages_status_check")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="messages_conversation_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["deleted_by"], ["users.id"], name="messages_deleted_by_fkey", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["edited_by"], ["users.id"], name="messages_edited_by_fkey", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["sender_id"], ["users.id"], name="messages_sender_id_fkey", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="messages_pkey"),
        sa.UniqueConstraint("client_key", name="messages_client_key_key"),
        sa.UniqueConstraint("seq", "conversation_id", name="messages_seq_conversation_id_key"),
    )
    op.create_index(
        "messages_sender_id_idx",
        "messages",
        ["sender_id", "id"],
        unique=False,
        postgresql_where=sa.text("sender_id IS NOT NULL"),
    )
    op.create_index(
        "messages_superseded_with_id_idx",
        "messages",
        ["superseded_with_id"],
        unique=False,
        postgresql_where=sa.text("superseded_with_id IS NOT NULL"),
    )
    op.create_index(
        "messages_version_group_id_idx",
        "messages",
        ["version_group_id", "seq"],
        unique=False,
        postgresql_where=sa.text("version_group_id IS NOT NULL"),
    )
    op.create_index(
        "messages_transcript_idx",
        "messages",
        ["conversation_id", sa.literal_column("(superseded_with_id IS NULL)"), sa.literal_column("seq DESC")],
        unique=False,
    )
    op.create_table(
        "answer_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("partial", sa.String(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stop_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'complete', 'stopped', 'interrupted', 'failed')",
            name=op.f("answer_runs_status_check"),
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name="answer_runs_asked_by_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="answer_runs_conversation_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="answer_runs_message_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="answer_runs_pkey"),
    )
    op.create_index(
        "answer_runs_active_idx",
        "answer_runs",
        ["status", "heartbeat_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_index("answer_runs_conversation_id_idx", "answer_runs", ["conversation_id"], unique=False)
    op.create_index(
        "answer_runs_conversation_running_key",
        "answer_runs",
        ["conversation_id"],
        unique=True,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index("answer_runs_message_id_idx", "answer_runs", ["message_id"], unique=False)
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.String(), nullable=False),
        sa.Column(
            "tags", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("comment", sa.String(), nullable=False),
        sa.CheckConstraint("score IN ('up', 'down')", name=op.f("feedback_score_check")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="feedback_message_id_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="feedback_user_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="feedback_pkey"),
        sa.UniqueConstraint("message_id", "user_id", name="feedback_message_id_user_id_key"),
    )
    op.create_index("feedback_user_id_idx", "feedback", ["user_id"], unique=False)
    op.create_table(
        "message_revisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("edited_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edited_by"], ["users.id"], name="message_revisions_edited_by_fkey", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="message_revisions_message_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="message_revisions_pkey"),
    )
    op.create_index("message_revisions_message_id_idx", "message_revisions", ["message_id"], unique=False)
    op.create_table(
        "model_calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("cached_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.Column("usage_source", sa.String(), nullable=False),
        sa.Column("input_price", sa.Numeric(precision=14, scale=6), nullable=True),
        sa.Column("output_price", sa.Numeric(precision=14, scale=6), nullable=True),
        sa.Column("cost", sa.Numeric(precision=16, scale=8), nullable=True),
        sa.Column("price_source", sa.String(), nullable=True),
        sa.Column("first_token_ms", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.CheckConstraint("purpose IN ('answer', 'tool', 'title', 'summary')", name=op.f("model_calls_purpose_check")),
        sa.CheckConstraint(
            "status IN ('complete', 'stopped', 'interrupted', 'failed')", name=op.f("model_calls_status_check")
        ),
        sa.CheckConstraint(
            "usage_source IN ('exact', 'estimated', 'missing')", name=op.f("model_calls_usage_source_check")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name="model_calls_company_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="model_calls_conversation_id_fkey", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="model_calls_message_id_fkey", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="model_calls_user_id_fkey", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="model_calls_pkey"),
    )
    op.create_index(
        "model_calls_company_time_idx",
        "model_calls",
        ["company_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "model_calls_conversation_id_idx",
        "model_calls",
        ["conversation_id"],
        unique=False,
        postgresql_where=sa.text("conversation_id IS NOT NULL"),
    )
    op.create_index(
        "model_calls_message_id_idx",
        "model_calls",
        ["message_id"],
        unique=False,
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_index(
        "model_calls_user_time_idx",
        "model_calls",
        ["user_id", sa.literal_column("created_at DESC")],
        unique=False,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )

    op.execute(REFUSE_FUNCTION)
    op.execute(REFUSE_TRIGGER)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_audit_change()")
