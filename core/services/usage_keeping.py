"""The sums over the ledger: made anew from it, and checked against it."""

import logging
from collections.abc import Iterator
from datetime import date, timedelta

from core.database.engine import Database
from core.errors import DatabaseUnavailable
from core.repositories.usage_sums import MOST_LISTED, Difference, UsageSums
from core.services.background import Background

__all__ = ["MOST_LISTED", "Difference", "UsageKeeper"]

log = logging.getLogger(__name__)

LOOK_AGAIN = 30.0
"""Seconds, when PostgreSQL was away."""


class UsageKeeper(Background):
    """Goes on with a rebuild that was begun and not finished, beside everything else that a process does.

    A day of it is one transaction, and only one process does one at a time; whoever comes after one that was
    interrupted begins with the day it was at.
    """

    def __init__(self, database: Database) -> None:
        super().__init__("usage-keeper")
        self.database = database

    def begin(self) -> None:
        """Has all sums made anew. Until a day is done it shows what it had."""
        with self.database.transaction() as session:
            sums = UsageSums(session)
            sums.lock()
            sums.begin()

    def days_left(self) -> int:
        """Of an unfinished rebuild; 0 when there is none."""
        with self.database.reading() as session:
            sums = UsageSums(session)
            day = sums.next_day()
            return 0 if day is None else (sums.last_day() - day).days + 1

    def work(self) -> Iterator[int]:
        """Does one day after another until none is left; each gives how many calls it had."""
        while not self.stopping.is_set():
            with self.database.transaction() as session:
                sums = UsageSums(session)
                sums.lock()
                day = sums.next_day()
                if day is None:
                    return
                calls = sums.make_day(day)
            yield calls

    def months(self) -> tuple[date, ...]:
        """The months of UTC, by their first days, in which there is anything, or a week with anything begins."""
        with self.database.reading() as session:
            sums = UsageSums(session)
            first, last = sums.first_day(), sums.last_day()
        found: list[date] = []
        day = first or last
        month = (day - timedelta(days=day.weekday())).replace(day=1)
        while month <= last:
            found.append(month)
            month = (month + timedelta(days=31)).replace(day=1)
        return tuple(found)

    def verify(self, month: date) -> tuple[Difference, ...]:
        """Where the sums of that month are not what the ledger comes to."""
        with self.database.snapshot() as session:
            return tuple(UsageSums(session).list_differences(month))

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
            log.info("usage_rebuilt days=%d", done)
