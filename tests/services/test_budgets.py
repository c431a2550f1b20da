"""Budgets bind: what they admit, whatever is asked at once, and what is held back for it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from core import clock
from core.assistant.context import GO_ON
from core.assistant.runs import News
from core.database.engine import Database
from core.errors import BudgetSpent
from core.models import (
    BudgetScope,
    CallStatus,
    ConversationKind,
    MessageStatus,
    ModelPrice,
    RunStatus,
)
from core.permissions import Actor, Role
from core.repositories.answer_runs import Arrived
from core.repositories.conversations import Conversations
from core.services.budgets import WantedBudget
from tests.support.budgets import DAY, MONTH, TOKENS, USD, Till, at_once


@pytest.fixture
def till(database: Database) -> Till:
    return Till(database)


@pytest.mark.parametrize(
    "scope",
    [
        BudgetScope.COMPANY,
        *(pytest.param(one, marks=pytest.mark.long) for one in (BudgetScope.PERSON, BudgetScope.ROLE)),
    ],
)
def test_of_40_at_once_a_budget_for_10_admits_10(fresh_database: Database, scope: BudgetScope) -> None:
    till = Till(fresh_database)
    most = till.most()
    till.set(10 * most + most // 2, scope, **({"role": Role.STAFF} if scope is BudgetScope.ROLE else {}))
    outcomes = at_once(40, lambda _: till.desk.chat.ask(till.me, "How much?"))
    assert (outcomes.count("done"), outcomes.count("BudgetSpent")) == (10, 30)
    assert till.one("SELECT count(*) FROM budget_holds") == 10
    assert till.one("SELECT count(*) FROM messages WHERE role = 'user'") == 11  # what was refused left nothing
    # As they end, what they came to takes the place of what was held.
    for run_id in till.desk.started[1:]:
        job = till.desk.store.begin(run_id)
        assert job
        till.desk.store.finish(job, RunStatus.COMPLETE, "So.", [till.call(most // 2)])
    (standing,) = till.spending.standings(till.me)
    assert [standing.used, standing.held] == [Decimal(10 * (most // 2)), Decimal(0)]
    assert till.one("SELECT count(*) FROM budget_holds") == 0
    # The budget told of its marks once, however many reached them together.
    assert len(till.told(till.admin)) <= 1


@pytest.mark.parametrize(
    "kind", [ConversationKind.GROUP, pytest.param(ConversationKind.COMPANY, marks=pytest.mark.long)]
)
def test_of_40_at_once_in_a_room_no_more_are_answered_than_its_budget_admits(
    fresh_database: Database, kind: ConversationKind
) -> None:
    """There they are answered one after the other: what doesn't fit any more when its turn comes fails."""
    till = Till(fresh_database)
    boss = till.desk.person(Role.ADMIN, Role.STAFF)
    room = till.desk.rooms.create(boss, kind, "Plans")
    people = [till.desk.person() for _ in range(10)]
    for person in people:
        till.desk.join(person, room)
    budget = till.budgets.set(boss, WantedBudget(BudgetScope.ROOM, DAY, TOKENS, "6000", room_id=room))
    outcomes = at_once(40, lambda number: till.desk.talks.send(people[number % 10], room, "@Assistant how much?"))
    assert (outcomes.count("done"), outcomes.count("RuleBroken")) == (21, 19)  # one is answered, and 20 may wait
    (standing,) = till.spending.standings(boss, room)
    assert (int(standing.used), int(standing.held)) == (0, till.one("SELECT tokens FROM budget_holds"))
    spent, waiting = [], till.desk.started
    while waiting:
        job = till.desk.store.begin(waiting.pop(0))
        assert job
        spent.append(most := till.one("SELECT tokens FROM budget_holds"))
        following = till.desk.store.finish(job, RunStatus.COMPLETE, "So.", [till.call(most)])
        waiting += [following] if following else []
    (standing,) = till.spending.standings(boss, room)
    assert standing.used == sum(spent) <= standing.limit < sum(spent) + max(spent) and len(spent) > 3
    assert till.one("SELECT count(*) FROM answer_runs WHERE error_code = 'budget_spent'") == 21 - len(spent)
    assert "has refused a question" in till.told(boss)[0] and len(till.told(boss)) <= 2
    with pytest.raises(BudgetSpent, match="This room's budget"):
        till.desk.talks.send(people[0], room, "@Assistant how much?")
    till.desk.talks.send(people[0], room, "Without the assistant.")
    till.desk.chat.ask(people[0], "How much?")  # elsewhere it counts for nothing
    till.budgets.remove(boss, budget)
    assert till.desk.talks.send(people[0], room, "@Assistant how much?").run_id


def test_a_refusal_says_what_is_used_what_is_left_and_when_it_begins_again(till: Till) -> None:
    most = till.most()
    till.set(most + 100)
    till.finish(till.desk.ask(till.me, "How much?"), tokens=101)
    with pytest.raises(BudgetSpent) as refused:
        till.desk.chat.ask(till.me, "How much?")
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert f"is {most + 100:,} tokens: 101 tokens used, {most - 1:,} tokens left" in str(refused.value)
    assert f"begins again on {tomorrow:%-d %B %Y}, 00:00 UTC" in str(refused.value)
    assert till.one("SELECT count(*) FROM answer_runs WHERE status = 'queued'") == 0
    (budget,) = till.budgets.page(till.admin)
    till.budgets.raise_until_reset(till.admin, budget.line.id, amount="1", reason="The fair")
    till.desk.chat.ask(till.me, "How much?")
    (more,) = till.budgets.page(till.admin)[0].raises
    assert (more.amount, more.reason) == (Decimal(1), "The fair")
    till.budgets.end_raise(till.admin, more.id)
    assert till.spending.standings(till.me)[0].limit == most + 100
    actions = till.one(
        "SELECT string_agg(action, ' ' ORDER BY sequence) FROM audit_events WHERE target_type = 'budget'"
    )
    assert actions.split()[-3:] == ["budget:set", "budget:raise", "budget:raise"]


def test_a_budget_in_money_goes_by_the_price_in_force(till: Till) -> None:
    most = till.most()
    with till.desk.database.transaction() as session:
        price = ModelPrice(
            company_id=till.me.company_id,
            model=till.desk.store.assistant.default_model,
            input_price=Decimal(1),
            output_price=Decimal(1),
            effective_from=clock.now() - timedelta(days=1),
        )
        session.add(price)
    dollars = Decimal(most) / 1_000_000
    till.set(dollars, unit=USD, period=MONTH)
    till.desk.chat.ask(till.me, "How much?")
    with pytest.raises(BudgetSpent, match=r"this month is \$0\.\d+: \$0\.00 used, \$0\.\d+ held"):
        till.desk.chat.ask(till.me, "How much?")
    till.desk.chat.ask(till.desk.person(), "How much?")  # somebody else's is not touched


def test_a_run_whose_process_died_gives_back_what_was_held(till: Till) -> None:
    most = till.most()
    till.set(most + 1)
    asked = till.desk.ask(till.me, "How much?")
    assert till.desk.store.begin(asked.run_id)
    with pytest.raises(BudgetSpent):
        till.desk.chat.ask(till.me, "How much?")
    with till.desk.database.transaction() as session:
        session.execute(
            text("UPDATE answer_runs SET heartbeat_at = now() - interval '1 hour' WHERE status = 'running'")
        )
    assert till.desk.store.interrupt(asked.run_id)
    till.desk.chat.ask(till.me, "How much?")


def test_what_is_held_is_all_that_an_answer_may_come_to(till: Till) -> None:
    """To go on, the model is asked in words; and attempts that fail before the answer cost their prompt each."""
    asked = till.desk.ask(till.me, "How much?")
    till.finish(asked, tokens=1, status=RunStatus.INTERRUPTED)
    till.set(100_000, period=MONTH)
    job = till.desk.store.begin(till.desk.chat.resume(till.me, asked.answer_id).run_id)
    assert job and job.prompt.is_resumed
    prompt, assistant = job.prompt.tokens + GO_ON.tokens, till.desk.store.assistant
    most = 3 * prompt + assistant.answer_tokens()
    assert till.one("SELECT prompt_tokens FROM answer_runs WHERE status = 'running'") == prompt

    def stands() -> tuple[int, int]:
        (standing,) = till.spending.standings(till.me)
        return int(standing.used), int(standing.held)

    assert stands() == (1, most)
    failed = [till.call(prompt, CallStatus.FAILED) for _ in range(2)]
    for kept in (failed[:1], failed[:1], failed):  # once more, because the first acknowledgement was lost
        till.desk.store.keep([News(job, Arrived(job.run_id, 3, ""), kept)])
        booked = len(kept) * prompt
        assert stands() == (1 + booked, most - booked)
    till.desk.store.finish(job, RunStatus.COMPLETE, "So.", [*failed, till.call(prompt + 9, CallStatus.COMPLETE)])
    assert stands() == (1 + 3 * prompt + 9, 0)


def test_an_answer_whose_conversation_is_purged_counts_until_it_is_booked(till: Till) -> None:
    most = till.most()
    till.set(most + 1)
    asked = till.desk.ask(till.me, "How much?")
    job = till.desk.store.begin(asked.run_id)
    assert job
    with till.desk.database.transaction() as session:
        Conversations(session).purge(asked.conversation_id)
    with pytest.raises(BudgetSpent, match="held for answers under way"):
        till.desk.chat.ask(till.me, "How much?")
    till.desk.store.finish(job, RunStatus.COMPLETE, "So.", [till.call(2, CallStatus.COMPLETE)])
    (standing,) = till.spending.standings(till.me)
    assert (int(standing.used), int(standing.held)) == (2, 0)
    assert till.one("SELECT count(*) FROM budget_holds") == 0


def test_a_question_that_is_purged_before_it_was_begun_holds_nothing(till: Till) -> None:
    most = till.most()
    till.set(most + 1)
    asked = till.desk.ask(till.me, "How much?")
    with till.desk.database.transaction() as session:
        Conversations(session).purge(asked.conversation_id)
    till.desk.chat.ask(till.me, "How much?")


def test_in_the_queue_what_no_budget_admits_fails_and_is_not_lost(till: Till) -> None:
    most = till.most()
    asked = till.desk.ask(till.me, "How much?")
    till.desk.queue_up(asked, "And then?", "And then again?")
    till.set(most)
    till.finish(asked, tokens=most)
    messages = till.desk.read(asked.conversation_id).messages
    assert [(message.content, message.status) for message in messages][2:] == [
        ("And then?", MessageStatus.COMPLETE),
        ("", MessageStatus.FAILED),
    ]
    assert till.desk.waiting(asked.conversation_id) == ["And then again?"]
    assert till.one("SELECT error_code FROM answer_runs ORDER BY id DESC LIMIT 1") == "budget_spent"
    with pytest.raises(BudgetSpent):
        till.desk.chat.retry(till.me, messages[-1].id)


def test_whose_budget_counts(till: Till) -> None:
    """One's own stands in place of the role's; of several roles the most generous counts; others' count for nothing."""
    assert till.spending.standings(till.me) == ()
    till.set(500, BudgetScope.ROLE, role=Role.STAFF)
    till.set(900, BudgetScope.ROLE, role=Role.MODERATOR)
    both = till.desk.person(Role.STAFF, Role.MODERATOR)

    def limits(actor: Actor) -> list[int]:
        return [int(standing.limit) for standing in till.spending.standings(actor)]

    assert (limits(till.me), limits(both), limits(till.desk.stranger())) == ([500], [900], [])
    till.set(200)
    assert (limits(till.me), limits(both)) == ([200], [900])
    till.set(10_000, BudgetScope.COMPANY)
    assert sorted(limits(till.me)) == [200, 10_000]
