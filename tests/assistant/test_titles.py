import asyncio
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.exceptions import ModelAPIError

from core.assistant.provider import Assistant
from core.assistant.titles import ELLIPSIS, MAX_TITLE, UNTITLED, read_title, title_from, title_stream
from core.config import Settings
from tests.support.models import ScriptedModel


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("How do I  reset\n my password?", "How do I reset my password?"),
        ("# Heading\n\nand **bold** text", "Heading and bold text"),
        ("- one\n- two\n1. three", "one two three"),
        ("> quoted\n~~gone~~ *it* `code`", "quoted gone it code"),
        ("See [the docs](https://example.com/a) ![img](x.png)", "See the docs img"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("Is 2 * 3 * 4 in snake_case_name or __init__.py?", "Is 2 * 3 * 4 in snake_case_name or __init__.py?"),
        ("C# and C++", "C# and C++"),
        ("\x00\x07tab\there\u2028there", "tab here there"),
        ("half \ud83d pair", "half pair"),
        ("", UNTITLED),
        (" \n\t\u200b", UNTITLED),
        ("```\n```", UNTITLED),
    ],
)
def test_a_title_is_the_message_without_its_marks(message: str, title: str) -> None:
    assert title_from(message) == title


@given(st.text(), st.integers(min_value=20, max_value=MAX_TITLE))
def test_any_text_gives_a_short_line_without_halves(text: str, limit: int) -> None:
    title = title_from(text, limit)
    assert 0 < len(title) <= limit
    assert title == title.strip()
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in title)


@given(st.lists(st.from_regex(r"[a-z]{1,15}", fullmatch=True), min_size=1, max_size=100))
def test_only_whole_words_are_left(words: list[str]) -> None:
    title = title_from(" ".join(words))
    assert title.removesuffix(ELLIPSIS).split() == words[: len(title.split())]
    assert title.endswith(ELLIPSIS) == (len(" ".join(words)) > MAX_TITLE)


@pytest.mark.parametrize("unit", ["e\u0301", "👨\u200d👩\u200d👧", "👍🏽", "🇩🇪", "x"], ids=ascii)
def test_an_over_long_word_is_cut_between_characters(unit: str) -> None:
    title = title_from(unit * 200, limit=50)
    body = title.removesuffix(ELLIPSIS)
    assert title != body
    assert body == unit * (len(body) // len(unit))
    assert 50 - len(unit) <= len(title) <= 50


def test_a_better_title_comes_from_the_model(settings: Callable[..., Settings]) -> None:
    model = ScriptedModel('"Resetting a *password*."')
    assistant = Assistant(settings(), model_factory=lambda name: model)
    stream = title_stream(assistant, "any", "How?", "So.")
    title = asyncio.run(read_title(stream))
    assert title == "Resetting a password"
    assert stream.usage.output_tokens == 7


@pytest.mark.parametrize("answer", [ModelAPIError("scripted", "boom"), "  "], ids=["failed", "empty"])
def test_no_better_title_is_no_error(settings: Callable[..., Settings], answer: str | Exception) -> None:
    assistant = Assistant(settings(), model_factory=lambda name: ScriptedModel(answer))
    stream = title_stream(assistant, "any", "How?", "So.")
    title = asyncio.run(read_title(stream))
    assert title is None
    assert stream.attempts[-1].error_code
