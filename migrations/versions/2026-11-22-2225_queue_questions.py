"""queue questions, resume answers, count changes"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ACTIVE = sa.text("status IN ('queued', 'running')")


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "queued_questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("client_key", sa.Uuid(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("char_length(content) BETWEEN 1 AND 10000", name=op.f("queued_questions_content_check")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="queued_questions_conversation_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sender_id"], ["users.id"], name="queued_questions_sender_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="queued_questions_pkey"),
        sa.UniqueConstraint("client_key", name="queued_questions_client_key_key"),
        sa.UniqueConstraint("conversation_id", "place", name="queued_questions_conversation_id_place_key"),
    )
    op.create_index("queued_questions_sender_id_idx", "queued_questions", ["sender_id"])
    op.add_column("conversations", sa.Column("revision", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("answer_runs", sa.Column("resumed_at", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("answer_runs", sa.Column("prompt_tokens", sa.Integer(), nullable=True))
    op.drop_index("answer_runs_active_idx", "answer_runs")
    op.create_index("answer_runs_active_idx", "answer_runs", ["id"], postgresql_where=ACTIVE)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("answer_runs_active_idx", "answer_runs")
    op.create_index("answer_runs_active_idx", "answer_runs", ["status", "heartbeat_at"], postgresql_where=ACTIVE)
    op.drop_column("answer_runs", "prompt_tokens")
    op.drop_column("answer_runs", "resumed_at")
    op.drop_column("conversations", "revision")
    op.drop_table("queued_questions")
