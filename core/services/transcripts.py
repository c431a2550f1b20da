from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core.assistant.tools.registry import Toolbox, toolbox
from core.database.engine import Database
from core.errors import failure_of
from core.ids import reference_of
from core.models import Conversation, Decision, Member, MessageRole, MessageStatus
from core.permissions import Actor
from core.repositories.answer_runs import AnswerRuns
from core.repositories.cases import Cases
from core.repositories.conversations import Conversations
from core.repositories.feedback import Feedbacks
from core.repositories.message_lines import MessageLine
from core.repositories.messages import REACHED_LIMIT, Messages
from core.repositories.queued_questions import QueuedQuestions
from core.repositories.retention import Retention
from core.repositories.versions import Versions
from core.services.access import get_or_raise
from core.services.beside import Beside
from core.services.conversations import membership, view
from core.services.step_views import steps_of
from core.services.views import MessageView, QueuedView, Receipt, Transcript, Version

PAGE = 40
GLANCES = 3


class TranscriptService:
    """Reading a conversation."""

    def __init__(self, database: Database, edit_window: timedelta | None = None, tools: Toolbox | None = None) -> None:
        """`edit_window`: for how long people may edit what they wrote in a room; None: for ever. `tools`: whose steps
        answers may have; None: all that there is.
        """
        self.tools = tools
        self.database = database
        self.edit_window = edit_window

    def read(self, actor: Actor, conversation_id: UUID, *, limit: int = PAGE) -> Transcript:
        """The newest `limit` messages. Raises NotFound for what this person may not read.

        The cost depends on `limit`, not on how long the conversation is.
        """
        with self.database.reading() as session:
            # First what says which state this is: what is read after it is at least as new.
            conversation = get_or_raise(Conversations(session), actor, conversation_id)
            member = membership(session, actor, conversation)
            floor = conversation.floor_for(member) if member else 0
            lines, active_run_id = _latest(session, conversation_id, limit + 1, floor)
            messages = dressed(
                session, actor, conversation, lines[-limit:],
                member=member, edit_window=self.edit_window, active_run_id=active_run_id, tools=self.tools,
            )  # fmt: skip
            has_earlier = len(lines) > limit
            return Transcript(
                conversation=view(session, conversation, actor, member),
                messages=messages,
                has_earlier=has_earlier,
                active_run_id=active_run_id,
                queued=() if member else _queue(session, actor, conversation_id),
                state=_state(conversation),
                kept_days=None if has_earlier else _kept_days(session, conversation),
            )

    def state(self, actor: Actor, conversation_id: UUID) -> str:
        """The present state of a conversation as `read` gives it: another one, and there is something new to see.

        Raises NotFound for what this person may not read.
        """
        with self.database.reading() as session:
            return _state(get_or_raise(Conversations(session), actor, conversation_id))


def _state(conversation: Conversation) -> str:
    return str(conversation.revision)


def _kept_days(session: Session, conversation: Conversation) -> int | None:
    return Retention(session).days(conversation.company_id).get(conversation.kind)


def _queue(session: Session, actor: Actor, conversation_id: UUID) -> tuple[QueuedView, ...]:
    return tuple(
        QueuedView(
            line.id, conversation_id, line.content, line.sender_name, line.sender_id == actor.user_id, line.is_held
        )
        for line in QueuedQuestions(session).list_of(conversation_id)
    )


def _latest(session: Session, conversation_id: UUID, limit: int, floor: int) -> tuple[list[MessageLine], UUID | None]:
    """The newest messages, and the run that writes the pending one of them, below which a room may have others."""
    lines: list[MessageLine] = []
    for _ in range(GLANCES):
        lines = Messages(session).latest(conversation_id, limit, floor=floor)
        pending = {line.id for line in lines if line.status is MessageStatus.PENDING}
        if not pending:
            return lines, None  # a conversation at rest costs no second query
        run = AnswerRuns(session).get_active(conversation_id)
        if run and run.message_id in pending:
            return lines, run.id
        # It ended between the two, and perhaps the next one has begun.
    return lines, None


def dressed(
    session: Session,
    actor: Actor,
    conversation: Conversation,
    lines: Sequence[MessageLine],
    *,
    member: Member | None,
    edit_window: timedelta | None,
    active_run_id: UUID | None = None,
    tools: Toolbox | None = None,
) -> tuple[MessageView, ...]:
    """The messages as this reader sees them, with all that belongs to them: so many queries, however many they are.

    `member` is the reader's place in a room; None in a chat with the assistant.
    """
    answers = [line.id for line in lines if line.role is MessageRole.ASSISTANT]
    failed = [line.id for line in lines if line.status in (MessageStatus.FAILED, MessageStatus.INTERRUPTED)]
    groups = {line.version_group_id for line in lines if line.version_group_id}
    scores = Feedbacks(session).list_scores(answers, actor.user_id) if answers else {}
    failures = AnswerRuns(session).list_failures(failed) if failed else {}
    last = lines[-1].id if lines else None
    deleted = {line.id for line in lines if line.deleted_at is not None}
    versions = Versions(session).list_versions(groups)
    reported = Cases(session).list_mine([line.id for line in lines], actor.user_id)
    # In a chat what was not decided lapses once the talk has gone on.
    open_ids = [line.id for line in lines if line.status is MessageStatus.WAITING and (member or line.id == last)]
    steps = steps_of(session, actor, lines, open_ids, tools=tools or toolbox())
    beside = Beside.read(session, conversation, lines, member, edit_window) if member else None
    return tuple(
        MessageView(
            id=line.id,
            seq=line.seq,
            role=line.role,
            message_type=line.message_type,
            status=line.status,
            content=line.content,
            created_at=line.created_at,
            sender_id=line.sender_id,
            sender_name=line.sender_name,
            is_deleted=line.deleted_at is not None,
            is_edited=line.edited_at is not None,
            version=_version(line.id, versions.get(line.version_group_id, []) if line.version_group_id else []),
            tokens=line.tokens_used,
            score=scores.get(line.id),
            reached_limit=REACHED_LIMIT in line.extra,
            is_mine=line.sender_id == actor.user_id,
            edit_reason=line.shown_edit_reason,
            delete_reason=line.shown_delete_reason,
            is_purged=line.purged_at is not None,
            report=_receipt(reported.get(line.id)),
            steps=steps.get(line.id, ()),
            run_id=active_run_id if line.status is MessageStatus.PENDING else None,
            **_ending(
                line,
                failures.get(line.id),
                may_go_on=(member is not None or line.id == last) and line.reply_to_id not in deleted,
            )
            | (beside.of_line(line) if beside else {}),
        )
        for line in lines
    )


def _ending(line: MessageLine, failure: tuple[UUID, str] | None, *, may_go_on: bool) -> dict[str, Any]:
    """What a message says of how it ended, and what can be done about it. `may_go_on`: as far as its place goes."""
    is_unlucky = line.status in (MessageStatus.FAILED, MessageStatus.INTERRUPTED)
    may_go_on = may_go_on and line.edit_reason is None
    is_short = is_unlucky or line.status is MessageStatus.STOPPED or REACHED_LIMIT in line.extra
    run_id, code = failure or (None, None)
    error = failure_of(code)
    return {
        "problem": error.sentence if is_unlucky else None,
        "reference": reference_of(run_id) if is_unlucky and run_id and not error.is_expected else None,
        "can_retry": is_unlucky and may_go_on,
        "can_resume": is_short and may_go_on and bool(line.content.strip()),
    }


def _receipt(found: tuple[datetime, Decision | None] | None) -> Receipt | None:
    return Receipt(*found) if found else None


def _version(message_id: UUID, versions: list[UUID]) -> Version | None:
    if len(versions) < 2:
        return None
    at = versions.index(message_id)
    return Version(
        number=at + 1,
        total=len(versions),
        previous_id=versions[at - 1] if at > 0 else None,
        next_id=versions[at + 1] if at + 1 < len(versions) else None,
    )
