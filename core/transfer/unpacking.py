"""The JSON files in a ZIP, one after the other. What the ZIP says of itself is never believed."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from core.errors import Invalid, ZipBomb

MARK = b"PK"
MAX_UNPACKED = 4 << 30
"""Bytes of all files together."""
MAX_RATIO = 100
"""How many times as large as the ZIP may be what is in it: text shrinks to a tenth, nonsense to a thousandth."""
SMALL = 64 << 20
"""Bytes up to which the ratio says nothing."""
MAX_DIRECTORY = 8 << 20
"""Bytes of the list of what is in it: about 80,000 files."""
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Other methods unpack without bounds."""

DAMAGED = "This ZIP file is cut off or damaged. Export or download it again."
LOCKED = "This ZIP file is locked with a password. Unpack it and choose the JSON file in it."
PACKED_OTHERWISE = "This ZIP file is packed in a way that Parley can't read. Unpack it and choose the JSON file in it."
TOO_MANY = "This ZIP file has too many files in it. Unpack it and choose the JSON file in it."
NO_JSON = "There is no JSON file in this ZIP file, so no conversation either."
BOMB = "What is packed in this ZIP file is far larger than any export; it was not unpacked any further."
BREAKS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError)


def is_zip(file: BinaryIO) -> bool:
    file.seek(0)
    mark = file.read(len(MARK))
    file.seek(0)
    return mark == MARK


def json_files_in(file: BinaryIO) -> Iterator[tuple[str, BinaryIO]]:
    """Name and content of each, in the order in which they lie in the file. Raises Invalid.

    Reading from one raises Invalid as well, where it is damaged, or when too much comes out of it.
    """
    with _opened(file) as archive:
        entries = [entry for entry in archive.infolist() if _is_json(entry.filename)]
        if not entries:
            raise Invalid(NO_JSON)
        budget = Budget(_size_of(file))
        for entry in sorted(entries, key=lambda entry: entry.header_offset):
            yield entry.filename, io.BufferedReader(_Unpacked(archive, entry, budget), 1 << 16)


class Budget:
    """What may come out of a ZIP of that size."""

    def __init__(self, size: int) -> None:
        self.left = min(MAX_UNPACKED, max(SMALL, MAX_RATIO * size))

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise ZipBomb(BOMB)


class _Unpacked(io.RawIOBase):
    """One file of a ZIP, opened with its first byte."""

    def __init__(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> None:
        self.archive = archive
        self.entry = entry
        self.budget = budget
        self.opened: zipfile.ZipExtFile | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer)
        part = self._read(len(room))
        self.budget.spend(len(part))
        room[: len(part)] = part
        return len(part)

    def _read(self, size: int) -> bytes:
        if self.entry.flag_bits & 1:
            raise Invalid(LOCKED)
        if self.entry.compress_type not in READABLE:
            raise Invalid(PACKED_OTHERWISE)
        try:
            if self.opened is None:
                self.opened = self.archive.open(self.entry)  # type: ignore[assignment]
            return self.opened.read(size)  # type: ignore[union-attr]
        except (NotImplementedError, RuntimeError) as error:
            raise Invalid(PACKED_OTHERWISE) from error
        except BREAKS as error:
            raise Invalid(DAMAGED) from error


class _Sparing(io.RawIOBase):
    """The file as `zipfile` may read it: it would take in a directory of any size at once."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY:
            raise Invalid(TOO_MANY)
        return self.file.read(size if size >= 0 else MAX_DIRECTORY)


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(_Sparing(file))
    except (*BREAKS, NotImplementedError) as error:
        raise Invalid(DAMAGED) from error


def _is_json(name: str) -> bool:
    path, _, last = name.rpartition("/")
    return last.lower().endswith(".json") and not last.startswith(".") and not path.startswith("__MACOSX")


def _size_of(file: BinaryIO) -> int:
    place = file.tell()
    size = file.seek(0, io.SEEK_END)
    file.seek(place)
    return size
