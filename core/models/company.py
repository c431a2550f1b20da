from sqlalchemy import CheckConstraint, text
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
    rules_version: int = counter_field()
    """Counts up with each change of its rules."""
