"""A long JSON file, one conversation at a time, however long it is.

Only brackets, strings and commas are looked at here: so a conversation that is broken inside is one broken
conversation, and one that is too large is passed over without being held. No more than one is in memory.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from core.errors import Invalid

CHUNK = 1 << 18
MAX_BYTES = 64 << 20
"""Of one conversation."""
MAX_BRACKETS = 1_000_000
"""Likewise: objects and lists, which take far more memory than they have characters."""
HEAD = 2_000

EMPTY = "This file is empty."
NOT_JSON = (
    "This file is not JSON. Choose the export as it was downloaded: conversations.json, its ZIP, or a JSON file from "
    "Parley or Open WebUI."
)
UTF16 = "This file is in UTF-16. Save it as UTF-8 and try again."
CUT_OFF = "The file is cut off: it ends in the middle of a conversation. Export or download it again."

BOM = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

# What lies before the next mark, whole strings included. Possessive: no step back, whatever the file says.
TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
TO_COMMA = re.compile(rb'(?:[^"\[\]{},]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
IN_STRING = re.compile(rb"(?:[^\"\\]++|\\.)*+", re.DOTALL)
OPENING, CLOSING = b"[{", b"]}"
QUOTE, BACKSLASH, COMMA, LIST = b'"\\,['
# An object with this in it is a file of many; everything else of it is one conversation.
MANY = re.compile(rb'"conversations"\s*:\s*\Z')
MANY_ROOM = 200


@dataclass(frozen=True, slots=True)
class Item:
    raw: bytes | None
    """As it stands in the file; None for what is too large."""
    head: bytes
    """How it begins."""


def items_of(stream: BinaryIO) -> Iterator[Item]:
    """The members of the list that the file is, or has under "conversations"; else the objects in it.

    Raises Invalid for what begins like no JSON at all, and behind the last whole item when the file is cut off.
    """
    chunk = stream.read(CHUNK).removeprefix(BOM)
    _refuse_other_files(chunk)
    splitter = _Splitter()
    while chunk:
        yield from splitter.feed(chunk)
        chunk = stream.read(CHUNK)
    if splitter.depth:
        raise Invalid(CUT_OFF)


def _refuse_other_files(beginning: bytes) -> None:
    if beginning.startswith(UTF16_MARKS):
        raise Invalid(UTF16)
    text = beginning.lstrip()
    if not text:
        raise Invalid(EMPTY)
    if text[0] not in OPENING:
        raise Invalid(NOT_JSON)


class _Splitter:
    def __init__(self) -> None:
        self.depth = 0
        """How many brackets are open."""
        self.base = 0
        """How many of them are around an item: 0 outside of any list, 2 in one that an object has."""
        self.is_behind = False
        """After the list that an object has: what else it says is passed over."""
        self.in_string = False
        self.is_escaped = False
        self._begin()

    def _begin(self) -> None:
        self.kept = bytearray()
        self.size = self.brackets = 0
        self.head = b""

    def feed(self, chunk: bytes) -> Iterator[Item]:
        start = position = 0
        while (position := self._next_mark(chunk, position)) < len(chunk):
            mark = chunk[position]
            position += 1
            at_base = self.depth == self.base
            if mark in OPENING:
                if at_base and not self.depth:
                    self._begin()
                    start = position if mark == LIST else position - 1
                    self.base = int(mark == LIST)
                elif self._is_list_of_many(mark, chunk, start, position - 1):
                    self._begin()
                    self.base, start = 2, position
                self.depth += 1
                self.brackets += 1
            elif mark == COMMA:
                yield from self._ended(chunk, start, position - 1)
                start = position
            elif self.depth:
                self.depth -= 1
                if at_base and self.base:
                    yield from self._ended(chunk, start, position - 1)
                    self.is_behind = self.base == 2
                    self.base, start = 0, position
                elif not self.depth:
                    yield from self._ended(chunk, start, position)
                    self.is_behind, start = False, position
        if self.depth:
            self._keep(chunk[start:])

    def _next_mark(self, chunk: bytes, position: int) -> int:
        """Where the next bracket stands, between items also the next comma; the chunk's length when there is none."""
        if self.in_string:
            position = self._behind_string(chunk, position)
        while position < len(chunk):
            pattern = TO_COMMA if self.base and self.depth == self.base else TO_BRACKET
            found = pattern.match(chunk, position)
            position = found.end() if found else len(chunk)
            if position == len(chunk) or chunk[position] != QUOTE:
                return position
            position = self._behind_string(chunk, position + 1)  # it goes on in the next chunk
        return position

    def _behind_string(self, chunk: bytes, position: int) -> int:
        found = IN_STRING.match(chunk, position + self.is_escaped)
        end = found.end() if found else len(chunk)
        self.in_string = end >= len(chunk) or chunk[end] != QUOTE
        self.is_escaped = end < len(chunk) and chunk[end] == BACKSLASH
        return len(chunk) if self.in_string else end + 1

    def _is_list_of_many(self, mark: int, chunk: bytes, start: int, end: int) -> bool:
        if mark != LIST or self.depth != 1 or self.base or self.is_behind:
            return False
        before = bytes(self.kept[-MANY_ROOM:]) + chunk[max(start, end - MANY_ROOM) : end]
        return MANY.search(before) is not None

    def _ended(self, chunk: bytes, start: int, end: int) -> Iterator[Item]:
        self._keep(chunk[start:end])
        if self.size and not self.is_behind:
            yield Item(None if self._is_too_large else bytes(self.kept), self.head)
        self._begin()

    def _keep(self, part: bytes) -> None:
        if not (self.kept or self.size):
            part = part.lstrip()
        self.size += len(part)
        if len(self.head) < HEAD:
            self.head += part[: HEAD - len(self.head)]
        if self._is_too_large or self.is_behind:
            self.kept.clear()
        else:
            self.kept += part

    @property
    def _is_too_large(self) -> bool:
        return self.size > MAX_BYTES or self.brackets > MAX_BRACKETS
