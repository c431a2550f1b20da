import pytest
from starlette.testclient import TestClient

from core.config import Settings
from core.database.engine import Database
from core.services.accounts import AccountService
from tests.support.passwords import QuickPasswords
from tests.support.web import Inside, StandIn, client_of, set_up, sign_in, site


@pytest.fixture
def application(database: Database, settings: Settings) -> StandIn:
    """Set up, with one admin."""
    accounts = AccountService(database, settings, QuickPasswords())
    set_up(accounts)
    return StandIn(settings, accounts)


@pytest.fixture
def inside() -> Inside:
    return Inside()


@pytest.fixture
def client(application: StandIn, inside: Inside) -> TestClient:
    """A browser that nobody signed in with."""
    return client_of(site(application, inside))


@pytest.fixture
def signed_in(client: TestClient) -> TestClient:
    assert sign_in(client).status_code == 303
    return client
