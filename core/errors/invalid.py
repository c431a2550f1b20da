"""What whoever typed it can mend."""

from datetime import datetime

from core.errors.base import ParleyError


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
