"""Answers that never were written, with what was done for them, for the demo: so that there are steps to look at."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.assistant.steps import STATUS, Step, StepState
from core.assistant.titles import title_from
from core.assistant.tokens import estimate_tokens
from core.assistant.tools.registry import Link
from core.database.engine import Database
from core.ids import new_id
from core.models import MAX_TITLE, Conversation, ConversationKind, Message, MessageRole, MessageStatus
from core.permissions import Actor
from core.repositories.conversations import Conversations
from core.repositories.messages import Messages
from core.repositories.steps import Steps


@dataclass(frozen=True, slots=True)
class Does:
    """A call of a tool."""

    name: str
    arguments: dict[str, Any]
    shown: str = ""
    state: StepState = StepState.DONE
    seconds: float | None = 0.2
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """A question and its answer."""

    who: str
    question: str
    parts: Sequence[str | Does]
    """What was written and what was done, in order."""
    room: str = ""
    """The room's title; empty for a chat of their own."""
    status: MessageStatus = field(default=MessageStatus.COMPLETE)


class DemoAnswers:
    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, actor: Actor, told: Answers, conversation_id: UUID | None = None) -> UUID:
        """The answer. Without a conversation a new chat is begun."""
        with self.database.transaction() as session:
            place = conversation_id or _begun(session, actor)
            question = Messages(session).append(
                place,
                role=MessageRole.USER,
                content=told.question,
                sender_id=actor.user_id,
                tokens_used=estimate_tokens(told.question),
                title=title_from(told.question, MAX_TITLE),
            )
            text = "\n\n".join(part for part in told.parts if isinstance(part, str))
            answer = Messages(session).append(
                place,
                role=MessageRole.ASSISTANT,
                content=text,
                status=told.status,
                tokens_used=estimate_tokens(text),
                reply_to_id=question.id,
            )
            _add_steps(session, actor, answer, told.parts)
            answer_id: UUID = answer.id
            return answer_id


def _begun(session: Session, actor: Actor) -> UUID:
    conversation = Conversations(session).add(
        Conversation(
            company_id=actor.company_id,
            owner_id=actor.user_id,
            kind=ConversationKind.ASSISTANT,
            last_message_at=clock.now(),
        )
    )
    place: UUID = conversation.id
    return place


def _add_steps(session: Session, actor: Actor, answer: Message, parts: Sequence[str | Does]) -> None:
    run_id, written = new_id(), 0
    for number, part in enumerate(parts):
        if isinstance(part, str):
            written += len(part) + (2 if written else 0)
            continue
        step = Step(
            id=new_id(),  # until it is kept
            answer_id=answer.id,
            name=part.name,
            arguments=json.dumps(part.arguments, ensure_ascii=False),
            call_id=f"demo-{number}",
            run_id=run_id,
            asked_by=actor.user_id,
            client_key=new_id(),
            round=number,
            at=written,
            state=part.state,
            shown=part.shown,
            told=part.shown,
            links=part.links,
            seconds=None if part.state is StepState.WAITING else part.seconds,
        )
        Steps(session).add(
            answer.conversation_id, answer.id, content=step.shown, status=STATUS[step.state], extra=step.extra()
        )
