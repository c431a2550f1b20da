"""A real nginx on loopback, with the configuration that docs/operations.md gives to operators."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from core.config import ROOT
from tests.support.loopback import running
from tests.support.waiting import until

DOCUMENT = ROOT / "docs" / "operations.md"
NO_NGINX = "This test needs nginx: install it (on Debian `apt-get install nginx-light`)."
# What a distribution's own nginx.conf says around it.
AROUND = """
{user}
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{documented}
}}
"""


def program() -> str:
    if found := shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return found
    if os.environ.get("CI"):
        pytest.fail(NO_NGINX, pytrace=False)
    pytest.skip(NO_NGINX)


def documented(changes: Mapping[str, str]) -> str:
    """The block of the document, with ports and paths of a test in place of an operator's."""
    [block] = re.findall(r"^```nginx\n(.*?)^```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    for theirs, ours in changes.items():
        assert theirs in block, f"{DOCUMENT.name} says nothing of {theirs}"
        block = block.replace(theirs, ours)
    return block


@contextmanager
def balanced(folder: Path, port: int, first: int, second: int) -> Iterator[str]:
    """nginx before two processes, and the address that people open."""
    nginx = program()
    folder.mkdir()
    make_certificate(folder)
    block = documented(
        {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "parley.example.com": "127.0.0.1",
            "127.0.0.1:8501": f"127.0.0.1:{first}",
            "127.0.0.1:8502": f"127.0.0.1:{second}",
            "/etc/ssl/": f"{folder}/",
        }
    )
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(AROUND.format(folder=folder, user=user, documented=block))
    url = f"https://127.0.0.1:{port}"
    process = subprocess.Popen([nginx, "-c", configuration, "-p", folder], stdin=subprocess.DEVNULL)
    with running(process):
        until(lambda: answers(url, process))
        yield url


def answers(url: str, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "nginx ended"
    try:
        httpx2.get(f"{url}/healthz", verify=False, timeout=5)
    except httpx2.TransportError:
        return False
    return True


def make_certificate(folder: Path) -> None:
    """One that nobody vouches for."""
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    files = ("-keyout", str(folder / "parley.key"), "-out", str(folder / "parley.pem"))
    subprocess.run([*words.split(), *files], check=True, capture_output=True)
