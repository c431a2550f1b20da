"""Files that people sent and that wait to be imported: on disk, for a day, each for the one who sent it."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from core import clock
from core.errors import Invalid, NotFound, TooLarge, TooManyAttempts, Unavailable
from core.ids import new_token
from core.permissions import Actor, Permission

MEGABYTE = 1_000_000
WAITING = 3
"""Files that one person may have here at a time, those on their way as well."""
LIFE = 24 * 60 * 60
"""Seconds that one waits."""
STALLED = 15 * 60
"""Seconds without a further piece after which one is not on its way any more."""
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
COMING = ".part"

GONE = "That file is no longer here: files wait for a day. Choose it again."
DISK_FULL = "There is no room left on Parley's disk for this file. Tell an admin."
NOT_WRITTEN = "Parley could not keep this file. Tell an admin."
TOO_MANY = "Three files of yours are on their way already. Wait until they are there."
EMPTY = "This file is empty."


class Incoming:
    """A file on its way. Leaving the block without `finish` removes what has come."""

    def __init__(self, draft: Path, limit: int) -> None:
        self.draft = draft
        self.limit = limit
        self.size = 0
        self.is_finished = False

    def __enter__(self) -> Self:
        with _kept():
            opened = os.open(self.draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self.file = os.fdopen(opened, "wb", buffering=0)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.file.close()
        if not self.is_finished:
            self.draft.unlink(missing_ok=True)

    def write(self, part: bytes) -> None:
        """Raises TooLarge; Unavailable when the disk is full."""
        self.size += len(part)
        if self.size > self.limit:
            raise TooLarge(too_large(self.limit))
        left = memoryview(part)
        with _kept():
            while left:
                left = left[self.file.write(left) :]

    def finish(self) -> str:
        """The id to ask for it by. Raises Invalid when nothing has come."""
        if not self.size:
            raise Invalid(EMPTY)
        self.draft.rename(self.draft.with_suffix(""))
        self.is_finished = True
        return self.draft.stem.partition("~")[2]


class Uploads:
    """Needs the right to chat. Nobody reaches the files of others: they don't exist for them."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self.limit = megabytes * MEGABYTE

    def begin(self, actor: Actor, size: int | None = None) -> Incoming:
        """`size` as announced, None if it was not. Raises TooLarge, TooManyAttempts, NotPermitted."""
        actor.require(Permission.CHAT_USE)
        if size is not None and size > self.limit:
            raise TooLarge(too_large(self.limit))
        with _kept():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._remove_old()
        self._make_room(actor)
        return Incoming(self.folder / f"{actor.user_id.hex}~{new_token()}{COMING}", self.limit)

    def open(self, actor: Actor, upload_id: str) -> BinaryIO:
        """To be closed by the caller. Raises NotFound."""
        actor.require(Permission.CHAT_USE)
        try:
            return self._path(actor, upload_id).open("rb")
        except FileNotFoundError:
            raise NotFound(GONE) from None

    def drop(self, actor: Actor, upload_id: str) -> None:
        """Removes it, if it is there."""
        actor.require(Permission.CHAT_USE)
        self._path(actor, upload_id).unlink(missing_ok=True)

    def _path(self, actor: Actor, upload_id: str) -> Path:
        if not TOKEN.fullmatch(upload_id):
            raise NotFound(GONE)
        return self.folder / f"{actor.user_id.hex}~{upload_id}"

    def _remove_old(self) -> None:
        for path, changed_at in _aged(self.folder, "*~*"):
            if changed_at < clock.now().timestamp() - (STALLED if path.suffix == COMING else LIFE):
                path.unlink(missing_ok=True)

    def _make_room(self, actor: Actor) -> None:
        """The oldest that waits goes for the new one; what is on its way stays."""
        mine = _aged(self.folder, f"{actor.user_id.hex}~*")
        waiting = [path for path, _ in sorted(mine, key=lambda pair: pair[1]) if path.suffix != COMING]
        coming = sum(path.suffix == COMING for path, _ in _aged(self.folder, f"{actor.user_id.hex}~*"))
        if coming >= WAITING:
            raise TooManyAttempts(TOO_MANY)
        for path in waiting[: max(len(waiting) + coming + 1 - WAITING, 0)]:
            path.unlink(missing_ok=True)


@contextmanager
def _kept() -> Iterator[None]:
    """Says in a sentence that the disk does not take it."""
    try:
        yield
    except OSError as error:
        raise Unavailable(DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else NOT_WRITTEN) from error


def too_large(limit: int) -> str:
    return f"This file is larger than the {limit // MEGABYTE:,} MB that may be uploaded. An admin can import it."


def _aged(folder: Path, pattern: str) -> Iterator[tuple[Path, float]]:
    """The files there, with when each was changed last."""
    for path in folder.glob(pattern):
        try:
            yield path, path.stat().st_mtime
        except FileNotFoundError:  # removed in this moment
            continue
