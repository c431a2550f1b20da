"""Copies of a database that can't go on, because somebody holds a table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

from core.database.engine import COPYING
from tests.support.waiting import until

OURS = f"pg_stat_activity WHERE application_name = '{COPYING}' AND datname = current_database()"
BOTH = 2
"""What waits of one: `pg_dump`, and the count of the rows."""


class Stalled:
    def __init__(self, looking: Connection) -> None:
        self._looking = looking

    def count(self) -> int:
        """Of what waits."""
        waiting: int = self._looking.execute(
            text(f"SELECT count(*) FROM {OURS} AND wait_event_type = 'Lock'")
        ).scalar_one()
        return waiting

    def wait(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Until a copy has come that far, or is over all the same."""
        until(lambda: is_over() or self.count() == BOTH, patience=90)  # Python, too, takes its time to start

    def end_all(self) -> None:
        """As the death of their machine would."""
        self._looking.execute(text(f"SELECT pg_terminate_backend(pid, 5000) FROM {OURS}"))


@contextmanager
def stalled(url: URL) -> Iterator[Stalled]:
    """Until the block ends."""
    engine = create_engine(url)
    alone = engine.execution_options(isolation_level="AUTOCOMMIT")  # what others do is seen anew by each statement
    with engine.connect() as holding, alone.connect() as looking:
        holding.execute(text("LOCK TABLE messages"))
        yield Stalled(looking)
    engine.dispose()
