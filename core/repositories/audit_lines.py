"""The audit trail as a list: filtered, newest first, page by page.

Each filter has an index in the list's order. Of those that apply the one with the fewest rows is walked along, and the
other filters look at its rows. A walk ends after LOOKED rows, found or not: so a page costs the same however long the
chain is and however rare what is looked for, and says how far it looked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.models import TARGETS, Outcome, TargetType
from core.repositories.base import Repository

LOOKED = 2_500
Position = tuple[datetime, int]
"""When, and the sequence number."""

COLUMNS = "sequence, id, created_at, actor_id, action, target_type, target_id, before, after, reason, outcome"


@dataclass(frozen=True, slots=True)
class AuditWanted:
    """Rows of a company. What is None or empty narrows nothing."""

    company_id: UUID
    since: datetime | None = None
    until: datetime | None = None
    actor_id: UUID | None = None
    by_nobody: bool = False
    """What no person did who was signed in."""
    actions: tuple[str, ...] = ()
    target_type: TargetType | None = None
    target_id: UUID | None = None
    outcome: Outcome | None = None
    text: str = ""
    """Somewhere in the reason, in capitals or not."""
    up_to: int | None = None
    """The highest sequence number: what is written later stays out."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    sequence: int
    id: UUID
    created_at: datetime
    actor_id: UUID | None
    action: str
    target_type: str
    target_id: UUID | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str
    outcome: Outcome

    @property
    def position(self) -> Position:
        return self.created_at, self.sequence


@dataclass(frozen=True, slots=True)
class AuditPage:
    rows: Sequence[AuditRow]
    """In the direction in which it was looked."""
    looked_to: Position | None = None
    """Where the walk ended before the page was full; None when it did not."""


@dataclass(frozen=True, slots=True)
class Path:
    """An index to walk along: the conditions of its arms, any of which a row fulfils."""

    name: str
    arms: tuple[str, ...] = ("true",)


class AuditLines(Repository):
    def get(self, company_id: UUID, sequence: int) -> AuditRow | None:
        statement = f"SELECT {COLUMNS} FROM audit_events WHERE company_id = :company AND sequence = :sequence"
        found = self.session.execute(text(statement), {"company": company_id, "sequence": sequence}).one_or_none()
        return _row(found) if found else None

    def path_for(self, wanted: AuditWanted) -> Path:
        """The index with the fewest rows to look at."""
        if wanted.target_id is not None:
            return TARGET
        paths = _paths(wanted)
        if len(paths) < 2:
            return paths[0] if paths else TIME
        counts = [self._count(wanted, path) for path in paths]
        return paths[counts.index(min(counts))]

    def list_page(
        self,
        wanted: AuditWanted,
        path: Path,
        *,
        before: Position | None = None,
        after: Position | None = None,
        limit: int = 50,
        looked: int = LOOKED,
    ) -> AuditPage:
        """The newest rows; or those next before a position in time, or next after it. `path` from `path_for`."""
        given = _given(wanted) | _place(before, after)
        order, rest = _order(after), _rest(wanted, path)
        walk = _walk(wanted, path, COLUMNS, before, after, limit=looked if rest else limit)
        statement = f"SELECT {COLUMNS} FROM ({walk}) AS walked WHERE {rest or 'true'} {order} LIMIT {limit:d}"
        rows = [_row(row) for row in self.session.execute(text(statement), given)]
        if len(rows) >= limit or not rest:
            return AuditPage(rows)
        walk = _walk(wanted, path, "created_at, sequence", before, after, limit=looked)
        last = text(f"SELECT * FROM ({walk}) AS walked {order} OFFSET {looked - 1:d} LIMIT 1")
        found = self.session.execute(last, given).one_or_none()
        return AuditPage(rows, (found[0], found[1]) if found else None)

    def get_last(self, company_id: UUID) -> int:
        """The chain's length, as its head has it."""
        statement = "SELECT sequence FROM audit_heads WHERE company_id = :company"
        return int(self.session.execute(text(statement), {"company": company_id}).scalar() or 0)

    def _count(self, wanted: AuditWanted, path: Path) -> int:
        """Up to one more of each arm than are looked at."""
        where = _where(wanted, None, None)
        arms = [f"(SELECT FROM audit_events WHERE {where} AND {arm} LIMIT {LOOKED + 1:d})" for arm in path.arms]
        statement = f"SELECT count(*) FROM ({' UNION ALL '.join(arms)}) AS counted"
        return int(self.session.execute(text(statement), _given(wanted)).scalar_one())


TIME = Path("time")
TARGET = Path("target", ("target_id = :target",))
# Values that an index is restricted to stand in the statement: only then does it match.
REFUSED = Path("refused", (f"outcome = '{Outcome.REFUSED}'",))
REASONED = Path("reasoned", ("reason <> ''",))
NOBODY = Path("nobody", ("actor_id IS NULL",))
ACTOR = Path("actor", ("actor_id = :actor",))


def _paths(wanted: AuditWanted) -> list[Path]:
    paths = []
    if wanted.by_nobody:
        paths.append(NOBODY)
    if wanted.actor_id is not None:
        paths.append(ACTOR)
    if actions := _actions(wanted):
        paths.append(Path("action", tuple(f"action = :action_{place}" for place in range(len(actions)))))
    if wanted.outcome is Outcome.REFUSED:
        paths.append(REFUSED)
    if wanted.text:
        paths.append(REASONED)
    return paths


def _actions(wanted: AuditWanted) -> tuple[str, ...]:
    """One index for actions and for kinds of targets: each action has one kind."""
    if wanted.target_type is None:
        return wanted.actions
    fitting = tuple(action.value for action, kind in TARGETS.items() if kind is wanted.target_type)
    return tuple(action for action in fitting if action in wanted.actions) if wanted.actions else fitting


def _given(wanted: AuditWanted) -> dict[str, Any]:
    given: dict[str, Any] = {
        "company": wanted.company_id,
        "since": wanted.since,
        "until": wanted.until,
        "actor": wanted.actor_id,
        "actions": list(wanted.actions),
        "type": wanted.target_type and wanted.target_type.value,
        "target": wanted.target_id,
        "outcome": wanted.outcome and wanted.outcome.value,
        "text": wanted.text,
        "up_to": wanted.up_to,
    }
    return given | {f"action_{place}": action for place, action in enumerate(_actions(wanted))}


def _place(before: Position | None, after: Position | None) -> dict[str, Any]:
    place = before or after
    return {"place_time": place[0], "place_sequence": place[1]} if place else {}


def _order(after: Position | None) -> str:
    way = "ASC" if after else "DESC"
    return f"ORDER BY created_at {way}, sequence {way}"


def _walk(
    wanted: AuditWanted, path: Path, columns: str, before: Position | None, after: Position | None, *, limit: int
) -> str:
    """What the index alone finds, in order. Each arm has its own limit: only then is it read in that order."""
    where = _where(wanted, before, after)
    end = f"{_order(after)} LIMIT {limit:d}"
    arms = [f"(SELECT {columns} FROM audit_events WHERE {where} AND {arm} {end})" for arm in path.arms]
    return f"{' UNION ALL '.join(arms)} {end}" if len(arms) > 1 else arms[0][1:-1]


def _where(wanted: AuditWanted, before: Position | None, after: Position | None) -> str:
    """What every index answers beside its own column."""
    where = "company_id = :company"
    where += " AND created_at >= :since" if wanted.since else ""
    where += " AND created_at < :until" if wanted.until else ""
    if before or after:
        where += f" AND (created_at, sequence) {'>' if after else '<'} (:place_time, :place_sequence)"
    return where


def _rest(wanted: AuditWanted, path: Path) -> str:
    """The filters that the index has not answered; empty when it has answered all."""
    conditions = {
        "nobody": "actor_id IS NULL" if wanted.by_nobody else "",
        "actor": "actor_id = :actor" if wanted.actor_id else "",
        "action": "action = ANY(:actions)" if wanted.actions else "",
        "target": "target_id = :target" if wanted.target_id else "",
        "refused": f"outcome = '{Outcome.REFUSED}'" if wanted.outcome is Outcome.REFUSED else "",
    }
    left = [condition for name, condition in conditions.items() if condition and name != path.name]
    if wanted.outcome is Outcome.DONE:
        left.append("outcome = :outcome")
    if wanted.target_type:
        left.append("target_type = :type")
    if wanted.text:
        left.append("strpos(lower(reason), lower(:text)) > 0")
    if wanted.up_to is not None:
        left.append("sequence <= :up_to")
    return " AND ".join(left)


def _row(row: Any) -> AuditRow:
    *values, outcome = row
    return AuditRow(*[*values, Outcome(outcome)])
