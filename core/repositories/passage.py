"""The way through a conversation that is being exported: what was read so far, and rows as parts of a document."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from core.models import TOOL, CallPurpose, Conversation, MessageStatus, StepState
from core.repositories import imported
from core.repositories.document_pages import CallRow, MessageRow, Rows, editor_of
from core.repositories.imported import Kept, Origin
from core.repositories.messages import REACHED_LIMIT
from core.transfer.document import Booked, Did, Document, Person, Rated, Reacted, Revision, Said
from core.transfer.outgoing import Included
from core.transfer.parts import LONG, SHORT

NONE = UUID(int=0)


class Passage:
    def __init__(self, conversation: Conversation, *, floor: int, included: Included, title: str | None) -> None:
        self.conversation_id = conversation.id
        self.included = included
        self.floor = floor
        self.last_seq = conversation.last_seq
        self.after, self.after_call = floor, NONE
        self.origin = Origin(conversation)
        self.head = _head(conversation, self.origin, title)
        self.people: list[Person] = list(self.origin.people)
        """Whoever was named so far: an imported conversation begins with those of its document."""
        self._places: dict[UUID, int | None] = {}
        if self.origin.mine:
            self._places[conversation.owner_id] = self.origin.mine[0]
        self._seqs: dict[UUID, int] = {}
        """Of every message that was read: about 150 bytes each."""
        self._shown: set[int] = set()
        self._last = 0
        self._has_begun_calls = False
        self._meeting: Mapping[UUID, Person] = {}

    def raise_floor(self, floor: int) -> None:
        """Nothing up to there from now on."""
        self.floor, self.after = max(self.floor, floor), max(self.after, floor)

    def strangers(self, ids: Iterable[UUID | None]) -> list[UUID]:
        """Those who were not named yet, in order."""
        return list(dict.fromkeys(id_ for id_ in ids if id_ is not None and id_ not in self._places))

    def meet(self, found: Mapping[UUID, Person]) -> None:
        """Who the strangers of the next page are."""
        self._meeting = found

    def _place(self, user_id: UUID | None) -> int | None:
        """Somebody gets their place when they are named first, whatever was read with them."""
        if user_id is None:
            return None
        if user_id not in self._places:
            person = self._meeting.get(user_id)
            self._places[user_id] = None if person is None else len(self.people)
            self.people.extend([person] if person else [])
        return self._places[user_id]

    def said(self, row: MessageRow, rows: Rows) -> Said:
        self.after = row.seq
        kept = Kept(row.extra)
        seq, reply_to = self._seq(row, kept), self._named(row.reply_to_id)
        self._seqs[row.id] = seq
        sender = kept.sender if kept else self._place(row.sender_id)
        is_kept_edit = kept and kept.edited_at == row.edited_at
        edited_by = kept.edited_by if is_kept_edit else self._place(row.edited_by)
        revisions = self._revisions(row, rows, kept) if self.included.versions else ()
        is_there = row.deleted_at is None
        with_reactions = self.included.reactions and is_there
        reactions = self._reactions(row, rows, kept) if with_reactions else ()
        ratings = self._ratings(row, rows, kept) if with_reactions else ()
        calls = rows.calls.get(row.id, ())
        return Said(
            seq=seq,
            role=row.role,
            content=row.content,
            created_at=row.created_at,
            message_type=row.message_type,
            status=_status(row, kept),
            sender=sender,
            reply_to=reply_to,
            **self._version(row, seq),
            model=kept.model or _model(calls),
            tokens=row.tokens_used,
            reached_limit=REACHED_LIMIT in row.extra,
            edited_at=row.edited_at,
            edited_by=edited_by,
            edit_reason=kept.edit_reason if row.edit_reason is None else row.edit_reason,
            deleted_at=row.deleted_at,
            delete_reason=kept.delete_reason if row.delete_reason is None else row.delete_reason,
            # What a moderator took out is in the texts before.
            revisions=revisions if is_there and row.edit_reason is None else (),
            steps=(*kept.steps, *map(_did, rows.steps.get(row.id, ()))) if is_there and row.edit_reason is None else (),
            reactions=reactions,
            ratings=ratings,
            calls=(*kept.calls, *map(self._booked, calls)) if self.included.ledger else (),
        )

    def other_calls(self, rows: Sequence[CallRow]) -> list[Booked]:
        """A page of them; the document's own come first."""
        before = () if self._has_begun_calls else self.origin.calls
        self._has_begun_calls = True
        if rows:
            self.after_call = rows[-1].id
        return [*before, *map(self._booked, rows)]

    def document(self, messages: tuple[Said, ...], calls: tuple[Booked, ...]) -> Document:
        return replace(self.head, messages=messages, calls=calls, people=tuple(self.people))

    def _seq(self, row: MessageRow, kept: Kept) -> int:
        """As in the document it came with; what was said here since follows."""
        if kept.seq is not None:
            self._last = kept.seq
        elif row.seq <= self.origin.count:  # it was written anew, and lost what was kept of it
            self._last += 1
        else:
            self._last = row.seq + self.origin.shift
        return self._last

    def _named(self, message_id: UUID | None) -> int | None:
        """A message that was read, by its seq."""
        return None if message_id is None else self._seqs.get(message_id)

    def _version(self, row: MessageRow, seq: int) -> dict[str, int | None]:
        """Only what the document has: where versions change while it is read, some of them may be missing."""
        if not self.included.versions:
            return {}
        group, superseded = self._named(row.version_group_id), self._named(row.superseded_with_id)
        if row.superseded_with_id is None:
            if group in self._shown:
                group = None
            elif group is not None:
                self._shown.add(group)
        elif superseded is None:
            superseded = seq
        return {"version_group": group, "superseded_with": superseded}

    def _revisions(self, row: MessageRow, rows: Rows, kept: Kept) -> tuple[Revision, ...]:
        """Who a moderator is stands nowhere."""
        found = rows.revisions.get(row.id, ())
        return tuple(
            Revision(
                one.content, one.created_at,
                kept.revised_by[at] if at < len(kept.revised_by) else self._place(editor_of(one)),
                one.reason, one.by_moderator or at in kept.moderated,
            )
            for at, one in enumerate(found)
        )  # fmt: skip

    def _reactions(self, row: MessageRow, rows: Rows, kept: Kept) -> tuple[Reacted, ...]:
        """The owner's own as they are now, in the place that they had."""
        now = [Reacted(one.emoji, self._place(one.user_id), one.created_at) for one in rows.reactions.get(row.id, ())]
        own = {one.emoji for one in now if self._is_own(one)}
        before = [one for one in kept.reactions if not self._is_own(one) or one.emoji in own]
        known = {one.emoji for one in before if self._is_own(one)}
        return (*before, *(one for one in now if not self._is_own(one) or one.emoji not in known))

    def _ratings(self, row: MessageRow, rows: Rows, kept: Kept) -> tuple[Rated, ...]:
        """Likewise."""
        now = [
            Rated(one.score, self._place(one.user_id), one.created_at, tuple(one.tags), one.comment)
            for one in rows.ratings.get(row.id, ())
        ]
        own = next(filter(self._is_own, now), None)
        before = kept.ratings
        if first := next(filter(self._is_own, before), None):
            at = before.index(first)
            before[at : at + 1] = [replace(own, by=first.by, at=first.at)] if own else []
            now = [one for one in now if one is not own]
        return (*before, *now)

    def _is_own(self, one: Reacted | Rated) -> bool:
        """The owner's of an imported conversation."""
        return one.by in self.origin.mine

    def _booked(self, row: CallRow) -> Booked:
        return Booked(
            at=row.created_at,
            by=self._place(row.user_id),
            **{
                name: getattr(row, name)
                for name in (
                    *("purpose", "provider", "model", "status", "usage_source", "duration_ms", "input_tokens"),
                    *("cached_tokens", "output_tokens", "input_price", "output_price", "cost", "price_source"),
                    *("first_token_ms", "error_code"),
                )
            },
        )


def _head(conversation: Conversation, origin: Origin, title: str | None) -> Document:
    return Document(
        source=origin.source,
        id=origin.id,
        kind=origin.kind,
        title=origin.title(conversation.title) or title or "",
        is_titled=conversation.is_titled,
        created_at=conversation.created_at,
        last_message_at=conversation.last_message_at,
        messages=(),
        model=conversation.model or origin.model,
        instructions=origin.instructions(conversation.instructions),
        archived_at=conversation.archived_at,
        extra=origin.extra,
    )


def _status(row: MessageRow, kept: Kept) -> MessageStatus:
    """An answer that was being written, or waited, when it was exported is an interrupted one here."""
    if row.status is not imported.ENDED or not (kept.is_pending or kept.is_waiting):
        return MessageStatus(row.status)
    return MessageStatus.PENDING if kept.is_pending else MessageStatus.WAITING


def _did(row: Row[Any]) -> Did:
    """Without what the model was told, which may be for the asker alone, and without a way to take it back."""
    kept = row.extra[TOOL]
    plain = {name: kept[name] for name in ("at", "seconds", "is_undone")}
    texts = {"name": kept["name"][:SHORT], "arguments": kept["arguments"][:LONG]}
    return Did(shown=row.content[:LONG], state=StepState(kept["state"]), **texts, **plain)


def _model(calls: Sequence[CallRow]) -> str | None:
    return next((call.model for call in reversed(calls) if call.purpose is CallPurpose.ANSWER), None)
