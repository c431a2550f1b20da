"""Long lists, page by page."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import streamlit as st


class HasPosition(Protocol):
    @property
    def position(self) -> Any:
        """Where this line stands in its list."""


Line = TypeVar("Line", bound=HasPosition)


def paged(load: Callable[[int, Any], Sequence[Line]], sizes: Sequence[int]) -> tuple[list[Line], bool]:
    """Pages of these sizes, each found by where the one before ended, and whether there are more lines.

    `load(limit, position)` gives the lines that follow a position, the first ones for None.
    """
    lines: list[Line] = []
    for size in sizes:
        page = load(size + 1, lines[-1].position if lines else None)
        lines += page[:size]
        if len(page) <= size:
            return lines, False
    return lines, True


def pages_of(name: str, size: int) -> list[int]:
    """The sizes of the pages that `show_more` asked for in this tab; one to begin with."""
    return [size] * st.session_state.get(name, 1)


def show_more(name: str, *, key: str) -> None:
    """A button that makes the list of this name one page longer."""
    st.button("Show more", icon=":material/expand_more:", type="tertiary", key=key, on_click=_one_more, args=(name,))


def _one_more(name: str) -> None:
    st.session_state[name] = st.session_state.get(name, 1) + 1
