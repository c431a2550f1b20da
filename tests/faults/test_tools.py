"""`kill -9` between a tool's commit and the keeping of what came of it: the record is there once, its Undo too."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Engine, NullPool, create_engine, text

from core.models import MessageStatus
from tests.e2e.served import Parley
from tests.faults.conftest import OpenTab
from tests.faults.kept import Kept
from tests.faults.postgres import Postgres
from tests.faults.test_kill import REAPED
from tests.support.openai_server import OpenAIServer, Reply
from tests.support.waiting import until

QUESTION = "kill-between-commit-and-result"
TITLE = "Order rye before the kill"
CALL = (("create_task", f'{{"title": "{TITLE}"}}'),)


@contextmanager
def held(engine: Engine, lock: str) -> Iterator[None]:
    """Nobody else gets to it meanwhile."""
    with engine.connect() as connection:
        connection.execute(text(lock))
        yield
        connection.rollback()


def count(engine: Engine, what: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())


def test_a_tool_that_was_committed_is_not_made_again(
    parley: Parley, postgres: Postgres, kept: Kept, provider: OpenAIServer, tab: OpenTab
) -> None:
    engine = create_engine(postgres.url, poolclass=NullPool)
    steps = f"messages WHERE message_type = 'tool' AND extra -> 'tool' ->> 'arguments' LIKE '%{TITLE}%'"
    tasks = f"tasks WHERE title = '{TITLE}'"
    one, log_before = tab(), parley.log_size
    one.until(lambda: one.can_ask)
    provider.replies_to[QUESTION] = [Reply(("Let me ", "see", "."), calls=CALL, delay=0.5)]
    one.ask(QUESTION)
    until(lambda: provider.requests_with(QUESTION))
    with ExitStack() as keeping:
        with held(engine, "LOCK TABLE tasks IN EXCLUSIVE MODE"):  # the tool comes no further
            until(lambda: count(engine, steps) == 1)
            keeping.enter_context(
                held(engine, f"SELECT id FROM {steps} FOR UPDATE")
            )  # and what comes of it is not kept
            assert count(engine, tasks) == 0
        until(lambda: count(engine, tasks) == 1)
        parley.kill()
    provider.wait_idle()
    parley.start()
    until(lambda: kept.active_runs() == 0, patience=REAPED)
    [answer] = kept.answers_to(QUESTION)
    assert (answer.status, answer.content) == (MessageStatus.INTERRUPTED, "Let me see.")

    provider.replies_to[QUESTION] = [Reply((), calls=CALL), Reply(("Ordered.",))]
    one.query = f"c={answer.conversation_id}"
    one.reopen()
    one.click("Retry")
    one.until(lambda: "Ordered." in one.answers[-1].texts if one.answers else None)
    assert count(engine, tasks) == 1
    assert count(engine, f"{steps} AND status = 'complete'") == 2  # the one that was left open, and the one of now
    assert "Traceback" not in parley.logged(log_before)


def test_what_a_killed_process_had_changed_can_be_undone_to_what_was_there_before(
    parley: Parley, postgres: Postgres, kept: Kept, provider: OpenAIServer, tab: OpenTab
) -> None:
    """The attempt that makes the call again can't see any more what was there."""
    engine = create_engine(postgres.url, poolclass=NullPool)
    was, became = "Order spelt before the kill", "Order barley instead"
    one = tab()
    one.until(lambda: one.can_ask)
    provider.replies_to["first-make-it"] = [
        Reply((), calls=(("create_task", f'{{"title": "{was}"}}'),)),
        Reply(("Made.",)),
    ]
    one.ask("first-make-it")
    one.until(lambda: "Made." in one.answers[-1].texts if one.answers else None)
    with engine.connect() as connection:
        task_id = connection.execute(text(f"SELECT id FROM tasks WHERE title = '{was}'")).scalar_one()
    call = (("update_task", f'{{"task_id": "{task_id}", "title": "{became}"}}'),)
    provider.replies_to["then-change-it"] = [Reply((), calls=call)]
    steps = f"messages WHERE message_type = 'tool' AND extra -> 'tool' ->> 'arguments' LIKE '%{became}%'"
    with ExitStack() as keeping:
        with held(engine, "LOCK TABLE tasks IN EXCLUSIVE MODE"):
            one.ask("then-change-it")
            until(lambda: count(engine, f"{steps} AND extra -> 'tool' -> 'undo' ->> 'version' = '1'") == 1)
            keeping.enter_context(held(engine, f"SELECT id FROM {steps} FOR UPDATE"))
        until(lambda: count(engine, f"tasks WHERE title = '{became}'") == 1)
        parley.kill()
    provider.wait_idle()
    parley.start()
    until(lambda: kept.active_runs() == 0, patience=REAPED)
    [answer] = kept.answers_to("then-change-it")
    assert answer.status == MessageStatus.INTERRUPTED

    provider.replies_to["then-change-it"] = [Reply(("Changed.",))]
    one.query = f"c={answer.conversation_id}"
    one.reopen()
    one.click("Retry")
    one.until(lambda: "Changed." in one.answers[-1].texts if one.answers else None)
    undo = f"extra -> 'tool' -> 'undo' -> 'before' ->> 'title' = '{was}'"
    assert count(engine, f"{steps} AND status = 'complete' AND {undo}") == 1
