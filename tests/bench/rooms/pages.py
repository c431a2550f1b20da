"""Reruns of the chat page in real server processes, 50 browsers in a closed loop, beside two floors."""

import shutil
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from psutil import Process
from sqlalchemy import text

from core import clock
from core.config import ROOT
from core.database.engine import Database
from core.models import User
from core.repositories.model_calls import ModelCalls
from core.services.sessions import SessionLimits
from core.web.cookies import SESSION
from tests.bench.clients import Clients, Result, Visit, clients
from tests.bench.seeding import make_list, make_person, make_talk
from tests.bench.server import served
from tests.bench.stand import Stand, run
from tests.bench.table import Row, at_least, kilobytes, ms, per_second
from tests.bench.tasks.keeping import TASKS
from tests.bench.usage.booking import made_call

SESSIONS = 50
TASKS_EACH, CALLS_EACH = 60, 30
SCREENS = Path(__file__).parent.parent / "screens"
DEFAULTS = {"STREAMLIT_RUNNER_POST_SCRIPT_GC": "true", "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "auto"}
HEALTH = "/_stcore/health"
NOWHERE = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "PARLEY_MODELS": "nobody-asks-it"}
"""No page here has an answer written, so no model has to be started for it."""
OTHERS = (
    ("Home", "", "Hello, "),
    ("Conversations", "browse", "Late deliveries"),
    ("Tasks", "tasks", "Task number"),
    ("Usage", "usage", "Data as of"),
)
"""Screens with their addresses, and what must be on each."""
ROWS = [
    "the chat page",
    "the chat page, beside its own elements",
    "reruns of the chat page that ended on an error",
    "the slowest twentieth of them",
    "sent for a rerun of it",
    "the chat page under Streamlit's default settings",
    "the bare page under Streamlit's default settings",
    *(f"a screen: {title}" for title, *_ in OTHERS),
]


@dataclass(frozen=True)
class People:
    """Who opens the page: 50 of them, each with their own cookie, 30 conversations, one of them of 40 messages, some
    tasks and some calls of today.
    """

    cookies: list[str]
    queries: list[str]


@dataclass(frozen=True)
class Round(Result):
    cpu: float
    """Seconds of the server's processor for one rerun, which a busy machine changes less than the rate."""


def measure(stand: Stand) -> list[Row]:
    with stand.database() as database, ExitStack() as stack:
        people = _people(stand, database)
        run(database.engine.url, "VACUUM ANALYZE")
        floors = _floors(stand.folder)
        parley = NOWHERE | {
            "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
            "PARLEY_DATA_DIR": str(stand.folder / "served"),
        }
        nobody = People([""] * SESSIONS, [""] * SESSIONS)
        opening = [
            ("bare", floors / "bare.py", HEALTH, {}, "", nobody, "A line of text."),
            ("same", floors / "same.py", HEALTH, {}, "chat", nobody, "Late deliveries"),
            ("parley", ROOT / "Home.py", "/readyz", parley, "chat", people, "Northwind"),
            ("bare, defaults", floors / "bare.py", HEALTH, DEFAULTS, "", nobody, "A line of text."),
            ("parley, defaults", ROOT / "Home.py", "/readyz", parley | DEFAULTS, "chat", people, "Northwind"),
        ]
        opened: dict[str, tuple[Clients, Process]] = {}
        addresses: dict[str, str] = {}
        for name, script, ready, settings, page, who, expected in stand.progress.track(opening, description="servers"):
            log = stand.folder / f"{name}.log"
            address, process_id = stack.enter_context(served(script, ready=ready, log=log, settings=settings))
            addresses[name] = address
            visit = Visit(address, page, who.queries, who.cookies, expected)
            opened[name] = stack.enter_context(clients(visit)), Process(process_id)
        results: dict[str, list[Round]] = {name: [] for name in opened}
        for visitors, process in opened.values():
            _round(visitors, process, stand.pick(2, 1))
        for _ in stand.rounds(4, 1, f"reruns, {SESSIONS} sessions"):
            for name, (visitors, process) in opened.items():
                results[name].append(_round(visitors, process, stand.pick(4, 3)))
        address, process = addresses["parley"], opened["parley"][1]
        others: dict[str, Round] = {}
        for title, page, expected in stand.progress.track(OTHERS, description="other screens"):
            with clients(Visit(address, page, people.queries, people.cookies, expected)) as visitors:
                others[title] = _round(visitors, process, stand.pick(4, 2))
    return [*_rows(results), *_screens(others, results["bare"])]


def _round(visitors: Clients, server: Process, seconds: float) -> Round:
    before = server.cpu_times()
    result = visitors.rerun_for(seconds)
    after = server.cpu_times()
    used = after.user + after.system - before.user - before.system
    return Round(**asdict(result), cpu=used / result.reruns)


def _rows(results: dict[str, list[Round]]) -> list[Row]:
    parley, bare, same = results["parley"], results["bare"], results["same"]
    return [
        at_least("the chat page", _shown(parley), f"{_shown(bare)} bare page", _share(parley, bare), 0.4),
        at_least(
            "the chat page, beside its own elements",
            _shown(parley),
            f"{_shown(same)} same elements",
            _share(parley, same),
        ),
        _errors(parley),
        Row("the slowest twentieth of them", f"{_slow(parley)} and more", f"{_slow(same)} same elements"),
        Row(
            "sent for a rerun of it",
            f"{parley[0].messages:.0f} messages, {kilobytes(parley[0].bytes)}",
            f"{same[0].messages:.0f} messages, {kilobytes(same[0].bytes)} same elements",
        ),
        at_least(
            "the chat page under Streamlit's default settings",
            _shown(results["parley, defaults"]),
            f"{_shown(parley)} as shipped",
            _share(results["parley, defaults"], parley),
        ),
        at_least(
            "the bare page under Streamlit's default settings",
            _shown(results["bare, defaults"]),
            f"{_shown(bare)} as shipped",
            _share(results["bare, defaults"], bare),
        ),
    ]


def _screens(others: dict[str, Round], bare: list[Round]) -> list[Row]:
    return [
        at_least(
            f"a screen: {title}", _shown([one]), f"{_shown(bare)} bare page", one.rate / median(r.rate for r in bare)
        )
        for title, one in others.items()
    ]


def _shown(rounds: list[Round]) -> str:
    rate = median(result.rate for result in rounds)
    return f"{per_second(rate, 'reruns')}, {ms(_cpu(rounds))} CPU each"


def _errors(rounds: list[Round]) -> Row:
    failed, reruns = sum(one.failed for one in rounds), sum(one.reruns for one in rounds)
    return Row("reruns of the chat page that ended on an error", f"{failed:,} of {reruns:,}", goal="none")


def _cpu(rounds: list[Round]) -> float:
    return median(result.cpu for result in rounds)


def _slow(rounds: list[Round]) -> str:
    return ms(median(result.p95 for result in rounds))


def _share(ours: list[Round], floor: list[Round]) -> float:
    return median(mine.rate / theirs.rate for mine, theirs in zip(ours, floor, strict=True))


def _people(stand: Stand, database: Database) -> People:
    cookies, queries = [], []
    limits = SessionLimits(stand.settings)
    with database.transaction() as session:
        for _ in range(SESSIONS):
            person = make_person(session)
            make_list(session, person, 29)
            talk = make_talk(session, person, 40)
            talk.last_message_at = clock.now()
            user = session.get_one(User, person.user_id)
            signed_in, _ = limits.open(session, user, "bench")
            cookies.append(f"{SESSION}={signed_in.token}")
            queries.append(f"c={talk.id}")
            given = {"company": person.company_id, "owner": person.user_id, "other": person.user_id}
            session.execute(text(TASKS), given | {"today": clock.now().date(), "count": TASKS_EACH})
            ModelCalls(session).add_all(
                [made_call(person.company_id, person.user_id, number) for number in range(CALLS_EACH)]
            )
    return People(cookies, queries)


def _floors(folder: Path) -> Path:
    """The floors' scripts under the settings Parley ships; those are looked for beside the script."""
    copied = folder / "screens"
    shutil.copytree(SCREENS, copied, dirs_exist_ok=True)
    shutil.copytree(ROOT / ".streamlit", copied / ".streamlit", dirs_exist_ok=True)
    return copied
