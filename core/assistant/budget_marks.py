"""Who is told that a budget comes to its end: once a period for each of its marks, by a notice that stays."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.budget_words import has_reached, has_refused
from core.models import BudgetScope, Conversation, ConversationKind
from core.repositories.notices import Notices
from core.repositories.standings import Asker, Cost, Standing, Standings
from core.repositories.users import Users

BUDGET_NOTICE = "budget"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A question that some budgets did not admit: how they stood, and the most that it may come to."""

    asker: Asker
    standings: tuple[Standing, ...]
    most: Cost


def tell_reached(session: Session, asker: Asker) -> None:
    """Tells of each mark that was reached. In the transaction that booked calls."""
    standings, now = Standings(session), clock.now()
    applying = standings.list_applying(asker, now)
    for standing in standings.list_standings(asker.company_id, applying, now):
        reached = [mark for mark in standing.budget.marks if standing.used * 100 >= standing.limit * mark]
        if reached:
            _tell(session, asker, standing, max(reached), has_reached(standing, max(reached)))


def tell_refused(session: Session, refusal: object) -> None:
    """A budget that refuses has come to its last mark: what is still left of it is of no use to that question.

    `refusal`: as a BudgetSpent brought it; nobody is told where it brought none.
    """
    if not isinstance(refusal, Refusal):
        return
    for standing in refusal.standings:
        if marks := standing.budget.marks:
            said = has_refused(standing, refusal.most.of(standing.budget.unit))
            _tell(session, refusal.asker, standing, max(marks), said)


def _tell(session: Session, asker: Asker, standing: Standing, mark: int, said: str) -> None:
    budget, notices = standing.budget, Notices(session)
    notices.lock(asker.company_id)
    period = f"budget:{budget.budget_id}:{budget.holder_id}:{standing.resets_at:%Y-%m-%d}"
    mine, theirs = _names(session, standing)
    concerned = _concerned(notices, standing)
    admins = set(notices.list_admins(asker.company_id)) - set(concerned)
    if notices.is_told([*concerned, *admins], [f"{period}:{more}" for more in budget.marks if more > mark]):
        return  # of more than that
    for name, people in ((mine, concerned), (theirs, admins)):
        notices.tell(
            people, key=f"{period}:{mark}", kind=BUDGET_NOTICE, text=f"{name} {said}", ends_at=standing.resets_at
        )


def _concerned(notices: Notices, standing: Standing) -> list[UUID]:
    """Those whose budget it is; the company's is the admins'."""
    if standing.budget.scope is BudgetScope.COMPANY:
        return []
    if standing.budget.scope is BudgetScope.ROOM:
        return notices.list_owners(standing.budget.holder_id)
    return [standing.budget.holder_id]


def _names(session: Session, standing: Standing) -> tuple[str, str]:
    """What the budget is called to those whose it is, and to admins: who is not in a group does not learn its name."""
    holder_id = standing.budget.holder_id
    match standing.budget.scope:
        case BudgetScope.COMPANY:
            return "", "The budget of the company"
        case BudgetScope.ROOM:
            room = session.get(Conversation, holder_id)
            mine = f"The budget of the room “{room.title}”" if room else "The budget of your room"
            is_known = room is not None and room.kind is ConversationKind.COMPANY
            return mine, mine if is_known else "The budget of a group"
        case _:
            person = Users(session).get(holder_id)
            return "Your budget", f"The budget of {person.display_name}" if person else "A person's budget"
