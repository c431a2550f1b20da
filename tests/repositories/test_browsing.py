"""What pages of the list of everything read, by PostgreSQL's own account, on filled tables."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from core import clock
from core.ids import new_id
from core.models import ConversationKind
from core.permissions import Actor, Role
from core.repositories.branches import Branches
from core.repositories.browse_lines import Sort, State, Wanted
from core.repositories.browsing import Browsing
from core.repositories.model_calls import ModelCalls
from tests.bench.statements import statements_of
from tests.repositories.test_plans import Plan, numbered, plans_of, undone
from tests.support.large_tables import MANY, PAGE, ROOMS, Filled

pytestmark = pytest.mark.xdist_group("plans")

OTHERS_ROOMS = 200
"""Company rooms that the moderator is not in."""
POSITIONS: dict[Sort, Any] = {Sort.RECENT: clock.now() - timedelta(days=1), Sort.SIZE: 20, Sort.COST: Decimal("0.5")}
SPEND = (
    "UPDATE conversations SET said = last_seq + length(title), spent = extract(microseconds FROM last_message_at)::int"
    " % 1000 / 100.0, owner_id = owner_id"
)


@dataclass(frozen=True)
class Listed:
    filled: Filled
    moderator: Actor
    """Who chats as well: many chats, rooms they are in, and others' company rooms."""


@pytest.fixture(scope="module")
def listed(filled: Filled) -> Listed:
    moderator = replace(filled.guest, roles=frozenset({Role.STAFF, Role.MODERATOR}))
    with filled.database.transaction() as session:
        session.connection().execute(text(SPEND))
        # Half of the company rooms are left: those they only oversee. A third of all are put away.
        for statement in (
            "UPDATE members SET left_at = now() WHERE kind = 'company' AND conversation_id IN (SELECT id FROM"
            f" conversations WHERE kind = 'company' ORDER BY id LIMIT {OTHERS_ROOMS})",
            "UPDATE conversations SET archived_at = now() WHERE kind = 'company' AND said % 3 = 0",
        ):
            session.connection().execute(text(statement))
    with filled.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    return Listed(filled, moderator)


Query = Callable[[Session, Listed], object]


def page(who: str, sort: Sort, *, place: str | None = None, **wanted: Any) -> Query:
    position = {place: (POSITIONS[sort], new_id())} if place else {}

    def look(session: Session, listed: Listed) -> object:
        actor = listed.moderator if who == "moderator" else getattr(listed.filled, who)
        return Browsing(session).list_page(actor, Wanted(**wanted), sort, limit=PAGE, **position)

    return look


PLACES = (None, "after", "before")
CHATS = frozenset({ConversationKind.ASSISTANT})
OWN_CHATS = {f"{sort}, {place}": page("many", sort, place=place, kinds=CHATS) for sort in Sort for place in PLACES} | {
    f"archived, {place}": page("many", Sort.RECENT, place=place, state=State.ARCHIVED) for place in PLACES
}
ALL = {
    f"{who}, {sort}, {place}": page(who, sort, place=place)
    for who in ("guest", "moderator")
    for sort in Sort
    for place in PLACES
}
OTHERS = {
    "archived": page("moderator", Sort.RECENT, state=State.ARCHIVED),
    "deleted": page("moderator", Sort.RECENT, state=State.DELETED),
    "of a kind": page("moderator", Sort.RECENT, kinds=frozenset({ConversationKind.GROUP})),
    "owners": lambda s, one: Browsing(s).list_owners(one.moderator.company_id),
    "one": lambda s, one: Browsing(s).get(one.moderator, one.filled.room),
    "by owner": page("moderator", Sort.COST, owner_id=new_id(), kinds=frozenset({ConversationKind.COMPANY})),
}


def plans(listed: Listed, query: Query) -> list[Plan]:
    return plans_of(listed.filled, lambda session, _: query(session, listed))


@pytest.mark.parametrize("what", OWN_CHATS)
def test_a_page_of_ones_chats_costs_what_it_shows(listed: Listed, what: str) -> None:
    """However many there are: out of the index that has its order."""
    for plan in plans(listed, OWN_CHATS[what]):
        assert not plan.scanned_whole
        assert plan.rows <= 5 * PAGE


@pytest.mark.parametrize("what", ALL | OTHERS)
def test_a_page_of_everything_costs_that_and_ones_rooms(listed: Listed, what: str) -> None:
    """Beside them there are many times as many chats. A room is a membership, a conversation, and who stands how."""
    for plan in plans(listed, (ALL | OTHERS)[what]):
        assert not plan.scanned_whole
        assert plan.rows <= 5 * PAGE + 6 * ROOMS < MANY


def test_by_time_the_rooms_one_oversees_come_from_their_index(listed: Listed) -> None:
    for state, index in ((State.ACTIVE, "recent"), (State.ARCHIVED, "archived")):
        [plan] = plans(listed, page("moderator", Sort.RECENT, state=state))
        assert f"conversations_company_{index}_idx" in plan.indexes


@pytest.mark.parametrize("what", OWN_CHATS | ALL | OTHERS)
def test_a_plan_for_all_values_reads_no_table_whole_either(listed: Listed, what: str) -> None:
    with undone(listed.filled.database) as session:
        with statements_of(listed.filled.database) as sent:
            (OWN_CHATS | ALL | OTHERS)[what](session, listed)
        session.rollback()
        for sql, _ in sent:
            explained = session.connection().exec_driver_sql(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {numbered(sql)}")
            assert not Plan(explained.scalar_one()[0]["Plan"]).scanned_whole


def test_a_part_of_a_long_talk_costs_as_much_as_of_a_short_one(listed: Listed) -> None:
    options: dict[str, Any] = {"floor": 0, "with_deleted": False, "limit": PAGE}

    def look(session: Session, one: Listed) -> None:
        branches, talk = Branches(session), one.filled.long
        branch = branches.get_of(talk, MANY // 2)
        assert branch and branch.is_shown
        branches.before(talk, branch, MANY // 2, **options)
        branches.after(talk, branch, MANY // 2, **options)
        branches.list_texts(one.filled.answers, floor=0, with_deleted=False)
        ModelCalls(session).sum_by_message(one.filled.answers)

    for plan in plans(listed, look):
        assert not plan.scanned_whole
        assert plan.rows <= 3 * PAGE
