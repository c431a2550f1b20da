from sqlalchemy import CheckConstraint, Column, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from core.models.base import Record, counter_field

MAX_ASSISTANT_NAME = 40


class Company(Record, table=True):
    """The tenant: nobody sees across."""

    __tablename__ = "companies"
    __table_args__ = (
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
    rules_version: int = counter_field()
    """Counts up with each change of its rules."""
