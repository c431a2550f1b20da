"""What the moderation page calls things."""

from core import clock
from core.amounts import counted
from core.models import AuditAction, CaseStatus, ConversationKind, Decision, MessageRole
from core.services.moderation_query import Age, Shown
from core.services.moderation_views import CaseLine
from core.ui import times
from core.ui.reporting import REASONS

KINDS = {
    ConversationKind.ASSISTANT: "Chat with the assistant",
    ConversationKind.DIRECT: "Direct chat",
    ConversationKind.GROUP: "Group",
    ConversationKind.COMPANY: "Company room",
}
SHOWN = {Shown.TO_DO: "To do", Shown.OPEN: "Unclaimed", Shown.CLAIMED: "Claimed", Shown.CLOSED: "Closed"}
AGES = {Age.HOUR: "More than an hour", Age.DAY: "More than a day", Age.WEEK: "More than a week"}
DECISIONS = {
    Decision.DISMISSED: "Dismissed",
    Decision.EDITED: "Edited",
    Decision.DELETED: "Deleted",
    Decision.PURGED: "Removed for good",
    Decision.GONE: "Gone",
}
STEPS = {
    AuditAction.MESSAGE_REPORTED: "reported it",
    AuditAction.CASE_CLAIMED: "claimed the case",
    AuditAction.CASE_RELEASED: "released the case",
    AuditAction.CASE_DISMISSED: "dismissed the reports",
    AuditAction.CASE_REOPENED: "reopened the case",
    AuditAction.MESSAGE_MODERATED: "edited the message",
    AuditAction.MESSAGE_REMOVED: "deleted the message",
    AuditAction.MESSAGE_REVERTED: "gave the message its own text back",
    AuditAction.MESSAGE_RESTORED: "restored the message",
    AuditAction.MESSAGE_PURGED: "removed the message for good",
}
LONGEST_NAME = 60


def author_of(line: CaseLine, assistant_name: str = "The assistant") -> str:
    if line.role is MessageRole.ASSISTANT:
        return assistant_name
    return " ".join((line.author_name or "Somebody without an account").split())


def reasons_of(line: CaseLine) -> str:
    return ", ".join(REASONS[reason] for reason in line.reasons) or "Not reported"


def state_of(line: CaseLine) -> str:
    """Like "Claimed by Ada", "Deleted by Bo"; plain text."""
    if line.status is CaseStatus.CLOSED and line.decision:
        by = f" by {line.decided_name}" if line.decided_name else ""
        is_undone = line.decision is Decision.DISMISSED and not line.report_count
        return " ".join(f"{'Restored' if is_undone else DECISIONS[line.decision]}{by}".split())
    if line.status is CaseStatus.CLAIMED:
        return " ".join(f"Claimed by {line.claimed_name or 'somebody'}".split())
    return "Unclaimed"


def age_of(line: CaseLine) -> str:
    """How long it waits, or since when it is closed; short."""
    moment = line.position[1]
    minutes = int((clock.now() - moment).total_seconds() // 60)
    for size, letter in ((24 * 60, "d"), (60, "h")):
        if minutes >= size:
            return f"{minutes // size} {letter}"
    return f"{max(minutes, 0)} min"


def since(line: CaseLine) -> str:
    """In words, for the case itself."""
    if not line.report_count:
        return "Nobody reported it: a moderator came across it"
    reports = counted(line.report_count, "report")
    return f"{reports}, the first {times.ago(line.first_reported_at)}"
