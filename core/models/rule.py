"""What a company looks for in whatever its people send, and what is done then."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Column, String, UniqueConstraint
from sqlmodel import Field

from core.models.base import Record, counter_field, enum_field, one_of, time_field
from core.models.conversation import ConversationKind

MAX_RULE_NAME = 60
EVERYWHERE = tuple(kind.value for kind in ConversationKind)


class RuleKind(StrEnum):
    SECRETS = "secrets"
    CARDS = "cards"
    IBANS = "ibans"
    WORDS = "words"
    PATTERN = "pattern"


class RuleAction(StrEnum):
    REPORT = "report"
    MASK = "mask"
    REFUSE = "refuse"


class Rule(Record, table=True):
    """Acts while it is on. Each change of one counts up its company's `rules_version`, by which processes know theirs
    to be old.
    """

    __tablename__ = "rules"
    __table_args__ = (
        UniqueConstraint("company_id", "name"),
        one_of("kind", RuleKind),
        one_of("action", RuleAction),
        CheckConstraint(f"char_length(name) BETWEEN 1 AND {MAX_RULE_NAME}", name="name"),
        CheckConstraint("(kind = 'words') = (cardinality(words) > 0)", name="words"),
        CheckConstraint("(kind = 'pattern') = (pattern <> '')", name="pattern"),
        CheckConstraint("cardinality(places) > 0", name="places"),
    )

    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    name: str
    kind: RuleKind = enum_field(RuleKind)
    action: RuleAction = enum_field(RuleAction)
    is_on: bool
    places: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    """Kinds of conversation that it acts in."""
    words: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    """Of a list of words, as typed; empty for all other kinds."""
    pattern: str = ""
    version: int = counter_field()
    """Counts up with each change: who changes it names the one that they saw."""
    changed_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    """None for the rules that a company begins with, and when that person is gone."""
    changed_at: datetime = time_field()


def first_rules() -> list[dict[str, Any]]:
    """What a company begins with. They mask: nobody is refused for a mistake of the machine's, and no moderator is
    shown what was said in private without a person having decided that.
    """
    return [
        {"name": "Keys and passwords", "kind": RuleKind.SECRETS, "is_on": True},
        {"name": "Card numbers", "kind": RuleKind.CARDS, "is_on": True},
        {"name": "Bank accounts", "kind": RuleKind.IBANS, "is_on": False},  # a company writes to others about its own
    ]
