"""The moderators' list of all messages, over the corpus that search is measured with: a fifth of it in company rooms,
one message in fifty with a case, one in forty taken back by its author.
"""

from collections.abc import Iterator
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import text

from core.database.engine import Database
from core.services.moderation_message_query import MessagesQuery, State
from core.services.moderation_messages import ModerationMessages
from tests.bench.measure import timed
from tests.bench.search.corpus import Corpus, corpus_of, sizes
from tests.bench.stand import Stand, run
from tests.bench.table import Row, spread, within

ZONE = ZoneInfo("Europe/Berlin")
GOAL = 0.1
"""Seconds, for the slowest of a page's twentieth."""
STATES = [state for state in State if state is not State.ANY]
NARROWED = ["everything", "a word", "a word, deleted by a moderator", "a phrase", "one author"]
ROWS = [f"1 messages, page: {name}" for name in (*NARROWED, *(f"state {state}" for state in STATES))]
CASES = """
    INSERT INTO cases (id, created_at, company_id, message_id, subject_id, conversation_id, kind, role, author_id,
        status, version, said_at, first_reported_at, waiting_since, report_count, reasons, text_hash, decision,
        decided_by, decided_at, reason)
    SELECT m.id, m.created_at, c.company_id, m.id, m.id, c.id, c.kind, m.role, m.sender_id,
        CASE WHEN m.seq % 3 = 0 THEN 'open' ELSE 'closed' END, 1, m.created_at, m.created_at, m.created_at, 1,
        ARRAY['spam'], '', CASE m.seq % 3 WHEN 1 THEN 'dismissed' WHEN 2 THEN 'deleted' END,
        CASE WHEN m.seq % 3 <> 0 THEN CAST(:moderator AS uuid) END, CASE WHEN m.seq % 3 <> 0 THEN m.created_at END, ''
    FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE hashtext(m.id::text) % 50 = 0"""
AFTERWARDS = (
    "UPDATE messages m SET deleted_at = m.created_at, delete_reason = 'Spam' FROM cases k"
    " WHERE k.message_id = m.id AND k.decision = 'deleted'",
    "UPDATE messages m SET deleted_at = m.created_at WHERE hashtext(m.id::text) % 40 = 7 AND m.deleted_at IS NULL",
    "DELETE FROM message_words w USING messages m WHERE m.id = w.message_id AND m.deleted_at IS NOT NULL",
)


def measure(stand: Stand) -> Iterator[Row]:
    size = sizes(stand)[-1]
    corpus = corpus_of(stand, size)
    _moderated(corpus.database, corpus)
    service = ModerationMessages(corpus.database)
    for name, queries in _queries(corpus).items():
        times: list[float] = []
        for _ in stand.rounds(3, 1, f"Messages: {name}"):
            for query in queries:
                look = partial(service.list_page, corpus.moderator, query, ZONE)
                times.append(timed(look))
                if following := look().following:  # the next pages cost the same
                    onward = query.looking(after=following)
                    times.append(timed(partial(service.list_page, corpus.moderator, onward, ZONE)))
        yield Row(f"{size:,} messages, page: {name}", spread(times), goal=within(GOAL))


def _moderated(database: Database, corpus: Corpus) -> None:
    with database.transaction() as session:
        session.execute(text(CASES), {"moderator": corpus.moderator.user_id})
        for statement in AFTERWARDS:
            session.execute(text(statement))
    run(database.engine.url, "VACUUM ANALYZE cases, messages, message_words")


def _queries(corpus: Corpus) -> dict[str, list[MessagesQuery]]:
    words = corpus.sixty[::3]
    return {
        "everything": [MessagesQuery()],
        "a word": [MessagesQuery(text=word) for word in words],
        "a word, deleted by a moderator": [MessagesQuery(text=word, state=State.DELETED) for word in words],
        "a phrase": [MessagesQuery(text=f'"{phrase}"') for phrase in corpus.phrases[:20]],
        "one author": [MessagesQuery(author_id=corpus.light.user_id)],
        **{f"state {state}": [MessagesQuery(state=state)] for state in STATES},
    }
