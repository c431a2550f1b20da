"""Streamlit's options as a served Parley has them, whatever the person who starts it has set for other apps."""

import json
import os
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from core.cli.serve import server_environment
from core.config import ROOT, Settings

OPTIONS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())

PROMISED: dict[str, Any] = {
    "global.developmentMode": False,
    "server.address": "127.0.0.1",
    "server.headless": True,
    "server.enableAgentApi": False,
    "server.enableCORS": True,
    "server.corsAllowedOrigins": [],
    "server.enableXsrfProtection": True,
    "server.xsrfCookieSameSite": "lax",
    "server.enableStaticServing": False,
    "server.scriptHealthCheckEnabled": False,
    "server.enableExpensiveMemoryStats": False,
    "server.unsafeMetricsUserAttributes": [],
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.allowRunOnSave": False,
    "server.showEmailPrompt": False,
    "server.baseUrlPath": "",
    "server.customComponentBaseUrlPath": "",
    "server.trustedUserHeaders": {"X-App-Uid": "app_uid", "X-App-Sid": "app_sid"},
    "browser.gatherUsageStats": False,
    "client.allowedOrigins": [],
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "client.disableDataExport": True,
    "runner.magicEnabled": False,
}
BOUNDED = {"server.maxUploadSize": 20, "server.maxMessageSize": 50, "server.maxWidgetStateSize": 4}
"""In megabytes."""
OTHER: dict[str, Any] = {
    "global.developmentMode": True,
    "server.address": "0.0.0.0",
    "server.corsAllowedOrigins": ["https://evil.example"],
    "server.xsrfCookieSameSite": "none",
    "server.unsafeMetricsUserAttributes": ["app_uid"],
    "server.fileWatcherType": "auto",
    "server.baseUrlPath": "elsewhere",
    "server.customComponentBaseUrlPath": "elsewhere",
    "server.trustedUserHeaders": '{"X-Evil": "app_uid"}',
    "client.allowedOrigins": ["https://evil.example"],
    "client.showErrorDetails": "full",
    "client.toolbarMode": "developer",
}
"""What a person's own file says otherwise; of what is on or off, the opposite."""
HARMLESS = {
    *("browser.serverAddress", "browser.serverPort", "server.port", "server.sslCertFile", "server.sslKeyFile"),
    *("client.showSidebarNavigation", "ui.hideTopBar", "server.allowedHosts", "server.cookieSecret", "secrets.files"),
    *("server.websocketPingInterval", "server.disconnectedSessionTTL", "server.enableWebsocketCompression"),
    *("server.folderWatchList", "server.folderWatchBlacklist", "server.maxCacheDataSize"),
    *("server.agentMaxSessions", "server.agentPreviewRows", "server.agentSessionTTL", "server.agentWaitTimeout"),
    *("global.appTest", "global.e2eTest", "global.unitTest", "global.suppressDeprecationWarnings"),
    *("global.disableWidgetStateDuplicationWarning", "global.showWarningOnDirectExecution"),
    *("global.maxCachedMessageAge", "global.minCachedMessageSize"),
    *("logger.enableRich", "logger.hideWelcomeMessage", "logger.level", "logger.messageFormat"),
    *("magic.displayLastExprIfNoSemicolon", "magic.displayRootDocString"),
    *("runner.cacheBackgroundRefreshMaxWorkers", "runner.cacheBackgroundRefreshTTLMultiplier"),
    *("runner.cacheHashSeed", "runner.connectionDefaultTTL", "runner.enforceSerializableSessionState"),
    *("runner.enumCoercion", "runner.fastReruns", "runner.parallelMaxWorkers", "runner.postScriptGC"),
}
"""They open nothing: what they are about is closed by another one or by the gate, or is speed, looks and words."""
READ = """
import json
from streamlit import config
options = {name: option.value for name, option in config.get_config_options().items() if name[:5] != "theme"}
print(json.dumps(options, default=str))
"""


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """As Streamlit reads them here, beside a file of the person's own that says the opposite of everything."""
    home = tmp_path_factory.mktemp("home")
    (home / ".streamlit").mkdir()
    (home / ".streamlit" / "config.toml").write_text(theirs())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}
    done = subprocess.run(
        [sys.executable, "-c", READ],
        check=False,
        cwd=ROOT,
        env=environment | {"HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def theirs() -> str:
    sections: dict[str, list[str]] = {}
    for name, promised in (PROMISED | BOUNDED).items():
        section, _, option = name.partition(".")
        other = OTHER.get(name, not promised if isinstance(promised, bool) else 1_000)
        sections.setdefault(section, []).append(f"{option} = {json.dumps(other)}")
    return "\n".join("\n".join([f"[{section}]", *inside]) for section, inside in sections.items())


@pytest.mark.parametrize("name", PROMISED)
def test_what_helps_developers_and_strangers_is_off(options: dict[str, Any], name: str) -> None:
    assert options[name] == PROMISED[name]


def test_what_a_browser_may_send_is_bounded(options: dict[str, Any]) -> None:
    assert {name: options[name] for name in BOUNDED} == BOUNDED


def test_every_option_that_streamlit_has_was_looked_at(options: dict[str, Any]) -> None:
    """A new release may bring one that is on by itself: write it into PROMISED, and into .streamlit/config.toml."""
    looked_at = HARMLESS | set(PROMISED) | set(BOUNDED)
    assert set(options) - looked_at == set()


def test_what_is_promised_is_written_down() -> None:
    """So that no other file decides it."""
    written = {f"{section}.{name}" for section, inside in OPTIONS.items() if section != "theme" for name in inside}
    assert set(PROMISED) | set(BOUNDED) <= written


def test_streamlits_cookie_secret_is_no_secret_of_ours(settings: Settings) -> None:
    given = server_environment(settings)["STREAMLIT_SERVER_COOKIE_SECRET"]
    assert len(given) == 64 and settings.signing_key.decode() not in given
    assert server_environment(settings)["STREAMLIT_SERVER_COOKIE_SECRET"] == given
