"""keep tasks: what people and the assistant have to do, and the steps of answers that do something"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
DUE = sa.text("coalesce(due_on, 'infinity'::date)")
LATEST = sa.text("completed_at DESC"), sa.text("id DESC")
IS_OPEN = "status = 'open' AND deleted_at IS NULL"
IS_DONE = "status = 'done' AND deleted_at IS NULL"
ENDINGS = "'complete', 'pending', 'stopped', 'interrupted', 'failed'"
RUNS = "'queued', 'running', 'complete', 'stopped', 'interrupted', 'failed'"


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("completed_at", MOMENT, nullable=True),
        sa.Column("completed_by", sa.Uuid(), nullable=True),
        sa.Column("reopened_at", MOMENT, nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("client_key", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.CheckConstraint("status IN ('open', 'done')", name=op.f("tasks_status_check")),
        sa.CheckConstraint("source IN ('person', 'command', 'assistant')", name=op.f("tasks_source_check")),
        sa.CheckConstraint("char_length(title) BETWEEN 1 AND 255", name=op.f("tasks_title_check")),
        sa.CheckConstraint("char_length(description) <= 10000", name=op.f("tasks_description_check")),
        sa.CheckConstraint("status = 'open' OR completed_at IS NOT NULL", name=op.f("tasks_completed_check")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name="tasks_company_id_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="tasks_owner_id_fkey"),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name="tasks_assignee_id_fkey"),
        sa.ForeignKeyConstraint(["completed_by"], ["users.id"], name="tasks_completed_by_fkey", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="tasks_conversation_id_fkey", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="tasks_message_id_fkey", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="tasks_pkey"),
        sa.UniqueConstraint("client_key", name="tasks_client_key_key"),
    )
    op.create_index("tasks_company_id_idx", "tasks", ["company_id"])
    for person in ("assignee", "owner"):
        whose, is_there = f"{person}_id", sa.text("deleted_at IS NULL")
        op.create_index(f"tasks_{person}_open_idx", "tasks", [whose, DUE, "id"], postgresql_where=sa.text(IS_OPEN))
        op.create_index(f"tasks_{person}_done_idx", "tasks", [whose, *LATEST], postgresql_where=sa.text(IS_DONE))
        op.create_index(f"tasks_{person}_idx", "tasks", [whose, sa.text("id DESC")], postgresql_where=is_there)
    for link in ("conversation_id", "message_id"):
        op.create_index(f"tasks_{link}_idx", "tasks", [link], postgresql_where=sa.text(f"{link} IS NOT NULL"))
    op.add_column("users", sa.Column("time_zone", sa.String(), nullable=True))
    op.add_column("companies", sa.Column("tools_on", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("companies", sa.Column("ask_first", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False))
    _allow_statuses(f"{ENDINGS}, 'waiting'", f"{RUNS}, 'waiting'")


def _allow_statuses(endings: str, runs: str) -> None:
    """Without looking at the rows there are, which takes long; the next migration does, and nobody waits for that."""
    for table, statuses in (("messages", endings), ("answer_runs", runs)):
        op.drop_constraint(op.f(f"{table}_status_check"), table, type_="check")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_status_check CHECK (status IN ({statuses})) NOT VALID")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DELETE FROM messages WHERE message_type = 'tool'")
    for table in ("messages", "answer_runs"):
        op.execute(f"UPDATE {table} SET status = 'stopped' WHERE status = 'waiting'")
    _allow_statuses(ENDINGS, RUNS)
    for table in ("messages", "answer_runs"):
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {table}_status_check")
    op.drop_column("companies", "ask_first")
    op.drop_column("companies", "tools_on")
    op.drop_column("users", "time_zone")
    op.drop_table("tasks")
