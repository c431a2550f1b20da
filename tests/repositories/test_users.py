from datetime import timedelta

import pytest
from sqlalchemy import event

from core import clock
from core.database.engine import Database
from core.ids import new_id
from core.models import AuthSession
from core.permissions import Role
from core.repositories.auth_sessions import AuthSessions
from core.repositories.users import Users
from tests.support.builders import make_company, make_user

NOW = clock.now()
HOUR = timedelta(hours=1)


def test_a_person_is_found_by_id_and_by_email_in_any_case(database: Database) -> None:
    with database.transaction() as session:
        ada = make_user(session, make_company(session), email="Ada@Example.com")
        users = Users(session)
        assert users.get(ada.id) == ada
        assert users.get(new_id()) is None
        for email in ("ada@example.com", "ADA@EXAMPLE.COM", "Ada@Example.com"):
            assert users.get_by_email(email) == ada
        for email in ("ada@example.org", "", "%", "ada@example.com "):
            assert users.get_by_email(email) is None


def test_update_and_count(database: Database) -> None:
    with database.transaction() as session:
        users = Users(session)
        before = users.count()
        ada = make_user(session, make_company(session))
        users.update(ada, {"display_name": "Ada L."})
        users.update(ada, {"is_active": False})
        session.expire_all()
        found = users.get(ada.id)
        assert found and (found.display_name, found.is_active) == ("Ada L.", False)
        assert users.count() == before + 1


def test_roles_are_replaced_as_a_whole(database: Database) -> None:
    with database.transaction() as session:
        company = make_company(session)
        ada, bob = make_user(session, company), make_user(session, company, roles=())
        users = Users(session)
        users.set_roles(ada.id, {Role.ADMIN, Role.ANALYST})
        assert users.list_roles(ada.id) == {Role.ADMIN, Role.ANALYST}
        assert users.count_admins(company.id, clock.now(), but=bob.id) == 1
        assert users.count_admins(company.id, clock.now(), but=ada.id) == 0
        users.set_roles(ada.id, ())
        assert users.list_roles(ada.id) == frozenset()
        assert users.list_of_company(company.id) == [(ada, frozenset()), (bob, frozenset())]


@pytest.mark.parametrize(
    ("is_active", "expires_in", "is_revoked", "is_live"),
    [
        (True, HOUR, False, True),
        (False, HOUR, False, False),
        (True, -HOUR, False, False),
        (True, timedelta(0), False, False),
        (True, HOUR, True, False),
    ],
)
@pytest.mark.parametrize("roles", [(), (Role.STAFF,), (Role.ADMIN, Role.STAFF)])
def test_only_a_live_session_of_an_active_person_has_an_actor(
    database: Database,
    roles: tuple[Role, ...],
    is_active: bool,
    expires_in: timedelta,
    is_revoked: bool,
    is_live: bool,
) -> None:
    with database.transaction() as session:
        user = make_user(session, make_company(session), roles, is_active=is_active)
        opened = AuthSessions(session).add(
            AuthSession(
                user_id=user.id,
                token_hash=new_id().bytes,
                expires_at=NOW + expires_in,
                last_used_at=NOW,
                revoked_at=NOW if is_revoked else None,
            )
        )
        actor = Users(session).get_actor(opened.id, NOW)
        assert (actor is not None) == is_live
        assert (AuthSessions(session).get_by_token_hash(opened.token_hash, NOW) is not None) == is_live
        assert (AuthSessions(session).get_live(opened.id, NOW) is not None) == is_live
        if actor:
            assert (actor.user_id, actor.company_id, actor.roles) == (user.id, user.company_id, frozenset(roles))
            assert actor.session_id == opened.id


def test_the_actor_costs_one_query(database: Database) -> None:
    with database.transaction() as session:
        user = make_user(session, make_company(session), (Role.ADMIN, Role.STAFF))
        opened = AuthSessions(session).add(
            AuthSession(user_id=user.id, token_hash=b"t", expires_at=NOW + HOUR, last_used_at=NOW)
        )
        session.expunge_all()
        statements: list[str] = []
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *args: statements.append(args[2]))
        assert Users(session).get_actor(opened.id, NOW)
        assert len(statements) == 1


def test_revoking_ends_each_session_once_and_spares_the_one_to_keep(database: Database) -> None:
    with database.transaction() as session:
        sessions = AuthSessions(session)
        user = make_user(session, make_company(session))
        first, second, third = (
            sessions.add(
                AuthSession(
                    user_id=user.id,
                    token_hash=bytes([number]),
                    expires_at=NOW + HOUR,
                    last_used_at=NOW + timedelta(seconds=number),
                )
            )
            for number in range(3)
        )
        assert [live.id for live in sessions.list_live(user.id, NOW)] == [third.id, second.id, first.id]
        assert sessions.revoke(first.id, NOW) == user.id
        assert sessions.revoke(first.id, NOW) is None
        assert sessions.revoke_all(user.id, NOW) == 2
        assert sessions.list_live(user.id, NOW) == []
