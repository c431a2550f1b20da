"""Exports: who may have what, in which files, and what that leaves behind."""

import io
import json
import tracemalloc
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from core.database.engine import Database
from core.errors import Invalid, NotFound, NotPermitted
from core.ids import new_id
from core.models import AuditEvent, ConversationKind, History, User
from core.permissions import Actor, Role
from core.repositories.documents import Documents
from core.repositories.users import Users
from core.services import exporting
from core.services.accounts import AccountService
from core.services.export_views import EVERYTHING, Format, Included
from core.services.exporting import ExportService
from core.services.sessions import SessionLimits
from core.transfer.document import Document
from core.transfer.reading import conversations_in
from tests.support.builders import make_company
from tests.support.busy import busy_chat, busy_room
from tests.support.documents import talk
from tests.support.passwords import QuickPasswords
from tests.support.talks import DONE, HIDDEN, Desk, outcome, without_chat

BARE = Included()
DIRECT, GROUP, COMPANY = ConversationKind.DIRECT, ConversationKind.GROUP, ConversationKind.COMPANY
DENIED = "NotPermitted"


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def exports(database: Database) -> ExportService:
    return ExportService(database)


def whole(
    exports: ExportService, actor: Actor, ids: list[UUID] | None, chosen: Format = Format.JSON,
    included: Included = EVERYTHING,
) -> bytes:  # fmt: skip
    return b"".join(exports.write(actor, exports.plan(actor, ids, included), chosen, included))


def audited(desk: Desk) -> list[AuditEvent]:
    with desk.database.reading() as session:
        found = select(AuditEvent).where(AuditEvent.action == "conversation:export").order_by(AuditEvent.sequence)  # type: ignore[arg-type]
        return list(session.execute(found).scalars())


def put(desk: Desk, *titles: str) -> list[UUID]:
    with desk.database.transaction() as session:
        return [Documents(session).put(desk.me, talk(2, title)).id for title in titles]


def zipped(content: bytes) -> dict[str, str]:
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


# Whose it is: who asks, and what comes of it.
READERS: dict[str, dict[str, str]] = {
    "my chat": {"me": DONE, "member": HIDDEN, "colleague": HIDDEN, "moderator": HIDDEN, "stranger": HIDDEN},
    "my deleted chat": {"me": DONE, "member": HIDDEN, "colleague": HIDDEN, "moderator": HIDDEN, "stranger": HIDDEN},
    "direct": {"me": DONE, "member": DONE, "colleague": HIDDEN, "moderator": HIDDEN, "stranger": HIDDEN},
    "group": {"me": DONE, "member": DONE, "colleague": HIDDEN, "moderator": HIDDEN, "stranger": HIDDEN},
    "group that was left": {"me": DONE, "member": HIDDEN, "colleague": HIDDEN, "moderator": HIDDEN, "stranger": HIDDEN},
    "deleted group": {"me": DONE, "member": HIDDEN, "colleague": HIDDEN, "moderator": HIDDEN, "stranger": HIDDEN},
    "company room": {"me": DONE, "member": DONE, "colleague": HIDDEN, "moderator": DONE, "stranger": HIDDEN},
    "deleted company room":
        {"me": DONE, "member": HIDDEN, "colleague": HIDDEN, "moderator": HIDDEN, "stranger": HIDDEN},
    "archived company room": {"me": DONE, "member": DONE, "colleague": HIDDEN, "moderator": DONE, "stranger": HIDDEN},
}  # fmt: skip


@pytest.mark.parametrize("what", READERS)
def test_who_may_read_it_may_export_it(desk: Desk, exports: ExportService, what: str) -> None:
    member = desk.person()
    conversation_id = _made(desk, what, member)
    people = {
        "me": desk.me,
        "member": member,
        "colleague": desk.person(),
        "moderator": desk.person(Role.MODERATOR),
        "stranger": desk.person(Role.STAFF, Role.MODERATOR, company=_other_company(desk)),
    }

    def tried(actor: Actor) -> str:
        return outcome(lambda: whole(exports, actor, [conversation_id]))

    assert {name: tried(actor) for name, actor in people.items()} == READERS[what]
    for role in (Role.ANALYST, Role.ADMIN):
        assert tried(without_chat(desk.me, role)) == DENIED


def _made(desk: Desk, what: str, member: Actor) -> UUID:
    if "chat" in what:
        made = desk.talk(desk.me, "Hello").conversation_id
    elif what == "direct":
        made = desk.rooms.start_direct(desk.me, member.user_id)
    else:
        made = desk.rooms.create(desk.me, GROUP if "group" in what else COMPANY, "Launch", user_ids=[member.user_id])
    if "deleted" in what:
        desk.conversations.delete(desk.me, made)
    if "archived" in what:
        desk.conversations.archive(desk.me, made)
    if "left" in what:
        desk.members.leave(member, made)
    return made


def _other_company(desk: Desk) -> Any:
    with desk.database.transaction() as session:
        return make_company(session)


def test_from_ones_joining_on(desk: Desk, exports: ExportService) -> None:
    room = desk.rooms.create(desk.me, GROUP, "Launch", history=History.JOINED)
    desk.talks.send(desk.me, room, "Before.")
    late = desk.person()
    desk.members.add(desk.me, room, [late.user_id])
    desk.talks.send(desk.me, room, "After.")
    found = whole(exports, late, [room]).decode()
    assert "After." in found and "Before." not in found
    assert exports.plan(late, [room], EVERYTHING).messages == len(json.loads(found)["messages"])
    assert "Before." in whole(exports, desk.me, [room]).decode()


def test_everything_is_what_one_may_read_and_nothing_that_is_deleted(desk: Desk, exports: ExportService) -> None:
    mine, other = desk.talk(desk.me, "Mine").conversation_id, desk.person()
    archived, deleted = (desk.talk(desk.me, text).conversation_id for text in ("Old", "Gone"))
    desk.conversations.archive(desk.me, archived)
    desk.conversations.delete(desk.me, deleted)
    desk.talk(other, "Theirs")
    room = desk.rooms.create(other, COMPANY, "Open")
    group = desk.rooms.create(other, GROUP, "Closed", user_ids=[desk.me.user_id])
    assert set(exports.plan(desk.me, None, BARE).conversation_ids) == {mine, archived, group}
    assert set(exports.plan(desk.person(Role.MODERATOR), None, BARE).conversation_ids) == {room}
    with pytest.raises(Invalid, match="no conversation to export"):
        exports.plan(desk.person(), None, BARE)


def test_nothing_and_what_is_not_there(desk: Desk, exports: ExportService) -> None:
    with pytest.raises(Invalid, match=r"^Choose at least one conversation\.$"):
        exports.plan(desk.me, [], BARE)
    with pytest.raises(NotFound):
        exports.plan(desk.me, [new_id()], BARE)
    mine = desk.talk().conversation_id
    with pytest.raises(NotFound):  # not even the one that is theirs: it is not what was asked for
        exports.plan(desk.person(), [mine], BARE)
    assert exports.plan(desk.me, [mine, mine], BARE).conversation_ids == (mine,)
    assert audited(desk) == []


def test_one_row_of_the_trail_before_the_first_byte(desk: Desk, exports: ExportService) -> None:
    mine = busy_chat(desk).id
    plan = exports.plan(desk.me, [mine], BARE)
    writing = exports.write(desk.me, plan, Format.HTML, BARE)
    assert audited(desk) == []
    next(writing)
    [event] = audited(desk)
    assert (event.actor_id, event.target_id) == (desk.me.user_id, mine)
    assert event.after == {"format": "html", "conversations": 1, "messages": 6, "ids": [str(mine)], "with": []}
    ids = put(desk, *(f"Talk {number}" for number in range(60)))
    whole(exports, desk.me, ids, Format.MARKDOWN)
    _, event = audited(desk)
    assert event.target_id is None and event.after
    assert (event.after["conversations"], event.after["messages"], event.after["with"]) == (
        60, 120, ["versions", "reactions", "ledger"],
    )  # fmt: skip
    assert event.after["ids"] == [str(id_) for id_ in ids[:50]]


def test_the_plan_counts_what_comes(desk: Desk, exports: ExportService) -> None:
    chat, room = busy_chat(desk), busy_room(desk)
    for included in (BARE, EVERYTHING):
        files = zipped(whole(exports, desk.me, [chat.id, room.id], included=included))
        written = sum(len(json.loads(text)["messages"]) for name, text in files.items() if name.endswith(".json"))
        assert exports.plan(desk.me, [chat.id, room.id], included).messages == written


def test_each_format_has_what_was_asked_for(desk: Desk, exports: ExportService) -> None:
    chat, room = busy_chat(desk), busy_room(desk)
    for chosen in Format:
        bare = whole(exports, desk.me, [chat.id], chosen, BARE).decode()
        full = whole(exports, desk.me, [chat.id], chosen).decode()
        for text in ("5678", "It left"):
            assert text in bare and text in full
        for text in ("1234", "It is in Łodz"):
            assert text not in bare and text in full
        assert "Secret" not in full
        full = whole(exports, desk.me, [room.id], chosen).decode()
        assert "👍" in full and "Bo" in full
        assert "nine" not in full  # before Ada edited it: no page shows others that either
        assert "nine" in whole(exports, room.ada, [room.id], chosen).decode()


def test_a_direct_chat_is_called_as_its_reader_calls_it(desk: Desk, exports: ExportService) -> None:
    bo = desk.person(display_name="Bo ../ Olsen")
    direct = desk.rooms.start_direct(desk.me, bo.user_id)
    plan = exports.plan(desk.me, [direct], BARE)
    assert exports.name_of(plan, Format.HTML) == "Bo ..- Olsen.html"
    assert json.loads(whole(exports, desk.me, [direct]))["title"] == "Bo ../ Olsen"
    assert json.loads(whole(exports, bo, [direct]))["title"] == desk.me.display_name


def test_a_zip_of_many(desk: Desk, exports: ExportService) -> None:
    titles = ["Budget", "budget", "../../etc/passwd", "CON", "😀" * 200, "\u202eمرحبا", "a" * 190, "index", "Budget"]
    ids = put(desk, *(f"{title}" if number < 8 else f" {title}" for number, title in enumerate(titles)))
    content = whole(exports, desk.me, ids, Format.MARKDOWN)
    files = zipped(content)
    names = list(files)
    assert names[:4] == ["Budget.md", "budget (2).md", "etc-passwd.md", "_CON.md"]
    assert names[5:] == ["مرحبا.md", "a" * 120 + ".md", "index (2).md", "Budget (3).md", "index.txt"]
    assert len(names) == len({name.casefold() for name in names})
    assert all(len(name.encode()) < 140 and "/" not in name and "\\" not in name for name in names)
    for name in names[:-1]:
        assert name in files["index.txt"]
    with ZipFile(io.BytesIO(content)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(2026, 11, 20, 9, 0, 2)}
    assert whole(exports, desk.me, ids, Format.MARKDOWN) == content


def test_what_goes_meanwhile_is_left_out_and_listed(desk: Desk, exports: ExportService) -> None:
    friend = desk.person()
    rooms = [desk.rooms.create(friend, GROUP, f"Room {number}", user_ids=[desk.me.user_id]) for number in range(3)]
    plan = exports.plan(desk.me, rooms, BARE)
    desk.members.leave(desk.me, rooms[1])
    files = zipped(b"".join(exports.write(desk.me, plan, Format.JSON, BARE)))
    assert list(files) == ["Room 0.json", "Room 2.json", "index.txt"]
    assert f"(left out: it was no longer open to you)\t{rooms[1]}" in files["index.txt"]
    plan = exports.plan(desk.me, rooms[:1], BARE)
    desk.members.leave(desk.me, rooms[0])
    with pytest.raises(NotFound):
        next(exports.write(desk.me, plan, Format.JSON, BARE))
    assert len(audited(desk)) == 1


def _long(desk: Desk, length: int = 1_000) -> tuple[Actor, UUID]:
    """A room of somebody else's with many messages, which I may read."""
    friend = desk.person()
    room = desk.rooms.create(friend, GROUP, "Long", user_ids=[desk.me.user_id])
    with desk.database.transaction() as session:
        made = Documents(session).put(friend, talk(length))
        session.connection().exec_driver_sql(
            "INSERT INTO messages (id, created_at, conversation_id, seq, role, message_type, content, status, extra)"
            " SELECT gen_random_uuid(), now(), %(room)s, seq + 100, role, message_type, content ||"
            " (SELECT string_agg(md5(random()::text), ' ') FROM generate_series(1, 10 + seq * 0)), status, '{}'"
            " FROM messages WHERE conversation_id = %(made)s",
            {"room": room, "made": made.id},
        )
        session.connection().exec_driver_sql(
            "UPDATE conversations SET last_seq = %(last)s WHERE id = %(room)s", {"room": room, "last": length + 100}
        )
    return friend, room


def test_who_is_removed_gets_no_further_page(
    desk: Desk, exports: ExportService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "BLOCK", 1_000)
    friend, room = _long(desk)
    desk.talk(desk.me, "Another")
    for ids in ([room], [room, *exports.plan(desk.me, None, BARE).conversation_ids]):
        plan = exports.plan(desk.me, ids, BARE)
        writing = exports.write(desk.me, plan, Format.JSON, BARE)
        first = next(writing)
        desk.members.remove(friend, room, desk.me.user_id)
        if plan.is_archive:
            files = zipped(first + b"".join(writing))
            assert "Long.json\tLong" in files["index.txt"] and "(incomplete" in files["index.txt"]
            assert (
                "Message 1000" not in files["Long.json"] and not files["Long.json"].endswith("}\n") and len(files) == 3
            )
        else:
            later: list[bytes] = []
            with pytest.raises(NotFound):
                later.extend(writing)
            assert b"Message 1000" not in b"".join(later)
        desk.members.add(friend, room, [desk.me.user_id])


def test_who_loses_the_right_or_the_session_gets_nothing_more(
    desk: Desk, exports: ExportService, settings: Any
) -> None:
    _, room = _long(desk)
    accounts = AccountService(desk.database, settings, QuickPasswords())
    with desk.database.transaction() as session:
        opened, actor = SessionLimits(settings).open(session, session.get_one(User, desk.me.user_id), "")
    plan = exports.plan(actor, [room], BARE)
    writing = exports.write(actor, plan, Format.JSON, BARE)
    next(writing)
    with desk.database.transaction() as session:
        Users(session).set_roles(actor.user_id, [Role.ANALYST])
    with pytest.raises(NotPermitted):
        list(writing)
    with desk.database.transaction() as session:
        Users(session).set_roles(actor.user_id, [Role.STAFF])
    writing = exports.write(actor, plan, Format.JSON, BARE)
    next(writing)
    accounts.sign_out(opened.session_id)
    assert outcome(lambda: list(writing)) == "NotSignedIn"


@pytest.mark.parametrize(
    "chosen", [Format.JSON, *(pytest.param(one, marks=pytest.mark.long) for one in (Format.MARKDOWN, Format.HTML))]
)
def test_ten_times_the_messages_take_hardly_more_memory(fresh_database: Database, chosen: Format) -> None:
    desk, exports = Desk(fresh_database), ExportService(fresh_database)
    _, room = _long(desk, SHORTER)
    few, little = _traced(exports, desk.me, room, chosen)
    with desk.database.transaction() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO messages (id, created_at, conversation_id, seq, role, message_type, content, status, extra)"
            " SELECT gen_random_uuid(), now(), conversation_id, seq + %(count)s * step, role, message_type, content,"
            " status, extra FROM messages, generate_series(1, 9) step WHERE conversation_id = %(room)s AND seq > 100",
            {"room": room, "count": SHORTER},
        )
        session.connection().exec_driver_sql(
            "UPDATE conversations SET last_seq = %(last)s WHERE id = %(room)s",
            {"room": room, "last": SHORTER * 10 + 100},
        )
    many, more = _traced(exports, desk.me, room, chosen)
    assert many > 7 * few
    # The place of each message is kept, and no text.
    assert more - little < (many - few) / 2, f"{little:,} bytes held at most for {few:,}, {more:,} for {many:,}"


SHORTER = 600
"""Messages: two pages that are read at once."""


def _traced(exports: ExportService, actor: Actor, room: UUID, chosen: Format) -> tuple[int, int]:
    """Bytes of the file, and the most that were held at once."""
    plan = exports.plan(actor, [room], EVERYTHING)
    tracemalloc.start()
    try:
        size = sum(map(len, exports.write(actor, plan, chosen, EVERYTHING)))
        return size, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_nothing_is_held_open_while_a_client_is_slow(fresh_database: Database) -> None:
    desk, exports = Desk(fresh_database), ExportService(fresh_database)
    _, room = _long(desk)
    writing = exports.write(desk.me, exports.plan(desk.me, [room], BARE), Format.JSON, BARE)
    next(writing)
    assert fresh_database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    with fresh_database.reading() as session:
        states = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
        assert session.connection().exec_driver_sql(states).scalar_one() == 1  # this one
    writing.close()  # type: ignore[attr-defined]


def test_a_zip_can_be_imported_as_it_is(desk: Desk, exports: ExportService) -> None:
    ids = [busy_chat(desk).id, busy_room(desk).id]
    content = whole(exports, desk.me, ids)
    found = list(conversations_in(io.BytesIO(content)))
    other = desk.stranger()
    with desk.database.transaction() as session:
        made = [Documents(session).put(other, one).id for one in found if isinstance(one, Document)]
    assert len(made) == len(found) == 2
    again = {name: text for name, text in zipped(whole(exports, other, made)).items() if name.endswith(".json")}
    assert again == {name: text for name, text in zipped(content).items() if name.endswith(".json")}
