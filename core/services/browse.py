"""All conversations that somebody may see: listed, put away together."""

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import partial
from uuid import UUID

from core.database.engine import Database
from core.errors import Invalid, NotFound, ParleyError
from core.ids import parse_id
from core.models import ConversationKind, MemberRole
from core.permissions import Actor, Permission
from core.repositories.browse_lines import BrowseLine, Key, Position, Sort, Wanted
from core.repositories.browsing import Browsing
from core.services.browse_reading import BEYOND, Reading
from core.services.browse_views import Browsed, BrowsedTranscript, Deed, Done, Filters, Owner, Page
from core.services.conversations import ConversationService

PAGE = 25
MOST_AT_ONCE = 200
"""Conversations that are put away in one go."""
MESSAGES = 30
YEARS = range(1970, 2200)
NO_SUCH_PLACE = "That place in the list isn't known. This is its beginning."
NO_SUCH_DAY = "Choose days between 1970 and 2199."
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WHOLE = re.compile(r"[0-9]{1,17}")
AMOUNT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,8})?")

DefaultModel = Callable[[Actor], str]
"""What answers in this person's company where nobody chose."""


class BrowseService:
    def __init__(self, database: Database, conversations: ConversationService, default_model: DefaultModel) -> None:
        """`default_model`: what answers where a conversation names no model."""
        self.database = database
        self.conversations = conversations
        self.default_model = default_model

    def list_page(
        self,
        actor: Actor,
        filters: Filters,
        sort: Sort = Sort.RECENT,
        *,
        before: str | None = None,
        after: str | None = None,
        zone: tzinfo = UTC,
        limit: int = PAGE,
    ) -> Page:
        """The beginning of the list, or what stands next to a place that a page before gave as `newer` or `older`.

        Raises Invalid for what is no such place, NotPermitted for an owner without the right to oversee rooms.
        """
        actor.require(Permission.CONVERSATIONS_BROWSE)
        if filters.owner_id is not None:
            actor.require(Permission.ROOMS_OVERSEE)
        default = self.default_model(actor)
        wanted = self._wanted(filters, zone, default)
        above = _place(before, sort) if before else None
        below = _place(after, sort) if after and not before else None
        with self.database.reading() as session:
            look = partial(Browsing(session).list_page, actor, wanted, sort)
            lines = look(before=above, after=below, limit=limit + 1)
            has_more = len(lines) > limit
            lines = lines[-limit:] if above else lines[:limit]
            if not lines or not (above or below):
                has_newer, has_older = False, has_more
            elif above:
                has_newer, has_older = has_more, bool(look(after=lines[-1].position(sort), limit=1))
            else:
                has_newer, has_older = bool(look(before=lines[0].position(sort), limit=1)), has_more
        return Page(
            tuple(self._view(actor, line, default) for line in lines),
            newer=_text_of(lines[0].position(sort)) if has_newer else None,
            older=_text_of(lines[-1].position(sort)) if has_older else None,
        )

    def owners(self, actor: Actor) -> tuple[Owner, ...]:
        """Whose company rooms there are, by name; nobody for who may not oversee them."""
        actor.require(Permission.CONVERSATIONS_BROWSE)
        if not actor.may(Permission.ROOMS_OVERSEE):
            return ()
        with self.database.reading() as session:
            return tuple(Owner(*line) for line in Browsing(session).list_owners(actor.company_id))

    def read(
        self,
        actor: Actor,
        conversation_id: UUID,
        *,
        around: int | None = None,
        before: int | None = None,
        after: int | None = None,
        limit: int = MESSAGES,
    ) -> BrowsedTranscript:
        """The newest messages; or those next to a seq; or those around one, and with that, next to another one in the
        same version of the conversation: a message that the transcript does not show any more is read among those that
        were there with it.

        Raises NotFound for what this person may not read, in the same words as for what there is not. The cost depends
        on `limit`, not on how long the conversation is.
        """
        actor.require(Permission.CONVERSATIONS_BROWSE)
        default = self.default_model(actor)
        with self.database.reading() as session:
            line = Browsing(session).get(actor, conversation_id)
            if line is None:
                raise NotFound
            floor = 0 if _oversees(actor, line) else line.floor
            reading = Reading(session, actor, line, floor)
            return reading.transcript(
                self._view(actor, line, default),
                around=as_seq(around),
                before=as_seq(before),
                after=as_seq(after),
                limit=limit,
            )

    def put_away(self, actor: Actor, conversation_ids: Collection[UUID], deed: Deed) -> tuple[Done, ...]:
        """Does that with each of them, as far as it is theirs to do; one does not depend on another."""
        actor.require(Permission.CONVERSATIONS_BROWSE)
        wanted = list(dict.fromkeys(conversation_ids))
        if len(wanted) > MOST_AT_ONCE:
            raise Invalid(f"Choose up to {MOST_AT_ONCE} conversations at once.")
        acts: dict[Deed, Callable[[Actor, UUID], None]] = {
            Deed.ARCHIVE: self.conversations.archive,
            Deed.UNARCHIVE: self.conversations.unarchive,
            Deed.DELETE: self.conversations.delete,
            Deed.RESTORE: self.conversations.restore,
        }
        return tuple(_done(acts[deed], actor, one) for one in wanted)

    def _wanted(self, filters: Filters, zone: tzinfo, default: str) -> Wanted:
        model = filters.model
        return Wanted(
            kinds=filters.kinds,
            state=filters.state,
            owner_id=filters.owner_id,
            models=None if model is None else frozenset({model, *([None] if model == default else [])}),
            since=_midnight(filters.since, zone) if filters.since else None,
            until=_midnight(filters.until, zone, days_on=1) if filters.until else None,
        )

    def _view(self, actor: Actor, line: BrowseLine, default: str) -> Browsed:
        is_room = line.kind.is_room
        is_own = line.role is not None if is_room else line.owner_id == actor.user_id
        chats = actor.may(Permission.CHAT_USE)
        # Writing in an archived chat brings it back; in an archived room nobody can.
        is_open = not line.is_deleted and line.is_other_active and not (is_room and line.is_archived)
        is_owner = line.role is MemberRole.OWNER and line.kind is not ConversationKind.DIRECT if is_room else is_own
        return Browsed.of(
            line,
            default,
            is_mine=line.owner_id == actor.user_id,
            can_write=chats and is_own and is_open,
            can_put_away=chats and is_owner,
        )


def _oversees(actor: Actor, line: BrowseLine) -> bool:
    is_overseen = line.kind is ConversationKind.COMPANY and not line.is_deleted
    return is_overseen and actor.may(Permission.ROOMS_OVERSEE)


def _done(act: Callable[[Actor, UUID], None], actor: Actor, conversation_id: UUID) -> Done:
    try:
        act(actor, conversation_id)
    except ParleyError as error:
        return Done(conversation_id, str(error))
    return Done(conversation_id)


def as_seq(seq: int | None) -> int | None:
    """As a number that PostgreSQL can compare: beyond every message it is as good as the last."""
    return None if seq is None else min(max(seq, 0), BEYOND - 1)


def _midnight(day: date, zone: tzinfo, *, days_on: int = 0) -> datetime:
    if day.year not in YEARS:
        raise Invalid(NO_SUCH_DAY)
    return datetime.combine(day + timedelta(days=days_on), time(), zone)


def _text_of(position: Position) -> str:
    key, id_ = position
    if isinstance(key, datetime):
        key = (key - EPOCH) // timedelta(microseconds=1)
    return f"{key:f}_{id_.hex}" if isinstance(key, Decimal) else f"{key}_{id_.hex}"


def _place(text: str, sort: Sort) -> Position:
    key, _, id_ = text.partition("_")
    found = parse_id(id_)
    if found is None or not (AMOUNT if sort is Sort.COST else WHOLE).fullmatch(key):
        raise Invalid(NO_SUCH_PLACE)
    return _key(key, sort), found


def _key(text: str, sort: Sort) -> Key:
    if sort is Sort.COST:
        return Decimal(text)
    if sort is Sort.SIZE:
        return min(int(text), BEYOND)
    return EPOCH + timedelta(microseconds=int(text))
