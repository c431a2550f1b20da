"""Open WebUI's export: chats with a tree of messages, in older versions with a plain list of them."""

from collections.abc import Mapping
from typing import Any

from core.models import MessageRole, MessageType
from core.transfer.document import Document
from core.transfer.foreign import (
    IMAGES,
    SOURCES,
    UNKNOWN_KIND,
    Notes,
    Told,
    Tree,
    attached,
    document_of,
    joined,
    parents_of,
)
from core.transfer.tree import Node
from core.transfer.values import a_count, a_dict, a_list, a_name, a_text, a_time, an_id

SOURCE = "open-webui"
ROLES = {"user": MessageRole.USER, "assistant": MessageRole.ASSISTANT, "tool": MessageRole.ASSISTANT}
TYPES = {"user": MessageType.TEXT, "assistant": MessageType.TEXT, "tool": MessageType.TOOL}
COUNTS = ("completion_tokens", "eval_count", "output_tokens")
"""Under which of these a model says how many tokens it wrote."""


def is_open_webui(value: Mapping[str, Any]) -> bool:
    chat = _chat(value)
    return isinstance(a_dict(chat.get("history")).get("messages"), dict) or isinstance(chat.get("messages"), list)


def read(value: Mapping[str, Any]) -> Document:
    """Raises Invalid when there is no message in it."""
    notes: Notes = {}
    chat = _chat(value)
    tree, shown = _tree(chat)
    nodes = {key: said for key, message in tree.items() if (said := _node(message, notes))}
    told = Told(
        source=SOURCE,
        id=an_id(value.get("id") or chat.get("id"), value),
        title=value.get("title") or chat.get("title"),
        created_at=a_time(value.get("created_at")) or a_time(chat.get("timestamp")),
        archived_at=a_time(value.get("updated_at")),
        is_archived=value.get("archived") is True,
        shown=shown,
        instructions=a_text(a_dict(chat.get("params")).get("system")) or a_text(chat.get("system")),
    )
    return document_of(told, nodes, parents_of(tree, "parentId", "childrenIds", notes), notes)


def _chat(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """In the oldest exports what is now under "chat" was the whole."""
    chat = value.get("chat")
    return chat if isinstance(chat, dict) else value


def _tree(chat: Mapping[str, Any]) -> tuple[Tree, object]:
    """The messages, and the last one that was shown."""
    history = a_dict(chat.get("history"))
    if messages := a_dict(history.get("messages")):
        return {key: a_dict(message) for key, message in messages.items()}, history.get("currentId")
    said = [a_dict(message) for message in a_list(chat.get("messages"))]
    above = [None, *map(str, range(len(said)))]
    return {str(place): message | {"parentId": above[place]} for place, message in enumerate(said)}, None


def _node(message: Mapping[str, Any], notes: Notes) -> Node | None:
    """None for what has nothing to read in it."""
    text = joined(_texts(message, notes), notes)
    if not text:
        return None
    author = a_text(message.get("role"))
    if message.get("sources") or message.get("citations"):
        notes[SOURCES] = None
    return Node(
        role=ROLES.get(author, MessageRole.SYSTEM),
        content=text,
        at=a_time(message.get("timestamp")),
        message_type=TYPES.get(author, MessageType.NOTICE),
        model=a_name(message.get("model")) or None if author == "assistant" else None,
        tokens=_tokens(message) if author == "assistant" else None,
    )


def _texts(message: Mapping[str, Any], notes: Notes) -> list[str]:
    content = message.get("content")
    parts = content if isinstance(content, list) else [content]
    texts = [_part(part, notes) for part in parts]
    files = [a_dict(file) for file in a_list(message.get("files"))]
    images = ["[image]" for file in files if file.get("type") == "image"]
    if images:
        notes[IMAGES] = None
    others = (file.get("name") or a_dict(file.get("file")).get("filename") for file in files)
    named = attached((name for name, file in zip(others, files, strict=True) if file.get("type") != "image"), notes)
    return [*texts, *images, *named, _error(message)]


def _part(part: object, notes: Notes) -> str:
    if not isinstance(part, dict):
        return a_text(part)
    if text := a_text(part.get("text")):
        return text
    is_image = "image" in a_text(part.get("type"))
    notes[IMAGES if is_image else UNKNOWN_KIND] = None
    return "[image]" if is_image else ""


def _error(message: Mapping[str, Any]) -> str:
    """What stood in the place of an answer that failed."""
    error = message.get("error")
    said = a_text(a_dict(error).get("content")) or a_text(error)
    return f"[error: {said}]" if said else ""


def _tokens(message: Mapping[str, Any]) -> int | None:
    usage = a_dict(message.get("usage")) or a_dict(message.get("info"))
    return next((found for name in COUNTS if (found := a_count(usage.get(name))) is not None), None)
