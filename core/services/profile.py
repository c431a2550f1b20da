"""What people say of themselves: what they are called, in which zone they want times, and how Parley looks."""

from core.database.engine import Database
from core.errors import NotSignedIn
from core.models import AuditAction, Theme
from core.permissions import Actor, Permission
from core.repositories.users import Users
from core.services.identity import clean_name, require_zone
from core.services.names import kept_name
from core.services.people_access import record_on


class ProfileService:
    def __init__(self, database: Database) -> None:
        self.database = database

    def rename(self, actor: Actor, display_name: str) -> str:
        """What they are called from now on, by everybody. Raises Invalid, RefusedByRule."""
        actor.require(Permission.ACCOUNT_MANAGE)
        name = clean_name(display_name, what="your name")
        with self.database.transaction() as session:
            user = Users(session).get_for_update(actor.user_id)
            if user is None:
                raise NotSignedIn
            name = kept_name(session, user.company_id, name)
            if name != user.display_name:
                Users(session).update(user, {"display_name": name})
                # Neither name: a row stays when its person is to be forgotten.
                record_on(session, AuditAction.USER_RENAMED, actor, user)
        return name

    def choose_zone(self, actor: Actor, zone: str | None) -> None:
        """By its IANA name; None: that of whichever browser. Raises Invalid."""
        actor.require(Permission.ACCOUNT_MANAGE)
        if zone is not None:
            require_zone(zone)
        with self.database.transaction() as session:
            user = Users(session).get_for_update(actor.user_id)
            if user is None:
                raise NotSignedIn
            Users(session).update(user, {"chosen_time_zone": zone})

    def choose_theme(self, actor: Actor, theme: Theme | None) -> None:
        """In every browser, from its next load on. None: as the device does."""
        actor.require(Permission.ACCOUNT_MANAGE)
        with self.database.transaction() as session:
            user = Users(session).get_for_update(actor.user_id)
            if user is None:
                raise NotSignedIn
            Users(session).update(user, {"theme": theme})
