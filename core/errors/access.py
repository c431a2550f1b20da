"""What is not there for this reader, or not theirs to do."""

from datetime import datetime

from core.errors.base import ParleyError


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
