"""Forms that make or change an account, sent by several at the same moment: one of them is taken."""

import asyncio
from collections.abc import Callable

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from sqlmodel import select

from core.config import Settings
from core.database.engine import Database
from core.errors import Conflict, LinkExpired
from core.models import User
from core.permissions import Actor, Role
from core.services.accounts import AccountService
from core.services.invites import InviteService
from core.services.password_links import PasswordLinkService
from core.services.people import PeopleService
from core.web import addresses
from core.web.cookies import SESSION
from tests.support.passwords import GOOD, OTHER, QuickPasswords
from tests.support.talks import Told
from tests.support.waiting import at_once
from tests.support.web import HTML, ORIGIN, Inside, StandIn, hidden_fields, set_up, site

MANY = 6
Link = Callable[[StandIn], str]
FIRST = {"company_name": "Engines", "email": "ada@example.com", "display_name": "Ada", "password": GOOD}


@pytest.fixture
def application(fresh_database: Database, settings: Settings) -> StandIn:
    """Nobody is here yet."""
    made = StandIn(settings, AccountService(fresh_database, settings, QuickPasswords()))
    made.invites = InviteService(fresh_database, settings, QuickPasswords())
    made.password_links = PasswordLinkService(fresh_database, settings, Told(), QuickPasswords())
    return made


def admin_of(application: StandIn) -> Actor:
    set_up(application.accounts)
    with application.accounts.database.reading() as session:
        user = session.exec(select(User)).one()
    return Actor(user.id, user.company_id, user.email, user.display_name, frozenset({Role.ADMIN}))


def first_set_up(application: StandIn) -> str:
    return f"{addresses.SET_UP}?token={application.accounts.issue_setup_link()}"


def invite(application: StandIn) -> str:
    admin = admin_of(application)
    made = application.invites.invite(admin, email="new@example.com", display_name="", roles=[Role.STAFF])
    return f"{addresses.INVITE}?token={made.token}"


def password_link(application: StandIn) -> str:
    admin, people = admin_of(application), PeopleService(application.accounts.database, QuickPasswords())
    bo = people.create_user(admin, email="bo@example.com", display_name="Bo", password=GOOD, roles=[Role.STAFF])
    return f"{addresses.NEW_PASSWORD}?token={application.password_links.issue(admin, bo.id).token}"


LINKS: dict[str, tuple[Link, dict[str, str], int]] = {
    "the first set-up": (first_set_up, FIRST, 1),
    "an invite": (invite, {"display_name": "New", "password": OTHER}, 2),
    "a password link": (password_link, {"password": OTHER}, 2),
}
"""The link, what is typed into its form, and how many people there are in the end."""


@pytest.mark.parametrize("name", LINKS)
def test_sent_from_several_browsers_at_once_and_again_it_is_taken_once(application: StandIn, name: str) -> None:
    link, typed, people = LINKS[name]
    address, app = link(application), site(application, Inside())

    async def browser(reached: asyncio.Barrier, left: asyncio.Barrier) -> list[Response]:
        headers = HTML | {"origin": ORIGIN}
        async with AsyncClient(transport=ASGITransport(app), base_url=ORIGIN, headers=headers) as client:
            fields = hidden_fields((await client.get(address)).text) | typed
            await reached.wait()
            first = await client.post(address.partition("?")[0], data=fields)
            await left.wait()
            if SESSION in client.cookies:
                return [first]
            return [first, await client.post(address.partition("?")[0], data=fields)]  # the very same once more

    async def all_at_once() -> list[list[Response]]:
        reached, left = asyncio.Barrier(MANY), asyncio.Barrier(MANY)
        return await asyncio.gather(*[browser(reached, left) for _ in range(MANY)])

    answers = asyncio.run(all_at_once())
    assert sorted(answer.status_code for each in answers for answer in each) == [303] + [410] * 2 * (MANY - 1)
    assert [each[0].status_code for each in answers if len(each) == 1] == [303], "who was let in has a session"
    assert len(PeopleService(application.accounts.database).list_people(None)) == people


def test_of_a_set_up_by_link_and_one_by_command_one_succeeds(application: StandIn) -> None:
    accounts = application.accounts
    token = accounts.issue_setup_link()

    def act(number: int) -> str:
        named = FIRST | {"email": f"p{number}@example.com"}
        if number % 2:
            accounts.set_up(token=token, user_agent="", **named)
        else:
            accounts.set_up_by_command(**named)
        return "done"

    outcomes = at_once(4, act)
    assert outcomes.count("done") == 1, outcomes
    assert sum(isinstance(one, Conflict | LinkExpired) for one in outcomes) == 3, outcomes
    assert len(PeopleService(accounts.database).list_people(None)) == 1
