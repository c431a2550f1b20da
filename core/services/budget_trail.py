"""What the audit trail keeps of a budget. Whose it is stands there by id: the title of a group is nobody else's."""

from collections.abc import Mapping

from sqlmodel import Session

from core.models import AuditAction, Budget, BudgetRaise
from core.permissions import Actor
from core.repositories.audit import Audit
from core.typed.numbers import plain


def facts_of(budget: Budget) -> dict[str, object]:
    return {
        "scope": budget.scope.value,
        "subject": str(budget.user_id or budget.room_id or budget.role or ""),
        "period": budget.period.value,
        "unit": budget.unit.value,
        "amount": plain(budget.amount),
        "marks": list(budget.marks),
    }


def facts_of_raise(raised: BudgetRaise) -> dict[str, object]:
    facts: dict[str, object] = {"more": plain(raised.amount), "until": raised.ends_at.isoformat()}
    return facts | ({"for": str(raised.user_id)} if raised.user_id else {})


def record(
    session: Session,
    actor: Actor,
    action: AuditAction,
    budget: Budget,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    Audit(session).record(
        action,
        actor=actor,
        company_id=actor.company_id,
        target_type="budget",
        target_id=budget.id,
        before=before,
        after=after,
        reason=reason,
    )
