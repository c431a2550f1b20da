"""Conversations as files: for whoever may read them, and as far as they may."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Invalid, NotFound, NotSignedIn
from core.models import AuditAction, Conversation
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.repositories.browse_lines import BrowseLine, Sort, State, Wanted
from core.repositories.browsing import Browsing
from core.repositories.conversations import Conversations
from core.repositories.documents import Documents
from core.repositories.passage import Passage
from core.repositories.users import Users
from core.services.export_views import ExportPlan, Format, Included
from core.transfer.archive import EARLIEST, Archive
from core.transfer.document import Booked, Said
from core.transfer.file_names import FileNames, file_name
from core.transfer.outgoing import Outgoing
from core.transfer.wording import moment, title_of

NOTHING_CHOSEN = "Choose at least one conversation."
NOTHING_THERE = "There is no conversation to export yet."
PAGE = 500
RECORDED = 50
"""So many conversations are named in the trail; all are counted."""
BLOCK = 64 * 1024
"""Bytes that are given at once."""
INDEX = "index"
ARCHIVE_NAME = "Conversations.zip"


class ExportService:
    """No transaction is open while what was read is on its way to a browser, however slow that is."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def plan(self, actor: Actor, conversation_ids: Sequence[UUID] | None, included: Included) -> ExportPlan:
        """What an export would give. None: everything that this person may read, but for what is deleted.

        Raises Invalid for nothing, NotFound for what they may not read, NotPermitted without the right to browse.
        """
        actor.require(Permission.CONVERSATIONS_BROWSE)
        floors: dict[UUID, int] = {}
        title = ""
        for line in self._everything(actor) if conversation_ids is None else self._chosen(actor, conversation_ids):
            floors[line.id], title = line.floor, line.title
        if not floors:
            raise Invalid(NOTHING_THERE if conversation_ids is None else NOTHING_CHOSEN)
        with self.database.reading() as session:
            messages = Documents(session).count_messages(floors, with_hidden=included.versions)
        is_archive = conversation_ids is None or len(floors) > 1
        return ExportPlan(tuple(floors), messages, "" if is_archive else title, is_archive)

    def write(self, actor: Actor, plan: ExportPlan, chosen: Format, included: Included) -> Iterator[bytes]:
        """The file, or the ZIP of several, in blocks. What this person may read is asked anew for every page of it.

        Raises NotFound for a single conversation that went meanwhile; in a ZIP its list says so. Raises NotSignedIn
        or NotPermitted as soon as the person may no longer export.
        """
        actor.require(Permission.CONVERSATIONS_BROWSE)
        with self.database.reading() as session:  # before it is recorded
            _as_of_now(session, actor)
        if plan.is_archive:
            self._record(actor, plan, chosen, included)
            yield from _in_blocks(self._archive(actor, plan, chosen, included))
            return
        passage = self._begin(actor, plan.conversation_ids[0], included)
        self._record(actor, plan, chosen, included)
        yield from _in_blocks(self._file(actor, passage, chosen))

    def name_of(self, plan: ExportPlan, chosen: Format) -> str:
        """What the file is to be called."""
        return ARCHIVE_NAME if plan.is_archive else f"{file_name(plan.title)}.{chosen}"

    def _chosen(self, actor: Actor, conversation_ids: Sequence[UUID]) -> Iterator[BrowseLine]:
        with self.database.reading() as session:
            for conversation_id in dict.fromkeys(conversation_ids):
                yield _readable(session, actor, conversation_id)

    def _everything(self, actor: Actor) -> Iterator[BrowseLine]:
        for state in (State.ACTIVE, State.ARCHIVED):
            after = None
            while True:
                with self.database.reading() as session:
                    listing = partial(Browsing(session).list_page, actor, Wanted(state=state), Sort.RECENT)
                    lines = listing(after=after, limit=PAGE)
                yield from lines
                if len(lines) < PAGE:
                    break
                after = lines[-1].position(Sort.RECENT)

    def _archive(self, actor: Actor, plan: ExportPlan, chosen: Format, included: Included) -> Iterator[bytes]:
        archive, names, entries = Archive(), FileNames(INDEX), list[_Entry]()
        for conversation_id in plan.conversation_ids:
            try:
                passage = self._begin(actor, conversation_id, included)
            except NotFound:
                entries.append(_Entry(None, str(conversation_id), EARLIEST))
                continue
            title, time = title_of(passage.head), passage.head.last_message_at
            entry = _Entry(names.add(title, chosen), title, time)
            entries.append(entry)
            yield from archive.add(entry.name or "", entry.whole(self._file(actor, passage, chosen)), time)
        last = max(entry.time for entry in entries)
        yield from archive.add(f"{INDEX}.txt", [_index(entries).encode()], last)
        yield from archive.finish()

    def _begin(self, actor: Actor, conversation_id: UUID, included: Included) -> Passage:
        with self.database.reading() as session:
            line = _readable(session, _as_of_now(session, actor), conversation_id)
            conversation: Conversation | None = Conversations(session).get(conversation_id)
            if conversation is None:
                raise NotFound
            if conversation.kind.is_room:
                included = replace(included, only_of=actor.user_id)
            return Documents(session).begin(conversation, floor=line.floor, included=included, title=line.title)

    def _file(self, actor: Actor, passage: Passage, chosen: Format) -> Iterator[bytes]:
        messages, calls = self._messages(actor, passage), self._calls(actor, passage)
        for chunk in chosen.write(Outgoing(passage.head, passage.people, messages, calls)):
            yield chunk.encode()

    def _messages(self, actor: Actor, passage: Passage) -> Iterator[Said]:
        while True:
            with self.database.reading() as session:
                _check(session, actor, passage)
                page = Documents(session).next_messages(passage)
            if not page:
                return
            yield from page

    def _calls(self, actor: Actor, passage: Passage) -> Iterator[Booked]:
        while True:
            with self.database.reading() as session:
                _check(session, actor, passage)
                page = Documents(session).next_calls(passage)
            if not page:
                return
            yield from page

    def _record(self, actor: Actor, plan: ExportPlan, chosen: Format, included: Included) -> None:
        with self.database.transaction() as session:
            Audit(session).record(
                AuditAction.CONVERSATION_EXPORTED,
                actor=actor,
                company_id=actor.company_id,
                target_type="conversation",
                target_id=None if plan.is_archive else plan.conversation_ids[0],
                after={
                    "format": chosen.value,
                    "conversations": plan.conversations,
                    "messages": plan.messages,
                    "ids": plan.conversation_ids[:RECORDED],
                    "with": [name for name in ("versions", "reactions", "ledger") if getattr(included, name)],
                },
            )


@dataclass
class _Entry:
    name: str | None
    """None for what went before it could be written."""
    title: str
    time: datetime
    is_whole: bool = True

    def whole(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """As far as there is something to read."""
        try:
            yield from chunks
        except NotFound:
            self.is_whole = False


def _index(entries: Sequence[_Entry]) -> str:
    """What is in the ZIP, a line for each."""
    lines = [f"Conversations: {len(entries)}", ""]
    for entry in entries:
        if entry.name is None:
            lines.append(f"(left out: it was no longer open to you)\t{entry.title}")
        else:
            broken = "" if entry.is_whole else "\t(incomplete: it was closed to you while it was written)"
            lines.append(f"{entry.name}\t{entry.title}\t{moment(entry.time)}{broken}")
    return "\n".join([*lines, ""])


def _as_of_now(session: Session, actor: Actor) -> Actor:
    """The same person with the rights that they have right now; without a browser session, those that they had."""
    now = actor if actor.session_id is None else Users(session).get_actor(actor.session_id, clock.now())
    if now is None:
        raise NotSignedIn
    now.require(Permission.CONVERSATIONS_BROWSE)
    return now


def _readable(session: Session, actor: Actor, conversation_id: UUID) -> BrowseLine:
    line = Browsing(session).get(actor, conversation_id)
    if line is None:
        raise NotFound
    return line


def _check(session: Session, actor: Actor, passage: Passage) -> None:
    """Before each page: whoever left and came back may see less than before."""
    line = _readable(session, _as_of_now(session, actor), passage.conversation_id)
    passage.raise_floor(line.floor)


def _in_blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    waiting, size = list[bytes](), 0
    for chunk in chunks:
        waiting.append(chunk)
        size += len(chunk)
        if size >= BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
