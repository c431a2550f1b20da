"""A conversation's title: from its first message at once, and a better one from the model where that is cheap."""

import re
import unicodedata

from core.assistant.context import Prompt, Turn
from core.assistant.provider import AnswerStream, Assistant
from core.assistant.tokens import estimate_tokens
from core.errors import ModelError
from core.lines import is_blank, one_line

MAX_TITLE = 200
"""Characters."""
UNTITLED = "New chat"
ELLIPSIS = "…"
_TITLE_TOKENS = 400
"""Room for models that think before they write."""
_EXCERPT = 2_000
_ASK = (
    "Write a title of at most seven words for the conversation you are given, in its language. "
    "Answer with the title alone: no quotation marks, no full stop."
)

_JOINER = "\u200d"
_FENCE = re.compile(r"^[ \t]*(```|~~~).*$", re.MULTILINE)
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+|\d{1,3}[.)][ \t]+)+", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
# Only pairs that hug a word: 2 * 3 * 4, snake_case and __init__.py stay as they are.
_EMPHASIS = re.compile(r"(?<![\w*_~])(\*{1,3}|~~|__)(?=\S)([^*_~\n]+?)(?<=\S)\1(?![\w*_~.])")
_CODE = re.compile(r"`+([^`\n]+)`+")


def title_from(text: str, limit: int = MAX_TITLE) -> str:
    """One line of at most `limit` characters from a message: its words, without Markdown marks, "…" where cut.

    A first word longer than that is cut hard, though never inside a character made of several code points. UNTITLED
    when no word is left.
    """
    title = one_line("".join(" " if _is_unseen(character) else character for character in _plain(text)))
    if is_blank(title):
        return UNTITLED[:limit]
    return title if len(title) <= limit else _shorten(title, limit)


def title_stream(assistant: Assistant, model: str, question: str, answer: str) -> AnswerStream:
    """Asks the model for a title; nothing is sent before `read_title` reads it.

    Not for the embedded model, whose titles are worse than the question's first words.
    """
    said = f"Question:\n{question[:_EXCERPT]}\n\nAnswer:\n{answer[:_EXCERPT]}"
    return assistant.stream(model, Prompt(_ASK, (Turn("user", said),)), max_tokens=_TITLE_TOKENS)


def estimate_title(question: str, answer: str) -> tuple[int, int]:
    """The most tokens that asking for a title takes, by our own estimate: of the prompt, and of the answer."""
    return estimate_tokens(_ASK + question[:_EXCERPT] + answer[:_EXCERPT]), _TITLE_TOKENS


async def read_title(stream: AnswerStream) -> str | None:
    """The title, or None when the model gave none. Raises no ModelError."""
    try:
        async with stream:
            async for _ in stream:
                pass
    except ModelError:
        return None
    title = title_from(stream.text.strip().strip("\"'“”„«».")).removeprefix("Title: ")
    return title if title != UNTITLED else None


def _plain(text: str) -> str:
    text = _FENCE.sub("", text)
    text = _LINE_MARK.sub("", text)
    text = _LINK.sub(r"\1", text)
    text = _CODE.sub(r"\1", text)
    return _EMPHASIS.sub(r"\2", text)


def _is_unseen(character: str) -> bool:
    """Control characters, and halves of a pair that no database stores. Joiners inside emoji stay."""
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _shorten(title: str, limit: int) -> str:
    room = limit - len(ELLIPSIS)
    space = title.rfind(" ", 0, room + 1)
    end = space if space > 0 else _whole_character(title, room)
    return title[:end].rstrip(" ,;:-\u2013\u2014") + ELLIPSIS


def _whole_character(text: str, end: int) -> int:
    """The last place up to `end` that does not part a letter from its accents or an emoji from its joined half."""
    place = end
    while place > 0 and (_continues(text[place]) or text[place - 1] == _JOINER or _parts_flag(text, place)):
        place -= 1
    return place or end


def _continues(character: str) -> bool:
    is_skin_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    return character == _JOINER or is_skin_tone or unicodedata.category(character).startswith("M")


def _parts_flag(text: str, place: int) -> bool:
    """Flags are pairs of letters of an own kind: an odd number of them before `place` means its middle."""
    before = 0
    while before < place and "\U0001f1e6" <= text[place - 1 - before] <= "\U0001f1ff":
        before += 1
    return before % 2 == 1 and "\U0001f1e6" <= text[place] <= "\U0001f1ff"
