"""What words a text is kept by."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.search.words import LONGEST_WORDS, fold, languages_of, stems_of, tokens_of, vector_of


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Straße", "strasse"),
        ("Élève", "eleve"),
        ("E\u0301le\u0300ve", "eleve"),
        ("Łódź Ærø", "lodz aero"),
        ("İSTANBUL ısı", "istanbul isi"),
        ("ﬁnance № Ⅷ", "finance no viii"),
        ("ＡＢＣ１２３", "abc123"),
        ("ｶﾞｷﾞ", "ガギ"),
        ("がぎ", "がぎ"),
        ("한국어", "한국어"),
        ("ПРИВЁТ", "привет"),
        ("בְּרֵאשִׁית", "בראשית"),
        ("مُحَمَّد", "محمد"),
    ],
)
def test_folding_leaves_what_people_type(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("one, two", ["one", "two"]),
        ("ERR_CONN_RESET!", ["err_conn_reset"]),
        ("(core/db.py:12)", ["core/db.py:12"]),
        ("ada@example.com.", ["ada@example.com"]),
        ("std::vector<int>", ["std::vector", "int"]),
        ("C++, C# and #tag", ["c++", "c#", "and", "tag"]),
        ("-5 -x- --", ["5", "x"]),
        ("iPhone用の東京", ["iphone", "用の東京"]),
        ("a……b", ["a", "b"]),
        ("\x00\x01 \ud800", []),
    ],
)
def test_a_text_falls_apart_where_people_would_say(text: str, tokens: list[str]) -> None:
    assert [token.text for token in tokens_of(fold(text))] == tokens


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("the report is late and this is all that they have", "e"),
        ("der Bericht ist nicht da", "g"),
        ("late is late", "ed"),
        ("le rapport est dans la boîte que nous avons mise sur la table", "f"),
        ("el informe está en la mesa", "s"),
        ("budget", "egfsipd"),
        ("the note that they have says this: das Haus ist nicht für uns und sie", "eg"),
    ],
)
def test_the_language_is_told_by_small_words(text: str, letters: str) -> None:
    words = [token.text for token in tokens_of(fold(text)) if token.is_word]
    assert {language.letter for language in languages_of(words)} == set(letters)


def test_one_languages_stems_are_not_anothers() -> None:
    """French `note` has the stem `not`: an English text with `not` must not be found by it."""
    assert "=enot" in vector_of("it is not the note")
    assert not {one for one in stems_of("note") if one in vector_of("it is not so").replace("'", "").split()}


def test_positions_hold_phrases_together() -> None:
    vector = vector_of("see core/db.py, 東京 and")
    assert "'see':1A" in vector
    for word, place in (("core", 2), ("db", 3), ("py", 4), ("東京", 5), ("京", 6), ("and", 7)):
        assert f"'{word}':{place}A" in vector
    assert "'core/db.py':2A" in vector


def test_a_text_without_words_has_none() -> None:
    assert vector_of("… !? \n") == ""


def test_a_text_of_any_length_fits_into_the_index() -> None:
    vector = vector_of(" ".join(f"w{number:x}" for number in range(200_000)))
    assert LONGEST_WORDS <= len(vector) < 3 * LONGEST_WORDS
    assert "x" * 200 in vector_of("x" * 1_000_000)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
