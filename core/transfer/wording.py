"""How exports that people read say what a document says."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from core.lines import one_line
from core.models import ConversationKind, MessageRole, MessageStatus, MessageType, Score, StepState
from core.transfer.document import Booked, Did, Document, Person, Reacted, Revision, Said

UNTITLED = "New chat"
DELETED = "This message was deleted"
DELETED_BY_MODERATOR = "This message was deleted by a moderator"
NOTHING = "This message is empty"
KINDS = {
    ConversationKind.ASSISTANT: "Chat with the assistant",
    ConversationKind.DIRECT: "Direct chat",
    ConversationKind.GROUP: "Group",
    ConversationKind.COMPANY: "Company room",
}
SCORES = {Score.UP: "good answer", Score.DOWN: "bad answer"}
ENDINGS = {
    MessageStatus.PENDING: "still being written",
    MessageStatus.STOPPED: "stopped",
    MessageStatus.INTERRUPTED: "interrupted",
    MessageStatus.FAILED: "failed",
    MessageStatus.WAITING: "waiting for a decision",
}
UNFINISHED_STEPS = {
    StepState.RUNNING: "not finished",
    StepState.WAITING: "not decided",
    StepState.FAILED: "failed",
    StepState.DECLINED: "declined",
}


def title_of(document: Document) -> str:
    return one_line(document.title) or UNTITLED


def moment(time: datetime) -> str:
    """As "24 November 2026, 09:05 UTC"."""
    time = time.astimezone(UTC)
    return f"{time.day} {time:%B} {time.year}, {time:%H:%M} UTC"


def name_of(place: int | None, people: Sequence[Person]) -> str:
    person = people[place] if place is not None and place < len(people) else None
    name = one_line(person.name or person.email or "") if person else ""
    return name or "Somebody"


def sender_of(said: Said, people: Sequence[Person]) -> str:
    if said.message_type is MessageType.NOTICE:
        return "Notice"
    if said.role is MessageRole.ASSISTANT:
        return f"Assistant ({said.model})" if said.model else "Assistant"
    return "System" if said.role is MessageRole.SYSTEM else name_of(said.sender, people)


def facts(document: Document) -> list[tuple[str, str]]:
    """About the conversation as a whole."""
    return [
        ("Kind", KINDS[document.kind]),
        ("Began", moment(document.created_at)),
        ("Last message", moment(document.last_message_at)),
        *([("Archived", moment(document.archived_at))] if document.archived_at else []),
        *([("Model", document.model)] if document.model else []),
        *([("Began in", document.source)] if document.source != "parley" else []),
    ]


def states(said: Said) -> list[str]:
    """What there is to say of a message beside its text."""
    return [
        *([f"reply to {said.reply_to}"] if said.reply_to and said.role is MessageRole.USER else []),
        *(["earlier version, replaced since"] if said.superseded_with is not None else []),
        *([ENDINGS[said.status]] if said.status in ENDINGS else []),
        *(["reached its longest length"] if said.reached_limit else []),
        *([f"edited {moment(said.edited_at)}"] if said.edited_at else []),
        *([_because("edited by a moderator", said.edit_reason)] if _shows_moderated(said) else []),
    ]


def absence(said: Said) -> str:
    """What stands in place of a text that isn't there."""
    if not said.deleted_at:
        return NOTHING
    return DELETED if said.delete_reason is None else _because(DELETED_BY_MODERATOR, said.delete_reason)


def replaced(revision: Revision) -> str:
    """Until when a message had a text that it had before, and why no longer."""
    until = f"Until {moment(revision.replaced_at)}"
    return _because(f"{until}, replaced by a moderator" if revision.by_moderator else until, revision.reason)


def _shows_moderated(said: Said) -> bool:
    return said.edit_reason is not None and not said.deleted_at


def _because(what: str, reason: str | None) -> str:
    return f"{what}: {one_line(reason)}" if reason and reason.strip() else what


def reactions_of(reactions: Iterable[Reacted], people: Sequence[Person]) -> str:
    """Each emoji with whose it is."""
    found: dict[str, list[str]] = {}
    for one in reactions:
        found.setdefault(one.emoji, []).append(name_of(one.by, people))
    return " · ".join(f"{emoji} {', '.join(names)}" for emoji, names in found.items())


def ratings_of(said: Said, people: Sequence[Person]) -> list[str]:
    return [
        ": ".join(
            part
            for part in (f"{name_of(one.by, people)}, {SCORES[one.score]}", ", ".join(one.tags), one.comment)
            if part
        )
        for one in said.ratings
    ]


def steps_of(said: Said) -> list[str]:
    """What was done for an answer, a line for each."""
    return [": ".join(part for part in (_name_of(one), one.shown.strip()) if part) for one in said.steps]


def _name_of(step: Did) -> str:
    name = " ".join(step.name.replace("_", " ").split()).capitalize() or "Step"
    state = "taken back" if step.is_undone else UNFINISHED_STEPS.get(step.state)
    return f"{name} ({state})" if state else name


def costs_of(call: Booked, people: Sequence[Person]) -> str:
    """A row of the ledger in one line."""
    tokens = f"{_count(call.input_tokens)} tokens read, {_count(call.output_tokens)} written"
    source = "" if call.usage_source == "exact" else f" ({call.usage_source.value})"
    asked = "" if call.by is None else f", for {name_of(call.by, people)}"
    what = f"{call.purpose.value} by {call.model} ({call.provider}), {call.status.value}"
    return f"{what}: {tokens}{source}, {money(call.cost)}{asked}"


def money(cost: Decimal | None) -> str:
    return "cost unknown" if cost is None else f"{format(cost.normalize(), 'f')} USD"


def _count(tokens: int | None) -> str:
    return "unknown" if tokens is None else f"{tokens:,}"
