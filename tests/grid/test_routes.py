"""Each address answers whom its row says, through the gate: all sets of roles, and people of whom nothing is left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from core import clock
from core.ids import new_id
from core.permissions import DENIALS
from core.services.audit_query import AuditQuery
from core.services.usage_query import Query
from core.web.cookies import SESSION
from tests.grid import rows
from tests.grid.rows import ANYBODY, Row
from tests.grid.world import DEACTIVATED, EVERY_ROLE, SUSPENDED, Served, World
from tests.services.test_room_grid import undone
from tests.support.access import SECRET
from tests.support.web import ORIGIN, Inside, client_of, site

ROWS = [row for row in rows.ROUTES if row.is_of_a_person]
SIGNED_OUT, DENIED, HIDDEN, CRASHED = 401, 403, 404, 500
SAYS = "Suspended until"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def browser(application: Served, world: World) -> TestClient:
    return client_of(site(application, Inside()))


def asked(world: World, row: Row) -> Asked:
    method, path = row.surface.split()
    path = path.replace("{upload_id}", str(new_id()))
    room, other, today = str(world.scene.id), world.scene.owner.user_id, clock.now().date()
    figures = {"table": "calls", "format": "csv"}
    params: dict[str, Mapping[str, Any]] = {
        "GET /api/events of a conversation": {"c": room},
        "GET /api/export": {"c": room, "format": "json"},
        "GET /api/export of all": {"all": "1", "format": "json"},
        "GET /api/usage": figures | Query(first=today, last=today).params(),
        "GET /api/usage of others": figures | Query(first=today, last=today, user_ids=(other,)).params(),
        "GET /api/audit": {"format": "csv"},
        "GET /api/audit of others": {"format": "csv"} | AuditQuery(actor_id=other).params(),
    }
    assert not row.variant or row.name in params, f"say here what “{row.variant}” of {row.surface} is"
    # The stream of events never ends; whether it would begin is asked in the same way.
    return Asked("HEAD" if path == "/api/events" else method, path, params.get(row.name, {}))


def answer_to(browser: TestClient, token: str | None, what: Asked) -> Response:
    browser.cookies = {SESSION: token} if token else {}  # type: ignore[assignment]
    return browser.request(what.method, what.path, params=what.params, headers={"origin": ORIGIN})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_address_answers_whom_its_row_says(world: World, browser: TestClient, row: Row) -> None:
    what = asked(world, row)
    for someone in world.people:
        lacking = row.lacking(someone.actor.roles)
        if not (lacking or row.is_just_enough(someone.actor.roles) or someone.actor.roles == EVERY_ROLE):
            continue
        with undone(world.application.database):
            answer = answer_to(browser, someone.token, what)
        if lacking:
            assert answer.status_code == DENIED, someone
            assert what.method == "HEAD" or answer.text == DENIALS[lacking]
        else:
            assert answer.status_code not in (SIGNED_OUT, DENIED), f"{someone}: {answer.text}"
            assert answer.status_code != CRASHED, answer.text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_address_that_is_not_for_anybody_takes_a_session_that_counts(
    world: World, browser: TestClient, row: Row
) -> None:
    what = asked(world, row)
    tokens = {"nobody": None, "made up": "x" * 43}
    tokens |= {why: world.stale[why].token for why in (DEACTIVATED, SUSPENDED)}
    for why, token in tokens.items():
        answer = answer_to(browser, token, what)
        if row.whom == ANYBODY and why != SUSPENDED:
            assert answer.status_code not in (SIGNED_OUT, DENIED, CRASHED), why
        elif row.whom != ANYBODY:
            assert answer.status_code == SIGNED_OUT, why
            assert (SAYS in answer.text) is (why == SUSPENDED and what.method != "HEAD")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_another_company_gets_nothing_of_this_one(world: World, browser: TestClient, row: Row) -> None:
    what = asked(world, row)
    with undone(world.application.database):
        answer = answer_to(browser, world.stranger.token, what)
    assert SECRET not in answer.text
    assert answer.status_code == HIDDEN or "c" not in what.params
