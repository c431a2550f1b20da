import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlmodel import SQLModel

from core.clock import now
from core.config import ROOT, Settings
from core.database.engine import connect
from core.database.migrate import alembic_config, current_revision, head_revision, migrate
from core.ids import new_id
from core.models import Conversation, ModelPrice
from core.permissions import Actor, Role
from core.repositories.model_prices import ModelPrices
from core.services.indexing import SearchIndexer
from core.services.search import SearchService
from tests.conftest import cloned

CATALOGUE = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default, character_maximum_length,
               numeric_precision, numeric_scale
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'alembic%'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'alembic%'""",
    "indexes": """
        SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'alembic%'""",
}


def catalogue(connection: Connection) -> dict[str, set[tuple[object, ...]]]:
    return {name: {tuple(row) for row in connection.execute(text(sql))} for name, sql in CATALOGUE.items()}


def test_one_head() -> None:
    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1


def test_models_equal_migrations(server_url: URL, template: str) -> None:
    """Checks, indexes and defaults included, which `alembic check` alone would miss."""
    with cloned(server_url, template) as migrated_url, cloned(server_url, "template0") as declared_url:
        migrated, declared = create_engine(migrated_url), create_engine(declared_url)
        SQLModel.metadata.create_all(declared)
        with migrated.connect() as left, declared.connect() as right:
            assert catalogue(left) == catalogue(right)
            command.check(alembic_config(left))
        migrated.dispose()
        declared.dispose()


def test_several_that_start_at_once_on_an_empty_database_all_find_it_migrated(server_url: URL) -> None:
    """Who waits for their turn must not be waited for in turn by an index that is built beside writers."""
    with cloned(server_url, "template0") as url:
        engines = [create_engine(url) for _ in range(3)]
        with ThreadPoolExecutor(len(engines)) as starting:
            assert list(starting.map(migrate, engines)) == [None] * len(engines)
        with engines[0].connect() as connection:
            assert current_revision(connection) == head_revision()
        for engine in engines:
            engine.dispose()


def test_up_down_up_leaves_the_same_schema(fresh_url: URL) -> None:
    engine = create_engine(fresh_url)
    with engine.connect() as connection:
        before = catalogue(connection)
        command.downgrade(alembic_config(connection), "base")
        connection.commit()
        assert not any(catalogue(connection).values())
    migrate(engine)
    with engine.connect() as connection:
        assert catalogue(connection) == before
    engine.dispose()


BEFORE_SEARCH = """
    INSERT INTO companies (id, created_at, name, instructions) VALUES (:company, now(), 'Bakery', '');
    INSERT INTO users (id, created_at, company_id, email, display_name, is_active)
        VALUES (:user, now(), :company, 'ada@example.com', 'Ada', true);
    INSERT INTO user_roles (user_id, role) VALUES (:user, 'staff');
    INSERT INTO conversations (id, created_at, company_id, owner_id, kind, title, is_titled, last_seq, last_message_at,
        instructions) VALUES (:conversation, now(), :company, :user, 'assistant', 'Flour prices', true, 1, now(), '');
    INSERT INTO members (conversation_id, user_id, role, joined_at, last_read_seq, muted)
        VALUES (:conversation, :user, 'owner', now(), 0, false);
    INSERT INTO messages (id, created_at, conversation_id, seq, sender_id, role, message_type, content, status)
        VALUES (:message, now(), :conversation, 1, :user, 'user', 'text', 'What does rye cost?', 'complete');
    INSERT INTO model_calls (id, created_at, company_id, user_id, conversation_id, purpose, provider, model,
        input_tokens, output_tokens, usage_source, cost, duration_ms, status)
        SELECT gen_random_uuid(), now(), :company, :user, :conversation, 'answer', 'openai', 'one', 100, 20, 'exact',
            cost, 900, 'complete' FROM (VALUES (0.25), (0.5), (NULL)) AS calls (cost)
"""


def test_what_was_there_before_search_is_counted_and_found(fresh_url: URL, settings: Settings) -> None:
    names = ("company", "user", "conversation", "message")
    keys = {name: new_id() for name in names}
    engine = create_engine(fresh_url)
    with engine.connect() as connection:
        command.downgrade(alembic_config(connection), "0003")
        for statement in BEFORE_SEARCH.split(";"):
            connection.execute(text(statement), {name: keys[name] for name in names if f":{name}" in statement})
        connection.commit()
    migrate(engine)
    engine.dispose()
    database = connect(settings, fresh_url)
    with database.reading() as session:
        conversation = session.get_one(Conversation, keys["conversation"])
        assert (conversation.tokens, conversation.spent) == (360, Decimal("0.75"))
    indexer = SearchIndexer(database)
    assert indexer.count() == 1
    assert list(indexer.work()) == [1]
    ada = Actor(keys["user"], keys["company"], "ada@example.com", "Ada", frozenset({Role.STAFF}))
    found = SearchService(database).search(ada, "rye")
    assert [hit.message_id for hit in found.hits] == [keys["message"]]
    assert SearchService(database).search(ada, "flour").titles
    database.dispose()


BEFORE_USAGE = """
    INSERT INTO messages (id, created_at, conversation_id, seq, role, message_type, content, status)
        SELECT id, now(), :conversation, seq, 'assistant', 'text', 'So.', 'complete'
        FROM (VALUES (CAST(:answer AS uuid), 2), (CAST(:imported AS uuid), 3)) AS answers (id, seq);
    INSERT INTO model_calls (id, created_at, company_id, user_id, conversation_id, message_id, purpose, provider, model,
        usage_source, cost, price_source, duration_ms, status)
        VALUES (:call, now(), :company, :user, :conversation, :answer, 'answer', 'openai', 'one', 'exact', 0.25,
            'genai-prices', 900, 'complete');
    INSERT INTO feedback (id, created_at, message_id, user_id, score, comment)
        SELECT gen_random_uuid(), now(), id, :user, 'down', ''
        FROM (VALUES (CAST(:answer AS uuid)), (CAST(:imported AS uuid))) AS answers (id)
"""


def test_what_was_booked_and_rated_before_prices_is_left_as_it_was(fresh_url: URL, settings: Settings) -> None:
    """And an own price can be set from then on; going back, it goes."""
    names = ("company", "user", "conversation", "message", "answer", "imported", "call")
    keys = {name: new_id() for name in names}
    engine = create_engine(fresh_url)
    with engine.connect() as connection:
        command.downgrade(alembic_config(connection), "0004")
        for statement in f"{BEFORE_SEARCH};{BEFORE_USAGE}".split(";"):
            connection.execute(text(statement), {name: keys[name] for name in names if f":{name}" in statement})
        before = connection.execute(text("SELECT id, cost, price_source FROM model_calls ORDER BY id")).all()
        connection.commit()
    migrate(engine)
    database = connect(settings, fresh_url)
    with database.transaction() as session:
        assert session.execute(text("SELECT id, cost, price_source FROM model_calls ORDER BY id")).all() == before
        ratings = session.execute(text("SELECT message_id, user_id, model, score FROM ratings")).all()
        assert [tuple(row) for row in ratings] == [(keys["answer"], keys["user"], "one", "down")]
        ModelPrices(session).add(ModelPrice(company_id=keys["company"], model="one", effective_from=now()))
    database.dispose()
    with engine.connect() as connection:
        command.downgrade(alembic_config(connection), "0006")
        connection.commit()
    migrate(engine)
    engine.dispose()


DOUBLES = ("Engines", "engines", "ENGINES", "Engines (2)", "Bridges", "x" * 120, "X" * 120)
DISTINCT = ("Engines", "engines (3)", "ENGINES (4)", "Engines (2)", "Bridges", "x" * 120, "X" * 116 + " (2)")


def test_companies_of_one_name_are_told_apart_and_it_is_noted(fresh_url: URL) -> None:
    """The oldest keeps it; whoever has a renamed one's settings open is told that they were changed. Operators find
    them with what docs/operations.md has for it.
    """
    guide = (ROOT / "docs/operations.md").read_text()
    [which_it_was, which_it_will_be] = re.findall(r"^    (SELECT .*?;)", guide, re.DOTALL | re.MULTILINE)
    engine = create_engine(fresh_url)
    with engine.connect() as connection:
        command.downgrade(alembic_config(connection), "0022")
        for number, name in enumerate(DOUBLES):
            row = {"id": new_id(), "name": name, "number": number}
            made = """
                INSERT INTO companies (id, created_at, name, instructions)
                VALUES (:id, now() + :number * interval '1 s', :name, '')"""
            connection.execute(text(made), row)
        connection.commit()
        to_be = {name for name, _ in connection.execute(text(which_it_will_be))}
    migrate(engine)
    with engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM companies ORDER BY created_at")).scalars().all()
        assert tuple(names) == DISTINCT
        changed = text("SELECT name FROM companies c JOIN company_changes ON company_id = c.id WHERE version = 1")
        renamed = set(connection.execute(changed).scalars())
        found = {name for _, name in connection.execute(text(which_it_was))}
    assert renamed == found == set(DISTINCT) - set(DOUBLES)
    assert to_be == {"engines", "x" * 120}
    engine.dispose()
