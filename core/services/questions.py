"""What becomes of a question: an answer on its way, or a place behind those before it."""

from dataclasses import replace
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.asking import Admit, Next, ask_next
from core.assistant.screening import report_asked, report_found, screened
from core.assistant.titles import title_from
from core.errors import Invalid
from core.models import MAX_MESSAGE, MAX_TITLE, AnswerRun, Conversation, ConversationKind
from core.permissions import Actor
from core.repositories.conversations import Conversations
from core.repositories.messages import Messages
from core.repositories.queued_questions import QueuedQuestions
from core.rules.screen import Screened, told
from core.services.messages import asked_of
from core.services.views import Asked, Queued

MAX_QUEUED = 20
"""Questions that may wait in one conversation."""

Written = tuple[Asked | Queued, UUID | None, tuple[UUID, ...]]
"""What came of a question, the run to begin for it, if one is, and the moderators to tell of it."""


def screened_question(session: Session, actor: Actor, text: str, *, before: str = "") -> Screened:
    return screened(session, actor.company_id, ConversationKind.ASSISTANT, text, limit=MAX_MESSAGE, before=before)


def new_chat(session: Session, actor: Actor, model: str | None) -> Conversation:
    return Conversations(session).add(
        Conversation(
            company_id=actor.company_id,
            owner_id=actor.user_id,
            kind=ConversationKind.ASSISTANT,
            model=model,
            last_message_at=clock.now(),
        )
    )


def retitled(session: Session, conversation: Conversation, text: str) -> Conversation:
    """The title is the first question's, which is another one now; a name that a person gave stays."""
    if conversation.is_titled:
        return conversation
    return Conversations(session).update(conversation, title=title_from(text, MAX_TITLE))


def admitted(session: Session, run: AnswerRun, admit: Admit) -> Asked:
    """If budgets do; `admit` raises what it raises."""
    admit(session, run)
    return asked_of(session, run)


def begun(session: Session, conversation: Conversation, run: AnswerRun, kept: Screened, admit: Admit) -> Written:
    asked = replace(admitted(session, run, admit), masked=told(kept.masked))
    question = Messages(session).get(asked.question_id)
    assert question
    return asked, asked.run_id, report_found(session, conversation, question, kept.reported)


def queued(
    session: Session,
    actor: Actor,
    conversation: Conversation,
    kept: Screened,
    admit: Admit,
    *,
    client_key: UUID | None,
    is_busy: bool,
) -> Written:
    """Puts the question at the end of the queue, which then moves on unless an answer is being written."""
    if QueuedQuestions(session).count(conversation.id) >= MAX_QUEUED:
        raise Invalid(f"{MAX_QUEUED} questions are waiting here already. Send this one when some are answered.")
    question = QueuedQuestions(session).add(conversation.id, actor.user_id, kept.text, client_key)
    Conversations(session).touch(conversation)
    following = Next() if is_busy else ask_next(session, conversation, admit)
    moderators = report_asked(session, conversation, following.questions)
    if following.run and QueuedQuestions(session).get(question.id) is None:
        asked = replace(asked_of(session, following.run), masked=told(kept.masked))
        return asked, asked.run_id, moderators
    return Queued(conversation.id, question.id, told(kept.masked)), following.run_id, moderators
