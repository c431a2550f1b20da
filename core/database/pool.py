"""The pool of connections, and how it is doing."""

import time
from collections.abc import Iterator

from sqlalchemy import Pool, QueuePool
from sqlalchemy.pool import PoolProxiedConnection

from core.telemetry import counted
from core.telemetry.exposition import Family, gauge


class CountedPool(QueuePool):
    _sqla_logger_namespace = "sqlalchemy.pool.CountedPool"
    """Else it logs by its module, as if its lines were ours: a few whenever an engine is disposed of."""

    def connect(self) -> PoolProxiedConnection:
        if not is_full(self):
            return super().connect()
        began = time.monotonic()
        try:
            return super().connect()
        finally:
            counted.pool_waits.count()
            counted.pool_wait_seconds.add(time.monotonic() - began)

    @property
    def most(self) -> int:
        """Connections that may be open at once."""
        return self.size() + self._max_overflow


def is_full(pool: Pool) -> bool:
    """Whether whoever wants a connection now has to wait for one."""
    return isinstance(pool, CountedPool) and pool.checkedout() >= pool.most


def pool_families(pool: Pool) -> Iterator[Family]:
    """Nothing of a pool that isn't ours."""
    if not isinstance(pool, CountedPool):
        return
    yield gauge("parley_database_pool_size", "Connections that are kept open.", pool.size())
    yield gauge("parley_database_pool_in_use", "Connections in use.", pool.checkedout())
    yield gauge("parley_database_pool_idle", "Open connections that nobody uses.", pool.checkedin())
    beyond = max(0, pool.overflow())  # below zero while fewer are open than are kept
    yield gauge("parley_database_pool_overflow", "Connections open beyond those that are kept.", beyond)
