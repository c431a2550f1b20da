"""The steps of answers, as their readers see them."""

import json
from collections.abc import Collection, Iterable
from uuid import UUID

from sqlmodel import Session

from core.assistant.steps import Step, StepState
from core.assistant.tools.registry import Tool, Toolbox
from core.models import Message, MessageRole
from core.permissions import Actor
from core.repositories.imported import Kept
from core.repositories.message_lines import MessageLine
from core.repositories.steps import Steps
from core.repositories.users import Users
from core.services.views import StepView
from core.transfer.document import Did

NOTHING = UUID(int=0)
"""The id of what can't be named: nothing can be done with it."""
UNKNOWN_ICON = ":material/build:"
LONGEST_VALUE = 2_000
"""Characters of an argument that are shown."""


def steps_of(
    session: Session,
    actor: Actor | None,
    lines: Iterable[MessageLine],
    open_ids: Collection[UUID] = (),
    *,
    tools: Toolbox,
) -> dict[UUID, tuple[StepView, ...]]:
    """For each of these answers what was done for it; those for which nothing was, or of which a moderator took the
    text, are missing. Those that were imported have what their document says.

    `open_ids`: those that wait for what their person decides. Without an actor nobody can do anything with a step.
    """
    told = [line for line in lines if line.role is MessageRole.ASSISTANT and is_told(line)]
    found = {line.id: tuple(_imported(one, tools) for one in kept) for line in told if (kept := Kept(line.extra).steps)}
    steps = {key: list(map(Step.of, of)) for key, of in Steps(session).list_of([line.id for line in told]).items()}
    me = actor.user_id if actor else None
    open_steps = [one for key in open_ids for one in steps.get(key, ()) if one.state is StepState.WAITING]
    names = Users(session).list_names({one.asked_by for one in open_steps} - {me})
    for key, of in steps.items():
        is_open = key in open_ids
        views = tuple(_view(me, one, tools, is_open=is_open, waits_for=names.get(one.asked_by)) for one in of)
        found[key] = found.get(key, ()) + views
    return found


def is_told(answer: MessageLine | Message) -> bool:
    """Whether it is still said what was done for an answer: not when a moderator, or anybody, took its text."""
    return answer.deleted_at is None and answer.edit_reason is None


def _view(me: UUID | None, step: Step, tools: Toolbox, *, is_open: bool, waits_for: str | None) -> StepView:
    tool, is_mine = tools.get(step.name), step.asked_by == me
    is_waiting = is_open and step.state is StepState.WAITING
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
        may_decide=is_waiting and is_mine,
        waits_for=waits_for if is_waiting and not is_mine else None,
    )


def _imported(did: Did, tools: Toolbox) -> StepView:
    """As it was where it comes from."""
    tool = tools.get(did.name)
    return StepView(
        id=NOTHING,
        label=tool.label if tool else did.name,
        icon=tool.icon if tool else UNKNOWN_ICON,
        state=did.state,
        arguments=_arguments(did.arguments),
        shown=did.shown,
        links=(),
        seconds=did.seconds,
        at=did.at,
        is_undone=did.is_undone,
        may_undo=False,
        may_decide=False,
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
        return (("arguments", _cut(written)),)
    return tuple((str(name), _value(value)) for name, value in given.items())


def _value(value: object) -> str:
    return _cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    """Whoever approves something is to know that they don't see all of it."""
    more = len(text) - LONGEST_VALUE
    return text if more <= 0 else f"{text[:LONGEST_VALUE]} [… {more:,} characters more]"
