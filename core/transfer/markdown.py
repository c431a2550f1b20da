"""A document as Markdown that people read.

Headings in what was said are set lower than those of the messages, and whatever would swallow the message after it is
quoted: so nobody can write a message that reads as somebody else's.
"""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.lines import one_line
from core.transfer.document import Said
from core.transfer.outgoing import Outgoing
from core.transfer.wording import (
    absence,
    costs_of,
    facts,
    moment,
    ratings_of,
    reactions_of,
    replaced,
    sender_of,
    states,
    steps_of,
    title_of,
)

LOWEST = 6
BELOW_MESSAGES = 2
MARKS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&])")
# What may be more than a paragraph of words.
# Not over line ends, and without trying again: else a text of blank lines would take minutes.
SUSPICIOUS = re.compile(r"^[^\S\n]*+(?:[#<=~`\-]|\[)", re.MULTILINE)
LINE_END = re.compile(r"\r\n|\r|\n")
SENTINEL = "parley-next-message"
_blocks = MarkdownIt("commonmark")
_blocks.core.ruler.enableOnly(["normalize", "block"])


def write(going: Outgoing) -> Iterator[str]:
    head = going.head
    yield f"# {plain(title_of(head))}\n\n"
    yield "".join(f"- {name}: {plain(value)}\n" for name, value in facts(head))
    if head.instructions:
        yield f"\nInstructions:\n\n{quoted(head.instructions)}\n"
    for said in going.messages:
        yield _message(said, going)
    if calls := [f"- {plain(costs_of(call, going.people))}\n" for call in going.calls]:
        yield "\n## Other calls to models\n\n"
        yield from calls


def _message(said: Said, going: Outgoing) -> str:
    beside = [f"{said.seq}", moment(said.created_at), *states(said)]
    lines = [f"\n## {plain(sender_of(said, going.people))}\n\n*{plain(' · '.join(beside))}*\n\n"]
    is_there = said.content.strip() and not said.deleted_at
    lines.append(f"{set_off(said.content)}\n" if is_there else f"*{plain(absence(said))}*\n")
    lines += [f"\n{plain(replaced(one))}\n\n{quoted(one.content)}\n" for one in said.revisions]
    notes = [
        *steps_of(said),
        *([f"Reactions: {reactions_of(said.reactions, going.people)}"] if said.reactions else []),
        *(f"Rated by {rating}" for rating in ratings_of(said, going.people)),
        *(f"Cost: {costs_of(call, going.people)}" for call in said.calls),
    ]
    if notes:
        lines.append("\n" + "".join(f"- {plain(note)}\n" for note in notes))
    return "".join(lines)


def plain(text: str) -> str:
    """One line of words, none of which mean anything to Markdown."""
    return MARKS.sub(r"\\\1", one_line(text))


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in LINE_END.split(text))


def set_off(text: str) -> str:
    """What was said, as written as far as it stays one message."""
    text = LINE_END.sub("\n", text).strip("\n")
    if not SUSPICIOUS.search(text):
        return text
    *tokens, last = _blocks.parse(f"{text}\n\n{SENTINEL}")[:-1] or [Token("", "", 0)]
    is_closed = last.type == "inline" and last.content == SENTINEL and last.level == 1
    headings = [token for token in tokens if token.type == "heading_open" and token.level == 0]
    if not is_closed or any(map(_is_foreign, tokens)):
        return quoted(text)
    lines = text.split("\n")
    for heading in headings:
        assert heading.map
        at = heading.map[0]
        level = min(LOWEST, len(heading.markup) + BELOW_MESSAGES)
        lines[at] = lines[at].replace(heading.markup, "#" * level, 1)
    return "\n".join(lines)


def _is_foreign(token: Token) -> bool:
    """Markup of another kind, whose headings can't be told from ours."""
    is_underlined = token.type == "heading_open" and token.markup in ("=", "-") and token.level == 0
    return token.type == "html_block" or is_underlined
