"""Budgets in the settings, beside the box, and on the home page."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import clock
from core.errors import BudgetSpent
from core.models import BudgetPeriod, BudgetScope, BudgetUnit, ConversationKind, ModelPrice
from core.permissions import Role
from core.repositories.notices import Notices
from core.services.budgets import WantedBudget
from tests.pages.visitor import Desk, sentences, text_of, visit
from tests.support.usage import book, make_call

EARLY = datetime(2026, 1, 1, tzinfo=UTC)


def test_budgets_stand_in_the_settings_and_beside_the_box(desk: Desk) -> None:
    boss = desk.person(Role.ADMIN, Role.STAFF)
    assert "no budget yet" in text_of(visit(boss, "settings.py", section="Budgets"))
    assert "left" not in text_of(visit(boss, "home.py"))
    wanted = WantedBudget(BudgetScope.COMPANY, BudgetPeriod.MONTH, BudgetUnit.USD, "12.50")
    desk.application.budgets.set(boss.actor, wanted)
    browser = visit(boss, "settings.py", section="Budgets")
    assert "12.50 a month" in text_of(browser)
    for page in ("home.py", "chat.py"):
        assert "12.50 left this month for the company" in text_of(visit(boss, page))


def test_a_question_that_does_not_fit_stays_in_the_box(desk: Desk) -> None:
    boss, me = desk.person(Role.ADMIN), desk.person(Role.STAFF)
    wanted = WantedBudget(BudgetScope.COMPANY, BudgetPeriod.DAY, BudgetUnit.TOKENS, "5")
    desk.application.budgets.set(boss.actor, wanted)
    browser = visit(me, "chat.py")
    browser.chat_input[0].set_value("How much is rye?").run()
    assert any("budget today is 5 tokens" in sentence for sentence in sentences(browser))
    assert desk.application.conversations.list_recent(me.actor) == []


def test_times_are_the_readers_own_and_say_so(desk: Desk) -> None:
    """The budget's day is one of UTC; in Kathmandu it begins at a quarter to six."""
    boss, me = desk.person(Role.ADMIN), desk.person(Role.STAFF)
    wanted = WantedBudget(BudgetScope.PERSON, BudgetPeriod.DAY, BudgetUnit.USD, "0.000001", user_id=me.user.id)
    desk.application.budgets.set(boss.actor, wanted)
    wanted = WantedBudget(BudgetScope.COMPANY, BudgetPeriod.DAY, BudgetUnit.TOKENS, "100000")
    desk.application.budgets.set(boss.actor, wanted)
    with desk.database.transaction() as session:
        price = Decimal(1_000)
        model = desk.application.assistant.default_model
        session.add(ModelPrice(
            company_id=me.user.company_id, model=model, input_price=price, output_price=price, effective_from=EARLY
        ))  # fmt: skip
    browser = visit(me, "chat.py", zone="Asia/Kathmandu")
    (caption,) = [one.value for one in browser.caption if "left today" in one.value]
    assert caption.count("left today") == 2  # in money and in tokens
    assert caption.endswith(", 05:45 (Kathmandu time)")
    browser.chat_input[0].set_value("How much is rye?").run()
    (refusal,) = sentences(browser)
    assert ", 05:45 (Kathmandu time). An admin can raise it." in refusal
    assert refusal.count("$") == refusal.count("\\$") > 2  # two bare ones would make a formula of what is between
    assert not any("has refused a question" in one.value for one in browser.markdown)  # that has just been said
    notice = next(one.value for one in visit(me, "chat.py", zone="Asia/Kathmandu").markdown if "refused" in one.value)
    assert notice.endswith(", 05:45 (Kathmandu time).]")
    assert text_of(visit(boss, "settings.py", section="Budgets", zone="Asia/Kathmandu")).count("05:45 (Kathmandu") == 2


def test_beside_the_box_stands_the_budget_that_refuses_first(desk: Desk) -> None:
    """Of two in tokens the one with fewer left, though less of the other's share is left."""
    boss, me = desk.person(Role.ADMIN), desk.staff()
    room = desk.application.rooms.create(me.actor, ConversationKind.COMPANY, "Plans")
    for scope, amount in ((BudgetScope.PERSON, "50"), (BudgetScope.ROOM, "5000")):
        wanted = WantedBudget(scope, BudgetPeriod.DAY, BudgetUnit.TOKENS, amount, user_id=me.user.id, room_id=room)
        desk.application.budgets.set(boss.actor, wanted)
    with desk.database.transaction() as session:
        book(session, make_call(me.user.company_id, None, clock.now(), room_id=room))
    captions = [one.value for one in visit(me, "chat.py", c=room).caption]
    assert any("50 of 50 tokens left today" in caption for caption in captions), captions


def test_a_notice_stands_on_home_and_chat_and_is_put_away_once(desk: Desk) -> None:
    boss, me = desk.person(Role.ADMIN), desk.person(Role.STAFF)
    for user, amount in ((me.user, "5"), (boss.user, "6")):
        wanted = WantedBudget(BudgetScope.PERSON, BudgetPeriod.DAY, BudgetUnit.TOKENS, amount, user_id=user.id)
        desk.application.budgets.set(boss.actor, wanted)
    with pytest.raises(BudgetSpent):
        desk.application.chat.ask(me.actor, "How much is rye?")
    room = desk.application.rooms.create(me.actor, ConversationKind.COMPANY, "Plans")
    places: list[tuple[str, dict[str, Any]]] = [("home.py", {}), ("chat.py", {}), ("chat.py", {"c": room})]
    for page, query in places:
        assert "Your budget has refused a question" in text_of(visit(me, page, **query))
    browser = visit(me, "chat.py")
    next(button for button in browser.button if button.label == "Put away").click().run()
    assert "has refused a question" not in text_of(browser)
    assert "has refused a question" not in text_of(visit(me, "home.py"))
    assert f"The budget of {me.user.display_name}" in text_of(visit(boss, "home.py"))  # theirs is their own


def test_many_notices_do_not_bury_the_page(desk: Desk) -> None:
    boss = desk.person(Role.ADMIN, Role.STAFF)
    with desk.database.transaction() as session:
        for number in range(9):
            Notices(session).tell([boss.user.id], key=str(number), kind="budget", text=f"No. {number}", ends_at=None)
    assert _notices(visit(boss, "chat.py")) == ["No. 8"]
    browser = visit(boss, "home.py")
    assert _notices(browser) == [f"No. {number}" for number in range(8, 3, -1)]
    next(button for button in browser.button if button.label == "Put all away").click().run()
    assert _notices(browser) == []


def _notices(browser: AppTest) -> list[str]:
    return [
        one.value.removeprefix(":small[:material/savings: ").removesuffix("]").replace("\\", "")
        for one in browser.markdown
        if "savings" in one.value
    ]


def test_a_long_list_is_shown_page_by_page_and_searched(desk: Desk) -> None:
    boss = desk.person(Role.ADMIN)
    people = [desk.person(display_name=f"Somebody {number:02}") for number in range(25)]
    for person in people:
        wanted = WantedBudget(BudgetScope.PERSON, BudgetPeriod.DAY, BudgetUnit.TOKENS, "5", user_id=person.user.id)
        desk.application.budgets.set(boss.actor, wanted)
    browser = visit(boss, "settings.py", section="Budgets")

    def shown() -> list[str]:
        return [found[1] for one in browser.markdown if (found := re.search(r"\*\*Somebody (\d+)\*\*", one.value))]

    assert shown() == [f"{number:02}" for number in range(24, 4, -1)]
    browser.button("budget_more").click().run()
    assert len(shown()) == 25 and "budget_more" not in [button.key for button in browser.button]
    browser.text_input("budget_find").set_value("body 1").run()
    assert shown() == [f"{number:02}" for number in range(19, 9, -1)]
    browser.text_input("budget_find").set_value("nobody").run()
    assert "No budget has that name." in text_of(browser)


def test_a_group_one_is_not_in_has_no_name_in_the_list(desk: Desk) -> None:
    boss, other = desk.person(Role.ADMIN, Role.STAFF), desk.person(Role.ADMIN)
    group = desk.application.rooms.create(boss.actor, ConversationKind.GROUP, "Redundancies")
    wanted = WantedBudget(BudgetScope.ROOM, BudgetPeriod.DAY, BudgetUnit.TOKENS, "5", room_id=group)
    desk.application.budgets.set(boss.actor, wanted)
    assert "Redundancies" in text_of(visit(boss, "settings.py", section="Budgets"))
    seen = text_of(visit(other, "settings.py", section="Budgets"))
    assert "A group you are not in" in seen and "Redundancies" not in seen
