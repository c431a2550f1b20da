"""report messages: cases of reported messages, people's reports, and what moderators did to a message"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
WAITS, CLOSED = "status <> 'closed'", "status = 'closed'"
INDEXES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("waiting", ("status", "waiting_since", "id"), WAITS),
    ("waiting_kind", ("kind", "status", "waiting_since", "id"), WAITS),
    ("claimed", ("claimed_by", "waiting_since", "id"), "status = 'claimed'"),
    ("closed", ("decided_at DESC", "id DESC"), CLOSED),
    ("closed_kind", ("kind", "decided_at DESC", "id DESC"), CLOSED),
    ("decided", ("decided_by", "decided_at DESC", "id DESC"), CLOSED),
    ("author", ("author_id", "first_reported_at DESC", "id DESC"), "author_id IS NOT NULL"),
    ("text", ("text_hash", "id"), WAITS),
)
# Whatever removes a message for good, a case that still waits for it is closed, and nothing of its text is left.
CLOSE_FUNCTION = """
CREATE FUNCTION close_gone_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.text_hash := ''::bytea;
    IF NEW.status <> 'closed' THEN
        NEW.status := 'closed';
        NEW.decision := 'gone';
        NEW.decided_at := clock_timestamp();
        NEW.version := NEW.version + 1;
    END IF;
    RETURN NEW;
END $$
"""
CLOSE_TRIGGER = """
CREATE TRIGGER cases_close_gone BEFORE UPDATE OF message_id ON cases FOR EACH ROW
WHEN (OLD.message_id IS NOT NULL AND NEW.message_id IS NULL) EXECUTE FUNCTION close_gone_case()
"""


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("messages", sa.Column("edit_reason", sa.String(), nullable=True))
    op.add_column("messages", sa.Column("delete_reason", sa.String(), nullable=True))
    op.add_column(
        "message_revisions", sa.Column("by_moderator", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    _create_cases()
    op.create_table(
        "reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reporter_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.CheckConstraint("char_length(comment) <= 1000", name=op.f("reports_comment_check")),
        sa.CheckConstraint(
            "reason IN ('harassment', 'hate', 'sexual', 'dangerous', 'private', 'false', 'spam', 'other')",
            name=op.f("reports_reason_check"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="reports_case_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="reports_pkey"),
        sa.UniqueConstraint("case_id", "reporter_id", name="reports_case_id_reporter_id_key"),
    )


def _create_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", MOMENT, nullable=True),
        sa.Column("first_reported_at", MOMENT, nullable=False),
        sa.Column("waiting_since", MOMENT, nullable=False),
        sa.Column("report_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reasons", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(), nullable=False),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("reason", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("kind IN ('assistant', 'direct', 'group', 'company')", name=op.f("cases_kind_check")),
        sa.CheckConstraint("role IN ('user', 'assistant', 'system')", name=op.f("cases_role_check")),
        sa.CheckConstraint("status IN ('open', 'claimed', 'closed')", name=op.f("cases_status_check")),
        sa.CheckConstraint("decision IN ('dismissed', 'edited', 'deleted', 'gone')", name=op.f("cases_decision_check")),
        sa.CheckConstraint(
            "(status = 'claimed') <= (claimed_by IS NOT NULL AND claimed_at IS NOT NULL)",
            name=op.f("cases_claim_check"),
        ),
        sa.CheckConstraint(
            "(status = 'closed') = (decision IS NOT NULL AND decided_at IS NOT NULL)", name=op.f("cases_closed_check")
        ),
        sa.CheckConstraint("char_length(reason) <= 500", name=op.f("cases_reason_check")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name="cases_company_id_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="cases_message_id_fkey", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="cases_pkey"),
        sa.UniqueConstraint("message_id", name="cases_message_id_key"),
    )
    for name, columns, where in INDEXES:
        op.create_index(
            f"cases_{name}_idx",
            "cases",
            ["company_id", *map(sa.text, columns)],
            postgresql_where=sa.text(where),
        )
    op.execute(CLOSE_FUNCTION)
    op.execute(CLOSE_TRIGGER)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("reports")
    op.drop_table("cases")
    op.execute("DROP FUNCTION close_gone_case()")
    op.drop_column("message_revisions", "by_moderator")
    op.drop_column("messages", "delete_reason")
    op.drop_column("messages", "edit_reason")
