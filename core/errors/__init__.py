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

Each leaf stands in the module of its branch and has a `code` (stored and logged), a `sentence` a person can act on, and
says whether it is `is_expected`: expected ones page nobody, the others are logged with a reference that the page shows.
"""

from core.errors.access import AccessOver, NotFound, NotPermitted, NotSignedIn, SignInRefused, Suspended
from core.errors.base import ParleyError, failure_of
from core.errors.invalid import (
    BudgetSpent,
    Invalid,
    LinkExpired,
    RefusedByRule,
    RuleBroken,
    SignInBroken,
    StaleForm,
    TooLarge,
    TooManyAttempts,
    WrongCredentials,
    ZipBomb,
)
from core.errors.model import (
    ModelBusy,
    ModelContextTooLong,
    ModelCutShort,
    ModelEmpty,
    ModelError,
    ModelKeyRefused,
    ModelLooping,
    ModelMissing,
    ModelNoCredit,
    ModelNotAllowed,
    ModelOverworked,
    ModelRefused,
    ModelTooSlow,
    ModelUnknown,
    ModelUnreachable,
)
from core.errors.timing import AnswerInProgress, Conflict, Overtaken, RateLimited
from core.errors.unavailable import (
    AnswerInterrupted,
    CopyFailed,
    DatabaseUnavailable,
    Misconfigured,
    PortInUse,
    ProviderUnavailable,
    Unavailable,
)

__all__ = [
    "AccessOver",
    "AnswerInProgress",
    "AnswerInterrupted",
    "BudgetSpent",
    "Conflict",
    "CopyFailed",
    "DatabaseUnavailable",
    "Invalid",
    "LinkExpired",
    "Misconfigured",
    "ModelBusy",
    "ModelContextTooLong",
    "ModelCutShort",
    "ModelEmpty",
    "ModelError",
    "ModelKeyRefused",
    "ModelLooping",
    "ModelMissing",
    "ModelNoCredit",
    "ModelNotAllowed",
    "ModelOverworked",
    "ModelRefused",
    "ModelTooSlow",
    "ModelUnknown",
    "ModelUnreachable",
    "NotFound",
    "NotPermitted",
    "NotSignedIn",
    "Overtaken",
    "ParleyError",
    "PortInUse",
    "ProviderUnavailable",
    "RateLimited",
    "RefusedByRule",
    "RuleBroken",
    "SignInBroken",
    "SignInRefused",
    "StaleForm",
    "Suspended",
    "TooLarge",
    "TooManyAttempts",
    "Unavailable",
    "WrongCredentials",
    "ZipBomb",
    "failure_of",
]
