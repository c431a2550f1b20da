"""make company names unique: of those that are called the same, the younger get a number behind the name"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Each renaming is kept as a change of nobody's: whoever has the company's settings open is told of it, instead of
# giving it the old name again.
NUMBER_DOUBLES = """
DO $$
DECLARE
    double record;
    number int;
    free text;
BEGIN
    FOR double IN
        SELECT id, name FROM (
            SELECT id, name, row_number() OVER (PARTITION BY lower(name) ORDER BY created_at, id) AS at FROM companies
        ) AS numbered
        WHERE at > 1 ORDER BY lower(name), at
    LOOP
        number := 2;
        LOOP
            free := left(double.name, 120 - length(format(' (%s)', number))) || format(' (%s)', number);
            EXIT WHEN NOT EXISTS (SELECT FROM companies WHERE lower(name) = lower(free));
            number := number + 1;
        END LOOP;
        UPDATE companies SET name = free WHERE id = double.id;
        INSERT INTO company_changes (company_id, part, version, changed_at) VALUES (double.id, 'profile', 1, now())
            ON CONFLICT (company_id, part)
            DO UPDATE SET version = company_changes.version + 1, changed_by = NULL, changed_at = now();
    END LOOP;
END $$
"""


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("LOCK TABLE companies IN SHARE ROW EXCLUSIVE MODE")
    op.execute(NUMBER_DOUBLES)
    op.create_index("companies_lower_name_key", "companies", [sa.literal_column("lower(name)")], unique=True)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("companies_lower_name_key", table_name="companies")
