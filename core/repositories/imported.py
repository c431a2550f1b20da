"""What an imported conversation keeps beside its columns, written when it comes in and read when it goes out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from core.ids import new_id
from core.models import IMPORTED, MAX_INSTRUCTIONS, MAX_TITLE, Conversation, ConversationKind, MessageStatus
from core.permissions import Actor
from core.repositories.messages import REACHED_LIMIT
from core.transfer.document import Booked, Did, Document, Person, Rated, Reacted, Said
from core.transfer.parts import BOOKED, DID, PERSON, RATED, REACTED, write_time
from core.transfer.values import cut

PARLEY = "parley"
ENDED = MessageStatus.INTERRUPTED
"""What an answer becomes that was being written, or waited for a decision, where it was exported."""
UNFINISHED = (MessageStatus.PENDING, MessageStatus.WAITING)


def key_of(source: str, id: str) -> str:  # noqa: A002
    """A source has no colon in its name."""
    return f"{source}:{id}"


class Arrival:
    """A document as rows of its new owner's."""

    def __init__(self, document: Document, owner: Actor) -> None:
        self.document = document
        self.owner = owner
        self.mine = [place for place, person in enumerate(document.people) if _is(person, owner)]
        self.title = cut(" ".join(document.title.split()), MAX_TITLE)
        self.instructions = document.instructions if len(document.instructions) <= MAX_INSTRUCTIONS else ""

    def origin(self) -> dict[str, Any]:
        document, messages = self.document, self.document.messages
        return {
            "kind": document.kind.value,
            "people": [PERSON.write(person) for person in document.people],
            "mine": self.mine,
            "count": len(messages),
            "shift": messages[-1].seq - len(messages) if messages else 0,
            "title": [self.title, document.title],
            "instructions": [self.instructions, document.instructions],
            "model": document.model,
            "calls": [BOOKED.write(call) for call in document.calls],
            "extra": json.dumps(document.extra),  # as text: JSONB writes numbers its own way
        }

    def messages(self, conversation_id: UUID, ids: Sequence[UUID]) -> Iterator[dict[str, Any]]:
        by_seq = {said.seq: id_ for said, id_ in zip(self.document.messages, ids, strict=True)}
        for seq, (said, id_) in enumerate(zip(self.document.messages, ids, strict=True), 1):
            yield {
                "id": id_,
                "created_at": said.created_at,
                "conversation_id": conversation_id,
                "seq": seq,
                "sender_id": self._account(said.sender),
                "role": said.role,
                "message_type": said.message_type,
                "content": said.content,
                "status": ENDED if said.status in UNFINISHED else said.status,
                "reply_to_id": _named(by_seq, said.reply_to),
                "superseded_with_id": _named(by_seq, said.superseded_with),
                "version_group_id": _named(by_seq, said.version_group),
                "extra": {IMPORTED: self._beside(said)} | ({REACHED_LIMIT: True} if said.reached_limit else {}),
                "tokens_used": said.tokens,
                "edited_at": said.edited_at,
                "edited_by": self._account(said.edited_by),
                "deleted_at": said.deleted_at,
            }

    def revisions(self, ids: Sequence[UUID]) -> Iterator[dict[str, Any]]:
        for said, message_id in zip(self.document.messages, ids, strict=True):
            for revision in said.revisions:
                yield {
                    "id": new_id(),
                    "created_at": revision.replaced_at,
                    "message_id": message_id,
                    "content": revision.content,
                    "edited_by": self._account(revision.edited_by),
                    "reason": revision.reason,
                }

    def reactions(self, ids: Sequence[UUID]) -> Iterator[dict[str, Any]]:
        """The owner's; those of others have no account to belong to."""
        for said, message_id in zip(self.document.messages, ids, strict=True):
            for one in said.reactions:
                if user_id := self._account(one.by):
                    yield {"message_id": message_id, "user_id": user_id, "emoji": one.emoji, "created_at": one.at}

    def ratings(self, ids: Sequence[UUID]) -> Iterator[dict[str, Any]]:
        """Likewise."""
        for said, message_id in zip(self.document.messages, ids, strict=True):
            for one in said.ratings:
                if user_id := self._account(one.by):
                    yield {
                        "id": new_id(),
                        "created_at": one.at,
                        "message_id": message_id,
                        "user_id": user_id,
                        "score": one.score,
                        "tags": list(one.tags),
                        "comment": one.comment,
                    }

    def _account(self, place: int | None) -> UUID | None:
        return self.owner.user_id if place in self.mine else None

    def _beside(self, said: Said) -> dict[str, Any]:
        """`sender` has a name as well, for whoever shows the message, and `model` for who searches."""
        named = None if said.sender is None else self.document.people[said.sender].name
        beside = {
            "seq": said.seq,
            "sender": None if said.sender is None else {"place": said.sender, "name": named},
            "model": said.model,
            "is_pending": said.status is MessageStatus.PENDING,
            "is_waiting": said.status is MessageStatus.WAITING,
            "edited_at": said.edited_at and write_time(said.edited_at),
            "edited_by": said.edited_by,
            "edit_reason": said.edit_reason,
            "delete_reason": said.delete_reason,
            "revised_by": [revision.edited_by for revision in said.revisions],
            "moderated": [at for at, revision in enumerate(said.revisions) if revision.by_moderator],
            "reactions": [REACTED.write(one) for one in said.reactions],
            "ratings": [RATED.write(one) for one in said.ratings],
            "calls": [BOOKED.write(one) for one in said.calls],
            "steps": [DID.write(one) for one in said.steps],
        }
        return {
            name: value for name, value in beside.items() if value is not None and value is not False and value != []
        }


class Origin:
    """Of a conversation: that it was imported, or that it began here."""

    def __init__(self, conversation: Conversation) -> None:
        source, _, id_ = (conversation.origin_key or key_of(PARLEY, str(conversation.id))).partition(":")
        self.source, self.id = source, id_
        self._kept: Mapping[str, Any] = conversation.origin or {}
        self.kind = ConversationKind(self._kept.get("kind", conversation.kind))
        self.mine: Sequence[int] = self._kept.get("mine", ())
        """Where the owner stands among its people."""
        self.count: int = self._kept.get("count", 0)
        """How many of its messages were imported."""
        self.shift: int = self._kept.get("shift", 0)
        """What is added to the seq of a message that was said here since."""
        self.model: str | None = self._kept.get("model")
        self.extra: dict[str, Any] = json.loads(self._kept.get("extra", "{}"))

    @cached_property
    def people(self) -> list[Person]:
        return [PERSON.read(person, "") for person in self._kept.get("people", ())]

    @cached_property
    def calls(self) -> list[Booked]:
        return [BOOKED.read(call, "") for call in self._kept.get("calls", ())]

    def title(self, now: str) -> str:
        return self._unless_changed("title", now)

    def instructions(self, now: str) -> str:
        return self._unless_changed("instructions", now)

    def _unless_changed(self, name: str, now: str) -> str:
        given, original = self._kept.get(name, (now, now))
        return str(original) if given == now else now


class Kept:
    """What a message keeps; nothing for one that was said here."""

    def __init__(self, extra: Mapping[str, Any]) -> None:
        self._kept: Mapping[str, Any] = extra.get(IMPORTED) or {}
        self.seq: int | None = self._kept.get("seq")
        self.model: str | None = self._kept.get("model")
        self.is_pending: bool = self._kept.get("is_pending", False)
        self.is_waiting: bool = self._kept.get("is_waiting", False)
        self.edited_by: int | None = self._kept.get("edited_by")
        self.revised_by: Sequence[int | None] = self._kept.get("revised_by", ())
        self.moderated: Sequence[int] = self._kept.get("moderated", ())
        """Which of its first revisions were replaced by a moderator of where it is from; nobody here did that."""
        self.edit_reason: str | None = self._kept.get("edit_reason")
        self.delete_reason: str | None = self._kept.get("delete_reason")

    def __bool__(self) -> bool:
        return bool(self._kept)

    @property
    def sender(self) -> int | None:
        sender: Mapping[str, int] = self._kept.get("sender") or {}
        return sender.get("place")

    @property
    def edited_at(self) -> datetime | None:
        moment = self._kept.get("edited_at")
        return datetime.fromisoformat(moment) if moment else None

    @property
    def reactions(self) -> list[Reacted]:
        return [REACTED.read(one, "") for one in self._kept.get("reactions", ())]

    @property
    def ratings(self) -> list[Rated]:
        return [RATED.read(one, "") for one in self._kept.get("ratings", ())]

    @property
    def calls(self) -> list[Booked]:
        return [BOOKED.read(one, "") for one in self._kept.get("calls", ())]

    @property
    def steps(self) -> list[Did]:
        return [DID.read(one, "") for one in self._kept.get("steps", ())]


def _is(person: Person, owner: Actor) -> bool:
    """A source that names nobody means the one whose export it is."""
    if person.email is None:
        return not person.name
    return person.email.casefold() == owner.email.casefold()


def _named(by_seq: Mapping[int, UUID], seq: int | None) -> UUID | None:
    return None if seq is None else by_seq.get(seq)
