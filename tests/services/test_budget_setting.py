"""Who may set which budgets, what may stand in them, and how they are listed and raised."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.database.engine import Database
from core.errors import BudgetSpent, Conflict, Invalid
from core.models import BudgetScope, BudgetUnit, ConversationKind
from core.permissions import Actor, Role
from core.services.budget_checks import checked_amount
from core.services.budgets import BudgetView, WantedBudget
from tests.bench.statements import statements_of
from tests.support.budgets import DAY, MONTH, TOKENS, USD, Till


@pytest.fixture
def till(database: Database) -> Till:
    return Till(database)


@pytest.mark.parametrize(
    ("amount", "unit", "sentence"),
    [
        ("-5", USD, "negative"),
        ("0", USD, "more than 0"),
        ("", USD, "as a number"),
        ("much", USD, "as a number"),
        ("1e9", USD, "as a number"),
        ("٣", USD, "as a number"),
        ("NaN", USD, "as a number"),
        ("9" * 400, USD, "more than"),
        ("1000000001", USD, "more than"),
        ("0.000000001", USD, "8 digits"),
        ("1.5", TOKENS, "whole"),
    ],
)
def test_amounts_that_cannot_be(till: Till, amount: str, unit: BudgetUnit, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        till.set(amount, unit=unit)
    budget_id = till.set(5, unit=unit)
    with pytest.raises(Invalid, match=sentence):
        till.budgets.change(till.admin, budget_id, amount=amount, marks="80")
    assert till.budgets.page(till.admin)[0].line.amount == 5


@pytest.mark.parametrize("marks", ["0", "101", "-1", "80;90", "half", "1,2,3,4,5,6", "٨"])
def test_marks_that_cannot_be(till: Till, marks: str) -> None:
    with pytest.raises(Invalid):
        till.set(5, marks=marks)


@given(st.text(max_size=20), st.sampled_from(BudgetUnit))
def test_any_text_is_an_amount_or_a_sentence(typed: str, unit: BudgetUnit) -> None:
    found: object
    try:
        found = checked_amount(typed, unit)
    except Invalid as error:
        found = str(error).endswith(".")
    assert found


def test_there_is_one_of_a_kind_and_for_ones_own_people(till: Till) -> None:
    budget_id = till.set(5)
    with pytest.raises(Conflict):
        till.set(6)
    elsewhere = till.desk.stranger()
    foreign = Actor(elsewhere.user_id, elsewhere.company_id, "x", "x", frozenset({Role.ADMIN}))
    with pytest.raises(Invalid, match="Choose a person"):
        till.budgets.set(foreign, WantedBudget(BudgetScope.PERSON, DAY, USD, "5", user_id=till.me.user_id))
    with pytest.raises(Invalid):
        till.budgets.raise_until_reset(till.admin, budget_id, amount="7", reason="  ")


def listed(till: Till, actor: Actor | None = None, **options: Any) -> list[BudgetView]:
    """All pages of three, one after the other."""
    found: list[BudgetView] = []
    while page := till.budgets.page(
        actor or till.admin, limit=3, before=found[-1].position if found else None, **options
    ):
        found += page
    return found


def test_the_list_is_paged_and_found_by_name(till: Till) -> None:
    ada = till.desk.person(display_name="Ada 100 %")
    people = [ada, *(till.desk.person() for _ in range(7))]
    ids = [till.set(50_000 + number, user_id=person.user_id) for number, person in enumerate(people)]
    room_id = till.desk.rooms.create(till.me, ConversationKind.COMPANY, "Plans")
    room = till.set(10_000, BudgetScope.ROOM, room_id=room_id)
    role = till.set(20_000, BudgetScope.ROLE, role=Role.STAFF)
    company = till.set(30_000, BudgetScope.COMPANY)
    till.budgets.raise_until_reset(till.admin, ids[0], amount="7", reason="So")
    till.finish(till.desk.ask(ada, "How much?"), tokens=40)
    views = listed(till)
    assert [view.line.id for view in views] == [company, role, room, *reversed(ids)]
    first, second, last = views[0], views[1], views[-1]
    assert first.standing and first.standing.used == 40
    assert second.standing is None
    assert (
        last.standing and [int(last.standing.used), int(last.standing.limit)] == [40, 50_007] and len(last.raises) == 1
    )
    for name, found in (("100 %", [ids[0]]), ("plA", [room]), ("%", [ids[0]]), ("_", []), ("nobody", [])):
        assert [view.line.id for view in listed(till, name=name)] == found
    assert listed(till, Actor(ada.user_id, till.desk.stranger().company_id, "x", "x", frozenset({Role.ADMIN}))) == []


def test_a_page_of_the_list_takes_as_many_queries_however_long_it_is(till: Till) -> None:
    for count in (1, 30):
        for _ in range(count):
            till.set(500, user_id=till.desk.person().user_id)
        with statements_of(till.desk.database) as sent:
            assert len(till.budgets.page(till.admin, limit=50)) >= count
        assert len(sent) == 3


def test_a_group_has_a_budget_and_keeps_its_name(till: Till) -> None:
    """Who is in it may set one; other admins see that there is one, and can raise or remove it, and no more."""
    group = till.desk.rooms.create(till.me, ConversationKind.GROUP, "Redundancies")
    with pytest.raises(Invalid, match="a group that you are in"):
        till.set(50, BudgetScope.ROOM, room_id=group)
    assert till.budgets.choices(till.admin).rooms == ()
    other, outsider = till.desk.person(Role.ADMIN), till.admin
    till.desk.join(other, group)
    assert till.budgets.choices(other).rooms == ((group, "Redundancies"),)
    budget = till.budgets.set(other, WantedBudget(BudgetScope.ROOM, DAY, TOKENS, "50", room_id=group))
    with pytest.raises(BudgetSpent, match="This room's budget"):
        till.desk.talks.send(till.me, group, "@Assistant why?")
    assert [view.line.name for view in listed(till, other)] == ["Redundancies"]
    assert [view.line.name for view in listed(till, outsider)] == [None]
    assert listed(till, outsider, name="Redund") == []
    assert "Redundancies" in till.told(till.me)[0]  # the owner
    assert till.told(outsider)[0].startswith("The budget of a group has refused a question")
    assert till.one("SELECT count(*) FROM audit_events WHERE cast(after AS text) LIKE '%Redund%'") == 0
    till.budgets.raise_until_reset(outsider, budget, amount="10000", reason="So")
    till.desk.talks.send(till.me, group, "@Assistant why?")
    till.desk.leave(other, group)
    assert [view.line.name for view in listed(till, other)] == [None]
    till.budgets.remove(outsider, budget)


def test_a_pair_has_no_budget_and_a_room_elsewhere_none_either(till: Till) -> None:
    boss, stranger = till.desk.person(Role.ADMIN, Role.STAFF), till.desk.stranger()
    pair = till.desk.rooms.start_direct(boss, till.me.user_id)
    elsewhere = till.desk.rooms.create(stranger, ConversationKind.COMPANY, "Theirs")
    assert till.budgets.choices(boss).rooms == ()
    for room_id in (pair, elsewhere, till.me.user_id, None):
        with pytest.raises(Invalid):
            till.budgets.set(boss, WantedBudget(BudgetScope.ROOM, DAY, TOKENS, "50", room_id=room_id))


def test_a_roles_default_is_raised_for_everybody_or_for_one(till: Till) -> None:
    bo, own = till.desk.person(), till.desk.person()
    budget = till.set(500, BudgetScope.ROLE, role=Role.STAFF)

    def limits() -> list[int]:
        return [int(till.spending.standings(actor)[0].limit) for actor in (till.me, bo)]

    till.budgets.raise_until_reset(till.admin, budget, amount="70", reason="The fair", user_id=bo.user_id)
    assert limits() == [500, 570]
    till.budgets.raise_until_reset(till.admin, budget, amount="3", reason="All")
    assert limits() == [503, 573]
    (view,) = till.budgets.page(till.admin)
    assert {(more.user_name, int(more.amount)) for more in view.raises} == {(bo.display_name, 70), (None, 3)}
    assert (bo.user_id, bo.display_name) in till.budgets.people_with(till.admin, Role.STAFF)
    kept = "SELECT after FROM audit_events WHERE action = 'budget:raise' ORDER BY sequence LIMIT 1"
    assert till.one(kept)["for"] == str(bo.user_id)
    till.set(9, user_id=own.user_id)
    for somebody in (own, till.admin, till.desk.stranger()):
        with pytest.raises(Invalid):
            till.budgets.raise_until_reset(till.admin, budget, amount="1", reason="So", user_id=somebody.user_id)
    company = till.set(5_000, BudgetScope.COMPANY)
    with pytest.raises(Invalid):
        till.budgets.raise_until_reset(till.admin, company, amount="1", reason="So", user_id=bo.user_id)


def test_the_trail_writes_an_amount_in_one_way(till: Till) -> None:
    budget = till.set("1,990.50", unit=USD, period=MONTH)
    till.budgets.change(till.admin, budget, amount="1990", marks="80")
    till.budgets.raise_until_reset(till.admin, budget, amount="10.0", reason="So")
    (more,) = till.budgets.page(till.admin)[0].raises
    till.budgets.end_raise(till.admin, more.id)
    till.budgets.remove(till.admin, budget)
    written = till.all("SELECT before, after FROM audit_events WHERE target_type = 'budget' ORDER BY sequence")
    amounts = [(facts.get("amount"), facts.get("more")) for row in written for facts in row if facts]
    assert amounts == [
        ("1990.5", None),
        ("1990.5", None),
        ("1990", None),
        ("1990", None),
        (None, "10"),
        (None, "10"),
        ("1990", None),
    ]
