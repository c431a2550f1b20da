"""What people are called: by themselves, or by who invites them."""

from uuid import UUID

from sqlmodel import Session

from core.assistant.screening import screened
from core.errors import Invalid
from core.models import ConversationKind
from core.services.identity import MAX_NAME

UNNAMED = "Somebody new"


def kept_name(session: Session, company_id: UUID, name: str) -> str:
    """A clean name as it may be kept: everybody of the company reads it, so the rules of company rooms hold for it.

    Raises RefusedByRule, Invalid.
    """
    return screened(session, company_id, ConversationKind.COMPANY, name, limit=MAX_NAME).text


def brought_name(session: Session, company_id: UUID, name: str) -> str:
    """The same for a name that its person brings along from elsewhere and can't type differently. Where a rule keeps it
    out they are called UNNAMED, until they change it.
    """
    try:
        return kept_name(session, company_id, name)
    except Invalid:
        return UNNAMED
