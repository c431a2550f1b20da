"""clear comments of the gone: what people wrote in a report goes with the message that it was about"""

from collections.abc import Sequence

from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A comment may repeat the text that went. Who reported it and why is left.
CLOSE_FUNCTION = """
CREATE OR REPLACE FUNCTION close_gone_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.text_hash := ''::bytea;
    {clear}
    IF NEW.status <> 'closed' THEN
        NEW.status := 'closed';
        NEW.decision := 'gone';
        NEW.decided_at := clock_timestamp();
        NEW.version := NEW.version + 1;
    END IF;
    RETURN NEW;
END $$
"""
CLEAR = "UPDATE reports SET comment = '' WHERE case_id = NEW.id AND comment <> '';"
CLEAR_OLD = """
    UPDATE reports r SET comment = '' FROM cases c
    WHERE c.id = r.case_id AND c.message_id IS NULL AND r.comment <> ''
"""


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(CLOSE_FUNCTION.format(clear=CLEAR))
    op.execute(CLEAR_OLD)


def downgrade() -> None:
    """What was cleared stays so."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(CLOSE_FUNCTION.format(clear=""))
