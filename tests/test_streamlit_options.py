import tomllib
from typing import Any

import pytest

from core.cli.serve import server_environment
from core.config import ROOT, Settings

OPTIONS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())

PROMISED: dict[str, Any] = {
    "server.address": "127.0.0.1",
    "server.headless": True,
    "server.enableAgentApi": False,
    "server.fileWatcherType": "none",
    "server.trustedUserHeaders": '{"X-App-Uid": "app_uid", "X-App-Sid": "app_sid"}',
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "client.disableDataExport": True,
    "runner.magicEnabled": False,
}


@pytest.mark.parametrize("name", PROMISED)
def test_what_helps_developers_and_strangers_is_off(name: str) -> None:
    section, _, option = name.partition(".")
    assert OPTIONS[section][option] == PROMISED[name]


def test_what_a_browser_may_send_is_bounded() -> None:
    """In megabytes."""
    server = OPTIONS["server"]
    assert (server["maxUploadSize"], server["maxMessageSize"], server["maxWidgetStateSize"]) == (20, 50, 4)


def test_the_protections_that_streamlit_has_by_itself_stay_on() -> None:
    assert {"enableCORS", "enableXsrfProtection", "enableStaticServing", "corsAllowedOrigins"}.isdisjoint(
        OPTIONS["server"]
    )


def test_streamlits_cookie_secret_is_no_secret_of_ours(settings: Settings) -> None:
    given = server_environment(settings)["STREAMLIT_SERVER_COOKIE_SECRET"]
    assert len(given) == 64 and settings.signing_key.decode() not in given
    assert server_environment(settings)["STREAMLIT_SERVER_COOKIE_SECRET"] == given
