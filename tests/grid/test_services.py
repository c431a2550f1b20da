"""Each method of each service lets in whom its row says: all sets of roles, and people of whom nothing is left."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from core.errors import NotPermitted, NotSignedIn, ParleyError
from core.permissions import DENIALS, Permission
from core.services.uploads import Incoming
from tests.grid import rows
from tests.grid.asking import Asking
from tests.grid.rows import Row
from tests.grid.world import EVERY_ROLE, STALE, WITHOUT_ROLES, Someone, World
from tests.services.test_room_grid import undone
from tests.support.access import SECRET
from tests.support.walk import told_by

ROWS = [row for row in rows.SERVICES if row.is_of_a_person]
LET_IN, SIGNED_OUT, OTHER_WORDS = "let in", "signed out", "denied in other words"
ID, MOMENT = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}"), re.compile(r"datetime\(.*?\)|\d\d:\d\d:\d\d[.\d]*")


@pytest.fixture(scope="module")
def asking(world: World) -> Asking:
    return Asking(world)


def came_of(act: Callable[[], Any]) -> tuple[str, str]:
    """LET_IN, SIGNED_OUT or the permission that was missing; and all that was told. Who may not do it with this one
    thing, or gets a complaint about it, was let in.
    """
    try:
        result = act()
        if isinstance(result, Incoming):  # what a browser sends goes there
            with result:
                return LET_IN, ""
        told = told_by(result)
    except NotSignedIn as error:
        return SIGNED_OUT, str(error)
    except NotPermitted as error:
        if error.permission is None:
            return LET_IN, str(error)
        return error.permission if str(error) == DENIALS[Permission(error.permission)] else OTHER_WORDS, str(error)
    except ParleyError as error:
        return LET_IN, f"{type(error).__name__}: {error}"
    return LET_IN, told


@contextmanager
def nothing_asked_of(world: World) -> Iterator[None]:
    """Of the database, that is: neither is anything written, nor is there anything to be told of."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    bind = world.application.database.bind
    event.listen(bind, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(bind, "before_cursor_execute", note)
    assert not statements, f"it looks before it asks who may: {statements[0]}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_method_lets_in_whom_its_row_says(world: World, asking: Asking, row: Row) -> None:
    """Who is denied, is so with every set of roles; who is let in, with the fewest that are enough, and with all."""
    for someone in world.people:
        lacking = row.lacking(someone.actor.roles)
        if lacking and not row.is_nothing:
            assert_denied(world, asking, row, someone, lacking)
            continue
        if not (lacking or row.is_just_enough(someone.actor.roles) or someone.actor.roles == EVERY_ROLE):
            continue
        act = next(asking.calls(someone.actor, row))
        with undone(world.application.database):
            outcome, told = came_of(act)
        assert outcome == LET_IN, f"{someone}: {outcome}"
        assert not lacking or told in ("[]", "()"), f"{someone} gets {told}"


def assert_denied(world: World, asking: Asking, row: Row, someone: Someone, lacking: Permission) -> None:
    acts = [act for there in (True, False) for act in asking.calls(someone.actor, row, there=there)]
    with nothing_asked_of(world):
        assert {came_of(act)[0] for act in acts} == {lacking}, someone


@pytest.mark.parametrize(
    ("row", "why"),
    [(row, why) for row in ROWS for why in STALE if row.is_again or why == STALE[0]],
    ids=lambda one: one if isinstance(one, str) else one.name,
)
def test_who_may_no_more_is_asked_again_where_the_row_says(world: World, asking: Asking, row: Row, why: str) -> None:
    """By a page that was begun before. What it began with is true for as long as it runs: for a click, that is. Where a
    power is given away, or where it takes longer, it is asked anew.
    """
    act = next(asking.calls(world.stale[why].actor, row))
    refused = row.needs[0] if why == WITHOUT_ROLES else SIGNED_OUT
    with undone(world.application.database):
        assert came_of(act)[0] == (refused if row.is_again else LET_IN)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_another_company_has_is_as_what_there_is_not(world: World, asking: Asking, row: Row) -> None:
    """For somebody with every role there: the same refusal in the same words, or the same nothing."""
    stranger, told = world.stranger.actor, set()
    for there in (True, False):
        act = next(asking.calls(stranger, row, there=there))
        with undone(world.application.database):
            came = came_of(act)
        assert SECRET not in came[1]
        if list(act.keywords) == ["actor"]:  # it names nothing that it could repeat
            assert not any(str(key) in came[1] for key in world.keys.values())
            return
        told.add(_without_ids(came))
    assert len(told) == 1, "it tells that there is something"


def _without_ids(came: tuple[str, str]) -> tuple[str, str]:
    """Those and moments differ from call to call."""
    return came[0], MOMENT.sub("", ID.sub("", came[1]))
