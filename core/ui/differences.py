"""What is different between two texts, word by word, as Markdown."""

import re
from difflib import SequenceMatcher, unified_diff

from core.ui.text import as_label

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
MOST_WORDS = 4_000
"""Longer texts are compared line by line: words would take seconds."""
LONGEST_SAME = 160
"""Characters of what is the same that are shown between two changes."""
NEW_LINE = "↵"


def is_short(one: str, other: str) -> bool:
    """Whether they are compared word by word."""
    return len(WORDS.findall(one)) + len(WORDS.findall(other)) <= MOST_WORDS


def by_words(before: str, after: str) -> str:
    """Struck out in red what went, in green what came."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    parts: list[str] = []
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, came = "".join(old[start:end]), "".join(new[new_start:new_end])
        if tag == "equal":
            parts.append(_same(gone))
            continue
        if gone:
            parts.append(f":red-background[~~{_shown(gone)}~~]")
        if came:
            parts.append(f":green-background[{_shown(came)}]")
    return " ".join(part for part in parts if part)


def by_lines(before: str, after: str) -> str:
    """As `diff -u` writes it, without its head."""
    found = list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))
    return "\n".join(found[2:])


def _same(text: str) -> str:
    plain = " ".join(text.split())
    if len(plain) > LONGEST_SAME:
        half = LONGEST_SAME // 2
        plain = f"{plain[:half].rstrip()} … {plain[-half:].lstrip()}"
    return as_label(plain, LONGEST_SAME + 10)


def _shown(text: str) -> str:
    visible = text.replace("\n", f" {NEW_LINE} ")
    return as_label(visible, len(visible) + 1) or "␣"
