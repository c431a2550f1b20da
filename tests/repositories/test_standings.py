"""What a budget counts, to the microsecond: its periods are whole days of UTC, and a raise ends when it says."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from core.database.engine import Database
from core.models import Budget, BudgetPeriod, BudgetRaise, BudgetScope, BudgetUnit, Company, User
from core.repositories.budgets import Budgets
from core.repositories.standings import Asker, Standing, Standings
from tests.support.builders import make_company, make_user
from tests.support.usage import book, make_call

DAY, WEEK, MONTH = BudgetPeriod.DAY, BudgetPeriod.WEEK, BudgetPeriod.MONTH
TICK = timedelta(microseconds=1)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


@given(moments, st.sampled_from(BudgetPeriod), st.integers(-14, 14))
def test_periods_follow_each_other_without_a_gap(at: datetime, period: BudgetPeriod, offset: int) -> None:
    days, end = period.days(at), period.ends_at(at)
    assert at.date() in days and days == [days[0] + timedelta(number) for number in range(len(days))]
    assert end > at and end.date() == days[-1] + timedelta(1)
    assert (period.first_day(end), period.first_day(end - TICK)) == (end.date(), days[0])
    assert period is not WEEK or (days[0].weekday(), len(days)) == (0, 7)
    assert period is not MONTH or days[0].day == 1
    elsewhere = at.astimezone(timezone(timedelta(hours=offset)))
    assert (period.days(elsewhere), period.ends_at(elsewhere)) == (days, end)  # whatever the clock of who looks


def make_budget(session: Session, company: Company, user: User, period: BudgetPeriod) -> Budget:
    return Budgets(session).add(
        Budget(
            company_id=company.id,
            scope=BudgetScope.PERSON,
            user_id=user.id,
            period=period,
            unit=BudgetUnit.TOKENS,
            amount=Decimal(5_000),
            marks=[100],
        )
    )


def stand(session: Session, user: User, now: datetime) -> Standing:
    standings = Standings(session)
    applying = standings.list_applying(Asker(user.company_id, user.id, None), now)
    (found,) = standings.list_standings(user.company_id, applying, now)
    return found


@pytest.mark.parametrize(
    ("period", "begins", "ends"),
    [
        (DAY, date(2026, 3, 29), date(2026, 3, 30)),  # an hour shorter in much of Europe
        (WEEK, date(2026, 12, 28), date(2027, 1, 4)),  # over the new year
        (MONTH, date(2028, 2, 1), date(2028, 3, 1)),  # of 29 days
        (MONTH, date(2026, 12, 1), date(2027, 1, 1)),
    ],
)
def test_the_last_microsecond_of_a_period_counts_in_it(
    database: Database, period: BudgetPeriod, begins: date, ends: date
) -> None:
    first, after = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (begins, ends))
    with database.transaction() as session:
        company = make_company(session)
        user = make_user(session, company)
        make_budget(session, company, user, period)
        for at, tokens in ((first - TICK, 1_000), (first, 200), (after - TICK, 30), (after, 4)):
            book(session, make_call(company.id, user.id, at, input_tokens=tokens, output_tokens=0))
        seen = {at: stand(session, user, at) for at in (first - TICK, first, after - TICK, after)}
        assert [int(standing.used) for standing in seen.values()] == [1_000, 230, 230, 4]
        assert [standing.resets_at for standing in seen.values()][:3] == [first, after, after]


def test_a_raise_ends_at_its_moment_and_when_somebody_ends_it(database: Database) -> None:
    ends_at = datetime(2026, 4, 1, tzinfo=UTC)
    with database.transaction() as session:
        company = make_company(session)
        user = make_user(session, company)
        budget = make_budget(session, company, user, MONTH)
        more = BudgetRaise(budget_id=budget.id, amount=Decimal(70), reason="So", ends_at=ends_at)
        Budgets(session).add_raise(more)

        def limits() -> list[int]:
            return [int(stand(session, user, at).limit) for at in (ends_at - TICK, ends_at)]

        assert limits() == [5_070, 5_000]
        more.ended_at = ends_at - timedelta(days=3)
        Budgets(session).add_raise(more)
        assert limits() == [5_000, 5_000]


def test_what_others_used_counts_for_nobody_else(database: Database) -> None:
    at, room_id = datetime(2026, 3, 10, 12, tzinfo=UTC), UUID(int=7)
    with database.transaction() as session:
        company, elsewhere = make_company(session), make_company(session)
        user, other = make_user(session, company), make_user(session, company)
        make_budget(session, company, user, DAY)
        book(
            session,
            make_call(company.id, user.id, at, input_tokens=9, output_tokens=1, room_id=room_id),
            make_call(company.id, other.id, at),
            make_call(company.id, None, at),
            make_call(elsewhere.id, user.id, at),
        )
        assert int(stand(session, user, at).used) == 10
