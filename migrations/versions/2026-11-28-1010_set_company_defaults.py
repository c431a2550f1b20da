"""set company defaults: models and limits of a company, who changed what, and the look that a person chose"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("companies", sa.Column("models", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False))
    op.add_column("companies", sa.Column("default_model", sa.String(), nullable=True))
    op.add_column("users", sa.Column("theme", sa.String(), nullable=True))
    op.create_check_constraint(op.f("users_theme_check"), "users", "theme IN ('light', 'dark')")
    op.create_table(
        "company_changes",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("part IN ('profile', 'tools', 'models')", name=op.f("company_changes_part_check")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name="company_changes_company_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["users.id"], name="company_changes_changed_by_fkey", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("company_id", "part", name="company_changes_pkey"),
    )
    op.create_table(
        "rate_limits",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("count BETWEEN 1 AND 100000", name=op.f("rate_limits_count_check")),
        sa.CheckConstraint("seconds BETWEEN 1 AND 86400", name=op.f("rate_limits_seconds_check")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name="rate_limits_company_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name="rate_limits_set_by_fkey", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("company_id", "event", name="rate_limits_pkey"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("rate_limits")
    op.drop_table("company_changes")
    op.drop_constraint(op.f("users_theme_check"), "users", type_="check")
    op.drop_column("users", "theme")
    op.drop_column("companies", "default_model")
    op.drop_column("companies", "models")
