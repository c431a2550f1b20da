import threading
from datetime import timedelta

import pytest

from core import clock
from core.config import Settings
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound, ParleyError
from core.ids import new_id
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.services.accounts import AccountService
from core.services.people import LAST_ADMIN, TAKEN, PeopleService, Person
from tests.support.builders import make_company
from tests.support.cases import suspend
from tests.support.passwords import GOOD, OTHER, QuickPasswords


@pytest.fixture
def people(database: Database) -> PeopleService:
    with database.transaction() as session:
        make_company(session)
    return PeopleService(database, QuickPasswords())


def add(people: PeopleService, email: str, *roles: Role, actor: Actor | None = None, **fields: object) -> Person:
    defaults = {"display_name": "Somebody", "password": GOOD}
    return people.create_user(actor, email=email, roles=roles, **defaults | fields)  # type: ignore[arg-type]


def as_actor(person: Person) -> Actor:
    return Actor(person.id, person.company_id, person.email, person.display_name, person.roles)


def test_a_person_is_added_listed_and_found(people: PeopleService) -> None:
    zoe = add(people, "Zoe@example.com", Role.STAFF, Role.ANALYST, display_name="zoe")
    sam = add(people, "sam@example.com", display_name="Arne", password=None)
    assert people.list_people(None) == (sam, zoe)
    assert people.find(None, " zoe@EXAMPLE.com ") == zoe
    assert (zoe.has_password, sam.has_password, sam.roles) == (True, False, frozenset())
    for email in ("", "nobody@example.com", "a\0@b"):
        with pytest.raises(NotFound):
            people.find(None, email)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"email": "ANA@example.com"}, Conflict),
        ({"email": "ana"}, Invalid),
        ({"display_name": " "}, Invalid),
        ({"password": "short"}, Invalid),
        ({"company_id": new_id()}, NotFound),
    ],
)
def test_bad_input_is_refused_whole(people: PeopleService, fields: dict[str, object], error: type[ParleyError]) -> None:
    add(people, "ana@example.com")
    with pytest.raises(error) as refused:
        add(people, **{"email": "new@example.com"} | fields)  # type: ignore[arg-type]
    assert str(refused.value).endswith(".")
    assert len(people.list_people(None)) == 1


def test_of_several_with_one_address_at_once_one_is_added(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        make_company(session)
    people = PeopleService(fresh_database, QuickPasswords())
    ready, outcomes = threading.Barrier(4), []

    def run(number: int) -> None:
        ready.wait()
        try:
            add(people, "Twin@example.com" if number % 2 else "twin@example.com")
            outcomes.append("added")
        except Conflict as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=run, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == sorted(["added"] + [TAKEN] * 3)


def test_without_or_with_several_companies_one_has_to_be_named(database: Database) -> None:
    people = PeopleService(database, QuickPasswords())
    with pytest.raises(Invalid, match="no company"):
        people.list_people(None)
    with database.transaction() as session:
        first, second = make_company(session), make_company(session)
    with pytest.raises(Invalid, match="several"):
        people.list_people(None)
    person = add(people, "ana@example.com", company_id=second.id)
    assert person.company_id == second.id
    assert people.list_people(None, company_id=first.id) == ()


def test_admins_manage_the_people_of_their_own_company(people: PeopleService, database: Database) -> None:
    me = as_actor(add(people, "me@example.com", Role.ADMIN))
    with database.transaction() as session:
        elsewhere = make_company(session)
    stranger = add(people, "stranger@example.com", Role.STAFF, company_id=elsewhere.id)
    assert stranger not in people.list_people(me)
    added = add(people, "new@example.com", actor=me, company_id=elsewhere.id)
    assert added.company_id == me.company_id


def test_the_last_active_admin_stays(people: PeopleService) -> None:
    first = add(people, "first@example.com", Role.ADMIN)
    second = add(people, "second@example.com", Role.ADMIN, Role.STAFF)
    people.deactivate(None, second.id)
    for act in (
        lambda: people.deactivate(None, first.id),
        lambda: people.set_roles(None, first.id, [Role.STAFF]),
        lambda: people.set_roles(None, first.id, []),
    ):
        with pytest.raises(Invalid, match=LAST_ADMIN):
            act()
    assert people.set_roles(None, second.id, [Role.STAFF]).roles == {Role.STAFF}  # inactive: nobody loses an admin
    people.set_roles(None, first.id, [Role.ADMIN, Role.MODERATOR])
    people.reactivate(None, second.id)
    people.set_roles(None, second.id, [Role.ADMIN])
    assert not people.deactivate(None, first.id).is_active


def test_an_admin_who_is_suspended_is_not_the_one_who_stays(people: PeopleService, database: Database) -> None:
    """Moderators suspend no admin, but who is suspended can be made one."""
    first = add(people, "first@example.com", Role.ADMIN)
    second = add(people, "second@example.com", Role.STAFF)
    until = clock.now() + timedelta(hours=1)
    suspend(database, second.id, until)
    people.set_roles(None, second.id, [Role.STAFF, Role.ADMIN])
    for act in (lambda: people.deactivate(None, first.id), lambda: people.set_roles(None, first.id, [Role.STAFF])):
        with pytest.raises(Invalid, match=LAST_ADMIN):
            act()
    assert people.set_roles(None, second.id, [Role.STAFF]).roles == {Role.STAFF}  # while another one may come in


def test_two_admins_demoting_each_other_leave_one(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        make_company(session)
    people = PeopleService(fresh_database, QuickPasswords())
    admins = [add(people, f"admin{number}@example.com", Role.ADMIN) for number in range(4)]
    ready = threading.Barrier(len(admins))

    def demote(target: Person) -> None:
        ready.wait()
        try:
            people.set_roles(None, target.id, [Role.STAFF])
        except Invalid:
            people.find(None, target.email)

    threads = [threading.Thread(target=demote, args=[admin]) for admin in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [Role.ADMIN in person.roles for person in people.list_people(None)].count(True) == 1


def test_each_change_is_in_the_trail_once(people: PeopleService, database: Database, settings: Settings) -> None:
    boss = as_actor(add(people, "boss@example.com", Role.ADMIN))
    ana = add(people, "ana@example.com", Role.STAFF, actor=boss)
    for _ in range(2):  # the second time nothing changes
        people.set_roles(boss, ana.id, [Role.MODERATOR])
        people.deactivate(boss, ana.id)
    people.reactivate(boss, ana.id)
    people.set_password(boss, ana.id, OTHER)
    with database.reading() as session:
        events = Audit(session).list_recent(boss.company_id)[::-1]
        assert Audit(session).verify(boss.company_id) is None
    assert [(event.action, event.actor_id) for event in events] == [
        ("user:create", None),
        ("user:create", boss.user_id),
        ("user:roles", boss.user_id),
        ("user:deactivate", boss.user_id),
        ("user:reactivate", boss.user_id),
        ("user:password", boss.user_id),
    ]
    assert (events[2].before, events[2].after) == ({"roles": ["staff"]}, {"roles": ["moderator"]})
    assert GOOD not in str(events) and "argon2" not in str(events)
    # Nobody can take a row out: who is to be forgotten stands there by a key alone.
    assert "example.com" not in str(events) and "Ana" not in str(events)
    assert [event.after for event in events[:2]] == [{"roles": ["admin"]}, {"roles": ["staff"]}]
    assert {event.target_id for event in events[1:]} == {ana.id}
    signed_in = AccountService(database, settings, QuickPasswords()).sign_in(
        email="ana@example.com", password=OTHER, user_agent=""
    )
    assert signed_in.user_id == ana.id
