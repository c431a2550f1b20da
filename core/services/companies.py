from dataclasses import dataclass

from core.database.engine import Database
from core.errors import NotFound
from core.models import MAX_INSTRUCTIONS, AuditAction, Company
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.repositories.companies import Companies
from core.services.texts import checked_instructions, one_line, required_text

MAX_NAME = 120


@dataclass(frozen=True, slots=True)
class CompanyView:
    name: str
    instructions: str
    """What the assistant is told in every conversation of the company; empty for nothing."""


class CompanyService:
    def __init__(self, database: Database, instruction_tokens: int) -> None:
        """`instruction_tokens`: the most that instructions may take of what the model can read."""
        self.database = database
        self.instruction_tokens = instruction_tokens

    def get(self, actor: Actor) -> CompanyView:
        """The actor's own company."""
        with self.database.reading() as session:
            company = _own(Companies(session), actor)
            return CompanyView(company.name, company.instructions)

    def update(self, actor: Actor, *, name: str, instructions: str) -> None:
        """Names the company and instructs its assistant; from the next question on."""
        actor.require(Permission.SETTINGS_MANAGE)
        name = required_text(one_line(name), field="The company's name", limit=MAX_NAME)
        instructions = checked_instructions(instructions, limit=MAX_INSTRUCTIONS, tokens=self.instruction_tokens)
        with self.database.transaction() as session:
            company = _own(Companies(session), actor)
            before = {"name": company.name, "instructions_length": len(company.instructions)}
            Companies(session).update(company, name=name, instructions=instructions)
            Audit(session).record(
                AuditAction.COMPANY_UPDATED,
                actor=actor,
                company_id=company.id,
                target_type="company",
                target_id=company.id,
                before=before,
                after={"name": name, "instructions_length": len(instructions)},
            )


def _own(companies: Companies, actor: Actor) -> Company:
    company = companies.get(actor.company_id)
    if company is None:
        raise NotFound
    return company
