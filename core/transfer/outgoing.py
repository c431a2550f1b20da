"""A document on its way out, message by message, so that a long one is never held as a whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from core.transfer.document import Booked, Document, Person, Said


@dataclass(frozen=True, slots=True)
class Included:
    """What an export has beside the transcript."""

    versions: bool = False
    """Superseded messages, and the texts that messages had before they were edited."""
    reactions: bool = False
    """Reactions, and what people thought of answers."""
    ledger: bool = False
    """The calls to models, and what they cost."""
    only_of: UUID | None = None
    """Of ratings, and of texts before people's edits, only this person's, as in a room. None: everybody's."""


EVERYTHING = Included(versions=True, reactions=True, ledger=True)


@dataclass(frozen=True, slots=True)
class Outgoing:
    head: Document
    """All but its messages, people and calls."""
    people: Sequence[Person]
    """Grows while messages and calls are read: whoever one of them names is there by then."""
    messages: Iterable[Said]
    """To be read once."""
    calls: Iterable[Booked]
    """Likewise, after the messages."""


def outgoing(document: Document) -> Outgoing:
    """A document that is there as a whole."""
    head = replace(document, messages=(), people=(), calls=())
    return Outgoing(head, document.people, document.messages, document.calls)
