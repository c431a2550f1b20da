from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, func, select

from core.models import Company, CompanyChange, CompanyPart, User
from core.models.base import table_of
from core.repositories.base import Repository

_changes = table_of(CompanyChange)


@dataclass(frozen=True, slots=True)
class LastChange:
    """Of a part of a company. `by`: None when they are gone."""

    version: int
    at: datetime
    by: str | None


class Companies(Repository):
    def add(self, company: Company) -> Company:
        self.session.add(company)
        self.session.flush()
        return company

    def get(self, company_id: UUID) -> Company | None:
        return self.session.get(Company, company_id)

    def is_taken(self, name: str, *, but: UUID | None = None) -> bool:
        """Whether a company, but that one, is called so, however it is capitalised."""
        statement = select(Company.id).where(func.lower(Company.name) == func.lower(name))
        return any(found != but for found in self.session.exec(statement))

    def list_all(self) -> list[Company]:
        return list(self.session.exec(select(Company).order_by(col(Company.name))))

    def update(self, company: Company, **values: Any) -> Company:
        """Name, instructions, assistant_name, tools_on, ask_first, models, default_model: what is not named stays."""
        for name, value in values.items():
            setattr(company, name, value)
        self.session.add(company)
        self.session.flush()
        return company

    def lock(self, company_id: UUID) -> None:
        """Makes changes to a company's people take turns until the transaction ends; reading goes on."""
        statement = select(Company.id).where(Company.id == company_id).with_for_update(key_share=True)
        self.session.exec(statement).one_or_none()

    def list_changes(self, company_id: UUID) -> dict[CompanyPart, LastChange]:
        """By part; those that nobody changed yet are missing."""
        statement = (
            select(CompanyChange, User.display_name)
            .join(User, col(User.id) == CompanyChange.changed_by, isouter=True)
            .where(CompanyChange.company_id == company_id)
        )
        return {
            change.part: LastChange(change.version, change.changed_at, by)
            for change, by in self.session.exec(statement.execution_options(populate_existing=True))
        }

    def count_change(self, company_id: UUID, part: CompanyPart, user_id: UUID | None, now: datetime) -> int:
        """One version more; which one it is."""
        said = {"changed_by": user_id, "changed_at": now}
        statement = insert(_changes).values(company_id=company_id, part=part, version=1, **said)
        counted = statement.on_conflict_do_update(
            index_elements=["company_id", "part"], set_=said | {"version": _changes.c.version + 1}
        )
        version: int = self.session.execute(counted.returning(_changes.c.version)).scalar_one()
        return version
