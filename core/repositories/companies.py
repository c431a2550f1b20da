from typing import Any
from uuid import UUID

from sqlmodel import col, func, select

from core.models import Company
from core.repositories.base import Repository


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
        """Name, instructions, assistant_name, tools_on, ask_first: what is not named stays as it is."""
        for name, value in values.items():
            setattr(company, name, value)
        self.session.add(company)
        self.session.flush()
        return company

    def lock(self, company_id: UUID) -> None:
        """Makes changes to a company's people take turns until the transaction ends; reading goes on."""
        statement = select(Company.id).where(Company.id == company_id).with_for_update(key_share=True)
        self.session.exec(statement).one_or_none()
