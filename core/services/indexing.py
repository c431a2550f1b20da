"""Putting into the search index what was said before there was one, or before its words were made as they are now."""

import logging
from collections.abc import Iterator

from core.database.engine import Database
from core.errors import DatabaseUnavailable
from core.repositories.search_index import SearchIndex
from core.services.background import Background

log = logging.getLogger(__name__)

LOOK_AGAIN = 30.0
"""Seconds, when PostgreSQL was away."""


class SearchIndexer(Background):
    """Works through the backlog, newest conversations first, beside everything else that a process does.

    Several processes share the work. A conversation is done in one transaction, so one that is interrupted is begun
    again by whoever comes next.
    """

    def __init__(self, database: Database) -> None:
        super().__init__("search-indexer")
        self.database = database

    def count(self) -> int:
        """Conversations yet to be done."""
        with self.database.reading() as session:
            return SearchIndex(session).count_backlog()

    def refill(self) -> int:
        """Has every conversation done anew; until then each is found by the words it had. Returns how many they are."""
        with self.database.transaction() as session:
            return SearchIndex(session).refill_backlog()

    def work(self) -> Iterator[int]:
        """Does one conversation after another until none is left; each gives how many messages it had."""
        while not self.stopping.is_set():
            with self.database.transaction() as session:
                index = SearchIndex(session)
                conversation_id = index.take_backlog()
                if conversation_id is None:
                    return
                count = index.put_conversation(conversation_id)
            yield count

    def run(self) -> None:
        done = 0
        while not self.stopping.is_set():
            try:
                for _ in self.work():
                    done += 1
                break
            except DatabaseUnavailable:
                self.stopping.wait(LOOK_AGAIN)
        if done:
            log.info("search_indexed conversations=%d", done)
