import pytest

from core.database.engine import Database
from core.errors import Invalid, RefusedByRule
from core.models import ConversationKind, RuleAction, RuleKind, Theme, User
from core.permissions import Role
from core.repositories.audit import Audit
from core.services.identity import UNKNOWN_ZONE
from core.services.people import PeopleService
from core.services.profile import ProfileService
from core.services.rules import RuleService, WantedRule
from tests.support.builders import make_actor, make_user
from tests.support.passwords import QuickPasswords
from tests.support.talks import DENIED, DONE, Desk, outcome


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_a_name_is_changed_recorded_without_it_and_held_against_the_rules(desk: Desk) -> None:
    profile, me, mo = ProfileService(desk.database), desk.person(Role.STAFF), desk.person(Role.MODERATOR)
    assert profile.rename(me, "  Ada\n King ") == "Ada King"
    assert profile.rename(me, "Ada King") == "Ada King"
    RuleService(desk.database).add(
        mo, WantedRule("W", RuleKind.WORDS, RuleAction.REFUSE, (ConversationKind.COMPANY,), "wombat")
    )
    for name, error in (("", Invalid), (" \0 ", Invalid), ("x" * 121, Invalid), ("Wombat", RefusedByRule)):
        with pytest.raises(error):
            profile.rename(me, name)
    with desk.database.reading() as session:
        assert session.get_one(User, me.user_id).display_name == "Ada King"
        [row] = [one for one in Audit(session).list_recent(me.company_id) if one.action == "user:rename"]
    assert (row.actor_id, row.target_id, row.before, row.after) == (me.user_id, me.user_id, None, None)


def test_a_zone_is_chosen_and_left_to_the_browser_again(desk: Desk) -> None:
    profile, me = ProfileService(desk.database), desk.person(Role.ANALYST)

    def chosen() -> str | None:
        with desk.database.reading() as session:
            return session.get_one(User, me.user_id).chosen_time_zone

    profile.choose_zone(me, "Europe/Berlin")
    assert chosen() == "Europe/Berlin"
    for unknown in ("", "Berlin", "../etc/passwd", "Europe/Berlin\0"):
        with pytest.raises(Invalid, match=UNKNOWN_ZONE):
            profile.choose_zone(me, unknown)
    profile.choose_zone(me, None)
    assert chosen() is None


def test_without_a_role_nothing_is_changed(desk: Desk) -> None:
    profile, nobody = ProfileService(desk.database), desk.person()
    PeopleService(desk.database, QuickPasswords()).set_roles(None, nobody.user_id, [])
    nobody = type(nobody)(nobody.user_id, nobody.company_id, nobody.email, nobody.display_name, frozenset())
    assert outcome(lambda: profile.rename(nobody, "Somebody")) == DENIED
    assert outcome(lambda: profile.choose_zone(nobody, None)) == DENIED


def test_a_look_is_chosen_and_left_to_the_device_again(desk: Desk) -> None:
    """Whoever looks at their pages next, in any browser, is told."""
    profile, me = ProfileService(desk.database), desk.person(Role.ANALYST)
    for theme in (Theme.DARK, Theme.LIGHT, None):
        profile.choose_theme(me, theme)
        with desk.database.reading() as session:
            assert session.get_one(User, me.user_id).theme == theme
    assert outcome(lambda: profile.choose_theme(desk.person(), Theme.DARK)) == DONE
    with desk.database.transaction() as session:
        nobody = make_actor(make_user(session, desk.company, ()), ())
    assert outcome(lambda: profile.choose_theme(nobody, Theme.DARK)) == DENIED
