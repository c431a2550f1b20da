"""The newest that fit, by whichever way they are found."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text

from core import clock
from core.database.engine import Database
from core.models import ConversationKind
from core.repositories.search import Candidate, Search, Wanted
from core.repositories.search_index import SearchIndex
from core.repositories.search_periods import period_of
from tests.bench.statements import statements_of
from tests.support.builders import make_actor, make_company, make_conversation, make_messages, make_user
from tests.support.properties import tried

ENOUGH, REACH, COUNT = 5, 9, 90


@pytest.mark.parametrize("reaching_back", [None, 30], ids=["all", "since"])
@pytest.mark.parametrize(
    ("apart", "marks"),
    [(timedelta(hours=6), "~t"), (timedelta(days=6), "~q"), (timedelta(days=18), "~y"), (timedelta(days=60), None)],
)
def test_as_far_back_as_is_likely_to_be_enough_is_gathered_without_gaps(
    database: Database, apart: timedelta, marks: str | None, reaching_back: int | None
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
        since = messages[-reaching_back].created_at if reaching_back else None
        said = messages[-reaching_back:] if reaching_back else messages
        expected = [message.id for message in reversed(said) if message.content == "yak"]
        search, found, before = Search(session, REACH), [], None
        search.settle()
        wanted, scope, gathered = Wanted(("'yak'",), since), search.scope_of(make_actor(user)), ""
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


AGES = st.lists(st.tuples(st.integers(-3, 800), st.booleans()), max_size=30)
"""Of messages, in days, and whether they are about yaks."""


@tried(60)
@given(own=AGES, rooms=AGES, since=st.none() | st.integers(0, 900), until=st.none() | st.integers(0, 400))
@example(own=[(1, True)], rooms=[(90 + age, age % 5 == 0) for age in range(25)], since=None, until=None)
def test_page_by_page_it_is_what_reading_all_of_it_finds(
    database: Database, own: list[tuple[int, bool]], rooms: list[tuple[int, bool]], since: int | None, until: int | None
) -> None:
    """Of own chats and of a room, whichever has more, and whichever is older."""
    now = clock.now()
    begins, ends = (None if days is None else now - timedelta(days=days) for days in (since, until))
    with database.transaction() as session:
        user, said = make_user(session, make_company(session)), []
        for kind, ages in ((ConversationKind.ASSISTANT, own), (ConversationKind.GROUP, rooms)):
            talk = make_conversation(session, user, kind=kind, said=len(ages))
            for message, (age, _) in zip(
                make_messages(session, talk, ["yak" if is_yak else "otter" for _, is_yak in ages]), ages, strict=True
            ):
                message.created_at = now - timedelta(days=age)
                said.append(message)
            session.flush()
            SearchIndex(session).put_conversation(talk.id)
        search = Search(session, REACH)
        search.settle()
        wanted = Wanted(("'yak'",), begins, ends)
        found, before = [], None
        while True:
            page = search.messages(search.scope_of(make_actor(user)), wanted, enough=4, limit=6, before=before)
            found += [one.key for one in page.found]
            if not page.has_more:
                break
            before = page.found[-1].position
        newest_first = sorted(said, key=lambda one: (one.created_at, one.id), reverse=True)
        assert found == [
            one.id
            for one in newest_first
            if one.content == "yak"
            and (begins is None or one.created_at >= begins)
            and (ends is None or one.created_at < ends)
        ]


def test_what_was_imported_ahead_of_its_time_leaves_no_gap_when_that_is_over(database: Database) -> None:
    """It is marked as later than its import for ever, so each period has it."""
    newest, before_that, long_ago = (datetime(2026, month, 20, tzinfo=UTC) for month in (3, 1, 2))
    long_ago = long_ago.replace(year=2025)
    with database.transaction() as session:
        user = make_user(session, make_company(session))
        talk = make_conversation(session, user)
        ahead, old, new = (make_messages(session, talk, ["yak"] * count) for count in (2, 10, 3))
        others = make_messages(session, talk, ["otter"] * 6)
        for messages, begin in ((old, before_that), (new, newest), (others, newest)):
            for hours, message in enumerate(messages):
                message.created_at = begin + timedelta(hours=hours)
        for message in ahead:
            message.created_at = clock.now() + timedelta(days=1)
        session.flush()
        SearchIndex(session).put_conversation(talk.id)
        moved = {"at": long_ago, "ids": [message.id for message in ahead]}
        session.execute(text("UPDATE messages SET created_at = :at WHERE id = ANY(:ids)"), moved)
        session.execute(text("UPDATE message_words SET said_at = :at WHERE message_id = ANY(:ids)"), moved)
        search, found, before = Search(session, REACH), [], None
        search.settle()
        while True:
            page = search.messages(
                search.scope_of(make_actor(user)), Wanted(("'yak'",)), enough=ENOUGH, limit=ENOUGH, before=before
            )
            found += [one.key for one in page.found]
            if not page.has_more:
                break
            before = page.found[-1].position
        assert found == [message.id for message in (*reversed(new), *reversed(old), *reversed(ahead))]


MARCH, DECEMBER = datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("newest", "days", "seen", "since", "period"),
    [
        (MARCH, 1, 2, None, "('~t202603' | '~later')"),
        (MARCH, 1, 1, None, "('~t202603' | '~t202602' | '~later')"),
        (datetime(2026, 1, 5, tzinfo=UTC), 2, 1, None, "('~t202601' | '~t202512' | '~later')"),
        (DECEMBER, 9, 1, None, "('~t202612' | '~t202611' | '~t202610' | '~later')"),
        (MARCH, 10, 1, None, "('~q20261' | '~q20254' | '~later')"),
        (MARCH, 20, 1, None, "('~q20261' | '~q20254' | '~q20253' | '~later')"),
        (DECEMBER, 30, 1, None, "('~y2026' | '~later')"),
        (DECEMBER, 40, 1, None, "('~y2026' | '~y2025' | '~later')"),
        (MARCH, 300, 1, None, None),
        (MARCH, 1, 0, None, None),
        (MARCH, 1, 0, datetime(2026, 2, 1, tzinfo=UTC), "('~t202603' | '~t202602' | '~later')"),
        (MARCH, 1, 0, datetime(2025, 12, 31, 23, tzinfo=UTC), "('~q20261' | '~q20254' | '~later')"),
        (MARCH, 1, 0, datetime(2024, 12, 31, tzinfo=UTC), None),
        (MARCH, 1, 2, datetime(2024, 12, 31, tzinfo=UTC), "('~t202603' | '~later')"),
        (MARCH, -5, 1, None, "('~t202603' | '~later')"),
    ],
)
def test_a_period_has_as_much_as_is_wanted_at_the_pace_so_far_or_all_there_is(
    newest: datetime, days: int, seen: int, since: datetime | None, period: str | None
) -> None:
    found = period_of(newest, newest - timedelta(days=days), seen, wanted=10, since=since)
    assert (found and found.marks) == period
