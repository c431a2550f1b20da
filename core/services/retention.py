"""How long what was said is kept, and what is held: set by admins, with what it comes to before it happens."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound
from core.ids import parse_id
from core.lines import one_line
from core.models import MAX_DAYS, AuditAction, ConversationKind, LegalHold, RetentionRule, TargetType
from core.permissions import Actor, Permission
from core.repositories.audit import Audit
from core.repositories.budget_lines import BudgetLines
from core.repositories.companies import Companies
from core.repositories.conversations import Conversations
from core.repositories.expiry import PAGE, Count, Expiry
from core.repositories.legal_holds import HoldLine, LegalHolds
from core.repositories.retention import Retention, cutoff_in_force
from core.repositories.users import Users
from core.services.access import require_still
from core.services.retention_keeping import last_run
from core.services.retention_views import DryRun, Holdable, Kept, WantedHold
from core.services.texts import checked_text, required_text
from core.typed.numbers import whole_of

MAX_REASON = 500
PATIENCE = 5.0
"""Seconds that a page gives to counting what would go."""
FIRST_PAGE = 20
"""Conversations counted in the first statement."""
QUICK = 0.2
"""Seconds; after a statement that took less the next one counts more."""
NOTHING_THERE = "There is no conversation with that id in this company."


class RetentionService:
    def __init__(self, database: Database) -> None:
        self.database = database

    def read(self, actor: Actor) -> Kept:
        actor.require(Permission.RETENTION_MANAGE)
        with self.database.reading() as session:
            rules = {line.kind: line for line in Retention(session).list_rules(actor.company_id)}
            holds = tuple(LegalHolds(session).list_in_force(actor.company_id))
            run = Retention(session).get_last(actor.company_id)
            return Kept(rules, holds, last_run(run) if run else None)

    def dry_run(self, actor: Actor, proposed: Mapping[ConversationKind, int] | None = None) -> DryRun:
        """What would go if a run began now, by the rules there are, or by these instead. Counted within seconds."""
        actor.require(Permission.RETENTION_MANAGE)
        return self.count_old(actor.company_id, proposed, patience=PATIENCE)

    def count_old(
        self, company_id: UUID, proposed: Mapping[ConversationKind, int] | None = None, *, patience: float | None = None
    ) -> DryRun:
        """For the command line: without asking who wants to know. `patience`: seconds; None counts to the end."""
        began, messages, conversations, held = time.monotonic(), 0, 0, 0
        with self.database.reading() as session:
            for kind, before in _cutoffs(session, company_id, proposed).items():
                for counted in _counts(Expiry(session), company_id, kind, before):
                    if patience is not None and time.monotonic() - began > patience:
                        return DryRun(messages, conversations, held, is_least=True)
                    messages, held = messages + counted.messages, held + counted.held
                    conversations += counted.conversations
        return DryRun(messages, conversations, held, is_least=False)

    def set_rule(
        self, actor: Actor, kind: ConversationKind, days: str, *, confirmation: str = "", reason: str = ""
    ) -> None:
        """From the next run on. `days` as typed; once more as `confirmation` where more goes by it than before.

        Raises Invalid.
        """
        actor.require(Permission.RETENTION_MANAGE)
        wanted, reason = checked_days(days), checked_text(one_line(reason), field="The reason", limit=MAX_REASON)
        with self.database.transaction() as session:
            retention, now = Retention(session), clock.now()
            retention.lock(actor.company_id)
            require_still(session, actor, Permission.RETENTION_MANAGE)
            rule = retention.get_rule(actor.company_id, kind)
            before = None if rule is None else rule.days
            if before == wanted:
                return
            if takes_more(before, wanted) and confirmation.strip() != str(wanted):
                raise Invalid(f"To confirm it, type the number of days once more: {wanted}.")
            rule = rule or RetentionRule(company_id=actor.company_id, kind=kind, days=wanted, set_at=now)
            rule.days, rule.set_by, rule.set_at = wanted, actor.user_id, now
            retention.put_rule(rule)
            _record(
                session, actor, AuditAction.RETENTION_RULE_SET, TargetType.RETENTION, rule.id,
                before=None if before is None else {"kind": kind.value, "days": before},
                after={"kind": kind.value, "days": wanted}, reason=reason,
            )  # fmt: skip

    def remove_rule(self, actor: Actor, kind: ConversationKind, *, reason: str = "") -> None:
        """From now on, also in a run that is under way, nothing of that kind goes. Twice is once."""
        actor.require(Permission.RETENTION_MANAGE)
        reason = checked_text(one_line(reason), field="The reason", limit=MAX_REASON)
        with self.database.transaction() as session:
            Retention(session).lock(actor.company_id)
            rule = Retention(session).get_rule(actor.company_id, kind)
            if rule is None:
                return
            Retention(session).remove_rule(rule)
            facts = {"kind": kind.value, "days": rule.days}
            _record(
                session, actor, AuditAction.RETENTION_RULE_REMOVED, TargetType.RETENTION, rule.id,
                before=facts, reason=reason,
            )  # fmt: skip

    def holdable(self, actor: Actor) -> Holdable:
        """Rooms with a title that everybody may know: what is said in private is held by its id."""
        actor.require(Permission.RETENTION_MANAGE)
        with self.database.reading() as session:
            people = [(user.id, user.display_name) for user, _ in Users(session).list_of_company(actor.company_id)]
            rooms = BudgetLines(session).list_rooms(actor)
        return Holdable(tuple(sorted(people, key=lambda one: one[1].casefold())), tuple(rooms))

    def place_hold(self, actor: Actor, wanted: WantedHold) -> UUID:
        """When this returns nothing more of it goes, also from a run that is under way.

        Raises Invalid; Conflict when it is held already.
        """
        actor.require(Permission.RETENTION_MANAGE)
        reason = required_text(one_line(wanted.reason), field="The reason", limit=MAX_REASON)
        with self.database.transaction() as session:
            # Behind whatever is being removed at this moment; what comes after it sees the hold.
            Retention(session).lock(actor.company_id)
            conversation_id = _checked_subject(session, actor, wanted)
            if LegalHolds(session).get_on(actor.company_id, user_id=wanted.user_id, conversation_id=conversation_id):
                raise Conflict("That is held already. Release that hold first to give another reason.")
            hold = LegalHold(
                company_id=actor.company_id,
                user_id=wanted.user_id,
                conversation_id=conversation_id,
                reason=reason,
                placed_by=actor.user_id,
            )
            LegalHolds(session).add(hold)
            _record(
                session,
                actor,
                AuditAction.LEGAL_HOLD_PLACED,
                TargetType.LEGAL_HOLD,
                hold.id,
                after=_facts(hold),
                reason=reason,
            )
        return hold.id

    def release_hold(self, actor: Actor, hold_id: UUID, reason: str) -> None:
        """What is too old goes at the next run. Raises NotFound, Invalid; Conflict when somebody else released it."""
        actor.require(Permission.RETENTION_MANAGE)
        reason = required_text(one_line(reason), field="The reason", limit=MAX_REASON)
        with self.database.transaction() as session:
            Retention(session).lock(actor.company_id)
            require_still(session, actor, Permission.RETENTION_MANAGE)
            hold = LegalHolds(session).get(actor.company_id, hold_id)
            if hold is None:
                raise NotFound
            if hold.released_at is not None:
                raise Conflict("That hold was released already.")
            LegalHolds(session).release(hold, actor.user_id, reason)
            _record(
                session, actor, AuditAction.LEGAL_HOLD_RELEASED, TargetType.LEGAL_HOLD, hold.id,
                before=_facts(hold), reason=reason,
            )  # fmt: skip

    def list_holds(self, company_id: UUID | None = None) -> list[tuple[str, HoldLine]]:
        """Each with its company's name. For the command line: without asking who wants to know."""
        with self.database.reading() as session:
            companies = [one for one in Companies(session).list_all() if company_id in (None, one.id)]
            return [(one.name, hold) for one in companies for hold in LegalHolds(session).list_in_force(one.id)]


def checked_days(typed: str) -> int:
    """Raises Invalid with what is wrong."""
    days = whole_of(typed)
    if days is None:
        raise Invalid(f"Write the days as a whole number from 1 to {MAX_DAYS:,}, like 90.")
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(f"Days can be from 1 to {MAX_DAYS:,}. Without a rule everything is kept for good.")
    return days


def takes_more(before: int | None, days: int) -> bool:
    """Whether a rule of so many days removes what the one before, None for no rule, would have kept."""
    return before is None or days < before


def _counts(expiry: Expiry, company_id: UUID, kind: ConversationKind, before: datetime) -> Iterator[Count]:
    """Over all conversations of a kind, so many at once that none takes long, however much is in them."""
    page, after, is_begun = FIRST_PAGE, None, False
    while after is not None or not is_begun:
        began = time.monotonic()
        counted = expiry.count(company_id, kind, before, after, page=page)
        yield counted
        after, is_begun = counted.last, True
        page = min(2 * page, PAGE) if time.monotonic() - began < QUICK else max(page // 4, 1)


def _cutoffs(
    session: Session, company_id: UUID, proposed: Mapping[ConversationKind, int] | None
) -> dict[ConversationKind, datetime]:
    """Of a run that is under way its own, as far as they still hold; else those of one that would begin now."""
    rules, now = Retention(session).days(company_id), clock.now()
    run = None if proposed is not None else Retention(session).get_unfinished(company_id)
    if run is not None:
        found = {kind: cutoff_in_force(run, kind, rules) for kind in ConversationKind}
        return {kind: before for kind, before in found.items() if before}
    days = rules if proposed is None else proposed
    return {kind: now - timedelta(days=days[kind]) for kind in ConversationKind if kind in days}


def _checked_subject(session: Session, actor: Actor, wanted: WantedHold) -> UUID | None:
    """The conversation's id; None for a person. Raises Invalid."""
    if (wanted.user_id is None) == (not wanted.conversation):
        raise Invalid("Choose who or what is held.")
    if wanted.user_id is not None:
        person = Users(session).get(wanted.user_id)
        if person is None or person.company_id != actor.company_id:
            raise Invalid("Choose who is held.")
        return None
    conversation_id = parse_id((wanted.conversation or "").strip())
    conversation = Conversations(session).get(conversation_id) if conversation_id else None
    if conversation is None or conversation.company_id != actor.company_id:
        raise Invalid(NOTHING_THERE)
    return conversation.id


def _facts(hold: LegalHold) -> dict[str, str]:
    held = {"user": hold.user_id, "conversation": hold.conversation_id}
    return {name: str(key) for name, key in held.items() if key}


def _record(
    session: Session,
    actor: Actor,
    action: AuditAction,
    target_type: TargetType,
    target_id: UUID,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str,
) -> None:
    Audit(session).record(
        action,
        actor=actor,
        company_id=actor.company_id,
        target_type=target_type,
        target_id=target_id,
        before=before,
        after=after,
        reason=reason,
    )
