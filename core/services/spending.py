"""What people may still spend, and what they were told of it."""

from uuid import UUID

from core import clock
from core.database.engine import Database
from core.models import BudgetPeriod, BudgetScope, BudgetUnit
from core.permissions import Actor, Permission
from core.repositories.conversations import Conversations
from core.repositories.notices import NoticeLine, Notices
from core.repositories.standings import Asker, Standing, Standings

__all__ = ["NoticeLine", "SpendingService", "Standing"]


class SpendingService:
    def __init__(self, database: Database) -> None:
        self.database = database

    def standings(self, actor: Actor, conversation_id: UUID | None = None) -> tuple[Standing, ...]:
        """The budgets that this person's next question has to fit, of a unit the one with the least left first. For a
        room's too, name it; a chat with the assistant makes no difference.
        """
        actor.require(Permission.USAGE_VIEW)
        now = clock.now()
        with self.database.reading() as session:
            room_id = None
            if conversation_id is not None:
                conversation = Conversations(session).get_readable(actor, conversation_id)
                room_id = conversation.id if conversation and conversation.kind.is_room else None
            standings = Standings(session)
            applying = standings.list_applying(Asker(actor.company_id, actor.user_id, room_id), now)
            found = standings.list_standings(actor.company_id, applying, now)
        return tuple(sorted(found, key=lambda one: one.left))

    def company_month(self, actor: Actor) -> Standing | None:
        """The company's monthly budget in USD; None when there is none."""
        actor.require(Permission.USAGE_OVERSEE)
        now, asker = clock.now(), Asker(actor.company_id, None, None)
        with self.database.reading() as session:
            wanted = [
                one
                for one in Standings(session).list_applying(asker, now)
                if (one.scope, one.period, one.unit) == (BudgetScope.COMPANY, BudgetPeriod.MONTH, BudgetUnit.USD)
            ]
            return next(iter(Standings(session).list_standings(actor.company_id, wanted, now)), None)

    def notices(self, actor: Actor, *, limit: int = 100) -> tuple[NoticeLine, ...]:
        """What this person was told and has not put away, the newest first."""
        with self.database.reading() as session:
            return tuple(Notices(session).list_unread(actor.user_id, clock.now(), limit=limit))

    def put_away(self, actor: Actor, notice_id: UUID | None) -> None:
        """One of one's own notices; None: all of them."""
        with self.database.transaction() as session:
            Notices(session).put_away(actor.user_id, notice_id)
