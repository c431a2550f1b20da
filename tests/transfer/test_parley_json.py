"""Parley's own format: the same bytes each time, its schema beside its code, and a sentence for whatever is wrong."""

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import ROOT
from core.errors import Invalid
from core.models import (
    CallPurpose,
    CallStatus,
    ConversationKind,
    MessageRole,
    MessageStatus,
    MessageType,
    Score,
    StepState,
    UsageSource,
)
from core.transfer import parts
from core.transfer.document import Document
from core.transfer.parley_json import NEWER, UNKNOWN, dumps, from_json
from core.transfer.reading import conversations_in
from tests.support.documents import documents, talk
from tests.support.exports import as_file

SCHEMA: dict[str, Any] = json.loads((ROOT / "docs/parley-conversation.schema.json").read_text())
PARTS = {
    "person": parts.PERSON,
    "revision": parts.REVISION,
    "reaction": parts.REACTED,
    "rating": parts.RATED,
    "call": parts.BOOKED,
    "step": parts.DID,
    "message": parts.SAID,
}


def whole() -> dict[str, Any]:
    """Three messages: a question, its answer in two versions, with everything beside them."""
    moment = "2026-11-24T09:00:00Z"
    call = {
        "at": moment, "purpose": "answer", "provider": "here", "model": "small", "status": "complete",
        "usage_source": "exact", "duration_ms": 5, "by": 0, "cost": "0.25",
    }  # fmt: skip
    answer = {"role": "assistant", "created_at": moment, "reply_to": 1, "version_group": 2}
    return {
        "format": "parley.conversation", "version": 1, "source": "parley", "id": "a", "kind": "group",
        "title": "Launch", "is_titled": True, "created_at": moment, "last_message_at": moment,
        "messages": [
            {
                "seq": 1, "role": "user", "sender": 0, "created_at": moment, "content": "When?",
                "revisions": [{"content": "Wen?", "replaced_at": moment, "edited_by": 0}],
                "reactions": [{"emoji": "👍", "by": 1, "at": moment}],
            },
            answer | {"seq": 2, "content": "At nine.", "superseded_with": 2},
            answer | {
                "seq": 3, "content": "At ten.", "calls": [dict(call)],
                "ratings": [{"score": "up", "by": 0, "at": moment, "tags": ["Wrong"]}],
            },
        ],
        "calls": [call], "people": [{"name": "Ada", "email": "ada@example.com"}, {"name": "Bo"}],
    }  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(documents())
@pytest.mark.long
def test_the_same_document_is_the_same_bytes(made: Document) -> None:
    text = dumps(made)
    again = from_json(json.loads(text))
    assert again == made and dumps(again) == text
    [read] = conversations_in(as_file(json.loads(text)))
    assert read == made


def test_the_whole_of_it_is_read() -> None:
    made = from_json(whole())
    assert made.notes == () and len(made.messages) == 3 and made.messages[2].calls == made.calls
    assert json.loads(dumps(made)) == whole()


def test_several_in_one_file() -> None:
    both = {"format": "parley.conversations", "version": 1, "conversations": [whole(), json.loads(dumps(talk(2)))]}
    read = list(conversations_in(as_file(both)))
    assert [one.title for one in read if isinstance(one, Document)] == ["Launch", "A long talk"]


def at(*path: Any) -> Callable[[Any], Callable[[dict[str, Any]], None]]:
    """Puts a value there."""

    def with_value(value: Any) -> Callable[[dict[str, Any]], None]:
        def change(given: dict[str, Any]) -> None:
            *way, last = path
            here: Any = given
            for step in way:
                here = here[step]
            here[last] = value

        return change

    return with_value


MOMENTS = ("yesterday", "2026-11-24T09:00:00", "0001-01-01T00:00:00+14:00", 5, True)
BROKEN: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (at("version")(2), NEWER),
    (at("version")(True), "version is no version"),
    (at("version")("1"), "version is no version"),
    (at("format")("parley.talk"), "format is not parley.conversation"),
    (at("source")("a:b"), "source is no name"),
    (at("source")(None), "source is missing"),
    (at("id")(""), "id has 0 characters"),
    (at("id")("x" * 201), "id has 201 characters"),
    (at("title")(5), "title is not a text"),
    (at("title")("a\0b"), "title has a character that can't be stored"),
    (at("title")("\ud800"), "title has a character that can't be stored"),
    (at("kind")("channel"), "kind is none of assistant, direct, group, company"),
    (at("kind")(["group"]), "kind is none of"),
    (at("is_titled")(1), "is_titled is neither true nor false"),
    (at("extra")([]), "extra is not an object"),
    (at("extra")({"a": ["\0"]}), "extra has a character"),
    (at("extra")({"\ud800": 1}), "extra has a character"),
    (at("extra")({"a": float("inf")}), "extra is no number"),
    (at("messages")(None), "messages is missing"),
    (at("messages")({}), "messages is not a list"),
    (at("messages", 0)("x"), "messages[0] is not an object"),
    (at("people")("x"), "people is not a list"),
    (at("people", 0)(None), "people[0] is not an object"),
    (at("people", 0, "name")(None), "people[0].name is missing"),
    (at("calls", 0, "purpose")("fun"), "calls[0].purpose is none of"),
    (at("calls", 0, "cost")(0.25), "calls[0].cost is no amount"),
    (at("calls", 0, "cost")("-1"), "calls[0].cost is no amount"),
    (at("calls", 0, "cost")("1e9"), "calls[0].cost is no amount"),
    (at("calls", 0, "duration_ms")(2**31), "calls[0].duration_ms is not between"),
    (at("calls", 0, "duration_ms")(1.5), "calls[0].duration_ms is not a whole number"),
    (at("calls", 0, "by")(2), "calls[0].by names nobody in people"),
    (at("messages", 0, "seq")(0), "messages[0].seq is not between 1"),
    (at("messages", 0, "seq")(True), "messages[0].seq is not a whole number"),
    (at("messages", 1, "seq")(1), "messages[1].seq is not larger than the one before"),
    (at("messages", 2, "seq")(2), "messages[2].seq is not larger than the one before"),
    (at("messages", 0, "role")("robot"), "messages[0].role is none of user, assistant, system"),
    (at("messages", 0, "type")("picture"), "messages[0].type is none of"),
    (at("messages", 0, "status")("lost"), "messages[0].status is none of"),
    (at("messages", 0, "content")(None), "messages[0].content is missing"),
    (at("messages", 0, "content")("x" * 1_000_001), "messages[0].content has 1,000,001 characters"),
    (at("messages", 0, "sender")(2), "messages[0].sender names nobody in people"),
    (at("messages", 0, "sender")(-1), "messages[0].sender is not between 0"),
    (at("messages", 0, "edited_by")(9), "messages[0].edited_by names nobody"),
    (at("messages", 0, "revisions", 0, "edited_by")(9), "messages[0].revisions[0] names nobody"),
    (at("messages", 0, "reactions", 0, "by")(9), "messages[0].reactions[0] names nobody"),
    (at("messages", 0, "reactions", 0, "emoji")("x" * 17), "messages[0].reactions[0].emoji has 17 characters"),
    (at("messages", 0, "reactions", 0, "emoji")(""), "messages[0].reactions[0].emoji has 0 characters"),
    (at("messages", 0, "reactions")({"a": 1}), "messages[0].reactions is not a list"),
    (at("messages", 2, "ratings", 0, "score")("fair"), "messages[2].ratings[0].score is none of up, down"),
    (at("messages", 2, "ratings", 0, "tags")(["a\0"]), "messages[2].ratings[0].tags[0] has a character"),
    (at("messages", 1, "reply_to")(7), "messages[1].reply_to names no message before it"),
    (at("messages", 1, "reply_to")(2), "messages[1].reply_to names no message before it"),
    (at("messages", 0, "reply_to")(2), "messages[0].reply_to names no message before it"),
    (at("messages", 1, "superseded_with")(3), "messages[1].superseded_with names neither this message nor one before"),
    (at("messages", 1, "superseded_with")(None), "messages[2].version_group has two versions that are shown"),
    (at("messages", 2, "version_group")(1), "messages[2].version_group is not the seq of a first version"),
    (at("messages", 0, "deleted_at")("2026-11-24T09:00:00Z"), "messages[0] is deleted and has a text"),
    *((at("messages", 0, "created_at")(moment), "messages[0].created_at is no moment") for moment in MOMENTS),
]  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), BROKEN, ids=[sentence for _, sentence in BROKEN])
def test_whatever_is_wrong_is_said_with_its_place(change: Callable[[dict[str, Any]], None], sentence: str) -> None:
    given = whole()
    change(given)
    with pytest.raises(Invalid) as refused:
        from_json(given)
    assert sentence in str(refused.value) and str(refused.value).endswith(".")


@pytest.mark.parametrize("value", [None, [], "x", 5, {}, {"format": "parley.conversation"}])
def test_what_is_no_conversation_at_all(value: Any) -> None:
    with pytest.raises(Invalid):
        from_json(value)


def test_nested_too_deeply() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(Invalid, match="nested too deeply"):
        from_json(whole() | {"extra": deep})


def test_fields_of_others_are_left_out_and_noted() -> None:
    for path in (("colour",), ("messages", 0, "colour")):
        given = whole()
        at(*path)("red")(given)
        made = from_json(given)
        assert made.notes == (UNKNOWN,) and json.loads(dumps(made)) == whole()


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_anything_in_any_place_is_read_or_refused(data: st.DataObject) -> None:
    given: Any = whole()
    here: Any = given
    while True:
        key = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else list(range(len(here)))))
        if not here[key] or not isinstance(here[key], dict | list) or data.draw(st.booleans()):
            break
        here = here[key]
    here[key] = data.draw(junk)
    try:
        made = from_json(given)
    except Invalid:
        return
    assert from_json(json.loads(dumps(made))).messages == made.messages


def test_the_schema_has_the_fields_that_the_code_has() -> None:
    for name, part in {**PARTS, "conversation": parts.HEAD}.items():
        described = SCHEMA["$defs"][name] if name in PARTS else SCHEMA
        extra = set() if name in PARTS else {"format", "version", "messages", "calls", "people"}
        assert set(described["properties"]) == part.keys | extra, name
        needed = {field.key for field in part.fields if field.name not in part._defaults}
        assert set(described["required"]) == needed | ({"format", "version", "messages"} if extra else set()), name
        left = {field.name for field in fields(part.made)} - {field.name for field in part.fields}
        assert left == ({"messages", "people", "calls", "notes"} if extra else set()), name


def test_the_schema_has_the_values_that_the_code_has() -> None:
    found = {
        (name, key): set(described["enum"])
        for name, definition in {**SCHEMA["$defs"], "conversation": SCHEMA}.items()
        for key, described in definition.get("properties", {}).items()
        if "enum" in described
    }
    enums = {
        ("conversation", "kind"): ConversationKind,
        ("message", "role"): MessageRole,
        ("message", "type"): MessageType,
        ("message", "status"): MessageStatus,
        ("rating", "score"): Score,
        ("step", "state"): StepState,
        ("call", "purpose"): CallPurpose,
        ("call", "status"): CallStatus,
        ("call", "usage_source"): UsageSource,
    }
    assert found == {place: set(enum) for place, enum in enums.items()}
