"""What the model is shown fits, keeps the question, and never loses the instructions."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from core.assistant.context import CUT, LEAST_FOR_TURNS, TURN_OVERHEAD, Prompt, Turn, build_prompt, compose_instructions
from core.assistant.tokens import estimate_tokens

texts = st.text(max_size=300) | st.lists(st.sampled_from(["word", "Überraschung", "你好", "x" * 40]), max_size=80).map(
    " ".join
)
turns = st.lists(st.builds(Turn, role=st.sampled_from(["user", "assistant"]), content=texts), max_size=12)
windows = st.integers(min_value=100, max_value=2_000)


@given(texts, turns, windows, st.integers(min_value=0, max_value=500))
def test_instructions_stay_whole_and_turns_fit(instructions: str, said: list[Turn], window: int, reserve: int) -> None:
    prompt = build_prompt(instructions, said, window=window, reserve=reserve)
    assert prompt.instructions == instructions
    fixed = estimate_tokens(instructions) + TURN_OVERHEAD if instructions else 0
    assert sum(turn.tokens for turn in prompt.turns) <= max(window - reserve - fixed, LEAST_FOR_TURNS)


@given(turns, windows)
def test_turns_alternate_and_begin_with_a_user(said: list[Turn], window: int) -> None:
    prompt = build_prompt("", said, window=window, reserve=0)
    roles = [turn.role for turn in prompt.turns]
    assert all(role == ("user", "assistant")[place % 2] for place, role in enumerate(roles))
    assert bool(roles) == any(turn.role == "user" and turn.content.strip() for turn in said)


@given(turns, windows)
def test_the_last_question_is_kept_or_cut_in_its_middle(said: list[Turn], window: int) -> None:
    questions = [turn.content for turn in said if turn.role == "user" and turn.content.strip()]
    prompt = build_prompt("", said, window=window, reserve=0)
    if questions:
        kept = next(turn.content for turn in reversed(prompt.turns) if turn.role == "user")
        assert kept.endswith(questions[-1]) or CUT in kept


@given(turns)
def test_with_room_enough_nothing_is_lost(said: list[Turn]) -> None:
    prompt = build_prompt("", said, window=10**9, reserve=0)
    first = next((place for place, turn in enumerate(said) if turn.role == "user" and turn.content.strip()), len(said))
    expected = [turn.content for turn in said[first:] if turn.content.strip()]
    assert "\n\n".join(turn.content for turn in prompt.turns) == "\n\n".join(expected)


@given(turns, windows)
def test_building_twice_is_building_once(said: list[Turn], window: int) -> None:
    once = build_prompt("Be brief.", said, window=window, reserve=20)
    assert build_prompt("Be brief.", once.turns, window=window, reserve=20) == once


@given(turns.filter(lambda said: sum(turn.tokens for turn in said) > 2 * LEAST_FOR_TURNS))
def test_halved_is_smaller(said: list[Turn]) -> None:
    prompt = build_prompt("Be brief.", said, window=10**6, reserve=0)
    half = prompt.halved()
    assert half.instructions == prompt.instructions
    fixed = Prompt("Be brief.", ()).tokens
    assert half.tokens - fixed <= max((prompt.tokens - fixed) // 2, LEAST_FOR_TURNS)


def test_the_oldest_go_first() -> None:
    said = [Turn("user" if place % 2 == 0 else "assistant", f"turn {place} " + "word " * 20) for place in range(11)]
    prompt = build_prompt("", said, window=100, reserve=0)
    assert prompt.turns == tuple(said[-3:])


def test_a_long_question_keeps_its_beginning_and_its_end() -> None:
    question = "Start here. " + "filler " * 2_000 + "Finish there."
    (turn,) = build_prompt("", [Turn("user", question)], window=200, reserve=50).turns
    assert turn.content.startswith("Start here.")
    assert turn.content.endswith("Finish there.")
    assert CUT in turn.content.splitlines()
    assert 120 < turn.tokens <= 150


def test_a_partial_answer_to_continue_shares_the_room_with_its_question() -> None:
    said = [Turn("user", "Tell a story."), Turn("assistant", "Once upon a time " * 500)]
    question, partial = build_prompt("", said, window=200, reserve=0).turns
    assert question.content == "Tell a story."
    assert CUT in partial.content


@given(st.text())
def test_every_text_has_a_number_of_tokens(text: str) -> None:
    assert (estimate_tokens(text) == 0) == (text == "")
    assert estimate_tokens(text) <= 4 * len(text)


def test_instructions_name_the_person_the_day_and_what_was_set() -> None:
    now = datetime(2026, 11, 2, 9, tzinfo=UTC)
    text = compose_instructions("We sell bolts.", " Answer in French. ", "Ada\nLovelace", now)
    assert "Ada Lovelace" in text
    assert "Monday, 2 November 2026" in text
    assert "\n\nWe sell bolts.\n\nAnswer in French.\n\n" in text
    assert estimate_tokens(compose_instructions("", "", "Ada Lovelace", now)) < 80
    assert compose_instructions("", "", "Ada", now).strip() == compose_instructions("", "", "Ada", now)
