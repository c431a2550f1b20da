"""Who did what: everybody their own acts, and for moderators and admins the company's."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from core.database.engine import Database
from core.errors import Invalid, NotFound, NotPermitted
from core.permissions import DENIALS, Actor, Permission
from core.repositories.audit_lines import LOOKED, AuditLines, AuditWanted, Path, Position
from core.repositories.audit_names import AuditNames
from core.repositories.usage_lines import UsageLines
from core.services.audit_naming import keys_in, lines_of
from core.services.audit_query import AuditQuery
from core.services.audit_views import AuditDetail, AuditPage

__all__ = ["LOOKED", "AuditService"]

PAGE = 50
NO_SUCH_PLACE = "That place in the list isn't known. This is its beginning."
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_MOMENT = 17


class AuditService:
    def __init__(self, database: Database) -> None:
        self.database = database

    def list_page(self, actor: Actor, query: AuditQuery, zone: ZoneInfo, *, limit: int = PAGE) -> AuditPage:
        """The newest events, or those next to `older` or `newer` of a page before. `zone`: whose days the query means.

        Raises Invalid for what is no such place, NotPermitted for others' acts without the right to see them.
        """
        wanted = wanted_by(actor, query, zone)
        below = place_of(query.older) if query.older else None
        above = place_of(query.newer) if query.newer and not below else None
        with self.database.reading() as session:
            lines = AuditLines(session)
            path = lines.path_for(wanted)
            page = lines.list_page(wanted, path, before=below, after=above, limit=limit + 1)
            rows, has_more = list(page.rows[:limit]), len(page.rows) > limit
            onward = rows[-1].position if has_more else page.looked_to
            if above:
                rows.reverse()
            back = (rows[0] if below else rows[-1]).position if rows else (below or above)
            is_first = not (below or above)
            beyond = None if is_first or back is None else _beyond(lines, wanted, path, back, is_above=bool(below))
            newer, older = (onward, beyond) if above else (beyond, onward)
            return AuditPage(
                lines_of(session, actor, rows),
                newer=mark_of(newer) if newer else None,
                older=mark_of(older) if older else None,
                looked_to=page.looked_to[0] if page.looked_to else None,
            )

    def get(self, actor: Actor, sequence: int) -> AuditDetail:
        """One event. Raises NotFound, in the same words for what this person may not see."""
        actor.require(Permission.AUDIT_OWN)
        with self.database.reading() as session:
            row = AuditLines(session).get(actor.company_id, sequence)
            if row is None or not (actor.may(Permission.AUDIT_VIEW) or row.actor_id == actor.user_id):
                raise NotFound
            [line] = lines_of(session, actor, [row])
            keys = {*keys_in(row.before), *keys_in(row.after)}
            names = AuditNames(session).of_people(actor.company_id, keys)
        return AuditDetail(line, {str(key): name for key, name in names.items()})

    def people(self, actor: Actor) -> tuple[tuple[UUID, str], ...]:
        """Whose acts one can choose from, by name; nobody for who sees their own only."""
        actor.require(Permission.AUDIT_OWN)
        if not actor.may(Permission.AUDIT_VIEW):
            return ()
        with self.database.reading() as session:
            return tuple(UsageLines(session).list_people(actor.company_id))


def wanted_by(actor: Actor, query: AuditQuery, zone: ZoneInfo) -> AuditWanted:
    """Raises NotPermitted for others' acts without the right to see them."""
    actor.require(Permission.AUDIT_OWN)
    wanted = query.wanted(actor.company_id, zone)
    if actor.may(Permission.AUDIT_VIEW) and not query.is_mine:
        return wanted
    if query.by_nobody or query.actor_id not in (None, actor.user_id):
        raise NotPermitted(DENIALS[Permission.AUDIT_VIEW], permission=Permission.AUDIT_VIEW)
    return query.looking(actor_id=actor.user_id).wanted(actor.company_id, zone)


def mark_of(position: Position) -> str:
    return f"{(position[0] - EPOCH) // timedelta(microseconds=1)}.{position[1]}"


def place_of(mark: str) -> Position:
    """Raises Invalid."""
    moment, _, sequence = mark.partition(".")
    for number in (moment, sequence):
        if not (number.isascii() and number.isdigit() and len(number) <= LONGEST_MOMENT):
            raise Invalid(NO_SUCH_PLACE)
    return EPOCH + timedelta(microseconds=int(moment)), int(sequence)


def _beyond(lines: AuditLines, wanted: AuditWanted, path: Path, place: Position, *, is_above: bool) -> Position | None:
    """The place itself, if there is something on the side that one came from."""
    before, after = (None, place) if is_above else (place, None)
    page = lines.list_page(wanted, path, before=before, after=after, limit=1)
    return place if page.rows or page.looked_to else None
