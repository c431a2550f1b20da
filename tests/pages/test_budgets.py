"""Budgets in the settings, beside the box, and on the home page."""

from core.models import BudgetPeriod, BudgetScope, BudgetUnit
from core.permissions import Role
from core.services.budgets import WantedBudget
from tests.pages.visitor import Desk, sentences, text_of, visit


def test_an_admin_adds_a_budget_and_what_is_wrong_loses_nothing(desk: Desk) -> None:
    boss = desk.person(Role.ADMIN, Role.STAFF)
    browser = visit(boss, "settings.py", section="Budgets")
    assert "no budget yet" in text_of(browser)
    browser.button(key="budget_add").click().run()
    browser.text_input(key="budget_amount").set_value("-3").run()
    browser.button(key="budget_save").click().run()
    assert any("negative" in sentence for sentence in sentences(browser))
    assert browser.text_input(key="budget_amount").value == "-3"
    browser.text_input(key="budget_amount").set_value("12.50").run()
    browser.button(key="budget_save").click().run()
    (line,), _ = desk.application.budgets.list_all(boss.actor)
    assert (line.scope, str(line.amount.normalize()), line.marks) == (BudgetScope.COMPANY, "12.5", (80, 100))
    browser = visit(boss, "settings.py", section="Budgets")
    assert r"\$12.50 a month" in text_of(browser)
    assert r"\$0.00 used, \$12.50 left" in text_of(browser)
    assert r"\$12.50 of \$12.50 left this month for the company" in text_of(visit(boss, "home.py"))
    assert r"\$12.50 of \$12.50 left this month" in text_of(visit(boss, "chat.py"))


def test_a_question_that_does_not_fit_stays_in_the_box(desk: Desk) -> None:
    boss, me = desk.person(Role.ADMIN), desk.person(Role.STAFF)
    wanted = WantedBudget(BudgetScope.COMPANY, BudgetPeriod.DAY, BudgetUnit.TOKENS, "5")
    desk.application.budgets.set(boss.actor, wanted)
    browser = visit(me, "chat.py")
    browser.chat_input[0].set_value("How much is rye?").run()
    assert any("budget today is 5 tokens" in sentence for sentence in sentences(browser))
    assert desk.application.conversations.list_recent(me.actor) == []
