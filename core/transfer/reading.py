"""A file with conversations, whatever made it, read one conversation at a time.

Bounded memory: no more than one conversation is held, and none that is too large. See docs/import.md.
"""

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from core.errors import Invalid, ZipBomb
from core.transfer import chatgpt, open_webui
from core.transfer.document import Document
from core.transfer.parley_json import from_json
from core.transfer.splitting import EMPTY, NOT_JSON, Item, items_of
from core.transfer.unpacking import is_zip, json_files_in
from core.transfer.values import UNSTORABLE, a_dict, a_title, storable

log = logging.getLogger(__name__)

LOOKED_AT = 20
"""So many members of a list are no conversations, and the file is none of ours."""

NOTHING_KNOWN = (
    "There are no conversations in this file that Parley can read. "
    "It reads exports of Parley, ChatGPT (conversations.json or its ZIP) and Open WebUI."
)
STRANGE = "It is no conversation that Parley can read."
BROKEN = "It is not valid JSON."
NONSENSE = "It is no JSON at all."
TOO_LARGE = "It is larger than a conversation may be."
TOO_DEEP = "It is nested too deeply."
ODD = "It is not built as its kind of export is."

# Where something is broken or too large: whether it was one of ours.
TRACE = re.compile(rb'"(?:mapping|current_node|history|messages|parley\.[a-z]+)"')
TITLE = re.compile(rb'"title"\s*:\s*("(?:[^"\\]++|\\.)*+")')
# What stands where bytes are no UTF-8.
REPLACED = "\ufffd".encode()
# Written out or not: NUL, and halves of characters. Most that are found are halves of a whole one.
SUSPICIOUS = re.compile(r"\0|\\u(?:0000|[dD][89a-fA-F])")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A conversation that is in the file and can't be read."""

    title: str
    """Empty where not even that could be read."""
    position: int
    """Which one in the file, from 1."""
    reason: str


Found = Document | Unreadable


def conversations_in(file: BinaryIO) -> Iterator[Found]:
    """What is in a file that can be read from its beginning again: JSON, or a ZIP with JSON files.

    Raises Invalid, with a sentence for whoever chose the file, when it is no such file. When it is cut off, that comes
    behind what stands before the cut.
    """
    if is_zip(file):
        yield from _in_zip(file)
    else:
        yield from _in_json(file, 0)


def _in_zip(file: BinaryIO) -> Iterator[Found]:
    """An export has other JSON files beside its conversations: those are passed over."""
    position = 0
    unread: list[tuple[str, str]] = []
    """Names and reasons."""
    for name, content in json_files_in(file):
        try:
            for found in _in_json(content, position):
                position += 1
                yield found
        except ZipBomb:
            raise
        except Invalid as error:
            if str(error) not in (NOTHING_KNOWN, NOT_JSON, EMPTY):
                unread.append((a_title(name), str(error)))
    if not position:
        raise Invalid(unread[0][1] if unread else NOTHING_KNOWN)
    for place, (name, reason) in enumerate(unread, position + 1):
        yield Unreadable(name, place, reason)


def _in_json(stream: BinaryIO, before: int) -> Iterator[Found]:
    """`before` is how many came before this file. Until the first of ours, what is strange is held back."""
    strange: list[Unreadable] = []
    is_ours = False
    for position, item in enumerate(items_of(stream), before + 1):
        found = _read(item, position)
        is_ours = is_ours or not (isinstance(found, Unreadable) and found.reason in (STRANGE, NONSENSE))
        if is_ours:
            yield from strange
            strange = []
            yield found
        elif isinstance(found, Unreadable):
            strange.append(found)
            if len(strange) >= LOOKED_AT:
                break
    if not is_ours:
        raise Invalid(NOTHING_KNOWN if any(one.reason == STRANGE for one in strange) or not strange else NOT_JSON)


def _read(item: Item, position: int) -> Found:
    title = ""
    try:
        title = _title_in(item.head)
        value, is_changed = _parsed(item)
        title = _title_of(value)
        document = _reader_for(value)(value)
    except Invalid as error:
        return Unreadable(title, position, str(error))
    except RecursionError:
        return Unreadable(title, position, TOO_DEEP)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A reader of ours has a gap: one conversation is lost by that, not the others. Its words are not logged.
        log.error("conversation_not_read error=%s", type(error).__name__)
        return Unreadable(title, position, ODD)
    return replace(document, notes=(*document.notes, UNSTORABLE)) if is_changed else document


def _parsed(item: Item) -> tuple[Any, bool]:
    """What it says, and whether something of it can't be stored and was changed. Raises Invalid."""
    if item.raw is None:
        raise Invalid(TOO_LARGE if TRACE.search(item.head) else STRANGE)
    text = item.raw.decode("utf-8", "replace")
    try:
        value = json.loads(text, strict=False, parse_constant=lambda _: None)
    except RecursionError:
        raise Invalid(TOO_DEEP if TRACE.search(item.raw) else STRANGE) from None
    except ValueError:  # the original repeats what it could not read
        raise Invalid(BROKEN if TRACE.search(item.raw) else NONSENSE) from None
    if not SUSPICIOUS.search(text):
        return value, "\ufffd" in text and REPLACED not in item.raw
    cleaned = storable(value)
    return cleaned, cleaned != value


def _reader_for(value: object) -> Callable[[Mapping[str, Any]], Document]:
    said = a_dict(value)
    if str(said.get("format")).startswith("parley."):
        return from_json
    if chatgpt.is_chatgpt(said):
        return chatgpt.read
    if open_webui.is_open_webui(said):
        return open_webui.read
    raise Invalid(STRANGE)


def _title_of(value: object) -> str:
    said = a_dict(value)
    return a_title(said.get("title")) or a_title(a_dict(said.get("chat")).get("title"))


def _title_in(head: bytes) -> str:
    """Of what could not be read."""
    found = TITLE.search(head)
    try:
        return a_title(storable(json.loads(found[1].decode("utf-8", "replace"), strict=False))) if found else ""
    except ValueError:
        return ""
