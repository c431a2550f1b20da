"""Whose session a token opens is found along the indexes, among many thousand sessions: every request asks."""

from typing import Any

from sqlalchemy import event, text

from core import clock
from core.database.engine import Database
from core.repositories.auth_sessions import AuthSessions
from tests.repositories.test_case_plans import nodes
from tests.repositories.test_people_plans import PEOPLE
from tests.support.builders import make_company

SESSIONS = """
    INSERT INTO auth_sessions (id, created_at, user_id, token_hash, replaced_hash, replaced_until, expires_at,
        last_used_at, user_agent)
    SELECT md5(id::text || n)::uuid, now(), id, sha256((id::text || n)::bytea),
        CASE WHEN n = 1 THEN sha256(('before' || id::text)::bytea) END, CASE WHEN n = 1 THEN now() END,
        now() + interval '1 day', now(), ''
    FROM users, generate_series(1, 5) n"""


def test_a_token_is_found_by_its_index_and_by_that_of_the_one_before(database: Database) -> None:
    asked: list[tuple[str, Any]] = []
    event.listen(database.bind, "before_cursor_execute", lambda *args: asked.append((args[2], args[3])))
    with database.transaction() as session:
        session.execute(text(PEOPLE), {"company": make_company(session).id, "count": 5_000})
        session.execute(text(SESSIONS))
        session.execute(text("ANALYZE users, auth_sessions"))
        asked.clear()
        assert AuthSessions(session).get_by_token_hash(b"nobody's", clock.now()) is None
        [(statement, given)] = asked
        [[[plan]]] = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given)
    used = list(nodes(plan["Plan"]))
    assert {"auth_sessions_token_hash_key", "auth_sessions_replaced_hash_key"} <= {
        one.get("Index Name") for one in used
    }
    assert "Seq Scan" not in {one["Node Type"] for one in used}
