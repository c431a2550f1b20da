"""Budgets in the settings, beside the box, and on the home page."""

from core.models import BudgetPeriod, BudgetScope, BudgetUnit
from core.permissions import Role
from core.services.budgets import WantedBudget
from tests.pages.visitor import Desk, sentences, text_of, visit


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
