"""invite people: links that let somebody in or change a password, a list by name, and a time zone of one's own"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

IS_OPEN = "used_at IS NULL AND revoked_at IS NULL"
ADDED = ("company_id", "user_id", "created_by", "email", "display_name", "roles", "revoked_at")


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("one_time_links", sa.Column("company_id", sa.Uuid(), nullable=True))
    op.add_column("one_time_links", sa.Column("user_id", sa.Uuid(), nullable=True))
    op.add_column("one_time_links", sa.Column("created_by", sa.Uuid(), nullable=True))
    op.add_column("one_time_links", sa.Column("email", sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column(
        "one_time_links", sa.Column("display_name", sa.String(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column("one_time_links", sa.Column("roles", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False))
    op.add_column("one_time_links", sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True))
    for table in ("companies", "users"):
        column = "company_id" if table == "companies" else "user_id"
        op.create_foreign_key(
            f"one_time_links_{column}_fkey", "one_time_links", table, [column], ["id"], ondelete="CASCADE"
        )
    op.drop_constraint(op.f("one_time_links_purpose_check"), "one_time_links")
    op.create_check_constraint(
        op.f("one_time_links_purpose_check"), "one_time_links", "purpose IN ('setup', 'invite', 'reset')"
    )
    op.create_check_constraint(
        op.f("one_time_links_subject_check"),
        "one_time_links",
        "purpose = 'setup' OR (purpose = 'invite' AND company_id IS NOT NULL)"
        " OR (purpose = 'reset' AND user_id IS NOT NULL)",
    )
    op.create_index(
        "one_time_links_invited_key",
        "one_time_links",
        ["company_id", sa.text("lower(email)")],
        unique=True,
        postgresql_where=sa.text(f"purpose = 'invite' AND {IS_OPEN}"),
    )
    op.create_index(
        "one_time_links_reset_key",
        "one_time_links",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text(f"purpose = 'reset' AND {IS_OPEN}"),
    )
    op.add_column("users", sa.Column("chosen_time_zone", sa.String(), nullable=True))
    op.create_index("users_by_name_idx", "users", ["company_id", sa.text("lower(display_name)"), "id"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("users_by_name_idx", "users")
    op.drop_column("users", "chosen_time_zone")
    # What the version before would not know.
    op.execute("DELETE FROM one_time_links WHERE purpose <> 'setup'")
    op.drop_index("one_time_links_reset_key", "one_time_links")
    op.drop_index("one_time_links_invited_key", "one_time_links")
    op.drop_constraint(op.f("one_time_links_subject_check"), "one_time_links")
    op.drop_constraint(op.f("one_time_links_purpose_check"), "one_time_links")
    op.create_check_constraint(op.f("one_time_links_purpose_check"), "one_time_links", "purpose IN ('setup')")
    for column in reversed(ADDED):
        op.drop_column("one_time_links", column)
