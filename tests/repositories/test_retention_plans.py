"""What is too old is found and counted by index, however much there is beside it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.models import ConversationKind
from core.repositories.expiry import Expiry
from core.repositories.retention import Retention
from tests.repositories.test_usage_plans import seen
from tests.support.builders import make_company, make_user

MADE = (
    """INSERT INTO conversations (id, created_at, company_id, owner_id, kind, title, is_titled, last_seq,
        last_message_at, instructions)
    SELECT gen_random_uuid(), now(), :company, :owner, 'group', '', false, 40, now(), ''
    FROM generate_series(1, 1000)""",
    # Of another kind, so that a page of groups is not nearly the whole table.
    """INSERT INTO conversations (id, created_at, company_id, owner_id, kind, title, is_titled, last_seq,
        last_message_at, instructions)
    SELECT gen_random_uuid(), now(), :company, :owner, 'company', '', false, 0, now(), ''
    FROM generate_series(1, 4000)""",
    """INSERT INTO members (conversation_id, user_id, kind, role, joined_at, last_read_seq, muted)
    SELECT id, :owner, 'group', 'owner', now(), 0, false FROM conversations
    WHERE company_id = :company AND kind = 'group'""",
    """INSERT INTO messages (id, created_at, conversation_id, seq, role, message_type, content, status)
    SELECT gen_random_uuid(), now() - n * interval '1 day', c.id, n, 'user', 'text', 'Well.', 'complete'
    FROM conversations c, generate_series(1, 40) n WHERE c.company_id = :company AND c.kind = 'group'""",
    """INSERT INTO answer_runs (id, created_at, conversation_id, message_id, asked_by, status, partial, heartbeat_at)
    SELECT gen_random_uuid(), now(), conversation_id, id, :owner, 'complete', '', now() FROM messages WHERE seq = 2""",
)
LARGE = ("messages", "conversations", "answer_runs", "members")


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if plan["Node Type"] == "Seq Scan" and plan.get("Relation Name") in LARGE:
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans(part)


def test_no_table_is_read_as_a_whole(database: Database) -> None:
    with database.transaction() as session:
        company = make_company(session)
        given = {"company": company.id, "owner": make_user(session, company).id}
        for statement in MADE:
            session.execute(text(statement), given)
        session.execute(text(f"ANALYZE {', '.join(LARGE)}"))
        expiry, before = Expiry(session), clock.now() - timedelta(days=30)
        some_id = session.execute(
            text("SELECT id FROM conversations WHERE company_id = :company AND kind = 'group' LIMIT 1"), given
        )
        with seen(session.connection()) as statements:
            place = expiry.next(company.id, ConversationKind.GROUP, before, None)
            assert place.found and place.last
            counted = expiry.count(company.id, ConversationKind.GROUP, before, None)
            assert (counted.messages, counted.conversations, counted.held) == (500 * 11, 500, 0)
            conversation_id = some_id.scalar_one()
            assert len(expiry.list_old(conversation_id, before, 500)) == 11
            assert expiry.first_question(conversation_id)
            assert Retention(session).get_last(company.id) is None
        assert len(statements) == 5
        for statement, parameters in statements:
            plan = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
            assert not list(scans(plan[0]["Plan"])), f"{statement}\n{plan}"
