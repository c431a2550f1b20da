"""How long a company keeps what was said, and how far the removing is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, union
from sqlmodel import col

from core.ids import derived_id
from core.models import ConversationKind, RetentionRule, RetentionRun, User
from core.models.base import table_of
from core.repositories.base import Repository

_rules, _runs = table_of(RetentionRule), table_of(RetentionRun)


@dataclass(frozen=True, slots=True)
class RuleLine:
    kind: ConversationKind
    days: int
    set_at: datetime
    set_by: str | None
    """None when they are gone, or it was the command line."""


class Retention(Repository):
    """Whoever sets a rule, places a hold or removes what is old holds the company's lock."""

    def lock(self, company_id: UUID) -> None:
        """Until this transaction ends no rule or hold of the company changes, and nothing goes."""
        key = derived_id("retention", str(company_id)).int & (2**63 - 1)
        self.session.execute(select(func.pg_advisory_xact_lock(key)))

    def get_rule(self, company_id: UUID, kind: ConversationKind) -> RetentionRule | None:
        statement = select(RetentionRule).where(_rules.c.company_id == company_id, _rules.c.kind == kind)
        return self.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()

    def put_rule(self, rule: RetentionRule) -> None:
        self.session.add(rule)
        self.session.flush()

    def remove_rule(self, rule: RetentionRule) -> None:
        self.session.execute(delete(RetentionRule).where(_rules.c.id == rule.id))

    def days(self, company_id: UUID) -> dict[ConversationKind, int]:
        """By kind; those without a rule are missing."""
        statement = select(_rules.c.kind, _rules.c.days).where(_rules.c.company_id == company_id)
        return {row.kind: row.days for row in self.session.execute(statement)}

    def list_rules(self, company_id: UUID) -> list[RuleLine]:
        statement = (
            select(_rules.c.kind, _rules.c.days, _rules.c.set_at, col(User.display_name))
            .outerjoin(User, col(User.id) == _rules.c.set_by)
            .where(_rules.c.company_id == company_id)
        )
        return [RuleLine(*tuple(row)) for row in self.session.execute(statement)]

    # Runs

    def list_companies(self) -> list[UUID]:
        """Those with a rule, or with a run to finish."""
        unfinished = select(_runs.c.company_id).where(_runs.c.finished_at.is_(None))
        found = union(select(_rules.c.company_id), unfinished).subquery()
        return list(self.session.execute(select(found.c.company_id).order_by(found.c.company_id)).scalars())

    def add_run(self, company_id: UUID, now: datetime) -> RetentionRun:
        """By the rules of now."""
        days = self.days(company_id)
        cutoffs = {
            kind.value: (now - timedelta(days=days[kind])).isoformat() for kind in ConversationKind if kind in days
        }
        run = RetentionRun(company_id=company_id, created_at=now, cutoffs=cutoffs, removed={})
        self.save_run(run)
        return run

    def get_unfinished(self, company_id: UUID) -> RetentionRun | None:
        statement = select(RetentionRun).where(_runs.c.company_id == company_id, _runs.c.finished_at.is_(None))
        return self.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()

    def get_last(self, company_id: UUID) -> RetentionRun | None:
        """The one that was begun last, whether or not it has finished."""
        statement = select(RetentionRun).where(_runs.c.company_id == company_id)
        newest = statement.order_by(_runs.c.created_at.desc()).limit(1)
        return self.session.execute(newest.execution_options(populate_existing=True)).scalar_one_or_none()

    def save_run(self, run: RetentionRun) -> None:
        self.session.add(run)
        self.session.flush()


def cutoff_in_force(run: RetentionRun, kind: ConversationKind, days: Mapping[ConversationKind, int]) -> datetime | None:
    """Before when messages of that kind go in this run, by the rules of now: what was fixed when it began, or less
    where a rule was lengthened since. None: no rule, or it is newer than the run.
    """
    fixed = run.cutoffs.get(kind.value)
    if fixed is None or kind not in days:
        return None
    return min(datetime.fromisoformat(fixed), run.created_at - timedelta(days=days[kind]))
