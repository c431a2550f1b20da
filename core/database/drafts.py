"""A file that has its name only once it is whole, whatever ends the process that writes it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from io import FileIO
from pathlib import Path

from core.errors import Conflict, Invalid

PRIVATE = 0o600


@contextmanager
def drafted(file: Path) -> Iterator[Path]:
    """Where to write it meanwhile, for its owner alone. When the block ends it gets its name; broken off, nothing stays
    of it. What a process left that was killed is no file of that name, and gives way to the next.

    Raises Invalid where one of that name is, Conflict while another process writes one, and OSError.
    """
    draft = file.with_name(f".{file.name}.part")
    with closing(_claimed(draft)), _taken_away(draft):
        if file.exists():
            raise Invalid(f"{file} is there already. Choose another name: a dump overwrites nothing.")
        yield draft
        draft.rename(file)


@contextmanager
def _taken_away(draft: Path) -> Iterator[None]:
    """If the block is broken off: once it has its name, one that is called so is another's."""
    try:
        yield
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _claimed(draft: Path) -> FileIO:
    """A new one, empty, that is this process's as long as it is open: into an older one something may still write that
    outlived who had begun it.
    """
    try:
        with closing(_locked(draft, os.O_CREAT)):
            draft.unlink()
            return _locked(draft, os.O_CREAT | os.O_EXCL)
    except (BlockingIOError, FileExistsError):
        raise Conflict(f"Another process is writing {draft.name}. Wait for it, or choose another name.") from None


def _locked(path: Path, flags: int) -> FileIO:
    """Raises BlockingIOError where another process has it."""
    with ExitStack() as opened:
        file = opened.enter_context(FileIO(os.open(path, os.O_RDWR | flags, PRIVATE), "r+"))
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_called(path, file):  # let go of just now
            raise BlockingIOError
        opened.pop_all()
        return file


def _is_called(path: Path, file: FileIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
