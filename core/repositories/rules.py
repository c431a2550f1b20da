"""What a company looks for in whatever its people send."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from core import clock
from core.ids import new_id
from core.models import Company, ConversationKind, Rule, RuleAction, RuleKind, User
from core.models.base import table_of
from core.models.rule import EVERYWHERE, first_rules
from core.repositories.base import Repository
from core.rules.screen import RuleSpec

_rules, _companies = table_of(Rule), table_of(Company)


@dataclass(frozen=True, slots=True)
class RuleView:
    id: UUID
    name: str
    kind: RuleKind
    action: RuleAction
    is_on: bool
    places: tuple[ConversationKind, ...]
    words: tuple[str, ...]
    pattern: str
    version: int
    changed_by: str | None
    """None for the rules that a company begins with, and when that person is gone."""
    changed_at: datetime
    is_first: bool
    """As the company began with it: nobody has changed it."""


class Rules(Repository):
    def get_version(self, company_id: UUID) -> int:
        """Of the company's rules together; 0 also where there is no such company."""
        statement = select(_companies.c.rules_version).where(_companies.c.id == company_id)
        return self.session.execute(statement).scalar_one_or_none() or 0

    def change(self, company_id: UUID) -> None:
        """Has every process read them anew from this transaction's end on; until then nobody else changes any."""
        version = _companies.c.rules_version + 1
        self.session.execute(update(_companies).where(_companies.c.id == company_id).values(rules_version=version))

    def list_on(self, company_id: UUID) -> list[RuleSpec]:
        statement = select(Rule).where(_rules.c.company_id == company_id, _rules.c.is_on).order_by(_rules.c.name)
        return [spec_of(rule) for rule in self.session.execute(statement).scalars()]

    def list_all(self, company_id: UUID) -> list[RuleView]:
        """By name."""
        statement = (
            select(Rule, col(User.display_name))
            .outerjoin(User, col(User.id) == _rules.c.changed_by)
            .where(_rules.c.company_id == company_id)
            .order_by(_rules.c.name)
        )
        return [_view(rule, name) for rule, name in self.session.execute(statement)]

    def get(self, company_id: UUID, rule_id: UUID) -> Rule | None:
        statement = select(Rule).where(_rules.c.company_id == company_id, _rules.c.id == rule_id)
        return self.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()

    def is_named(self, company_id: UUID, name: str, *, but: UUID | None) -> bool:
        """Whether another one has that name, whatever its case."""
        same = _rules.c.company_id == company_id, func.lower(_rules.c.name) == name.lower()
        statement = select(_rules.c.id).where(*same, _rules.c.id.is_distinct_from(but)).limit(1)
        return self.session.execute(statement).first() is not None

    def count(self, company_id: UUID) -> int:
        statement = select(func.count()).select_from(Rule).where(_rules.c.company_id == company_id)
        return int(self.session.execute(statement).scalar_one())

    def put(self, rule: Rule) -> None:
        self.session.add(rule)
        self.session.flush()

    def remove(self, rule: Rule) -> None:
        self.session.execute(delete(Rule).where(_rules.c.id == rule.id))

    def add_first(self, company_id: UUID) -> None:
        """Those that a company begins with."""
        now = clock.now()
        common: dict[str, Any] = {
            "created_at": now,
            "company_id": company_id,
            "action": RuleAction.MASK,
            "places": list(EVERYWHERE),
            "words": [],
            "pattern": "",
            "version": 0,
            "changed_at": now,
        }
        rows = [common | {"id": new_id()} | rule for rule in first_rules()]
        self.session.execute(insert(_rules).values(rows).on_conflict_do_nothing())


def spec_of(rule: Rule) -> RuleSpec:
    places = frozenset(map(ConversationKind, rule.places))
    return RuleSpec(rule.id, rule.name, rule.kind, rule.action, places, tuple(rule.words), rule.pattern)


def _view(rule: Rule, changed_by: str | None) -> RuleView:
    return RuleView(
        id=rule.id,
        name=rule.name,
        kind=rule.kind,
        action=rule.action,
        is_on=rule.is_on,
        places=tuple(kind for kind in ConversationKind if kind.value in rule.places),
        words=tuple(rule.words),
        pattern=rule.pattern,
        version=rule.version,
        changed_by=changed_by,
        changed_at=rule.changed_at,
        is_first=rule.version == 0 and rule.changed_by is None,
    )
