"""Files that are broken, hostile, or something else: a sentence for each, and never a crash."""

import copy
import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import ROOT
from core.errors import Invalid
from core.models import MessageRole
from core.transfer import chatgpt, open_webui, reading, splitting, unpacking
from core.transfer.document import Document
from core.transfer.reading import Found, Unreadable, conversations_in
from core.transfer.splitting import CHUNK, items_of
from tests.support.exports import ChatGPT, as_file, as_zip, branched, many, webui, write_many

LIST = [branched().value, webui(), ChatGPT("Third").add("q", "user", 'Braces } ] , " \\ in text').value]
TEXT = json.dumps(LIST)


def read(content: bytes | str) -> list[Found]:
    return list(conversations_in(io.BytesIO(content.encode() if isinstance(content, str) else content)))


def until_it_breaks(file: BinaryIO) -> tuple[list[Found], str]:
    found: list[Found] = []
    try:
        found.extend(conversations_in(file))  # what came before an error stays
    except Invalid as error:
        return found, str(error)
    return found, ""


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", splitting.EMPTY),
        (b" \n", splitting.EMPTY),
        (b"Hello", splitting.NOT_JSON),
        (b"<!doctype html>", splitting.NOT_JSON),
        (b"\x89PNG\r\n", splitting.NOT_JSON),
        (b"%PDF-1.7", splitting.NOT_JSON),
        (b"\0" * 100, splitting.NOT_JSON),
        ("[]".encode("utf-16"), splitting.UTF16),
        (b"[hello]", splitting.NOT_JSON),
        (b"{hello: 1}", splitting.NOT_JSON),
        (b"[", splitting.CUT_OFF),
        (b'{"mapping": {', splitting.CUT_OFF),
        (b"[]", reading.NOTHING_KNOWN),
        (b"{}", reading.NOTHING_KNOWN),
        (b"[1, 2, 3]", reading.NOTHING_KNOWN),
        (b"[" * 100_000 + b"]" * 100_000, reading.NOTHING_KNOWN),
        (json.dumps([{"name": "x"}] * 50).encode(), reading.NOTHING_KNOWN),
        (b"PK", unpacking.DAMAGED),
        (b"PK\3\4" + bytes(200), unpacking.DAMAGED),
    ],
)
def test_what_is_no_export_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(content)
    assert str(refused.value) == sentence


def test_an_endless_list_of_other_things_is_not_read_to_its_end() -> None:
    file = io.BytesIO(b"[" + b"1," * (CHUNK * 4) + b"1]")
    with pytest.raises(Invalid, match="no conversations"):
        list(conversations_in(file))
    assert file.tell() == CHUNK


@pytest.mark.parametrize("broken", [{"mapping": 7}, {"chat": None, "title": "x"}, None, 3, "text", [], {"mapping": {}}])
def test_one_bad_conversation_never_stops_the_rest(broken: object) -> None:
    found, said = until_it_breaks(as_file([broken, *LIST, broken]))
    assert [type(one) for one in found] == [Unreadable, Document, Document, Document, Unreadable] and not said
    assert [one.position for one in found if isinstance(one, Unreadable)] == [1, 5]


def test_one_that_is_no_json_does_not_either() -> None:
    inner = TEXT[1:-1]
    found = read(f'[{{"title": "<b>Broken</b>", "mapping": {{oops}}}}, {inner}, nonsense, {inner}]')
    assert found[0] == Unreadable("<b>Broken</b>", 1, reading.BROKEN)
    assert [type(one) for one in found[1:]] == [Document] * 3 + [Unreadable] + [Document] * 3


@pytest.mark.long
def test_what_stands_before_a_cut_is_read() -> None:
    whole = read(TEXT)
    for end in range(1, len(TEXT)):
        found, said = until_it_breaks(io.BytesIO(TEXT[:end].encode()))
        assert found == whole[: len(found)] and said == splitting.CUT_OFF
        assert len(found) >= sum(end > len(json.dumps(LIST[:count])) for count in (1, 2, 3))


class Dribble(io.BytesIO):
    """Gives a few bytes at a time, however many are asked for."""

    def __init__(self, content: bytes, sizes: Iterator[int]) -> None:
        super().__init__(content)
        self.sizes = sizes

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(next(self.sizes))


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_it_does_not_matter_where_a_piece_ends(seed: int) -> None:
    lottery = random.Random(seed)
    indent = lottery.choice([None, 1])
    text = "\ufeff" + json.dumps(LIST, indent=indent, ensure_ascii=lottery.random() < 0.5)
    first = 4  # bytes that say what the file is
    sizes = chain([first], (lottery.choice([1, 2, 3, 7, 50, 1_000]) for _ in repeat(None)))
    dribble = Dribble(text.encode(), sizes)
    assert [json.loads(item.raw or b"") for item in items_of(dribble)] == LIST


def test_a_list_that_an_object_has_is_streamed_too() -> None:
    text = json.dumps({"format": "parley.conversations", "conversations": LIST, "after": [1, {"conversations": [2]}]})
    for size in (1, 10, 5_000):
        items = list(items_of(Dribble(text.encode(), repeat(size))))
        assert [json.loads(item.raw or b"") for item in items] == LIST


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield from places_in(inner, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], by: object) -> Any:
    if not path:
        return by
    value = copy.copy(value)
    value[path[0]] = replaced(value[path[0]], path[1:], by)
    return value


READERS: dict[str, tuple[Any, Callable[[Any], Document]]] = {
    "chatgpt": (branched().value, chatgpt.read),
    "open-webui": (webui(), open_webui.read),
    "list": (webui(chat={"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}), open_webui.read),
}


@pytest.mark.parametrize("name", list(READERS))
@given(data=st.data())
@settings(max_examples=300, deadline=None)
@pytest.mark.long
def test_whatever_stands_anywhere_it_is_read_or_refused(name: str, data: st.DataObject) -> None:
    value, reader = READERS[name]
    for _ in range(data.draw(st.integers(1, 3))):
        # Anything at all, or something from elsewhere in it: then names point where they should not.
        places = list(places_in(value))
        other = st.sampled_from([_at(value, place) for place in places])
        value = replaced(value, data.draw(st.sampled_from(places)), data.draw(JSON | other))
    try:
        found = reader(value) if isinstance(value, dict) else None
    except Invalid:
        found = None
    if found:
        check(found)
    for one, said in [until_it_breaks(as_file([value])), until_it_breaks(as_file(value))]:
        assert one or said
        assert reading.ODD not in [member.reason for member in one if isinstance(member, Unreadable)]


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def check(found: Document) -> None:
    """What holds for every document: see `core.models.Message` for versions."""
    said = {message.seq: message for message in found.messages}
    assert list(said) == list(range(1, len(said) + 1)) and len(found.title) <= 200 and found.id
    shown = [message for message in found.messages if message.superseded_with is None]
    assert shown and found.created_at <= found.last_message_at
    groups: dict[int, list[int]] = {}
    for message in found.messages:
        assert message.content and (message.sender is not None) == (message.role is MessageRole.USER)
        if message.version_group is not None:
            groups.setdefault(message.version_group, []).append(message.seq)
        if message.superseded_with is not None:
            root = said[message.superseded_with]
            assert root.superseded_with == root.seq <= message.seq and root.version_group is not None
        assert message.reply_to is None or message.reply_to < message.seq
    for first, members in groups.items():
        assert first == members[0] and len(members) > 1
        # One of them is in the transcript, or comes back together with what they all stand below.
        own = [seq for seq in members if said[seq].superseded_with == seq]
        assert len(own) == len(members) - 1


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh?") | st.none(), min_size=1))
@settings(max_examples=300, deadline=None)
def test_any_tree_becomes_a_transcript(parents: dict[str, str | None]) -> None:
    chat = ChatGPT()
    for number, (key, parent) in enumerate(parents.items()):
        chat.add(key, "assistant" if number % 2 else "user", "" if number % 5 == 3 else key, below=parent or "root")
    [found], _ = until_it_breaks(as_file([chat.value]))
    if isinstance(found, Document):
        check(found)


def test_nesting_does_not_reach_the_stack() -> None:
    deep = '{"title": "Deep", "mapping": ' + '{"a":' * 100_000 + "1" + "}" * 100_001
    found = read(f"[{deep}, {TEXT[1:]}")
    assert found[0] == Unreadable("Deep", 1, reading.TOO_DEEP) and len(found) == 4
    for depth in range(900, 1_100):  # around what Python can read: each part of the readers has its own end
        value = json.loads(json.dumps(branched().value))
        text = json.dumps(value | {"extra": "HERE"}).replace('"HERE"', "[" * depth + '"\\ud800"' + "]" * depth)
        [one] = read(f"[{text}]")
        assert isinstance(one, Document) or one.reason == reading.TOO_DEEP


@pytest.mark.long
def test_a_long_chain_is_no_deep_one() -> None:
    chat = ChatGPT()
    for number in range(20_000):
        chat.add(str(number), "assistant" if number % 2 else "user", f"Message {number}")
    [found] = read(json.dumps([chat.value]))
    assert isinstance(found, Document) and len(found.messages) == 20_000


@pytest.mark.parametrize("inside", ['"' + "x" * (splitting.MAX_BYTES + 1) + '"', "[]," * splitting.MAX_BRACKETS + "[]"])
def test_one_that_is_too_large_is_passed_over(inside: str) -> None:
    found = read(f'[{{"title": "Long", "mapping": {{"a": [{inside}]}}}}, {TEXT[1:]}')
    assert found[0] == Unreadable("Long", 1, reading.TOO_LARGE)
    assert [type(one) for one in found[1:]] == [Document] * 3


def test_a_zip_bomb_is_refused_before_it_is_large() -> None:
    with zipfile.ZipFile(packed := io.BytesIO(), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        with archive.open("conversations.json", "w") as entry:
            entry.write(b'[{"title": "Bomb", "mapping": {"a": "')
            for _ in range(300):
                entry.write(b"0" * (1 << 20))
            entry.write(b'"}}]')
        archive.writestr("other.json", TEXT)
    assert until_it_breaks(packed) == ([], unpacking.BOMB)
    content = packed.getvalue()
    place = content.rindex(b"PK\1\2", 0, content.rindex(b"PK\1\2"))
    for size, outcome in ((0xFFFFFFF0, unpacking.BOMB), (10, unpacking.DAMAGED)):  # what it says is not believed
        lying = content[: place + 24] + size.to_bytes(4, "little") + content[place + 28 :]
        found, said = until_it_breaks(io.BytesIO(lying))
        assert outcome in (said, *(one.reason for one in found if isinstance(one, Unreadable)))


@pytest.mark.long
def test_what_a_zip_holds_counts_together() -> None:
    member = '[{"title": "x", "mapping": {"a": "' + "0" * (10 << 20) + '"}}]'
    found, said = until_it_breaks(as_zip({f"{number}.json": member for number in range(20)}))
    assert said == unpacking.BOMB and 0 < len(found) < 10


def test_what_zips_say_when_they_cannot_be_read() -> None:
    whole = as_zip({"conversations.json": TEXT}).getvalue()
    assert until_it_breaks(io.BytesIO(whole[: len(whole) // 2])) == ([], unpacking.DAMAGED)
    assert until_it_breaks(as_zip({"a.txt": "x"})) == ([], unpacking.NO_JSON)
    assert until_it_breaks(as_zip({"a.json": "[]", "b.json": "nothing"})) == ([], reading.NOTHING_KNOWN)
    assert until_it_breaks(as_zip({"a.json": TEXT}, zipfile.ZIP_LZMA)) == ([], unpacking.PACKED_OTHERWISE)
    flags = whole.rindex(b"PK\1\2") + 8
    locked = whole[:6] + b"\1\0" + whole[8:flags] + b"\1\0" + whole[flags + 2 :]
    assert until_it_breaks(io.BytesIO(locked)) == ([], unpacking.LOCKED)


def test_a_damaged_file_of_a_zip_costs_the_rest_of_that_file() -> None:
    lottery = random.Random(5)
    chats = [chat.add("r", "user", lottery.randbytes(20_000).hex()).value for chat in many(30)]
    whole = as_zip({"a.json": json.dumps(chats), "b.json": TEXT}).getvalue()
    broken = bytearray(whole)
    broken[400_000] ^= 0xFF
    found = list(conversations_in(io.BytesIO(bytes(broken))))
    [bad] = [one for one in found if isinstance(one, Unreadable)]
    assert (bad.title, bad.reason) == ("a.json", unpacking.DAMAGED)
    assert [one.title for one in found[-4:]] == ["Bread", "Soup", "Third", "a.json"] and len(found) > 20


def test_a_zip_with_a_list_of_endless_files_is_refused() -> None:
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
        for number in range(130):
            archive.writestr("x" * 65_000 + f"{number}.json", "[]")
    assert until_it_breaks(packed) == ([], unpacking.TOO_MANY)


@given(st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_noise_in_a_file_never_crashes(seed: int) -> None:
    lottery = random.Random(seed)
    whole = as_zip({"a.json": TEXT}).getvalue() if lottery.random() < 0.5 else TEXT.encode()
    content = bytearray(whole)
    for _ in range(lottery.randint(1, 5)):
        content[lottery.randrange(len(content))] = lottery.randrange(256)
    found, said = until_it_breaks(io.BytesIO(bytes(content)))
    assert found or said


MEASURE = """
import sys
from core.transfer.reading import conversations_in
from core.transfer.document import Document
from pathlib import Path
with Path(sys.argv[1]).open("rb") as file:
    count = sum(isinstance(found, Document) for found in conversations_in(file))
# Not getrusage: its figure begins with that of the process that started this one.
[peak] = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(count, int(peak) // 1024)
"""


def peak(path: Path) -> tuple[int, int]:
    """How many documents, and the most memory of a process that reads them, in MB."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    count, megabytes = map(int, done.stdout.split())
    return count, megabytes


@pytest.mark.long
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    few, many_ = write_many(tmp_path / "small.json", 2), write_many(tmp_path / "large.json", 60)
    with zipfile.ZipFile(tmp_path / "large.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        lottery = random.Random(1)
        with archive.open("conversations.json", "w") as entry:
            entry.write(b"[")
            for number, chat in enumerate(many(2_000, text=lottery.randbytes(2_000).hex())):
                entry.write((", " if number else "").encode() + json.dumps(chat.value).encode())
            entry.write(b"]")
    counts, peaks = zip(*(peak(tmp_path / name) for name in ("small.json", "large.json", "large.zip")), strict=True)
    assert counts == (few, many_, 2_000)
    assert max(peaks) - peaks[0] < 12, peaks


@pytest.mark.long
def test_memory_does_not_grow_with_one_that_is_too_large(tmp_path: Path) -> None:
    with (tmp_path / "huge.json").open("w") as file:
        file.write('[{"title": "Huge", "mapping": {"a": "')
        for _ in range(3 * splitting.MAX_BYTES >> 20):
            file.write("x" * (1 << 20))
        file.write(f'"}}}}, {TEXT[1:]}')
    (tmp_path / "small.json").write_text(TEXT)
    (few, small), (found, huge) = peak(tmp_path / "small.json"), peak(tmp_path / "huge.json")
    assert few == found == len(LIST)
    assert huge - small < 1.2 * splitting.MAX_BYTES / (1 << 20), (small, huge)
