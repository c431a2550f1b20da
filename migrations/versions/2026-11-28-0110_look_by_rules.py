"""look by rules: what a company looks for in whatever is sent, and reports that a rule has made"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
REASONS = "'harassment', 'hate', 'sexual', 'dangerous', 'private', 'false', 'spam', 'other'"
# What each company there is begins with, as a new one does.
FIRST_RULES = """
INSERT INTO rules (id, created_at, company_id, name, kind, action, is_on, places, words, pattern, changed_at)
SELECT gen_random_uuid(), now(), c.id, r.name, r.kind, 'mask', r.is_on,
    ARRAY['assistant', 'direct', 'group', 'company'], ARRAY[]::varchar[], '', now()
FROM companies c CROSS JOIN (VALUES
    ('Keys and passwords', 'secrets', true), ('Card numbers', 'cards', true), ('Bank accounts', 'ibans', false)
) AS r (name, kind, is_on)
"""

FEWER_REPORTS = """
UPDATE cases c SET reasons = array_remove(reasons, 'automatic'),
    report_count = (SELECT count(*) FROM reports r WHERE r.case_id = c.id)
WHERE 'automatic' = ANY (reasons)
"""


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("companies", sa.Column("rules_version", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_table(
        "rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("places", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("words", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("pattern", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('secrets', 'cards', 'ibans', 'words', 'pattern')", name=op.f("rules_kind_check")),
        sa.CheckConstraint("action IN ('report', 'mask', 'refuse')", name=op.f("rules_action_check")),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 60", name=op.f("rules_name_check")),
        sa.CheckConstraint("(kind = 'words') = (cardinality(words) > 0)", name=op.f("rules_words_check")),
        sa.CheckConstraint("(kind = 'pattern') = (pattern <> '')", name=op.f("rules_pattern_check")),
        sa.CheckConstraint("cardinality(places) > 0", name=op.f("rules_places_check")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name="rules_company_id_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["changed_by"], ["users.id"], name="rules_changed_by_fkey", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="rules_pkey"),
        sa.UniqueConstraint("company_id", "name", name="rules_company_id_name_key"),
    )
    op.execute(FIRST_RULES)
    op.add_column("reports", sa.Column("rule_id", sa.Uuid(), nullable=True))
    op.add_column("reports", sa.Column("rule", sa.String(), server_default=sa.text("''"), nullable=False))
    op.alter_column("reports", "reporter_id", nullable=True)
    op.create_unique_constraint("reports_case_id_rule_id_key", "reports", ["case_id", "rule_id"])
    op.create_check_constraint(
        op.f("reports_by_check"), "reports", "(reporter_id IS NULL) = (rule_id IS NOT NULL AND rule <> '')"
    )
    _allow_reasons(f"{REASONS}, 'automatic'")


def _allow_reasons(reasons: str) -> None:
    op.drop_constraint(op.f("reports_reason_check"), "reports", type_="check")
    op.create_check_constraint(op.f("reports_reason_check"), "reports", f"reason IN ({reasons})")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DELETE FROM reports WHERE reporter_id IS NULL")
    op.execute("DELETE FROM cases c WHERE NOT EXISTS (SELECT FROM reports r WHERE r.case_id = c.id)")
    op.execute(FEWER_REPORTS)
    _allow_reasons(REASONS)
    op.drop_constraint(op.f("reports_by_check"), "reports", type_="check")
    op.drop_constraint("reports_case_id_rule_id_key", "reports", type_="unique")
    op.alter_column("reports", "reporter_id", nullable=False)
    op.drop_column("reports", "rule")
    op.drop_column("reports", "rule_id")
    op.drop_table("rules")
    op.drop_column("companies", "rules_version")
