"""`make_…`: rows with sensible defaults, flushed into the session given."""

from itertools import count
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core import clock
from core.models import (
    Company,
    Conversation,
    Member,
    MemberRole,
    Message,
    MessageRole,
    User,
    UserRole,
)
from core.permissions import Actor, Role

_numbers = count(1)


def make_company(session: Session, **fields: Any) -> Company:
    company = Company(**{"name": f"Company {next(_numbers)}"} | fields)
    session.add(company)
    session.flush()
    return company


def make_user(session: Session, company: Company, roles: tuple[Role, ...] = (Role.STAFF,), **fields: Any) -> User:
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "email": f"person{number}@example.com",
        "display_name": f"Person {number}",
        "company_id": company.id,
    }
    user = User(**defaults | fields)
    session.add(user)
    session.flush()
    session.add_all([UserRole(user_id=user.id, role=role) for role in roles])
    session.flush()
    return user


def make_actor(user: User, roles: tuple[Role, ...] = (Role.STAFF,), session_id: UUID | None = None) -> Actor:
    return Actor(
        user_id=user.id,
        company_id=user.company_id,
        email=user.email,
        display_name=user.display_name,
        roles=frozenset(roles),
        session_id=session_id,
    )


def make_conversation(session: Session, owner: User, **fields: Any) -> Conversation:
    defaults: dict[str, Any] = {"company_id": owner.company_id, "owner_id": owner.id, "last_message_at": clock.now()}
    conversation = Conversation(**defaults | fields)
    session.add(conversation)
    session.flush()
    session.add(
        Member(
            conversation_id=conversation.id,
            user_id=owner.id,
            kind=conversation.kind,
            role=MemberRole.OWNER,
            joined_at=conversation.created_at,
        )
    )
    session.flush()
    return conversation


def make_messages(session: Session, conversation: Conversation, contents: list[str]) -> list[Message]:
    """Questions and answers by turns."""
    messages = [
        Message(
            conversation_id=conversation.id,
            seq=conversation.last_seq + number,
            role=MessageRole.USER if number % 2 else MessageRole.ASSISTANT,
            sender_id=conversation.owner_id if number % 2 else None,
            content=content,
        )
        for number, content in enumerate(contents, 1)
    ]
    session.add_all(messages)
    conversation.last_seq += len(messages)
    session.add(conversation)
    session.flush()
    return messages
