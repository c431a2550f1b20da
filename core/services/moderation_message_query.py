"""What the moderators' list of messages shows, as its address says it: a link is a saved search."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

from core.ids import parse_id
from core.repositories.overseen import Narrowed
from core.search.query import LONGEST_QUERY
from core.services.addresses import AddressReader, as_mark
from core.services.moderation_query import ASSISTANT, BACKWARDS, as_near_day, midnight

TAB = "messages"


class State(StrEnum):
    """What became of a message."""

    ANY = "any"
    THERE = "there"
    EDITED = "edited"
    DELETED = "deleted"
    TAKEN_BACK = "taken-back"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class MessagesQuery:
    text: str = ""
    """In the language of core.search.query. Empty: everything."""
    state: State = State.ANY
    room_id: UUID | None = None
    author_id: UUID | None = None
    by_assistant: bool = False
    first: date | None = None
    last: date | None = None
    """Days on which it was said."""
    after: str | None = None
    """Behind which line to go on."""
    message_id: UUID | None = None
    """The one that is open."""

    @property
    def is_filtered(self) -> bool:
        return self.looking(text="", message_id=None) != type(self)()

    def looking(self, **changes: object) -> Self:
        """Another list, from its beginning; the open message stays open."""
        return replace(self, **({"after": None} | changes))  # type: ignore[arg-type]

    def opening(self, message_id: UUID | None) -> Self:
        return replace(self, message_id=message_id)

    def narrowed(self, company_id: UUID, zone: ZoneInfo) -> Narrowed:
        return Narrowed(
            company_id,
            room_id=self.room_id,
            author_id=self.author_id,
            by_assistant=self.by_assistant,
            since=midnight(self.first, zone) if self.first else None,
            until=midnight(self.last + timedelta(days=1), zone) if self.last else None,
        )

    def params(self) -> dict[str, str]:
        """For the address: what is as it always is stays out of it."""
        values = {
            "tab": TAB,
            "q": self.text,
            "state": None if self.state is State.ANY else self.state,
            "room": self.room_id,
            "author": ASSISTANT if self.by_assistant else self.author_id,
            "from": self.first,
            "to": self.last,
            "after": self.after,
            "message": self.message_id,
        }
        return {name: str(value) for name, value in values.items() if value}


class MessagesReader(AddressReader):
    def read(self) -> MessagesQuery:
        first, last = self.one("from", as_near_day), self.one("to", as_near_day)
        if first and last and last < first:
            self.complaints.append(BACKWARDS)
            first = last = None
        author = self.one("author", lambda text: ASSISTANT if text == ASSISTANT else parse_id(text))
        return MessagesQuery(
            # One character more than a search may have: then it is said that the rest is left away.
            text=" ".join(self.params.get("q", ()))[: LONGEST_QUERY + 1].strip(),
            state=self.one("state", lambda text: State(text) if text in list(State) else None) or State.ANY,
            room_id=self.one("room", parse_id),
            author_id=author if isinstance(author, UUID) else None,
            by_assistant=author == ASSISTANT,
            first=first,
            last=last,
            after=self.one("after", as_mark),
            message_id=self.one("message", parse_id),
        )
