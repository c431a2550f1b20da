"""What the browse page shows, as its address says it: a link is a saved search."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Self, TypeVar
from uuid import UUID

import streamlit as st

from core.ids import parse_id
from core.models import ConversationKind
from core.services.browse_views import Filters, Sort, State
from core.services.search_views import Order
from core.ui.links import CONVERSATION

QUERY = "q"
LONGEST_NUMBER = 10
LONGEST_MARK = 100
YEARS = range(1970, 2200)

Value = TypeVar("Value")
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Address:
    query: str = ""
    """Empty: the list of everything."""
    order: Order = Order.BEST
    more: str | None = None
    """Behind which hit to go on."""
    filters: Filters = Filters()  # noqa: RUF009 - frozen
    sort: Sort = Sort.RECENT
    older: str | None = None
    newer: str | None = None
    """Next to which line of the list to go on."""
    conversation_id: UUID | None = None
    message: int | None = None
    """The seq of the message around which it is open."""
    before: int | None = None
    after: int | None = None
    """Next to which message to go on."""

    def listing(self, **changes: Any) -> Self:
        """Another list, from its beginning; what was open of this one is closed."""
        kept = replace(self, more=None, older=None, newer=None)
        return replace(kept.opening(None), **changes)

    def opening(self, conversation_id: UUID | None, message: int | None = None) -> Self:
        """The same list beside another conversation."""
        return replace(self, conversation_id=conversation_id, message=message, before=None, after=None)

    def params(self) -> dict[str, str]:
        """For the address bar: what is as it always is stays out of it."""
        filters = self.filters
        kinds = [kind.value for kind in ConversationKind if kind in filters.kinds]
        values: dict[str, Any] = {
            QUERY: self.query or None,
            "order": None if self.order is Order.BEST else self.order,
            "more": self.more,
            "kind": None if len(kinds) == len(ConversationKind) else ",".join(kinds),
            "state": None if filters.state is State.ACTIVE else filters.state,
            "model": filters.model,
            "owner": filters.owner_id,
            "from": filters.since,
            "to": filters.until,
            "sort": None if self.sort is Sort.RECENT else self.sort,
            "older": self.older,
            "newer": self.newer,
            CONVERSATION: self.conversation_id,
            "m": self.message,
            "before": self.before,
            "after": self.after,
        }
        return {name: str(value) for name, value in values.items() if value is not None}


class Reader:
    """Reads an address. What can't be used is left out, with a sentence in `complaints`."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self.params = params
        self.complaints: list[str] = []

    def read(self) -> Address:
        return Address(
            query=self.params.get(QUERY, "").strip(),
            order=self._one_of("order", Order) or Order.BEST,
            more=self._mark("more"),
            filters=Filters(
                kinds=self._kinds(),
                state=self._one_of("state", State) or State.ACTIVE,
                owner_id=self._parsed("owner", parse_id),
                model=self.params.get("model") or None,
                since=self._parsed("from", _day),
                until=self._parsed("to", _day),
            ),
            sort=self._one_of("sort", Sort) or Sort.RECENT,
            older=self._mark("older"),
            newer=self._mark("newer"),
            conversation_id=self._parsed(CONVERSATION, parse_id),
            message=self._parsed("m", _number),
            before=self._parsed("before", _number),
            after=self._parsed("after", _number),
        )

    def complain(self, name: str) -> None:
        """Says that this part of the address is left out."""
        self.complaints.append(f"“{name}={_short(self.params[name])}” in the address can't be used and was left out.")

    def _kinds(self) -> frozenset[ConversationKind]:
        names = [name for name in self.params.get("kind", "").split(",") if name]
        kinds = {kind for kind in ConversationKind if kind.value in names}
        if len(kinds) < len(set(names)):
            self.complain("kind")
        return frozenset(kinds or ConversationKind)

    def _one_of(self, name: str, choices: type[Choice]) -> Choice | None:
        return self._parsed(name, lambda text: choices(text) if text in list(choices) else None)

    def _mark(self, name: str) -> str | None:
        return self._parsed(name, lambda text: text if len(text) <= LONGEST_MARK else None)

    def _parsed(self, name: str, parse: Callable[[str], Value | None]) -> Value | None:
        text = self.params.get(name)
        if not text:
            return None
        found = parse(text)
        if found is None:
            self.complain(name)
        return found


def go(address: Address) -> None:
    """Has the page show that from the next draw on."""
    st.query_params.from_dict(address.params())


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in YEARS else None


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
