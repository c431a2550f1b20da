"""The people of a company as an admin looks at them: a list, and one of them with all that is known."""

from dataclasses import dataclass
from uuid import UUID

from core import clock
from core.database.engine import Database
from core.errors import NotFound
from core.permissions import Actor, Permission
from core.repositories.people_lines import Origin, PeopleLines, PeopleWanted, PersonLine, PersonState, Position
from core.repositories.suspensions import SuspensionLine, Suspensions
from core.services.texts import checked_text

__all__ = ["Origin", "PeopleLooking", "PeopleWanted", "PersonDetail", "PersonLine", "PersonState", "Position"]

PAGE = 50
MAX_SEARCH = 254


@dataclass(frozen=True, slots=True)
class PersonDetail:
    line: PersonLine
    origin: Origin | None
    """None where the trail doesn't say."""
    suspension: SuspensionLine | None
    """The one in force."""


class PeopleLooking:
    def __init__(self, database: Database) -> None:
        self.database = database

    def list_page(
        self, actor: Actor, wanted: PeopleWanted, *, after: Position | None = None, limit: int = PAGE
    ) -> tuple[PersonLine, ...]:
        """By name; for the next page pass the last one's `position`. Raises Invalid for a text that nothing has."""
        actor.require(Permission.PEOPLE_MANAGE)
        checked_text(wanted.text, field="What to search for", limit=MAX_SEARCH)
        with self.database.reading() as session:
            lines = PeopleLines(session)
            return tuple(lines.list_page(actor.company_id, wanted, clock.now(), after=after, limit=limit))

    def get(self, actor: Actor, user_id: UUID) -> PersonDetail:
        """Raises NotFound."""
        actor.require(Permission.PEOPLE_MANAGE)
        with self.database.reading() as session:
            lines, now = PeopleLines(session), clock.now()
            line = lines.get(actor.company_id, user_id, now)
            if line is None:
                raise NotFound
            newest = Suspensions(session).list_of(user_id, 1)
            in_force = next((one for one in newest if one.is_in_force(now)), None)
            return PersonDetail(line, lines.get_origin(actor.company_id, user_id), in_force)
