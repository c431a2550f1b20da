"""The audit trail as a file: exactly what a filter finds, for whoever may see it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from core.database.engine import Database
from core.errors import Invalid
from core.models import AuditAction, TargetType
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.repositories.audit_lines import AuditLines, AuditWanted, Path, Position
from core.services.access import require_still
from core.services.audit import wanted_by
from core.services.audit_naming import lines_of
from core.services.audit_query import AuditQuery
from core.services.audit_views import AuditLine
from core.transfer.tables import Column, Kind, Row, write_csv

BATCH = 2_000
FORMATS = ("csv", "json")
UNKNOWN_FORMAT = "Choose CSV or JSON."
KINDS = {"created_at": Kind.TIME, "sequence": Kind.WHOLE}
"""Everything else is text."""
COLUMNS = tuple(Column(field.name, KINDS.get(field.name, Kind.TEXT)) for field in fields(AuditLine))
CHANGES = ("before", "after")


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """What a file is to hold, asked for by somebody who may see it."""

    query: AuditQuery
    wanted: AuditWanted
    zone: ZoneInfo
    format: str

    @property
    def name(self) -> str:
        days = "".join(
            f"-{word}-{day}" for word, day in (("from", self.query.first), ("to", self.query.last)) if day is not None
        )
        return f"audit{days}.{self.format}"


class AuditExports:
    """In memory is one batch; no transaction is open while it is on its way to a browser."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def plan(self, actor: Actor, query: AuditQuery, format_: str) -> AuditPlan:
        """Raises Invalid for a format that there is not, NotPermitted for others' acts without the right to see."""
        if format_ not in FORMATS:
            raise Invalid(UNKNOWN_FORMAT)
        zone = query.zone or ZoneInfo("UTC")
        wanted = wanted_by(actor, query, zone)
        with self.database.reading() as session:
            wanted = replace(wanted, up_to=AuditLines(session).get_last(actor.company_id))
        return AuditPlan(query, wanted, zone, format_)

    def write(self, actor: Actor, plan: AuditPlan) -> Iterator[bytes]:
        """The file, in blocks. Before every page it is asked anew whether this person may see it."""
        plan = replace(plan, wanted=replace(wanted_by(actor, plan.query, plan.zone), up_to=plan.wanted.up_to))
        with self.database.reading() as session:  # before it is recorded
            _check(session, actor)
        self._record(actor, plan)
        pages = self._pages(actor, plan)
        if plan.format == "json":
            yield from _json(pages, plan.zone)
        else:
            yield from write_csv(COLUMNS, (_rows(page) for page in pages), plan.zone)

    def _pages(self, actor: Actor, plan: AuditPlan) -> Iterator[Sequence[AuditLine]]:
        path: Path | None = None
        place: Position | None = None
        while True:
            with self.database.reading() as session:
                _check(session, actor)
                lines = AuditLines(session)
                path = path or lines.path_for(plan.wanted)
                page = lines.list_page(plan.wanted, path, before=place, limit=BATCH)
                named = lines_of(session, actor, page.rows)
            yield named
            if page.looked_to is None and len(page.rows) < BATCH:
                return
            place = page.looked_to or page.rows[-1].position

    def _record(self, actor: Actor, plan: AuditPlan) -> None:
        whole = actor.may(Permission.AUDIT_VIEW) and not plan.query.is_mine
        with self.database.transaction() as session:
            Audit(session).record(
                AuditAction.AUDIT_EXPORTED,
                actor=actor,
                company_id=actor.company_id,
                target_type=TargetType.AUDIT,
                target_id=None,
                after={
                    "format": plan.format,
                    "of": "everybody" if whole else "own acts",
                    "filter": {
                        name: values[0] if len(values) == 1 else values
                        for name, values in plan.query.looking().params().items()
                        if name not in ("mine", "reason")  # what was looked for may be anything
                    },
                },
            )


def _check(session: Session, actor: Actor) -> None:
    require_still(session, actor, Permission.AUDIT_OWN, Permission.AUDIT_VIEW)


def _rows(page: Sequence[AuditLine]) -> list[Row]:
    return [[_cell(line, column.name) for column in COLUMNS] for line in page]


def _cell(line: AuditLine, name: str) -> Any:
    value = getattr(line, name)
    if name in CHANGES:
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value


def _json(pages: Iterator[Sequence[AuditLine]], zone: ZoneInfo) -> Iterator[bytes]:
    """An array with an object on each line."""
    opening = "[\n"
    for page in pages:
        texts = [json.dumps(_object(line, zone), ensure_ascii=False) for line in page]
        if texts:
            yield (opening + ",\n".join(texts)).encode()
            opening = ",\n"
        else:
            yield b""
    yield b"[]\n" if opening == "[\n" else b"\n]\n"


def _object(line: AuditLine, zone: ZoneInfo) -> dict[str, Any]:
    found = {column.name: getattr(line, column.name) for column in COLUMNS}
    keys = {name: found[name] and str(found[name]) for name in ("id", "actor_id", "target_id")}
    return found | keys | {"created_at": line.created_at.astimezone(zone).isoformat()}
