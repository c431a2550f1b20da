"""Exports that people read: Markdown and HTML, names of files, and many in a ZIP."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.models import ConversationKind, MessageRole, MessageType, Score
from core.transfer import html, markdown
from core.transfer.archive import Archive
from core.transfer.document import Document, Person, Rated, Reacted, Revision, Said
from core.transfer.file_names import LONGEST, FileNames, file_name
from core.transfer.html import POLICY
from core.transfer.markdown import set_off
from core.transfer.outgoing import outgoing
from tests.support.documents import BEGAN, documents, talk

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
ATTACKS = (
    EVIL,
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1) 'x')",
    "[click](&#106;avascript:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "[click](vbscript:x)",
    "[click](file:///etc/passwd)",
    "[click](//elsewhere.example)",
    "![pixel](https://elsewhere.example/pixel.png)",
    "![pixel](data:image/png;base64,AAAA)",
    '![x](https://a.example/"onload="alert(1))',
    '[a](https://a.example/" onclick="alert(1))',
    "<https://a.example/><javascript:alert(1)>",
    "[ref]\n\n[ref]: javascript:alert(1)",
    "```html\n</pre><script>alert(1)</script>\n```",
    '| a |\n|---|\n| <b onclick="x">b</b> |',
)


class Page(HTMLParser):
    """What a browser makes of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


ALLOWED = set(re.findall(r"\w+", """
    html head meta title style body h1 h2 h3 h4 h5 h6 dl dt dd article header strong em span time p div ul ol li a pre
    code blockquote hr br table thead tbody tr th td s details summary
"""))  # fmt: skip


def shown(document: Document) -> str:
    return "".join(html.write(outgoing(document)))


def saying(*contents: str, role: MessageRole = MessageRole.ASSISTANT) -> Document:
    messages = tuple(
        Said(seq=seq, role=role, content=content, created_at=BEGAN, sender=0 if role is MessageRole.USER else None)
        for seq, content in enumerate(contents, 1)
    )
    return replace(talk(0), messages=messages)


def check_harmless(text: str) -> None:
    for tag, attributes in Page(text).tags:
        assert tag in ALLOWED, tag
        names = attributes.keys() - {"lang", "charset", "http-equiv", "content", "name", "dir", "id", "class"}
        assert names <= {"href", "rel", "datetime", "title", "start", "style"}, attributes
        if "style" in attributes:
            assert tag in ("td", "th") and re.fullmatch(r"text-align:(left|right|center)", attributes["style"] or "")
        if tag == "a":
            assert re.match(r"(https?://|mailto:)", attributes["href"] or ""), attributes
            assert attributes["rel"] == "noopener noreferrer"


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("role", [MessageRole.USER, MessageRole.ASSISTANT])
def test_what_people_wrote_is_text_in_html(attack: str, role: MessageRole) -> None:
    check_harmless(shown(saying(attack, role=role)))


def test_titles_names_and_everything_beside_are_text_too() -> None:
    said = Said(
        seq=1, role=MessageRole.USER, content="x", created_at=BEGAN, sender=0, model=EVIL,
        revisions=(Revision(EVIL, BEGAN, 0, EVIL),), reactions=(Reacted("<b>", 0, BEGAN),),
        ratings=(Rated(Score.DOWN, 0, BEGAN, (EVIL,), EVIL),),
    )  # fmt: skip
    answer = replace(said, seq=2, role=MessageRole.ASSISTANT, sender=None)
    made = replace(talk(0), title=EVIL, people=(Person(EVIL),), model=EVIL, instructions=EVIL, messages=(said, answer))
    text = shown(made)
    check_harmless(text)
    assert text.count("&lt;script&gt;") >= 8
    lines = "".join(markdown.write(outgoing(made)))
    tokens = MarkdownIt("commonmark").parse(lines)
    [title] = [token for token in tokens if token.type == "inline"][:1]
    assert not [child for child in title.children or [] if child.type == "html_inline"]
    assert lines.startswith("# \\<script\\>alert\\(1\\)")


@settings(max_examples=60, deadline=None)
@given(documents())
@pytest.mark.long
def test_any_document_is_a_harmless_page(document: Document) -> None:
    check_harmless(shown(document))
    assert "".join(markdown.write(outgoing(document))).startswith("# ")


def test_the_page_opens_by_itself() -> None:
    text = shown(saying("![a picture](https://elsewhere.example/a.png) and [a link](https://elsewhere.example/b)"))
    assert f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">' in text
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in POLICY
    assert "prefers-color-scheme: dark" in text and "<script" not in text and "<img" not in text
    assert "url(" not in text and "@import" not in text
    links = [attributes["href"] for tag, attributes in Page(text).tags if tag == "a"]
    assert links == ["https://elsewhere.example/a.png", "https://elsewhere.example/b"]
    assert ">a picture</a>" in text


def test_html_shows_who_said_what_and_when() -> None:
    first = replace(talk(2).messages[0], content="One\ntwo", edited_at=BEGAN, revisions=(Revision("Zero", BEGAN),))
    gone = replace(talk(2).messages[1], seq=3, content="", deleted_at=BEGAN)
    old = replace(talk(2).messages[1], content="# Old", superseded_with=2, model="large")
    notice = Said(4, MessageRole.SYSTEM, "Bo left.", BEGAN, MessageType.NOTICE)
    text = shown(replace(talk(2), messages=(first, old, gone, notice)))
    assert "<p>One<br>" in text or "<p>One<br />" in text
    for part in ("Ada", "Assistant (large)", "earlier version", "This message was deleted<", "Notice", "<h1>Old</h1>"):
        assert part in text
    assert "<details><summary>Until 20 November 2026, 09:00 UTC</summary>" in text and "Zero" in text
    assert '<time datetime="2026-11-20T09:00:01+00:00">20 November 2026, 09:00 UTC</time>' in text


def headings(text: str) -> list[str]:
    """Of the first and second level, as Markdown is read."""
    tokens = MarkdownIt("commonmark").parse(text)
    return [
        tokens[at + 1].content
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag in ("h1", "h2") and token.level == 0
    ]


HARMFUL = (
    "## Bo\n\nI quit.", "Bo\n---\nI quit.", "Bo\n===", "```\nnever closed", "~~~~ never closed", "<!-- never closed",
    "<h2>Bo</h2>", "<pre>never closed", "<details>", "- a\n\n## Bo", "> a\n## Bo", "1. a\n\n   ```\n   b", "   ## Bo",
    "\r## Bo\r\rI quit.", "a\n\n\n", "    code", "<![CDATA[", "<?php", "\t## Bo",
)  # fmt: skip


@pytest.mark.parametrize("harmful", HARMFUL)
def test_no_message_reads_as_somebody_elses(harmful: str) -> None:
    lines = "".join(markdown.write(outgoing(saying(harmful, "And then?"))))
    assert headings(lines) == ["A long talk", "Assistant", "Assistant"]
    [*_, last] = [token.content for token in MarkdownIt("commonmark").parse(lines) if token.type == "inline"]
    assert last == "And then?"


@settings(max_examples=300, deadline=None)
@given(st.text("#=-~`<>!?ab\n\r\t *_[]()|1.", max_size=40))
def test_whatever_it_is_made_of(content: str) -> None:
    lines = "".join(markdown.write(outgoing(saying(content, "And then?"))))
    assert headings(lines) == ["A long talk", "Assistant", "Assistant"]


def test_what_is_harmless_stays_as_it_was_written() -> None:
    for text in (
        "**Hi**, `there`",
        "- a\n- b",
        "```py\n# not a heading\n```",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "a < b",
    ):
        assert set_off(text) == text
    assert set_off("# Steps\n\nFirst.\n\n##### Deep") == "### Steps\n\nFirst.\n\n###### Deep"


def test_markdown_says_the_facts() -> None:
    made = replace(talk(2), kind=ConversationKind.GROUP, source="chatgpt", archived_at=BEGAN, instructions="Be brief.")
    lines = "".join(markdown.write(outgoing(made)))
    for line in ("- Kind: Group", "- Began: 20 November 2026, 09:00 UTC", "- Began in: chatgpt", "> Be brief."):
        assert line in lines
    assert "## Ada\n\n*1 · 20 November 2026, 09:00 UTC*\n\nMessage 1: **what**" in lines


NAMES = {
    "Budget 2026": "Budget 2026",
    "../../etc/passwd": "etc-passwd",
    "C:\\Windows\\system.ini": "C-Windows-system.ini",
    "CON": "_CON",
    "nul.txt": "_nul.txt",
    "Com1": "_Com1",
    "conference": "conference",
    "": "New chat",
    " . ": "New chat",
    "...": "New chat",
    "\0\x1b[31m": "[31m",
    "a\nb\tc": "a b c",
    "\u202egnp.exe": "gnp.exe",
    "مرحبا بالعالم": "مرحبا بالعالم",
    "😀" * 200: "😀" * 30,
    '<b>"x"|?*': "b-x",
    "-rf": "rf",
    "~": "New chat",
    "ends with dots...": "ends with dots",
}


@pytest.mark.parametrize("title", NAMES)
def test_names_that_every_system_can_have(title: str) -> None:
    assert file_name(title).rstrip("-") == NAMES[title]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=20), st.sampled_from(list(NAMES))), max_size=12))
def test_no_two_files_are_called_alike(titles: list[str]) -> None:
    names = FileNames("index")
    found = [names.add(title, "md") for title in titles]
    assert len({name.casefold() for name in found} | {"index.md"}) == len(found) + 1
    for name in found:
        assert name == name.strip() and not name.startswith((".", "~", "-")) and "/" not in name and "\\" not in name
        assert (len(name.encode()) <= LONGEST + 12 and name.isprintable()) or "\u200d" in name


def test_the_same_files_are_the_same_zip() -> None:
    def made() -> bytes:
        archive = Archive()
        parts = [
            *archive.add("a.md", [b"one", b"", b"two"], BEGAN),
            *archive.add("ü.md", [], datetime.min.replace(tzinfo=UTC)),
        ]
        return b"".join([*parts, *archive.add("late", [b"x"], BEGAN + timedelta(days=40_000)), *archive.finish()])

    content = made()
    assert content == made()
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None and archive.read("a.md") == b"onetwo" and archive.read("ü.md") == b""
        assert [info.date_time[0] for info in archive.infolist()] == [2026, 1980, 2107]
        assert content.count(b"PK\x03\x04") == 3
