"""Who sees which figures, what is behind a point of the chart, and that nothing which is deleted changes a figure."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlmodel import Session

from core.database.engine import Database
from core.errors import Invalid
from core.ids import new_id
from core.models import CallPurpose, CallStatus, ConversationKind, ModelCall, UsageSource
from core.permissions import Actor, Role
from core.repositories.model_calls import ModelCalls
from core.services.usage import GONE, GONE_ROOM, UsageService
from core.services.usage_views import CallLine, Chart, Point, Table, Wanted
from tests.support.builders import make_actor, make_company, make_conversation, make_user

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MARCH = Wanted(date(2026, 3, 1), date(2026, 3, 31), BERLIN)


class Office:
    """Ada and Bob chat, Cleo analyses; a group of Ada and Bob, a company room, and another company."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.transaction() as session:
            company, elsewhere = make_company(session), make_company(session)
            self.ada = make_user(session, company, display_name="Ada")
            self.bob = make_user(session, company, display_name="Bob")
            cleo = make_user(session, company, (Role.ANALYST,), display_name="Cleo")
            eve = make_user(session, elsewhere, (Role.ANALYST,))
            self.chat = make_conversation(session, self.ada, title="Flour")
            self.group = make_conversation(session, self.bob, kind=ConversationKind.GROUP, title="Layoffs")
            self.hall = make_conversation(session, self.bob, kind=ConversationKind.COMPANY, title="Town hall")
            self.theirs = make_conversation(session, eve)
            self.call(session, self.ada.id, "large", "0.5", chat=self.chat.id)
            self.call(session, self.ada.id, "small", "0.25", at=timedelta(days=1), room=self.hall.id)
            self.call(session, self.bob.id, "small", "0.125", room=self.group.id)
            self.call(session, self.bob.id, "small", None, purpose=CallPurpose.TITLE)
            self.call(session, eve.id, "large", "99", company=elsewhere.id)
        self.analyst, self.stranger = make_actor(cleo, (Role.ANALYST,)), make_actor(eve, (Role.ANALYST,))
        self.staff, self.other = make_actor(self.ada), make_actor(self.bob)
        self.usage = UsageService(database)

    def call(
        self,
        session: Session,
        user_id: UUID,
        model: str,
        cost: str | None,
        *,
        at: timedelta = timedelta(),
        chat: UUID | None = None,
        room: UUID | None = None,
        purpose: CallPurpose = CallPurpose.ANSWER,
        company: UUID | None = None,
    ) -> None:
        row = ModelCall(
            company_id=company or self.ada.company_id,
            created_at=NOON + at,
            user_id=user_id,
            conversation_id=room or chat,
            room_id=room,
            purpose=purpose,
            provider="api.example.com",
            model=model,
            input_tokens=100,
            cached_tokens=40,
            output_tokens=10,
            usage_source=UsageSource.EXACT,
            cost=None if cost is None else Decimal(cost),
            first_token_ms=200,
            duration_ms=1_200,
            status=CallStatus.COMPLETE,
        )
        ModelCalls(session).add_all([row])

    def figures(self, actor: Actor, wanted: Wanted = MARCH) -> dict[str, object]:
        view = self.usage.look(actor, wanted)
        frames = {
            name: getattr(view, name).to_dict("records") for name in ("main", "sparks", "models", "errors", "heat")
        }
        costs = {name: sorted(getattr(view, name)["cost"]) for name in ("people", "rooms")}
        return {"totals": view.totals, **frames, **costs}


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def test_an_analyst_sees_the_company_and_nothing_else(office: Office) -> None:
    view = office.usage.look(office.analyst, MARCH)
    assert (view.totals.calls, view.totals.answers, view.totals.people) == (4, 3, 2)
    assert (view.totals.cost, view.totals.unpriced) == (0.875, 1)
    assert list(view.people["name"]) == ["Ada", "Bob"]
    assert list(view.people["cost"]) == [0.75, 0.125]
    assert view.main.groupby("series")["cost"].sum().to_dict() == {"large": 0.5, "small": 0.375}
    assert view.before.calls == 0
    assert office.usage.look(office.stranger, MARCH).totals.cost == 99.0


def test_the_titles_of_private_rooms_stay_private(office: Office) -> None:
    assert list(office.usage.look(office.analyst, MARCH).rooms["name"]) == ["Town hall", "A group"]
    assert [name for _, name in office.usage.choices(office.analyst).rooms] == ["A group", "Town hall"]
    assert list(office.usage.look(office.other, MARCH).rooms["name"]) == ["Layoffs"]


@pytest.mark.parametrize("is_mine", [True, False])
def test_staff_see_their_own(office: Office, is_mine: bool) -> None:
    view = office.usage.look(office.staff, replace(MARCH, is_mine=is_mine))
    assert (view.totals.cost, view.totals.people) == (0.75, 1)
    assert list(view.people["name"]) == ["Ada"]
    assert {line.user_name for line in office.usage.calls(office.staff, MARCH).lines} == {"Ada"}
    choices = office.usage.choices(office.staff)
    assert (choices.people, choices.rooms) == ((), ())
    assert choices.models == ("large", "small")
    assert office.usage.choices(office.other).models == ("small",)


def test_what_others_use_is_seen_in_their_own_company(office: Office) -> None:
    wanted = replace(MARCH, user_ids=(office.bob.id,))
    assert office.usage.look(office.stranger, wanted).totals.calls == 0  # nobody of theirs
    assert office.usage.look(office.analyst, wanted).totals.calls == 2


def test_behind_each_point_are_the_calls_that_it_counts(office: Office) -> None:
    for chart, column in ((Chart.MODEL_COST, "model"), (Chart.PURPOSE_COST, "purpose")):
        view = office.usage.look(office.analyst, MARCH, chart)
        for row in view.main.to_dict("records"):
            point = Point(row["bucket"].to_pydatetime(), (row["series"],))
            lines = office.usage.calls(office.analyst, MARCH, chart, point).lines
            assert len(lines) == row["calls"]
            assert sum(float(line.cost or 0) for line in lines) == row["cost"]
            assert {getattr(line, column) for line in lines} <= {row["series"]}
    nothing = Point(None, ("unheard of",))
    assert office.usage.calls(office.analyst, MARCH, point=nothing).lines == ()
    with pytest.raises(Invalid, match="isn't in this period"):
        office.usage.calls(office.analyst, MARCH, point=Point(NOON))


def test_from_a_call_to_its_conversation_only_for_who_may_read_it(office: Office) -> None:
    def linked(actor: Actor) -> set[str | None]:
        return {line.conversation_title for line in office.usage.calls(actor, MARCH).lines if line.conversation_id}

    assert linked(office.analyst) == set()
    assert linked(office.staff) == {"Flour"}
    assert linked(office.other) == {"Layoffs"}


def test_calls_page_by_page_are_all_calls(office: Office) -> None:
    found: list[CallLine] = []
    after = None
    while True:
        page = office.usage.calls(office.analyst, MARCH, after=after, limit=1)
        found += page.lines
        if (after := page.older) is None:
            break
    whole = [line for lines in office.usage.all_calls(office.analyst, MARCH) for line in lines]
    assert found == whole
    assert len({line.id for line in whole}) == 4
    assert [line.created_at for line in whole] == sorted((line.created_at for line in whole), reverse=True)
    for mark in ("", "1", f"9{'9' * 20}.{new_id()}", f"-1.{new_id()}", f"5.{new_id()}x"):
        if mark:
            with pytest.raises(Invalid, match="isn't known"):
                office.usage.calls(office.analyst, MARCH, after=mark)


def test_what_is_deleted_changes_no_figure(office: Office) -> None:
    before = office.figures(office.analyst)
    with office.database.transaction() as session:
        for conversation in (office.chat, office.group, office.hall):
            session.execute(text("DELETE FROM conversations WHERE id = :id"), {"id": conversation.id})
        session.execute(text("DELETE FROM users WHERE id = :id"), {"id": office.ada.id})
    assert office.figures(office.analyst) == before
    view = office.usage.look(office.analyst, MARCH)
    assert list(view.people["name"]) == [GONE, "Bob"]
    assert list(view.rooms["name"]) == [GONE_ROOM, GONE_ROOM]
    assert {line.user_name for line in office.usage.calls(office.analyst, MARCH).lines} == {None, "Bob"}


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (date(2026, 3, 2), date(2026, 3, 1), "Swap the two"),
        (date(1999, 12, 31), date(2026, 3, 1), "between 2000 and 2199"),
        (date(2026, 3, 1), date(2200, 1, 1), "between 2000 and 2199"),
        (date(2020, 1, 1), date(2026, 3, 1), "1,100 or fewer"),
    ],
)
def test_periods_that_cannot_be(office: Office, first: date, last: date, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        office.usage.look(office.analyst, Wanted(first, last, BERLIN))


@pytest.mark.parametrize("days", [1, 30, 400, 1_000])
def test_a_period_to_come_is_empty(office: Office, days: int) -> None:
    view = office.usage.look(
        office.analyst, Wanted(date(2030, 1, 1), date(2030, 1, 1) + timedelta(days=days - 1), BERLIN)
    )
    assert view.totals.calls == view.totals.people == 0
    assert view.main.empty
    assert not view.sparks["calls"].any()
    assert view.heat["calls"].sum() == 0


@pytest.mark.parametrize("table", [table for table in Table if table is not Table.CALLS])
@pytest.mark.parametrize("chart", Chart)
def test_a_table_to_take_along_is_what_the_page_shows(office: Office, table: Table, chart: Chart) -> None:
    view = office.usage.look(office.analyst, MARCH, chart)
    shown = {Table.MAIN: "main", Table.HEAT: "heat"}.get(table, table.value)
    found = office.usage.table(office.analyst, MARCH, table, chart)
    assert found.to_csv() == getattr(view, shown).to_csv()
