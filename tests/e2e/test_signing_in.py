"""The form to sign in, over real HTTP: how long it takes, and from where it is asked."""

import random
from collections.abc import Callable, Iterator
from itertools import count, product
from statistics import median, quantiles
from time import perf_counter

import httpx2
import pytest

from core.services.people import PeopleService
from tests.e2e.conftest import Guest
from tests.e2e.served import NO_MODEL, STREAMLIT, Parley, served
from tests.support.passwords import GOOD
from tests.support.web import hidden_fields

pytestmark = [pytest.mark.e2e, pytest.mark.long]

ROUNDS = 16
ACCOUNTS = 3
"""That take turns, so that none of them has to wait."""
FORWARDED = "x-forwarded-for"
WRONG = "not this one, whatever it is"
MOST = 2.0
"""Times that one kind may take as long as another. Not hashing would make it dozens of times as quick."""


@pytest.fixture
def client(parley: Parley, ada: Guest) -> Iterator[httpx2.Client]:
    headers = {"accept": "text/html", "origin": parley.url}
    with httpx2.Client(base_url=parley.url, timeout=60, headers=headers) as client:
        yield client


_visitors = count(1)


def somewhere() -> str:
    """Another address each time."""
    number = next(_visitors)
    return f"198.51.{number // 250}.{number % 250 + 1}"


def attempt(client: httpx2.Client, email: str) -> tuple[int, float]:
    """With a wrong password, from anywhere: the status of the answer, and the seconds it took."""
    headers = {FORWARDED: somewhere()}
    form = hidden_fields(client.get("/account/sign-in", headers=headers).text)
    began = perf_counter()
    answer = client.post("/account/sign-in", data=form | {"email": email, "password": WRONG}, headers=headers)
    return answer.status_code, perf_counter() - began


def told_apart(one: list[float], other: list[float]) -> float:
    """How often a guess by the time alone is right, for one of each: 0.5 is a coin."""
    wins = sum((a > b) + (a == b) / 2 for a in one for b in other)
    share = wins / (len(one) * len(other))
    return max(share, 1 - share)


def add_accounts(parley: Parley) -> None:
    """With passwords that cost what they do. Of each kind so many that none of them has to wait."""
    with parley.database() as database:
        people = PeopleService(database)
        for kind, number in product(("known", "gone"), range(ACCOUNTS)):
            email = f"{kind}{number}@example.com"
            person = people.create_user(None, email=email, display_name="Cleo", password=GOOD, roles=[])
            if kind == "gone":
                people.deactivate(None, person.id)


def test_an_unknown_account_takes_as_long_as_a_wrong_password(
    parley: Parley, client: httpx2.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    add_accounts(parley)
    emails: dict[str, Callable[[int], str]] = {
        "wrong password": lambda number: f"known{number % ACCOUNTS}@example.com",
        "unknown account": lambda number: f"nobody{number}@example.com",
        "deactivated": lambda number: f"gone{number % ACCOUNTS}@example.com",
    }
    took: dict[str, list[float]] = {kind: [] for kind in emails}
    for number in range(ROUNDS):
        for kind in random.sample(list(emails), len(emails)):  # whatever else the machine does meets all of them
            status, seconds = attempt(client, emails[kind](number))
            assert status == 422, (kind, number, status)
            took[kind].append(seconds)
    known = took["wrong password"]
    with capsys.disabled():
        print(f"\n  {ROUNDS} rounds through the form, in milliseconds: quarter, half, three quarters")
        for kind, times in took.items():
            quarters = "".join(f"{one * 1000:8.0f}" for one in quantiles(times, n=4))
            print(f"  {kind:<16}{quarters}   told from the first {told_apart(times, known):.0%} of the time")
    for kind, times in took.items():
        assert 1 / MOST < median(times) / median(known) < MOST, kind


def tried(client: httpx2.Client, forwarded_for: str) -> int:
    """What a link that opens nothing is answered with. It counts like a password, and costs no hashing."""
    return client.get("/account/invite?token=guessed", headers={FORWARDED: forwarded_for}).status_code


def test_a_proxy_on_this_machine_says_who_comes_and_the_visitor_says_nothing(
    parley: Parley, client: httpx2.Client
) -> None:
    """One who tries too often keeps nobody else out, and gets no further by claiming to be many."""
    assert [tried(client, "198.51.100.66") for _ in range(61)] == [410] * 60 + [429]
    # What the proxy was sent, and behind that what it knows.
    assert tried(client, "203.0.113.5, 198.51.100.66") == 429
    assert tried(client, "198.51.100.67") == 410
    assert tried(client, "198.51.100.66, 198.51.100.67") == 410


def test_of_a_proxy_that_is_not_named_nothing_is_believed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """By FORWARDED_ALLOW_IPS. This machine isn't in it here, so that its own word counts for nothing."""
    strict = Parley(tmp_path_factory.mktemp("strict"), STREAMLIT, FORWARDED_ALLOW_IPS="192.0.2.1", **NO_MODEL)
    with served(strict), httpx2.Client(base_url=strict.url, timeout=60, headers={"accept": "text/html"}) as client:
        assert [tried(client, somewhere()) for _ in range(61)] == [410] * 60 + [429]
