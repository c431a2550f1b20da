"""What the People page shows, as its address says it."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

import streamlit as st

from core.ids import parse_id
from core.permissions import Role
from core.services.addresses import AddressReader, as_name
from core.services.people_looking import PeopleWanted, PersonState

PAGES = "people_pages"
"""How many pages of the list are shown."""


class Shown(StrEnum):
    ALL = "all"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"
    INVITED = "invited"


@dataclass(frozen=True, slots=True)
class PeopleAddress:
    text: str = ""
    role: Role | None = None
    shown: Shown = Shown.ALL
    person_id: UUID | None = None
    """Who is open."""

    @property
    def wanted(self) -> PeopleWanted:
        states = {state.value: state for state in PersonState}
        return PeopleWanted(self.text, self.role, states.get(self.shown.value))

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.role or self.shown is not Shown.ALL)

    def listing(self, **changes: Any) -> Self:
        """Another list; who was open of this one is closed."""
        return replace(self, **({"person_id": None} | changes))

    def params(self) -> dict[str, str]:
        shown = None if self.shown is Shown.ALL else self.shown
        values = {"q": self.text, "role": self.role, "show": shown, "p": self.person_id}
        return {name: str(value) for name, value in values.items() if value}


class PeopleReader(AddressReader):
    def read(self) -> PeopleAddress:
        return PeopleAddress(
            text=(self.one("q", as_name) or "").strip(),
            role=self.one("role", _role),
            shown=self.one("show", _shown) or Shown.ALL,
            person_id=self.one("p", parse_id),
        )


def go(address: PeopleAddress) -> None:
    """Has the page show that from the next draw on."""
    st.query_params.from_dict(address.params())


def search(address: PeopleAddress) -> None:
    """The same for another list, which begins at its beginning."""
    st.session_state.pop(PAGES, None)
    go(address)


def _role(text: str) -> Role | None:
    return Role(text) if text in list(Role) else None


def _shown(text: str) -> Shown | None:
    return Shown(text) if text in list(Shown) else None
