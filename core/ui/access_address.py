"""What the tab of grants shows, as its address says it."""

from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import UUID

import streamlit as st

from core.ids import parse_id
from core.services.addresses import AddressReader, as_mark

TAB, GRANTS = "tab", "grants"
LONGEST_NUMBER = 10


@dataclass(frozen=True, slots=True)
class AccessAddress:
    grant_id: UUID | None = None
    """The one under which is read; None: the list."""
    message: int | None = None
    """The seq of the message around which it is open."""
    before: int | None = None
    after: int | None = None
    """Next to which message to go on."""
    older: str | None = None
    """Behind which line of everybody's to go on."""

    def opening(self, grant_id: UUID | None, message: int | None = None) -> Self:
        return replace(self, grant_id=grant_id, message=message, before=None, after=None)

    def params(self) -> dict[str, str]:
        values: dict[str, Any] = {
            TAB: GRANTS,
            "grant": self.grant_id,
            "m": self.message,
            "before": self.before,
            "after": self.after,
            "older": self.older,
        }
        return {name: str(value) for name, value in values.items() if value is not None}


class AccessReader(AddressReader):
    def read(self) -> AccessAddress:
        before = self.one("before", _number)
        return AccessAddress(
            grant_id=self.one("grant", parse_id),
            message=self.one("m", _number),
            before=before,
            after=None if before is not None else self.one("after", _number),
            older=self.one("older", as_mark),
        )


def go(address: AccessAddress) -> None:
    """Has the page show that from the next draw on."""
    st.query_params.from_dict(address.params())


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None
