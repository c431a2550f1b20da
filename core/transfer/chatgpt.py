"""ChatGPT's export, conversations.json: each conversation a tree of nodes, and the node it was left at."""

from collections.abc import Iterable, Mapping
from typing import Any

from core.models import MessageRole, MessageType
from core.transfer.document import Document
from core.transfer.foreign import (
    AUDIO,
    FILES,
    IMAGES,
    UNKNOWN_KIND,
    Notes,
    Told,
    attached,
    document_of,
    joined,
    parents_of,
)
from core.transfer.tree import Node
from core.transfer.values import a_dict, a_list, a_name, a_text, a_time, an_id, fenced

SOURCE = "chatgpt"
ROLES = {"user": MessageRole.USER, "assistant": MessageRole.ASSISTANT, "tool": MessageRole.ASSISTANT}
TO_EVERYBODY = ("", "all")
SILENT = ("reasoning_recap", "model_editable_context")
"""Says nothing of the conversation: how long was thought, what is remembered of the person."""
TOLD = "user_editable_context"
"""What the person had told the assistant about themselves, before the first message."""


def is_chatgpt(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("mapping"), dict)


def read(value: Mapping[str, Any]) -> Document:
    """Raises Invalid when there is no message in it."""
    notes: Notes = {}
    tree = {key: a_dict(node) for key, node in a_dict(value.get("mapping")).items()}
    nodes = {key: said for key, node in tree.items() if (said := _node(a_dict(node.get("message")), notes))}
    told = Told(
        source=SOURCE,
        id=an_id(value.get("conversation_id") or value.get("id"), value),
        title=value.get("title"),
        created_at=a_time(value.get("create_time")),
        archived_at=a_time(value.get("update_time")),
        is_archived=value.get("is_archived") is True,
        shown=value.get("current_node"),
        instructions=_instructions(tree.values()),
    )
    return document_of(told, nodes, parents_of(tree, "parent", "children", notes), notes)


def _node(message: Mapping[str, Any], notes: Notes) -> Node | None:
    """None for what has nothing to read in it."""
    author, metadata = a_text(a_dict(message.get("author")).get("role")), a_dict(message.get("metadata"))
    content = a_dict(message.get("content"))
    if content.get("content_type") in (*SILENT, TOLD):
        return None
    files = attached((a_dict(file).get("name") for file in a_list(metadata.get("attachments"))), notes)
    text = joined([*_texts(content, notes), *files], notes)
    if not text:
        return None
    is_hidden = metadata.get("is_visually_hidden_from_conversation") is True
    role = MessageRole.SYSTEM if is_hidden and author == "user" else ROLES.get(author, MessageRole.SYSTEM)
    is_step = author == "tool" or (author == "assistant" and (is_hidden or _is_to_tool(message, content)))
    return Node(
        role=role,
        content=text,
        at=a_time(message.get("create_time")),
        message_type=_type(role, is_step=is_step),
        model=a_name(metadata.get("model_slug")) or None if author == "assistant" else None,
    )


def _type(role: MessageRole, *, is_step: bool) -> MessageType:
    if role is MessageRole.SYSTEM:
        return MessageType.NOTICE
    return MessageType.TOOL if is_step else MessageType.TEXT


def _is_to_tool(message: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    """What the assistant tells its tools, and what it thinks, is no part of the talk."""
    return a_text(message.get("recipient")) not in TO_EVERYBODY or content.get("content_type") == "thoughts"


def _texts(content: Mapping[str, Any], notes: Notes) -> Iterable[str]:
    """What can be read of a message, in its order."""
    text = a_text(content.get("text"))
    match content.get("content_type"):
        case "code" | "execution_output" if text.strip():
            yield fenced(text, a_text(content.get("language")).replace("unknown", ""))
        case "thoughts":
            for thought in map(a_dict, a_list(content.get("thoughts"))):
                yield a_text(thought.get("summary"))
                yield a_text(thought.get("content"))
        case "tether_quote":
            yield from (a_text(content.get(name)) for name in ("title", "url", "text"))
        case "tether_browsing_display":
            yield a_text(content.get("result")) or a_text(content.get("summary"))
        case _:
            parts = a_list(content.get("parts"))
            said = [text, *(_part(part, notes) for part in parts)]
            if content and not parts and "text" not in content:
                notes[UNKNOWN_KIND] = None
            yield from said


def _part(part: object, notes: Notes) -> str:
    if not isinstance(part, dict):
        return a_text(part)
    kind = a_text(part.get("content_type"))
    if "image" in kind:
        notes[IMAGES] = None
        return "[image]"
    if text := a_text(part.get("text")):  # of what was spoken
        return text
    if "audio" in kind or "video" in kind:
        notes[AUDIO] = None
        return "[recording]"
    notes[FILES if "asset_pointer" in part else UNKNOWN_KIND] = None
    return "[file]" if "asset_pointer" in part else ""


def _instructions(nodes: Iterable[Mapping[str, Any]]) -> str:
    """What the assistant was told about the person before the first message."""
    for node in nodes:
        content = a_dict(a_dict(node.get("message")).get("content"))
        if content.get("content_type") == TOLD:
            told = (a_text(content.get(name)).strip() for name in ("user_profile", "user_instructions"))
            return "\n\n".join(part for part in told if part)
    return ""
