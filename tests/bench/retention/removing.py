"""Removing what is too old, beside a bare DELETE of as many messages, and saying beforehand what would go."""

from collections.abc import Iterator
from datetime import timedelta
from time import perf_counter
from uuid import UUID

from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.models import ConversationKind
from core.permissions import Actor, Role
from core.services.retention import PATIENCE, RetentionService
from core.services.retention_keeping import RetentionKeeper
from tests.bench.stand import Stand, run
from tests.bench.table import Row, at_least, ms, per_second
from tests.support.builders import make_actor, make_company, make_user

IN_EACH = 100
"""Messages of a chat, half of them old."""
ROWS = ["1 messages: saying that 1 would go", "1 messages: removing 1, 50 of each chat"]
CHATS = """
    WITH made AS (INSERT INTO conversations (id, created_at, company_id, owner_id, kind, title, is_titled, last_seq,
        said, last_message_at, instructions) SELECT uuidv7(), now(), :company, :owner, 'assistant', 'Chat ' || n, false,
        :each, :each, now(), '' FROM generate_series(1, :count) n RETURNING id)
    INSERT INTO members (conversation_id, user_id, role, joined_at, last_read_seq, muted)
    SELECT id, :owner, 'owner', now(), 0, false FROM made"""
SAID = """
    INSERT INTO messages (id, created_at, conversation_id, seq, sender_id, role, message_type, content, status)
    SELECT uuidv7(), now() - (:each - n) * interval '1 day', c.id, n, CASE WHEN n % 2 = 1 THEN c.owner_id END,
        CASE WHEN n % 2 = 1 THEN 'user' ELSE 'assistant' END, 'text', repeat('So it is said. ', 20), 'complete'
    FROM conversations c, generate_series(1, :each) n WHERE c.company_id = :company"""
BESIDE = (
    """INSERT INTO message_words (message_id, company_id, conversation_id, scope_id, is_room, said_at, words)
    SELECT m.id, :company, m.conversation_id, :owner, false, m.created_at, to_tsvector('simple', m.content)
    FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE c.company_id = :company""",
    """INSERT INTO answer_runs (id, created_at, conversation_id, message_id, asked_by, status, partial, heartbeat_at)
    SELECT uuidv7(), m.created_at, m.conversation_id, m.id, :owner, 'complete', '', m.created_at
    FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE c.company_id = :company AND m.seq % 2 = 0""",
    """INSERT INTO model_calls (id, created_at, company_id, user_id, conversation_id, message_id, purpose, provider,
        model, usage_source, duration_ms, status)
    SELECT uuidv7(), m.created_at, :company, :owner, m.conversation_id, m.id, 'answer', 'x', 'm', 'exact', 900,
        'complete'
    FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE c.company_id = :company AND m.seq % 2 = 0""",
)
BARE = "DELETE FROM messages WHERE id IN (SELECT m.id FROM messages m JOIN conversations c ON c.id = m.conversation_id"
OLD = " WHERE c.company_id = :company AND m.created_at < :before)"


def measure(stand: Stand) -> list[Row]:
    size = stand.pick(200_000, 10_000)
    with stand.database() as database:
        return list(_measured(stand, database, size))


def _measured(stand: Stand, database: Database, size: int) -> Iterator[Row]:
    boss, where = _company(database, size), f"{size:,} messages"
    beside = _company(database, min(size, 50_000))
    run(database.engine.url, "VACUUM ANALYZE")
    service = RetentionService(database)
    began = perf_counter()
    dry = service.count_old(boss.company_id)
    took = perf_counter() - began
    yield Row(f"{where}: saying that {dry.messages:,} would go", ms(took), goal=f"≤ {PATIENCE:g} s")

    before = clock.now() - timedelta(days=IN_EACH // 2)
    began = perf_counter()
    with database.transaction() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        bare = session.execute(text(BARE + OLD), {"company": beside.company_id, "before": before}).rowcount  # type: ignore[attr-defined]
    floor = bare / (perf_counter() - began)

    keeper = RetentionKeeper(database, _ignore, _ignore)
    keeper.begin(boss.company_id)
    task = stand.progress.add_task("Removing", total=dry.messages)
    began, removed = perf_counter(), 0
    for step in keeper.work(boss.company_id):
        removed += step.messages
        stand.progress.advance(task, step.messages)
    rate = removed / (perf_counter() - began)
    assert removed == dry.messages
    beneath = f"one DELETE: {per_second(floor, 'messages')}"
    yield at_least(f"{where}: removing {removed:,}, {IN_EACH // 2} of each chat", per_second(rate, "messages"), beneath,
                   rate / floor)  # fmt: skip


def _company(database: Database, size: int) -> Actor:
    """With so many messages in chats with the assistant, half of them older than its rule says."""
    with database.transaction() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        company = make_company(session)
        owner, boss = make_user(session, company), make_user(session, company, (Role.ADMIN,))
        given = {"company": company.id, "owner": owner.id, "each": IN_EACH, "count": size // IN_EACH}
        for statement in (CHATS, SAID, *BESIDE):
            session.execute(text(statement), given)
        actor = make_actor(boss, (Role.ADMIN,))
    days = str(IN_EACH // 2)
    RetentionService(database).set_rule(actor, ConversationKind.ASSISTANT, days, confirmation=days)
    return actor


def _ignore(_: UUID) -> None:
    """Nobody has a page open."""
