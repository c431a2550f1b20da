"""One Parley with its embedded PostgreSQL for all faults, a provider that does what it is told, and tabs."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom
from uuid import UUID

import pytest

from tests.e2e import logs
from tests.e2e.served import STREAMLIT, Parley, served
from tests.faults.kept import Kept
from tests.faults.postgres import Postgres
from tests.support.openai_server import OpenAIServer
from tests.support.tab import Tab

KEY = "sk-faults-0123456789abcdef"
MODEL = "scripted-1"
LOST_AFTER = 4
"""Seconds; with fewer, a process that a busy machine lets wait would be taken for a dead one."""
DEADLINE = 10
"""Seconds for answers that take three."""

OpenTab = Callable[..., Tab]

counts = pytest.StashKey[Counter[str]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            is_at_home = "house" in getattr(item, "fixturenames", ())
            item.add_marker(pytest.mark.xdist_group("faults" if is_at_home else item.path.stem))
            if is_at_home:  # real processes take their time
                item.add_marker(pytest.mark.long)


pytest_runtest_setup, pytest_runtest_makereport = logs.begin, logs.add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for name, count in config.stash.get(counts, Counter()).items():
        terminalreporter.write_line(f"{name}: {count}")


def rounds(whole: int) -> int:
    """How often a fault is tried: `whole` under `make faults`, once under `make long`."""
    wanted = os.environ.get("FAULT_ROUNDS", "1")
    return whole if wanted == "all" else int(wanted)


only_whole = pytest.mark.skipif(os.environ.get("FAULT_ROUNDS") != "all", reason="runs under `make faults`")


@pytest.fixture
def tally(pytestconfig: pytest.Config) -> Counter[str]:
    """Printed at the end of the run."""
    return pytestconfig.stash.setdefault(counts, Counter())


@pytest.fixture
def chance() -> Random:
    """FAULT_SEED repeats what failed."""
    seed = int(os.environ.get("FAULT_SEED", SystemRandom().randrange(1_000_000)))
    print(f"FAULT_SEED={seed}")
    return Random(seed)


@pytest.fixture(scope="session")
def provider() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@dataclass(frozen=True)
class House:
    parley: Parley
    postgres: Postgres

    @property
    def settings(self) -> dict[str, str]:
        """For another process on the same data folder."""
        port = "STREAMLIT_SERVER_PORT"
        return {name: value for name, value in self.parley.variables.items() if name != port}


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, provider: OpenAIServer) -> Iterator[House]:
    parley = Parley(
        tmp_path_factory.mktemp("faults"),
        STREAMLIT,
        OPENAI_BASE_URL=provider.base_url,
        OPENAI_API_KEY=KEY,
        PARLEY_MODELS=MODEL,
        PARLEY_LOST_AFTER=str(LOST_AFTER),
        PARLEY_ANSWER_DEADLINE=str(DEADLINE),
        PARLEY_SHUTDOWN_GRACE="1",
    )
    with ExitStack() as ending, served(parley):
        postgres = Postgres(parley.settings.data_dir)
        ending.callback(postgres.stop)
        yield House(parley, postgres)


@pytest.fixture
def parley(house: House) -> Parley:
    """Running, whatever was done to it before."""
    house.parley.start_again()
    return house.parley


@pytest.fixture(scope="session")
def postgres(house: House) -> Postgres:
    return house.postgres


@pytest.fixture(scope="session")
def kept(house: House) -> Kept:
    kept = Kept(house.postgres.url)
    assert kept.setting("fsync") == kept.setting("synchronous_commit") == "on"
    return kept


@pytest.fixture(scope="session")
def ada(house: House) -> str:
    """The session of her browser."""
    return first_person(house.parley)


def first_person(parley: Parley) -> str:
    """Ada. The session of her browser."""
    return parley.set_up("ada@example.com", "Ada")


@pytest.fixture
def tab(parley: Parley, ada: str) -> Iterator[OpenTab]:
    """A new tab of Ada's; none stays open."""
    opened: list[Tab] = []

    def open_tab(conversation_id: UUID | None = None, *, at: Parley = parley, token: str = ada) -> Tab:
        tab = Tab(at.url, token, "chat", f"c={conversation_id}" if conversation_id else "")
        opened.append(tab)
        tab.open()
        return tab

    yield open_tab
    for tab in opened:
        tab.close()
