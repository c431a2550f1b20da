from dataclasses import dataclass

from core.database.engine import Database
from core.errors import Invalid, NotFound
from core.models import MAX_ASSISTANT_NAME, MAX_INSTRUCTIONS, AuditAction, Company
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
    assistant_name: str
    """What it is called: in a room it answers when @ and this name are written."""


class CompanyService:
    def __init__(self, database: Database, instruction_tokens: int) -> None:
        """`instruction_tokens`: the most that instructions may take of what the model can read."""
        self.database = database
        self.instruction_tokens = instruction_tokens

    def get(self, actor: Actor) -> CompanyView:
        """The actor's own company."""
        with self.database.reading() as session:
            company = _own(Companies(session), actor)
            return CompanyView(company.name, company.instructions, company.assistant_name)

    def update(self, actor: Actor, *, name: str, instructions: str, assistant_name: str) -> None:
        """Names the company and its assistant, and instructs that; from the next question on."""
        actor.require(Permission.SETTINGS_MANAGE)
        name = required_text(one_line(name), field="The company's name", limit=MAX_NAME)
        instructions = checked_instructions(instructions, limit=MAX_INSTRUCTIONS, tokens=self.instruction_tokens)
        assistant_name = _checked_assistant_name(assistant_name)
        with self.database.transaction() as session:
            company = _own(Companies(session), actor)
            before = _audited(company)
            Companies(session).update(company, name=name, instructions=instructions, assistant_name=assistant_name)
            Audit(session).record(
                AuditAction.COMPANY_UPDATED,
                actor=actor,
                company_id=company.id,
                target_type="company",
                target_id=company.id,
                before=before,
                after=_audited(company),
            )


def _checked_assistant_name(name: str) -> str:
    """One line by which it can be called. Raises Invalid."""
    name = required_text(one_line(name), field="The assistant's name", limit=MAX_ASSISTANT_NAME)
    if not name[0].isalnum():
        raise Invalid("The assistant's name has to begin with a letter or a digit.")
    if "@" in name:
        raise Invalid("The assistant's name can't contain an @: that is what people write before it.")
    return name


def _audited(company: Company) -> dict[str, str | int]:
    """The trail holds names, and of instructions how long they are."""
    return {
        "name": company.name,
        "instructions_length": len(company.instructions),
        "assistant_name": company.assistant_name,
    }


def _own(companies: Companies, actor: Actor) -> Company:
    company = companies.get(actor.company_id)
    if company is None:
        raise NotFound
    return company
