"""What is wrong in the house, or with what it depends on."""

from core.errors.base import ParleyError


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
