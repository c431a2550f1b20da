"""What the moderators' list of messages calls things."""

from core.models import CaseStatus, Decision, MessageRole
from core.services.moderation_message_query import State
from core.services.moderation_views import OverseenLine
from core.services.search_views import Snippet
from core.ui.moderation_words import KINDS

STATES = {
    State.ANY: "In any state",
    State.THERE: "There",
    State.EDITED: "Edited by a moderator",
    State.DELETED: "Deleted by a moderator",
    State.TAKEN_BACK: "Deleted by its author",
    State.OPEN: "Reported, to decide",
    State.CLOSED: "Reported, decided",
}
BEFORE_HIT = 24
"""Characters that a line shows before what was looked for."""


def author_of(line: OverseenLine) -> str:
    if line.role is MessageRole.ASSISTANT:
        return "The assistant"
    return " ".join((line.sender_name or "Somebody without an account").split())


def where_of(line: OverseenLine) -> str:
    """The name of a company room, which moderators may know; of all else the kind."""
    return " ".join((line.room_title or "").split()) or KINDS[line.kind]


def state_of(line: OverseenLine) -> str:
    """Like "Edited by a moderator · claimed by Eve"; empty where nothing became of it. Plain text."""
    states = []
    if line.delete_reason is not None:
        did, decision = ("Removed for good", Decision.PURGED) if line.is_purged else ("Deleted", Decision.DELETED)
        by = line.decided_name if line.decision is decision else None
        states.append(f"{did} by {by or 'a moderator'}")
    elif line.is_deleted:
        states.append("Deleted by its author")
    elif line.edit_reason is not None:
        states.append("Edited by a moderator")
    if line.is_superseded:
        states.append("an earlier version")
    if line.status is CaseStatus.CLAIMED:
        states.append(f"claimed by {line.claimed_name or 'somebody'}")
    elif line.status is CaseStatus.OPEN:
        states.append("reported")
    elif line.report_count and line.decision is Decision.DISMISSED:
        states.append("reported, dismissed")
    said = " ".join(" · ".join(states).split())
    return said[:1].upper() + said[1:]


def around_hit(snippet: Snippet) -> str:
    """The snippet for a narrow column: what was looked for is in sight."""
    before = ""
    for at, part in enumerate(snippet):
        if part.is_hit:
            head = f"…{before[-BEFORE_HIT:].partition(' ')[2]}" if len(before) > BEFORE_HIT else before
            return head + "".join(one.text for one in snippet[at:])
        before += part.text
    return before
