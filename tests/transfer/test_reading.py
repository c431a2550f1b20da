"""What ChatGPT and Open WebUI export, as the documents that come of it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.models import MAX_INSTRUCTIONS, MAX_TITLE, MessageRole, MessageType
from core.transfer import foreign
from core.transfer.document import Document, Said
from core.transfer.reading import Found, Unreadable, conversations_in
from core.transfer.values import UNSTORABLE
from tests.support.exports import BEGAN, ChatGPT, as_file, as_zip, branched, webui


def read(value: object) -> list[Found]:
    return list(conversations_in(as_file(value)))


def document(value: object) -> Document:
    [found] = read([value])
    assert isinstance(found, Document), found
    return found


def shown(found: Document) -> list[str]:
    return [said.content for said in found.messages if said.superseded_with is None]


def by_text(found: Document) -> dict[str, Said]:
    return {said.content: said for said in found.messages}


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_a_plain_conversation() -> None:
    chat = ChatGPT("Baking").add("q", "user", "How long?").add("a", "assistant", "An hour.")
    found = document(chat.value)
    assert (found.source, found.id, found.title, found.is_titled) == ("chatgpt", "chat-Baking", "Baking", True)
    assert [(said.seq, said.role, said.content, said.sender) for said in found.messages] == [
        (1, MessageRole.USER, "How long?", 0),
        (2, MessageRole.ASSISTANT, "An hour.", None),
    ]
    question, answer = found.messages
    assert (question.model, answer.model, answer.reply_to) == (None, "gpt-4o", 1)
    assert found.created_at == moment(BEGAN) and found.last_message_at == answer.created_at == moment(BEGAN + 2)
    assert found.notes == () and found.archived_at is None and found.model is None


def test_the_branch_that_was_shown_is_the_transcript() -> None:
    found = document(branched().value)
    assert shown(found) == ["How long, at 200 °C?", "Forty minutes.", "Thanks."]
    assert [said.seq for said in found.messages] == list(range(1, 9))
    said = by_text(found)
    first, second = said["How long?"], said["How long, at 200 °C?"]
    assert first.version_group == second.version_group == first.seq
    assert [said[text].superseded_with for text in ("How long?", "An hour.", "Sure?", "Yes.")] == [first.seq] * 4
    answer, other = said["Forty minutes."], said["Fifty minutes."]
    assert answer.version_group == other.version_group == answer.seq and other.superseded_with == other.seq
    assert said["Sure?"].version_group is None and said["Fifty minutes."].reply_to == second.seq


def test_versions_within_a_hidden_branch_are_hidden_with_their_own() -> None:
    chat = branched().add("a1c", "assistant", "No.", below="q1b").at("q3")
    said = by_text(document(chat.value))
    # The newest of the hidden ones comes back with its question; the other one stays behind it.
    assert said["No."].superseded_with == said["How long?"].seq
    assert said["Yes."].superseded_with == said["Yes."].seq
    assert said["Yes."].version_group == said["No."].version_group == said["Yes."].seq


def test_without_a_place_where_it_was_left_the_newest_is_shown() -> None:
    chat = branched()
    for gone in ("nowhere", None, 7):
        chat.value["current_node"] = gone
        assert shown(document(chat.value)) == ["How long, at 200 °C?", "Fifty minutes."]
    assert shown(document(chat.at("q2").value)) == ["How long, at 200 °C?", "Fifty minutes."]
    assert shown(document(chat.at("root").value)) == ["How long, at 200 °C?", "Fifty minutes."]


def test_what_was_said_to_tools_and_what_they_said_is_no_text_of_the_talk() -> None:
    chat = ChatGPT().add("s", "system", "").add("q", "user", "Plot it.")
    chat.add("c", "assistant", None, recipient="python", content={"content_type": "code", "text": "plot()"})
    chat.add("o", "tool", None, content={"content_type": "execution_output", "text": "a ``` b"})
    chat.add("t", "assistant", None, content={"content_type": "thoughts", "thoughts": [{"content": "Hm."}]})
    chat.add("r", "assistant", None, content={"content_type": "reasoning_recap", "content": "Thought for 2 s"})
    chat.add("a", "assistant", "Here it is.")
    found = document(chat.value)
    assert [(said.message_type, said.content) for said in found.messages] == [
        (MessageType.TEXT, "Plot it."),
        (MessageType.TOOL, "```\nplot()\n```"),
        (MessageType.TOOL, "````\na ``` b\n````"),
        (MessageType.TOOL, "Hm."),
        (MessageType.TEXT, "Here it is."),
    ]
    assert {said.reply_to for said in found.messages[1:]} == {1}


def test_images_and_files_leave_a_word() -> None:
    parts = ["Look:", {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}]
    chat = ChatGPT().add(
        "q",
        "user",
        None,
        content={"content_type": "multimodal_text", "parts": parts},
        metadata={"attachments": [{"name": "plan.pdf", "id": "f"}]},
    )
    spoken = [
        {"content_type": "audio_transcription", "text": "Hello", "direction": "in"},
        {"content_type": "real_time_user_audio_video_asset_pointer", "audio_asset_pointer": {}},
    ]
    chat.add("v", "user", None, content={"content_type": "multimodal_text", "parts": spoken})
    found = document(chat.value)
    assert [said.content for said in found.messages] == ["Look:\n\n[image]\n\n[file: plan.pdf]", "Hello\n\n[recording]"]
    assert set(found.notes) == {foreign.IMAGES, foreign.FILES, foreign.AUDIO}


def test_what_the_assistant_had_been_told_becomes_instructions() -> None:
    told = {"content_type": "user_editable_context", "user_profile": "A baker.", "user_instructions": "Be brief."}
    hidden = {"is_visually_hidden_from_conversation": True}
    chat = ChatGPT().add("t", "user", None, content=told, metadata=hidden).add("q", "user", "Hi")
    found = document(chat.value)
    assert found.instructions == "A baker.\n\nBe brief." and [said.content for said in found.messages] == ["Hi"]
    told["user_profile"] = "x" * MAX_INSTRUCTIONS
    found = document(chat.value)
    assert found.instructions == "" and foreign.TOO_LONG_TOLD in found.notes


def test_what_was_hidden_is_a_notice() -> None:
    hidden = {"is_visually_hidden_from_conversation": True}
    chat = ChatGPT().add("s", "system", "Rebased.", metadata=hidden).add("h", "user", "Memo", metadata=hidden)
    found = document(chat.add("q", "user", "Hi").value)
    notice = (MessageRole.SYSTEM, MessageType.NOTICE, None)
    assert [(said.role, said.message_type, said.sender) for said in found.messages] == [
        notice,
        notice,
        (MessageRole.USER, MessageType.TEXT, 0),
    ]


def test_a_message_without_its_time_has_that_of_the_one_above() -> None:
    chat = ChatGPT().add("q", "user", "a", create_time=BEGAN + 50).add("r", "assistant", "b", create_time=None)
    chat.add("s", "user", "c", create_time=1e300).add("t", "assistant", "d", create_time=BEGAN + 60)
    assert [said.created_at for said in document(chat.value).messages] == [
        moment(BEGAN + seconds) for seconds in (50, 50, 50, 60)
    ]
    chat.value["create_time"] = None
    assert document(chat.value).created_at == moment(BEGAN + 50)


def test_parents_come_before_their_children_whatever_the_times_say() -> None:
    chat = ChatGPT().add("q", "user", "late", create_time=BEGAN + 90).add("a", "assistant", "early", create_time=BEGAN)
    assert [said.content for said in document(chat.value).messages] == ["late", "early"]


def test_a_missing_parent_and_a_circle_are_noted() -> None:
    chat = ChatGPT().add("q", "user", "kept").add("l", "user", "loose", below="gone")
    chat.add("x", "user", "round", below="y").add("y", "assistant", "and round", below="x")
    chat.add("z", "user", "below it", below="y").at("q")
    found = document(chat.value)
    assert shown(found) == ["kept"] and [said.content for said in found.messages] == ["kept", "loose"]
    assert set(found.notes) == {foreign.LOOSE, foreign.CIRCLE}


def test_a_parent_that_only_names_its_children_is_one() -> None:
    chat = ChatGPT().add("q", "user", "a").add("r", "assistant", "b")
    chat.mapping["r"]["parent"] = None
    found = document(chat.value)
    assert shown(found) == ["a", "b"] and found.notes == ()


def test_a_conversation_without_messages_is_said_to_be_empty() -> None:
    [found, other] = read([ChatGPT("Nothing").value, branched().value])
    assert found == Unreadable("Nothing", 1, foreign.NO_MESSAGES) and isinstance(other, Document)


def test_titles_are_text_of_one_line() -> None:
    assert document(ChatGPT("<b>a</b>\n <script>").add("q", "user", "x").value).title == "<b>a</b> <script>"
    long = document(ChatGPT("x" * 500).add("q", "user", "x").value).title
    assert len(long) == MAX_TITLE and long.endswith("…")
    unnamed = document(ChatGPT("").add("q", "user", "How long\ndoes it take?").value)
    assert (unnamed.title, unnamed.is_titled) == ("How long does it take?", False)


def test_without_an_id_it_is_known_by_what_it_says() -> None:
    chat = ChatGPT(conversation_id=None).add("q", "user", "Hi")
    once, again = document(chat.value), document(json.loads(json.dumps(chat.value)))
    assert once.id == again.id and once.id.startswith("sha256:")
    assert document(ChatGPT(conversation_id=None).add("q", "user", "Ho").value).id != once.id


def test_characters_that_cannot_be_stored_are_replaced_and_noted() -> None:
    found = document(ChatGPT("a\0b").add("q", "user", "half \ud83d of 😀").value)
    assert found.title == "ab" and found.messages[0].content == "half \ufffd of 😀" and found.notes == (UNSTORABLE,)
    assert document(ChatGPT().add("q", "user", "whole 😀").value).notes == ()


def test_a_very_long_message_is_cut() -> None:
    found = document(ChatGPT().add("q", "user", "x" * (foreign.LONGEST_TEXT + 1)).value)
    assert len(found.messages[0].content) == foreign.LONGEST_TEXT and found.notes == (foreign.TOO_LONG_TEXT,)


def test_archived_stays_archived() -> None:
    chat = ChatGPT(is_archived=True).add("q", "user", "Hi")
    assert document(chat.value).archived_at == moment(BEGAN + 1_000)
    assert document(webui(archived=True)).archived_at == moment(BEGAN + 100)


def test_answers_of_several_models_are_versions() -> None:
    found = document(webui())
    assert (found.source, found.id, found.title) == ("open-webui", "webui-Soup", "Soup")
    assert shown(found) == ["What goes in?", "Potatoes.", "And then?"]
    said = by_text(found)
    assert said["Leeks."].version_group == said["Potatoes."].version_group == said["Leeks."].seq == 2
    assert said["Leeks."].superseded_with == 2 and (said["Leeks."].model, said["Potatoes."].model) == (
        "llama3",
        "qwen3",
    )
    assert (said["Leeks."].tokens, said["Potatoes."].tokens) == (None, 3)
    assert found.created_at == moment(BEGAN) and found.last_message_at == moment(BEGAN + 60)


@pytest.mark.parametrize("factor", [1, 1_000, 1_000_000, 1_000_000_000])
def test_times_in_whatever_unit(factor: int) -> None:
    value = webui(created_at=int(BEGAN) * factor)
    value["chat"]["history"]["messages"]["q"]["timestamp"] = int(BEGAN) * factor
    assert document(value).messages[0].created_at == document(value).created_at == moment(BEGAN)


def older(**fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello.", "model": "m"}]
    return {"title": "Old", "messages": messages} | fields


@pytest.mark.parametrize(
    "value", [{"id": "old", "chat": older()}, older(id="old"), {"id": "old", "chat": older(history={})}]
)
def test_older_shapes_of_open_webui(value: dict[str, Any]) -> None:
    found = document(value)
    assert (found.id, found.title, shown(found)) == ("old", "Old", ["Hi", "Hello."])
    assert found.messages[1].model == "m"


def test_what_open_webui_has_beside_text() -> None:
    value = webui()
    messages = value["chat"]["history"]["messages"]
    messages["q"]["content"] = [{"type": "text", "text": "See"}, {"type": "image_url", "image_url": {"url": "data:"}}]
    messages["q"]["files"] = [{"type": "image", "url": "data:"}, {"type": "file", "file": {"filename": "a.txt"}}]
    messages["b"] |= {"content": "", "error": {"content": "out of memory"}, "sources": [{"source": {}}]}
    value["chat"]["params"]["system"] = "Be brief."
    found = document(value)
    assert shown(found) == ["See\n\n[image]\n\n[image]\n\n[file: a.txt]", "[error: out of memory]", "And then?"]
    assert set(found.notes) == {foreign.IMAGES, foreign.FILES, foreign.SOURCES} and found.instructions == "Be brief."


def test_one_conversation_need_not_stand_in_a_list() -> None:
    [one], [other] = read(branched().value), read(webui())
    assert isinstance(one, Document) and isinstance(other, Document)


def test_the_zip_of_chatgpt() -> None:
    packed = as_zip(
        {
            "user.json": json.dumps({"id": "u", "email": "x@example.com"}),
            "message_feedback.json": "[]",
            "conversations.json": json.dumps([branched().value, ChatGPT("Empty").value]),
            "chat.html": "<html>",
            "__MACOSX/._conversations.json": b"\0\5\x16\7",
            "file-1.png": b"\x89PNG",
        }
    )
    found = list(conversations_in(packed))
    assert [type(one) for one in found] == [Document, Unreadable]


def test_a_zip_of_many_files() -> None:
    files = {f"{number}/chat.JSON": json.dumps(webui(f"Soup {number}")) for number in range(30)}
    found = list(conversations_in(as_zip(files | {"inner.zip": as_zip(files).getvalue()})))
    assert [one.title for one in found] == [f"Soup {number}" for number in range(30)]
