"""The company of search's corpus, with all else that grows with its messages: model calls, and tasks."""

from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.permissions import Actor, Role
from core.services.usage_keeping import UsageKeeper
from tests.bench.search.corpus import BEGAN, YEAR, Corpus, corpus_of
from tests.bench.stand import Stand, run

# One answer in five has a call; the year they were said in becomes two months, for sums are made day by day.
CALLS = """
    INSERT INTO model_calls (id, created_at, company_id, user_id, conversation_id, message_id, purpose, provider, model,
        input_tokens, output_tokens, usage_source, cost, price_source, first_token_ms, duration_ms, status)
    SELECT uuidv7(m.created_at - CAST(:end AS timestamptz)), CAST(:now AS timestamptz) - (:end - m.created_at) / 6,
        c.company_id, c.owner_id, c.id, m.id, 'answer', 'api.example.com', 'model-' || m.seq % 6,
        400 + hashtext(m.id::text) % 300, 200 + hashtext(m.id::text) % 150, 'exact', 0.002, 'genai-prices',
        300 + hashtext(m.id::text) % 200, 3000 + hashtext(m.id::text) % 2000, 'complete'
    FROM messages m JOIN conversations c ON c.id = m.conversation_id
    WHERE m.role = 'assistant' AND hashtext(m.id::text) % 5 = 0"""
# One question in ten became a task; one in two hundred of those is still to be done.
TASKS = """
    INSERT INTO tasks (id, created_at, company_id, owner_id, assignee_id, title, description, status, due_on,
        completed_at, source, version)
    SELECT gen_random_uuid(), m.created_at, c.company_id, m.sender_id, m.sender_id, left(m.content, 60), '',
        CASE WHEN is_open THEN 'open' ELSE 'done' END, CAST(:today AS date) + (hashtext(m.id::text) % 30),
        CASE WHEN NOT is_open THEN m.created_at END, 'person', 0
    FROM messages m JOIN conversations c ON c.id = m.conversation_id
        CROSS JOIN LATERAL (SELECT hashtext(m.id::text) % 200 = 0 AS is_open) o
    WHERE m.sender_id IS NOT NULL AND hashtext(m.id::text) % 10 = 0"""


def company_of(stand: Stand, messages: int) -> Corpus:
    corpus = corpus_of(stand, messages)
    now = clock.now()
    with corpus.database.transaction() as session:
        for setting in ("session_replication_role = replica", "synchronous_commit = off", "statement_timeout = 0"):
            session.execute(text(f"SET LOCAL {setting}"))
        session.execute(text(CALLS), {"now": now, "end": BEGAN + YEAR})
        session.execute(text(TASKS), {"today": now.date()})
    _sum_up(stand, corpus.database)
    run(corpus.database.engine.url, "SET statement_timeout = 0", "VACUUM ANALYZE")
    return corpus


def _sum_up(stand: Stand, database: Database) -> None:
    keeper = UsageKeeper(database)
    keeper.begin()
    for _ in stand.progress.track(keeper.work(), total=keeper.days_left(), description="Summed up by day"):
        pass


def analyst(corpus: Corpus) -> Actor:
    heavy = corpus.heavy
    return Actor(heavy.user_id, heavy.company_id, "", "Analyst", frozenset({Role.ANALYST}))
