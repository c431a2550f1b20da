"""A dump while people write, and what is made of it: whole, or not at all."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL

from core import bootstrap
from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.cli.database import check
from core.config import Settings
from core.database import copying
from core.database.engine import Database, connect
from core.database.migrate import head_revision
from core.errors import CopyFailed, DatabaseUnavailable, Invalid, Misconfigured
from core.models import ConversationKind, User
from core.permissions import Role
from core.services.sessions import SessionLimits
from tests.conftest import autocommit, cloned
from tests.faults.kept import Kept
from tests.pages.visitor import Person, go, text_of, visit
from tests.support.models import ScriptedModel
from tests.support.talks import Desk
from tests.support.waiting import until

WRITERS = 4
BEFORE, AFTER = 40, 20
"""Messages that are acknowledged before the dump begins, and once it is over."""
ANSWERS_WITHOUT_CALL = """
    SELECT count(*) FROM messages m WHERE role = 'assistant' AND status = 'complete'
    AND NOT EXISTS (SELECT FROM model_calls c WHERE c.message_id = m.id)
"""


@pytest.fixture
def empty_url(server_url: URL) -> Iterator[URL]:
    with cloned(server_url, "template0") as url:
        yield url


@contextmanager
def engine_of(url: URL) -> Iterator[Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def source(fresh_database: Database) -> Engine:
    return fresh_database.engine


@pytest.fixture
def target(empty_url: URL) -> Iterator[Engine]:
    with engine_of(empty_url) as engine:
        yield engine


@dataclass
class Traffic:
    """People who write, each as fast as PostgreSQL takes it: in a chat with the assistant, and in a room."""

    desk: Desk
    written: list[UUID] = field(default_factory=list)
    """Of what was acknowledged, in that order."""
    ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        room = self.desk.rooms.create(self.desk.me, ConversationKind.COMPANY, title="Everybody")
        threads = [threading.Thread(target=self._write, args=[room], daemon=True) for _ in range(WRITERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.ended.set()
            for thread in threads:
                thread.join()

    def _write(self, room: UUID) -> None:
        me = self.desk.person()
        self.desk.rooms.join(me, room)
        number = 0
        while not self.ended.is_set():
            number += 1
            self.written.append(self.desk.talk(me, f"Question {number}?").answer_id)
            self.written.append(self.desk.talks.send(me, room, f"Said {number}.").message_id)

    def wait_for(self, more: int) -> None:
        wanted = len(self.written) + more
        until(lambda: len(self.written) >= wanted, patience=60)


def test_a_dump_during_traffic_has_what_was_there_before_and_nothing_torn(
    source: Engine, target: Engine, empty_url: URL, tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture
) -> None:
    desk = Desk(connect(settings, source.url), limits={"message": (100_000, 60), "ask": (100_000, 60)})
    under_way = desk.ask(desk.me, "Still being answered?")
    traffic = Traffic(desk)
    with traffic.going_on():
        traffic.wait_for(BEFORE)
        before = list(traffic.written)
        dumped = copying.dump(source, tmp_path / "parley.dump")
        traffic.wait_for(AFTER)
    desk.database.dispose()
    assert copying.restore(target, tmp_path / "parley.dump") == dumped

    kept = Kept(empty_url)
    with target.connect() as connection:
        restored = set(connection.execute(text("SELECT id FROM messages")).scalars())
        assert set(before) <= restored
        assert not set(traffic.written) <= restored  # those of after the moment
        assert kept.gaps() == []
        assert connection.execute(text(ANSWERS_WITHOUT_CALL)).scalar_one() == 0
        assert under_way.answer_id in restored
    check(settings.model_copy(update={"database_url": SecretStr(empty_url.render_as_string(hide_password=False))}))
    assert "every sum of usage equals the ledger" in capsys.readouterr().out


def test_its_pages_open_and_show_what_was_said(
    fresh_database: Database, target: Engine, tmp_path: Path, settings: Settings
) -> None:
    desk = Desk(fresh_database)
    admin = desk.person(*Role)
    asked = desk.talk(admin, "What does rye cost?")
    copying.dump(fresh_database.engine, tmp_path / "parley.dump")
    copying.restore(target, tmp_path / "parley.dump")
    database = connect(settings, target.url)
    bootstrap.install(Application(settings, database, Assistant(settings, model_factory=lambda _: ScriptedModel())))
    try:
        with database.transaction() as session:
            user = session.get_one(User, admin.user_id)
            signed_in, actor = SessionLimits(settings).open(session, user, "Firefox")
        person = Person(user, signed_in.session_id, actor)
        browser = visit(person)
        for page in ("browse.py", "tasks.py", "usage.py", "moderation.py", "audit.py", "people.py"):
            assert not go(browser, page).exception, page
        shown = go(browser, "chat.py", c=asked.conversation_id)
        assert not shown.exception
        assert "What does rye cost?" in text_of(shown)
    finally:
        bootstrap.install(None)
        database.dispose()


def test_of_a_file_that_is_not_whole_nothing_is_made(source: Engine, target: Engine, tmp_path: Path) -> None:
    """Wherever it ends: before the tables, in the midst of them, one byte too early."""
    Desk(Database(source)).talk()
    whole = tmp_path / "parley.dump"
    copying.dump(source, whole)
    content = whole.read_bytes()
    cut = tmp_path / "cut.dump"
    for length in (0, 1, len(content) // 2, len(content) * 9 // 10, len(content) - 1):
        cut.write_bytes(content[:length])
        with pytest.raises((Invalid, CopyFailed), match=r"can't be re(stored|ad)"):
            copying.restore(target, cut)
        with target.connect() as connection:
            assert connection.execute(text(copying.OBJECTS)).scalar_one() == 0
    assert copying.restore(target, whole).revision == head_revision()


def test_a_dump_overwrites_nothing_and_is_for_its_owner_alone(source: Engine, tmp_path: Path) -> None:
    file = tmp_path / "parley.dump"
    copying.dump(source, file)
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(Invalid, match="is there already"):
        copying.dump(source, file)
    with pytest.raises(Invalid, match="can't be written: No such file"):
        copying.dump(source, tmp_path / "nowhere" / "parley.dump")
    assert [one.name for one in tmp_path.iterdir()] == ["parley.dump"]


def test_a_move_leaves_the_same_on_both_sides(source: Engine, target: Engine) -> None:
    Desk(Database(source)).talk()
    before = copying.look_into(source)
    assert copying.move(source, target) == before == copying.look_into(source) == copying.look_into(target)
    with pytest.raises(Misconfigured, match=r"is not empty: it has \d+ tables. Nothing was changed"):
        copying.move(source, target)
    assert copying.look_into(target) == before


def test_whatever_an_address_has_in_it_each_program_gets_the_same_and_nobody_sees_its_secrets(
    source: Engine, server_url: URL
) -> None:
    secret, name = "p@ss w%rd", "odd name's 100%20+1?=&#/"
    url = server_url.set(database=name, password=secret).update_query_dict(
        {"options": "-c work_mem=8MB", "sslpassword": secret, "application_name": "mover's own"}
    )
    with autocommit(server_url) as engine, engine.connect() as server:
        server.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
        try:
            with engine_of(url) as target:
                assert copying.move(source, target) == copying.look_into(target)
                with copying.dumping(target) as (program, _):
                    assert secret not in str(program.process.args)
                with pytest.raises(Misconfigured, match="is not empty") as refused:
                    copying.move(source, target)
                assert "p@ss" not in str(refused.value) and "p%40ss" not in str(refused.value)
        finally:
            server.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def test_each_place_that_will_not_do_is_refused_in_a_sentence(
    source: Engine, server_url: URL, tmp_path: Path, settings: Settings
) -> None:
    file = tmp_path / "parley.dump"
    copying.dump(source, file)
    with autocommit(server_url) as engine, engine.connect() as server:
        server.execute(text("CREATE ROLE guest LOGIN"))
        server.execute(text("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"))
        try:
            for url, sentence in (
                (server_url.set(database="latin"), "keeps text as LATIN1"),
                (server_url.set(database="latin_not"), 'database "latin_not" does not exist'),
                (server_url.set(username="guest"), "guest can't make tables in the schema public"),
                (server_url.set(host="127.0.0.1", port=9, query={}), "Check the address"),
            ):
                with engine_of(url) as refused, pytest.raises((Misconfigured, DatabaseUnavailable), match=sentence):
                    copying.restore(refused, file)
            with engine_of(server_url) as nobodys, pytest.raises(Misconfigured, match="There is no Parley"):
                copying.dump(nobodys, tmp_path / "none.dump")
        finally:
            server.execute(text("DROP DATABASE latin"))
            server.execute(text("DROP ROLE guest"))


def test_a_dump_of_a_newer_parley_is_left_to_it(source: Engine, target: Engine, tmp_path: Path) -> None:
    with source.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    copying.dump(source, tmp_path / "parley.dump")
    with pytest.raises(Misconfigured, match=r"newer Parley \(revision 9999\)"):
        copying.restore(target, tmp_path / "parley.dump")
