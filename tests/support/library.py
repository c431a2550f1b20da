"""A small library of conversations in many languages, for searching: every message has a name."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from core.assistant.provider import Assistant
from core.assistant.runs import RunStore
from core.config import Settings
from core.ids import new_id
from core.models import ConversationKind, History, Message
from core.permissions import Actor, Role
from core.repositories.search_index import SearchIndex
from core.services.search import SearchService
from core.services.search_views import Found, Order
from tests.support.models import ScriptedModel
from tests.support.talks import MODELS, Desk

# name: what was said. In one chat of mine, each a question of its own.
MINE = {
    "suppliers": "Which suppliers delivered late last month? The report names three of them.",
    "error": "It fails with ERR_CONN_RESET in core/db.py and nowhere else.",
    "order": "Where is order acme-1234? Ask bo.olsen@example.com or call 0151-2345.",
    "version": "We are still on version 3.11.7 and not on 3.12.",
    "address": "The page is https://intranet.example.com/wiki/On-boarding?lang=en now.",
    "cpp": "Is the parser written in C++ or in C#?",
    "french": "Les clients étaient déçus par les réponses que nous avons données dans la réunion.",
    "german": "Die Häuser an der Straße sind für die Verkäufer nicht groß genug.",
    "spanish": "Las reuniones de los equipos son para que todos sepan lo que pasa.",
    "russian": "Мы получили новые книги для библиотеки.",
    "greek": "Οι πελάτες είναι ευχαριστημένοι.",
    "chinese": "明天下午三点在北京开会讨论预算。",
    "japanese": "東京都のデータベースを更新してください。",
    "korean": "회의는 서울에서 내일 열립니다.",
    "thai": "ประชุมพรุ่งนี้ที่กรุงเทพ",
    "turkish": "İstanbul'daki ofis ve Łódź taşınıyor.",
    "quote": "It's O'Brien's well-known \"exact words\" rule: first things first.",
    "markup": "Use <b>bold</b> & **stars** for 100% of the `code`.",
    "long": "filler " * 800 + "needle at the very end of a long message",
}
ROOM = {
    "budget": "The budget for the fair is 5,000 and @Bo keeps it.",
    "thanks": "Thanks, that settles the budget question.",
}


@dataclass
class Library:
    desk: Desk
    search: SearchService
    messages: dict[str, UUID] = field(default_factory=dict)
    people: dict[str, Actor] = field(default_factory=dict)
    places: dict[str, UUID] = field(default_factory=dict)

    @property
    def me(self) -> Actor:
        return self.desk.me

    def find(self, text: str, actor: Actor | None = None, order: Order = Order.BEST, limit: int = 50) -> set[str]:
        """The names of what is found."""
        names = {key: name for name, key in self.messages.items()}
        found = self.ask(text, actor, order, limit)
        return {names.get(hit.message_id, "") for hit in found.hits} - {""}

    def ask(self, text: str, actor: Actor | None = None, order: Order = Order.BEST, limit: int = 50) -> Found:
        return self.search.search(actor or self.me, text, order=order, limit=limit)

    def message(self, name: str) -> UUID:
        return self.messages[name]


def library(desk: Desk, names: Collection[str] = tuple(MINE)) -> Library:
    """The desk's own person has the chat, of these messages; with Bo and others there are rooms of each kind."""
    shelf = Library(desk, SearchService(desk.database))
    served = Settings(_env_file=None, openai_base_url="http://127.0.0.1:9/v1", models=list(MODELS))  # type: ignore[call-arg]
    assistant = Assistant(served, model_factory=lambda name: ScriptedModel())
    desk.store = RunStore(desk.database, assistant, new_id(), timedelta(seconds=15))
    bo, kim = desk.person(display_name="Bo Olsen"), desk.person(display_name="Kim Ångström")
    shelf.people = {"bo": bo, "kim": kim, "late": desk.person(display_name="Lee Late"), "other": desk.stranger()}
    shelf.people["moderator"] = desk.person(Role.MODERATOR)
    shelf.people["analyst"] = desk.person(Role.ANALYST)
    chat: UUID | None = None
    for name in names:
        asked = desk.answer(desk.ask(desk.me, MINE[name], conversation_id=chat), f"About {name}: understood.")
        chat = asked.conversation_id
        shelf.messages |= {name: asked.question_id, f"{name} answered": asked.answer_id}
    assert chat
    desk.conversations.rename(desk.me, chat, "Questions of every kind")
    shelf.places["chat"] = chat
    _rooms(shelf, bo, kim)
    return shelf


def _rooms(shelf: Library, bo: Actor, kim: Actor) -> None:
    desk, me = shelf.desk, shelf.me
    group = desk.rooms.create(me, ConversationKind.GROUP, "Trade fair", user_ids=[bo.user_id], history=History.JOINED)
    shelf.messages |= {name: desk.talks.send(me, group, text).message_id for name, text in ROOM.items()}
    desk.members.add(me, group, [shelf.people["late"].user_id])
    shelf.messages["after"] = desk.talks.send(bo, group, "The budget is spent, says Bo.").message_id
    company = desk.rooms.create(me, ConversationKind.COMPANY, "Kitchen", user_ids=[kim.user_id])
    shelf.messages["coffee"] = desk.talks.send(kim, company, "The coffee budget is gone.").message_id
    direct = desk.rooms.start_direct(me, bo.user_id)
    shelf.messages["secret"] = desk.talks.send(me, direct, "Our secret budget is safe.").message_id
    theirs = desk.talk(bo, "My own budget, which is nobody's business")
    shelf.messages["private"] = theirs.question_id
    shelf.places |= {"group": group, "company": company, "direct": direct, "bo's": theirs.conversation_id}


def age(desk: Desk, message_id: UUID, said_at: datetime) -> None:
    """Has it said then."""
    with desk.database.transaction() as session:
        message = session.get_one(Message, message_id)
        message.created_at = said_at
        session.add(message)
        session.flush()
        SearchIndex(session).put_conversation(message.conversation_id)
