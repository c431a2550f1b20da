"""The company itself: its people and their roles, rules, how long what is kept, and what may be spent."""

from collections import defaultdict
from datetime import timedelta
from decimal import ROUND_UP, Decimal
from uuid import UUID

from core.models import (
    AuditAction,
    Budget,
    BudgetPeriod,
    BudgetScope,
    BudgetUnit,
    Company,
    ConversationKind,
    LinkPurpose,
    OneTimeLink,
    RetentionRule,
    Rule,
    RuleAction,
    RuleKind,
    User,
    UserRole,
)
from core.models.rule import EVERYWHERE, first_rules
from core.permissions import Role
from core.services.budget_trail import facts_of
from core.services.demo.care import RULE, WORDS
from core.services.demo.people import COMPANY
from core.services.demo.world import Person, World
from core.services.rules import facts_of_rule

KEPT = {ConversationKind.ASSISTANT: 730, ConversationKind.DIRECT: 1_095}
"""Days."""
SIGNED_IN = timedelta(days=13)
NEARLY = Decimal("0.93")
"""How much Bo has used of what he may use in a month."""


def found(world: World, password_hash: str) -> UUID:
    """Everybody, with one password for all of them. The id of the rule that reports."""
    founded = world.people["Ada"].came
    begun = min(one.came for one in world.people.values()) - timedelta(minutes=1)
    world.add(
        Company, id=world.company_id, created_at=begun, name=COMPANY, rules_version=1,
        instructions="Lindgrove makes sensors that tell gardeners and farmers when to water. Answer briefly.",
    )  # fmt: skip
    ada = world.people["Ada"]
    world.did(begun, AuditAction.COMPANY_CREATED, ada, world.company_id, after={"name": COMPANY})
    for person in world.people.values():
        _add_person(world, person, ada, password_hash)
    for kind, days in KEPT.items():
        at = founded + timedelta(days=2, minutes=days % 50)
        rule = world.add(
            RetentionRule, id=world.id(at), created_at=at, company_id=world.company_id, kind=kind, days=days,
            set_by=ada.id, set_at=at,
        )  # fmt: skip
        after = {"kind": kind.value, "days": days}
        world.did(at, AuditAction.RETENTION_RULE_SET, ada, rule["id"], after=after)
    _invite(world, ada)
    return _add_rules(world)


def _add_person(world: World, person: Person, admin: Person, password_hash: str) -> None:
    hand, last = person.hand, world.year.last_hour
    seen = person.went or last - timedelta(minutes=world.chance.randrange(4, 400))
    world.add(
        User, id=person.id, created_at=person.came, company_id=world.company_id, email=hand.email,
        display_name=hand.name, password_hash=password_hash, is_active=person.went is None, time_zone=hand.zone,
        last_seen_at=seen, suspended_until=None,
    )  # fmt: skip
    for role in hand.roles:
        world.add(UserRole, user_id=person.id, role=role)
    by = None if person is admin else admin
    after = {"roles": sorted(role.value for role in hand.roles)}
    world.did(person.came, AuditAction.USER_CREATED, by or admin, person.id, after=after)
    if person.went:
        world.did(person.went, AuditAction.USER_DEACTIVATED, admin, person.id)
    at = world.year.moment(world.chance, hand.zone, person.came, person.came + SIGNED_IN)
    while at < (person.went or last):
        world.did(at, AuditAction.SIGNED_IN, person, person.id)
        soon = at + timedelta(days=world.chance.randrange(9, 15))
        at = world.year.moment(world.chance, hand.zone, soon, soon + timedelta(days=3)) if soon < last else last


def _invite(world: World, admin: Person) -> None:
    """Somebody who has not come yet."""
    at = world.year.last_hour - timedelta(days=1, hours=3)
    link = world.add(
        OneTimeLink, id=world.id(at), created_at=at, purpose=LinkPurpose.INVITE, token_hash=world.chance.randbytes(32),
        expires_at=world.now + timedelta(days=5), company_id=world.company_id, created_by=admin.id,
        email="zofia@demo.example", display_name="Zofia Malinowska", roles=[Role.STAFF.value],
    )  # fmt: skip
    world.did(at, AuditAction.INVITE_MADE, admin, link["id"], after={"roles": [Role.STAFF.value]})


def _add_rules(world: World) -> UUID:
    di, begun = world.people["Di"], world.people["Ada"].came
    for given in first_rules():
        world.add(
            Rule, id=world.id(begun), created_at=begun, company_id=world.company_id, action=RuleAction.MASK,
            places=list(EVERYWHERE), words=[], changed_at=begun, **given,
        )  # fmt: skip
    at = world.year.at(0.3)
    rule = Rule(
        id=world.id(at), created_at=at, company_id=world.company_id, name=RULE, kind=RuleKind.WORDS,
        action=RuleAction.REPORT, is_on=True, places=[kind.value for kind in ConversationKind if kind.is_room],
        words=list(WORDS), version=1, changed_by=di.id, changed_at=at,
    )  # fmt: skip
    world.add(Rule, **rule.model_dump())
    world.did(at, AuditAction.RULE_ADDED, di, rule.id, after=facts_of_rule(rule) | {"words_added": list(WORDS)})
    return rule.id


def set_budgets(world: World, rooms: dict[str, UUID]) -> None:
    """By what was spent: Bo has nearly used up his month, the company is well within its own."""
    spent = _spent_this_month(world)
    bo, app = world.people["Bo"].id, rooms["Harvest app"]
    everybody = sum(spent[one.id] for one in world.people.values())
    for days, scope, amount, subject in (
        (320, BudgetScope.COMPANY, _rounded(everybody / Decimal("0.6"), "10"), {}),
        (318, BudgetScope.ROLE, _rounded(max(spent.values(), default=Decimal(0)) * 2, "5"), {"role": Role.STAFF}),
        (41, BudgetScope.PERSON, _rounded(spent[bo] / NEARLY, "0.01"), {"user_id": bo}),
        (120, BudgetScope.ROOM, _rounded(spent[app] / Decimal("0.4"), "1"), {"room_id": app}),
    ):
        at = world.year.morning((world.now - timedelta(days=days)).date()) + timedelta(minutes=days % 170)
        budget = Budget(
            id=world.id(at), created_at=at, company_id=world.company_id, scope=scope, period=BudgetPeriod.MONTH,
            unit=BudgetUnit.USD, amount=amount, marks=[80, 100], created_by=world.people["Ada"].id, **subject,
        )  # fmt: skip
        world.add(Budget, **budget.model_dump())
        world.did(at, AuditAction.BUDGET_SET, world.people["Ada"], budget.id, after=facts_of(budget))


def _spent_this_month(world: World) -> dict[UUID | None, Decimal]:
    """By people and rooms."""
    first = world.now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found: dict[UUID | None, Decimal] = defaultdict(Decimal)
    for call in world.calls:
        if call.created_at >= first:
            found[call.user_id] += call.cost or 0
            found[call.room_id] += call.cost or 0
    found.pop(None, None)
    return found


def _rounded(amount: Decimal, to: str) -> Decimal:
    """Up, and never nothing."""
    return max((amount / Decimal(to)).to_integral_value(ROUND_UP), Decimal(1)) * Decimal(to)
