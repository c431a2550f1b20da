"""Keeping a person out for a time. It acts at once, in every tab and process, and runs out by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound, NotPermitted, RuleBroken
from core.lines import one_line
from core.models import MAX_REASON, AuditAction, Case, Suspension, TargetType, User
from core.permissions import Actor, Permission, Role
from core.repositories.audit import Audit
from core.repositories.notices import Notices
from core.repositories.suspensions import Place, SuspensionLine, Suspensions
from core.repositories.users import Users
from core.services.case_access import held_case, name_of, take_turns, visible_case
from core.services.hints import Hints
from core.services.moderation_acts import KIND
from core.services.texts import checked_text, required_text

LONGEST = timedelta(days=366)
PAGE = 50
PAST = 5
"""Of a person's earlier suspensions so many are shown beside a case."""
NOBODY = "The assistant wrote this, so there is nobody to suspend."
NO_ACCOUNT = "Who wrote this has no account here any more, so there is nobody to suspend."
AN_ADMIN = "An admin can't be suspended. Another admin can take that role away, or deactivate the account."
INACTIVE = "This account is deactivated, so its person can't sign in anyway."
NOT_AHEAD = "Choose a time that is still to come."
TOO_LONG = "A suspension may last up to a year. Who is to stay away for longer is deactivated by an admin."
RUN_OUT = "This suspension has run out by itself, so there is nothing to lift."


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the author of a reported message may come in."""

    user_id: UUID
    name: str
    in_force: SuspensionLine | None
    past: tuple[SuspensionLine, ...]
    """Those that ran out or were lifted, the newest first."""
    why_not: str | None
    """Why they can't be suspended; None when they can."""


class SuspensionService:
    def __init__(self, database: Database, hints: Hints) -> None:
        self.database = database
        self.hints = hints

    def of_case(self, actor: Actor, case_id: UUID) -> Standing | None:
        """None where nobody with an account wrote it. Raises NotFound, NotPermitted."""
        with self.database.reading() as session:
            case = visible_case(session, actor, case_id)
            user = Users(session).get(case.author_id) if case.author_id else None
            if user is None:
                return None
            lines, now = Suspensions(session).list_of(user.id, PAST + 1), clock.now()
            return Standing(
                user.id,
                one_line(user.display_name),
                next((line for line in lines if line.is_in_force(now)), None),
                tuple(line for line in lines if not line.is_in_force(now))[:PAST],
                _why_not(session, actor, user),
            )

    def list_in_force(
        self, actor: Actor, *, after: Place | None = None, limit: int = PAGE
    ) -> tuple[SuspensionLine, ...]:
        """The first to end first; for the next page pass the last one's `place`."""
        actor.require(Permission.MODERATION_WORK)
        with self.database.reading() as session:
            found = Suspensions(session).list_in_force(actor.company_id, clock.now(), after=after, limit=limit)
        return tuple(found)

    def suspend(self, actor: Actor, case_id: UUID, until: datetime, reason: str) -> None:
        """Keeps the author of a reported message out until then. They are told when and why, others nothing.

        Raises Invalid for a time that is past or too far, or an empty reason; NotFound, NotPermitted; Conflict when
        somebody else suspended them first, or works on the case; RuleBroken where there is nobody to suspend.
        """
        reason = required_text(one_line(reason), field="The reason", limit=MAX_REASON)
        with self.database.transaction() as session:
            take_turns(session, actor)
            case = held_case(session, actor, case_id)
            now = clock.now()
            _check_time(until, now)
            user = _author(session, actor, case)
            if there := Suspensions(session).get_in_force(user.id, now):
                who = name_of(session, actor, there.suspended_by)
                raise Conflict(f"{who} suspended them already, until {_utc(there.until)}. Nothing was done.")
            added = Suspensions(session).add(
                Suspension(
                    company_id=user.company_id, user_id=user.id, until=until, reason=reason, created_at=now,
                    suspended_by=actor.user_id, case_id=case.id,
                )
            )  # fmt: skip
            Users(session).update(user, {"suspended_until": until})
            _tell(session, added, f"A moderator suspended you until {_utc(until)}: {reason}", "suspended")
            _record(session, actor, AuditAction.USER_SUSPENDED, user.id, reason=reason, after=until)
        self.hints.publish_standing(user.id)

    def lift(self, actor: Actor, suspension_id: UUID, note: str = "") -> None:
        """Lets them in again, before the time: their sessions stand as they did. They are told.

        Raises NotFound, NotPermitted; Conflict when somebody else lifted it first, or it has run out.
        """
        actor.require(Permission.MODERATION_WORK)
        note = checked_text(one_line(note), field="The note", limit=MAX_REASON)
        with self.database.transaction() as session:
            take_turns(session, actor)
            suspension, now = Suspensions(session).get(actor.company_id, suspension_id), clock.now()
            if suspension is None:
                raise NotFound
            if suspension.lifted_at is not None:
                raise Conflict(f"{name_of(session, actor, suspension.lifted_by)} lifted this suspension already.")
            if suspension.until <= now:
                raise Conflict(RUN_OUT)
            user = Users(session).get_for_update(suspension.user_id)
            Suspensions(session).lift(suspension, actor.user_id, note, now)
            if user:
                Users(session).update(user, {"suspended_until": None})
                _tell(session, suspension, "A moderator lifted your suspension.", "lifted")
            until = suspension.until
            _record(session, actor, AuditAction.SUSPENSION_LIFTED, suspension.user_id, reason=note, before=until)
        self.hints.publish_standing(suspension.user_id)


def _author(session: Session, actor: Actor, case: Case) -> User:
    if case.author_id is None:
        raise RuleBroken(NOBODY)
    user = Users(session).get_for_update(case.author_id)
    if user is None or user.company_id != actor.company_id:
        raise RuleBroken(NO_ACCOUNT)
    if why_not := _why_not(session, actor, user):
        raise NotPermitted(why_not)
    return user


def _why_not(session: Session, actor: Actor, user: User) -> str | None:
    if user.id == actor.user_id:
        return "You can't suspend yourself."
    if Role.ADMIN in Users(session).list_roles(user.id):
        return AN_ADMIN
    return None if user.is_active else INACTIVE


def _check_time(until: datetime, now: datetime) -> None:
    if until <= now:
        raise Invalid(NOT_AHEAD)
    if until - now > LONGEST:
        raise Invalid(TOO_LONG)


def _utc(moment: datetime) -> str:
    """In a sentence that is kept for whoever reads it later, wherever they are."""
    return f"{moment:%-d %B %Y, %H:%M} UTC"


def _tell(session: Session, suspension: Suspension, text: str, what: str) -> None:
    key = f"{what}:{suspension.id}"
    Notices(session).tell([suspension.user_id], key=key, kind=KIND, text=text, ends_at=None)


def _record(
    session: Session,
    actor: Actor,
    action: AuditAction,
    user_id: UUID,
    *,
    reason: str,
    before: datetime | None = None,
    after: datetime | None = None,
) -> None:
    """Until when, before and after; None: nothing keeps them out. Running out needs no row: its own says when."""
    Audit(session).record(
        action,
        actor=actor,
        company_id=actor.company_id,
        target_type=TargetType.USER,
        target_id=user_id,
        before=_facts(before),
        after=_facts(after),
        reason=reason,
    )


def _facts(until: datetime | None) -> dict[str, str] | None:
    return {"suspended_until": until.isoformat(timespec="minutes")} if until else None
