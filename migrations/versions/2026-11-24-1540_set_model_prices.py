"""set model prices: what a company's admins say that a model costs, from when on"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT, AMOUNT = sa.DateTime(timezone=True), sa.Numeric(14, 6)


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "model_prices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("input_price", AMOUNT, nullable=True),
        sa.Column("cached_price", AMOUNT, nullable=True),
        sa.Column("output_price", AMOUNT, nullable=True),
        sa.Column("effective_from", MOMENT, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.CheckConstraint("char_length(model) BETWEEN 1 AND 200", name=op.f("model_prices_model_check")),
        sa.CheckConstraint(
            "input_price >= 0 AND cached_price >= 0 AND output_price >= 0", name=op.f("model_prices_amounts_check")
        ),
        sa.CheckConstraint(
            "(input_price IS NULL) = (output_price IS NULL) AND (cached_price IS NULL OR input_price IS NOT NULL)",
            name=op.f("model_prices_whole_check"),
        ),
        sa.CheckConstraint("removed_at < effective_from", name=op.f("model_prices_removed_at_check")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name="model_prices_company_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="model_prices_created_by_fkey", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="model_prices_pkey"),
    )
    op.create_index(
        "model_prices_in_force_idx",
        "model_prices",
        ["company_id", "model", sa.literal_column("effective_from DESC"), sa.literal_column("id DESC")],
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("model_prices")
