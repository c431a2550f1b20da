"""Who is in a room: added, removed, gone, in which role, and how far they have read."""

from collections.abc import Collection
from uuid import UUID

from sqlmodel import Session

from core.database.engine import Database
from core.errors import Invalid, NotFound, NotPermitted, RuleBroken
from core.lines import one_line
from core.models import AuditAction, Conversation, ConversationKind, Member, MemberRole, User
from core.permissions import Actor, Permission, roles_with
from core.repositories.conversations import Conversations
from core.repositories.members import Members
from core.repositories.queued_questions import QueuedQuestions
from core.repositories.users import Users
from core.services.hints import Hints
from core.services.room_access import (
    MANAGERS_ONLY,
    OWNERS_ONLY,
    add_notice,
    member_or_raise,
    record,
    refuse_closed,
    refuse_locked,
    require_manager,
    require_owner,
    shared_or_raise,
    standing,
)
from core.services.room_views import Added, AddResult, MemberLine

PAGE = 200
MAX_AT_ONCE = 200
"""People that may be added in one go."""
LAST_OWNER = "You are the last owner of this room. Make somebody else owner first, or delete the room."
LAST_OWNER_STAYS = "This is the last owner of the room. Make somebody else owner first."


class MemberService:
    def __init__(self, database: Database, hints: Hints) -> None:
        self.database = database
        self.hints = hints

    def add(
        self, actor: Actor, conversation_id: UUID, user_ids: Collection[UUID], role: MemberRole = MemberRole.MEMBER
    ) -> list[Added]:
        """Adds those who can be added, all in one transaction, and tells of each what became of it, in order.

        Into a group owners and admins add people, into a company room every member does; only owners add owners and
        admins. Raises NotPermitted otherwise, and Invalid for more than MAX_AT_ONCE.
        """
        wanted = list(dict.fromkeys(user_ids))
        if len(wanted) > MAX_AT_ONCE:
            raise Invalid(f"Add up to {MAX_AT_ONCE} people at once.")
        with self.database.transaction() as session:
            conversation, member = shared_or_raise(session, actor, conversation_id)
            _require_may_add(session, conversation, member, role)
            refuse_closed(session, conversation, actor)
            people = Users(session).list_by_ids(conversation.company_id, wanted, roles_with(Permission.CHAT_USE))
            present = Members(session).list_present(conversation_id, wanted)
            results = [_result(user_id, people.get(user_id), is_there=user_id in present) for user_id in wanted]
            new = [one.user_id for one in results if one.result is AddResult.ADDED]
            if new:
                Members(session).put(conversation, dict.fromkeys(new, role), added_by=actor.user_id)
                names = _listed([people[user_id][0].display_name for user_id in new])
                add_notice(session, conversation, f"{actor.display_name} added {names}.")
                for user_id in new:
                    Members(session).mark_read(conversation_id, user_id, conversation.last_seq + 1)
                added = [str(user_id) for user_id in new]
                record(session, actor, AuditAction.MEMBERS_ADDED, conversation, members=added, role=role)
        self._tell(conversation_id, new)
        return results

    def get(self, actor: Actor, conversation_id: UUID, user_id: UUID) -> MemberLine:
        """One of a room's members, or somebody who was one. Raises NotFound."""
        with self.database.reading() as session:
            member_or_raise(session, actor, conversation_id, lock=False)
            line = Members(session).get_line(conversation_id, user_id)
        if line is None:
            raise NotFound("That person is not in this room.")
        return line

    def list_members(
        self,
        actor: Actor,
        conversation_id: UUID,
        *,
        with_former: bool = False,
        limit: int = PAGE,
        after: tuple[str, UUID] | None = None,
    ) -> list[MemberLine]:
        """By name; for the next page pass the last one's `position`. `with_former`: those who left as well."""
        with self.database.reading() as session:
            member_or_raise(session, actor, conversation_id, lock=False)
            return Members(session).list_lines(conversation_id, with_former=with_former, limit=limit, after=after)

    def remove(self, actor: Actor, conversation_id: UUID, user_id: UUID) -> None:
        """Takes somebody out. Owners remove everybody, admins plain members; oneself is `leave`.

        Raises NotPermitted, NotFound for who is no member, RuleBroken for the last owner.
        """
        if user_id == actor.user_id:
            return self.leave(actor, conversation_id)
        with self.database.transaction() as session:
            conversation, member = shared_or_raise(session, actor, conversation_id)
            role = require_manager(session, member)
            other = _other_member(session, conversation_id, user_id)
            if role is not MemberRole.OWNER and other.role is not MemberRole.MEMBER:
                raise NotPermitted(OWNERS_ONLY)
            _keep_an_owner(session, conversation, other, LAST_OWNER_STAYS)
            refuse_locked(conversation)
            _leave(session, conversation, other)
            name = session.get_one(User, user_id).display_name
            add_notice(session, conversation, f"{actor.display_name} removed {name}.")
            record(
                session, actor, AuditAction.MEMBER_REMOVED, conversation, before={"role": other.role}, member=user_id
            )
        self._tell(conversation_id, [user_id])
        return None

    def leave(self, actor: Actor, conversation_id: UUID) -> None:
        """Raises RuleBroken for the last owner, and in direct chats."""
        with self.database.transaction() as session:
            conversation, member = shared_or_raise(session, actor, conversation_id)
            _keep_an_owner(session, conversation, member, LAST_OWNER)
            _leave(session, conversation, member)
            add_notice(session, conversation, f"{actor.display_name} left.")
            record(session, actor, AuditAction.ROOM_LEFT, conversation)
        self._tell(conversation_id, [actor.user_id])

    def change_role(self, actor: Actor, conversation_id: UUID, user_id: UUID, role: MemberRole) -> None:
        """Makes a member an owner, an admin or a plain member, which only owners may, of themselves as well.

        Raises NotPermitted, NotFound for who is no member, RuleBroken when no owner would be left.
        """
        with self.database.transaction() as session:
            conversation, member = shared_or_raise(session, actor, conversation_id)
            require_owner(session, member)
            other = _other_member(session, conversation_id, user_id)
            before = other.role
            if before is role:
                return
            refuse_locked(conversation)
            _keep_an_owner(session, conversation, other, LAST_OWNER_STAYS)
            Members(session).change_role(other, role)
            Conversations(session).touch(conversation)
            changed = {"member": user_id, "role": role}
            record(session, actor, AuditAction.MEMBER_ROLE_CHANGED, conversation, before={"role": before}, **changed)
        self.hints.publish(conversation_id)

    def mark_read(self, actor: Actor, conversation_id: UUID, seq: int) -> bool:
        """Notes that everything up to a message was read; never backwards. True when that was news."""
        actor.require(Permission.CHAT_USE)
        with self.database.transaction() as session:  # of one statement, which marks for members only
            is_news = Members(session).mark_read(conversation_id, actor.user_id, seq)
        if is_news:
            self.hints.publish_reads(conversation_id)
            self.hints.publish_person(actor.user_id)
        else:
            with self.database.reading() as session:
                member_or_raise(session, actor, conversation_id, lock=False)
        return is_news

    def mute(self, actor: Actor, conversation_id: UUID) -> None:
        """From now on the room's badge counts only what calls this person by name."""
        self._mute(actor, conversation_id, muted=True)

    def unmute(self, actor: Actor, conversation_id: UUID) -> None:
        self._mute(actor, conversation_id, muted=False)

    def _mute(self, actor: Actor, conversation_id: UUID, *, muted: bool) -> None:
        with self.database.transaction() as session:
            _, member = member_or_raise(session, actor, conversation_id)
            Members(session).mute(member, muted=muted)
        self.hints.publish_rooms(actor.user_id)

    def _tell(self, conversation_id: UUID, user_ids: Collection[UUID]) -> None:
        self.hints.publish(conversation_id)
        for user_id in user_ids:
            self.hints.publish_rooms(user_id)


def _leave(session: Session, conversation: Conversation, member: Member) -> None:
    """With what they asked the assistant and would not read."""
    Members(session).leave(conversation, member)
    QueuedQuestions(session).remove_of(conversation.id, member.user_id)


def _require_may_add(session: Session, conversation: Conversation, member: Member, role: MemberRole) -> None:
    stands = standing(session, member)
    if role is not MemberRole.MEMBER and stands is not MemberRole.OWNER:
        raise NotPermitted(OWNERS_ONLY)
    if conversation.kind is ConversationKind.GROUP and stands is MemberRole.MEMBER:
        raise NotPermitted(MANAGERS_ONLY)


def _result(user_id: UUID, found: tuple[User, bool] | None, *, is_there: bool) -> Added:
    if found is None:
        return Added(user_id, None, AddResult.UNKNOWN)
    person, can_read = found
    if is_there:
        return Added(user_id, person.display_name, AddResult.THERE)
    return Added(user_id, person.display_name, AddResult.ADDED if can_read else AddResult.INACTIVE)


def _other_member(session: Session, conversation_id: UUID, user_id: UUID) -> Member:
    found = Members(session).get(conversation_id, user_id)
    if found is None:
        raise NotFound("That person is not in this room.")
    return found


def _keep_an_owner(session: Session, conversation: Conversation, member: Member, sentence: str) -> None:
    """A room without an owner would be nobody's. One that can't sign in any more keeps nothing, so may go."""
    if member.role is not MemberRole.OWNER or not session.get_one(User, member.user_id).is_active:
        return
    if Members(session).count_keepers(conversation.id)[MemberRole.OWNER] <= 1:
        raise RuleBroken(sentence)


def _listed(names: list[str]) -> str:
    """Like "Bo, Cy and 4 others"."""
    names = [one_line(name) for name in names]
    if len(names) > 5:
        names = [*names[:4], f"{len(names) - 4} others"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
