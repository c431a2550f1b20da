"""Bringing conversations in, as somebody with a browser does it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from core.services.uploads import Uploads
from core.transfer.splitting import NOT_JSON
from core.web.imports import IMPORT
from tests.e2e.conftest import Guest
from tests.e2e.served import Parley
from tests.support.exports import branched, webui

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TELEPHONE = {"width": 390, "height": 844}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([branched().value, webui("<b>Soup</b>"), {"title": "Bad", "mapping": {}}]))
    return path


@pytest.fixture
def page(parley: Parley, bob: Guest, tab: Callable[[Guest], Page]) -> Page:
    page = tab(bob)
    page.goto(f"{parley.url}/browse")
    page.get_by_role("button", name="Import").click()
    return page


def field(page: Page) -> Locator:
    found = page.get_by_label("Choose a file")
    found.wait_for(state="attached")
    return found


def test_a_file_goes_up_is_looked_at_and_comes_in(parley: Parley, page: Page, export: Path, tmp_path: Path) -> None:
    other = tmp_path / "letter.json"
    other.write_text("Dear Ada")
    field(page).set_input_files(other)
    expect(page.get_by_text(NOT_JSON)).to_be_visible()
    page.get_by_role("button", name="Choose another file").click()

    page.set_viewport_size(TELEPHONE)  # type: ignore[arg-type]
    field(page).set_input_files(export)
    expect(page.get_by_text("1 conversation can't come in")).to_be_visible()
    page.get_by_role("button", name="Import 2 conversations").click()
    expect(page.get_by_text("2 conversations came in.")).to_be_visible()
    page.get_by_role("button", name="Show conversations").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert not list((parley.folder / "data" / "imports").iterdir())


def test_a_file_on_its_way_can_be_stopped_and_what_broke_off_tried_again(page: Page, export: Path) -> None:
    held: list[Route] = []
    page.route(f"**{IMPORT}", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    field(page).set_input_files(export)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("or drop it here")).to_be_visible()

    page.unroute(f"**{IMPORT}")
    page.route(f"**{IMPORT}", lambda route: route.abort())
    field(page).set_input_files(export)
    expect(page.get_by_role("alert")).to_contain_text("The upload broke off")
    page.unroute(f"**{IMPORT}")
    page.get_by_role("button", name="Try again").click()  # the same file, not chosen anew
    expect(page.get_by_text("1 conversation can't come in")).to_be_visible()


def test_what_is_too_large_is_not_sent_at_all(page: Page, tmp_path: Path, parley: Parley) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if IMPORT in request.url else None)
    path = tmp_path / "long.json"
    with path.open("wb") as file:
        file.truncate(Uploads(tmp_path, 1_000).limit + 1)  # takes no room on the disk
    field(page).set_input_files(path)
    expect(page.get_by_role("alert")).to_contain_text("larger than the 1,000 MB")
    assert not sent
