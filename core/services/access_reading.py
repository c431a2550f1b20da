"""Reading a private conversation under a grant, and who has done so.

What is given was recorded before, in the transaction that read it: if it can't be recorded, nothing is shown. Nothing
else is opened by a grant: it is no membership, and no other service asks for it.
"""

from dataclasses import replace
from uuid import UUID

from sqlmodel import Session

from core.database.engine import Database
from core.errors import NotFound
from core.lines import one_line
from core.models import AccessGrant, AuditAction, Conversation, ConversationKind, MemberRole, MessageType
from core.permissions import Actor, Permission
from core.repositories.access_grants import AccessGrants, Part
from core.repositories.access_lines import MOST_LOOKS, AccessLines, Position
from core.repositories.browse_lines import BrowseLine
from core.repositories.browsing import Browsing
from core.repositories.conversations import Conversations
from core.repositories.members import Members
from core.repositories.notices import Notices
from core.services.access import get_or_raise, require_still
from core.services.access_grants import GONE, mine_or_raise, record
from core.services.access_views import GrantRead, Looked, LookedInto, LookedPage
from core.services.browse import MESSAGES, DefaultModel, as_seq
from core.services.browse_reading import Reading
from core.services.browse_views import Browsed, BrowsedTranscript
from core.services.hints import Hints
from core.services.marks import mark_of, place_of

NOTICE = "access"
PAGE = 10
IN_WHAT = {
    ConversationKind.ASSISTANT: "your chat with the assistant",
    ConversationKind.DIRECT: "one of your direct chats",
    ConversationKind.GROUP: "one of your groups",
}


class AccessReading:
    def __init__(self, database: Database, hints: Hints, default_model: DefaultModel) -> None:
        """`default_model`: what answers where a conversation names no model."""
        self.database = database
        self.hints = hints
        self.default_model = default_model

    def read(
        self,
        actor: Actor,
        grant_id: UUID,
        *,
        around: int | None = None,
        before: int | None = None,
        after: int | None = None,
        limit: int = MESSAGES,
    ) -> GrantRead:
        """A page of the conversation, as `BrowseService.read` gives it; also of one that its owner deleted.

        It is recorded, unless the very same page was within the last SAME_LOOK, and everybody who is in the
        conversation is told, once for each grant. Raises NotFound for somebody else's grant and for a conversation
        that is gone for good, AccessOver.
        """
        actor.require(Permission.ACCESS_GRANT)
        default = self.default_model(actor)
        with self.database.transaction() as session:
            require_still(session, actor, Permission.ACCESS_GRANT)
            grant, conversation = _opened(session, actor, grant_id)
            line = _line(session, actor, conversation)
            transcript = Reading(session, actor, line, 0).transcript(
                Browsed.of(line, default),
                around=as_seq(around),
                before=as_seq(before),
                after=as_seq(after),
                limit=limit,
            )
            is_new = _look(session, actor, grant, part_of(transcript))
            taken = AccessLines(session).get(grant_id)
            assert taken
        if is_new:
            self.hints.publish(conversation.id)
        return GrantRead(taken, transcript)

    def looked_into(self, actor: Actor, *, after: Position | None = None, limit: int = PAGE) -> tuple[LookedInto, ...]:
        """The conversations of this person that moderators looked into, those of late first; for the next page pass the
        last one's `position`.
        """
        actor.require(Permission.CHAT_USE)
        with self.database.reading() as session:
            return tuple(AccessLines(session).list_looked_into(actor.user_id, after=after, limit=limit))

    def who_looked(
        self, actor: Actor, conversation_id: UUID, after: str | None = None, *, limit: int = PAGE
    ) -> LookedPage:
        """Who looked into a conversation of this person, the newest first; of what they may not see themselves, as it
        was said before they joined, nothing. Its owner may also ask about one that they deleted.

        Raises NotFound for what they can't read, Invalid for what is no place in the list.
        """
        place = place_of(after) if after else None
        with self.database.reading() as session:
            conversation = get_or_raise(Conversations(session), actor, conversation_id, with_deleted=True)
            member = Members(session).get(conversation_id, actor.user_id)
            if member is None or (conversation.deleted_at and member.role is not MemberRole.OWNER):
                raise NotFound
            floor, lines = conversation.floor_for(member), AccessLines(session)
            found = lines.list_looked(conversation_id, floor, after=place, limit=limit + 1)
            shown = found[:limit]
            looks = lines.list_looks([line.id for line in shown], floor)
        return LookedPage(
            tuple(Looked(one, looks[one.id][:MOST_LOOKS], len(looks[one.id]) > MOST_LOOKS) for one in shown),
            mark_of(shown[-1].position) if len(found) > limit else None,
        )


def part_of(transcript: BrowsedTranscript) -> Part:
    said = transcript.messages
    return Part(
        first_seq=said[0].seq if said else 0,
        last_seq=said[-1].seq if said else 0,
        messages=sum(one.message_type is not MessageType.NOTICE for one in said),
        since=min((one.created_at for one in said), default=None),
        until=max((one.created_at for one in said), default=None),
        is_earlier_version=transcript.is_earlier_version,
    )


def _opened(session: Session, actor: Actor, grant_id: UUID) -> tuple[AccessGrant, Conversation]:
    """In the order of all locks: the conversation first."""
    wanted = AccessGrants(session).get(actor.company_id, actor.user_id, grant_id)
    if wanted is None:
        raise NotFound
    conversation = Conversations(session).lock(wanted.conversation_id)
    grant = mine_or_raise(session, actor, grant_id)
    if conversation is None:
        raise NotFound(GONE)
    return grant, conversation


def _line(session: Session, actor: Actor, conversation: Conversation) -> BrowseLine:
    """A direct chat is called after both: this reader is neither of them."""
    line = Browsing(session).get_private(actor.company_id, conversation.id)
    if line is None:
        raise NotFound(GONE)
    if line.kind is not ConversationKind.DIRECT:
        return line
    both = Members(session).list_lines(line.id, with_former=True, limit=2)
    return replace(line, title=" and ".join(one_line(one.display_name) for one in both))


def _look(session: Session, actor: Actor, grant: AccessGrant, part: Part) -> bool:
    """Records it; False where it is the same look as one just now."""
    grants = AccessGrants(session)
    if grants.is_seen(grant.id, part):
        return False
    grants.add_look(grant, part)
    _tell(session, actor, grant)
    facts = {"grant": grant.id, "from": part.first_seq, "to": part.last_seq, "messages": part.messages}
    earlier = {"earlier_version": True} if part.is_earlier_version else {}
    record(session, actor, AuditAction.ACCESS_READ, grant, facts | earlier)
    return True


def _tell(session: Session, actor: Actor, grant: AccessGrant) -> None:
    """Everybody who is in it at this moment, whoever of them was told before."""
    text = f"{one_line(actor.display_name)}, a moderator, read {IN_WHAT[grant.kind]}. Reason: {grant.reason}"
    Notices(session).tell(
        list(Members(session).list_names(grant.conversation_id)),
        key=f"access:{grant.id}",
        kind=NOTICE,
        text=text,
        ends_at=None,
        conversation_id=grant.conversation_id,
    )
