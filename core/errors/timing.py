"""What would have worked at another moment."""

from core.errors.base import ParleyError


class Conflict(ParleyError):
    code = "conflict"
    sentence = "Somebody else changed this first. Look at it again."


class Overtaken(Conflict):
    code = "overtaken"
    sentence = "Somebody changed this after you opened it. What you typed is still here: look at theirs first."


class AnswerInProgress(Conflict):
    code = "answer_in_progress"
    sentence = "An answer is still being written here. Stop it or wait for it, then send again."


class RateLimited(ParleyError):
    """`retry_after`: whole seconds until the same would be let through."""

    code = "rate_limited"
    sentence = "That was a lot within a short time. Try again in a moment."

    def __init__(self, sentence: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
