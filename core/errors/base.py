"""What all of them have in common, and how one is found again by its code."""

from functools import cache


class ParleyError(Exception):
    """Base of everything Parley raises on purpose. `str(error)` is fit to be shown to a person."""

    code = "error"
    sentence = "Something went wrong. Try again; if it stays, tell an admin."
    is_expected = True

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or self.sentence)


def _leaves(cls: type[ParleyError]) -> dict[str, type[ParleyError]]:
    found = {cls.code: cls}
    for sub in cls.__subclasses__():
        found |= _leaves(sub)
    return found


def failure_of(code: str | None) -> type[ParleyError]:
    """The error with that code, as stored on an answer; the general one for None or unknown."""
    return _by_code().get(code or "", ParleyError)


@cache
def _by_code() -> dict[str, type[ParleyError]]:
    return _leaves(ParleyError)
