"""count tasks from indexes: those of what is open have with them what is counted, and are built beside what goes on"""

from collections.abc import Sequence

from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The day is in the order as well, but PostgreSQL reads no column out of an expression. Those of before serve until
# all of these are there; broken off while those go, it begins anew, and lists take longer for as long.
INDEXES = (
    ("tasks_assignee_open_idx", "tasks_assignee_counted_idx", "assignee_id", "due_on"),
    ("tasks_owner_open_idx", "tasks_owner_counted_idx", "owner_id", "due_on, assignee_id"),
)
OPEN = "coalesce(due_on, 'infinity'::date), id"
WHERE = "WHERE status = 'open' AND deleted_at IS NULL"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for _, after, person, included in INDEXES:
            # One that was broken off is there, and not valid.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {after}")
            op.execute(f"CREATE INDEX CONCURRENTLY {after} ON tasks ({person}, {OPEN}) INCLUDE ({included}) {WHERE}")
        for before, *_ in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {before}")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for before, after, person, _ in INDEXES:
        op.execute(f"CREATE INDEX {before} ON tasks ({person}, {OPEN}) {WHERE}")
        op.drop_index(after, "tasks")
