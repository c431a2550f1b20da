"""What people and models wrote in Markdown, read on one line."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lines import is_blank, one_line
from core.ui.gist import LONGEST, as_gist, gist
from core.ui.text import as_label
from tests.support.hostile import EVERY, LONG, MARKUP, Hostile, Trick


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Plain  text,\non two lines  \nor three", "Plain text, on two lines or three"),
        ("# Heading\n\nand **bold**, _slanted_, ~~struck~~ `code`", "Heading and bold, slanted, struck code"),
        ("Like this:\n\n```sql\n\nSELECT **a**\nFROM b\n```\n\nThen that", "Like this: SELECT **a** Then that"),
        ("```\nnever closed", "never closed"),
        ("```python\n```", "code"),
        ("    indented = 1\n    more = 2", "indented = 1"),
        ("See [the docs](https://example.com/a) or <https://example.com>", "See the docs or https://example.com"),
        ("[by reference][1]\n\n[1]: https://example.com", "by reference"),
        ("![a chart](https://example.com/x.png) ![](x.png)", "a chart image"),
        ("- one\n- two\n\n1. three\n\n> four", "one two three four"),
        ("| price | piece |\n| --- | --- |\n| 4.20 € | 6.90 € |", "price piece 4.20 € 6.90 €"),
        (r"\*as it is\* &amp; 2 * 3 * 4, snake_case", "*as it is* & 2 * 3 * 4, snake_case"),
        # A page shows them as they were typed, so they are no marks.
        ("<b>not bold</b>, :red[not red], $x$", "<b>not bold</b>, :red[not red], $x$"),
        ("<div>\nwhole\n</div>", "<div> whole </div>"),
        # Nothing would be left of them.
        ("***", "***"),
        ("[1]: https://example.com", "[1]: https://example.com"),
        ("", ""),
    ],
)
def test_a_text_is_read_without_its_marks(written: str, read: str) -> None:
    assert gist(written) == read


def test_a_mark_that_was_cut_off_is_a_character_like_any() -> None:
    assert gist("**bold that goes on and is cu") == "**bold that goes on and is cu"


@pytest.mark.parametrize("text", [one for one in MARKUP if one.trick is Trick.MARKDOWN], ids=lambda one: one.name)
def test_the_words_of_hostile_markdown_stay(text: Hostile) -> None:
    assert all(word in gist(text.text) for word, _ in text.seen)


@pytest.mark.parametrize("text", EVERY, ids=lambda one: one.name)
def test_what_comes_out_is_made_as_harmless_as_any_label(text: Hostile) -> None:
    assert as_gist(text.text, 60) == as_label(gist(text.text), 60)


@given(st.text(alphabet="*_~`#>[]()!|:-\\&;<x1 \n", max_size=60))
def test_one_line_comes_out_and_something_of_every_text(text: str) -> None:
    read = gist(text)
    assert read == one_line(read)
    assert is_blank(read) == is_blank(text)


def test_no_text_takes_longer_than_its_beginning() -> None:
    began = time.process_time()
    for mark in ("[", "*a_", "> ", "`a ``b ", "<a:", "- ", "](", "![", "|a", "&#"):
        gist(mark * LONGEST)
    for text in LONG:
        gist(text.text)
    assert time.process_time() - began < 2
