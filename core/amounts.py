"""How many of something there are, in words."""


def counted(number: int, thing: str) -> str:
    """Like "1 message", or "1,204 messages"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
