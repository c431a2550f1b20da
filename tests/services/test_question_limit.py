"""Asking in one's own chats: not too often, in all of them together."""

from collections.abc import Callable

import pytest
from sqlmodel import func, select

from core.database.engine import Database
from core.errors import RateLimited
from core.ids import new_id
from core.models import Message, RunStatus
from core.services.views import Asked
from tests.support.talks import Desk
from tests.support.waiting import at_once

SENTENCE = r"That's the most for now: 2 questions in your own chats in one minute\. Try again in \d+ s\."
WAYS: dict[str, Callable[[Desk, Asked], object]] = {
    "in another chat": lambda desk, _: desk.ask(desk.me, "And?"),
    "in the same chat": lambda desk, asked: desk.chat.ask(desk.me, "And?", conversation_id=asked.conversation_id),
    "in other words": lambda desk, asked: desk.chat.edit_and_resend(desk.me, asked.question_id, "How much is rye?"),
    "for another answer": lambda desk, asked: desk.chat.regenerate(desk.me, asked.answer_id),
}
BROKEN: dict[str, Callable[[Desk, Asked], object]] = {
    "for it from its beginning": lambda desk, asked: desk.chat.retry(desk.me, asked.answer_id),
    "for the rest of it": lambda desk, asked: desk.chat.resume(desk.me, asked.answer_id),
}


def count(database: Database) -> int:
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(Message)).one()


@pytest.mark.parametrize("way", [*WAYS, *BROKEN])
def test_each_way_of_asking_counts_and_what_was_too_much_leaves_nothing(database: Database, way: str) -> None:
    desk = Desk(database, limits={"question": (2, 60)})
    desk.talk(desk.me)
    asked = desk.ask(desk.me, "What does rye cost?")
    desk.end(asked.run_id, "Four, and", RunStatus.INTERRUPTED if way in BROKEN else RunStatus.COMPLETE)
    before = count(database)
    with pytest.raises(RateLimited, match=SENTENCE) as refused:
        (WAYS | BROKEN)[way](desk, asked)
    assert 0 < refused.value.retry_after <= 60
    assert count(database) == before
    desk.ask(desk.person(), "What does rye cost?")  # somebody else's own


def test_the_same_question_sent_twice_counts_once(database: Database) -> None:
    desk = Desk(database, limits={"question": (1, 60)})
    key = new_id()
    first = desk.chat.ask(desk.me, "What does rye cost?", client_key=key)
    assert desk.chat.ask(desk.me, "What does rye cost?", client_key=key) == first


def test_the_same_question_from_many_tabs_at_once_is_the_last_that_is_let_through(fresh_database: Database) -> None:
    desk, key = Desk(fresh_database, limits={"question": (1, 60)}), new_id()
    outcomes = at_once(8, lambda _: desk.chat.ask(desk.me, "What does rye cost?", client_key=key))
    assert outcomes == [outcomes[0]] * 8 and isinstance(outcomes[0], Asked)
