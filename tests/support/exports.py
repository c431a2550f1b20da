"""Files as ChatGPT and Open WebUI export them, made up: small builders, and long ones written as they are made."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

BEGAN = 1_700_000_000.0
"""2023-11-14 22:13:20 UTC."""


class ChatGPT:
    """A conversation, built message by message; each stands below the one before unless told otherwise."""

    def __init__(self, title: str = "Bread", **fields: Any) -> None:
        root: dict[str, Any] = {"id": "root", "message": None, "parent": None, "children": []}
        self.value: dict[str, Any] = {
            "title": title,
            "create_time": BEGAN,
            "update_time": BEGAN + 1_000,
            "mapping": {"root": root},
            "current_node": "root",
            "conversation_id": f"chat-{title}",
            "is_archived": False,
        } | fields

    @property
    def mapping(self) -> dict[str, Any]:
        return self.value["mapping"]  # type: ignore[no-any-return]

    def add(self, key: str, role: str, text: str | None, *, below: str | None = None, **fields: Any) -> "ChatGPT":
        """`fields` replace those of the message: content, metadata, create_time …"""
        parent = self.value["current_node"] if below is None else below
        content = {"content_type": "text", "parts": [] if text is None else [text]}
        message = {
            "id": key,
            "author": {"role": role, "name": None, "metadata": {}},
            "create_time": BEGAN + len(self.mapping),
            "content": content,
            "status": "finished_successfully",
            "weight": 1.0,
            "metadata": {"model_slug": "gpt-4o"} if role == "assistant" else {},
            "recipient": "all",
        } | fields
        self.mapping[key] = {"id": key, "message": message, "parent": parent, "children": []}
        if parent in self.mapping:
            self.mapping[parent]["children"].append(key)
        self.value["current_node"] = key
        return self

    def at(self, key: str) -> "ChatGPT":
        """It was left there."""
        self.value["current_node"] = key
        return self


def branched() -> ChatGPT:
    """Two questions at the beginning, two answers to the second; the first answer of those is shown.

    root ─ q1 ─ a1 ─ q1b ─ a1b
         └ q2 ─ a2 ─ q3
              └ a2b
    """
    chat = ChatGPT().add("q1", "user", "How long?").add("a1", "assistant", "An hour.")
    chat.add("q1b", "user", "Sure?").add("a1b", "assistant", "Yes.")
    chat.add("q2", "user", "How long, at 200 °C?", below="root").add("a2", "assistant", "Forty minutes.")
    chat.add("a2b", "assistant", "Fifty minutes.", below="q2").add("q3", "user", "Thanks.", below="a2")
    return chat


def webui(title: str = "Soup", **fields: Any) -> dict[str, Any]:
    """An Open WebUI chat in which two models answered, and the second answer was gone on with."""
    messages = {
        "q": {"role": "user", "content": "What goes in?", "models": ["llama3", "qwen3"], "timestamp": int(BEGAN)},
        "a": {"role": "assistant", "content": "Leeks.", "model": "llama3", "timestamp": int(BEGAN) + 5},
        "b": {
            "role": "assistant",
            "content": "Potatoes.",
            "model": "qwen3",
            "timestamp": int(BEGAN) + 5,
            "usage": {"prompt_tokens": 12, "completion_tokens": 3},
        },
        "r": {"role": "user", "content": "And then?", "timestamp": int(BEGAN) + 60},
    }
    parents = {"q": None, "a": "q", "b": "q", "r": "b"}
    for key, message in messages.items():
        children = [child for child, parent in parents.items() if parent == key]
        message |= {"id": key, "parentId": parents[key], "childrenIds": children}
    chat = {
        "id": "",
        "title": title,
        "models": ["llama3", "qwen3"],
        "params": {},
        "history": {"messages": messages, "currentId": "r"},
        "messages": [messages["q"], messages["b"], messages["r"]],
        "tags": [],
        "timestamp": int(BEGAN * 1_000),
        "files": [],
    }
    return {
        "id": f"webui-{title}",
        "user_id": "somebody",
        "title": title,
        "chat": chat,
        "updated_at": int(BEGAN) + 100,
        "created_at": int(BEGAN),
        "share_id": None,
        "archived": False,
    } | fields


def as_file(value: object) -> io.BytesIO:
    return io.BytesIO(json.dumps(value).encode())


def as_zip(files: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed


def many(count: int, *, length: int = 6, text: str = "word " * 60) -> Iterator[ChatGPT]:
    """Conversations of `length` messages each."""
    for number in range(count):
        chat = ChatGPT(f"Conversation {number}")
        for place in range(length):
            chat.add(f"{number}-{place}", "assistant" if place % 2 else "user", f"{place} {text}")
        yield chat


def write_many(path: Path, megabytes: int) -> int:
    """A list of conversations of about that size. Returns how many there are."""
    written = 0
    with path.open("w") as file:
        file.write("[")
        while file.tell() < megabytes << 20:
            for chat in many(20, length=10, text=f"“{written}” " + "wörter " * 120):
                chat.value["conversation_id"] = f"long-{written}"
                file.write((", " if written else "") + json.dumps(chat.value))
                written += 1
        file.write("]")
    return written
