"""list moderated messages: what was reported, decided or taken back, by when it was said"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("cases", sa.Column("said_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE cases SET said_at = m.created_at FROM messages m WHERE m.id = cases.message_id")
    op.execute("UPDATE cases SET said_at = first_reported_at WHERE said_at IS NULL")
    op.alter_column("cases", "said_at", nullable=False)
    op.create_index(
        "cases_said_idx",
        "cases",
        ["company_id", sa.text("said_at DESC"), sa.text("message_id DESC")],
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_index(
        "messages_taken_back_idx",
        "messages",
        [sa.text("created_at DESC"), sa.text("id DESC")],
        postgresql_where=sa.text("deleted_at IS NOT NULL AND delete_reason IS NULL"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("messages_taken_back_idx", "messages")
    op.drop_index("cases_said_idx", "cases")
    op.drop_column("cases", "said_at")
