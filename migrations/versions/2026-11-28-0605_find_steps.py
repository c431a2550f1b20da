"""find steps: the index by which an answer's steps are found, built beside what goes on"""

from collections.abc import Sequence

from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # One that was broken off is there, and not valid.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS messages_steps_idx")
        op.execute(
            "CREATE INDEX CONCURRENTLY messages_steps_idx ON messages (reply_to_id, seq) WHERE message_type = 'tool'"
        )
        for table in ("messages", "answer_runs"):
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {table}_status_check")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("messages_steps_idx", "messages")
