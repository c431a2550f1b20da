"""The steps of answers, as their readers see them."""

import json
from collections.abc import Collection
from uuid import UUID

from sqlmodel import Session

from core.assistant.steps import Step, StepState
from core.assistant.tools.registry import Tool, Toolbox
from core.permissions import Actor
from core.repositories.steps import Steps
from core.services.views import StepView

UNKNOWN_ICON = ":material/build:"
LONGEST_VALUE = 2_000
"""Characters of an argument that are shown."""


def steps_of(
    session: Session, actor: Actor, answer_ids: Collection[UUID], open_ids: Collection[UUID], tools: Toolbox
) -> dict[UUID, tuple[StepView, ...]]:
    """For each of these answers what was done for it; those for which nothing was are missing.

    `open_ids`: those that wait for what their person decides.
    """
    return {
        answer_id: tuple(_view(actor, Step.of(message), tools, is_open=answer_id in open_ids) for message in messages)
        for answer_id, messages in Steps(session).list_of(answer_ids).items()
    }


def _view(actor: Actor, step: Step, tools: Toolbox, *, is_open: bool) -> StepView:
    tool, is_mine = tools.get(step.name), step.asked_by == actor.user_id
    return StepView(
        id=step.id,
        label=tool.label if tool else step.name,
        icon=tool.icon if tool else UNKNOWN_ICON,
        state=step.state,
        arguments=_arguments(step.arguments),
        shown=step.shown,
        links=step.links if is_mine else (),
        seconds=step.seconds,
        at=step.at,
        is_undone=step.is_undone,
        may_undo=is_mine and can_be_undone(step, tool),
        may_decide=is_open and is_mine and step.state is StepState.WAITING,
    )


def can_be_undone(step: Step, tool: Tool | None) -> bool:
    is_done = step.state is StepState.DONE and not step.is_undone and step.undo is not None
    return is_done and tool is not None and tool.undo is not None


def _arguments(written: str) -> tuple[tuple[str, str], ...]:
    """By name where they can be read, else as they were written."""
    try:
        given = json.loads(written or "{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        return (("arguments", written[:LONGEST_VALUE]),)
    return tuple((str(name), _value(value)) for name, value in given.items())


def _value(value: object) -> str:
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:LONGEST_VALUE]
