"""What the audit page calls things."""

from collections.abc import Mapping
from typing import Any

from core.models import AuditAction, ChainProblem, Outcome, TargetType
from core.services.audit_views import AuditLine

ACTIONS = {
    AuditAction.COMPANY_CREATED: "set up",
    AuditAction.COMPANY_UPDATED: "changed the settings of",
    AuditAction.USER_CREATED: "added",
    AuditAction.USER_DEACTIVATED: "deactivated",
    AuditAction.USER_REACTIVATED: "reactivated",
    AuditAction.IDENTITY_LINKED: "linked single sign-on with",
    AuditAction.IDENTITIES_UNLINKED: "took single sign-on from",
    AuditAction.ROLES_CHANGED: "changed the roles of",
    AuditAction.PASSWORD_CHANGED: "changed the password of",
    AuditAction.PASSWORD_LINK_MADE: "made a password link for",
    AuditAction.PASSWORD_LINK_REVOKED: "revoked the password link of",
    AuditAction.USER_RENAMED: "changed the name of",
    AuditAction.OWN_DATA_EXPORTED: "took along all data of",
    AuditAction.INVITE_MADE: "made",
    AuditAction.INVITE_RENEWED: "renewed",
    AuditAction.INVITE_REVOKED: "revoked",
    AuditAction.SIGNED_IN: "signed in to",
    AuditAction.SIGNED_OUT: "signed out of",
    AuditAction.SIGNED_OUT_EVERYWHERE: "signed out everywhere of",
    AuditAction.SESSION_ENDED: "ended sign-ins of",
    AuditAction.CONVERSATION_UPDATED: "changed",
    AuditAction.CONVERSATION_ARCHIVED: "archived",
    AuditAction.CONVERSATION_UNARCHIVED: "took out of the archive",
    AuditAction.CONVERSATION_DELETED: "deleted",
    AuditAction.CONVERSATION_RESTORED: "restored",
    AuditAction.CONVERSATION_EXPORTED: "exported",
    AuditAction.CONVERSATION_IMPORTED: "imported",
    AuditAction.HISTORY_CLEARED: "cleared the chats of",
    AuditAction.ROOM_CREATED: "made",
    AuditAction.ROOM_UPDATED: "changed what is shown in",
    AuditAction.ROOM_JOINED: "joined",
    AuditAction.ROOM_LEFT: "left",
    AuditAction.MEMBERS_ADDED: "added people to",
    AuditAction.MEMBER_REMOVED: "removed somebody from",
    AuditAction.MEMBER_ROLE_CHANGED: "changed a role in",
    AuditAction.MESSAGE_EDITED: "edited",
    AuditAction.MESSAGE_DELETED: "deleted",
    AuditAction.MESSAGE_REPORTED: "reported",
    AuditAction.CASE_CLAIMED: "took on the reports of",
    AuditAction.CASE_RELEASED: "gave back the reports of",
    AuditAction.CASE_DISMISSED: "dismissed the reports of",
    AuditAction.CASE_REOPENED: "reopened the reports of",
    AuditAction.MESSAGE_MODERATED: "edited as a moderator",
    AuditAction.MESSAGE_REMOVED: "deleted as a moderator",
    AuditAction.MESSAGE_REVERTED: "gave back the author's text of",
    AuditAction.MESSAGE_RESTORED: "restored",
    AuditAction.MESSAGE_PURGED: "removed for good",
    AuditAction.USAGE_EXPORTED: "exported",
    AuditAction.BUDGET_SET: "set",
    AuditAction.BUDGET_REMOVED: "removed",
    AuditAction.BUDGET_RAISED: "raised",
    AuditAction.PRICE_SET: "set",
    AuditAction.PRICE_REMOVED: "removed",
    AuditAction.AUDIT_EXPORTED: "exported",
    AuditAction.RETENTION_RULE_SET: "set a rule for",
    AuditAction.RETENTION_RULE_REMOVED: "removed a rule for",
    AuditAction.RETENTION_RUN_BEGUN: "began to remove",
    AuditAction.RETENTION_RUN_ENDED: "has removed",
    AuditAction.LEGAL_HOLD_PLACED: "placed",
    AuditAction.LEGAL_HOLD_RELEASED: "released",
    AuditAction.USER_SUSPENDED: "suspended",
    AuditAction.SUSPENSION_LIFTED: "lifted the suspension of",
    AuditAction.ROOM_LOCKED: "locked",
    AuditAction.ROOM_UNLOCKED: "unlocked",
    AuditAction.RULE_ADDED: "added",
    AuditAction.RULE_CHANGED: "changed",
    AuditAction.RULE_DELETED: "deleted",
    AuditAction.ACCESS_GRANTED: "asked for access to",
    AuditAction.ACCESS_READ: "read with access to",
    AuditAction.ACCESS_ENDED: "ended access to",
    AuditAction.RECORD_CREATED: "made",
    AuditAction.RECORD_UPDATED: "changed",
    AuditAction.RECORD_DELETED: "deleted",
    AuditAction.RECORD_RESTORED: "restored",
    AuditAction.PERMISSION_REFUSED: "was refused",
}
"""Between who did it and what they did it to."""
FAILED = {
    AuditAction.SIGNED_IN: "failed to sign in to",
    AuditAction.PASSWORD_CHANGED: "gave a wrong password for",
}
"""The same where it was refused."""
SUBJECTS = {
    "session": "Signing in",
    "user": "People",
    "invite": "Invites",
    "company": "Company",
    "conversation": "Conversations",
    "room": "Rooms",
    "message": "Messages",
    "moderation": "Moderation",
    "budget": "Budgets",
    "price": "Prices",
    "usage": "Usage",
    "audit": "Audit",
    "retention": "Retention",
    "legal_hold": "Legal holds",
    "rule": "Rules",
    "access": "Access",
    "record": "Tasks and other records",
    "permission": "Refusals",
}
CHOICES = {
    AuditAction.COMPANY_CREATED: "set up",
    AuditAction.COMPANY_UPDATED: "settings changed",
    AuditAction.IDENTITY_LINKED: "single sign-on linked",
    AuditAction.IDENTITIES_UNLINKED: "single sign-on taken away",
    AuditAction.ROLES_CHANGED: "roles changed",
    AuditAction.PASSWORD_CHANGED: "password changed",
    AuditAction.PASSWORD_LINK_MADE: "password link made",
    AuditAction.PASSWORD_LINK_REVOKED: "password link revoked",
    AuditAction.USER_RENAMED: "name changed",
    AuditAction.OWN_DATA_EXPORTED: "own data taken along",
    AuditAction.SIGNED_IN: "signed in",
    AuditAction.SIGNED_OUT: "signed out",
    AuditAction.SIGNED_OUT_EVERYWHERE: "signed out everywhere",
    AuditAction.SESSION_ENDED: "sign-ins ended",
    AuditAction.HISTORY_CLEARED: "all chats cleared",
    AuditAction.ROOM_UPDATED: "history setting changed",
    AuditAction.MEMBERS_ADDED: "people added",
    AuditAction.MEMBER_REMOVED: "somebody removed",
    AuditAction.MEMBER_ROLE_CHANGED: "role changed",
    AuditAction.CASE_CLAIMED: "claimed",
    AuditAction.CASE_RELEASED: "released",
    AuditAction.CASE_DISMISSED: "dismissed",
    AuditAction.CASE_REOPENED: "reopened",
    AuditAction.MESSAGE_MODERATED: "edited",
    AuditAction.MESSAGE_REMOVED: "deleted",
    AuditAction.MESSAGE_REVERTED: "author's text given back",
    AuditAction.RETENTION_RULE_SET: "rule set",
    AuditAction.RETENTION_RULE_REMOVED: "rule removed",
    AuditAction.RETENTION_RUN_BEGUN: "removing begun",
    AuditAction.RETENTION_RUN_ENDED: "removing ended",
    AuditAction.SUSPENSION_LIFTED: "suspension lifted",
    AuditAction.ACCESS_GRANTED: "asked for",
    AuditAction.ACCESS_READ: "read",
    AuditAction.ACCESS_ENDED: "ended",
    AuditAction.PERMISSION_REFUSED: "not permitted",
}
"""In the filter, where they read better than the words of ACTIONS alone."""
OUTCOMES = {Outcome.DONE: "Done", Outcome.REFUSED: "Refused"}
TYPES = {
    TargetType.USER: "A person",
    TargetType.INVITE: "An invite",
    TargetType.COMPANY: "The company",
    TargetType.CONVERSATION: "A conversation",
    TargetType.MESSAGE: "A message",
    TargetType.BUDGET: "A budget",
    TargetType.PRICE: "A price",
    TargetType.USAGE: "Usage",
    TargetType.AUDIT: "The audit trail",
    TargetType.RETENTION: "How long messages are kept",
    TargetType.LEGAL_HOLD: "A legal hold",
    TargetType.RULE: "A rule",
    TargetType.RECORD: "A task or another record",
    TargetType.PERMISSION: "Something not permitted",
}
PROBLEMS = {
    ChainProblem.MISSING: "it is missing",
    ChainProblem.CHANGED: "it was changed",
    ChainProblem.MISLINKED: "it was written behind another row than is there now",
    ChainProblem.SHORTER: "it and all after it are missing",
    ChainProblem.LONGER: "it stands behind the chain's end",
    ChainProblem.HEAD: "the kept end of the chain is another one",
    ChainProblem.REWRITTEN: "it is another one than was verified before",
}
NOTHING = "–"


def did(action: str, outcome: Outcome) -> str:
    """A tag of a version to come, or of one before, stands for itself."""
    if action not in list(AuditAction):
        return action
    known = AuditAction(action)
    return FAILED.get(known, ACTIONS[known]) if outcome is Outcome.REFUSED else ACTIONS[known]


def reason(line: AuditLine) -> str:
    """On one line. Of what was refused it says that first."""
    words = " ".join(line.reason.split())
    if line.outcome is not Outcome.REFUSED:
        return words
    return f"{OUTCOMES[line.outcome]}: {words}" if words else OUTCOMES[line.outcome]


def choice(name: str) -> str:
    """Of the filter: a subject or one of its actions."""
    subject, _, _ = name.partition(":")
    if name == subject:
        return f"{SUBJECTS[subject]} · all"
    action = AuditAction(name)
    return f"{SUBJECTS[subject]} · {CHOICES.get(action, ACTIONS[action])}"


def field(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def value(given: Any, names: Mapping[str, str]) -> str:
    """On one line. Keys of people are shown as their names."""
    match given:
        case bool():
            return "yes" if given else "no"
        case int():
            return f"{given:,}"
        case None | "" | []:
            return NOTHING
        case list():
            return ", ".join(value(one, names) for one in given)
        case Mapping():
            return "; ".join(f"{field(str(name))}: {value(one, names)}" for name, one in given.items())
    return " ".join(names.get(str(given), str(given)).split())


def changes(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, names: Mapping[str, str]
) -> list[tuple[str, str | None, str | None]]:
    """Field, before, after; None on a side that has no such field."""
    before, after = before or {}, after or {}
    return [
        (
            field(name),
            value(before[name], names) if name in before else None,
            value(after[name], names) if name in after else None,
        )
        for name in dict.fromkeys([*before, *after])
    ]
