"""The year that is made up keeps every promise that Parley's own services keep."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.cli import demo_year
from core.config import ROOT, Settings
from core.database.engine import Database, connect
from core.errors import Conflict, Invalid
from core.models import Message
from core.permissions import Actor, Permission, Role
from core.repositories.audit import Audit
from core.repositories.search_index import SearchIndex
from core.services.demo.people import GUIDES, LIVELY, PEOPLE
from core.services.demo.scripts import Filling, scripts_of
from core.services.demo.story import DemoYear, tell
from core.services.demo.words import WORDS, Vocabulary
from core.services.demo.world import World
from core.services.moderation_query import QueueQuery
from core.services.passwords import Passwords
from tests.conftest import cloned
from tests.support.passwords import GOOD

NOW = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)
SIZE = 1_500


@pytest.fixture(scope="module")
def filled(server_url: URL, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    settings = Settings(_env_file=None, data_dir=tmp_path_factory.mktemp("data"))  # type: ignore[call-arg]
    with cloned(server_url, template) as url:
        database = connect(settings, url)
        said = list(DemoYear(database).add(NOW, SIZE, Passwords().hash(GOOD)))
        assert said[-1] >= SIZE
        application = Application(settings, database, Assistant(settings))
        yield application
        database.dispose()


def actor_of(app: Application, name: str) -> Actor:
    person = app.people.find(None, f"{name.lower()}@demo.example")
    return Actor(person.id, person.company_id, person.email, person.display_name, person.roles)


def made(moment: datetime, messages: int = SIZE) -> World:
    """What would be written, without writing it."""
    world = World(moment)
    for _ in tell(world, messages, "hash"):
        pass
    return world


def print_of(world: World) -> str:
    """Of every row, those of the ledger and of the trail included."""
    rows = [f"{model.__name__} {rows}" for model, rows in world.rows.items()]
    rows += [repr(call.model_dump()) for call in world.calls] + [repr(event.model_dump()) for event in world.trail()]
    return sha256("\n".join([*rows, repr(world.words), repr(world.ratings)]).encode()).hexdigest()


def test_the_same_moment_gives_the_same_year_to_the_byte() -> None:
    assert print_of(made(NOW, 1_000)) == print_of(made(NOW, 1_000)) != print_of(made(NOW + timedelta(days=1), 1_000))


PROMISES = {
    "the seqs of a conversation have no gap": """
        SELECT c.id FROM conversations c JOIN messages m ON m.conversation_id = c.id GROUP BY c.id
        HAVING max(m.seq) <> c.last_seq OR count(*) <> c.last_seq OR min(m.seq) <> 1""",
    "what counts as said is counted": """
        SELECT c.id FROM conversations c WHERE c.said <> (SELECT count(*) FROM messages m
            WHERE m.conversation_id = c.id AND m.message_type = 'text')""",
    "members are counted": """
        SELECT c.id FROM conversations c WHERE c.member_count <> (SELECT count(*) FROM members m
            WHERE m.conversation_id = c.id AND m.left_at IS NULL)""",
    "the last message is when the last message was": """
        SELECT c.id FROM conversations c WHERE c.last_message_at <> (SELECT max(created_at) FROM messages m
            WHERE m.conversation_id = c.id)""",
    "a conversation's spending is that of its calls": """
        SELECT c.id FROM conversations c LEFT JOIN model_calls k ON k.conversation_id = c.id GROUP BY c.id
        HAVING c.spent <> coalesce(sum(k.cost), 0)
            OR c.tokens <> coalesce(sum(coalesce(k.input_tokens, 0) + coalesce(k.output_tokens, 0)), 0)""",
    "an answer has the tokens that its call wrote": """
        SELECT m.id FROM messages m JOIN model_calls k ON k.message_id = m.id
        WHERE k.output_tokens IS NOT NULL AND k.output_tokens <> coalesce(m.tokens_used, 0)""",
    "every answer has its call and its run": """
        SELECT m.id FROM messages m WHERE m.role = 'assistant' AND (
            (SELECT count(*) FROM model_calls k WHERE k.message_id = m.id AND k.purpose = 'answer') <> 1
            OR (SELECT count(*) FROM answer_runs r WHERE r.message_id = m.id AND r.status = m.status) <> 1)""",
    "what is read is counted by what was said": """
        SELECT 1 FROM members b WHERE b.read_said <> (SELECT count(*) FROM messages m
            WHERE m.conversation_id = b.conversation_id AND m.seq <= b.last_read_seq AND m.message_type = 'text')""",
    "whoever wrote something has read it": """
        SELECT 1 FROM messages m JOIN members b ON b.conversation_id = m.conversation_id AND b.user_id = m.sender_id
        WHERE b.last_read_seq < m.seq AND b.kind <> 'assistant'""",
    "only members speak, from their joining on": """
        SELECT m.id FROM messages m LEFT JOIN members b ON b.conversation_id = m.conversation_id
            AND b.user_id = m.sender_id AND b.joined_at <= m.created_at AND b.joined_seq < m.seq
        WHERE m.sender_id IS NOT NULL AND b.user_id IS NULL""",
    "nobody acts before they came, or after they went": """
        SELECT m.id FROM messages m JOIN users u ON u.id = m.sender_id
        WHERE m.created_at < u.created_at OR (NOT u.is_active AND m.created_at > u.last_seen_at + interval '1 day')""",
    "what is said later has the later seq": """
        SELECT a.id FROM messages a JOIN messages b ON b.conversation_id = a.conversation_id AND b.seq = a.seq + 1
        WHERE b.created_at < a.created_at AND a.message_type <> 'tool' AND b.message_type <> 'tool'""",
    "nothing lies ahead": "SELECT id FROM messages WHERE created_at > :now OR edited_at > :now OR deleted_at > :now"
    " UNION ALL SELECT id FROM model_calls WHERE created_at > :now UNION ALL SELECT id FROM tasks"
    " WHERE created_at > :now OR completed_at > :now UNION ALL SELECT id FROM audit_events WHERE created_at > :now"
    " UNION ALL SELECT message_id FROM reactions WHERE created_at > :now",
    "a reply is to something said before in the same place": """
        SELECT m.id FROM messages m LEFT JOIN messages r ON r.id = m.reply_to_id AND r.seq < m.seq
            AND r.conversation_id = m.conversation_id
        WHERE m.reply_to_id IS NOT NULL AND r.id IS NULL""",
    "of all versions one is shown": """
        SELECT version_group_id FROM messages WHERE version_group_id IS NOT NULL GROUP BY 1
        HAVING count(*) FILTER (WHERE superseded_with_id IS NULL) <> 1""",
    "a mention stands where its message does": """
        SELECT 1 FROM mentions n JOIN messages m ON m.id = n.message_id
        WHERE n.seq <> m.seq OR n.conversation_id <> m.conversation_id OR m.deleted_at IS NOT NULL""",
    "a case counts its reports": """
        SELECT k.id FROM cases k WHERE k.report_count <> (SELECT count(*) FROM reports r WHERE r.case_id = k.id)
            OR k.reasons <> (SELECT array_agg(DISTINCT r.reason) FROM reports r WHERE r.case_id = k.id)""",
    "a grant counts its looks": "SELECT id FROM access_grants g WHERE looks <> (SELECT count(*) FROM access_looks"
    " WHERE grant_id = g.id)",
    "a rating stands with its feedback": """
        SELECT f.id FROM feedback f FULL JOIN ratings r ON r.message_id = f.message_id AND r.user_id = f.user_id
        WHERE f.id IS NULL OR r.message_id IS NULL OR f.score <> r.score""",
    "a task is of a message that its owner reads": """
        SELECT t.id FROM tasks t LEFT JOIN members b ON b.conversation_id = t.conversation_id AND b.user_id = t.owner_id
        WHERE t.conversation_id IS NOT NULL AND b.user_id IS NULL""",
}


@pytest.mark.parametrize("promise", PROMISES)
def test_it_is_as_if_it_had_gone_through_the_services(filled: Application, promise: str) -> None:
    with filled.database.reading() as session:
        broken = session.execute(text(PROMISES[promise]), {"now": NOW} if ":now" in PROMISES[promise] else {}).all()
    assert not broken


def test_the_trail_is_whole_and_the_sums_are_those_of_the_ledger(filled: Application) -> None:
    with filled.database.reading() as session:
        assert Audit(session).verify(actor_of(filled, "Ada").company_id) is None
    keeper = filled.usage_keeper
    assert [one for month in keeper.months() for one in keeper.verify(month)] == []


INDEXED = (
    "SELECT md5(string_agg(w::text, '' ORDER BY message_id)) FROM message_words w",
    "SELECT md5(string_agg(w::text, '' ORDER BY conversation_id)) FROM title_words w",
)


def test_search_finds_what_it_would_find_if_the_index_were_made_anew(filled: Application) -> None:
    def indexed(database: Database) -> list[str]:
        with database.reading() as session:
            return [session.execute(text(statement)).scalar_one() for statement in INDEXED]

    before = indexed(filled.database)
    with filled.database.transaction() as session:
        for key in session.execute(text("SELECT id FROM conversations")).scalars().all():
            SearchIndex(session).put_conversation(key)
    assert indexed(filled.database) == before


@pytest.mark.parametrize(("role", "name"), GUIDES)
def test_each_role_signs_in_and_has_something_to_see(filled: Application, role: str, name: str) -> None:
    assert filled.accounts.sign_in(email=f"{name.lower()}@demo.example", password=GOOD, user_agent="").token
    actor = actor_of(filled, name)
    assert (role == "everything" and actor.roles == set(Role)) or actor.roles == {Role(role), Role.STAFF}
    unread = filled.rooms.unread(actor)
    assert unread.total >= 2 and unread.mentions >= 1
    assert filled.tasks.count_due(actor, NOW.date()) >= 1
    if actor.may(Permission.MODERATION_WORK):
        assert filled.moderation_queue.list_page(actor, QueueQuery(), ZoneInfo("UTC")).lines


def test_whoever_is_there_already_is_left_alone(filled: Application) -> None:
    with pytest.raises(Conflict, match="people in this database"):
        list(DemoYear(filled.database).add(NOW, SIZE, "hash"))


def test_left_half_way_nothing_stays(fresh_database: Database) -> None:
    telling = DemoYear(fresh_database).add(NOW, 6_000, "hash")
    assert next(telling) > 3_000
    telling.close()
    with fresh_database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM companies")).scalar_one() == 0


def test_every_text_can_be_filled_and_says_who_speaks() -> None:
    world = World(NOW)
    for name in ("rooms", "chats", "now"):
        for script in scripts_of(name):
            known = dict.fromkeys("ABCD", "Ada") | {"person": "Bo", "other": "Cy"}
            filling = Filling(world.chance, Vocabulary(world.chance), script, known)
            for line in script.lines:
                for one in (*line.texts, *(act.arguments for act in line.acts), line.task.title if line.task else ""):
                    filled = filling.fill(one)
                    assert "{" not in filled.replace("{2}", "").replace("{4}", "") or '{"' in filled, filled
            assert script.voices <= 4 and (name != "chats" or len(script.lines) % 2 == 0)
    assert {one.zone for one in PEOPLE} and set(LIVELY) <= {one.first for one in PEOPLE}
    assert all(len(set(words)) == len(words) for words in WORDS.values())


def test_few_sentences_come_twice_within_three_screens() -> None:
    world = World(NOW)
    said: dict[UUID, list[str]] = {}
    for _ in tell(world, 6_000, "hash"):
        for row in world.take_rows().get(Message, ()):
            if row["sender_id"] and len(row["content"]) > 24:
                said.setdefault(row["conversation_id"], []).append(row["content"])
    screens = [texts[at : at + 36] for texts in said.values() for at in range(0, len(texts) - 36, 36)]
    assert len(screens) > 20
    twice = [screen for screen in screens if len(set(screen)) < len(screen)]
    assert len(twice) < len(screens) / 10


def begun(folder: Path, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "core", "demo-year", "--folder", str(folder), *words],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.mark.long
def test_the_command_makes_it_once_prints_the_sign_ins_and_leaves_no_half_of_it() -> None:
    """Not in pytest's folder: as root, PostgreSQL runs as somebody else."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place) / "demo"
        interrupted = begun(folder, "--messages", "100000")
        while not any(Path(place).glob(".demo-*/postgres/postmaster.pid")):
            assert interrupted.poll() is None
        interrupted.terminate()
        interrupted.communicate(timeout=120)
        assert interrupted.returncode != 0
        assert list(Path(place).iterdir()) == []

        printed, _ = begun(folder, "--messages", "1000").communicate()
        assert re.search(r"\b1,00\d messages", printed) and all(
            f"{name.lower()}@demo.example" in printed for _, name in GUIDES
        )
        again, _ = begun(folder).communicate()
        assert "is there already" in again and printed.splitlines()[-6:] == again.splitlines()[-6:]
        assert [path.name for path in Path(place).iterdir()] == ["demo"]


@pytest.mark.long
def test_the_whole_year_keeps_its_promises_too(server_url: URL, template: str, settings: Settings) -> None:
    """A hundred thousand messages; how long that takes says the test's own time."""
    with cloned(server_url, template) as url:
        database = connect(settings, url)
        assert list(DemoYear(database).add(NOW, 100_000, "hash"))[-1] >= 100_000
        with database.reading() as session:
            for promise, statement in PROMISES.items():
                session.execute(text("SET statement_timeout = 0"))
                given = {"now": NOW} if ":now" in statement else {}
                assert not session.execute(text(f"SELECT * FROM ({statement}) AS broken LIMIT 1"), given).all(), promise
        keeper = Application(settings, database, Assistant(settings)).usage_keeper
        assert [one for month in keeper.months() for one in keeper.verify(month)] == []
        database.dispose()


def test_a_folder_with_something_else_in_it_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(Conflict, match="holds no demo"):
        demo_year.make(tmp_path, 1_000, NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_no_moment_is_told_so() -> None:
    with pytest.raises(Invalid, match="no moment"):
        demo_year.demo_year(until="yesterday")
