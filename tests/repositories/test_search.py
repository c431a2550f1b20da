"""The newest that fit, by whichever way they are found."""

from datetime import UTC, datetime, timedelta

import pytest

from core import clock
from core.database.engine import Database
from core.repositories.search import Candidate, Search, Wanted, _period
from core.repositories.search_index import SearchIndex
from tests.bench.statements import statements_of
from tests.support.builders import make_actor, make_company, make_conversation, make_messages, make_user

ENOUGH, REACH, COUNT = 5, 9, 90


@pytest.mark.parametrize(
    ("apart", "marks"),
    [(timedelta(hours=6), "~t"), (timedelta(hours=60), "~q"), (timedelta(days=7), "~y"), (timedelta(days=60), None)],
)
def test_as_far_back_as_is_likely_to_be_enough_is_gathered_without_gaps(
    database: Database, apart: timedelta, marks: str | None
) -> None:
    """Every third message is about otters: of the newest nine too few are."""
    with database.transaction() as session:
        user = make_user(session, make_company(session))
        talk = make_conversation(session, user)
        messages = make_messages(session, talk, ["otter" if at % 3 else "yak" for at in range(COUNT)])
        messages += make_messages(session, talk, ["yak"])
        for back, message in enumerate(reversed(messages)):
            message.created_at = clock.now() - apart * back
            session.add(message)
        session.flush()
        SearchIndex(session).put_conversation(talk.id)
        expected = [message.id for message in reversed(messages) if message.content == "yak"]
        search, found, before = Search(session, REACH), [], None
        search.settle()
        wanted, scope, gathered = Wanted(("'yak'",)), search.scope_of(make_actor(user)), ""
        while True:
            with statements_of(database) as sent:
                page = search.messages(scope, wanted, enough=ENOUGH, limit=ENOUGH, before=before)
            gathered += str(sent)
            found += page.found
            if not page.has_more:
                break
            before = found[-1].position
    assert [one.key for one in found] == expected
    assert found == sorted(found, key=lambda one: one.position, reverse=True)
    assert all(isinstance(one, Candidate) for one in found)
    assert marks is None or marks in gathered


@pytest.mark.parametrize(
    ("end", "days", "seen", "period"),
    [
        (datetime(2026, 3, 10, tzinfo=UTC), 1, 2, "('~t202603' | '~t202602' | '~later')"),
        (datetime(2026, 1, 31, tzinfo=UTC), 1, 2, "('~t202601' | '~t202512' | '~later')"),
        (datetime(2026, 1, 31, tzinfo=UTC), 1, 0, None),
        (datetime(2026, 3, 10, tzinfo=UTC), 10, 1, "('~q20261' | '~q20254' | '~later')"),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), 30, 1, "('~y2026' | '~y2025' | '~later')"),
        (datetime(2026, 3, 10, tzinfo=UTC), 300, 1, None),
        (datetime(2026, 3, 10, tzinfo=UTC), -5, 1, "('~t202603' | '~t202602' | '~later')"),
    ],
)
def test_a_period_has_as_much_as_is_wanted_at_the_pace_so_far(
    end: datetime, days: int, seen: int, period: str | None
) -> None:
    assert _period(end, end - timedelta(days=days), seen, wanted=10) == period
