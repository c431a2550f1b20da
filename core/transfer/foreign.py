"""What all readers of other systems' exports share: their notes, and what stands in for what can't be brought along."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import clock
from core.errors import Invalid
from core.models import MAX_INSTRUCTIONS, ConversationKind, MessageRole
from core.transfer.document import Document, Person, Said
from core.transfer.tree import Node, messages_of
from core.transfer.values import a_list, a_name, a_text, a_title, cut

OWNER = Person("")
"""Whose export it is: it does not say, and whoever imports it is who that was."""
LONGEST_TEXT = 500_000
"""Characters of one message: what a page can still show."""
TITLE_LENGTH = 60

IMAGES = "Images can't be brought along; “[image]” stands where they were."
AUDIO = "Recordings can't be brought along; “[recording]” stands where they were."
FILES = "Files can't be brought along; their names stand where they were."
LOOSE = "Some messages name one before them that is not in the file; they were put at the beginning."
CIRCLE = "Some messages point at each other in a circle; they were left out."
UNKNOWN_KIND = "Some messages are of a kind that Parley doesn't know; they were left out."
TOO_LONG_TEXT = f"Messages longer than {LONGEST_TEXT:,} characters were cut there."
TOO_LONG_TOLD = f"Instructions longer than {MAX_INSTRUCTIONS:,} characters were left out."
SOURCES = "Sources that were listed below answers were left out."
NO_MESSAGES = "There is no message in it."


Notes = dict[str, None]
"""Each once, in the order in which they came up."""
Tree = dict[str, dict[str, Any]]
"""Messages as the source has them, by its own names for them."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a source says of a conversation as a whole."""

    source: str
    id: str
    title: object
    created_at: datetime | None
    archived_at: datetime | None
    """When it was changed last, if it is archived."""
    is_archived: bool
    shown: object
    """The last message of the branch that was shown."""
    instructions: str


def document_of(told: Told, nodes: Mapping[str, Node], parents: Mapping[str, str | None], notes: Notes) -> Document:
    """Raises Invalid when there is no message in it."""
    times = [node.at for node in nodes.values() if node.at]
    created_at = told.created_at or min(times, default=None) or clock.now()
    messages = messages_of(nodes, parents, a_text(told.shown) or None, created_at)
    if not messages:
        raise Invalid(NO_MESSAGES)
    if len(messages) < len(nodes):
        notes[CIRCLE] = None
    last = max(said.created_at for said in messages)
    title = a_title(told.title)
    return Document(
        source=told.source,
        id=told.id,
        kind=ConversationKind.ASSISTANT,
        title=title or _title_from(messages),
        is_titled=bool(title),
        created_at=min(created_at, messages[0].created_at),
        last_message_at=last,
        messages=messages,
        people=(OWNER,),
        instructions=_fitting(told.instructions.strip(), notes),
        archived_at=(told.archived_at or last) if told.is_archived else None,
        notes=tuple(notes),
    )


def parents_of(tree: Tree, parent: str, children: str, notes: Notes) -> dict[str, str | None]:
    """As each message says under `parent`; where it does not, as the one says that has it among its `children`."""
    claimed = {a_text(child): key for key, message in tree.items() for child in a_list(message.get(children))}
    parents: dict[str, str | None] = {}
    for key, message in tree.items():
        named = a_text(message.get(parent))
        parents[key] = named if named in tree else claimed.get(key)
        if named and parents[key] is None:
            notes[LOOSE] = None
    return parents


def attached(names: Iterable[object], notes: Notes) -> list[str]:
    """A line for each file."""
    lines = [f"[file: {name}]" if (name := a_name(given)) else "[file]" for given in names]
    if lines:
        notes[FILES] = None
    return lines


def joined(parts: Iterable[str], notes: Notes) -> str:
    """The parts of a message as one text that is not too long."""
    text = "\n\n".join(part for part in parts if part.strip()).strip("\n")
    if len(text) > LONGEST_TEXT:
        notes[TOO_LONG_TEXT] = None
    return cut(text, LONGEST_TEXT)


def _fitting(instructions: str, notes: Notes) -> str:
    if len(instructions) <= MAX_INSTRUCTIONS:
        return instructions
    notes[TOO_LONG_TOLD] = None
    return ""


def _title_from(messages: Sequence[Said]) -> str:
    """For a conversation without one: how its first question begins."""
    question = next((said.content for said in messages if said.role is MessageRole.USER), "")
    return cut(" ".join(question[: TITLE_LENGTH * 4].split()), TITLE_LENGTH)
