"""What was done for a question by earlier runs, as the model is told it."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from sqlmodel import Session

from core.assistant.context import Exchange, ToolCall
from core.assistant.steps import STATUS, Step, StepState
from core.assistant.tools.registry import Toolbox
from core.models import Message
from core.repositories.steps import Steps
from core.repositories.versions import Versions

NOT_DECIDED = "The person has not decided about this call. It was not made."
NOBODY_DECIDED = "Nobody decided."


def steps_for(session: Session, answer: Message, tools: Toolbox) -> list[Step]:
    """The steps of this answer; and before them those of its other versions that have changed something, or may have:
    what was done for a question is not done again because it is answered again.
    """
    group = answer.version_group_id
    versions = Versions(session).list_versions([group])[group] if group else [answer.id]
    found = Steps(session).list_of(versions)
    steps = [Step.of(message) for version in versions for message in found.get(version, ())]
    return [step for step in steps if step.answer_id == answer.id or _has_changed_something(step, tools)]


def _has_changed_something(step: Step, tools: Toolbox) -> bool:
    tool = tools.get(step.name)
    is_done = step.state in (StepState.DONE, StepState.RUNNING) and not step.is_undone
    return is_done and tool is not None and tool.changes


def lapse(session: Session, answer_id: UUID) -> None:
    """Ends what waits for a decision, where an answer goes on without it: else it would ask again beside what that asks
    about anew.
    """
    for message in Steps(session).list_of([answer_id]).get(answer_id, ()):
        step = Step.of(message)
        if step.state is StepState.WAITING:
            ended = step.ended(StepState.FAILED, shown=NOBODY_DECIDED, told=NOT_DECIDED)
            Steps(session).put(message, content=ended.shown, status=STATUS[ended.state], extra=ended.extra())


def exchanges_of(steps: Sequence[Step], answer_id: UUID, text: str) -> tuple[tuple[Exchange, ...], str]:
    """Round by round what was written and then called; and what was written behind the last of them."""
    exchanges, written = [], 0
    for _, together in groupby(steps, key=lambda step: (step.answer_id, step.round)):
        calls = list(together)
        before = ""
        if calls[0].answer_id == answer_id:  # else it is of another version, whose text is not this one's
            before, written = text[written : calls[0].at], max(written, calls[0].at)
        exchanges.append(Exchange(before.strip(), tuple(map(call_of, calls))))
    return tuple(exchanges), text[written:].strip()


def call_of(step: Step) -> ToolCall:
    """As the model is told of it. Under the step's own key: models name calls of different answers alike."""
    told = NOT_DECIDED if step.state is StepState.WAITING else step.told
    return ToolCall(step.id.hex, step.name, step.arguments, told)
