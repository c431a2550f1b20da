"""`make screenshots`: takes the pictures of the README, from the demo as it is on one day that never changes."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core.database.embedded import EmbeddedPostgres  # noqa: E402
from tests.e2e.browsing import ARGUMENTS, chromium, fill_sign_in  # noqa: E402

PICTURES = ROOT / "docs" / "images"
MOMENT = "2026-11-18T14:30"
MESSAGES = 100_000
START = 180
"""Seconds until the server has to answer."""
PATIENCE = 45_000.0
SETTLED = """() => {
    const seen = (what) => [...document.querySelectorAll(what)].some((one) => one.getBoundingClientRect().height > 8)
    return seen('[data-testid=stMain]') && !seen('[data-testid=stSkeleton]')
}"""
LOOKS = 8
CALM = 4
"""Looks in a row at which nothing was on its way."""
MOST_BYTES = 200_000


@dataclass(frozen=True)
class Picture:
    name: str
    who: str
    address: str
    """Behind the server's."""
    shows: str
    """A text that has to be there, or there is nothing to take a picture of."""
    click: str = ""
    width: int = 1280
    height: int = 800
    scheme: str = "light"


ALL = (
    Picture("home.png", "eli", "/", "Hello, Eli"),
    Picture("chat.png", "eli", "/", "LEFT JOIN", click="SQL: devices that are silent"),
    Picture("room.png", "fay", "/", "looks like a road sign", click="Design crit"),
    Picture("usage.png", "cy", "/usage", "Cost by model", click="90 days"),
    Picture("moderation.png", "di", "/moderation", "Keys:"),
    Picture("tasks.png", "bo", "/tasks", "Overdue", scheme="dark"),
    Picture("phone.png", "ada", "/", "Hello, Ada", width=390, height=780, scheme="dark"),
)


def main(names: list[str]) -> None:
    """Of these names, or all."""
    PICTURES.mkdir(exist_ok=True)
    folder = Path(os.environ.get("DEMO_FOLDER") or tempfile.mkdtemp()) / "demo"
    with served(folder) as (url, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        for picture in ALL:
            if not names or picture.name in names:
                size = take(browser, url, password, picture)
                print(f"{picture.name:<24}{size / 1_000:6.0f} KB", flush=True)
                assert size < MOST_BYTES, f"{picture.name} is too large for a page"
        browser.close()


def take(browser: Browser, url: str, password: str, picture: Picture) -> int:
    viewport = {"width": picture.width, "height": picture.height}
    scheme = "dark" if picture.scheme == "dark" else "light"
    with browser.new_context(viewport=viewport, color_scheme=scheme, timezone_id="Europe/Berlin") as context:  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(url)
        fill_sign_in(page, f"{picture.who}@demo.example", password)
        page.wait_for_url(re.compile(r"^(?!.*sign-in)"))
        page.goto(f"{url}{picture.address}")
        if picture.click:
            page.get_by_text(picture.click).locator("visible=true").first.click()
        page.get_by_text(picture.shows).locator("visible=true").first.wait_for()
        settle(page)
        page.mouse.move(picture.width - 1, 0)  # over the sidebar it would bring up what folds that away
        path = PICTURES / picture.name
        page.screenshot(path=path, animations="disabled", caret="hide")
    return path.stat().st_size


def settle(page: Page) -> None:
    """Until nothing is on its way any more, and nothing comes after it."""
    calm = 0
    for _ in range(LOOKS):
        page.wait_for_timeout(700)
        calm = calm + 1 if page.evaluate(SETTLED) else 0
        if calm >= CALM:
            return


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """The demo's address and password."""
    making = ("-m", "core", "demo-year", "--folder", str(folder), "--until", MOMENT, "--messages", str(MESSAGES))
    subprocess.run([sys.executable, *making], cwd=ROOT, check=True)
    found = re.search(r"password (\S+)", (folder / "sign-ins.txt").read_text())
    assert found
    database = EmbeddedPostgres(folder)
    database.start()
    port = free_port()
    environment = os.environ | {"PARLEY_DATA_DIR": str(folder), "STREAMLIT_SERVER_PORT": str(port)}
    environment.pop("DATABASE_URL", None)
    server = subprocess.Popen([sys.executable, "tools/serve_at.py", MOMENT], cwd=ROOT, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url)
        yield url, found[1]
    finally:
        server.terminate()
        server.wait(60)
        database.stop()


def wait_for(url: str) -> None:
    for _ in range(START):
        try:
            if httpx2.get(f"{url}/readyz", timeout=5).is_success:
                return
        except httpx2.TransportError:
            time.sleep(1)
    raise SystemExit(f"{url} did not answer within {START} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main(sys.argv[1:])
