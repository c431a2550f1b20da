"""find waiting steps: the index by which somebody's open decisions are found, built beside what goes on"""

from collections.abc import Sequence

from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # One that was broken off is there, and not valid.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS messages_waiting_idx")
        op.execute(
            "CREATE INDEX CONCURRENTLY messages_waiting_idx ON messages ((extra -> 'tool' ->> 'asked_by'))"
            " WHERE status = 'waiting' AND message_type = 'tool'"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("messages_waiting_idx", "messages")
