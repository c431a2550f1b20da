from datetime import timedelta

from core import clock
from core.models import ConversationKind
from core.permissions import Role
from tests.pages.visitor import Desk, DeskWith, bubbles, go, sentences, visit
from tests.support.builders import make_conversation
from tests.support.models import ScriptedModel


def test_the_first_visit_says_what_to_do(desk: Desk) -> None:
    browser = visit(desk.staff(display_name="Ada Lovelace"))
    assert browser.title[0].value == "Hello, Ada"
    assert [text.value for text in browser.main.markdown] == [
        "Ask your first question below. Your chats stay here for you alone: should a moderator ever have a reason "
        "to look into one, you are told.",
        "Talk with a colleague, or with several, and ask the assistant to join in.",
    ]
    assert browser.chat_input and not browser.page_link


def test_the_latest_five_chats_lead_on(desk: Desk) -> None:
    ada = desk.staff()
    with desk.database.transaction() as session:
        hours = [clock.now() - timedelta(hours=number) for number in range(7)]
        latest, *_ = [
            make_conversation(session, ada.user, title=f"chat {number}", last_message_at=at)
            for number, at in enumerate(hours)
        ]
        make_conversation(session, ada.user, title="archived", archived_at=clock.now())
        make_conversation(session, desk.staff().user, title="somebody else's")
        make_conversation(session, ada.user, title="", last_message_at=clock.now() - timedelta(minutes=30))
    browser = visit(ada)
    assert [link.value for link in browser.page_link] == ["chat 0", "New chat", "chat 1", "chat 2", "chat 3"]
    assert browser.page_link[0].proto.query_string == f"c={latest.id}"
    assert [caption.value for caption in browser.main.caption] == [
        "just now",
        "30 min ago",
        "1 h ago",
        "2 h ago",
        "3 h ago",
    ]


def test_rooms_with_something_new_come_first(desk: Desk) -> None:
    ada, bo = desk.staff(display_name="Ada"), desk.staff(display_name="Bo")
    application, kind = desk.application, ConversationKind.GROUP
    names = ("muted", "called", "new", "muted and called", "old", "older than five")
    rooms = {name: application.rooms.create(bo.actor, kind, name, user_ids=[ada.user.id]) for name in names}
    for name in ("muted", "muted and called"):
        application.members.mute(ada.actor, rooms[name])
    for name in reversed(names):
        application.talk.send(bo.actor, rooms[name], "@Ada, look" if "called" in name else "look")
    for name in ("old", "older than five"):
        application.members.mark_read(ada.actor, rooms[name], 99)
    browser = visit(ada)
    assert [(link.value, link.proto.query_string) for link in browser.page_link] == [
        ("**called**", f"c={rooms['called']}"),
        ("**new**", f"c={rooms['new']}"),
        ("**muted and called**", f"c={rooms['muted and called']}"),
        ("muted", f"c={rooms['muted']}"),
        ("old", f"c={rooms['old']}"),
    ]
    captions = [caption.value for caption in browser.main.caption]
    assert captions == [
        "2 unread messages mention you.",
        "@ · 1 new",
        "1 new",
        "@ · 1 new",
        "just now",
        "just now",
    ]


def test_asking_here_begins_a_chat_and_goes_there(desk_with: DeskWith) -> None:
    ada = (desk := desk_with(ScriptedModel("Yes."))).staff()
    browser = visit(ada)
    browser.chat_input[0].set_value("Is this on?").run()
    assert not browser.exception
    assert bubbles(browser) == [("user", "Is this on?"), ("assistant", "Yes.")]
    assert [message.content for message in desk.messages(ada, browser.query_params["c"])] == ["Is this on?", "Yes."]
    home = go(browser, "home.py")
    assert home.title[0].value.startswith("Hello, ")
    assert [link.value for link in home.page_link] == ["Is this on?"]


def test_a_role_without_chats_is_told_so(desk: Desk) -> None:
    browser = visit(desk.person(Role.ANALYST))
    assert browser.main.markdown[0].value == "Your role has no chats of its own. Your account is under **Account**."
    assert not browser.chat_input and sentences(browser) == []
