"""The tables. Importing this package declares all of them on `SQLModel.metadata`, those too that it does not name."""

from importlib import import_module
from pkgutil import iter_modules

from core.models.access_grant import AccessGrant, AccessLook
from core.models.answer_run import ACTIVE, AnswerRun, RunStatus
from core.models.audit_event import (
    TARGETS,
    AuditAction,
    AuditCheck,
    AuditEvent,
    AuditHead,
    ChainProblem,
    Outcome,
    TargetType,
)
from core.models.base import Record
from core.models.budget import (
    BUDGET_PLACE,
    DEFAULT_MARKS,
    Budget,
    BudgetHold,
    BudgetPeriod,
    BudgetRaise,
    BudgetScope,
    BudgetUnit,
    Notice,
)
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
from core.models.model_price import MAX_MODEL_NAME, ModelPrice
from core.models.presence import Presence, ServingProcess
from core.models.queued_question import QueuedQuestion
from core.models.rate_limit_event import RateLimitEvent
from core.models.reaction import MAX_EMOJI, Mention, Reaction
from core.models.report import MAX_COMMENT, MAX_REASON, Case, CaseStatus, Decision, Report, ReportReason
from core.models.retention import MAX_DAYS, LegalHold, RetentionRule, RetentionRun
from core.models.rule import MAX_RULE_NAME, Rule, RuleAction, RuleKind
from core.models.search import MessageWords, SearchBacklog, TitleWords
from core.models.suspension import Suspension
from core.models.task import MAX_TASK_DESCRIPTION, MAX_TASK_TITLE, Task, TaskSource, TaskStatus
from core.models.usage import (
    ANY,
    BLOCK,
    DOLLAR,
    MEASURES,
    NOBODY,
    Clocked,
    Face,
    Grain,
    Kind,
    Rating,
    Span,
    UsageError,
    UsageLatency,
    UsageNumber,
    UsagePresence,
    UsageRating,
    UsageRebuild,
    UsageSlot,
    UsageSpan,
)
from core.models.user import AuthSession, LinkPurpose, OneTimeLink, User, UserRole

__all__ = [
    "ACTIVE",
    "ANY",
    "BLOCK",
    "BUDGET_PLACE",
    "DEFAULT_MARKS",
    "DOLLAR",
    "IMPORTED",
    "MAX_ASSISTANT_NAME",
    "MAX_COMMENT",
    "MAX_DAYS",
    "MAX_EMOJI",
    "MAX_INSTRUCTIONS",
    "MAX_MESSAGE",
    "MAX_MODEL_NAME",
    "MAX_REASON",
    "MAX_RULE_NAME",
    "MAX_TASK_DESCRIPTION",
    "MAX_TASK_TITLE",
    "MAX_TITLE",
    "MEASURES",
    "NOBODY",
    "TARGETS",
    "AccessGrant",
    "AccessLook",
    "AnswerRun",
    "AuditAction",
    "AuditCheck",
    "AuditEvent",
    "AuditHead",
    "AuthSession",
    "Budget",
    "BudgetHold",
    "BudgetPeriod",
    "BudgetRaise",
    "BudgetScope",
    "BudgetUnit",
    "CallPurpose",
    "CallStatus",
    "Case",
    "CaseStatus",
    "ChainProblem",
    "Clocked",
    "Company",
    "Conversation",
    "ConversationKind",
    "Decision",
    "Face",
    "Feedback",
    "Grain",
    "History",
    "Kind",
    "LegalHold",
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
    "ModelPrice",
    "Notice",
    "OneTimeLink",
    "Outcome",
    "Presence",
    "QueuedQuestion",
    "RateLimitEvent",
    "Rating",
    "Reaction",
    "Record",
    "Report",
    "ReportReason",
    "RetentionRule",
    "RetentionRun",
    "Rule",
    "RuleAction",
    "RuleKind",
    "RunStatus",
    "Score",
    "SearchBacklog",
    "ServingProcess",
    "Span",
    "Suspension",
    "TargetType",
    "Task",
    "TaskSource",
    "TaskStatus",
    "TitleWords",
    "UsageError",
    "UsageLatency",
    "UsageNumber",
    "UsagePresence",
    "UsageRating",
    "UsageRebuild",
    "UsageSlot",
    "UsageSource",
    "UsageSpan",
    "User",
    "UserRole",
]

for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)
