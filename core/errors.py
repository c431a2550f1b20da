"""What can go wrong, as one tree.

ParleyError
├── NotFound                what was asked for does not exist, or not for this reader
├── NotPermitted            visible to this person, but not theirs to change
│   ├── NotSignedIn         no session, or one that ended
│   │   └── Suspended       a moderator keeps this person out for a time
│   ├── SignInRefused       who a provider vouches for, but who may not come in here
│   └── AccessOver          leave to read a private conversation that ended
├── Invalid                 the input breaks a rule the person can mend
│   ├── WrongCredentials    e-mail and password do not match an active account
│   ├── SignInBroken        a sign-in through a provider that did not come to its end
│   ├── LinkExpired         a one-time link that was used or is too old
│   ├── TooManyAttempts     sign-ins that failed too often within a minute
│   ├── RuleBroken          what a conversation of this kind, or in this state, does not allow
│   ├── RefusedByRule       a rule of the company keeps a text with this in it out
│   ├── BudgetSpent         a budget has not enough left for what a call may cost
│   ├── TooLarge            a form with more in it than any person types
│   ├── StaleForm           a form that was open for too long, or is not ours
│   └── ZipBomb             a ZIP made to unpack into more than anybody has room for
├── Conflict                somebody, or another tab, was faster
│   ├── Overtaken           a setting was changed after it was opened here
│   └── AnswerInProgress    the conversation's answer is still being written
├── RateLimited             too much of one thing within a short time
├── Misconfigured           a setting is missing, weak or contradictory
└── Unavailable             something we depend on does not answer
    ├── DatabaseUnavailable PostgreSQL cannot be reached
    ├── CopyFailed          a dump, or what is made of one, did not come to its end
    ├── PortInUse           the address to serve on is taken
    ├── ProviderUnavailable a provider of single sign-on does not answer, or not as it should
    ├── AnswerInterrupted   the process that wrote an answer ended before it was whole
    └── ModelError          the model did not give a whole answer
        ├── ModelMissing            no model is installed or configured
        ├── ModelUnknown            the provider does not know this model
        ├── ModelNotAllowed         the company allows only models that are not offered any more
        ├── ModelKeyRefused         the provider refused our key
        ├── ModelNoCredit           the provider's account is used up
        ├── ModelBusy               the provider asked us to slow down
        ├── ModelUnreachable        no connection, a time-out, or a server error
        ├── ModelRefused            the provider rejected this request
        ├── ModelContextTooLong     the conversation does not fit the model
        ├── ModelCutShort           the stream ended without a finish reason
        ├── ModelTooSlow            our own wall-clock deadline passed
        ├── ModelEmpty              the answer had no text
        ├── ModelOverworked         the answer took more calls of tools than are allowed
        └── ModelLooping            the model called the same tool in the same way again and again

Each leaf has a `code` (stored and logged), a `sentence` a person can act on, and says whether it is
`is_expected`: expected ones page nobody, the others are logged with a reference that the page shows.
"""

from datetime import datetime
from functools import cache


class ParleyError(Exception):
    """Base of everything Parley raises on purpose. `str(error)` is fit to be shown to a person."""

    code = "error"
    sentence = "Something went wrong. Try again; if it stays, tell an admin."
    is_expected = True

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or self.sentence)


class NotFound(ParleyError):
    code = "not_found"
    sentence = "Not found. It may have been deleted, or it is not shared with you."


class NotPermitted(ParleyError):
    """Its sentence goes into the audit trail: one of the code's own, without names or content.

    `permission`: the tag of what it would have taken; None where no permission alone would do.
    """

    code = "not_permitted"
    sentence = "You can see this, but you may not change it."

    def __init__(self, sentence: str | None = None, *, permission: str | None = None) -> None:
        super().__init__(sentence)
        self.permission = permission


class NotSignedIn(NotPermitted):
    code = "not_signed_in"
    sentence = "You are signed out. Sign in to go on."


class Suspended(NotSignedIn):
    """Only ever said to the person themselves: who signed in with the right password, or did before.

    `until`: when it runs out; `reason`: a moderator's.
    """

    code = "suspended"
    sentence = "Your account is suspended for a time."

    def __init__(self, sentence: str | None = None, *, until: datetime | None = None, reason: str = "") -> None:
        self.until, self.reason = until, reason
        super().__init__(self.said(f"{until:%A, %-d %B %Y, %H:%M} UTC") if until else sentence)

    def said(self, when: str) -> str:
        """The whole sentence, with the moment at which it runs out in somebody's own words."""
        return f"Suspended until {when} · {self.reason}"


class SignInRefused(NotPermitted):
    code = "sign_in_refused"
    sentence = "You may not come in here. An admin can say why."


class AccessOver(NotPermitted):
    code = "access_over"
    sentence = "Your access to this conversation has ended. To read on, ask again with a reason."


class Invalid(ParleyError):
    code = "invalid"
    sentence = "That input can't be used."


class WrongCredentials(Invalid):
    code = "wrong_credentials"
    sentence = "E-mail and password don't match an account here."


class SignInBroken(Invalid):
    code = "sign_in_broken"
    sentence = "This sign-in did not come to its end. Start again."


class LinkExpired(Invalid):
    code = "link_expired"
    sentence = "This link has been used or has expired. Restart Parley to get a new one."


class TooManyAttempts(Invalid):
    code = "too_many_attempts"
    sentence = "Too many attempts. Try again in a minute."


class RuleBroken(Invalid):
    code = "rule_broken"
    sentence = "That isn't possible in this conversation."


class RefusedByRule(Invalid):
    code = "refused_by_rule"
    sentence = "A rule of your company keeps this out. Nothing was sent."


class BudgetSpent(Invalid):
    """`refused`: what was refused and why, where that is known; `resets_at`: when that budget begins again.

    `refusal`: for whoever tells those concerned of it, once all else was undone.
    """

    code = "budget_spent"
    sentence = "The budget for this has too little left. Try again when it begins anew, or ask an admin to raise it."

    def __init__(self, refused: str = "", resets_at: datetime | None = None, refusal: object = None) -> None:
        self.refused, self.resets_at, self.refusal = refused, resets_at, refusal
        super().__init__(self.said(f"{resets_at:%-d %B %Y, %H:%M} UTC") if resets_at else refused)

    def said(self, when: str) -> str:
        """The whole sentence, with the moment at which it begins again in somebody's own words."""
        return f"{self.refused} It begins again on {when}. An admin can raise it."


class TooLarge(Invalid):
    code = "too_large"
    sentence = "That form is too large."


class StaleForm(Invalid):
    code = "stale_form"
    sentence = "This page was open for too long. Fill it in and send it again."


class ZipBomb(Invalid):
    code = "zip_bomb"
    sentence = "This ZIP unpacks into far more than it should, so nothing of it was read."


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


class Misconfigured(ParleyError):
    code = "misconfigured"
    sentence = "Parley's settings need attention."
    is_expected = False


class Unavailable(ParleyError):
    code = "unavailable"
    sentence = "Something Parley depends on does not answer. Try again in a moment."
    is_expected = False


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"
    sentence = (
        "Parley can't reach its database at the moment. "
        "Nothing you sent before is lost; this page comes back by itself."
    )
    is_expected = True  # it is in the log once, by whoever noticed first; every page and request meets it


class CopyFailed(Unavailable):
    code = "copy_failed"
    sentence = "The copy of the database did not come to its end. What was copied is as it was."


class PortInUse(Unavailable):
    code = "port_in_use"


class ProviderUnavailable(Unavailable):
    code = "provider_unavailable"
    sentence = "The place where you sign in does not answer at the moment. Try again in a minute."
    is_expected = True  # it is in the log by a line of its own, without what was sent to it


class AnswerInterrupted(Unavailable):
    code = "answer_interrupted"
    sentence = "Parley was restarted before this answer was finished."
    is_expected = True


class ModelError(Unavailable):
    code = "model_error"
    sentence = "The model did not give a whole answer. Try again."


class ModelMissing(ModelError):
    code = "model_missing"
    sentence = (
        "No model is installed. Run `make model`, or set OPENAI_BASE_URL and OPENAI_API_KEY, and start Parley again."
    )


class ModelUnknown(ModelError):
    code = "model_unknown"
    sentence = "The provider doesn't know this model. Choose another one for this conversation."


class ModelNotAllowed(ModelError):
    code = "model_not_allowed"
    sentence = "None of the models that your company allows is there any more. An admin can allow others in Settings."


class ModelKeyRefused(ModelError):
    code = "model_key_refused"
    sentence = "The model provider refused Parley's key. An admin has to check OPENAI_API_KEY."


class ModelNoCredit(ModelError):
    code = "model_no_credit"
    sentence = "The model provider says that Parley's account has no credit left. An admin has to see to it."


class ModelBusy(ModelError):
    code = "model_busy"
    sentence = "The model provider is busy. Wait a minute, then try again."
    is_expected = True


class ModelUnreachable(ModelError):
    code = "model_unreachable"
    sentence = "The model can't be reached at the moment. Try again in a minute."


class ModelRefused(ModelError):
    code = "model_refused"
    sentence = "The provider refused this request. Put the question differently."
    is_expected = True


class ModelContextTooLong(ModelError):
    code = "model_context_too_long"
    sentence = "This conversation is too long for the model. Start a new one, or shorten the question."
    is_expected = True


class ModelCutShort(ModelError):
    code = "model_cut_short"
    sentence = "The connection to the model broke before the answer was finished. Try again."


class ModelTooSlow(ModelError):
    code = "model_too_slow"
    sentence = "The answer took too long and was ended. Try again, or ask for less at once."


class ModelEmpty(ModelError):
    code = "model_empty"
    sentence = "The model answered with nothing. Try again, or put the question differently."


class ModelOverworked(ModelError):
    code = "model_overworked"
    sentence = "The answer took more steps than are allowed and was ended. Ask for less at once."
    is_expected = True


class ModelLooping(ModelError):
    code = "model_looping"
    sentence = "The assistant did the same thing again and again, so it was ended. Put the question differently."
    is_expected = True


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
