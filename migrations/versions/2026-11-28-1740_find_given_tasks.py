"""find given tasks: what one gave to others has indexes of its own, and so has what is deleted; built beside writers"""

from collections.abc import Sequence

from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

THERE, GIVEN = "deleted_at IS NULL", "assignee_id <> owner_id"
DUE = "(owner_id, coalesce(due_on, 'infinity'::date), id) INCLUDE (due_on, assignee_id)"
DONE = "(owner_id, completed_at DESC, id DESC)"
NEWEST = "(owner_id, id DESC)"
BEFORE = {
    "tasks_owner_counted_idx": f"{DUE} WHERE status = 'open' AND {THERE}",
    "tasks_owner_done_idx": f"{DONE} WHERE status = 'done' AND {THERE}",
    "tasks_owner_idx": f"{NEWEST} WHERE {THERE}",
}
AFTER = {
    "tasks_given_open_idx": f"{DUE} WHERE status = 'open' AND {THERE} AND {GIVEN}",
    "tasks_given_done_idx": f"{DONE} WHERE status = 'done' AND {THERE} AND {GIVEN}",
    "tasks_given_idx": f"{NEWEST} WHERE {THERE} AND {GIVEN}",
    "tasks_deleted_idx": "(owner_id, id) WHERE deleted_at IS NOT NULL",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, what in AFTER.items():
            # One that was broken off is there, and not valid.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON tasks {what}")
        # Those of before serve until all of these are there; broken off from here on, it begins anew, and lists take
        # longer for as long.
        for name in BEFORE:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name, what in BEFORE.items():
        op.execute(f"CREATE INDEX {name} ON tasks {what}")
    for name in AFTER:
        op.drop_index(name, "tasks")
