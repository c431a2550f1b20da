"""What may be spent, and what answers under way may still come to."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Index, Numeric, SmallInteger, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from core.models.base import Record, enum_field, one_of, time_field
from core.permissions import Role

DEFAULT_MARKS = (80, 100)
"""Per cent."""
BUDGET_PLACE = "strpos('person room role company', scope::text)"
"""In the list of all: the highest come first. Written as PostgreSQL does, by which Alembic knows it again."""


class BudgetScope(StrEnum):
    PERSON = "person"
    ROLE = "role"
    """Holds for each person of the role who has no budget of their own for the same period and unit."""
    ROOM = "room"
    COMPANY = "company"


class BudgetUnit(StrEnum):
    USD = "usd"
    TOKENS = "tokens"
    """Read and written together."""


class BudgetPeriod(StrEnum):
    """Days, weeks from Monday, and months, all of UTC: so that a budget begins again for everybody at the same moment,
    and is counted from the sums that are kept by days of UTC.
    """

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def first_day(self, at: datetime) -> date:
        """Of the period that `at` is in."""
        day = at.astimezone(UTC).date()
        match self:
            case BudgetPeriod.DAY:
                return day
            case BudgetPeriod.WEEK:
                return day - timedelta(days=day.weekday())
            case BudgetPeriod.MONTH:
                return day.replace(day=1)

    def next_first_day(self, at: datetime) -> date:
        """Of the period after that."""
        first = self.first_day(at)
        match self:
            case BudgetPeriod.DAY:
                return first + timedelta(days=1)
            case BudgetPeriod.WEEK:
                return first + timedelta(days=7)
            case BudgetPeriod.MONTH:
                return (first + timedelta(days=31)).replace(day=1)

    def ends_at(self, at: datetime) -> datetime:
        """When it begins again."""
        return datetime.combine(self.next_first_day(at), time(), UTC)

    def days(self, at: datetime) -> list[date]:
        """All days of the period that `at` is in."""
        first, after = self.first_day(at), self.next_first_day(at)
        return [first + timedelta(days=number) for number in range((after - first).days)]


def _positive(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} > 0", name=column)


def _quantity() -> Column[Decimal]:
    """USD or tokens: whole hundred-millionths, the scale of the ledger."""
    return Column(Numeric(20, 8), nullable=False)


class Budget(Record, table=True):
    """At most `amount` in each period. What it counts begins with the period, also where it was set later."""

    __tablename__ = "budgets"
    __table_args__ = (
        one_of("scope", BudgetScope),
        one_of("role", Role),
        one_of("period", BudgetPeriod),
        one_of("unit", BudgetUnit),
        _positive("amount"),
        CheckConstraint(
            "(scope = 'person') = (user_id IS NOT NULL) AND (scope = 'room') = (room_id IS NOT NULL)"
            " AND (scope = 'role') = (role IS NOT NULL)",
            name="subject",
        ),
        # One of a kind; and how those that apply to a question are found, in the order in which it asks for them.
        UniqueConstraint(
            "company_id", "user_id", "room_id", "role", "period", "unit", postgresql_nulls_not_distinct=True
        ),
        # The order of their list.
        Index("budgets_listed_idx", "company_id", text(BUDGET_PLACE), "id"),
        Index("budgets_user_id_idx", "user_id", postgresql_where=text("user_id IS NOT NULL")),
        Index("budgets_room_id_idx", "room_id", postgresql_where=text("room_id IS NOT NULL")),
    )

    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    scope: BudgetScope = enum_field(BudgetScope)
    user_id: UUID | None = Field(default=None, foreign_key="users.id", ondelete="CASCADE")
    room_id: UUID | None = Field(default=None, foreign_key="conversations.id", ondelete="CASCADE")
    role: Role | None = enum_field(Role, None, nullable=True)
    period: BudgetPeriod = enum_field(BudgetPeriod)
    unit: BudgetUnit = enum_field(BudgetUnit)
    amount: Decimal = Field(sa_column=_quantity())
    marks: list[int] = Field(sa_column=Column(ARRAY(SmallInteger), nullable=False))
    """Per cent of what it admits, ascending: reaching one is told once a period."""
    created_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")


class BudgetRaise(Record, table=True):
    """More than a budget has, for a while, and why."""

    __tablename__ = "budget_raises"
    __table_args__ = (_positive("amount"), CheckConstraint("reason <> ''", name="reason"))

    budget_id: UUID = Field(foreign_key="budgets.id", index=True, ondelete="CASCADE")
    user_id: UUID | None = Field(default=None, foreign_key="users.id", ondelete="CASCADE")
    """Of a role's default: for whom. None: for everybody it holds for."""
    amount: Decimal = Field(sa_column=_quantity())
    reason: str
    granted_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    ends_at: datetime = time_field()
    ended_at: datetime | None = time_field(None)
    """When somebody ended it before its time."""


class BudgetHold(SQLModel, table=True):
    """What a call that was admitted may at most come to, until what it came to is booked.

    It counts until `expires_at`, and beyond for as long as the run with its id is active. No foreign keys: a hold
    stays for as long as its call may be booked, also when the conversation is purged meanwhile. So from when an answer
    is begun, `expires_at` is when it has ended at the latest.
    """

    __tablename__ = "budget_holds"
    __table_args__ = (Index("budget_holds_company_id_idx", "company_id"),)

    id: UUID = Field(primary_key=True)
    """The run's; of a title one that is derived from it."""
    company_id: UUID
    user_id: UUID
    room_id: UUID | None = None
    usd: Decimal = Field(sa_column=_quantity())
    """0 where nobody knows the model's price."""
    tokens: int = Field(sa_type=BigInteger)
    expires_at: datetime = time_field()


class Notice(Record, table=True):
    """Something that a person is told once, until they have put it away."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        Index("notices_unread_idx", "user_id", "created_at", postgresql_where=text("read_at IS NULL")),
    )

    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    key: str
    """What it is about: the same for the same person is told once."""
    kind: str
    text: str
    """Whole sentences."""
    conversation_id: UUID | None = None
    """Which conversation it is about, where there is more to be read of that; a plain key, as that may go."""
    ends_at: datetime | None = time_field(None)
    """From then on nobody needs it any more. None: it waits for ever."""
    read_at: datetime | None = time_field(None)
