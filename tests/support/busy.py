"""Conversations in which everything happened that can, made by the services themselves."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.models import CallPurpose, CallStatus, ConversationKind, ModelCall, Score, UsageSource
from core.permissions import Actor
from core.repositories.model_calls import ModelCalls
from core.services.feedback import REASONS
from tests.support.talks import MODELS, Desk


@dataclass
class Chat:
    id: UUID
    first_question: UUID
    deleted: UUID


@dataclass
class Room:
    id: UUID
    ada: Actor
    bo: Actor


def busy_chat(desk: Desk) -> Chat:
    """Six messages, two of them in another version; rated, one deleted, with a call for the title."""
    first = desk.talk(desk.me, "Where is order acme-1234?")
    again = desk.answer(desk.chat.edit_and_resend(desk.me, first.question_id, "Where is order acme-5678?"), "In Łódź.")
    desk.feedback.rate(desk.me, again.answer_id, Score.DOWN, tags=REASONS[:1], comment="It is in Łodz.")
    second = desk.answer(desk.ask(desk.me, "And <b>now</b>?", conversation_id=first.conversation_id), "**Gone.**")
    third = desk.answer(desk.chat.regenerate(desk.me, second.answer_id), "It left.")
    fourth = desk.answer(desk.ask(desk.me, "Secret", conversation_id=first.conversation_id), "Noted.")
    desk.delete_message(fourth.question_id)
    desk.feedback.rate(desk.me, third.answer_id, Score.UP)
    desk.conversations.rename(desk.me, first.conversation_id, "Orders & more")
    with desk.database.transaction() as session:
        ModelCalls(session).add_all([_title_call(desk, first.conversation_id)])
    return Chat(first.conversation_id, first.question_id, fourth.question_id)


def busy_room(desk: Desk, kind: ConversationKind = ConversationKind.GROUP, **options: Any) -> Room:
    """Two people beside me, who react, edit, reply, ask the assistant and leave."""
    ada, bo = desk.person(display_name="Ada"), desk.person(display_name="Bo")
    room = desk.rooms.create(desk.me, kind, "Launch", user_ids=[ada.user_id, bo.user_id], **options)
    hello = desk.talks.send(ada, room, "The launch is at nine.")
    desk.talks.edit(ada, hello.message_id, "The launch is at ten.")
    desk.talks.send(bo, room, "Fine.", reply_to_id=hello.message_id)
    desk.reactions.react(bo, hello.message_id, "👍")
    desk.reactions.react(desk.me, hello.message_id, "👍")
    desk.reactions.react(desk.me, hello.message_id, "🎉")
    asked = desk.talks.send(bo, room, "@Assistant is ten good?")
    assert asked.run_id
    desk.end(asked.run_id, "Ten is fine.")
    desk.feedback.rate(ada, desk.read(room, ada).messages[-1].id, Score.UP)
    taken_back = desk.talks.send(ada, room, "Never mind.")
    desk.talks.delete(ada, taken_back.message_id)
    desk.members.leave(bo, room)
    return Room(room, ada, bo)


def _title_call(desk: Desk, conversation_id: UUID) -> ModelCall:
    return ModelCall(
        company_id=desk.company.id, user_id=desk.me.user_id, conversation_id=conversation_id,
        purpose=CallPurpose.TITLE, provider="here", model=MODELS[0], usage_source=UsageSource.MISSING,
        duration_ms=3, status=CallStatus.COMPLETE,
    )  # fmt: skip
