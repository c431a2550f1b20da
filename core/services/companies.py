from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from core import clock
from core.assistant.tools.registry import Toolbox, toolbox
from core.database.engine import Database
from core.errors import Invalid, NotFound
from core.lines import one_line
from core.models import MAX_ASSISTANT_NAME, MAX_INSTRUCTIONS, AuditAction, Company, CompanyPart
from core.permissions import Actor, Permission
from core.repositories.companies import Companies, LastChange
from core.services.company_changes import (
    add_company,
    company_to_change,
    keep_change,
    naming,
    record_on_company,
    refuse_taken,
)
from core.services.texts import checked_instructions, required_text

MAX_NAME = 120


@dataclass(frozen=True, slots=True)
class CompanyView:
    name: str
    instructions: str
    """What the assistant is told in every conversation of the company; empty for nothing."""
    assistant_name: str
    """What it is called: in a room it answers when @ and this name are written."""
    tools_on: bool = True
    """Whether it may look things up and keep records for whoever asks."""
    ask_first: tuple[str, ...] = ()
    """The tools, by name, whose use it has approved each time by whoever asked."""
    changes: Mapping[CompanyPart, LastChange] = field(default_factory=dict, compare=False)
    """Who changed it last; without those parts that nobody changed."""

    def version(self, part: CompanyPart) -> int:
        """To be given back by whoever saves that part: nobody undoes unseen what another has done meanwhile."""
        return self.changes[part].version if part in self.changes else 0


@dataclass(frozen=True, slots=True)
class Changing:
    """A tool that changes something."""

    name: str
    label: str
    icon: str


@dataclass(frozen=True, slots=True)
class CompanyLine:
    id: UUID
    name: str


class CompanyService:
    def __init__(self, database: Database, instruction_tokens: int, tools: Toolbox | None = None) -> None:
        """`instruction_tokens`: the most that instructions may take of what the model can read. `tools`: None: all."""
        self.database = database
        self.tools = tools or toolbox()
        self.instruction_tokens = instruction_tokens

    def create(self, name: str) -> CompanyLine:
        """One more company, with nobody in it yet: for the command line. Raises Invalid, Conflict."""
        name = required_text(one_line(name), field="The company's name", limit=MAX_NAME)
        with self.database.transaction() as session:
            company = add_company(session, name)
            record_on_company(session, AuditAction.COMPANY_CREATED, None, company.id, after={"name": name})
            return CompanyLine(company.id, company.name)

    def list_all(self) -> tuple[CompanyLine, ...]:
        """By name: for the command line."""
        with self.database.reading() as session:
            return tuple(CompanyLine(one.id, one.name) for one in Companies(session).list_all())

    def get(self, actor: Actor) -> CompanyView:
        """The actor's own company."""
        actor.require(Permission.SETTINGS_MANAGE)
        with self.database.reading() as session:
            company = _own(Companies(session), actor)
            known = {tool.name for tool in self.list_changing()}
            return CompanyView(
                company.name,
                company.instructions,
                company.assistant_name,
                company.tools_on,
                tuple(name for name in company.ask_first if name in known),
                Companies(session).list_changes(company.id),
            )

    def list_changing(self) -> tuple[Changing, ...]:
        """What the assistant can be made to ask about first."""
        return tuple(Changing(tool.name, tool.label, tool.icon) for tool in self.tools if tool.changes)

    def update(
        self, actor: Actor, *, name: str, instructions: str, assistant_name: str, seen: int | None = None
    ) -> int:
        """Names the company and its assistant, and instructs that; from the next question on. `seen`: the version that
        whoever saves had before them; None: whichever. The version that it is now.

        Raises Invalid, Overtaken; Conflict for another company's name.
        """
        actor.require(Permission.SETTINGS_MANAGE)
        name = required_text(one_line(name), field="The company's name", limit=MAX_NAME)
        instructions = checked_instructions(instructions, limit=MAX_INSTRUCTIONS, tokens=self.instruction_tokens)
        assistant_name = _checked_assistant_name(assistant_name)
        with self.database.transaction() as session:
            company = company_to_change(session, actor, CompanyPart.PROFILE, seen)
            before = _audited(company)
            if name != company.name:
                refuse_taken(session, name, company.id)
            with naming():
                Companies(session).update(company, name=name, instructions=instructions, assistant_name=assistant_name)
            return keep_change(session, actor, CompanyPart.PROFILE, before, _audited(company))

    def update_tools(self, actor: Actor, *, tools_on: bool, ask_first: Collection[str], seen: int | None = None) -> int:
        """What the assistant may do from the next answer on. Names of what is no tool that changes something are left
        out. `seen` and what comes back as for `update`. Raises Overtaken.
        """
        actor.require(Permission.SETTINGS_MANAGE)
        asked = [tool.name for tool in self.list_changing() if tool.name in ask_first]
        with self.database.transaction() as session:
            company = company_to_change(session, actor, CompanyPart.TOOLS, seen)
            before = _audited_tools(company)
            Companies(session).update(company, tools_on=tools_on, ask_first=asked)
            return keep_change(session, actor, CompanyPart.TOOLS, before, _audited_tools(company))

    def rename(self, company_id: UUID, name: str) -> CompanyLine:
        """For the command line: whichever company. Raises Invalid, Conflict, NotFound."""
        name = required_text(one_line(name), field="The company's name", limit=MAX_NAME)
        with self.database.transaction() as session:
            companies = Companies(session)
            companies.lock(company_id)
            company = companies.get(company_id)
            if company is None:
                raise NotFound("There is no such company.")
            before = company.name
            if name != before:
                refuse_taken(session, name, company.id)
                with naming():
                    companies.update(company, name=name)
                companies.count_change(company.id, CompanyPart.PROFILE, None, clock.now())
                changed = {"before": {"name": before}, "after": {"name": name}}
                record_on_company(session, AuditAction.COMPANY_UPDATED, None, company.id, **changed)
            return CompanyLine(company.id, company.name)


def _checked_assistant_name(name: str) -> str:
    """One line by which it can be called. Raises Invalid."""
    name = required_text(one_line(name), field="The assistant's name", limit=MAX_ASSISTANT_NAME)
    if not name[0].isalnum():
        raise Invalid("The assistant's name has to begin with a letter or a digit.")
    if "@" in name:
        raise Invalid("The assistant's name can't contain an @: that is what people write before it.")
    return name


def _audited(company: Company) -> dict[str, Any]:
    """The trail holds names, and of instructions how long they are."""
    return {
        "name": company.name,
        "instructions_length": len(company.instructions),
        "assistant_name": company.assistant_name,
    }


def _audited_tools(company: Company) -> dict[str, Any]:
    return {"tools_on": company.tools_on, "ask_first": list(company.ask_first)}


def _own(companies: Companies, actor: Actor) -> Company:
    company = companies.get(actor.company_id)
    if company is None:
        raise NotFound
    return company
