"""What docs/configuration.md and docs/operations.md say of settings, tried on the settings themselves."""

import ast
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit import config as streamlit_config

from core.assistant.runs import NOBODY_CAME
from core.cli.env_example import CONFIGURATION, END, START
from core.config import ROOT, Settings, load_settings, variable_of
from core.database.engine import session_options
from core.database.migrate import LOCK_ATTEMPTS
from core.database.replica import LOOK_AGAIN, MOST_BEHIND
from core.errors import Misconfigured
from core.web.listener import KEEP_ALIVE

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
OPTIONS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
ROW = re.compile(r"^\| `(\w+)` \| (?:`(.*?)`)? \| (?:(.*?) \| )?(.+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Documented:
    variable: str
    default: str
    kind: str


def documented(text: str) -> list[Documented]:
    return [Documented(variable, default, kind) for variable, default, kind, _ in ROW.findall(text)]


BEFORE, _, REST = CONFIGURATION.read_text().partition(START)
TABLE, _, AFTER = REST.partition(END)
SETTINGS = documented(TABLE)
NUMBERS = [one for one in SETTINGS if " to " in one.kind]
CHOICES = [one for one in SETTINGS if ", " in one.kind]


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in SETTINGS:
        monkeypatch.delenv(one.variable, raising=False)


def name_of(one: Documented) -> str:
    return one.variable


def is_taken(monkeypatch: pytest.MonkeyPatch, one: Documented, value: str) -> bool:
    monkeypatch.setenv(one.variable, value)
    try:
        load_settings(env_file=None)
    except Misconfigured as error:
        if one.variable not in str(error):
            raise
        return False
    return True


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert [one.variable for one in SETTINGS] == [variable_of(field) for field in Settings.model_fields]
    assert {one.kind for one in SETTINGS} - {one.kind for one in (*NUMBERS, *CHOICES)} == {
        "text", "list", "folder", "variables",
    }  # fmt: skip


def test_the_documented_defaults_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    unset = load_settings(env_file=None)
    for one in SETTINGS:
        monkeypatch.setenv(one.variable, one.default)
    assert load_settings(env_file=None) == unset
    numbers = {variable_of(field): str(getattr(unset, field)) for field in Settings.model_fields}
    assert {one.variable: one.default for one in NUMBERS} == {one.variable: numbers[one.variable] for one in NUMBERS}


@pytest.mark.parametrize("one", NUMBERS, ids=name_of)
def test_a_number_may_be_what_the_document_says_and_no_other(monkeypatch: pytest.MonkeyPatch, one: Documented) -> None:
    least, most = (int(end.replace(",", "")) for end in one.kind.split(" to "))
    tried = (least - 1, least, most, most + 1)
    assert [is_taken(monkeypatch, one, str(value)) for value in tried] == [False, True, True, False]


@pytest.mark.parametrize("one", CHOICES, ids=name_of)
def test_a_choice_may_be_what_the_document_says_and_no_other(monkeypatch: pytest.MonkeyPatch, one: Documented) -> None:
    monkeypatch.setenv("PARLEY_SECRET_KEY", "kV3-qT9_wX5zB7nM1cL8pR4sD6fG2hJ0")  # production needs one
    monkeypatch.setenv("PARLEY_SSO__KC__ISSUER", "https://id.example.com")  # and so does being without passwords
    monkeypatch.setenv("PARLEY_SSO__KC__CLIENT_ID", "parley")
    monkeypatch.setenv("PARLEY_SSO__KC__DOMAINS", "example.com")
    monkeypatch.setenv("PARLEY_PUBLIC_URL", "https://parley.example.com")
    assert all(is_taken(monkeypatch, one, choice) for choice in one.kind.split(", "))
    assert not is_taken(monkeypatch, one, "another")


def test_every_setting_is_read_somewhere() -> None:
    """One that nothing reads changes nothing, whatever the document says of it."""
    read = {name for path in (ROOT / "core").rglob("*.py") for name in attributes_read(path)}
    assert set(Settings.model_fields) <= read


def attributes_read(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_streamlits_own_settings_are_as_documented() -> None:
    rows = {one.variable: one.default for one in documented(AFTER)}
    assert set(rows) == {"STREAMLIT_SERVER_PORT", "STREAMLIT_SERVER_ADDRESS"}
    for variable, default in rows.items():
        section, _, option = variable.removeprefix("STREAMLIT_").lower().partition("_")
        assert str(streamlit_config.get_option(f"{section}.{option}")) == default


def test_the_figures_of_operations_are_those_of_the_code() -> None:
    said, settings = " ".join(OPERATIONS.split()), load_settings(env_file=None)
    connections = settings.database_pool_size + settings.database_max_overflow
    for figure in (
        f"keeps up to {connections} connections (`PARLEY_DATABASE_POOL_SIZE`",
        f"statement_timeout = '{settings.database_statement_timeout}s'",
        f"client_max_body_size {settings.import_megabytes}m; # PARLEY_IMPORT_MEGABYTES",
        f"`PARLEY_LOST_AFTER` seconds, {settings.lost_after} unless set otherwise",
        f"begun by another process within {NOBODY_CAME.seconds} seconds",
        f"sockets are pinged every {OPTIONS['server']['websocketPingInterval']} s",
        f"event streams every {KEEP_ALIVE:.0f} s",
    ):
        assert figure in said, figure
    words = {5: "five", 30: "half a minute"}
    assert f"`behind`, by more than {words[MOST_BEHIND.seconds // 60]} minutes" in said
    assert f"tried again after {words[int(LOOK_AGAIN)]}" in said
    assert f"tries again, {words[LOCK_ATTEMPTS]} times" in said
    assert settings.shutdown_grace < int(re.findall(r"TimeoutStopSec=(\d+)", said)[0])


def test_a_poolers_role_is_told_what_sessions_are_told_without_one() -> None:
    role = dict(re.findall(r"ALTER ROLE parley IN DATABASE parley SET (\w+) = '?(\w+)'?;", OPERATIONS))
    milliseconds = {name: re.sub(r"^(\d+)s$", r"\g<1>000", value) for name, value in role.items()}
    ours = dict(re.findall(r"-c (\w+)=(\w+)", session_options(load_settings(env_file=None))))
    assert milliseconds == ours
