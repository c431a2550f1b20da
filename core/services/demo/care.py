"""Reports, what moderators decided, and whom they told: as if it had gone through the queue."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from core.models import (
    AccessGrant,
    AccessLook,
    AuditAction,
    Case,
    CaseStatus,
    Decision,
    MessageRevision,
    Notice,
    Report,
    Suspension,
)
from core.repositories.cases import hash_of_text
from core.repositories.search_index import words_of
from core.services.demo.incidents import CLAIMED, Incident
from core.services.demo.world import Person, Place, Row, World
from core.services.moderation_acts import IN_WHAT, KIND
from core.services.moderation_deciding import OUTCOMES

ACTIONS = {
    Decision.DISMISSED: AuditAction.CASE_DISMISSED,
    Decision.EDITED: AuditAction.MESSAGE_MODERATED,
    Decision.DELETED: AuditAction.MESSAGE_REMOVED,
}
RULE = "Names that are not public yet"
WORDS = ("Project Magnolia", "Blue Heron")
ACCESS = "access"
HOUR = timedelta(hours=1)
READ = timedelta(days=6)
"""What people were told so long ago they have put away."""


class Care:
    def __init__(self, world: World, rule_id: Any) -> None:
        self.world = world
        self.rule_id = rule_id

    def when(self, incident: Incident) -> datetime:
        """In the morning of a working day."""
        day = self.world.year.morning((self.world.now - timedelta(days=incident.days)).date())
        return min(day + timedelta(minutes=incident.days * 47 % 400), self.world.year.last_hour - HOUR)

    def report(self, place: Place, row: Row, incident: Incident, people: Sequence[Person]) -> None:
        world, first = self.world, row["created_at"] + timedelta(minutes=7)
        reporters = [world.people[name] for name in incident.by]
        case = world.add(
            Case, id=world.id(first), created_at=first, company_id=world.company_id, message_id=row["id"],
            subject_id=row["id"], conversation_id=place.id, kind=place.kind, role=row["role"],
            author_id=row["sender_id"], said_at=row["created_at"], first_reported_at=first, waiting_since=first,
            report_count=max(len(reporters), 1), reasons=[incident.reason.value],
            text_hash=hash_of_text(row["content"]),
        )  # fmt: skip
        for number, reporter in enumerate(reporters or [None]):
            self._reported(case, incident, reporter, first + timedelta(minutes=11 * number))
        moderator = world.people[incident.moderator]
        claimed = first + timedelta(hours=2, minutes=20)
        if incident.became is None or claimed > world.now:
            return
        case |= {"status": CaseStatus.CLAIMED, "claimed_by": moderator.id, "claimed_at": claimed, "version": 1}
        world.did(claimed, AuditAction.CASE_CLAIMED, moderator, row["id"])
        if incident.looked:
            self._look(place, case, incident, claimed + timedelta(minutes=2), people)
        decided = claimed + timedelta(minutes=9)
        if incident.became != CLAIMED and decided < world.now:
            self._decide(place, row, case, incident, decided)

    def _reported(self, case: Row, incident: Incident, reporter: Person | None, at: datetime) -> None:
        by = {"reporter_id": reporter.id, "comment": incident.comment} if reporter else {}
        rule = {} if reporter else {"rule_id": self.rule_id, "rule": RULE}
        self.world.add(
            Report, id=self.world.id(at), created_at=at, case_id=case["id"], reason=incident.reason, **by, **rule
        )
        after = {"reason": incident.reason.value, "kind": case["kind"].value} | ({"rule": RULE} if rule else {})
        self.world.did(at, AuditAction.MESSAGE_REPORTED, None, case["subject_id"], after=after)

    def _decide(self, place: Place, row: Row, case: Row, incident: Incident, at: datetime) -> None:
        moderator = self.world.people[incident.moderator]
        decision, reason = Decision(str(incident.became)), incident.why
        case |= {
            "status": CaseStatus.CLOSED, "decision": decision, "decided_by": moderator.id, "decided_at": at,
            "reason": reason, "version": 2,
        }  # fmt: skip
        facts = self._act(row, incident, decision, moderator, at)
        author = self.world.people[incident.author]
        told = "" if decision is Decision.DISMISSED else decision.value
        if told:
            day = f"{row['created_at'].day} {row['created_at']:%B %Y}"
            text = f"A moderator {told} your message of {day} in {IN_WHAT[place.kind]}: {reason}"
            self._tell(author, f"moderated:{case['id']}:2", text, at)
        for name in incident.by:
            text = f"A moderator looked at a message that you reported: {OUTCOMES[decision]}"
            self._tell(self.world.people[name], f"reported:{case['id']}:2", text, at)
        self.world.did(at, ACTIONS[decision], moderator, row["id"], reason=reason, **facts)
        if incident.days_out:
            self._suspend(author, case, incident, moderator, at + timedelta(minutes=3))

    def _act(self, row: Row, incident: Incident, decision: Decision, moderator: Person, at: datetime) -> dict[str, Any]:
        world, before = self.world, {"length": len(row["content"])}
        if decision is Decision.DELETED:
            row |= {"deleted_at": at, "deleted_by": moderator.id, "delete_reason": incident.why}
            world.words = [one for one in world.words if one[0] != row["id"]]
            return {"before": before}
        if decision is Decision.EDITED:
            world.add(
                MessageRevision, id=world.id(at), created_at=at, message_id=row["id"], content=row["content"],
                edited_by=moderator.id, reason=incident.why, by_moderator=True,
            )  # fmt: skip
            row |= {
                "content": incident.text_then,
                "edited_at": at,
                "edited_by": moderator.id,
                "edit_reason": incident.why,
            }
            words = row["id"], words_of(incident.text_then)
            world.words = [words if one[0] == row["id"] else one for one in world.words]
            return {"before": before, "after": {"length": len(incident.text_then)}}
        return {}

    def _suspend(self, author: Person, case: Row, incident: Incident, moderator: Person, at: datetime) -> None:
        until = at + timedelta(days=incident.days_out)
        row = self.world.add(
            Suspension, id=self.world.id(at), created_at=at, company_id=self.world.company_id, user_id=author.id,
            until=until, reason=incident.why, suspended_by=moderator.id, case_id=case["id"],
        )  # fmt: skip
        said = f"{until:%-d %B %Y, %H:%M} UTC"
        self._tell(author, f"suspended:{row['id']}", f"A moderator suspended you until {said}: {incident.why}", at)
        after = {"suspended_until": until.isoformat(timespec="minutes")}
        self.world.did(at, AuditAction.USER_SUSPENDED, moderator, author.id, reason=incident.why, after=after)

    def _look(self, place: Place, case: Row, incident: Incident, at: datetime, people: Sequence[Person]) -> None:
        """Reads the private conversation, and those whose it is are told."""
        moderator = self.world.people[incident.moderator]
        world, last, looked = self.world, place.seq, at + timedelta(minutes=1)
        first = max(last - 30, 0) + 1
        grant = world.add(
            AccessGrant, id=world.id(at), created_at=at, company_id=world.company_id, moderator_id=moderator.id,
            conversation_id=place.id, kind=place.kind, owner_id=place.row["owner_id"], case_id=case["id"],
            reason=incident.looked, expires_at=at + HOUR, ended_at=at + HOUR / 2, looks=1, last_looked_at=looked,
            last_seq=last,
        )  # fmt: skip
        world.add(
            AccessLook, id=world.id(looked), created_at=looked, grant_id=grant["id"], first_seq=first, last_seq=last,
            messages=last - first + 1, since=place.said_at[first - 1], until=place.said_at[last - 1],
        )  # fmt: skip
        place.row["looked_at"] = looked
        text = f"{moderator.hand.name}, a moderator, read {IN_WHAT[place.kind]}. Reason: {incident.looked}"
        for one in people:
            self._tell(one, f"access:{grant['id']}", text, looked, kind=ACCESS, conversation_id=place.id)
        facts = {"grant": grant["id"], "kind": place.kind.value, "minutes": 60, "case": case["id"]}
        read = {"grant": grant["id"], "from": first, "to": last, "messages": last - first + 1}
        ended = {"grant": grant["id"], "looks": 1}
        for when, action, after in (
            (at, AuditAction.ACCESS_GRANTED, facts),
            (looked, AuditAction.ACCESS_READ, read),
            (at + HOUR / 2, AuditAction.ACCESS_ENDED, ended),
        ):
            world.did(when, action, moderator, place.id, after=after, reason=incident.looked)

    def _tell(self, person: Person, key: str, text: str, at: datetime, *, kind: str = KIND, **values: Any) -> None:
        read = at + timedelta(hours=5) if at < self.world.now - READ else None
        self.world.add(
            Notice,
            id=self.world.id(at),
            created_at=at,
            user_id=person.id,
            key=key,
            kind=kind,
            text=text,
            read_at=read,
            **values,
        )
