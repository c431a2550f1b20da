"""Conversations from elsewhere become one's own."""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from io import SEEK_END
from typing import BinaryIO
from uuid import UUID

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from core.database.engine import Database, constraint_of
from core.errors import DatabaseUnavailable, Invalid, NotPermitted, ParleyError
from core.ids import new_id, reference_of
from core.models import AuditAction
from core.permissions import Actor, Permission
from core.repositories.documents import Documents
from core.services.access import require_still
from core.services.import_views import Failure, ImportReport, Progress
from core.services.room_access import record
from core.transfer.document import Document
from core.transfer.reading import Unreadable, conversations_in

log = logging.getLogger(__name__)

LISTED = 200
"""Of those that failed, so many are named; all are counted."""
UNEXPECTED = (SQLAlchemyError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
ONCE = "conversations_owner_origin_key"

ENDED = (
    "Parley's database went away in the middle. What came in is there, each conversation whole: "
    "import the same file again to go on from here."
)
GAVE_UP = "The database gave up on it: it is too long."
NOT_STORED = "Parley could not store it. An admin finds the reason in the log under {reference}."

Tell = Callable[[Progress], None]
Take = Callable[[Document], bool]
"""False for what is there already. Raises for what can't come in."""


class ImportService:
    def __init__(self, database: Database, listed: Callable[[UUID], None]) -> None:
        """`listed` tells whoever has that conversation in their list that the list is another one."""
        self.database = database
        self.listed = listed

    def look(self, actor: Actor, file: BinaryIO, *, progress: Tell | None = None) -> ImportReport:
        """What `run` would do. Writes nothing. Raises Invalid for a file without conversations, NotPermitted."""
        actor.require(Permission.CHAT_USE)
        seen: set[tuple[str, str]] = set()

        def take(document: Document) -> bool:
            key = document.source, document.id
            is_new = key not in seen and not self._is_there(actor, document)
            seen.add(key)
            return is_new

        return self._read(file, take, progress)

    def run(self, actor: Actor, file: BinaryIO, *, progress: Tell | None = None) -> ImportReport:
        """Brings in what is not there yet, each conversation for itself: however it ends, those that are there are
        whole, and a second run goes on with the others. Before each it is asked anew whether this person may.

        `progress` is called between two of them, and may end the run by raising. Raises Invalid, NotPermitted as
        `look`; DatabaseUnavailable when there was none from the beginning.
        """
        actor.require(Permission.CHAT_USE)
        came: list[UUID] = []

        def take(document: Document) -> bool:
            conversation_id = self._bring_in(actor, document)
            if conversation_id:
                came[:] = [conversation_id]
            return conversation_id is not None

        try:
            return self._read(file, take, progress)
        finally:
            for conversation_id in came:  # one is enough for their lists to be drawn anew
                self.listed(conversation_id)

    def _read(self, file: BinaryIO, take: Take, progress: Tell | None) -> ImportReport:
        tally, total, read = _Tally(), _size_of(file), 0
        try:
            for position, found in enumerate(conversations_in(file), 1):
                self._count(tally, found, position, take)
                read = max(read, file.tell())
                if progress:
                    progress(Progress(read, total, position))
        except (Invalid, DatabaseUnavailable) as error:
            if not tally.seen:
                raise
            return tally.report(ENDED if isinstance(error, DatabaseUnavailable) else str(error))
        return tally.report(None)

    def _count(self, tally: "_Tally", found: Document | Unreadable, position: int, take: Take) -> None:
        """Raises DatabaseUnavailable when it is away."""
        if isinstance(found, Unreadable):
            tally.fail(found.title, position, found.reason)
            return
        try:
            is_new = take(found)
        except NotPermitted:
            raise
        except DatabaseUnavailable:
            self.database.check()  # it answers: so it was this one
            tally.fail(found.title, position, GAVE_UP)
        except ParleyError as error:
            tally.fail(found.title, position, str(error))
        except UNEXPECTED as error:  # it is about this conversation: the others come in
            reference = reference_of(new_id())
            # Not its words: the database repeats what it refuses.
            log.error("import_failed reference=%s error=%s", reference, type(error).__name__)
            tally.fail(found.title, position, NOT_STORED.format(reference=reference))
        else:
            tally.add(found, is_new=is_new)

    def _is_there(self, actor: Actor, document: Document) -> bool:
        with self.database.reading() as session:
            return Documents(session).find(actor.user_id, document.source, document.id) is not None

    def _bring_in(self, actor: Actor, document: Document) -> UUID | None:
        """None when it is there, also if it came in this very moment."""
        try:
            with self.database.transaction() as session:
                require_still(session, actor, Permission.CHAT_USE)
                if Documents(session).find(actor.user_id, document.source, document.id):
                    return None
                conversation = Documents(session).put(actor, document)
                record(
                    session,
                    actor,
                    AuditAction.CONVERSATION_IMPORTED,
                    conversation,
                    source=document.source,
                    messages=len(document.messages),
                )
                return conversation.id
        except IntegrityError as error:
            if constraint_of(error) == ONCE:
                return None
            raise


class _Tally:
    """Counts while a file is read. It holds no conversation."""

    def __init__(self) -> None:
        self.conversations = self.messages = self.already = self.failed = 0
        self.failures: list[Failure] = []
        self.notes: Counter[str] = Counter()
        self.sources: dict[str, None] = {}
        self.times: list[datetime] = []

    @property
    def seen(self) -> int:
        return self.conversations + self.already + self.failed

    def add(self, document: Document, *, is_new: bool) -> None:
        self.sources[document.source] = None
        if not is_new:
            self.already += 1
            return
        self.conversations += 1
        self.messages += len(document.messages)
        self.notes.update(document.notes)
        times = [*self.times, document.created_at, document.last_message_at]
        self.times = [min(times), max(times)]

    def fail(self, title: str, position: int, reason: str) -> None:
        self.failed += 1
        if len(self.failures) < LISTED:
            self.failures.append(Failure(title, position, reason))

    def report(self, trouble: str | None) -> ImportReport:
        first_at, last_at = self.times or (None, None)
        return ImportReport(
            conversations=self.conversations,
            messages=self.messages,
            already=self.already,
            failed=self.failed,
            failures=tuple(self.failures),
            notes=tuple(self.notes.most_common()),
            sources=tuple(self.sources),
            first_at=first_at,
            last_at=last_at,
            trouble=trouble,
        )


def _size_of(file: BinaryIO) -> int:
    size = file.seek(0, SEEK_END)
    file.seek(0)
    return size
