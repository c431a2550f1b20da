"""grant access: leave to read a private conversation for a while, and each look under it"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
NEWEST = sa.text("created_at DESC"), sa.text("id DESC")


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "access_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("moderator_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("looks", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_looked_at", MOMENT, nullable=True),
        sa.Column("last_seq", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('assistant', 'direct', 'group', 'company')", name=op.f("access_grants_kind_check")
        ),
        sa.CheckConstraint("kind <> 'company'", name=op.f("access_grants_private_check")),
        sa.CheckConstraint("reason <> ''", name=op.f("access_grants_reason_check")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("access_grants_expires_at_check")),
        sa.CheckConstraint("(looks = 0) = (last_looked_at IS NULL)", name=op.f("access_grants_looks_check")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name="access_grants_company_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="access_grants_pkey"),
    )
    op.create_index(
        "access_grants_held_key",
        "access_grants",
        ["moderator_id", "conversation_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "access_grants_own_idx",
        "access_grants",
        ["moderator_id", "expires_at"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("access_grants_company_id_idx", "access_grants", ["company_id", *NEWEST])
    op.create_index(
        "access_grants_looked_idx",
        "access_grants",
        ["conversation_id", *NEWEST],
        postgresql_where=sa.text("looks > 0"),
    )
    op.create_table(
        "access_looks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("since", MOMENT, nullable=True),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("is_earlier_version", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["access_grants.id"], name="access_looks_grant_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="access_looks_pkey"),
    )
    op.create_index("access_looks_grant_id_idx", "access_looks", ["grant_id", *NEWEST])
    op.add_column("conversations", sa.Column("looked_at", MOMENT, nullable=True))
    op.add_column("notices", sa.Column("conversation_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("notices", "conversation_id")
    op.drop_column("conversations", "looked_at")
    for table in ("access_looks", "access_grants"):
        op.drop_table(table)
