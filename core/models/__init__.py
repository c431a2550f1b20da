"""The tables. Importing this package declares all of them on `SQLModel.metadata`."""

from core.models.answer_run import ACTIVE, AnswerRun, RunStatus
from core.models.audit_event import AuditAction, AuditEvent, AuditHead, Outcome
from core.models.base import Record
from core.models.company import Company
from core.models.conversation import (
    MAX_INSTRUCTIONS,
    MAX_TITLE,
    Conversation,
    ConversationKind,
    Member,
    MemberRole,
)
from core.models.message import (
    MAX_MESSAGE,
    Feedback,
    Message,
    MessageRevision,
    MessageRole,
    MessageStatus,
    MessageType,
    Score,
)
from core.models.model_call import CallPurpose, CallStatus, ModelCall, UsageSource
from core.models.queued_question import QueuedQuestion
from core.models.user import AuthSession, LinkPurpose, OneTimeLink, User, UserRole

__all__ = [
    "ACTIVE",
    "MAX_INSTRUCTIONS",
    "MAX_MESSAGE",
    "MAX_TITLE",
    "AnswerRun",
    "AuditAction",
    "AuditEvent",
    "AuditHead",
    "AuthSession",
    "CallPurpose",
    "CallStatus",
    "Company",
    "Conversation",
    "ConversationKind",
    "Feedback",
    "LinkPurpose",
    "Member",
    "MemberRole",
    "Message",
    "MessageRevision",
    "MessageRole",
    "MessageStatus",
    "MessageType",
    "ModelCall",
    "OneTimeLink",
    "Outcome",
    "QueuedQuestion",
    "Record",
    "RunStatus",
    "Score",
    "UsageSource",
    "User",
    "UserRole",
]
