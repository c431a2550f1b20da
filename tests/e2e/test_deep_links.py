"""A fresh process whose first visitors come by the address of something that they may not see, or may.

Every frame is looked at, not only what a browser would draw of it.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy.engine import URL
from streamlit.util import calc_hash

from core.config import ROOT
from tests.e2e.served import Parley
from tests.e2e.served_house import fresh
from tests.support.canaries import PEOPLE, REFUSED, House, View
from tests.support.wire import asking, refused_with, wire

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("house")]

FEW = ("colleague", "analyst", "moderator", "admin", "nothing", "stranger")
"""One of a kind."""
PAGES = ("", "chat", "browse", "tasks", "moderation", "audit", "usage", "people", "settings", "account")


@dataclass
class Walk:
    """What came of visits to one process, in the order that they were made in."""

    parley: Parley
    house: House
    too_much: list[tuple[str, str, set[str]]] = field(default_factory=list)
    missing: list[tuple[str, str, set[str]]] = field(default_factory=list)
    media: set[str] = field(default_factory=set)

    def visit(self, name: str, view: View) -> None:
        """In a browser that was never here before."""
        with wire(self.parley.url, self.house.tokens[name]) as tab:
            shown = tab.visit(view.page, view.query)
        if more := self.house.too_much(name, view, shown):
            self.too_much.append((name, view.address, more))
        if less := self.house.missing(name, view, shown):
            self.missing.append((name, view.address, less))
        self.media |= tab.media

    def is_as_it_should_be(self) -> bool:
        assert (self.too_much, self.missing) == ([], [])
        return True


def first_of_each(house: House) -> list[View]:
    """One address of each page."""
    return [next(view for view in house.views if view.page == page) for page in PAGES]


@pytest.fixture(scope="module")
def walk(house: House, house_parley: Parley) -> Walk:
    """Who is denied comes first, then one who isn't. Afterwards the process is anybody's."""
    walk = Walk(house_parley, house)
    for view in first_of_each(house):
        for name in (*(one for one in FEW if one not in view.seen_by), min(view.seen_by)):
            walk.visit(name, view)
    return walk


def test_nothing_arrives_where_it_may_not(walk: Walk) -> None:
    assert walk.is_as_it_should_be()


@pytest.mark.long
def test_nor_at_any_other_address_for_anybody(walk: Walk, house: House, house_parley: Parley) -> None:
    everybody = Walk(house_parley, house)
    for view in reversed(house.views):
        for name in PEOPLE:
            everybody.visit(name, view)
    assert everybody.is_as_it_should_be()


@pytest.mark.long
@pytest.mark.parametrize(
    ("page", "are_denied_first"), [("audit", True), ("people", True), ("moderation", False), ("chat", False)]
)
def test_whichever_page_is_the_first_of_all(
    house: House, house_url: URL, tmp_path: Path, page: str, are_denied_first: bool
) -> None:
    """In a process of its own."""
    with fresh(house_url, tmp_path) as parley:
        walk = Walk(parley, house)
        for view in [one for one in house.views if one.page == page]:
            for name in sorted(FEW, key=lambda one: (one in view.seen_by) is are_denied_first):
                walk.visit(name, view)
    assert walk.is_as_it_should_be()


def test_every_page_has_its_addresses(house: House) -> None:
    assert {file.stem for file in (ROOT / "pages").glob("*.py")} == {one or "home" for one in PAGES} | {"_shell"}
    assert {view.page for view in house.views} == set(PAGES)
    assert {name for view in house.views for name in view.seen_by} <= set(PEOPLE)


@pytest.mark.parametrize("name", REFUSED)
def test_whoever_has_no_session_gets_no_socket(walk: Walk, name: str) -> None:
    assert refused_with(walk.parley.url, walk.house.tokens[name]) == 403


@pytest.mark.parametrize("name", ["nothing", pytest.param("colleague", marks=pytest.mark.long)])
def test_a_page_is_no_more_open_by_its_hash_or_its_file(walk: Walk, name: str) -> None:
    house = walk.house
    with wire(walk.parley.url, house.tokens["owner"]) as tab:
        tab.visit()
    assert set(tab.pages) == set(PAGES)
    for view in first_of_each(house):
        file = ROOT / "pages" / f"{view.page or 'home'}.py"
        for asked in (
            {"page_script_hash": tab.pages[view.page]},
            {"page_script_hash": calc_hash(str(file))},
            {"page": file.name},
            {"page": f"pages/{view.page}"},
        ):
            with wire(walk.parley.url, house.tokens[name]) as other:
                shown = other.visit(**({"query": view.query} | asked))  # type: ignore[arg-type]
            assert house.too_much(name, view, shown) == set(), (view.address, asked)


@pytest.mark.crashes  # it tells Streamlit that everything was clicked, also what is no button
@pytest.mark.parametrize("name", ["nothing", pytest.param("stranger", marks=pytest.mark.long)])
def test_nothing_is_drawn_by_the_fragments_and_widgets_of_others(walk: Walk, name: str) -> None:
    """Among them the pages that have parts: rooms, an event of the trail, a private chat under a grant."""
    house, fragments = walk.house, 0
    chosen = [view for view in house.views if view.page == "chat" or "event=" in view.query or "grant=" in view.query]
    for view in {*first_of_each(house), *chosen}:
        with wire(walk.parley.url, house.tokens[min(view.seen_by)]) as theirs:
            theirs.visit(view.page, view.query)
        with wire(walk.parley.url, house.tokens[name]) as tab:
            shown = tab.visit(view.page, view.query)
            shown += tab.visit(view.page, view.query, clicked=theirs.widgets)
            for fragment in theirs.fragments:
                tab.send(asking(view.page, view.query, fragment_id=fragment))
            shown += tab.rest()
        fragments += len(theirs.fragments)
        assert house.too_much(name, view, shown) == set(), view.address
    assert fragments, "there are none to try"


def test_streamlit_keeps_no_files(walk: Walk) -> None:
    """It would hand them to whoever has the address, and the gate to nobody: files come from routes of ours."""
    assert walk.media == set()
