"""Every way a call to a model can fail, told as one of our errors.

The provider's words never reach the sentence, nor the log: a 401 may repeat parts of the key, a 400 parts of the
question. `describe` gives what may be logged.
"""

import json

import httpx2
import openai
from pydantic_ai import exceptions as ai

from core.errors import (
    ModelBusy,
    ModelContextTooLong,
    ModelCutShort,
    ModelError,
    ModelKeyRefused,
    ModelNoCredit,
    ModelRefused,
    ModelTooSlow,
    ModelUnknown,
    ModelUnreachable,
)

LONGEST_RETRY_AFTER = 20.0
"""Seconds; a provider that wants a longer pause gets it from the person, not from a waiting page."""

# llama.cpp's type for it, which pydantic-ai doesn't know.
_TOO_LONG_TYPES = {"exceed_context_size_error", "context_length_exceeded"}

# The first that matches counts, so the narrower classes come first.
_LEAVES: tuple[tuple[type[BaseException], type[ModelError]], ...] = (
    (ai.ModelQuotaExceededError, ModelNoCredit),
    (ai.ModelRateLimitError, ModelBusy),
    (ai.ModelOverloadedError, ModelBusy),
    (ai.ModelUnavailableError, ModelUnreachable),
    (ai.ModelServerError, ModelUnreachable),
    (ai.ModelConnectionError, ModelUnreachable),
    (ai.ModelRequestTimeout, ModelTooSlow),
    (ai.ModelContextWindowExceededError, ModelContextTooLong),
    (ai.ModelAuthenticationError, ModelKeyRefused),
    (ai.ModelNotFoundError, ModelUnknown),
    (ai.ModelRequestRejectedError, ModelRefused),
    (ai.ModelHTTPError, ModelRefused),
    (ai.ContentFilterError, ModelRefused),
    # Without a category: an unreadable chunk, or an error without a code inside the stream.
    (ai.ModelAPIError, ModelCutShort),
    (ai.UnexpectedModelBehavior, ModelUnreachable),
    (openai.RateLimitError, ModelBusy),
    (openai.AuthenticationError, ModelKeyRefused),
    (openai.PermissionDeniedError, ModelKeyRefused),
    (openai.NotFoundError, ModelUnknown),
    (openai.InternalServerError, ModelUnreachable),
    (openai.APIConnectionError, ModelUnreachable),
    (openai.APIStatusError, ModelRefused),
    (openai.OpenAIError, ModelCutShort),
    (httpx2.TimeoutException, ModelUnreachable),
    (httpx2.ConnectError, ModelUnreachable),
    (httpx2.InvalidURL, ModelUnreachable),
    (httpx2.HTTPError, ModelCutShort),
    (httpx2.StreamError, ModelCutShort),
    (json.JSONDecodeError, ModelCutShort),
    (UnicodeDecodeError, ModelCutShort),
    # What we send can't be written as UTF-8: a lone surrogate in the question.
    (UnicodeEncodeError, ModelRefused),
    (TimeoutError, ModelTooSlow),
    (OSError, ModelUnreachable),
)


def as_model_error(error: BaseException, *, has_begun: bool = False) -> ModelError:
    """The leaf for whatever came out of a model call, chained to it. One of ours is returned as it is.

    `has_begun`: some of the answer had come, so the model was reached.
    """
    if isinstance(error, ModelError):
        return error
    mapped = _leaf(error)
    if has_begun and isinstance(mapped, ModelUnreachable):
        mapped = ModelCutShort()
    mapped.__cause__ = error
    return mapped


def _leaf(error: BaseException) -> ModelError:
    if isinstance(error, ai.ModelAPIError) and error.provider_error_type in _TOO_LONG_TYPES:
        return ModelContextTooLong()
    if isinstance(error, ai.FallbackExceptionGroup) and error.exceptions:
        return _leaf(error.exceptions[-1])
    for cause, leaf in _LEAVES:
        if isinstance(error, cause):
            return leaf()
    return ModelCutShort()


def pause_before_retry(error: BaseException, usual: float) -> float | None:
    """Seconds to wait before the same request may be sent again, or None where that is of no use.

    `usual` is the wait when the provider names none. Timeouts of an answer that was asked for are not repeated: the
    provider may still be at work, and bill for it.
    """
    if not isinstance(error, ai.ModelRateLimitError | ai.ModelUnavailableError | ai.ModelServerError):
        return usual if _was_not_answered(error) else None
    wanted = error.retry_after or 0.0
    return max(wanted, usual) if wanted <= LONGEST_RETRY_AFTER else None


def _was_not_answered(error: BaseException) -> bool:
    if isinstance(error, ai.ModelTimeoutError):
        return error.phase in ("pool", "connect")
    return isinstance(error, ai.ModelConnectionError)


def may_have_cost(error: BaseException) -> bool:
    """True if the provider may have worked on the request although nothing came back."""
    if isinstance(error, ai.ModelConnectionError):
        return error.phase == "read"
    return isinstance(error, TimeoutError | ai.ModelRequestTimeout | ModelTooSlow)


def describe(error: BaseException) -> dict[str, str | int | None]:
    """Fields for the log: the class, and the HTTP status if there was one. No message, no body."""
    return {"error_class": type(error).__name__, "http_status": getattr(error, "status_code", None)}


def is_rejected(error: ModelError) -> bool:
    """True if the service did not take the request as it was, so that another one may do."""
    return getattr(error.__cause__, "status_code", None) in (400, 405, 422, 501)
