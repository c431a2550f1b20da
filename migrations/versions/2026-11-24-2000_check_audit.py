"""check audit: an index for each filter of the trail, and what its verifications found"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NEWEST: list[Any] = [sa.literal_column("created_at DESC"), sa.literal_column("sequence DESC")]
INDEXES: tuple[tuple[str, tuple[str, ...], str | None], ...] = (
    ("time", (), None),
    ("actor", ("actor_id",), "actor_id IS NOT NULL"),
    ("nobody", (), "actor_id IS NULL"),
    ("action", ("action",), None),
    ("target", ("target_id",), "target_id IS NOT NULL"),
    ("refused", (), "outcome = 'refused'"),
    ("reasoned", (), "reason <> ''"),
)

REFUSE_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
REFUSE_TRIGGER = """
CREATE TRIGGER audit_checks_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checks
FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
"""
BEFORE_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "audit_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.CheckConstraint(
            "problem IN ('missing', 'changed', 'mislinked', 'shorter', 'longer', 'head', 'rewritten')",
            name=op.f("audit_checks_problem_check"),
        ),
        sa.PrimaryKeyConstraint("id", name="audit_checks_pkey"),
    )
    op.create_index(
        "audit_checks_company_id_idx",
        "audit_checks",
        ["company_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.execute(REFUSE_FUNCTION)
    op.execute(REFUSE_TRIGGER)
    for name, columns, where in INDEXES:
        op.create_index(
            f"audit_events_{name}_idx",
            "audit_events",
            ["company_id", *columns, *NEWEST],
            postgresql_where=sa.text(where) if where else None,
        )
    op.drop_index("audit_events_company_time_idx", "audit_events")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(
        "audit_events_company_time_idx",
        "audit_events",
        ["company_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    for name, _, _ in INDEXES:
        op.drop_index(f"audit_events_{name}_idx", "audit_events")
    op.drop_table("audit_checks")
    op.execute(BEFORE_FUNCTION)
