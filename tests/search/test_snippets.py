"""The piece of a text that shows why it was found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.search.query import parse
from core.search.snippets import LENGTH, Highlighter


def shown(query: str, text: str) -> str:
    found = Highlighter(parse(query)).snippet(text)
    said, end = "", 0
    for start, stop in found.spans:
        said += f"{found.text[end:start]}[{found.text[start:stop]}]"
        end = stop
    return said + found.text[end:]


@pytest.mark.parametrize(
    ("query", "text", "snippet"),
    [
        ("deliver", "It was delivered\n\nlate.", "It was [delivered] late."),
        ('"was late"', "It was late, and was not", "It [was late], and was not"),
        ("note", "it is not the note that we have", "it is not the [note] that we have"),
        ("10.0.0.1", "from 10.0.0.1 to 10", "from [10.0.0.1] to 10"),
        ("开会", "我们开会以后再开会", "我们[开会]以后再[开会]"),
        ("core/db.py", "in core/db.py now", "in [core/db.py] now"),
        ("db.py", "in core/db.py now", "in core/[db.py] now"),
        ("haus strasse", "Die HÄUSER der Straße", "Die [HÄUSER] der [Straße]"),
        ("donner", "les données que nous", "les [données] que nous"),
        ("京都", "東京都です", "東[京都]です"),
        ("sup*", "Our suppliers", "Our [suppliers]"),
        ("anna", "Anna's and anna", "[Anna]'s and [anna]"),
        ("ﬁne", "ﬁne and fine", "[ﬁne] and [fine]"),
        ("-late in:x from:me", "It was late", "It was late"),
        ("<b>", "a <b>bold</b> one", "a <[b]>bold</[b]> one"),
    ],
)
def test_the_words_that_were_found_stand_out(query: str, text: str, snippet: str) -> None:
    assert shown(query, text) == snippet


def test_of_a_long_text_the_place_with_most_of_the_words_is_shown() -> None:
    text = "apple " + "x " * 500 + "apple pear plum " + "y " * 500
    snippet = shown("apple pear plum", text)
    assert "[apple] [pear] [plum]" in snippet
    assert snippet.startswith("…")
    assert snippet.endswith("…")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=600), st.text(max_size=20))
def test_a_snippet_is_short_and_its_spans_are_in_it(text: str, query: str) -> None:
    found = Highlighter(parse(query)).snippet(text)
    assert len(found.text) <= LENGTH + 2
    end = 0
    for start, stop in found.spans:
        assert end <= start < stop <= len(found.text)
        end = stop
