"""What it takes to write one answer, read from the database at once."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic_ai.tools import ToolDefinition
from sqlmodel import Session

from core import clock
from core.assistant.choosing import models_of
from core.assistant.context import TOOLS, Prompt, Turn, build_prompt, compose_instructions, fit_exchanges
from core.assistant.earlier_steps import exchanges_of, steps_for
from core.assistant.ledger import Origin
from core.assistant.provider import Assistant
from core.assistant.room import room_of, with_answers
from core.assistant.steps import Step, StepState
from core.assistant.tokens import estimate_tokens
from core.errors import ModelNotAllowed
from core.models import AnswerRun, Company, Conversation, Message, User
from core.repositories.messages import Messages

Row = TypeVar("Row")

ROOM_TO_SPARE = 64
"""Tokens for the marks around messages."""


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed run with everything needed to write its answer; the database is not asked again until it is kept."""

    origin: Origin
    model: str | None
    """The company's default also where the conversation's own is not offered any more. None: the company allows only
    ones that are gone."""
    resumed: str
    """The text it goes on from; empty for an answer from its beginning."""
    resumed_tokens: int
    """Tokens of that text."""
    wants_stop: bool
    """True when somebody asked to stop it before it began, or took the question back."""
    question: str
    is_first_answer: bool
    prompt: Prompt
    question_id: UUID | None = None
    time_zone: str = "UTC"
    """Of the person who asks."""
    ask_first: frozenset[str] = frozenset()
    """Tools whose calls the person has to approve."""
    open_steps: tuple[Step, ...] = ()
    """Calls that were approved, or whose process died: nobody knows that they have ended."""
    seen_steps: tuple[Step, ...] = ()
    """Calls that looked something up: what they found is not kept."""
    tools_on: bool = True
    """The company wants tools to be used, whether this model can call any or not."""
    rounds: int = 0
    """In which the answer has called tools so far."""

    @property
    def allowed_model(self) -> str:
        """Raises ModelNotAllowed."""
        if self.model is None:
            raise ModelNotAllowed
        return self.model

    @property
    def run_id(self) -> UUID:
        return self.origin.run_id


def load_job(session: Session, run: AnswerRun, assistant: Assistant) -> Job:
    """Reads what the model is to be told."""
    conversation = _present(session.get(Conversation, run.conversation_id))
    answer = _present(session.get(Message, run.message_id))
    company = _present(session.get(Company, conversation.company_id))
    asker = _present(session.get(User, run.asked_by))
    room = room_of(session, conversation, company, asker)
    models = models_of(company, assistant.models)
    model = run.model if run.model in models else next(iter(models), None)
    tools = tools_for(assistant, model, company, in_room=conversation.kind.is_room)
    time_zone = asker.time_zone or "UTC"
    instructions = compose_instructions(
        company.instructions,
        conversation.instructions,
        asker.display_name,
        clock.now().astimezone(ZoneInfo(time_zone)),
        setting=room.setting,
        tools=TOOLS if tools else "",
    )
    reserve = assistant.answer_tokens(model)
    question = Messages(session).get(answer.reply_to_id) if answer.reply_to_id else None
    may_be_told = question is not None and question.deleted_at is None and question.seq > room.floor
    asked = instructions + (question.content if question else "") + run.partial
    window = assistant.window(model, needed=estimate_tokens(asked) + reserve + ROOM_TO_SPARE)
    steps = steps_for(session, answer, assistant.tools)
    exchanges, rest = exchanges_of(steps, answer.id, run.partial)
    exchanges = fit_exchanges(exchanges, window // 2)
    lines = Messages(session).list_context(
        conversation.id,
        # In a room others may have gone on talking meanwhile.
        before=question.seq + 1 if question else answer.seq,
        floor=room.floor,
        token_budget=window - reserve - Prompt(instructions, (), tools, exchanges).tokens - estimate_tokens(rest),
        estimate=estimate_tokens,
    )
    if conversation.kind.is_room and question:
        lines = with_answers(lines, Messages(session).page(conversation.id, after=question.seq, floor=room.floor))
    turns = [room.turn(line) for line in lines]
    if rest:
        turns.append(Turn("assistant", rest))
    return Job(
        origin=origin_of(run, conversation),
        model=model,
        resumed=run.partial,
        resumed_tokens=(answer.tokens_used or estimate_tokens(run.partial)) if run.partial else 0,
        # A question that was deleted meanwhile is not answered; what was said before it even less.
        wants_stop=run.stop_requested_at is not None or not may_be_told,
        question=lines[-1].content if lines else "",
        is_first_answer=answer.seq == 2 and not conversation.kind.is_room,
        prompt=build_prompt(instructions, turns, window=window, reserve=reserve, tools=tools, exchanges=exchanges),
        question_id=answer.reply_to_id,
        time_zone=time_zone,
        ask_first=frozenset(company.ask_first),
        open_steps=tuple(step for step in steps if step.state is StepState.RUNNING),
        seen_steps=tuple(step for step in steps if step.state is StepState.DONE and not step.told),
        tools_on=company.tools_on,
        rounds=max((step.round for step in steps if step.answer_id == answer.id), default=0),
    )


def tools_for(
    assistant: Assistant, model: str | None, company: Company, *, in_room: bool
) -> tuple[ToolDefinition, ...]:
    """What the model may have called; nothing where it can't, or the company does not want it."""
    if not company.tools_on or not assistant.can_call_tools(model):
        return ()
    return tuple(assistant.tools.offered(in_room=in_room))


def origin_of(run: AnswerRun, conversation: Conversation) -> Origin:
    room_id = conversation.id if conversation.kind.is_room else None
    return Origin(conversation.company_id, run.asked_by, conversation.id, run.message_id, run.id, room_id)


def _present(row: Row | None) -> Row:
    assert row is not None  # held by a foreign key, in the same transaction
    return row
