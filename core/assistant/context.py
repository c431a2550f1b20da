"""What the model is shown: its instructions and as much of the conversation as fits. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from core.assistant.tokens import estimate_tokens

__all__ = ["CUT", "GO_ON", "Prompt", "Turn", "build_prompt", "compose_instructions", "estimate_tokens"]

MOST_TRIMS = 3
"""How often a prompt that the provider finds too long is halved and sent again."""
TURN_OVERHEAD = 6
"""Tokens that chat templates spend on the marks around a message."""
LEAST_FOR_TURNS = 64
"""Tokens the question gets even where the instructions leave none: then the provider has the last word."""
CUT = "[… left out: too long …]"
"""Stands on a line of its own where a question's middle was."""


@dataclass(frozen=True, slots=True)
class Turn:
    role: Literal["user", "assistant"]
    content: str

    @property
    def tokens(self) -> int:
        """Estimated, with what the chat template adds."""
        return estimate_tokens(self.content) + TURN_OVERHEAD


GO_ON = Turn(
    "user",
    "Your answer broke off. Go on exactly where it ended, in the same language and form. "
    "Don't repeat what is there already, don't apologise, and write nothing about having been interrupted.",
)
"""Asks for the rest of a partial answer where a service can't simply be given its beginning."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """`turns` are oldest first and alternate between the roles, beginning with a user's.

    They end with the question, or behind it with the partial answer to go on from.
    """

    instructions: str
    turns: tuple[Turn, ...]

    @property
    def tokens(self) -> int:
        return _instruction_tokens(self.instructions) + sum(turn.tokens for turn in self.turns)

    @property
    def is_resumed(self) -> bool:
        return bool(self.turns) and self.turns[-1].role == "assistant"

    def tokens_sent(self, *, can_prefill: bool) -> int:
        """With the words that ask to go on, where a service can't simply be given the answer's beginning."""
        return self.tokens + (GO_ON.tokens if self.is_resumed and not can_prefill else 0)

    def halved(self) -> "Prompt":
        """The same with half the room for turns, for a second try after ModelContextTooLong."""
        fixed = _instruction_tokens(self.instructions)
        return build_prompt(self.instructions, self.turns, window=fixed + (self.tokens - fixed) // 2, reserve=0)


def build_prompt(instructions: str, turns: Sequence[Turn], *, window: int, reserve: int) -> Prompt:
    """The prompt that fits `window` tokens with `reserve` of them left for the answer.

    `turns` are oldest first. The instructions are never cut. The last question is always kept, with what follows it
    (a partial answer to go on from); if that alone is too long, its middle is cut. Before it as many turns are kept as
    fit without a gap. Blank turns are left out and neighbours of the same role become one turn. No user turn, no turns.
    """
    room = max(window - reserve - _instruction_tokens(instructions), LEAST_FOR_TURNS)
    said = [turn for turn in turns if turn.content.strip()]
    last_question = max((place for place, turn in enumerate(said) if turn.role == "user"), default=None)
    if last_question is None:
        return Prompt(instructions, ())
    kept = _fit(_merge(said[last_question:]), room)
    room -= sum(turn.tokens for turn in kept)
    for turn in reversed(said[:last_question]):
        room -= turn.tokens
        if room < 0:
            break
        kept.insert(0, turn)
    while kept[0].role == "assistant":
        kept.pop(0)
    return Prompt(instructions, tuple(_merge(kept)))


def compose_instructions(
    company: str, conversation: str, display_name: str, now: datetime, *, setting: str = ""
) -> str:
    """The system text: the day, then the company's and the conversation's own instructions, "" for none; and where
    this is, unless it is a chat between two.

    Short on purpose: a model of 135 million parameters loses the question behind a long preamble. The date has no time
    of day and the name comes last, so that the beginning stays the same all day for everybody: providers keep it ready.
    """
    parts = [
        "You are a helpful assistant at work. Answer briefly and honestly, in the language of the question. "
        f"Today is {now:%A}, {now.day} {now:%B %Y}.",
        company.strip(),
        conversation.strip(),
        setting,
        f"You are talking with {' '.join(display_name.split())}.",
    ]
    return "\n\n".join(part for part in parts if part)


def _instruction_tokens(instructions: str) -> int:
    return estimate_tokens(instructions) + TURN_OVERHEAD if instructions else 0


def _fit(turns: Sequence[Turn], room: int) -> list[Turn]:
    if sum(turn.tokens for turn in turns) <= room:
        return list(turns)
    fitted = list(turns)
    # Shortest first: what it doesn't need of its equal share, the longer ones get.
    for done, place in enumerate(sorted(range(len(turns)), key=lambda place: turns[place].tokens)):
        fitted[place] = _cut_middle(turns[place], room // (len(turns) - done))
        room -= fitted[place].tokens
    return fitted


def _cut_middle(turn: Turn, room: int) -> Turn:
    if turn.tokens <= room:
        return turn
    fits, too_many = 0, len(turn.content)
    while fits + 1 < too_many:
        half = (fits + too_many) // 2
        if _without_middle(turn, half).tokens <= room:
            fits = half
        else:
            too_many = half
    return _without_middle(turn, fits)


def _without_middle(turn: Turn, kept: int) -> Turn:
    """Keeps twice as much of the beginning as of the end: a question is mostly put first, sometimes last."""
    tail = kept // 3
    head = turn.content[: kept - tail].rstrip()
    end = turn.content[len(turn.content) - tail :].lstrip()
    return replace(turn, content=f"{head}\n{CUT}\n{end}".strip())


def _merge(turns: Iterable[Turn]) -> list[Turn]:
    merged: list[Turn] = []
    for turn in turns:
        if merged and merged[-1].role == turn.role:
            merged[-1] = replace(turn, content=f"{merged[-1].content}\n\n{turn.content}")
        else:
            merged.append(turn)
    return merged
