"""renew tokens: when somebody's rights changed, and which token a session had before the one it has"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("users", sa.Column("rights_changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("auth_sessions", sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("auth_sessions", sa.Column("replaced_hash", sa.LargeBinary(), nullable=True))
    op.add_column("auth_sessions", sa.Column("replaced_until", sa.DateTime(timezone=True), nullable=True))
    op.create_unique_constraint("auth_sessions_replaced_hash_key", "auth_sessions", ["replaced_hash"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("auth_sessions", "replaced_until")
    op.drop_column("auth_sessions", "replaced_hash")
    op.drop_column("auth_sessions", "renewed_at")
    op.drop_column("users", "rights_changed_at")
