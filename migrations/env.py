"""Alembic's entry. The application passes its own connection; the command line opens one from the settings."""

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

import core.models  # noqa: F401  declares the tables


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    from core.config import load_settings
    from core.database.opening import open_engine
    from core.database.watchdog import unhurried

    with open_engine(load_settings().past_pooler) as engine, engine.connect() as opened, unhurried(opened):
        opened.exec_driver_sql("SET statement_timeout = 0")
        opened.commit()  # inside a transaction of ours Alembic would begin none for each migration
        run(opened)
        opened.commit()
