"""Every screen there is, with the states of it that look different, for whoever looks at all of them."""

from dataclasses import dataclass
from string import Template

from core.web import addresses

NOBODY = ""
MORE = "More"
"""The menu of a page."""


@dataclass(frozen=True)
class Shown:
    drawn_by: str
    """The script in pages/, or the template of a form."""
    address: str
    """With ids of the place as `$name`; empty for a form that takes more than an address: the place has its text."""
    who: str = "all"
    """Of the world's people; NOBODY, and no one is signed in."""
    opens: tuple[str, ...] = ()
    """What is clicked, one after another."""

    def at(self, ids: dict[str, str]) -> str:
        return Template(self.address).substitute(ids)

    @property
    def name(self) -> str:
        return " › ".join([f"{self.who or 'nobody'} {self.address or self.drawn_by}", *self.opens])


def _all(drawn_by: str, *shown: str, **others: str) -> tuple[Shown, ...]:
    return tuple(Shown(drawn_by, address, **others) for address in shown)  # type: ignore[arg-type]


ROOMS = ("company", "locked", "direct", "assistant", "failed", "queued", "long", "steps")

SCREENS = (
    *_all("home.py", "/"),
    *_all("home.py", "/", who="new"),
    *_all("chat.py", "/chat", "/chat?c=1", *(f"/chat?c=${room}" for room in ROOMS)),
    Shown("chat.py", "/chat?c=$company", opens=(MORE, "Members")),
    Shown("chat.py", "/chat?c=$assistant", opens=("Bad answer",)),
    Shown("chat.py", "/chat", opens=("New …", "New group")),
    *_all("browse.py", "/browse", "/browse?q=keys", "/browse?state=archived"),
    *_all("browse.py", "/browse?c=$long"),
    Shown("browse.py", "/browse", opens=("Import",)),
    Shown("browse.py", "/browse?c=$assistant", opens=("Export",)),
    *_all("tasks.py", "/tasks"),
    *_all("tasks.py", "/tasks", who="new"),
    *_all("usage.py", "/usage", "/usage?calls=1"),
    *_all("usage.py", "/usage", who="new"),
    Shown("usage.py", "/usage", opens=("Filters",)),
    *_all("moderation.py", "/moderation", "/moderation?case=$case", "/moderation?case=$done&status=closed"),
    *_all("moderation.py", *(f"/moderation?tab={tab}" for tab in ("messages", "in_force", "grants", "rules"))),
    Shown("moderation.py", "/moderation?tab=grants", opens=("Ask for access",)),
    Shown("moderation.py", "/moderation?tab=rules", opens=("Add a rule",)),
    *_all("audit.py", "/audit", "/audit?event=3", "/audit?reason=nowhere"),
    *_all("people.py", "/people", "/people?p=$bo", "/people?show=invited"),
    Shown("people.py", "/people", opens=("Invite somebody",)),
    *_all("settings.py", "/settings", *(f"/settings?section={one}" for one in ("Limits", "Budgets", "Retention"))),
    Shown("settings.py", "/settings?section=Model prices"),
    Shown("settings.py", "/settings?section=Budgets", opens=("Add a budget",)),
    Shown("settings.py", "/settings", who="new"),
    *_all("account.py", "/account"),
    *_all("sign-in.html", addresses.SIGN_IN, who=NOBODY),
    *_all("set-up.html", "", who=NOBODY),
    *_all("invite.html", f"{addresses.INVITE}?token=$invite", who=NOBODY),
    *_all("new-password.html", f"{addresses.NEW_PASSWORD}?token=$password", who=NOBODY),
    *_all("message.html", f"{addresses.INVITE}?token=old", who=NOBODY),
    *_all("sso-failed.html", "", who=NOBODY),
    *_all("signed-out.html", "", who=NOBODY),
    *_all("password.html", addresses.PASSWORD),
    *_all("sign-out.html", addresses.SIGN_OUT),
)
