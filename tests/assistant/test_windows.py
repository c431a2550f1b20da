"""How much of a conversation a model is given, by what it costs to read."""

from collections.abc import Callable

import pytest

from core.assistant.local_model import WINDOW
from core.assistant.provider import QUICK_WINDOW, Assistant
from core.config import Settings


@pytest.mark.parametrize(
    ("needed", "window"), [(0, QUICK_WINDOW), (QUICK_WINDOW + 1, QUICK_WINDOW + 1), (WINDOW * 2, WINDOW)]
)
def test_the_embedded_model_reads_more_only_when_instructions_and_question_need_it(
    settings: Callable[..., Settings], needed: int, window: int
) -> None:
    assert Assistant(settings()).window(needed=needed) == window


@pytest.mark.parametrize("values", [{}, {"openai_base_url": "http://127.0.0.1/v1", "models": "one"}])
def test_both_instructions_and_the_longest_answer_leave_room_for_a_question(
    settings: Callable[..., Settings], values: dict[str, str]
) -> None:
    made = settings(**values)
    assistant, whole = Assistant(made), WINDOW if made.is_embedded_model else made.context_tokens
    room = whole - assistant.answer_tokens() - 2 * assistant.instruction_tokens
    assert room >= assistant.instruction_tokens > 0
