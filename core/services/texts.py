"""What people type, checked once for every service: the sentence names the field and the limit."""

from core.assistant.tokens import estimate_tokens
from core.errors import Invalid
from core.lines import is_blank


def checked_text(text: str, *, field: str, limit: int) -> str:
    """The text as given. Raises Invalid when it is longer than `limit` or has what PostgreSQL cannot store."""
    if len(text) > limit:
        raise Invalid(f"{field} may have up to {limit:,} characters; this has {len(text):,}.")
    if "\0" in text:
        raise Invalid(f"{field} contains a NUL character, which can't be stored. Remove it and try again.")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Invalid(f"{field} contains half of a character. Remove it and try again.")
    return text


def required_text(text: str, *, field: str, limit: int) -> str:
    """The same, and not blank: what nobody sees is nothing."""
    if is_blank(text):
        raise Invalid(f"{field} is empty. Write something first.")
    return checked_text(text, field=field, limit=limit)


def checked_instructions(text: str, *, limit: int, tokens: int) -> str:
    """Instructions of at most `limit` characters and about `tokens` tokens: the question has to fit beside them."""
    text = checked_text(text.strip(), field="Instructions", limit=limit)
    if (taken := estimate_tokens(text)) > tokens:
        raise Invalid(
            f"Instructions take about {taken:,} tokens of what the model can read; {tokens:,} are left for them. "
            "Shorten them."
        )
    return text
