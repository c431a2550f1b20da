"""Two admins who change the same of their company: the second is told of the first, instead of undoing it unseen."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core import clock
from core.database.engine import constraint_of
from core.errors import Conflict, NotFound, Overtaken
from core.models import AuditAction, Company, CompanyPart, TargetType
from core.models.company import COMPANY_NAME_KEY
from core.permissions import Actor
from core.repositories.audit import Audit
from core.repositories.companies import Companies, LastChange
from core.repositories.rules import Rules

__all__ = [
    "TAKEN",
    "LastChange",
    "add_company",
    "company_to_change",
    "keep_change",
    "naming",
    "record_on_company",
    "refuse_taken",
]

TAKEN = "Another company here has this name. Choose another one."
OVERTAKEN = "{who} changed this after you opened it. What you typed is still here: look at theirs first."


def company_to_change(session: Session, actor: Actor, part: CompanyPart, seen: int | None) -> Company:
    """As it is now, after whoever changes it at this moment. `seen`: the version that whoever saves had before them;
    None: whichever. Raises Overtaken.
    """
    companies = Companies(session)
    companies.lock(actor.company_id)
    company = companies.get(actor.company_id)
    if company is None:
        raise NotFound
    last = companies.list_changes(actor.company_id).get(part)
    if seen is not None and seen != (last.version if last else 0):
        raise Overtaken(OVERTAKEN.format(who=(last and last.by) or "Somebody"))
    return company


def add_company(session: Session, name: str) -> Company:
    """With nobody in it yet. Raises Conflict for another's name."""
    refuse_taken(session, name)
    with naming():
        company = Companies(session).add(Company(name=name))
    Rules(session).add_first(company.id)
    return company


def refuse_taken(session: Session, name: str, but: UUID | None = None) -> None:
    """By its name single sign-on may know a company: nobody takes another's. Raises Conflict."""
    if Companies(session).is_taken(name, but=but):
        raise Conflict(TAKEN)


@contextmanager
def naming() -> Iterator[None]:
    """Around keeping a name that was free a moment before. Raises Conflict when somebody was faster."""
    try:
        yield
    except IntegrityError as error:
        if constraint_of(error) != COMPANY_NAME_KEY:
            raise
        raise Conflict(TAKEN) from error


def keep_change(
    session: Session, actor: Actor, part: CompanyPart, before: Mapping[str, Any], after: Mapping[str, Any]
) -> int:
    """The row in the trail, and the version that the next one is to have seen. Where nothing changed it stays."""
    companies = Companies(session)
    if before == after:
        last = companies.list_changes(actor.company_id).get(part)
        return last.version if last else 0
    version = companies.count_change(actor.company_id, part, actor.user_id, clock.now())
    record_on_company(session, AuditAction.COMPANY_UPDATED, actor, actor.company_id, before=before, after=after)
    return version


def record_on_company(
    session: Session,
    action: AuditAction,
    actor: Actor | None,
    company_id: UUID,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """What was done to a company; by nobody where it came of the command line."""
    Audit(session).record(
        action,
        actor=actor,
        company_id=company_id,
        target_type=TargetType.COMPANY,
        target_id=company_id,
        before=before,
        after=after,
    )
