import stat
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.cli.env_example import (
    CONFIGURATION,
    ENV_EXAMPLE,
    SSO,
    Variable,
    env_example,
    provider_variables,
    variables,
    with_table,
)
from core.config import ROOT, Environment, is_weak_secret, load_settings
from core.errors import Misconfigured
from core.ids import new_token
from core.permissions import Role

WRITE_AGAIN = "run `.venv/bin/python -m core.cli.env_example`"
GOOD_SECRET = "kV3-qT9_wX5zB7nM1cL8pR4sD6fG2hJ0"
SERVICE = {"OPENAI_BASE_URL": "https://models.example.com/v1", "PARLEY_MODELS": "small, large"}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in variables():
        monkeypatch.delenv(variable.name, raising=False)


def load(monkeypatch: pytest.MonkeyPatch, **environment: str):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings(env_file=None)


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    with pytest.raises(Misconfigured) as refused:
        load(monkeypatch, **environment)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    return str(refused.value)


def test_env_example_is_written_from_the_settings() -> None:
    assert ENV_EXAMPLE.read_text() == env_example(), WRITE_AGAIN


@pytest.mark.parametrize(("document", "listed"), [(CONFIGURATION, variables), (SSO, provider_variables)])
def test_pages_are_written_from_the_settings(document: Path, listed: Callable[[], Iterable[Variable]]) -> None:
    page = document.read_text()
    assert page == with_table(page, listed()), WRITE_AGAIN
    assert all(f"| `{variable.name}` |" in page for variable in listed())


def test_every_setting_is_described_in_a_sentence_and_shows_no_path_of_this_machine() -> None:
    for variable in variables():
        assert variable.description.endswith("."), variable.name
        assert str(ROOT) not in variable.default


def test_env_example_taken_as_it_is_changes_nothing(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(env_example().replace("\n# PARLEY_", "\nPARLEY_").replace("\n# DATABASE_", "\nDATABASE_"))
    assert load_settings(env_file) == load_settings(env_file=None)


def test_nothing_set_is_development_with_everything_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert settings.environment is Environment.DEVELOPMENT
    assert not settings.is_production
    assert settings.database_url is None
    assert settings.is_embedded_model
    assert settings.data_dir == ROOT / "data"


def test_a_server_and_a_service_take_over(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        PARLEY_ENVIRONMENT="production",
        PARLEY_SECRET_KEY=GOOD_SECRET,
        DATABASE_URL="postgresql://parley:pass@db.example.com/parley",
        **SERVICE,
    )
    assert settings.is_production
    assert settings.database_url
    assert not settings.is_embedded_model
    assert settings.models == ["small", "large"]
    assert settings.signing_key == GOOD_SECRET.encode()


def test_empty_variables_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, DATABASE_URL="", OPENAI_BASE_URL="", PARLEY_SECRET_KEY="", PARLEY_MODELS="")
    assert settings.database_url is None
    assert settings.is_embedded_model
    assert settings.secret_key is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://parley:p%40ss@db.example.com:5432/parley?sslmode=verify-full",
        "postgres://db.example.com/parley",
        "postgresql+psycopg://parley@/parley?host=/var/run/postgresql",
    ],
)
def test_postgresql_addresses_are_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    settings = load(monkeypatch, DATABASE_URL=url)
    assert settings.database_url
    assert settings.database_url.get_secret_value() == url


def test_a_relative_data_folder_starts_beside_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(monkeypatch, PARLEY_DATA_DIR="elsewhere").data_dir == ROOT / "elsewhere"
    assert load(monkeypatch, PARLEY_DATA_DIR=str(tmp_path)).data_dir == tmp_path


REFUSED = [
    ({"PARLEY_SECRET_KEY": "hunter2"}, "PARLEY_SECRET_KEY is too weak: ", "secrets.token_urlsafe"),
    ({"PARLEY_SECRET_KEY": "hunter2" * 8}, "PARLEY_SECRET_KEY is too weak: ", "secrets.token_urlsafe"),
    ({"PARLEY_ENVIRONMENT": "production"}, "PARLEY_SECRET_KEY is missing: ", "secrets.token_urlsafe"),
    ({"PARLEY_ENVIRONMENT": "hunter2"}, "PARLEY_ENVIRONMENT must be ", "'development' or 'production'"),
    ({"OPENAI_BASE_URL": "https://hunter2.example.com/v1"}, "PARLEY_MODELS is missing: ", "separated by commas"),
    (SERVICE | {"OPENAI_BASE_URL": "hunter2.example.com"}, "OPENAI_BASE_URL is not a whole ", "http:// or https://"),
    (SERVICE | {"OPENAI_BASE_URL": "https:///hunter2"}, "OPENAI_BASE_URL is not a whole ", "and a host"),
    (SERVICE | {"OPENAI_BASE_URL": "http://[hunter2/v1"}, "OPENAI_BASE_URL is not a whole ", "and a host"),
    ({"PARLEY_PUBLIC_URL": "ftp://hunter2"}, "PARLEY_PUBLIC_URL is not a whole ", "http:// or https://"),
    ({"DATABASE_URL": "mysql://root:hunter2@db/parley"}, "DATABASE_URL does not name ", "postgresql://"),
    ({"DATABASE_URL": "sqlite:///hunter2.db"}, "DATABASE_URL does not name ", "postgresql://"),
    ({"DATABASE_URL": "postgresql://parley:x@hunter2@db/parley"}, "DATABASE_URL does not name ", "%40 for an @"),
    ({"DATABASE_URL": "postgresql://root:hunter2@db:port/parley"}, "DATABASE_URL does not name ", "postgresql://"),
    ({"DATABASE_URL": "hunter2"}, "DATABASE_URL does not name ", "postgresql://"),
    ({"LISTEN_DATABASE_URL": "hunter2"}, "LISTEN_DATABASE_URL does not name ", "postgresql://"),
    ({"LISTEN_DATABASE_URL": "postgresql://hunter2@db/p"}, "DATABASE_URL is missing", "past its pooler"),
    ({"ANALYTICS_DATABASE_URL": "postgresql://hunter2@db/p"}, "DATABASE_URL is missing", "a replica of it"),
    ({"PARLEY_ANSWER_TOKENS": "hunter2"}, "PARLEY_ANSWER_TOKENS must be ", "a valid integer"),
    ({"PARLEY_DATABASE_POOL_SIZE": "0"}, "PARLEY_DATABASE_POOL_SIZE must be ", "greater than or equal to 1"),
    ({"PARLEY_SESSION_IDLE_DAYS": "9999"}, "PARLEY_SESSION_IDLE_DAYS must be ", "less than or equal to 365"),
    ({"PARLEY_LOG_LEVEL": "hunter2"}, "PARLEY_LOG_LEVEL must be ", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
]


@pytest.mark.parametrize(("environment", "start", "mend"), REFUSED)
def test_a_bad_value_gets_one_sentence(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], start: str, mend: str
) -> None:
    sentence = refusal(monkeypatch, **environment)
    assert sentence.startswith(start)
    assert mend in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "hunter2" not in sentence


def test_two_bad_values_get_a_sentence_each(monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = refusal(monkeypatch, PARLEY_ANSWER_TOKENS="many", PARLEY_SHUTDOWN_GRACE="-1")
    assert sentences == (
        "PARLEY_ANSWER_TOKENS must be a valid integer. PARLEY_SHUTDOWN_GRACE must be greater than or equal to 0."
    )


def test_settings_do_not_print_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        PARLEY_SECRET_KEY=GOOD_SECRET,
        DATABASE_URL="postgresql://parley:hunter2@db/parley",
        OPENAI_API_KEY="sk-hunter2",
    )
    shown = f"{settings!r} {settings} {settings.model_dump_json()}"
    assert "hunter2" not in shown
    assert GOOD_SECRET not in shown


def test_the_recommended_way_makes_a_strong_secret() -> None:
    assert not is_weak_secret(new_token())
    assert is_weak_secret("short")
    assert is_weak_secret("ab" * 40)


def test_the_development_secret_is_made_once_and_for_its_owner_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = load(monkeypatch, PARLEY_DATA_DIR=str(tmp_path / "data")).signing_key
    assert not is_weak_secret(first.decode())
    assert load(monkeypatch).signing_key == first
    kept = list((tmp_path / "data").iterdir())
    assert [path.name for path in kept] == ["secret_key"]
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600


READ_SECRETS = """
import sys
from pathlib import Path
from core.config import Settings

for folder in sys.argv[1:]:
    settings = Settings(_env_file=None, data_dir=Path(folder))
    print("ready", flush=True)
    sys.stdin.readline()
    print(settings.signing_key.decode(), flush=True)
"""


def test_processes_starting_at_once_get_the_same_secret(tmp_path: Path) -> None:
    folders = [tmp_path / str(attempt) for attempt in range(100)]
    command = [sys.executable, "-c", READ_SECRETS, *map(str, folders)]
    with ExitStack() as running:
        first, second = (
            running.enter_context(
                subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            )
            for _ in range(2)
        )
        for folder in folders:
            assert (read(first), read(second)) == ("ready", "ready")
            go(first)
            go(second)
            secret = read(first)
            assert secret == read(second)
            assert not is_weak_secret(secret)
            assert [path.name for path in folder.iterdir()] == ["secret_key"]


def read(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().rstrip("\n")


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


PROVIDER = {
    "PARLEY_SSO__KC__ISSUER": "https://id.example.com/realms/engines",
    "PARLEY_SSO__KC__CLIENT_ID": "parley",
    "PARLEY_SSO__KC__CLIENT_SECRET": "hush-hush",
    "PARLEY_SSO__KC__DOMAINS": "Example.com, @example.org",
}


def test_providers_are_set_by_variables_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        **PROVIDER,
        PARLEY_SSO__KC__ROLES='{"CN=boss,OU=it": "admin+staff"}',
        PARLEY_SSO__KC__EVERYBODY="none",
        PARLEY_SSO__OKTA__ISSUER="https://engines.okta.example",
        PARLEY_SSO__OKTA__CLIENT_ID="0oa1",
        PARLEY_SSO__OKTA__COMPANIES="example.com=Engines, Example.org = Bridges",
        PARLEY_SSO__OKTA__LABEL="Okta",
    )
    kc, okta = settings.sso["kc"], settings.sso["okta"]
    assert (kc.name, kc.allowed_domains) == ("Kc", {"example.com", "example.org"})
    assert kc.metadata_address == "https://id.example.com/realms/engines/.well-known/openid-configuration"
    assert kc.role_map == {"CN=boss,OU=it": {Role.ADMIN, Role.STAFF}} and kc.roles_of_everybody == set()
    assert okta.company_map == {"example.com": "Engines", "example.org": "Bridges"}
    assert okta.client_secret is None and okta.roles_of_everybody == {Role.STAFF}
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            {"PARLEY_SSO__KC__ISSUER": "http://id.example.com"},
            "PARLEY_SSO__KC__ISSUER is no address that is safe to use",
        ),
        ({"PARLEY_SSO__KC__ISSUER": "https://a:b@id.example.com"}, "PARLEY_SSO__KC__ISSUER is no address"),
        ({"PARLEY_SSO__KC__DOMAINS": " "}, "PARLEY_SSO__KC__DOMAINS is missing"),
        ({"PARLEY_SSO__KC__ROLES": "boss=king"}, "PARLEY_SSO__KC__ROLES must have roles joined by +"),
        ({"PARLEY_SSO__KC__ROLES": "boss"}, "PARLEY_SSO__KC__ROLES can't be read: write it like name=value"),
        ({"PARLEY_SSO__KC__ROLES": "{boss"}, "PARLEY_SSO__KC__ROLES can't be read as JSON."),
        ({"PARLEY_SSO__KC__SCOPES": "email"}, "PARLEY_SSO__KC__SCOPES needs openid among the scopes."),
        ({"PARLEY_SSO__KC__SECRET": "hush-hush"}, "PARLEY_SSO__KC__SECRET is no setting."),
        ({"PARLEY_SSO__A-B__ISSUER": "https://a.example"}, "PARLEY_SSO can't have a provider called a-b"),
        ({"PARLEY_SSO__OTHER__ISSUER": "https://a.example"}, "PARLEY_SSO__OTHER__CLIENT_ID is missing."),
        ({"PARLEY_SSO": "keycloak"}, "PARLEY_SSO can't be read: set variables like PARLEY_SSO__KEYCLOAK__ISSUER"),
        ({"PARLEY_ENVIRONMENT": "production", "PARLEY_SECRET_KEY": GOOD_SECRET}, "PARLEY_PUBLIC_URL is missing"),
    ],
)
def test_odd_providers_are_refused_by_the_variable(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], sentence: str
) -> None:
    said = refusal(monkeypatch, **PROVIDER | wrong)
    assert sentence in said and "hush" not in said and "king" not in said


def test_somebody_has_to_be_able_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nobody could sign in" in refusal(monkeypatch, PARLEY_LOCAL_PASSWORDS="false")
    assert not load(monkeypatch, **PROVIDER).local_passwords
