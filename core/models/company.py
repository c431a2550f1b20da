from sqlalchemy import CheckConstraint
from sqlmodel import Field

from core.models.base import Record


class Company(Record, table=True):
    """The tenant: nobody sees across."""

    __tablename__ = "companies"
    __table_args__ = (CheckConstraint("char_length(name) BETWEEN 1 AND 120", name="name"),)

    name: str
    instructions: str = Field(
        default="", description="What the assistant is told in every conversation of the company."
    )
