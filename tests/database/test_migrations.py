from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlmodel import SQLModel

from core.database.migrate import alembic_config, migrate
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
