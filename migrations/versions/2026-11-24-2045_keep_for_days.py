"""keep for days: rules of retention, legal holds, and how far a run is"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
KINDS = "kind IN ('assistant', 'direct', 'group', 'company')"


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "retention_rules",
        *_record(),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=True),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("retention_rules_kind_check")),
        sa.CheckConstraint("days BETWEEN 1 AND 36500", name=op.f("retention_rules_days_check")),
        *_keys("retention_rules", "set_by"),
        sa.UniqueConstraint("company_id", "kind", name="retention_rules_company_id_kind_key"),
    )
    op.create_table(
        "legal_holds",
        *_record(),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", MOMENT, nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("release_reason", sa.String(), nullable=False),
        sa.CheckConstraint("(user_id IS NULL) <> (conversation_id IS NULL)", name=op.f("legal_holds_subject_check")),
        sa.CheckConstraint("reason <> ''", name=op.f("legal_holds_reason_check")),
        sa.CheckConstraint("(released_at IS NULL) = (release_reason = '')", name=op.f("legal_holds_release_check")),
        *_keys("legal_holds", "placed_by", "released_by"),
    )
    op.create_index(
        "legal_holds_in_force_key",
        "legal_holds",
        ["company_id", "user_id", "conversation_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "retention_runs",
        *_record(),
        sa.Column("cutoffs", postgresql.JSONB(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("is_partway", sa.Boolean(), nullable=False),
        sa.Column("removed", postgresql.JSONB(), nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint(KINDS, name=op.f("retention_runs_kind_check")),
        *_keys("retention_runs"),
    )
    op.create_index("retention_runs_company_id_idx", "retention_runs", ["company_id", sa.text("created_at DESC")])
    op.create_index(
        "retention_runs_unfinished_key",
        "retention_runs",
        ["company_id"],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    # How the conversations are gone through, and what in each is old enough.
    op.create_index("conversations_company_kind_idx", "conversations", ["company_id", "kind", "id"])
    op.create_index("messages_age_idx", "messages", ["conversation_id", "created_at"])


def _record() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
    ]


def _keys(table: str, *people: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=f"{table}_company_id_fkey", ondelete="CASCADE"),
        *(
            sa.ForeignKeyConstraint([column], ["users.id"], name=f"{table}_{column}_fkey", ondelete="SET NULL")
            for column in people
        ),
        sa.PrimaryKeyConstraint("id", name=f"{table}_pkey"),
    ]


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("messages_age_idx", "messages")
    op.drop_index("conversations_company_kind_idx", "conversations")
    for table in ("retention_runs", "legal_holds", "retention_rules"):
        op.drop_table(table)
