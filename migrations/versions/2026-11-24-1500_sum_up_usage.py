"""sum up usage: what calls came to over time and for whom, ratings that outlive the answer, rooms in the ledger"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MEASURES = (
    "calls",
    "answers",
    "errors",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "cost",
    "unpriced",
    "estimated",
    "missing",
    "timed_tokens",
    "timed_ms",
)
MEASURED_COLUMNS = (
    "company_id",
    "purpose",
    "model",
    "status",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "usage_source",
    "cost",
    "first_token_ms",
    "duration_ms",
    "error_code",
)


def upgrade() -> None:
    # People are chatting while this runs: give up rather than make them queue behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    _widen_ledger()
    _create_ratings()
    _create_sums()
    op.create_table(
        "usage_rebuilds",
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_day", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("began_at", name="usage_rebuilds_pkey"),
    )
    op.create_index("usage_rebuilds_one_key", "usage_rebuilds", [sa.literal_column("(true)")], unique=True)
    # What was booked before this is summed up by the first process that runs.
    op.execute(
        "INSERT INTO usage_rebuilds (began_at) SELECT now() WHERE EXISTS (SELECT FROM model_calls)"
        " OR EXISTS (SELECT FROM ratings)"
    )


def _widen_ledger() -> None:
    op.drop_constraint("model_calls_user_id_fkey", "model_calls")
    op.add_column("model_calls", sa.Column("room_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE model_calls SET room_id = conversation_id FROM conversations"
        " WHERE conversations.id = conversation_id AND conversations.kind <> 'assistant'"
    )
    op.drop_index("model_calls_user_time_idx", "model_calls")
    for whose, other in (("user", "room_id"), ("room", "user_id")):
        op.create_index(
            f"model_calls_{whose}_time_idx",
            "model_calls",
            [f"{whose}_id", sa.literal_column("created_at DESC")],
            postgresql_include=[other, *MEASURED_COLUMNS],
            postgresql_where=sa.text(f"{whose}_id IS NOT NULL"),
        )
    op.create_index(
        "model_calls_failed_idx",
        "model_calls",
        ["company_id", "created_at"],
        postgresql_where=sa.text("status IN ('failed', 'interrupted')"),
    )


def _create_ratings() -> None:
    op.create_table(
        "ratings",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("score", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("score IN ('up', 'down')", name=op.f("ratings_score_check")),
        _of_company("ratings"),
        sa.PrimaryKeyConstraint("message_id", "user_id", name="ratings_pkey"),
    )
    op.create_index("ratings_company_time_idx", "ratings", ["company_id", "created_at"])
    op.execute(
        "INSERT INTO ratings (message_id, user_id, company_id, room_id, model, score, created_at)"
        " SELECT f.message_id, f.user_id, c.company_id, CASE WHEN c.kind <> 'assistant' THEN c.id END, k.model,"
        " f.score, f.created_at FROM feedback f JOIN messages m ON m.id = f.message_id"
        " JOIN conversations c ON c.id = m.conversation_id CROSS JOIN LATERAL (SELECT model FROM model_calls"
        " WHERE message_id = m.id AND purpose = 'answer' ORDER BY id DESC LIMIT 1) k"
    )


def _create_sums() -> None:
    moment, text, uuid = sa.DateTime(timezone=True), sa.String(), sa.Uuid()
    days: dict[str, Any] = {"span": text, "start": sa.Date()}
    called: dict[str, Any] = {"model": text, "purpose": text}
    _create("usage_slots", {"grain": text, "face": text, "start": moment, **called})
    _create("usage_spans", {"kind": text, **days, "subject": uuid, **called})
    presence: dict[str, Any] = {"grain": text, **called, "start": moment, "block": sa.Integer()}
    _create("usage_presence", presence, sa.Column("people", postgresql.BIT(1024), nullable=False))
    latencies: dict[str, Any] = {"clocked": text, "span": text, **called, "start": sa.Date()}
    _create("usage_latencies", latencies | {"bucket": sa.SmallInteger()}, *_sums("calls"))
    _create("usage_errors", days | {"code": text, **called}, *_sums("calls"))
    _create("usage_ratings", days | {"model": text}, *_sums("up", "down"))
    for table, column, values in (
        ("usage_slots", "grain", "'day', 'hour', 'quarter'"),
        ("usage_presence", "grain", "'day', 'hour', 'quarter'"),
        ("usage_slots", "face", "'total', 'model', 'purpose', 'both'"),
        ("usage_spans", "kind", "'model', 'person', 'person_both', 'room', 'room_both'"),
        ("usage_latencies", "clocked", "'duration', 'first_token'"),
        *((table, "span", "'day', 'week', 'month'") for table in SPANNED),
    ):
        op.create_check_constraint(op.f(f"{table}_{column}_check"), table, f"{column} IN ({values})")
    op.create_table(
        "usage_numbers",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), sa.Identity(always=True, start=0, minvalue=0), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="usage_numbers_pkey"),
    )


SPANNED = ("usage_spans", "usage_latencies", "usage_errors", "usage_ratings")


def _create(table: str, keys: Mapping[str, Any], *sums: sa.Column) -> None:
    op.create_table(
        table,
        *(sums or _sums(*MEASURES)),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, kind, nullable=False) for name, kind in keys.items()),
        _of_company(table),
        sa.PrimaryKeyConstraint("company_id", *keys, name=f"{table}_pkey"),
    )


def _sums(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _of_company(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["company_id"], ["companies.id"], name=f"{table}_company_id_fkey", ondelete="CASCADE"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("usage_rebuilds", "usage_numbers", "usage_presence", "usage_slots", *SPANNED, "ratings"):
        op.drop_table(table)
    op.drop_index("model_calls_failed_idx", "model_calls")
    op.drop_index("model_calls_room_time_idx", "model_calls")
    op.drop_index("model_calls_user_time_idx", "model_calls")
    op.create_index(
        "model_calls_user_time_idx",
        "model_calls",
        ["user_id", sa.literal_column("created_at DESC")],
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.drop_column("model_calls", "room_id")
    op.execute("UPDATE model_calls SET user_id = NULL WHERE user_id NOT IN (SELECT id FROM users)")
    op.create_foreign_key("model_calls_user_id_fkey", "model_calls", "users", ["user_id"], ["id"], ondelete="SET NULL")
