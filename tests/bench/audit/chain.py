"""A company's chain of a few million events, whole to the last hash, made inside PostgreSQL."""

from uuid import UUID

from sqlalchemy import text

from core.database.engine import Database
from core.permissions import Actor, Role
from tests.bench.stand import plain, run
from tests.support.builders import make_actor, make_company, make_user

PEOPLE = 200
# Of a thousand events, so many of each; the rest are sign-ins. What happens once in a long while is below.
SHARES = {
    "session:sign_out": 150,
    "conversation:update": 120,
    "conversation:archive": 50,
    "conversation:delete": 30,
    "conversation:export": 10,
    "room:create": 20,
    "room:add_members": 60,
    "room:join": 50,
    "room:leave": 20,
    "message:edit": 120,
    "message:delete": 30,
    "usage:export": 5,
}
RARE = {"user:roles": 20_000, "user:create": 25_000, "budget:raise": 40_000, "price:set": 300_000}
"""One in so many."""
CHAIN = """
DO $chain$
DECLARE
    people uuid[] := (SELECT array_agg(id ORDER BY id) FROM users WHERE company_id = '{company}');
    event record; previous bytea := '\\x{first}'; own bytea; moment text;
BEGIN
    FOR event IN
        SELECT n, gen_random_uuid() AS id, date_trunc('milliseconds', now() - interval '2 years'
                + n * interval '2 years' / {count}) + interval '1 microsecond' AS at, action,
            CASE WHEN action LIKE 'session:%' AND NOT refused OR action NOT LIKE 'session:%' THEN actor END AS actor,
            CASE split_part(action, ':', 1) WHEN 'session' THEN 'user' WHEN 'room' THEN 'conversation'
                ELSE split_part(action, ':', 1) END AS target_type,
            CASE WHEN action LIKE 'session:%' THEN actor
                WHEN action IN ('usage:export', 'conversation:export') THEN NULL
                ELSE md5('target' || (hashint4(n) & 65535))::uuid END AS target,
            CASE WHEN action = 'message:edit' THEN format('{{"length": %s}}', n % 700 + 1)::jsonb END AS after,
            CASE WHEN action = 'budget:raise' OR n % 700 = 3 THEN 'asked for by the office, ticket ' || n
                ELSE '' END AS reason,
            CASE WHEN refused THEN 'refused' ELSE 'done' END AS outcome
        FROM (
            SELECT n, people[1 + floor(power((hashint4(n + 7) & 2147483647) / 2147483648.0, 3) * {people})] AS actor,
                (hashint4(n + 13) & 2147483647) % 250 = 0 AND {action} = 'session:sign_in' AS refused,
                {action} AS action
            FROM generate_series(1, {count}) AS n
        ) AS drawn ORDER BY n
    LOOP
        moment := to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00');
        own := sha256(previous || convert_to(format(
            '{{"action":"%s","actor_id":%s,"after":%s,"before":null,"company_id":"{company}","created_at":"%s",'
            '"id":"%s","outcome":"%s","reason":"%s","sequence":%s,"target_id":%s,"target_type":"%s"}}',
            event.action, coalesce('"' || event.actor || '"', 'null'),
            coalesce(replace(event.after::text, ' ', ''), 'null'), moment, event.id, event.outcome, event.reason,
            event.n, coalesce('"' || event.target || '"', 'null'), event.target_type), 'UTF8'));
        INSERT INTO audit_events (id, created_at, company_id, sequence, actor_id, action, target_type, target_id,
            after, reason, outcome, previous_hash, hash)
        VALUES (event.id, event.at, '{company}', event.n, event.actor, event.action, event.target_type, event.target,
            event.after, event.reason, event.outcome, previous, own);
        previous := own;
    END LOOP;
    INSERT INTO audit_heads (company_id, sequence, hash) VALUES ('{company}', {count}, previous);
END $chain$
"""
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'audit_events' AND indexname LIKE '%_idx'"


def make_chain(database: Database, count: int) -> Actor:
    """An admin of a company with so many events; none is made where the database has one."""
    with database.transaction() as session:
        if (
            there := session.execute(text("SELECT company_id FROM audit_heads ORDER BY sequence DESC LIMIT 1"))
            .scalars()
            .first()
        ):
            admin = session.execute(text("SELECT min(id::text) FROM users WHERE company_id = :id"), {"id": there})
            key = UUID(admin.scalar_one())
            return Actor(key, there, "", "", frozenset({Role.ADMIN, Role.STAFF}))
        company = make_company(session)
        people = [make_user(session, company, (Role.ADMIN, Role.STAFF)) for _ in range(PEOPLE)]
    first = min(people, key=lambda person: str(person.id))
    statement = CHAIN.format(company=company.id, count=count, people=PEOPLE, first="00" * 32, action=_action("n"))
    with plain(database.engine.url) as connection:
        made = connection.execute(INDEXES).fetchall()
        for name, _ in made:
            connection.execute(f"DROP INDEX {name}")
        connection.execute(statement)
        for _, definition in made:
            connection.execute(definition)
    run(database.engine.url, "VACUUM ANALYZE audit_events")
    return make_actor(first, (Role.ADMIN, Role.STAFF))


def _action(number: str) -> str:
    """Which action the event of that number is, in SQL."""
    rare = " ".join(
        f"WHEN {number} % {each} = {place} THEN '{name}'" for place, (name, each) in enumerate(RARE.items(), 5)
    )
    common, reached = [], 0
    for name, share in SHARES.items():
        reached += share
        common.append(f"WHEN (hashint4({number} + 31) & 2147483647) % 1000 < {reached} THEN '{name}'")
    return f"(CASE {rare} {' '.join(common)} ELSE 'session:sign_in' END)"
