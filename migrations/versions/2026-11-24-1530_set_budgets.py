"""set budgets: what may be spent, raises, what answers under way may come to, and notices"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT, QUANTITY = sa.DateTime(timezone=True), sa.Numeric(20, 8)


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    _create_budgets()
    _create_raises()
    op.create_table(
        "budget_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("usd", QUANTITY, nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="budget_holds_pkey"),
    )
    op.create_index("budget_holds_company_id_idx", "budget_holds", ["company_id"])
    op.create_table(
        "notices",
        *_record(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("read_at", MOMENT, nullable=True),
        _link("notices", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name="notices_pkey"),
        sa.UniqueConstraint("user_id", "key", name="notices_user_id_key_key"),
    )
    op.create_index(
        "notices_unread_idx", "notices", ["user_id", "created_at"], postgresql_where=sa.text("read_at IS NULL")
    )


def _create_budgets() -> None:
    op.create_table(
        "budgets",
        *_record(),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("amount", QUANTITY, nullable=False),
        sa.Column("marks", sa.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("scope IN ('person', 'role', 'room', 'company')", name=op.f("budgets_scope_check")),
        sa.CheckConstraint("role IN ('staff', 'analyst', 'moderator', 'admin')", name=op.f("budgets_role_check")),
        sa.CheckConstraint("period IN ('day', 'week', 'month')", name=op.f("budgets_period_check")),
        sa.CheckConstraint("unit IN ('usd', 'tokens')", name=op.f("budgets_unit_check")),
        sa.CheckConstraint("amount > 0", name=op.f("budgets_amount_check")),
        sa.CheckConstraint(
            "(scope = 'person') = (user_id IS NOT NULL) AND (scope = 'room') = (room_id IS NOT NULL)"
            " AND (scope = 'role') = (role IS NOT NULL)",
            name=op.f("budgets_subject_check"),
        ),
        _link("budgets", "company_id", "companies"),
        _link("budgets", "user_id", "users"),
        _link("budgets", "room_id", "conversations"),
        _link("budgets", "created_by", "users", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="budgets_pkey"),
        sa.UniqueConstraint(
            "company_id",
            "user_id",
            "room_id",
            "role",
            "period",
            "unit",
            name="budgets_company_id_user_id_room_id_role_period_unit_key",
            postgresql_nulls_not_distinct=True,
        ),
    )
    place = sa.text("strpos('person room role company', scope::text)")
    op.create_index("budgets_listed_idx", "budgets", ["company_id", place, "id"])
    for column in ("user_id", "room_id"):
        op.create_index(f"budgets_{column}_idx", "budgets", [column], postgresql_where=sa.text(f"{column} IS NOT NULL"))


def _create_raises() -> None:
    op.create_table(
        "budget_raises",
        *_record(),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("amount", QUANTITY, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("budget_raises_amount_check")),
        sa.CheckConstraint("reason <> ''", name=op.f("budget_raises_reason_check")),
        _link("budget_raises", "budget_id", "budgets"),
        _link("budget_raises", "user_id", "users"),
        _link("budget_raises", "granted_by", "users", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="budget_raises_pkey"),
    )
    op.create_index("budget_raises_budget_id_idx", "budget_raises", ["budget_id"])


def _record() -> tuple[sa.Column, ...]:
    return sa.Column("id", sa.Uuid(), nullable=False), sa.Column("created_at", MOMENT, nullable=False)


def _link(table: str, column: str, to: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"{table}_{column}_fkey", ondelete=ondelete)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("notices", "budget_holds", "budget_raises", "budgets"):
        op.drop_table(table)
