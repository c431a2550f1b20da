"""The tables. Importing this package declares all of them on `SQLModel.metadata`."""

from core.models.answer_run import ACTIVE, AnswerRun, RunStatus
from core.models.audit_event import AuditAction, AuditEvent, AuditHead, Outcome
from core.models.base import Record
from core.models.company import MAX_ASSISTANT_NAME, Company
from core.models.conversation import (
    MAX_INSTRUCTIONS,
    MAX_TITLE,
    Conversation,
    ConversationKind,
    History,
    Member,
    MemberRole,
)
from core.models.message import (
    IMPORTED,
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
from core.models.presence import Presence, ServingProcess
from core.models.queued_question import QueuedQuestion
from core.models.rate_limit_event import RateLimitEvent
from core.models.reaction import MAX_EMOJI, Mention, Reaction
from core.models.search import MessageWords, SearchBacklog, TitleWords
from core.models.user import AuthSession, LinkPurpose, OneTimeLink, User, UserRole

__all__ = [
    "ACTIVE",
    "IMPORTED",
    "MAX_ASSISTANT_NAME",
    "MAX_EMOJI",
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
    "History",
    "LinkPurpose",
    "Member",
    "MemberRole",
    "Mention",
    "Message",
    "MessageRevision",
    "MessageRole",
    "MessageStatus",
    "MessageType",
    "MessageWords",
    "ModelCall",
    "OneTimeLink",
    "Outcome",
    "Presence",
    "QueuedQuestion",
    "RateLimitEvent",
    "Reaction",
    "Record",
    "RunStatus",
    "Score",
    "SearchBacklog",
    "ServingProcess",
    "TitleWords",
    "UsageSource",
    "User",
    "UserRole",
]
