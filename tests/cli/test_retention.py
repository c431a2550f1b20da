"""`python -m core retention`: what it prints, and that a run survives the death of its process."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlmodel import Session
from typer.testing import CliRunner, Result

from core import bootstrap, clock
from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.cli import retention
from core.config import ROOT, Settings
from core.database.engine import Database
from core.models import ConversationKind
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.services.retention import RetentionService
from core.services.retention_views import WantedHold
from tests.support.builders import make_actor, make_company, make_conversation, make_user
from tests.support.waiting import until

Run = Callable[..., Result]
SAID = """
    INSERT INTO messages (id, created_at, conversation_id, seq, role, message_type, content, status)
    SELECT gen_random_uuid(), :now - (CASE WHEN n <= :old THEN 100 ELSE 1 END) * interval '1 day', :conversation, n,
        'assistant', 'text', 'Well.', 'complete' FROM generate_series(1, :count) n"""


def a_company(session: Session, chats: int, *, old: int, young: int) -> Actor:
    """With chats of so many messages, and the rule that they are kept for 30 days."""
    company = make_company(session)
    owner, boss = make_user(session, company), make_user(session, company, (Role.ADMIN,))
    for _ in range(chats):
        conversation = make_conversation(session, owner, last_seq=old + young, said=old + young)
        given = {"now": clock.now(), "conversation": conversation.id, "old": old, "count": old + young}
        session.execute(text(SAID), given)
    actor = make_actor(boss, (Role.ADMIN,))
    RetentionService(Database(session.connection())).set_rule(
        actor, ConversationKind.ASSISTANT, "30", confirmation="30"
    )
    return actor


@pytest.fixture
def run(database: Database, settings: Settings) -> Iterator[Run]:
    bootstrap.install(Application(settings, database, Assistant(settings)))
    yield lambda *words: CliRunner().invoke(retention.app, list(words), catch_exceptions=False, env={"COLUMNS": "200"})
    bootstrap.install(None)


def test_it_says_what_would_go_what_went_and_what_is_held(run: Run, database: Database) -> None:
    assert "everything is kept for good" in run("run").output
    assert "Nothing is held." in run("holds").output
    with database.transaction() as session:
        boss = a_company(session, 3, old=2, young=0)
        a_company(session, 1, old=7, young=1)
        held = session.execute(
            text("SELECT id FROM conversations WHERE company_id = :id LIMIT 1"), {"id": boss.company_id}
        ).scalar_one()
    service, ours = RetentionService(database), ("--company", str(boss.company_id))
    service.place_hold(boss, WantedHold("The [case]", conversation=str(held)))
    told = run("dry-run", *ours).output
    assert told.endswith(": 4 messages in 2 conversations would go; the ledger is kept. Held: 1 conversation.\n")
    assert "7 messages in 1 conversation would go" in run("dry-run").output
    assert "The [case]" in run("holds").output and str(held) in run("holds").output
    went = run("run", *ours).output
    assert "4 messages in 2 conversations went, of which 2 chats had nothing left and went too" in went
    assert ": 0 messages in 0 conversations would go" in run("dry-run", *ours).output
    assert "7 messages in 1 conversation went; the ledger is kept." in run("run").output


@pytest.mark.long
def test_a_run_that_was_killed_goes_on_where_it_was(
    fresh_url: URL, fresh_database: Database, settings: Settings
) -> None:
    with fresh_database.transaction() as session:
        company_id = a_company(session, 4, old=4_000, young=10).company_id

    def removed() -> int:
        with fresh_database.reading() as session:
            counted = text("SELECT coalesce(sum((removed -> 'assistant' ->> 'messages')::int), 0) FROM retention_runs")
            return int(session.execute(counted).scalar_one())

    def left() -> int:
        with fresh_database.reading() as session:
            return int(session.execute(text("SELECT count(*) FROM messages")).scalar_one())

    environment = os.environ | {
        "DATABASE_URL": fresh_url.render_as_string(hide_password=False),
        "PARLEY_DATA_DIR": str(settings.data_dir),
    }
    command = [sys.executable, "-m", "core", "retention", "run"]
    for wanted in (1, 3_000):
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        until(lambda wanted=wanted: removed() >= wanted, patience=60)  # type: ignore[misc]
        process.kill()
        process.wait()
        assert removed() + left() == 4 * 4_010
    assert 0 < removed() < 16_000
    whole = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=True)
    assert "16,000 messages in 4 conversations went; the ledger is kept." in re.sub(r"\s+", " ", whole.stdout)
    assert left() == 40
    with fresh_database.transaction() as session:
        assert Audit(session).verify(company_id) is None
        events = Audit(session).list_recent(company_id, 2)
    assert [event.action for event in events] == ["retention:end_run", "retention:begin_run"]
    assert events[0].after and events[0].after["removed"]["assistant"]["messages"] == 16_000
    assert clock.now() - events[1].created_at < timedelta(minutes=5)
    assert UUID(str(events[0].target_id)) == events[1].target_id
