"""What is not seen over HTTP: two tabs at once, and the first admin by command."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from core.config import Settings
from core.database.engine import Database
from core.errors import Conflict, Invalid, ParleyError, SignInRefused, WrongCredentials
from core.permissions import Role
from core.repositories.people_lines import Origin, PeopleLines
from core.repositories.users import Users
from core.services.accounts import AccountService
from core.services.people import PeopleService
from core.services.sessions import SignedIn
from core.services.sso import SsoService
from core.services.sso_claims import found, vouched_by
from core.sso import SsoProvider
from tests.support.passwords import GOOD, QuickPasswords
from tests.support.talks import Told

FIRST = {"company_name": "Engines", "email": "ada@example.com", "display_name": "Ada"}


def provider(**fields: Any) -> SsoProvider:
    given = {"key": "kc", "issuer": "https://id.example.com", "client_id": "parley", "domains": "example.com"}
    return SsoProvider(**given | fields)


def claims(number: int, **more: Any) -> dict[str, Any]:
    return {"sub": f"s{number}", "email": f"p{number}@example.com", "email_verified": True} | more


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """What each came to, an error of ours included."""
    results: list[Any] = [None] * len(deeds)
    barrier = threading.Barrier(len(deeds))

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = deeds[number]()
        except ParleyError as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_tabs_that_come_in_at_once_make_one_account(fresh_database: Database, settings: Settings) -> None:
    accounts, sso = AccountService(fresh_database, settings, QuickPasswords()), SsoService(fresh_database, settings)
    accounts.set_up_by_command(**FIRST, password=GOOD)
    one = provider()
    for number in range(5):
        came = at_once(*[lambda n=number: sso.sign_in(one, vouched_by(one, claims(n)), "")] * 4)
        assert all(isinstance(each, SignedIn) for each in came), came
        assert len({each.user_id for each in came}) == 1 and len({each.token for each in came}) == 4
    assert len(PeopleService(fresh_database).list_people(None)) == 6


def test_two_admins_whose_groups_end_at_once_leave_one(fresh_database: Database, settings: Settings) -> None:
    accounts, sso = AccountService(fresh_database, settings, QuickPasswords()), SsoService(fresh_database, settings)
    accounts.set_up_by_command(**FIRST)
    by_groups, people = provider(roles="boss=admin"), PeopleService(fresh_database)
    for number in (1, 2):
        sso.sign_in(by_groups, vouched_by(by_groups, claims(number, groups=["boss"])), "")
    people.set_roles(None, people.find(None, "ada@example.com").id, {Role.STAFF})
    at_once(*[lambda n=n: sso.sign_in(by_groups, vouched_by(by_groups, claims(n)), "") for n in (1, 2)])
    admins = [one.email for one in people.list_people(None) if Role.ADMIN in one.roles]
    assert len(admins) == 1


def test_open_tabs_hear_at_once_of_roles_that_groups_changed(database: Database, settings: Settings) -> None:
    told = Told()
    AccountService(database, settings, QuickPasswords()).set_up_by_command(**FIRST)
    sso, by_groups = SsoService(database, settings, told), provider(roles="boss=analyst")
    came = sso.sign_in(by_groups, vouched_by(by_groups, claims(1, groups=["boss"])), "")
    sso.sign_in(by_groups, vouched_by(by_groups, claims(1, groups=["boss"])), "")
    assert told.standing == []
    sso.sign_in(by_groups, vouched_by(by_groups, claims(1)), "")
    assert told.standing == [came.user_id]


def test_it_is_known_through_which_provider_somebody_came(database: Database, settings: Settings) -> None:
    AccountService(database, settings, QuickPasswords()).set_up_by_command(**FIRST)
    came = SsoService(database, settings).sign_in(provider(), vouched_by(provider(), claims(1)), "")
    with database.reading() as session:
        user = Users(session).get(came.user_id)
        assert user and PeopleLines(session).get_origin(user.company_id, user.id) == Origin(None, None, "kc")


def test_the_first_admin_by_command_while_passwords_are_off(database: Database, settings: Settings) -> None:
    closed = settings.model_copy(update={"local_passwords": False})
    accounts, sso = AccountService(database, closed, QuickPasswords()), SsoService(database, closed)
    link = accounts.issue_setup_link()
    with pytest.raises(SignInRefused):
        accounts.set_up(token=link, password=GOOD, user_agent="", **FIRST)
    with pytest.raises(Invalid):
        accounts.set_up_by_command(**FIRST | {"email": "no"})
    accounts.set_up_by_command(**FIRST)
    with pytest.raises(Conflict):
        accounts.set_up_by_command(**FIRST)
    [ada] = PeopleService(database).list_people(None)
    assert ada.roles == {Role.ADMIN, Role.STAFF} and not ada.has_password
    linking = provider(link_by_email=True)
    signed_in = sso.sign_in(linking, vouched_by(linking, claims(0, email="ADA@example.com")), "")
    actor = accounts.actor(signed_in.session_id)
    assert actor.user_id == ada.id and accounts.provider_of(signed_in.session_id) == "kc"
    with pytest.raises(SignInRefused):
        accounts.sign_in(email="ada@example.com", password=GOOD, user_agent="")
    with pytest.raises(SignInRefused):
        accounts.change_password(actor, current=GOOD, new=GOOD, user_agent="")


def test_nobody_guesses_the_password_of_who_has_none(database: Database, settings: Settings) -> None:
    accounts = AccountService(database, settings, QuickPasswords())
    accounts.set_up_by_command(**FIRST)
    for guess in ("", "None", GOOD):
        with pytest.raises(WrongCredentials):
            accounts.sign_in(email="ada@example.com", password=guess, user_agent="")


def test_names_and_claims_as_they_come() -> None:
    one = provider(groups_claim="realm_access.roles", roles="a=staff")
    odd = claims(1, name="  \0 ", given_name="Ana", family_name=7, realm_access={"roles": ["a", 3, None, "b"]})
    vouched = vouched_by(one, odd)
    assert vouched.name == "Ana"
    assert (vouched.groups, vouched.company_values) == (frozenset({"a", "b"}), frozenset({"example.com"}))
    assert vouched_by(one, claims(1, name="x" * 500)).name == "x" * 120
    assert vouched_by(one, claims(1, name="\ud800")).name == "p1@example.com"
    assert found({"a.b": 1, "a": {"b": 2}}, "a.b") == 1 and found({"a": {"b": {"c": 3}}}, "a.b.c") == 3
    assert found({"a": "text"}, "a.b") is None
