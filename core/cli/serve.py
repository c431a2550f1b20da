"""`make run`: checks what can be checked before serving, then becomes the server."""

import hmac
import os
import socket
import sys

from core.config import ROOT, Settings, load_settings
from core.database.opening import open_database
from core.errors import PortInUse

DEFAULT_PORT = 8501


def serve() -> None:
    """Serve Parley on loopback. STREAMLIT_SERVER_PORT and STREAMLIT_SERVER_ADDRESS change where."""
    settings = load_settings()
    refuse_taken_port(os.environ.get("STREAMLIT_SERVER_ADDRESS", "127.0.0.1"), server_port())
    opened = open_database(settings)
    opened.__enter__()  # and never left: this process goes on as the server below, which finds it running
    os.chdir(ROOT)
    os.environ.update(server_environment(settings))
    command = [sys.executable, "-m", "streamlit", "run", "Home.py"]
    os.execv(command[0], command)  # keeps the process id, so that signals reach the server


def server_port() -> int:
    text = os.environ.get("STREAMLIT_SERVER_PORT", str(DEFAULT_PORT))
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise PortInUse(f"STREAMLIT_SERVER_PORT is {text!r}; it has to be a number from 1 to 65535.")
    return int(text)


def refuse_taken_port(address: str, port: int) -> None:
    """Raises PortInUse with the mend in it."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise PortInUse(
                f"Parley can't listen on {address}:{port}: {error.strerror}. "
                f"Stop what uses it, or choose another: STREAMLIT_SERVER_PORT={port + 1} make run"
            ) from None


def server_environment(settings: Settings) -> dict[str, str]:
    """What Streamlit takes from the environment. With a new cookie secret, sign-ins in flight would fail."""
    return {
        "STREAMLIT_SERVER_COOKIE_SECRET": hmac.digest(settings.signing_key, b"streamlit cookie", "sha256").hex(),
        "STREAMLIT_LOGGER_LEVEL": "warning",
    }
