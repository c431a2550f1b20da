"""What budgets are called on a page."""

from core.models import BudgetPeriod, BudgetScope, BudgetUnit
from core.services.budgets import BudgetLine
from core.ui.budget_left import quantity
from core.ui.text import as_label

EACH = {BudgetPeriod.DAY: "a day", BudgetPeriod.WEEK: "a week", BudgetPeriod.MONTH: "a month"}
PERIODS = {BudgetPeriod.DAY: "Day", BudgetPeriod.WEEK: "Week", BudgetPeriod.MONTH: "Month"}
UNITS = {BudgetUnit.USD: "US dollars", BudgetUnit.TOKENS: "Tokens"}
SCOPES = {
    BudgetScope.COMPANY: "The company",
    BudgetScope.ROLE: "Each person with a role",
    BudgetScope.PERSON: "A person",
    BudgetScope.ROOM: "A room",
}
ICONS = {
    BudgetScope.COMPANY: ":material/apartment:",
    BudgetScope.ROLE: ":material/badge:",
    BudgetScope.PERSON: ":material/person:",
    BudgetScope.ROOM: ":material/forum:",
}


def name_of(line: BudgetLine) -> str:
    """Whose it is, as Markdown; of a group that the reader is not in only that it is one."""
    if line.scope is BudgetScope.COMPANY:
        return "The company"
    if line.scope is BudgetScope.ROLE:
        return f"Each person with the role {line.role}"
    if line.name is None:
        return "A group you are not in"
    return as_label(line.name, 60) or "Without a title"


def limit_of(line: BudgetLine) -> str:
    return f"{quantity(line.amount, line.unit)} {EACH[line.period]}"
