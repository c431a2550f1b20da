"""The event streams, over the real ASGI application and the real PostgreSQL."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from core import clock
from core.assistant.live import Snapshot
from core.config import Settings
from core.database.engine import Database
from core.database.events import Events
from core.errors import DatabaseUnavailable
from core.ids import new_id
from core.models import AnswerRun, Conversation, ConversationKind, MessageRole, MessageStatus, RunStatus
from core.permissions import Role
from core.repositories.answer_runs import AnswerRuns
from core.repositories.conversations import Conversations
from core.repositories.messages import Messages
from core.repositories.presence import Presences
from core.repositories.users import Users
from core.services import presence
from core.services.accounts import AccountService
from core.services.limits import RateLimiter
from core.services.members import MemberService
from core.services.people import PeopleService
from core.services.presence import PresenceService
from core.services.rooms import RoomService
from core.services.sessions import SessionLimits
from core.services.talk import TalkService
from core.services.task_views import NewTask
from core.services.tasks import TaskService
from core.services.watching import Sight, WatchService
from core.web import audience, listener
from core.web.cookies import SESSION
from core.web.events import EVENTS
from tests.support.builders import make_user
from tests.support.cases import suspend
from tests.support.listening import break_connections
from tests.support.passwords import QuickPasswords
from tests.support.streams import Guest, changed, counted, counts, eventually, opened, scene
from tests.support.talks import Desk, admit_all
from tests.support.waiting import until
from tests.support.web import HTML, Inside, StandIn, client_of, set_up, site

Open = Callable[..., Any]
GROUP, COMPANY = ConversationKind.GROUP, ConversationKind.COMPANY


class Answers:
    """In the runner's place: how far the answers are."""

    def __init__(self) -> None:
        self.texts: dict[UUID, str] = {}
        self.glances = 0

    def glance(self, run_id: UUID) -> Snapshot:
        self.glances += 1
        return Snapshot(self.texts.get(run_id, ""), is_over=False)


@pytest.fixture
def events(fresh_database: Database) -> Iterator[Events]:
    events = Events(fresh_database.engine.url)
    events.start()
    until(lambda: events.is_listening)
    yield events
    events.stop()


@pytest.fixture
def accounts(fresh_database: Database, settings: Settings) -> AccountService:
    accounts = AccountService(fresh_database, settings, QuickPasswords())
    set_up(accounts)
    return accounts


@pytest.fixture
def desk(fresh_database: Database, accounts: AccountService) -> Desk:
    return Desk(fresh_database)


@pytest.fixture
def application(settings: Settings, accounts: AccountService, desk: Desk, events: Events) -> StandIn:
    presence = PresenceService(desk.database, new_id(), events.publish_presence)
    watching = WatchService(desk.database, presence)
    return StandIn(settings, accounts, events, presence, watching, Answers())  # type: ignore[arg-type]


@pytest.fixture
def ada(application: StandIn, signed_in: TestClient) -> Guest:
    token = signed_in.cookies[SESSION]
    identity = application.accounts.resolve(token)
    assert identity
    return Guest(application.accounts.actor(identity.session_id), token)


@pytest.fixture
def guest(desk: Desk, settings: Settings, ada: Guest) -> Callable[..., Guest]:
    """Somebody more of Ada's company, signed in."""

    def arrive(name: str) -> Guest:
        with desk.database.transaction() as session:
            company = session.get_one(type(desk.company), ada.actor.company_id)
            user = make_user(session, company, (Role.STAFF,), display_name=name)
            signed_in, actor = SessionLimits(settings).open(session, user, "")
        return Guest(actor, signed_in.token)

    return arrive


@pytest.fixture
def bo(guest: Callable[..., Guest]) -> Guest:
    return guest("Bo")


@pytest.fixture
def rooms(desk: Desk, settings: Settings, events: Events) -> RoomService:
    return RoomService(desk.database, RateLimiter(settings.limits), events)


@pytest.fixture
def members(desk: Desk, events: Events) -> MemberService:
    return MemberService(desk.database, events)


@pytest.fixture
def talk(desk: Desk, settings: Settings, events: Events) -> TalkService:
    return TalkService(desk.database, RateLimiter(settings.limits), events, desk.started.append, None, admit=admit_all)


@pytest.fixture
def room(rooms: RoomService, ada: Guest, bo: Guest) -> UUID:
    """A group of Ada and Bo."""
    return rooms.create(ada.actor, GROUP, "Launch", user_ids=[bo.actor.user_id])


@pytest.fixture
def listens(application: StandIn, inside: Inside) -> Open:
    """`listens(ada, room)`: their browser's stream; without a conversation, that of another page."""
    app = site(application, inside)

    def open_stream(who: Guest, conversation_id: UUID | None = None, seen: str = "") -> Any:
        return opened(app, who.token, f"c={conversation_id}&seen={seen}" if conversation_id else "")

    return open_stream


def test_a_stream_tells_what_changed_since_it_was_seen_and_from_then_on(
    desk: Desk, events: Events, ada: Guest, listens: Open
) -> None:
    asked = desk.talk(ada.actor, "The launch code is xyzzy.")
    before = desk.read(asked.conversation_id, ada.actor).state
    desk.talk(ada.actor, "Elsewhere")

    @scene
    async def play() -> None:
        async with listens(ada, asked.conversation_id, before) as stream, listens(ada, asked.conversation_id) as stale:
            assert [await stream.next(), await stale.next()] == [listener.BEGIN] * 2
            assert await stale.next() == changed(before)
            assert stream.status == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert (stream.headers["cache-control"], stream.headers["x-accel-buffering"]) == ("no-store", "no")
            assert "content-security-policy" in stream.headers
            assert await stream.told("unread") == await stale.told("unread") == counts(0)
            events.publish(asked.conversation_id)  # without a change
            assert await stream.is_silent()
            desk.ask(ada.actor, "And then?", conversation_id=asked.conversation_id)
            events.publish(asked.conversation_id)
            after = desk.read(asked.conversation_id, ada.actor).state
            assert after != before
            assert [await stream.next(), await stale.next()] == [changed(after)] * 2


def test_who_may_not_read_it_gets_no_stream(
    desk: Desk, ada: Guest, application: StandIn, inside: Inside, signed_in: TestClient, rooms: RoomService
) -> None:
    mine, foreign = desk.talk(ada.actor).conversation_id, desk.talk().conversation_id
    theirs = rooms.create(desk.me, COMPANY, "Abroad")
    for method in ("GET", "HEAD"):
        for wanted in (foreign, theirs, new_id(), "x", "", "0' OR 1=1"):
            assert signed_in.request(method, EVENTS, params={"c": str(wanted)}).status_code == 404
        assert client_of(site(application, inside)).request(method, f"{EVENTS}?c={mine}").status_code == 401
        assert client_of(site(application, inside)).request(method, EVENTS).status_code == 401
    assert signed_in.head(EVENTS, params={"c": str(mine)}).status_code == 200
    assert signed_in.head(EVENTS).status_code == 200
    assert client_of(site(application, inside)).get(f"{EVENTS}?c={mine}", headers=HTML).status_code == 303


def test_it_ends_with_the_session_for_which_all_streams_together_ask(
    desk: Desk, ada: Guest, bo: Guest, application: StandIn, listens: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    recheck = 0.1
    monkeypatch.setattr(audience, "RECHECK", recheck)
    monkeypatch.setattr(listener, "KEEP_ALIVE", 0.3)
    conversation_id = desk.talk(ada.actor).conversation_id

    @scene
    async def play() -> None:
        async with listens(ada, conversation_id) as stream, listens(ada) as elsewhere, listens(bo) as other:
            for one in (stream, elsewhere, other):
                await one.begun()
            began = time.monotonic()
            with counted(desk.database) as statements:
                for one in (stream, elsewhere, other):
                    assert [await one.next(), await one.next()] == [listener.NOTHING_NEW] * 2
            assert 0 < len(statements) <= (time.monotonic() - began) / recheck + 2
            assert ada.actor.session_id
            application.accounts.sign_out(ada.actor.session_id)
            for one in (stream, elsewhere):
                while (frame := await one.next()) == listener.NOTHING_NEW:
                    pass
                assert [frame, await one.next()] == [listener.SIGNED_OUT, ""]
            assert await other.next() == listener.NOTHING_NEW


def test_it_ends_with_the_role(
    desk: Desk, bo: Guest, listens: Open, room: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "RECHECK", 0.05)

    @scene
    async def play() -> None:
        async with listens(bo, room) as stream, listens(bo) as elsewhere:
            await stream.begun()
            await elsewhere.begun()
            with desk.database.transaction() as session:
                Users(session).set_roles(bo.actor.user_id, [Role.ANALYST])
            for one in (stream, elsewhere):
                assert [await one.told("changed"), await one.next()] == [listener.GONE, ""]


def test_an_admin_takes_a_role_away_and_it_ends_without_waiting(
    desk: Desk, events: Events, bo: Guest, listens: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever role it is: it comes again, and is given what is still its person's."""
    monkeypatch.setattr(audience, "RECHECK", 600.0)
    people = PeopleService(desk.database, QuickPasswords(), events)
    people.set_roles(None, bo.actor.user_id, [Role.STAFF, Role.MODERATOR])

    @scene
    async def play() -> None:
        async with listens(bo) as stream:
            await stream.begun()
            await asyncio.to_thread(people.set_roles, None, bo.actor.user_id, [Role.STAFF])
            while await stream.next():
                """Until it ends."""


def test_it_ends_with_the_conversation_and_with_the_process(
    desk: Desk, events: Events, ada: Guest, listens: Open
) -> None:
    first, second = desk.talk(ada.actor).conversation_id, desk.talk(ada.actor).conversation_id

    @scene
    async def play() -> None:
        async with listens(ada, first) as stream, listens(ada, second) as other:
            for one in (stream, other):
                await one.begun()
            desk.conversations.delete(ada.actor, first)
            events.publish(first)
            assert [await stream.told("changed"), await stream.next()] == [listener.GONE, ""]
            events.hang_up()
            assert await other.next() == ""
        async with listens(ada) as late:
            assert [await late.next(), await late.next()] == [listener.BEGIN, ""]


def test_a_closed_tab_leaves_nothing_behind(
    desk: Desk, events: Events, ada: Guest, listens: Open, room: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "LINGER", 0.1)
    mine = desk.talk(ada.actor).conversation_id

    @scene
    async def play() -> None:
        async with listens(ada, mine) as stream, listens(ada, room) as other:
            await stream.begun()
            await other.begun()
            assert events._subscriptions
        await eventually(lambda: not events._subscriptions)
        assert not here(desk, room)


def here(desk: Desk, room: UUID) -> list[str]:
    with desk.database.reading() as session:
        return [name for _, name in Presences(session).list_names([room], clock.now() - presence.SILENT_AFTER)]


def test_two_people_in_a_room_hear_of_each_other(
    ada: Guest, bo: Guest, room: UUID, talk: TalkService, members: MemberService, listens: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(audience, "SLOWLY", 0.05)
    monkeypatch.setattr(presence, "LINGER", 0.1)

    @scene
    async def play() -> None:
        async with listens(ada, room) as hers:
            assert await hers.told("here") == {"count": 1, "names": ["Ada"]}
            assert await hers.told("reads") == [{"name": "Bo", "seq": 0}]
            async with listens(bo, room) as his, listens(bo, room) as his_too:
                for one in (his, his_too):
                    assert await one.told("here") == {"count": 2, "names": ["Ada", "Bo"]}
                    assert await one.told("reads") == [{"name": "Ada", "seq": 1}]
                    await one.begun()
                await hers.until("here", {"count": 2, "names": ["Ada", "Bo"]})

                sent = talk.send(ada.actor, room, "Is the launch at nine?")
                state = await hers.told("changed")
                assert await his.told("changed") == state
                assert await his.told("reads") == [{"name": "Ada", "seq": sent.seq}]
                assert await his.told("unread") == counts(1, **{str(room): [1, 0, 0]})

                members.mark_read(bo.actor, room, sent.seq)
                await hers.until("reads", [{"name": "Bo", "seq": sent.seq}])
                assert await his.told("unread") == counts(0, **{str(room): [0, 0, 0]})
            await hers.until("here", {"count": 1, "names": ["Ada"]})
            assert not [frame for frame in his.heard + hers.heard if "nine" in frame]


def test_a_reload_is_no_leaving(
    ada: Guest, bo: Guest, room: UUID, listens: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "SLOWLY", 0.0)

    @scene
    async def play() -> None:
        async with listens(ada, room) as hers:
            async with listens(bo, room) as his:
                await his.begun()
                await hers.until("here", {"count": 2, "names": ["Ada", "Bo"]})
                await hers.rest()
            assert await hers.is_silent(0.5)
            async with listens(bo, room) as again:
                assert await again.told("here") == {"count": 2, "names": ["Ada", "Bo"]}
                assert await hers.is_silent()


def test_what_is_unread_moves_on_every_page(
    desk: Desk, events: Events, ada: Guest, bo: Guest, room: UUID, rooms: RoomService, talk: TalkService,
    members: MemberService, listens: Open,
) -> None:  # fmt: skip
    other = str(rooms.start_direct(ada.actor, bo.actor.user_id))
    launch = str(room)

    @scene
    async def play() -> None:
        async with listens(bo) as home:
            assert await home.told("unread") == counts(0)
            talk.send(ada.actor, room, "One.")
            assert await home.told("unread") == counts(1, **{launch: [1, 0, 0]})
            talk.send(ada.actor, UUID(other), "Two.")
            assert await home.told("unread") == counts(2, **{other: [1, 0, 0]})
            talk.send(ada.actor, room, "Three, @Bo.")
            assert await home.told("unread") == counts(3, 1, **{launch: [2, 1, 0]})
            members.mute(bo.actor, room)
            assert await home.told("unread") == counts(2, 1, **{launch: [2, 1, 1]})
            async with listens(bo) as late:
                assert await late.told("unread") == counts(2, 1, **{launch: [2, 1, 1], other: [1, 0, 0]})
            members.mark_read(bo.actor, UUID(other), 99)
            assert await home.told("unread") == counts(1, 1, **{other: [0, 0, 0]})
            desk.conversations.archive(ada.actor, room)
            events.publish(room)
            assert await home.told("unread") == counts(0, **{launch: [0, 0, 0]})
            desk.conversations.unarchive(ada.actor, room)
            events.publish(room)
            assert await home.told("unread") == counts(1, 1, **{launch: [2, 1, 1]})
            members.leave(bo.actor, room)
            assert await home.told("unread") == counts(0, **{launch: [0, 0, 0]})
            talk.send(ada.actor, room, "Four.")
            assert await home.is_silent()


def test_what_is_due_moves_on_every_page_of_whoever_is_to_do_it(
    desk: Desk, events: Events, ada: Guest, bo: Guest, listens: Open
) -> None:
    tasks, today = TaskService(desk.database, events.publish_tasks), clock.now().date()
    late = tasks.create(bo.actor, NewTask("Late", due_on=today - timedelta(days=1))).id

    @scene
    async def play() -> None:
        async with listens(ada) as giver, listens(bo) as home:
            assert await home.told("due") == 1
            await giver.begun()
            given = tasks.create(ada.actor, NewTask("Call", due_on=today, assignee_id=bo.actor.user_id)).id
            assert await home.told("due") == 2
            await giver.until("tasks", 1)
            tasks.complete(bo.actor, late)
            assert await home.told("due") == 1
            assert await giver.is_silent()
            tasks.update(bo.actor, given, title="Call twice")
            await giver.until("tasks", 2)
            tasks.update(ada.actor, given, due_on=today + timedelta(days=9))
            assert await home.told("due") == 0


def test_a_room_with_another_name_or_none_stands_otherwise_in_its_members_lists(
    desk: Desk, events: Events, ada: Guest, bo: Guest, room: UUID, listens: Open, guest: Callable[..., Guest]
) -> None:
    colleague = guest("Cy")

    @scene
    async def play() -> None:
        async with listens(bo) as his, listens(colleague) as theirs:
            await his.rest()
            await theirs.rest()
            for change in (
                lambda: desk.conversations.rename(ada.actor, room, "Another name"),
                lambda: desk.conversations.delete(ada.actor, room),
            ):
                change()
                events.publish_listed(room)  # as the application's own services do
                await his.told("rooms")
            assert await theirs.is_silent()


def test_who_is_no_member_hears_nothing_of_a_room(
    desk: Desk, ada: Guest, room: UUID, guest: Callable[..., Guest], talk: TalkService, listens: Open,
    rooms: RoomService, settings: Settings,
) -> None:  # fmt: skip
    colleague = guest("Cy")
    with desk.database.transaction() as session:
        stranger = make_user(session, desk.company, (Role.STAFF,))
        opened_session, actor = SessionLimits(settings).open(session, stranger, "")
    theirs = rooms.create(actor, GROUP, "Abroad")

    @scene
    async def play() -> None:
        async with (
            listens(colleague) as elsewhere,
            listens(Guest(actor, opened_session.token), theirs) as abroad,
            listens(ada, room) as hers,
        ):
            for one in (elsewhere, abroad, hers):
                await one.begun()
            await abroad.rest()
            talk.send(ada.actor, room, "Hello, @Cy.")
            await hers.told("changed")
            assert await elsewhere.is_silent()
            assert await abroad.is_silent(0)
            assert not [frame for frame in elsewhere.heard + abroad.heard if str(room) in frame or "Ada" in frame]


def test_who_is_removed_is_told_so_and_nothing_more(
    ada: Guest, bo: Guest, room: UUID, talk: TalkService, members: MemberService, listens: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(audience, "SLOWLY", 0.05)

    @scene
    async def play() -> None:
        async with listens(ada, room) as hers, listens(bo, room) as his, listens(bo) as home:
            for one in (hers, his, home):
                await one.begun()
            await hers.until("here", {"count": 2, "names": ["Ada", "Bo"]})
            await home.rest()
            members.remove(ada.actor, room, bo.actor.user_id)
            await his.until("changed", listener.GONE)
            assert await his.next() == ""
            await home.told("rooms")
            await hers.told("changed")
            talk.send(ada.actor, room, "Among us.")
            await hers.told("changed")
            assert await home.is_silent()
            await hers.until("here", {"count": 1, "names": ["Ada"]})


def test_who_was_in_a_room_through_a_process_that_died_is_gone(
    desk: Desk, ada: Guest, bo: Guest, room: UUID, events: Events, listens: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "BEAT_EVERY", 0.1)
    monkeypatch.setattr(audience, "SLOWLY", 0.05)
    dead = PresenceService(desk.database, new_id(), events.publish_presence)
    dead.enter(room, bo.actor.user_id)
    dead.settle()

    @scene
    async def play() -> None:
        async with listens(ada, room) as hers:
            assert await hers.told("here") == {"count": 2, "names": ["Ada", "Bo"]}
            await hers.begun()
            with desk.database.transaction() as session:
                Presences(session).beat(dead.process_id, clock.now() - presence.SILENT_AFTER)
            await hers.until("here", {"count": 1, "names": ["Ada"]})


def test_an_answer_that_grows_is_told_to_who_watches_the_room(
    desk: Desk, ada: Guest, room: UUID, events: Events, application: StandIn, listens: Open
) -> None:
    answers: Any = application.runner
    with desk.database.transaction() as session:
        answer = Messages(session).append(room, role=MessageRole.ASSISTANT, content="", status=MessageStatus.PENDING)
        run = AnswerRun(
            conversation_id=room,
            message_id=answer.id,
            asked_by=ada.actor.user_id,
            status=RunStatus.QUEUED,  # nobody is told when it begins
            heartbeat_at=clock.now(),
        )
        run_id = AnswerRuns(session).add(run).id

    @scene
    async def play() -> None:
        async with listens(ada, room) as hers, listens(ada) as elsewhere:
            await hers.begun()
            await elsewhere.begun()
            await hers.rest()
            for text in ("It", "It is"):
                answers.texts[run_id] = text
                assert await hers.told("grown") == str(run_id)
            assert await hers.is_silent()
            assert not any("grown" in frame for frame in await elsewhere.rest())
            with desk.database.transaction() as session:
                AnswerRuns(session).finish(run_id, RunStatus.COMPLETE)
                Messages(session).complete(answer.id, "It is.", MessageStatus.COMPLETE, 2)
                Conversations(session).touch(session.get_one(Conversation, room))
            events.publish(room)
            await hers.told("changed")
            asked = answers.glances
            answers.texts[run_id] = "It is nine."
            assert await hers.is_silent()
            assert answers.glances <= asked + 1


def test_after_a_time_without_postgresql_everything_is_told(
    desk: Desk, ada: Guest, bo: Guest, room: UUID, listens: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hints that were lost lose nothing."""
    monkeypatch.setattr(audience, "SLOWLY", 0.0)
    silent = TalkService(
        desk.database, RateLimiter(), Events(desk.database.engine.url), desk.started.append, None, admit=admit_all
    )

    @scene
    async def play() -> None:
        async with listens(bo, room) as his:
            await his.begun()
            await his.rest()
            silent.send(ada.actor, room, "Nobody says so.")
            assert await his.is_silent()
            await asyncio.to_thread(break_connections, desk.database.engine.url)
            await his.told("changed")
            assert await his.told("unread") == counts(1, **{str(room): [1, 0, 0]})


class Away(WatchService):
    """As long as PostgreSQL is away."""

    is_away = False

    def look(self, *asked: Any) -> Sight:
        if self.is_away:
            raise DatabaseUnavailable
        return super().look(*asked)


def test_what_could_not_be_looked_at_is_told_later(
    desk: Desk, ada: Guest, bo: Guest, room: UUID, application: StandIn, talk: TalkService, listens: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(audience, "RECHECK", 0.1)
    application.watching = watching = Away(desk.database, application.presence)

    @scene
    async def play() -> None:
        async with listens(bo, room) as his:
            await his.begun()
            await his.rest()
            watching.is_away = True
            talk.send(ada.actor, room, "Is anybody there?")
            assert await his.is_silent()
            watching.is_away = False
            await his.told("changed")
            assert await his.told("unread") == counts(1, **{str(room): [1, 0, 0]})


def test_many_streams_cost_as_many_queries_as_one(
    desk: Desk, ada: Guest, room: UUID, talk: TalkService, listens: Open
) -> None:
    @scene
    async def play() -> None:
        spent = []
        for count in (1, 20):
            async with AsyncExitStack() as stack:
                streams = [await stack.enter_async_context(listens(ada, room)) for _ in range(count)]
                for one in streams:
                    await one.begun()
                await streams[0].rest()
                with counted(desk.database) as statements:
                    talk.send(ada.actor, room, "Again.")
                    sending = len(statements)
                    for one in streams:
                        await one.told("changed")
                    await streams[0].rest()
                spent.append(len(statements) - sending)
        assert spent[1] <= spent[0]


def test_the_stream_of_who_is_suspended_ends_at_once(
    desk: Desk, events: Events, room: UUID, bo: Guest, listens: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only when sessions are looked at again; and nobody opens another one."""
    monkeypatch.setattr(audience, "RECHECK", 3_600.0)

    @scene
    async def play() -> None:
        async with listens(bo, room) as stream, listens(bo) as elsewhere:
            assert await stream.told("unread") == await elsewhere.told("unread")
            suspend(desk.database, bo.actor.user_id, clock.now() + timedelta(hours=1))
            events.publish_standing(bo.actor.user_id)
            for one in (stream, elsewhere):
                while await one.next() != listener.SIGNED_OUT:
                    pass
                assert await one.next() == ""
        async with listens(bo, room) as again:
            await eventually(lambda: again.status == 401)
