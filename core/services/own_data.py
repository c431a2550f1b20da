"""Everything of one person as one file, for themselves: a ZIP that is written while it is sent."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Invalid
from core.models import AuditAction, TargetType
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.repositories.own_data import FIRST, OwnData, Page
from core.services.access import require_still
from core.services.audit_exporting import AuditExports
from core.services.audit_query import AuditQuery
from core.services.export_views import EVERYTHING, ExportPlan, Format
from core.services.exporting import ExportService
from core.transfer.archive import Archive

NAME = "My data.zip"
BATCH = 1_000
Read = Callable[[OwnData, Page], Page]
"""The page behind another one; the first behind an empty one."""
README = """\
What Parley has of you.

profile.json        who you are here
sign-ins.json       browsers that you signed in with
notices.json        what you were told
tasks.json          tasks that you own or are to do
calls.json          calls to models that were made for you, and what they cost
audit.csv           what you did, as the audit trail has it
Conversations.zip   the conversations that you are in, one JSON file each; Parley can import them again
"""


class OwnDataService:
    """No transaction is open while what was read is on its way to a browser, however slow that is."""

    def __init__(self, database: Database, exporting: ExportService, audit_exports: AuditExports) -> None:
        self.database = database
        self.exporting = exporting
        self.audit_exports = audit_exports

    def write(self, actor: Actor) -> Iterator[bytes]:
        """The ZIP, in blocks. Before each page it is asked anew who this is. Raises NotPermitted, NotSignedIn."""
        actor.require(Permission.ACCOUNT_MANAGE)
        with self.database.reading() as session:  # before it is recorded
            _check(session, actor)
        self._record(actor)
        archive, now = Archive(), clock.now()
        for name, chunks in self._files(actor).items():
            yield from archive.add(name, chunks, now)
        yield from archive.finish()

    def _files(self, actor: Actor) -> dict[str, Iterator[bytes]]:
        me, pages = actor.user_id, partial(self._pages, actor)
        files = {
            "README.txt": iter([README.encode()]),
            "profile.json": self._profile(actor),
            "sign-ins.json": _array(pages(lambda own, page: own.sessions(me, _last(page), BATCH))),
            "notices.json": _array(pages(lambda own, page: own.notices(me, _last(page), BATCH))),
            "tasks.json": _array(pages(lambda own, page: own.tasks(me, _last(page), BATCH))),
            "calls.json": _array(pages(lambda own, page: own.calls(me, _newest(page), BATCH))),
            "audit.csv": self._audit(actor),
        }
        if plan := self._conversations(actor):
            files["Conversations.zip"] = self.exporting.write(actor, plan, Format.JSON, EVERYTHING)
        return files

    def _profile(self, actor: Actor) -> Iterator[bytes]:
        with self.database.reading() as session:
            _check(session, actor)
            profile = OwnData(session).profile(actor.user_id)
        yield json.dumps(profile, ensure_ascii=False, indent=2, default=_plain).encode()

    def _pages(self, actor: Actor, read: Read) -> Iterator[Page]:
        page: Page = ()
        while True:
            with self.database.reading() as session:
                _check(session, actor)
                page = read(OwnData(session), page)
            yield page
            if len(page) < BATCH:
                return

    def _audit(self, actor: Actor) -> Iterator[bytes]:
        yield from self.audit_exports.write(actor, self.audit_exports.plan(actor, AuditQuery(is_mine=True), "csv"))

    def _conversations(self, actor: Actor) -> ExportPlan | None:
        """Those that they are in and may read; None where there are none. What moderators oversee is not theirs."""
        if not actor.may(Permission.CHAT_USE):
            return None
        with self.database.reading() as session:
            mine = set(OwnData(session).list_conversations(actor.user_id))
        try:
            readable = self.exporting.plan(actor, None, EVERYTHING).conversation_ids
            plan = self.exporting.plan(actor, [id_ for id_ in readable if id_ in mine], EVERYTHING)
        except Invalid:  # there is none
            return None
        return replace(plan, is_archive=True)

    def _record(self, actor: Actor) -> None:
        with self.database.transaction() as session:
            Audit(session).record(
                AuditAction.OWN_DATA_EXPORTED,
                actor=actor,
                company_id=actor.company_id,
                target_type=TargetType.USER,
                target_id=actor.user_id,
            )


def _check(session: Session, actor: Actor) -> None:
    require_still(session, actor, Permission.ACCOUNT_MANAGE)


def _last(page: Page) -> UUID:
    return page[-1]["id"] if page else FIRST


def _newest(page: Page) -> tuple[datetime, UUID] | None:
    return (page[-1]["created_at"], page[-1]["id"]) if page else None


def _array(pages: Iterator[Page]) -> Iterator[bytes]:
    """With an object on each line."""
    opening = "[\n"
    for page in pages:
        texts = [json.dumps(row, ensure_ascii=False, default=_plain) for row in page]
        if texts:
            yield (opening + ",\n".join(texts)).encode()
            opening = ",\n"
    yield b"[]\n" if opening == "[\n" else b"\n]\n"


def _plain(value: Any) -> str:
    match value:
        case datetime() | date():
            return value.isoformat()
        case UUID() | Decimal():
            return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a file")
