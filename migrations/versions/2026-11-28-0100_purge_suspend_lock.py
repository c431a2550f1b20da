"""purge, suspend, lock: messages removed for good, people kept out for a time, rooms that are locked"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
BEFORE = "decision IN ('dismissed', 'edited', 'deleted', 'gone')"
DECISIONS = "decision IN ('dismissed', 'edited', 'deleted', 'purged', 'gone')"
# A column that is new is NULL in every row there is: the long tables need not be read through for these.
CHECKS = (
    ("messages", "messages_purged_check", "purged_at IS NULL OR (content = '' AND deleted_at IS NOT NULL)"),
    (
        "conversations",
        "conversations_locked_check",
        "locked_at IS NULL OR (kind <> 'assistant' AND lock_reason <> '')",
    ),
)


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("messages", sa.Column("purged_at", MOMENT, nullable=True))
    op.add_column("users", sa.Column("suspended_until", MOMENT, nullable=True))
    op.add_column("conversations", sa.Column("locked_at", MOMENT, nullable=True))
    op.add_column("conversations", sa.Column("locked_by", sa.Uuid(), nullable=True))
    op.add_column("conversations", sa.Column("lock_reason", sa.String(), server_default=sa.text("''"), nullable=False))
    op.create_foreign_key(
        "conversations_locked_by_fkey", "conversations", "users", ["locked_by"], ["id"], ondelete="SET NULL"
    )
    for table, name, condition in CHECKS:
        op.create_check_constraint(op.f(name), table, condition)
    op.create_index(
        "conversations_company_locked_idx",
        "conversations",
        ["company_id", sa.text("locked_at DESC"), sa.text("id DESC")],
        postgresql_where=sa.text("locked_at IS NOT NULL"),
    )
    _allow(DECISIONS)
    op.create_table(
        "suspensions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("suspended_by", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("until > created_at", name=op.f("suspensions_until_check")),
        sa.CheckConstraint("reason <> ''", name=op.f("suspensions_reason_check")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name="suspensions_company_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="suspensions_pkey"),
    )
    op.create_index(
        "suspensions_in_force_idx",
        "suspensions",
        ["company_id", "until", "id"],
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_index("suspensions_user_idx", "suspensions", ["user_id", sa.text("created_at DESC"), sa.text("id DESC")])


def _allow(decisions: str) -> None:
    op.drop_constraint(op.f("cases_decision_check"), "cases", type_="check")
    op.create_check_constraint(op.f("cases_decision_check"), "cases", decisions)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("suspensions")
    op.execute("UPDATE cases SET decision = 'gone' WHERE decision = 'purged'")
    _allow(BEFORE)
    op.drop_index("conversations_company_locked_idx", "conversations")
    for table, name, _ in reversed(CHECKS):
        op.drop_constraint(op.f(name), table, type_="check")
    op.drop_constraint("conversations_locked_by_fkey", "conversations", type_="foreignkey")
    for table, column in (
        ("conversations", "lock_reason"),
        ("conversations", "locked_by"),
        ("conversations", "locked_at"),
        ("users", "suspended_until"),
        ("messages", "purged_at"),
    ):
        op.drop_column(table, column)
