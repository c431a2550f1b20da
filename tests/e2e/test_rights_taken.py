"""Rights that end while a page is open: what its browser asks for by hand, part by part, is not drawn any more."""

from collections.abc import Iterator

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed

from core import clock
from core.permissions import Role
from tests.e2e.served import Parley
from tests.support.canaries import House, word
from tests.support.cases import suspend
from tests.support.wire import wire, words_in

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("house")]


@pytest.fixture
def parley(house_parley: Parley) -> Parley:
    return house_parley


def opened(house: House, what: str) -> tuple[str, str, str, list[str]]:
    """Who has it open, where, and what stands in its parts."""
    if what == "room":
        name = house.guest(Role.STAFF)
        house.desk.members.add(house.people["owner"], house.group, [house.person(name)])
        return name, "chat", f"c={house.group}", [word("grouptext"), word("group")]
    if what == "event":
        return house.guest(Role.ADMIN), "audit", f"event={house.placed}", [word("hold")]
    name = house.guest(Role.MODERATOR)
    grant = house.desk.grants.take(house.people[name], str(house.direct), f"Reason {word('later')}")
    return name, "moderation", f"tab=grants&grant={grant}", [word("direct"), word("later")]


@pytest.mark.crashes  # it tells Streamlit that everything was clicked, also what is no button
@pytest.mark.parametrize("what", ["room", "event", "grant"])
def test_a_role_taken_away_ends_each_part_of_the_open_page(parley: Parley, house: House, what: str) -> None:
    """Streamlit draws fragments and dialogs without their page, and keeps them when that was refused."""
    name, page, query, words = opened(house, what)
    with wire(parley.url, house.tokens[name]) as tab:
        assert words_in(tab.visit(page, query), words) == set(words)
        parts = list(tab.fragments)
        drawn = b"".join(tab.visit(page, query, fragment_id=part) for part in parts)
        assert words_in(drawn, words), "no part shows any of it"
        house.application.people.set_roles(None, house.person(name), [Role.ANALYST])
        for part in parts:
            shown = tab.visit(page, query, fragment_id=part)
            assert words_in(shown, words) == set()
        assert words_in(tab.visit(page, query, clicked=tab.widgets), words) == set()


@pytest.mark.parametrize("what", ["room", "event", "grant"])
@pytest.mark.parametrize("how", ["suspended", "deactivated"])
def test_who_is_kept_out_is_cut_off(parley: Parley, house: House, what: str, how: str) -> None:
    name, page, query, words = opened(house, what)
    with wire(parley.url, house.tokens[name]) as tab:
        assert words_in(tab.visit(page, query), words) == set(words)
        if how == "suspended":
            suspend(house.desk.database, house.person(name), clock.now().replace(year=clock.now().year + 1))
        else:
            house.application.people.deactivate(None, house.person(name))
        with pytest.raises(ConnectionClosed) as end:
            tab.visit(page, query, fragment_id=next(iter(tab.fragments)))
        assert end.value.rcvd and end.value.rcvd.code == 4401


@pytest.mark.crashes  # likewise
def test_who_is_removed_from_a_room_gets_nothing_of_it_that_came_later(parley: Parley, house: House) -> None:
    name, page, query, words = opened(house, "room")
    owner, later = house.people["owner"], [word("afterwards")]
    with wire(parley.url, house.tokens[name]) as tab:
        assert words_in(tab.visit(page, query), words) == set(words)
        house.desk.members.remove(owner, house.group, house.person(name))
        house.desk.talks.send(owner, house.group, f"Among us {later[0]}")
        for part in list(tab.fragments):
            assert words_in(tab.visit(page, query, fragment_id=part), later) == set()
        assert words_in(tab.visit(page, query, clicked=tab.widgets), [*words, *later]) == set()


UNWANTED = {
    "load_git_info": True,
    "clear_cache": True,
    "set_run_on_save": True,
    "debug_disconnect_websocket": True,
    "debug_shutdown_runtime": True,
}


def developers() -> Iterator[BackMsg]:
    for name, value in UNWANTED.items():
        yield BackMsg(**{name: value})  # type: ignore[arg-type]
    asked = BackMsg()
    asked.file_urls_request.file_names.append("x.csv")
    yield asked
    for payload in ("install_skills", "dismiss_skills_nudge", "deferred_file", "dataframe_chunk"):
        asked = BackMsg()
        getattr(asked.backend_operation_request, payload).SetInParent()
        yield asked


def test_what_only_developers_ask_of_streamlit_gets_no_answer(parley: Parley, house: House) -> None:
    kinds = {field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields}
    tried = {message.WhichOneof("type") for message in developers()}
    assert kinds - tried == {"rerun_script", "stop_script", "app_heartbeat"}, "is a new kind wanted here?"
    with wire(parley.url, house.tokens["admin"]) as tab:
        tab.visit("people")
        tab.rest()
        for message in developers():
            tab.send(message)
        tab.send(BackMsg(app_heartbeat=True))
        assert tab.next_kind() == "heartbeat_ack"
        assert tab.rest() == b""
        assert words_in(tab.visit("people"), [word("quiet")])
