"""Many files as one ZIP that is written while it is sent."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

EARLIEST, LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2107, 12, 31, 23, 59, 58, tzinfo=UTC)
"""Of the times that a ZIP can have."""
READABLE = 0o644 << 16


class Archive:
    """Give each file to `add` and take all that yields before the next; at the end take `finish`.

    The same files give the same bytes: each has the time that it is given, none the time of now.
    """

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = ZipFile(self._sink, "w", ZIP_DEFLATED)  # type: ignore[call-overload]

    def add(self, name: str, chunks: Iterable[bytes], time: datetime) -> Iterator[bytes]:
        made = ZipInfo(name, min(max(time.astimezone(UTC), EARLIEST), LATEST).timetuple()[:6])
        made.compress_type, made.external_attr = ZIP_DEFLATED, READABLE
        # How large it becomes is not known before: so it is written as what may be larger than 2 GB.
        with self._zip.open(made, "w", force_zip64=True) as file:
            for chunk in chunks:
                file.write(chunk)
                yield self._sink.take()
        yield self._sink.take()

    def finish(self) -> Iterator[bytes]:
        self._zip.close()
        yield self._sink.take()


class _Sink:
    """In a file's place: what is written waits to be taken."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, part: bytes) -> int:
        self._waiting.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """There is nothing behind it."""

    def take(self) -> bytes:
        taken, self._waiting = b"".join(self._waiting), []
        return taken
