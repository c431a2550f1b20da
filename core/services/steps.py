"""What people do with the steps of their answers: approve, decline, take back."""

from collections.abc import Callable
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.asking import Admit, asking, resume_answer
from core.assistant.steps import STATUS, Step, StepState
from core.assistant.tools.registry import Caller, Tool, Toolbox, toolbox
from core.database.engine import Database
from core.errors import AnswerInProgress, Conflict, NotFound, NotPermitted
from core.models import AnswerRun, Conversation, Message, MessageStatus
from core.permissions import Actor, Permission
from core.repositories.answer_runs import AnswerRuns
from core.repositories.conversations import Conversations
from core.repositories.messages import Messages
from core.repositories.steps import Steps, WaitingLine
from core.services.access import get_or_raise
from core.services.messages import is_last, refuse_moderated, visible_or_raise
from core.services.room_access import refuse_closed
from core.services.step_views import can_be_undone, is_told

__all__ = ["StepService", "WaitingLine"]

DECLINED = "The person declined this call. Don't make it again; go on without it."
NOT_YOURS = "Only the person who asked can decide this."
DECIDED = "This was decided already."
GONE_ON = "The talk has gone on since. Ask for it again."
TAKEN_BACK = "This was taken back already."
NO_WAY_BACK = "This can't be taken back."


class StepService:
    """Only for the person whose question it was. Others who read the answer see its steps, and no more."""

    def __init__(
        self,
        database: Database,
        start_run: Callable[[UUID], None],
        changed: Callable[[UUID], None],
        told_person: Callable[[UUID], None],
        *,
        admit: Admit,
        tools: Toolbox | None = None,
    ) -> None:
        self.tools = tools or toolbox()
        self.database = database
        self.start_run = start_run
        self.changed = changed
        self.told_person = told_person
        self.admit = admit

    def approve(self, actor: Actor, step_id: UUID) -> None:
        """Has the call made, once all that were asked about together are decided; then the answer goes on.

        Raises NotFound, NotPermitted for others' answers, Conflict when it was decided, or the talk has gone on,
        RuleBroken where nobody can write or a moderator took question or answer, AnswerInProgress, BudgetSpent.
        """
        self._decide(actor, step_id, lambda step: step.ended(StepState.RUNNING))

    def decline(self, actor: Actor, step_id: UUID) -> None:
        """The call is not made, and the assistant is told so. Raises the same."""
        self._decide(actor, step_id, lambda step: step.ended(StepState.DECLINED, shown="Declined.", told=DECLINED))

    def undo(self, actor: Actor, step_id: UUID) -> str:
        """Takes back what a step has done; the sentence that says so. Raises NotFound, NotPermitted, Conflict."""
        with self.database.reading() as session:
            step, conversation = self._own(session, actor, step_id, lock=False)
            tool = self.tools.get(step.name)
            if step.is_undone:
                raise Conflict(TAKEN_BACK)
            if tool is None or not can_be_undone(step, tool):
                raise Conflict(NO_WAY_BACK)
            caller = self._caller(actor, step, conversation)
        said = _undone(tool, caller, step)  # twice is once: should the process die before the mark is set
        with self.database.transaction() as session:
            step, conversation = self._own(session, actor, step_id, lock=True)
            put(session, step.ended(step.state, is_undone=True))
            Conversations(session).touch(conversation)
        self.changed(conversation.id)
        return said

    def list_waiting(self, actor: Actor, limit: int = 5) -> list[WaitingLine]:
        """The conversations in which an answer waits for this person, the longest first."""
        if not actor.may(Permission.CHAT_USE):
            return []
        with self.database.reading() as session:
            return Steps(session).list_waiting(actor.user_id, actor.company_id, limit)

    def _decide(self, actor: Actor, step_id: UUID, decided: Callable[[Step], Step]) -> None:
        run: AnswerRun | None = None
        with asking(self.database) as session:
            step, conversation = self._own(session, actor, step_id, lock=True)
            if step.state is not StepState.WAITING:  # first of all: the answer may be under way since
                raise Conflict(DECIDED)
            answer = _open_answer(session, actor, conversation, step)
            if conversation.archived_at is not None:  # going on in it brings it back
                Conversations(session).unarchive(conversation)
            put(session, decided(step))
            steps = [Step.of(one) for one in Steps(session).list_of([answer.id])[answer.id]]
            if all(one.state is not StepState.WAITING for one in steps):
                run = resume_answer(session, conversation, actor.user_id, answer)
                self.admit(session, run)
            Conversations(session).touch(conversation)
        if run:
            self.start_run(run.id)
        self.changed(conversation.id)

    def _own(self, session: Session, actor: Actor, step_id: UUID, *, lock: bool) -> tuple[Step, Conversation]:
        """The conversation's lock first, as everywhere."""
        actor.require(Permission.CHAT_USE)
        found = Steps(session).get(step_id)
        if found is None:
            raise NotFound
        conversation = get_or_raise(Conversations(session), actor, found.conversation_id, lock=lock)
        message = Steps(session).get(step_id, lock=lock)
        if message is None or message.deleted_at is not None:
            raise NotFound
        step = Step.of(message)
        answer = Messages(session).get(step.answer_id)
        if answer is None or not is_told(answer):
            raise NotFound
        visible_or_raise(session, actor, conversation, answer)
        if step.asked_by != actor.user_id:
            raise NotPermitted(NOT_YOURS)
        return step, conversation

    def _caller(self, actor: Actor, step: Step, conversation: Conversation) -> Caller:
        return Caller(
            database=self.database,
            actor=actor,
            now=clock.now(),
            client_key=step.client_key,
            conversation_id=conversation.id,
            is_room=conversation.kind.is_room,
            told_person=self.told_person,
        )


def put(session: Session, step: Step) -> None:
    """Keeps what became of a step."""
    message = Steps(session).get(step.id, lock=True)
    assert message is not None  # its conversation is held
    Steps(session).put(message, content=step.shown, status=STATUS[step.state], extra=step.extra())


def _undone(tool: Tool, caller: Caller, step: Step) -> str:
    assert tool.undo is not None and step.undo is not None  # asked before
    return tool.undo(caller, step.undo)


def _open_answer(session: Session, actor: Actor, conversation: Conversation, step: Step) -> Message:
    """The answer that waits for the decision."""
    answer = Messages(session).get(step.answer_id)
    assert answer is not None  # it was read with the step
    session.refresh(answer)
    if answer.superseded_with_id is not None:
        raise Conflict(GONE_ON)
    refuse_moderated(session, answer)
    if AnswerRuns(session).get_active(conversation.id):
        raise AnswerInProgress
    if conversation.kind.is_room:
        refuse_closed(session, conversation, actor)
    elif not is_last(session, answer):
        raise Conflict(GONE_ON)
    if answer.status is not MessageStatus.WAITING:
        raise Conflict(DECIDED)
    return answer
