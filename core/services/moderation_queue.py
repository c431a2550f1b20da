"""What moderators look at: the queue, and one case with what they need to decide about it, and no more.

Of direct, group and assistant conversations they see the reported message and a few lines around it, never the title.
"""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.errors import NotFound
from core.models import (
    CaseStatus,
    Conversation,
    ConversationKind,
    Decision,
    Message,
    MessageRevision,
    MessageStatus,
    MessageType,
)
from core.permissions import Actor, Permission
from core.repositories.branches import Branch, Branches
from core.repositories.case_lines import CaseLine, CaseLines
from core.repositories.cases import CLAIM_HOLDS, Cases
from core.repositories.companies import Companies
from core.repositories.message_lines import MessageLine
from core.repositories.messages import Messages
from core.repositories.usage_lines import UsageLines
from core.repositories.users import Users
from core.services.moderation_deciding import BEING_WRITTEN, GONE, MOST_TOGETHER, OWN, PURGED
from core.services.moderation_query import QueueQuery, mark_of, place_of
from core.services.moderation_views import CaseView, QueuePage, Said, Step, TextVersion

PAGE = 30
AROUND = 3
"""Messages on each side of the reported one."""
EXCERPT = 600
"""Characters of each of those."""
HISTORY = 10


class ModerationQueue:
    def __init__(self, database: Database) -> None:
        self.database = database

    def list_page(self, actor: Actor, query: QueueQuery, zone: ZoneInfo, *, limit: int = PAGE) -> QueuePage:
        """What waits longest first; what is closed the newest first. `zone`: whose days the query means.

        Raises NotPermitted; Invalid for what is no place in the list.
        """
        actor.require(Permission.MODERATION_WORK)
        after = place_of(query.after) if query.after else None
        with self.database.reading() as session:
            lines = CaseLines(session).list_page(query.wanted(actor.company_id, zone), after=after, limit=limit + 1)
        shown = tuple(lines[:limit])
        return QueuePage(shown, mark_of(shown[-1].position) if len(lines) > limit else None)

    def count_open(self, actor: Actor) -> int:
        """Cases that nobody claimed, up to MOST_COUNTED."""
        actor.require(Permission.MODERATION_WORK)
        with self.database.reading() as session:
            return Cases(session).count_open_of([actor.user_id]).get(actor.user_id, 0)

    def people(self, actor: Actor) -> tuple[tuple[UUID, str], ...]:
        """Whose messages there may be, by name."""
        actor.require(Permission.MODERATION_WORK)
        with self.database.reading() as session:
            return tuple(UsageLines(session).list_people(actor.company_id))

    def reviewers(self, actor: Actor) -> tuple[tuple[UUID, str], ...]:
        """Who may work on cases now, by name."""
        actor.require(Permission.MODERATION_WORK)
        with self.database.reading() as session:
            return tuple(CaseLines(session).list_reviewers(actor.company_id))

    def get(self, actor: Actor, case_id: UUID) -> CaseView:
        """Raises NotFound for a case of another company as for one that there is not, NotPermitted."""
        actor.require(Permission.MODERATION_WORK)
        with self.database.reading() as session:
            line = CaseLines(session).get(actor.company_id, case_id)
            if line is None:
                raise NotFound
            return case_view(session, actor, line)


def case_view(session: Session, actor: Actor, line: CaseLine) -> CaseView:
    """A case with all that its moderator needs to decide about it, and no more."""
    lines = CaseLines(session)
    message = Messages(session).get(line.message_id) if line.message_id else None
    conversation = session.get(Conversation, line.conversation_id) if message else None
    company = Companies(session).get(actor.company_id)
    is_room = conversation is not None and conversation.kind is ConversationKind.COMPANY
    return CaseView(
        line=line,
        assistant_name=company.assistant_name if company else "",
        said=_around(session, message) if message else (),
        text=message.content if message else "",
        room_title=conversation.title if conversation and is_room else None,
        seq=message.seq if message else None,
        versions=_versions(session, message) if message else (),
        reports=tuple(lines.list_reports(line.id)),
        steps=tuple(
            Step(one.created_at, one.actor_name, one.action, one.reason)
            for one in lines.list_events(actor.company_id, line.subject_id)
        ),
        history=_history(lines, line, actor.company_id),
        same_text=tuple(lines.list_same_text(line, actor.user_id, MOST_TOGETHER - 1)),
        **_possible(actor, line, message),
    )


def _possible(actor: Actor, line: CaseLine, message: Message | None) -> dict[str, Any]:
    """What this moderator can do about it now; the services that do it check all of this again."""
    why_not = _why_not(actor, line, message)
    is_mine = line.status is CaseStatus.CLAIMED and line.claimed_by == actor.user_id
    is_closed = line.status is CaseStatus.CLOSED
    is_left = line.status is CaseStatus.CLAIMED and line.claimed_at is not None and has_lapsed(line.claimed_at)
    is_taken_back = message is not None and message.deleted_at is not None and message.delete_reason is None
    is_changed = message is not None and (message.delete_reason is not None or message.edit_reason is not None)
    return {
        "can_claim": not why_not and (line.status is CaseStatus.OPEN or (is_left and not is_mine)),
        "can_decide": not why_not and is_mine,
        "can_restore": not why_not and is_changed and not is_taken_back and (is_closed or is_mine),
        "can_reopen": not why_not and is_closed and line.decision is Decision.DISMISSED and line.report_count > 0,
        "is_taken_back": is_taken_back,
        "why_not": why_not,
    }


def _why_not(actor: Actor, line: CaseLine, message: Message | None) -> str | None:
    if message is None:
        return GONE
    if message.purged_at is not None:
        return PURGED
    if line.author_id == actor.user_id:
        return OWN
    return BEING_WRITTEN if message.status is MessageStatus.PENDING else None


def has_lapsed(claimed_at: datetime) -> bool:
    return clock.now() - claimed_at > CLAIM_HOLDS


def _around(session: Session, message: Message) -> tuple[Said, ...]:
    """Along the version of the conversation that the message is in, also one that is hidden by now."""
    branch = Branches(session).get_of(message.conversation_id, message.seq) or Branch()
    given: dict[str, Any] = {"floor": 0, "with_deleted": False, "limit": AROUND}
    before = Branches(session).before(message.conversation_id, branch, message.seq, **given)
    after = Branches(session).after(message.conversation_id, branch, message.seq, **given)
    sender = Users(session).get(message.sender_id) if message.sender_id else None
    subject = Said(
        message.id,
        message.seq,
        message.role,
        sender.display_name if sender else None,
        message.content,
        message.created_at,
        message.deleted_at is not None,
        message.purged_at is not None,
        is_notice=False,
        is_subject=True,
    )
    return (*map(_said, before), subject, *map(_said, after))


def _said(line: MessageLine) -> Said:
    is_long = len(line.content) > EXCERPT
    content = f"{line.content[: EXCERPT - 1].rstrip()}…" if is_long else line.content
    return Said(
        line.id,
        line.seq,
        line.role,
        line.sender_name,
        content,
        line.created_at,
        line.deleted_at is not None,
        line.purged_at is not None,
        is_notice=line.message_type is MessageType.NOTICE,
        is_subject=False,
    )


def _versions(session: Session, message: Message) -> tuple[TextVersion, ...]:
    """A revision says who replaced its text, and when: that is who gave the next one."""
    found: list[MessageRevision] = Messages(session).list_revisions(message.id)
    texts = [*(one.content for one in found), message.content]
    versions = [TextVersion(texts[0], None, message.created_at, "", by_moderator=False)]
    names: dict[UUID, str] = {}
    for revision, content in zip(found, texts[1:], strict=True):
        by = revision.edited_by
        if by and by not in names:
            user = Users(session).get(by)
            names[by] = user.display_name if user else "Somebody"
        who = names.get(by) if by and revision.by_moderator else None
        versions.append(
            TextVersion(content, who, revision.created_at, revision.reason, by_moderator=revision.by_moderator)
        )
    return tuple(versions)


def _history(lines: CaseLines, line: CaseLine, company_id: UUID) -> tuple[CaseLine, ...]:
    if line.author_id is None:
        return ()
    return tuple(lines.list_of_author(company_id, line.author_id, line.id, HISTORY))
