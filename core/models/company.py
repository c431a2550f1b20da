"""The tenant, and who changed what about it last."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from core.models.base import Record, counter_field, enum_field, one_of, time_field

MAX_ASSISTANT_NAME = 40
COMPANY_NAME_KEY = "companies_lower_name_key"


class Company(Record, table=True):
    """The tenant: nobody sees across."""

    __tablename__ = "companies"
    __table_args__ = (
        Index(COMPANY_NAME_KEY, text("lower(name)"), unique=True),
        CheckConstraint("char_length(name) BETWEEN 1 AND 120", name="name"),
        CheckConstraint(f"char_length(assistant_name) BETWEEN 1 AND {MAX_ASSISTANT_NAME}", name="assistant_name"),
    )

    name: str
    assistant_name: str = Field(
        default="Assistant",
        sa_column_kwargs={"server_default": text("'Assistant'")},
        description="What people call the assistant: in a room it answers when @ and this name are written.",
    )
    instructions: str = Field(
        default="", description="What the assistant is told in every conversation of the company."
    )
    tools_on: bool = Field(
        default=True,
        sa_column_kwargs={"server_default": text("true")},
        description="Whether the assistant may look things up and keep records for whoever asks.",
    )
    ask_first: list[str] = Field(
        default_factory=list,
        sa_column=Column(JSONB, nullable=False, server_default=text("'[]'::jsonb")),
        description="Names of the tools whose use the assistant has to have approved each time.",
    )
    models: list[str] = Field(
        default_factory=list,
        sa_column=Column(JSONB, nullable=False, server_default=text("'[]'::jsonb")),
        description="Names of the models that its people may ask; empty for all that Parley offers.",
    )
    default_model: str | None = Field(
        default=None, description="What answers where nobody chose a model; None: the first of those it allows."
    )
    rules_version: int = counter_field()
    """Counts up with each change of its rules."""


class CompanyPart(StrEnum):
    """What of a company is changed together."""

    PROFILE = "profile"
    """Its name, its instructions, and the assistant's name."""
    TOOLS = "tools"
    MODELS = "models"


class CompanyChange(SQLModel, table=True):
    """Who changed a part of a company last. No row: nobody did yet."""

    __tablename__ = "company_changes"
    __table_args__ = (one_of("part", CompanyPart),)

    company_id: UUID = Field(foreign_key="companies.id", primary_key=True, ondelete="CASCADE")
    part: CompanyPart = enum_field(CompanyPart, primary_key=True)
    version: int
    """Counts up with each change: whoever saves says which one they had before them."""
    changed_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    changed_at: datetime = time_field()
