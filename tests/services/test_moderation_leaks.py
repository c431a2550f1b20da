"""What a moderator took out is looked for everywhere it could still be read, and is there again once it is restored."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from core import clock
from core.assistant.ledger import Call
from core.database.engine import Database
from core.errors import ParleyError
from core.models import CallPurpose, CallStatus, ConversationKind, ReportReason, RunStatus
from core.permissions import Actor, Role
from core.repositories.documents import Documents
from core.repositories.notices import Notices
from core.services.browse import BrowseService
from core.services.browse_views import Filters
from core.services.export_views import EVERYTHING, Format
from core.services.exporting import ExportService
from core.services.moderation_query import QueueQuery
from core.services.search import SearchService
from core.transfer.parley_json import from_json
from tests.support.cases import case_of
from tests.support.tables import tables_with
from tests.support.talks import MODELS, USAGE, Desk

SECRET = "xyzzyplugh"
KINDS = tuple(ConversationKind)
KEPT = {"messages", "message_revisions"}
"""Where the texts themselves are: they come back from there."""


class Talked:
    """A conversation of one kind. The secret is its first message, so that titles and replies are made of it."""

    def __init__(self, desk: Desk, kind: ConversationKind) -> None:
        self.desk = desk
        self.moderator = desk.person(Role.MODERATOR, display_name="Ada")
        self.author, self.member = desk.person(), desk.person()
        self.readers = [self.author, self.member]
        words = f"My password is {SECRET}, @{self.member.display_name}"
        if kind is ConversationKind.ASSISTANT:
            asked = desk.talk(self.author, words)
            self.room, self.message = asked.conversation_id, asked.question_id
            desk.answer(desk.ask(self.author, "And then?", conversation_id=self.room))
        else:
            self.room = self._room(kind)
            self.message = desk.talks.send(self.author, self.room, f"First {words}").message_id
            desk.talks.edit(self.author, self.message, words)
            desk.talks.send(self.member, self.room, "Really?", reply_to_id=self.message)
        reporter = self.author if kind is ConversationKind.ASSISTANT else self.member
        desk.reports.report(reporter, self.message, ReportReason.PRIVATE)

    def _room(self, kind: ConversationKind) -> UUID:
        if kind is ConversationKind.DIRECT:
            return self.desk.rooms.start_direct(self.author, self.member.user_id)
        return self.desk.rooms.create(self.author, kind, "Ours", user_ids=[self.member.user_id])

    @property
    def case(self) -> tuple[UUID, int]:
        with self.desk.database.reading() as session:
            found = session.execute(text("SELECT id, version FROM cases WHERE subject_id = :m"), {"m": self.message})
            row = found.one()
        return row.id, row.version

    def act(self, how: str) -> None:
        self.desk.moderation.claim(self.moderator, *self.case)
        if how == "delete":
            self.desk.moderation.delete(self.moderator, *self.case, "A secret")
        else:
            self.desk.moderation.edit(self.moderator, *self.case, "My password is ******", "A secret")

    def files(self) -> dict[Format, str]:
        """What its author may take along."""
        exports, included = ExportService(self.desk.database), EVERYTHING
        plan = exports.plan(self.author, [self.room], included)
        return {chosen: b"".join(exports.write(self.author, plan, chosen, included)).decode() for chosen in Format}

    def restore(self) -> None:
        self.desk.moderation.restore(self.moderator, *self.case)


def places(talked: Talked) -> dict[str, Callable[[Actor], object]]:
    """What a person can get to see, each as one thing to look through."""
    desk, room = talked.desk, talked.room
    browse = BrowseService(desk.database, desk.conversations, lambda _: "small")
    search, exports = SearchService(desk.database), ExportService(desk.database)

    def exported(actor: Actor) -> object:
        plan = exports.plan(actor, [room], EVERYTHING)
        return [b"".join(exports.write(actor, plan, chosen, EVERYTHING)) for chosen in Format]

    def notices(actor: Actor) -> object:
        with desk.database.reading() as session:
            return Notices(session).list_unread(actor.user_id, clock.now(), limit=50)

    def hits(actor: Actor) -> object:
        found = search.search(actor, SECRET)  # its hints may repeat what was asked
        return found.hits, found.titles

    return {
        "transcript": lambda actor: desk.transcripts.read(actor, room),
        "page of a room": lambda actor: desk.talks.page(actor, room),
        "browsed": lambda actor: browse.read(actor, room),
        "browsed list": lambda actor: browse.list_page(actor, Filters(), zone=UTC),
        "chats": desk.conversations.list_recent,
        "rooms": lambda actor: [desk.rooms.list_mine(actor, kind) for kind in KINDS if kind.is_room],
        "search": lambda actor: search.search(actor, "password"),
        "search hits": hits,
        "export": exported,
        "notices": notices,
    }


def seen(talked: Talked) -> Iterator[tuple[str, str]]:
    for actor in talked.readers:
        for name, look in places(talked).items():
            try:
                yield name, repr(look(actor))
            except ParleyError as error:  # it is not theirs to see at all
                yield name, repr(error)


def told_to_the_model(talked: Talked, kind: ConversationKind) -> str:
    """All that a model is sent with the next question."""
    desk = talked.desk
    if kind is ConversationKind.ASSISTANT:
        run_id = desk.ask(talked.author, "What did I say?", conversation_id=talked.room).run_id
    else:
        run_id = desk.talks.send(talked.author, talked.room, "@Assistant, what did I say?").run_id  # type: ignore[assignment]
    job = desk.store.begin(run_id)
    assert job
    return repr(job)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["delete", "edit"])
def test_what_was_taken_out_is_nowhere(database: Database, kind: ConversationKind, how: str) -> None:
    talked = Talked(Desk(database), kind)
    before = {name for name, found in seen(talked) if SECRET in found}
    assert before >= {"transcript", "browsed", "search hits", "export"}, "it is looked for in vain"
    talked.act(how)
    assert {name for name, found in seen(talked) if SECRET in found} == set()
    assert tables_with(database, SECRET) <= KEPT
    assert SECRET not in told_to_the_model(talked, kind)


@pytest.mark.parametrize("kind", [ConversationKind.ASSISTANT, ConversationKind.GROUP])
@pytest.mark.parametrize("how", ["delete", "edit"])
def test_what_is_restored_is_where_it_was(database: Database, kind: ConversationKind, how: str) -> None:
    talked = Talked(Desk(database), kind)
    before = {name for name, found in seen(talked) if SECRET in found}
    tables = tables_with(database, SECRET)
    talked.act(how)
    talked.restore()
    assert {name for name, found in seen(talked) if SECRET in found} == before
    assert tables_with(database, SECRET) == tables | ({"message_revisions"} if how == "edit" else set())
    assert SECRET in told_to_the_model(talked, kind)


SAYS = {
    "edit": {Format.MARKDOWN: "edited by a moderator: A secret", Format.JSON: '"edit_reason":"A secret"'},
    "delete": {Format.MARKDOWN: "deleted by a moderator: A secret", Format.JSON: '"delete_reason":"A secret"'},
}


@pytest.mark.parametrize("how", SAYS)
def test_every_file_says_what_a_moderator_did_and_why_and_not_who(database: Database, how: str) -> None:
    talked = Talked(Desk(database), ConversationKind.GROUP)
    talked.act(how)
    told = SAYS[how] | {Format.HTML: SAYS[how][Format.MARKDOWN]}
    files = talked.files()
    assert {chosen: words in files[chosen] for chosen, words in told.items()} == dict.fromkeys(Format, True)
    talked.restore()
    restored = talked.files()
    assert not [chosen for chosen, words in told.items() if words in restored[chosen]]
    assert ('"by_moderator":true' in restored[Format.JSON]) == (how == "edit")
    assert ("replaced by a moderator" in restored[Format.MARKDOWN]) == (how == "edit")
    for file in (*files.values(), *restored.values()):
        assert talked.moderator.display_name not in file
        assert talked.moderator.email not in file


@pytest.mark.parametrize("how", SAYS)
def test_what_a_moderator_did_elsewhere_comes_along(database: Database, how: str) -> None:
    """It is shown and exported again; here nobody has anything to take back."""
    talked = Talked(Desk(database), ConversationKind.GROUP)
    talked.act(how)
    other = Talked(Desk(database), ConversationKind.ASSISTANT)
    file = talked.files()[Format.JSON]
    with database.transaction() as session:
        other.room = Documents(session).put(other.author, from_json(json.loads(file))).id
    shown = other.desk.read(other.room, other.author).messages[1]
    browsed = (
        BrowseService(database, other.desk.conversations, lambda _: "small").read(other.author, other.room).messages[1]
    )
    for one in (shown, browsed):
        assert (one.edit_reason, one.delete_reason) == (("A secret", None) if how == "edit" else (None, "A secret"))
    assert other.files()[Format.JSON] == file
    if how == "edit":
        other.desk.reports.report(other.author, shown.id, ReportReason.OTHER)
        lines = other.desk.cases.list_page(other.moderator, QueueQuery(), ZoneInfo("UTC")).lines
        other.desk.moderation.claim(other.moderator, lines[-1].id, 0)
        assert not other.desk.cases.get(other.moderator, lines[-1].id).can_restore


def test_a_title_that_was_being_made_meanwhile_is_left_out(database: Database) -> None:
    """The model is asked for it after the answer, and its question may be gone by then."""
    desk = Desk(database)
    talked = Talked(desk, ConversationKind.ASSISTANT)
    asked = desk.ask(talked.author, f"New {SECRET}")
    job = desk.store.begin(asked.run_id)
    assert job
    call = Call(CallPurpose.ANSWER, MODELS[0], USAGE, CallStatus.COMPLETE, 1.0)
    desk.store.finish(job, RunStatus.COMPLETE, "So.", [call])
    desk.reports.report(talked.author, asked.question_id, ReportReason.PRIVATE)
    line = desk.cases.list_page(talked.moderator, QueueQuery(), ZoneInfo("UTC")).lines[-1]
    desk.moderation.claim(talked.moderator, line.id, 0)
    desk.moderation.delete(talked.moderator, line.id, 1, "A secret")
    desk.store.title(job, f"All about {SECRET}", call)
    assert all(SECRET not in one.title for one in desk.conversations.list_recent(talked.author)[:1])


def test_a_title_that_an_import_made_of_it_goes_and_comes_back(database: Database) -> None:
    """Though it counts as given: other programs name a chat after its first words."""
    desk = Desk(database)
    talked = Talked(desk, ConversationKind.ASSISTANT)
    [conversation] = [one for one in desk.conversations.list_recent(talked.author) if one.id == talked.room]
    with database.transaction() as session:
        origin = json.dumps({"title": [conversation.title] * 2})
        statement = "UPDATE conversations SET is_titled = true, origin = CAST(:origin AS jsonb) WHERE id = :id"
        session.execute(text(statement), {"origin": origin, "id": talked.room})

    def title() -> str:
        return next(one.title for one in desk.conversations.list_recent(talked.author) if one.id == talked.room)

    case_id, version = case_of(desk, talked.message)
    desk.moderation.claim(talked.moderator, case_id, version)
    desk.moderation.delete(talked.moderator, case_id, version + 1, "A password")
    assert SECRET not in title()
    desk.moderation.restore(talked.moderator, case_id, version + 2)
    assert title() == conversation.title
