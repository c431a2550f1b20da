"""For whom something is being done, as the log tells it: ids, each known where it was found out.

Tasks and the threads of anyio begin with what their maker knew; other threads begin with nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

Known = dict[str, str]

_known: ContextVar[Known | None] = ContextVar("parley_who", default=None)


def known() -> Known:
    """Any of request, person, run, conversation."""
    return _known.get() or {}


def note(**ids: UUID | None) -> None:
    """From here to the end of this task or thread."""
    _known.set(known() | {name: str(id_) for name, id_ in ids.items() if id_ is not None})


@contextmanager
def noted(**ids: UUID | None) -> Iterator[None]:
    """For this block."""
    token = _known.set(known() | {name: str(id_) for name, id_ in ids.items() if id_ is not None})
    try:
        yield
    finally:
        _known.reset(token)
