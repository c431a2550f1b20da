"""The steps of answers: calls of tools as they went, each kept as a message of type tool that belongs to its answer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self
from uuid import UUID

from core.assistant.tools.registry import Link
from core.models import TOOL, Message, MessageStatus, StepState

__all__ = ["STATUS", "TOOL", "Step", "StepState"]

STATUS = {
    StepState.RUNNING: MessageStatus.PENDING,
    StepState.WAITING: MessageStatus.WAITING,
    StepState.DONE: MessageStatus.COMPLETE,
    StepState.FAILED: MessageStatus.FAILED,
    StepState.DECLINED: MessageStatus.STOPPED,
}


@dataclass(frozen=True, slots=True)
class Step:
    id: UUID
    answer_id: UUID
    name: str
    """Of the tool, as the model called it; there may be no such tool."""
    arguments: str
    """As the model wrote them, JSON or not."""
    call_id: str
    """The model's own name for the call."""
    run_id: UUID
    asked_by: UUID
    client_key: UUID
    round: int
    """Calls of the same one were made together."""
    at: int
    """Characters of the answer that stand before it."""
    state: StepState
    shown: str = ""
    """What came of it, in a sentence for people."""
    told: str = ""
    """The same for the model; empty where something was looked up, which is not kept."""
    links: tuple[Link, ...] = ()
    undo: Mapping[str, Any] | None = None
    seconds: float | None = None
    """How long it took; None while it has no end."""
    is_undone: bool = False

    @property
    def is_over(self) -> bool:
        return self.state not in (StepState.RUNNING, StepState.WAITING)

    @classmethod
    def of(cls, message: Message) -> Self:
        kept = message.extra[TOOL]
        assert message.reply_to_id is not None  # a step is always of an answer
        keys = {name: UUID(kept[name]) for name in ("run_id", "asked_by", "client_key")}
        links = tuple(Link(**link) for link in kept["links"])
        given = {**kept, **keys, "links": links, "state": StepState(kept["state"])}
        return cls(id=message.id, answer_id=message.reply_to_id, shown=message.content, **given)

    def extra(self) -> dict[str, Any]:
        """As it is kept, beside what the message's own columns have."""
        kept = asdict(self)
        for name in ("id", "answer_id", "shown"):
            del kept[name]
        for name in ("run_id", "asked_by", "client_key"):
            kept[name] = str(kept[name])
        return {TOOL: kept}

    def ended(self, state: StepState, **changes: Any) -> "Step":
        return replace(self, state=state, **changes)
