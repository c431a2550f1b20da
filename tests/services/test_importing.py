"""Conversations from elsewhere, in the real database."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from sqlmodel import select

from core.database.engine import Database
from core.errors import DatabaseUnavailable, Invalid
from core.models import AuditAction, AuditEvent, Conversation, Message, MessageRole
from core.repositories.audit import Audit
from core.services import importing
from core.services.import_views import Progress
from core.services.importing import ImportService
from core.transfer import foreign, splitting
from tests.conftest import autocommit
from tests.support.exports import ChatGPT, as_file, as_zip, branched, many, webui
from tests.support.snapshots import snapshot
from tests.support.talks import Desk
from tests.support.waiting import at_once

Listed = list[UUID]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def listed() -> Listed:
    return []


@pytest.fixture
def service(desk: Desk, listed: Listed) -> ImportService:
    return ImportService(desk.database, listed.append)


def of(desk: Desk) -> list[Conversation]:
    """The person's conversations, by title."""
    with desk.database.reading() as session:
        statement = select(Conversation).where(Conversation.owner_id == desk.me.user_id)
        return sorted(session.exec(statement), key=lambda conversation: conversation.title)


def mixed() -> io.BytesIO:
    """Three that can be read, and two that can't."""
    bad = {"title": "<b>Bad</b>", "mapping": {"a": None}}
    return as_file(
        [branched().value, bad, webui(), None, ChatGPT("Third", is_archived=True).add("q", "user", "x").value]
    )


def test_a_look_says_what_would_come_in_and_writes_nothing(desk: Desk, service: ImportService) -> None:
    before = snapshot(desk.database)
    seen: list[Progress] = []
    file = mixed()
    report = service.look(desk.me, file, progress=seen.append)
    assert snapshot(desk.database) == before
    assert (report.conversations, report.messages, report.already, report.failed) == (3, 8 + 4 + 1, 0, 2)
    assert [(one.title, one.position, one.reason) for one in report.failures] == [
        ("<b>Bad</b>", 2, foreign.NO_MESSAGES),
        ("", 4, "It is no conversation that Parley can read."),
    ]
    assert report.sources == ("chatgpt", "open-webui") and report.trouble is None
    assert report.first_at and report.last_at and report.first_at < report.last_at
    assert [one.conversations for one in seen] == [1, 2, 3, 4, 5] and seen[-1].read == seen[-1].total == len(
        file.getvalue()
    )


def test_what_came_in_reads_like_what_was_written_here(desk: Desk, service: ImportService, listed: Listed) -> None:
    report = service.run(desk.me, mixed())
    assert (report.conversations, report.failed) == (3, 2)
    bread, soup, third = of(desk)
    assert (bread.title, soup.title, third.title) == ("Bread", "Soup", "Third") and third.archived_at
    assert listed == [third.id]
    shown = desk.read(bread.id).messages
    assert [message.content for message in shown] == ["How long, at 200 °C?", "Forty minutes.", "Thanks."]
    question, answer, _ = shown
    assert question.sender_id == desk.me.user_id and question.role is MessageRole.USER
    assert question.version and (question.version.number, question.version.total) == (2, 2)
    assert answer.version and (answer.version.number, answer.version.total) == (1, 2)
    assert question.version.previous_id
    desk.chat.show_version(desk.me, question.version.previous_id)
    assert desk.texts(bread.id) == ["How long?", "An hour.", "Sure?", "Yes."]
    asked = desk.answer(desk.ask(desk.me, "And with rye?", conversation_id=bread.id))
    assert desk.texts(bread.id)[-2:] == ["And with rye?", "So."] and asked.conversation_id == bread.id


def test_a_second_time_brings_nothing(desk: Desk, service: ImportService) -> None:
    service.run(desk.me, mixed())
    bread = of(desk)[0]
    desk.conversations.delete(desk.me, bread.id)
    before = snapshot(desk.database)
    for act in (service.look, service.run):
        report = act(desk.me, mixed())
        assert (report.conversations, report.messages, report.already, report.failed) == (0, 0, 3, 2)
        assert report.first_at is None and not report.is_empty
    assert snapshot(desk.database) == before


def test_twice_in_one_file_is_once(desk: Desk, service: ImportService) -> None:
    twice = [webui(), webui()]
    for act in (service.look, service.run):
        report = act(desk.me, as_file(twice))
        assert (report.conversations, report.already) == (1, 1)


def test_everybody_has_their_own(desk: Desk, service: ImportService) -> None:
    other = desk.person()
    for actor in (desk.me, other):
        assert service.run(actor, as_file([webui()])).conversations == 1


def test_each_is_in_the_trail_without_what_it_says(desk: Desk, service: ImportService) -> None:
    service.run(desk.me, mixed())
    with desk.database.reading() as session:
        events = [
            event
            for event in Audit(session).list_recent(desk.me.company_id, 50)
            if event.action == AuditAction.CONVERSATION_IMPORTED
        ]
    assert [event.after for event in reversed(events)] == [
        {"source": "chatgpt", "messages": 8},
        {"source": "open-webui", "messages": 4},
        {"source": "chatgpt", "messages": 1},
    ]
    assert {event.target_id for event in events} == {conversation.id for conversation in of(desk)}


@pytest.mark.parametrize("content", [b"", b"Hello", b"[]", b"PK", b"["])
def test_a_file_of_something_else_changes_nothing(desk: Desk, service: ImportService, content: bytes) -> None:
    before = snapshot(desk.database)
    for act in (service.look, service.run):
        with pytest.raises(Invalid):
            act(desk.me, io.BytesIO(content))
    assert snapshot(desk.database) == before


def test_of_a_file_that_is_cut_off_the_beginning_comes_in(desk: Desk, service: ImportService) -> None:
    content = mixed().getvalue()
    report = service.run(desk.me, io.BytesIO(content[:-200]))
    assert (report.conversations, report.failed, report.trouble) == (2, 2, splitting.CUT_OFF)
    whole = service.run(desk.me, io.BytesIO(content))
    assert (whole.conversations, whole.already, whole.trouble) == (1, 2, None)


def refusing(database: Database, condition: str, what: str) -> None:
    """From now on the database refuses whatever message fits that condition."""
    body = f"BEGIN IF {condition} THEN {what}; END IF; RETURN NEW; END"
    trigger = "CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse()"
    with database.transaction() as session:
        session.execute(text(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"))
        session.execute(text(trigger))


def test_one_that_the_database_refuses_is_rolled_back_and_the_rest_comes_in(
    desk: Desk, service: ImportService, caplog: pytest.LogCaptureFixture
) -> None:
    refusing(desk.database, "NEW.content LIKE 'Leeks%'", "RAISE 'refused: %', NEW.content")
    report = service.run(desk.me, mixed())
    assert (report.conversations, report.failed) == (2, 3)
    [failure] = [one for one in report.failures if one.title == "Soup"]
    reference = failure.reason.rpartition(" ")[2].rstrip(".")
    assert failure.position == 3 and reference in caplog.text and "Leeks" not in caplog.text
    assert [conversation.title for conversation in of(desk)] == ["Bread", "Third"]


class Stopped(BaseException):
    """What a page raises when its tab is closed."""


def stop_after(count: int) -> Callable[[Progress], None]:
    def tell(progress: Progress) -> None:
        if progress.conversations == count:
            raise Stopped

    return tell


def test_after_a_stop_in_the_middle_a_second_run_goes_on(desk: Desk, service: ImportService, listed: Listed) -> None:
    file = as_file([chat.value for chat in many(10)])
    with pytest.raises(Stopped):
        service.run(desk.me, file, progress=stop_after(4))
    there = of(desk)
    assert len(there) == 4 and listed
    with desk.database.reading() as session:
        assert {len(desk.texts(conversation.id)) for conversation in there} == {6}
        assert len(session.exec(select(AuditEvent).where(AuditEvent.action == "conversation:import")).all()) == 4
    report = service.run(desk.me, file)
    assert (report.conversations, report.already) == (6, 4)
    assert len(of(desk)) == 10


@pytest.fixture
def racing(fresh_database: Database) -> Desk:
    return Desk(fresh_database)


def test_the_same_file_many_times_at_once_is_there_once(racing: Desk, listed: Listed) -> None:
    service = ImportService(racing.database, listed.append)
    content = json.dumps([chat.value for chat in many(12)]).encode()
    reports: Any = at_once(4, lambda _: service.run(racing.me, io.BytesIO(content)))
    assert [report.failures for report in reports] == [()] * 4
    assert sum(report.conversations for report in reports) == 12
    assert {report.conversations + report.already for report in reports} == {12}
    assert len(of(racing)) == 12
    with racing.database.reading() as session:
        assert len(session.exec(select(Message.id)).all()) == 12 * 6


def test_without_a_database_the_run_ends_with_a_sentence(racing: Desk, listed: Listed) -> None:
    service = ImportService(racing.database, listed.append)
    file = as_file([chat.value for chat in many(5)])
    away = threading.Event()

    def cut(progress: Progress) -> None:
        if progress.conversations == 2:
            away.set()
            lock_out(racing.database)

    report = service.run(racing.me, file, progress=cut)
    assert away.is_set() and (report.conversations, report.failed, report.trouble) == (2, 0, importing.ENDED)
    with pytest.raises(DatabaseUnavailable):
        service.run(racing.me, file)
    let_in(racing.database)
    report = service.run(racing.me, file)
    assert (report.conversations, report.already, report.trouble) == (3, 2, None)


def lock_out(database: Database) -> None:
    """PostgreSQL lets nobody in and throws everybody out, as at a restart."""
    name = database.engine.url.database
    with outside(database) as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )


@contextmanager
def outside(database: Database) -> Iterator[Connection]:
    """The same server, from another database of it."""
    with autocommit(database.engine.url.set(database="postgres")) as engine, engine.connect() as connection:
        yield connection


def let_in(database: Database) -> None:
    with outside(database) as connection:
        connection.execute(text(f"ALTER DATABASE {database.engine.url.database} ALLOW_CONNECTIONS true"))


def test_what_takes_too_long_is_one_failure_and_no_end(racing: Desk, listed: Listed) -> None:
    refusing(racing.database, "NEW.content LIKE '0 slow%'", "RAISE query_canceled")
    chats = [ChatGPT("Slow").add("q", "user", "0 slow"), *many(2)]
    report = ImportService(racing.database, listed.append).run(racing.me, as_file([chat.value for chat in chats]))
    assert (report.conversations, report.failed, report.trouble) == (2, 1, None)
    assert report.failures[0].reason == importing.GAVE_UP


def test_failures_are_all_counted_and_some_are_named(desk: Desk, service: ImportService) -> None:
    count = importing.LISTED + 50
    file = as_file([webui(), *({"mapping": {}} for _ in range(count))])
    report = service.look(desk.me, file)
    assert report.failed == count and len(report.failures) == importing.LISTED


def test_notes_are_counted_by_conversation(desk: Desk, service: ImportService) -> None:
    image = {"content_type": "image_asset_pointer"}
    chats = [
        ChatGPT(str(number)).add("q", "user", None, content={"content_type": "x", "parts": ["a", image, image]}).value
        for number in range(3)
    ]
    assert service.look(desk.me, as_file([*chats, webui()])).notes == ((foreign.IMAGES, 3),)


def test_a_zip_tells_how_far_it_is(desk: Desk, service: ImportService) -> None:
    shares: list[float] = []
    packed = as_zip({f"{number}.json": json.dumps(chat.value) for number, chat in enumerate(many(40))})
    service.look(desk.me, packed, progress=lambda progress: shares.append(progress.share))
    assert shares == sorted(shares) and shares[0] < 0.2 and shares[-1] > 0.9
