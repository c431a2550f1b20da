"""What it costs that everything sent is held against a company's rules."""

from functools import partial
from uuid import UUID

from core.assistant.screening import screened
from core.database.engine import Database
from core.models import MAX_MESSAGE, ConversationKind, RuleAction, RuleKind
from core.permissions import Actor, Role
from core.services.rules import RuleService, WantedRule
from tests.bench.measure import timed
from tests.bench.stand import Stand
from tests.bench.table import Row, spread, within
from tests.support.builders import make_actor, make_company, make_user

KINDS = tuple(ConversationKind)
GOALS = ((0, 0.005), (20, 0.05))
"""How many rules, and seconds for the slowest twentieth, the transaction around it included."""
TEXTS = {
    "plain English": "Would you look at order 20261128-77 by Friday? The numbers 12 345 and 67 890 differ. ",
    "with accents and Japanese": "Könnten Sie die Bestellung prüfen? 注文を金曜日までに確認してください。 ",
}
PATTERN_RULES = 16
ROWS = [f"{MAX_MESSAGE:,} characters, {rules} rules: {name}" for rules, _ in GOALS for name in TEXTS]


def measure(stand: Stand) -> list[Row]:
    rows: list[Row] = []
    with stand.database() as database:
        for rules, goal in GOALS:
            company_id = _company(database, rules)
            for name, piece in TEXTS.items():
                text = (piece * MAX_MESSAGE)[:MAX_MESSAGE]
                look = partial(_look, database, company_id, text)
                look()  # the first one makes the rules ready
                times = [timed(look) for _ in stand.rounds(60, 10, f"Rules: {rules}, {name}")]
                rows.append(_row(f"{MAX_MESSAGE:,} characters, {rules} rules: {name}", times, goal))
    return rows


def _company(database: Database, rules: int) -> UUID:
    """With twenty: keys, cards, accounts, a list of 2,000 words, and patterns."""
    with database.transaction() as session:
        company = make_company(session)
        actor = make_actor(make_user(session, company, (Role.MODERATOR,)), (Role.MODERATOR,))
    if rules:
        _add_rules(RuleService(database), actor)
    return company.id


def _add_rules(service: RuleService, actor: Actor) -> None:
    for kind in (RuleKind.SECRETS, RuleKind.CARDS, RuleKind.IBANS):
        service.add(actor, WantedRule(kind, kind, RuleAction.MASK, KINDS))
    words = "\n".join(f"codeword{number} of {number % 7}" for number in range(2_000))
    service.add(actor, WantedRule("Words", RuleKind.WORDS, RuleAction.REFUSE, KINDS, words=words))
    for number in range(PATTERN_RULES):
        pattern = rf"(?i)\bprj-{number}\d{{4}}-[a-z]+\b"
        service.add(actor, WantedRule(f"Pattern {number}", RuleKind.PATTERN, RuleAction.REPORT, KINDS, pattern=pattern))


def _look(database: Database, company_id: UUID, text: str) -> None:
    """As it is done for each message, in a transaction with nothing else in it."""
    with database.transaction() as session:
        screened(session, company_id, ConversationKind.GROUP, text, limit=MAX_MESSAGE)


def _row(what: str, times: list[float], goal: float) -> Row:
    return Row(what, spread(times), goal=within(goal))
