"""Long lists, page by page."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar


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
