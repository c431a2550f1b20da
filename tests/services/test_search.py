"""Searching a fixed library: what each query finds, for whom, and that nothing else shows."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from core.database.engine import Database
from core.lines import is_blank
from core.models import ConversationKind, History, MessageStatus
from core.permissions import Role
from core.search.words import fold, tokens_of
from core.services.indexing import SearchIndexer
from core.services.search import SearchService
from core.services.search_views import Order
from core.services.task_views import NewTask
from core.services.tasks import TaskService
from core.services.views import Asked
from tests.conftest import rolled_back
from tests.services.test_room_grid import undone
from tests.support.library import MINE, ROOM, Library, age, library
from tests.support.properties import tried
from tests.support.talks import Desk

EVERYTHING_OF_MINE = {*MINE, *(f"{name} answered" for name in MINE), *ROOM, "after", "coffee", "secret"}


@pytest.fixture(scope="module")
def shelf(worker_engine: Engine) -> Iterator[Library]:
    """One library for all that only look."""
    with rolled_back(worker_engine) as database:
        yield library(Desk(database))


@pytest.fixture
def own(database: Database) -> Library:
    """A smaller one to change things in."""
    return library(Desk(database), ["suppliers", "error"])


FOUND = {
    # words, in all their forms
    "supplier": {"suppliers", "suppliers answered"},
    "delivering": {"suppliers"},
    "DELIVERED LATE": {"suppliers"},
    "report suppliers": {"suppliers"},
    "nowhere-to-be-found": set(),
    "the": {"suppliers", "address", "cpp", "markup", "long", "budget", "thanks", "after", "coffee"},
    # identifiers as typed, whole and in part
    "ERR_CONN_RESET": {"error"},
    "err_conn_reset": {"error"},
    "conn_reset": {"error"},
    "core/db.py": {"error"},
    "db.py": {"error"},
    "acme-1234": {"order"},
    "bo.olsen@example.com": {"order"},
    "example.com": {"order", "address"},
    "0151-2345": {"order"},
    "3.11.7": {"version"},
    "3.12": {"version"},
    "11.3": set(),
    "https://intranet.example.com/wiki/On-boarding?lang=en": {"address"},
    "wiki/on-boarding": {"address"},
    "C++": {"cpp"},
    "c#": {"cpp"},
    # accents, and other languages' forms
    "reponse": {"french"},
    "donner": {"french"},
    "DONNÉE": {"french"},
    "réunions": {"french"},
    "haus": {"german"},
    "Strasse": {"german"},
    "gross": {"german"},
    "reunión": {"french", "spanish"},
    "saber": set(),
    "equipo": {"spanish"},
    "книга": {"russian"},
    "πελατης": {"greek"},
    "istanbul": {"turkish"},
    "lodz": {"turkish"},
    # writing without spaces, by any part
    "会议": set(),
    "开会": {"chinese"},
    "北京开会讨论": {"chinese"},
    "京": {"chinese", "japanese"},
    "東京": {"japanese"},
    "データ": {"japanese"},
    "서울": {"korean"},
    "울에": {"korean"},
    "พรุ่งนี้": {"thai"},
    # phrases, prefixes, what is left out
    '"late last month"': {"suppliers"},
    '"last late"': set(),
    '"suppliers delivered"': {"suppliers"},
    '"supplier delivered"': set(),
    '"東京都の"': {"japanese"},
    '"db py and"': {"error"},
    "suppl*": {"suppliers", "suppliers answered"},
    "core/d*": {"error"},
    "データ*": {"japanese"},
    "budget -coffee": {"budget", "thanks", "after", "secret"},
    'budget -"coffee budget"': {"budget", "thanks", "after", "secret"},
    "budget -5,000 -settles": {"after", "coffee", "secret"},
    "o'brien": {"quote"},
    "brien": {"quote"},
    "well-known": {"quote"},
    "well known": {"quote"},
    "stars": {"markup"},
    "needle": {"long"},
    # operators, alone and together
    "from:me budget": {"budget", "thanks", "secret"},
    "from:bo": {"after"},
    'from:"Bo Olsen" budget': {"after"},
    "from:angstrom": {"coffee"},
    "-from:me budget": {"after", "coffee"},
    "from:assistant suppliers": {"suppliers answered"},
    "role:assistant suppliers": {"suppliers answered"},
    "role:user suppliers": {"suppliers"},
    "in:fair": {"budget", "thanks", "after"},
    'in:"trade fair" from:me': {"budget", "thanks"},
    "in:kitchen budget": {"coffee"},
    "in:bo budget": {"secret"},
    "-in:fair budget": {"coffee", "secret"},
    "in:nowhere budget": set(),
    "model:small suppliers": {"suppliers answered"},
    "model:SM* suppliers": {"suppliers answered"},
    "-model:small suppliers": {"suppliers"},
    "model:large": set(),
    "after:2020 budget": {"budget", "thanks", "after", "coffee", "secret"},
    "before:2020": set(),
    "after:2020 before:2020": set(),
    "has:reaction": {"coffee"},
    "-has:reaction budget": {"budget", "thanks", "after", "secret"},
    "is:edited": {"thanks"},
    "is:edited from:me in:fair before:2100 settle* -5,000": {"thanks"},
    "has:task": {"coffee"},
    "has:task coffee": {"coffee"},
    "has:task budget": {"coffee"},
    "has:task suppliers": set(),
    "-has:task budget": {"budget", "thanks", "after", "secret"},
    "has:task -has:tasks": set(),
    "is:reported": set(),
}


@pytest.fixture(scope="module", autouse=True)
def _marked(shelf: Library) -> None:
    shelf.desk.reactions.react(shelf.me, shelf.message("coffee"), "👍")
    TaskService(shelf.desk.database).create(shelf.me, NewTask("Buy some", message_id=shelf.message("coffee")))
    shelf.desk.talks.edit(shelf.me, shelf.message("thanks"), ROOM["thanks"] + " Yes.")


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("query", FOUND)
def test_what_a_query_finds(shelf: Library, query: str, order: Order) -> None:
    found = shelf.find(query, order=order)
    assert found == {name for name in FOUND[query] if name in EVERYTHING_OF_MINE}


HINTS = {
    "nothing:such": "no operator nothing:",
    "from:": "nothing. Write from:me",
    "from:nobody": "Nobody here is called “nobody”.",
    "in:nowhere": "No conversation that you can read is called “nowhere”.",
    "in:“My own budget”": "No conversation that you can read",
    "role:king": "There is no role:king.",
    "has:fun": "Behind has: there may be reaction, task.",
    "is:nice": "Behind is: there may be edited, reported.",
    "is:reported": "Only moderators",
    "before:soon": "is no date",
    "after:2026-02-30": "is no date",
    "after:2026-03 before:2026-02": "No day is both",
    "a*": "2 letters",
    "!!! ??": "type a word",
    "word " * 41: "40 words",
    "x" * 5_000: "2,000 characters",
}


@pytest.mark.parametrize("query", HINTS)
def test_what_can_not_be_used_is_said_in_a_sentence(shelf: Library, query: str) -> None:
    found = shelf.ask(query)
    assert any(HINTS[query] in hint for hint in found.hints), found.hints
    assert all(hint.endswith(".") for hint in found.hints)


WORDS = "budget"
READERS = {
    "me": {"budget", "thanks", "after", "coffee", "secret"},
    "bo": {"budget", "thanks", "after", "secret", "private"},
    "kim": {"coffee"},
    "late": {"after"},
    "other": set(),
    "moderator": {"coffee"},
}


@pytest.mark.parametrize("who", READERS)
def test_who_finds_what(shelf: Library, who: str) -> None:
    reader = shelf.me if who == "me" else shelf.people[who]
    for query in (WORDS, "bud*", f'"{WORDS}"', "role:user budget", "budget -nothing"):
        assert shelf.find(query, reader) == READERS[who], query
    everything = {name for name in shelf.messages if name in shelf.find("after:2000", reader, limit=500)}
    assert everything >= READERS[who]
    assert who != "other" or not everything


def test_names_of_rooms_and_people_elsewhere_are_the_same_as_none(shelf: Library) -> None:
    for query in ("in:fair", "in:kitchen", "from:bo", "from:kim"):
        theirs = shelf.ask(query, shelf.people["other"])
        unknown = shelf.ask(query[: query.index(":") + 1] + "zzz", shelf.people["other"])
        assert not theirs.hits
        assert [hint.replace("zzz", query.split(":")[1]) for hint in unknown.hints] == list(theirs.hints)


def test_who_leaves_finds_nothing_of_the_room_any_more(own: Library) -> None:
    bo = own.people["bo"]
    assert own.find("budget in:fair", bo) == {"budget", "thanks", "after"}
    own.desk.members.leave(bo, own.places["group"])
    assert own.find("budget", bo) == {"secret", "private"}
    assert not own.ask("in:fair", bo).hits


def test_a_history_from_joining_on_is_searched_from_there_and_opens_with_the_setting(own: Library) -> None:
    late = own.people["late"]
    assert own.find("budget", late) == {"after"}
    own.desk.rooms.set_history(own.me, own.places["group"], History.ALL)
    assert own.find("budget", late) == {"budget", "thanks", "after"}


def test_a_moderator_who_chats_too_searches_both(own: Library) -> None:
    both = own.desk.person(Role.STAFF, Role.MODERATOR)
    own.messages["mine"] = own.desk.talk(both, "A budget of mine").question_id
    assert own.find("budget", both) == {"mine", "coffee"}


def test_a_deleted_message_is_found_by_nobody_until_it_is_restored(own: Library) -> None:
    own.desk.talks.delete(own.me, own.message("thanks"))
    assert own.find("settles") == set()
    assert own.find("settles", own.people["bo"]) == set()


def test_a_deleted_conversation_takes_its_messages_and_title_along_and_brings_them_back(own: Library) -> None:
    own.desk.conversations.delete(own.me, own.places["chat"])
    assert own.find("suppliers") == set()
    assert not own.ask("questions").titles
    own.desk.conversations.restore(own.me, own.places["chat"])
    assert own.find("suppliers") == {"suppliers", "suppliers answered"}
    assert [hit.conversation_id for hit in own.ask("questions").titles] == [own.places["chat"]]


def test_a_cleared_history_is_gone_from_search(own: Library) -> None:
    own.desk.conversations.clear_history(own.me)
    assert own.find("after:2000", limit=500) == {*ROOM, "after", "coffee", "secret"}


def test_an_edited_message_is_found_by_its_new_words_only(own: Library) -> None:
    own.desk.talks.edit(own.me, own.message("thanks"), "Gracias, that settles the ledger question.")
    assert own.find("ledger") == {"thanks"}
    assert "thanks" not in own.find("budget")
    assert own.find("is:edited") == {"thanks"}


def test_reactions_come_and_go(own: Library) -> None:
    coffee = own.message("coffee")
    for emoji in ("👍", "🎉"):
        own.desk.reactions.react(own.me, coffee, emoji)
    own.desk.reactions.toggle(own.me, coffee, "👍")
    assert own.find("has:reaction") == {"coffee"}
    own.desk.reactions.toggle(own.me, coffee, "🎉")
    assert own.find("has:reaction") == set()


def test_an_answer_is_found_when_it_is_there_and_a_superseded_one_still(own: Library) -> None:
    asked = own.desk.ask(own.me, "What about zebras?")
    assert {hit.message_id for hit in own.ask("stripes").hits} == set()
    own.desk.answer(asked, "They have stripes.")
    (hit,) = own.ask("stripes").hits
    assert not hit.is_superseded
    own.desk.answer(own.desk.chat.regenerate(own.me, asked.answer_id), "They have none.")
    (hit,) = own.ask("stripes").hits
    assert hit.is_superseded
    assert len(own.ask("zebras").hits) == 1


def test_an_answer_that_failed_is_found_by_what_it_said(own: Library) -> None:
    asked = own.desk.ask(own.me, "Go on")
    own.desk.answer(asked, "Half of a giraffe", error_code="model_cut_short")
    (hit,) = own.ask("giraffe").hits
    assert own.desk.read(asked.conversation_id).messages[-1].status is MessageStatus.FAILED
    assert hit.seq == 2


def test_notices_are_not_found(own: Library) -> None:
    assert not [hit for hit in own.ask("added", own.people["bo"]).hits if hit.role == "system"]


def test_days_begin_in_the_zone_of_who_asks(own: Library) -> None:
    age(own.desk, own.message("budget"), datetime(2025, 3, 30, 0, 30, tzinfo=UTC))
    tokyo, honolulu = ZoneInfo("Asia/Tokyo"), ZoneInfo("Pacific/Honolulu")
    for zone, day in ((UTC, "2025-03-30"), (tokyo, "2025-03-30"), (honolulu, "2025-03-29")):
        query = f"after:{day} before:{day[:-2]}{int(day[-2:]) + 1} fair"
        assert {hit.message_id for hit in own.search.search(own.me, query, zone=zone).hits} == {own.message("budget")}
        assert not own.search.search(own.me, f"before:{day} fair", zone=zone).hits


def test_a_hit_says_where_it_is_and_shows_its_words(shelf: Library) -> None:
    (hit,) = shelf.ask("secret").hits
    assert (hit.title, hit.sender_name, hit.seq) == ("Bo Olsen", shelf.me.display_name, 1)
    assert [part.text for part in hit.snippet if part.is_hit] == ["secret"]
    (hit,) = shelf.ask("needle end").hits
    said = "".join(part.text for part in hit.snippet)
    assert said.startswith("…") and said.endswith("message") and len(said) < 300
    assert [part.text for part in hit.snippet if part.is_hit] == ["needle", "end"]
    (hit,) = shelf.ask("hausern gross").hits or shelf.ask("haus gross").hits
    assert [part.text for part in hit.snippet if part.is_hit] == ["Häuser", "groß"]


def test_the_best_come_first_and_the_newest_on_request(own: Library) -> None:
    in_passing = own.desk.talk(own.me, f"A yak was there. {'And more was said. ' * 30}").question_id
    all_about_it = own.desk.talk(own.me, "Yak, yak and yak.").question_id
    newest = own.desk.talk(own.me, f"Yaks again. {'And other things too. ' * 30}").question_id
    best = [hit.message_id for hit in own.ask("yak").hits]
    assert best[0] == all_about_it
    assert [hit.message_id for hit in own.ask("yak", order=Order.NEWEST).hits] == [newest, all_about_it, in_passing]


def test_titles_are_found_too(own: Library) -> None:
    found = own.ask("kitchen")
    assert [hit.conversation_id for hit in found.titles] == [own.places["company"]]
    assert [part.text for part in found.titles[0].title if part.is_hit] == ["Kitchen"]
    assert not own.ask("kitchen from:me").titles
    assert not own.ask("fair", own.people["other"]).titles
    own.desk.conversations.rename(own.me, own.places["company"], "Scullery")
    assert not own.ask("kitchen").titles
    assert own.ask("scullery", own.people["moderator"]).titles


@pytest.fixture(scope="module")
def penguins(worker_engine: Engine) -> Iterator[tuple[Library, list[Asked]]]:
    """Talks, every third of which is deleted."""
    with rolled_back(worker_engine) as database:
        own = library(Desk(database), ["suppliers", "error"])
        talk = [own.desk.talk(own.me, f"Penguin number {number}") for number in range(23)]
        for asked in talk[::3]:
            own.desk.conversations.delete(own.me, asked.conversation_id)
        yield own, talk


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize(("reach", "window"), [(1, 200), (7, 5), (4_000, 200), (4_000, 3)])
def test_page_by_page_everything_comes_once(
    penguins: tuple[Library, list[Asked]], order: Order, reach: int, window: int
) -> None:
    """However far the first look reaches, with deleted ones in between, and while more is said."""
    own, talk = penguins
    with undone(own.desk.database):
        page_by_page(own, talk, order, SearchService(own.desk.database, reach, window))


def page_by_page(own: Library, talk: Sequence[Asked], order: Order, search: SearchService) -> None:
    after, pages = None, []
    while True:
        found = search.search(own.me, "penguin", order=order, after=after, limit=4)
        pages.append([hit.message_id for hit in found.hits])
        own.desk.talk(own.me, "A penguin that comes while one turns the pages")
        assert not found.titles or after is None
        if (after := found.following) is None:
            break
    seen = [key for page in pages for key in page]
    assert len(seen) == len(set(seen))
    assert set(seen) == {asked.question_id for at, asked in enumerate(talk) if at % 3}
    assert order is Order.BEST or seen == [asked.question_id for at, asked in enumerate(talk) if at % 3][::-1]
    assert all(len(page) == 4 for page in pages[:-1])


@pytest.mark.parametrize("after", ["x", "1.2", "..", "-1.-2.-3", "9" * 99, "1.zz.0", "99999999999999999.0.0", "é.é.é"])
def test_a_broken_page_mark_gives_the_first_page(shelf: Library, after: str) -> None:
    assert shelf.search.search(shelf.me, "budget", after=after).hits == shelf.ask("budget").hits


@tried(60)
@given(
    st.one_of(
        st.text(max_size=80),
        st.lists(
            st.sampled_from(
                [
                    "from:",
                    "in:",
                    "is:edited",
                    "-",
                    '"',
                    "“",
                    "*",
                    "a*",
                    "\\",
                    "'",
                    "''",
                    "(",
                    ")",
                    "&",
                    "|",
                    "!",
                    "<->",
                    ":*",
                    "~u",
                    "=e",
                    "%",
                    "_",
                    "東",
                    "東京",
                    "-東",
                    "\0",
                    "\ud800",
                    "budget",
                    "core/db.py",
                    "before:2025",
                    "role:user",
                    "ﬁ",
                    "İ",
                    "\u200b",
                    "𝒃𝒖𝒅𝒈𝒆𝒕",
                    "1.2.3",
                    "$1",
                    "{0}",
                    "%(x)s",
                    ":x",
                    "::",
                    "\n",
                    "é",
                    "e\u0301",
                ]
            ),
            max_size=12,
        ).map("".join),
        st.lists(st.sampled_from(["from:me", '"a b', "-x", "in:fair", "x*", "\\'", "c++", '-"y"'])).map(" ".join),
    )
)
@example("'); DROP TABLE messages; --")
@example("~u ~c ~rassistant =edeliv")
@example('"' * 999)
@example("-" * 999)
@example("x:" * 500)
@example("the and of")
def test_any_text_gives_a_result_or_a_hint(shelf: Library, query: str) -> None:
    for order in Order:
        found = shelf.ask(query, order=order)
        assert found.hits or found.titles or found.hints or found.following is None
        assert {hit.message_id for hit in found.hits} <= set(shelf.messages.values()) | _answers(shelf)


def _answers(shelf: Library) -> set:
    with shelf.desk.database.reading() as session:
        return set(session.execute(text("SELECT id FROM messages")).scalars())


@tried(25)
@given(st.text(min_size=1, max_size=120), st.data())
@example("ǅungla ﬃ Ⅷ ½ ㎏ İı ŉ", None)
@example("a\u0301\u0328 ำ क्षि ﷺ ﮩ ٣٤", None)
def test_a_message_is_found_by_each_of_its_words_by_its_readers_and_nobody_else(
    shelf: Library, said: str, data: st.DataObject | None
) -> None:
    said = said.replace("\0", "").strip() or "x"
    said = said.encode(errors="ignore").decode()
    said = "x" if is_blank(said) else said  # what nobody sees is no message
    desk, connection = shelf.desk, shelf.desk.database.bind
    place = connection.begin_nested()  # type: ignore[union-attr]
    try:
        sent = desk.talks.send(shelf.me, shelf.places["direct"], said)
        words = list(tokens_of(fold(said)))
        for token in words if data is None else words[:3]:
            query = f'"{token.text}"'
            mine = {hit.message_id for hit in shelf.ask(query, order=Order.NEWEST).hits}
            assert sent.message_id in mine, (said, query)
            assert sent.message_id in {hit.message_id for hit in shelf.ask(query, shelf.people["bo"]).hits}
            for stranger in ("kim", "late", "other", "moderator"):
                assert sent.message_id not in {hit.message_id for hit in shelf.ask(query, shelf.people[stranger]).hits}
        for raw in said.split()[:3]:
            if any(True for _ in tokens_of(fold(raw))) and ":" not in raw and not raw.startswith("-"):
                assert sent.message_id in {hit.message_id for hit in shelf.ask(raw, order=Order.NEWEST).hits}, raw
    finally:
        place.rollback()


@tried(15)
@given(
    st.lists(st.sampled_from([*FOUND, "budget", "the", "suppliers", "after:2020"]), min_size=1, max_size=2).map(
        " ".join
    ),
    st.sampled_from([1, 2, 5, 11]),
    st.sampled_from(["me", "bo", "kim", "late", "moderator", "other"]),
)
def test_how_far_the_first_look_reaches_changes_nothing(shelf: Library, query: str, reach: int, who: str) -> None:
    reader = shelf.me if who == "me" else shelf.people[who]
    near = SearchService(shelf.desk.database, reach).search(reader, query, order=Order.NEWEST, limit=50)
    far = shelf.ask(query, reader, Order.NEWEST)
    assert near.hits == far.hits
    assert near.titles == far.titles
    assert all(one.said_at >= other.said_at for one, other in pairwise(near.hits))


def test_many_rooms_are_searched_like_few(own: Library) -> None:
    desk = own.desk
    for number in range(20):
        room = desk.rooms.create(own.me, ConversationKind.GROUP, f"Room {number}")
        own.messages[f"room {number}"] = desk.talks.send(own.me, room, f"Walrus {number}").message_id
        theirs = desk.rooms.create(own.people["kim"], ConversationKind.GROUP, f"Theirs {number}")
        desk.talks.send(own.people["kim"], theirs, f"Walrus of theirs {number}")
    for reach in (1, 4_000):
        hits = SearchService(desk.database, reach).search(own.me, "walrus", limit=100).hits
        assert len(hits) == 20
        assert {hit.title for hit in hits} == {f"Room {number}" for number in range(20)}


def test_what_was_there_before_is_indexed_by_whoever_comes_first(own: Library) -> None:
    with own.desk.database.transaction() as session:
        for table in ("message_words", "title_words"):
            session.execute(text(f"DELETE FROM {table}"))
    assert not own.ask("budget").hits
    indexer = SearchIndexer(own.desk.database)
    assert indexer.refill() == 5
    assert sum(indexer.work()) >= len(own.messages)
    assert indexer.count() == 0
    assert own.find("budget") == READERS["me"]
    assert own.find("model:small suppliers") == {"suppliers answered"}
    assert own.ask("kitchen").titles


def test_what_is_written_and_what_is_rebuilt_is_the_same(own: Library) -> None:
    own.desk.reactions.react(own.me, own.message("coffee"), "👍")
    own.desk.talks.edit(own.me, own.message("thanks"), "Edited.")
    own.desk.talks.delete(own.me, own.message("secret"))
    rows = text(
        "SELECT message_id, company_id, conversation_id, scope_id, is_room, said_at, words FROM message_words"
        " UNION ALL SELECT conversation_id, company_id, conversation_id, scope_id, is_room, said_at, words"
        " FROM title_words ORDER BY 1"
    )
    with own.desk.database.reading() as session:
        written = session.execute(rows).all()
    indexer = SearchIndexer(own.desk.database)
    indexer.refill()
    list(indexer.work())
    with own.desk.database.reading() as session:
        assert session.execute(rows).all() == written


def test_the_best_page_by_page_are_the_same_however_they_are_found(own: Library) -> None:
    """The first page walks from now, the next from its window on: that must not shift what is compared."""
    room = own.places["direct"]
    sent = [own.desk.talks.send(own.me, room, f"Lynx {'x' * at}" if at % 4 == 0 else f"No {at}") for at in range(52)]
    expected = {one.message_id for at, one in enumerate(sent) if at % 4 == 0}
    for reach in (5, 14, 23, 41):
        search, found, after = SearchService(own.desk.database, reach), [], None
        while True:
            page = search.search(own.me, "lynx", after=after, limit=3)
            found += [hit.message_id for hit in page.hits]
            if (after := page.following) is None:
                break
        assert (len(found), set(found)) == (len(expected), expected), reach


def test_deleted_ones_in_between_hide_no_title(own: Library) -> None:
    kept = own.desk.talk(own.me, "A walrus plan").conversation_id
    for number in range(50):
        gone = own.desk.ask(own.me, f"A walrus plan {number}").conversation_id
        own.desk.conversations.delete(own.me, gone)
    assert [hit.conversation_id for hit in own.ask("walrus").titles] == [kept]
    assert own.ask("in:walrus plan").hits


def test_what_a_clock_or_an_import_dates_into_the_future_is_found(own: Library) -> None:
    said = [own.desk.talks.send(own.me, own.places["direct"], "An okapi").message_id for _ in range(12)]
    age(own.desk, said[5], datetime(2031, 1, 1, tzinfo=UTC))
    for number in range(4):
        own.desk.talks.send(own.me, own.places["direct"], f"Other {number}")
    for order in Order:
        search, found, after = SearchService(own.desk.database, 8), [], None
        while True:
            page = search.search(own.me, "okapi", order=order, after=after, limit=3)
            found += [hit.message_id for hit in page.hits]
            if (after := page.following) is None:
                break
        assert sorted(found) == sorted(said)
        assert order is Order.BEST or found[0] == said[5]
