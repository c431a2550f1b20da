"""Which models a company's people may ask, and which one answers where nobody chose."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session

from core.assistant.choosing import models_of
from core.database.engine import Database
from core.errors import Invalid, NotFound
from core.models import Company, CompanyPart
from core.permissions import Actor, Permission
from core.repositories.companies import Companies, LastChange
from core.services.company_changes import company_to_change, keep_change

NONE_LEFT = "Allow at least one model: otherwise the assistant could answer nobody."
UNKNOWN = "Parley doesn't offer the model “{name}” any more. Choose others."
NOT_ALLOWED = "The model that answers where nobody chose has to be one of those that are allowed."


@dataclass(frozen=True, slots=True)
class ModelsView:
    parleys: tuple[str, ...]
    """All that Parley offers."""
    allowed: tuple[str, ...]
    """Those of them that this company's people may ask; the default first."""
    is_limited: bool
    """False: whatever Parley offers, also what it offers some day."""
    gone: tuple[str, ...]
    """What was allowed and is offered no more."""
    default: str | None
    """None: the first of those it allows."""
    change: LastChange | None


class CompanyModels:
    def __init__(self, database: Database, models: tuple[str, ...]) -> None:
        """`models`: all that Parley offers, its own default first."""
        self.database = database
        self.models = models

    def offered(self, actor: Actor) -> tuple[str, ...]:
        """What this person can choose from, what answers without a choice first. Empty: what the company allowed is
        offered no more, though Parley may have one model, or another one.
        """
        with self.database.reading() as session:
            return models_for(session, actor, self.models)

    def default_for(self, actor: Actor) -> str:
        """What answers where nobody chose; where nothing does, Parley's own default."""
        return next(iter(self.offered(actor)), self.models[0])

    def get(self, actor: Actor) -> ModelsView:
        actor.require(Permission.SETTINGS_MANAGE)
        with self.database.reading() as session:
            company = _own(session, actor)
            return ModelsView(
                parleys=self.models,
                allowed=models_of(company, self.models),
                is_limited=bool(company.models),
                gone=tuple(name for name in company.models if name not in self.models),
                default=company.default_model if company.default_model in self.models else None,
                change=Companies(session).list_changes(company.id).get(CompanyPart.MODELS),
            )

    def set(self, actor: Actor, allowed: Collection[str] | None, default: str | None, *, seen: int | None) -> int:
        """From the next answer on. `allowed`: None for whatever Parley offers; `default`: None for the first of them.

        `seen`: the version that whoever saves had before
        them; None: whichever. The version that it is now. Raises Invalid, Overtaken.
        """
        actor.require(Permission.SETTINGS_MANAGE)
        kept = self._checked(allowed, default)
        with self.database.transaction() as session:
            company = company_to_change(session, actor, CompanyPart.MODELS, seen)
            before = _audited(company)
            Companies(session).update(company, models=kept, default_model=default)
            return keep_change(session, actor, CompanyPart.MODELS, before, _audited(company))

    def _checked(self, allowed: Collection[str] | None, default: str | None) -> list[str]:
        if allowed is not None and not allowed:
            raise Invalid(NONE_LEFT)
        named = [*(allowed or ()), *([default] if default else [])]
        if odd := next((name for name in named if name not in self.models), None):
            raise Invalid(UNKNOWN.format(name=odd[:120]))
        if default and allowed is not None and default not in allowed:
            raise Invalid(NOT_ALLOWED)
        return [name for name in self.models if name in allowed] if allowed is not None else []


def models_for(session: Session, actor: Actor, models: tuple[str, ...]) -> tuple[str, ...]:
    return models_of(_own(session, actor), models)


def _own(session: Session, actor: Actor) -> Company:
    company = Companies(session).get(actor.company_id)
    if company is None:
        raise NotFound
    return company


def _audited(company: Company) -> dict[str, object]:
    return {"models": list(company.models), "default_model": company.default_model}
