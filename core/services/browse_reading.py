"""A part of a conversation as browsing shows it: read only, with all that belongs to its messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core.assistant.tools.registry import toolbox
from core.models import IMPORTED, MessageRole
from core.permissions import Actor, Permission
from core.repositories.branches import MOST_TEXTS, Branch, Branches, VersionLine
from core.repositories.browse_lines import BrowseLine
from core.repositories.companies import Companies
from core.repositories.message_lines import MessageLine
from core.repositories.messages import REACHED_LIMIT, Excerpt, Messages
from core.repositories.model_calls import MessageUsage, ModelCalls
from core.repositories.reactions import ReactionLine, Reactions
from core.services.browse_views import Browsed, BrowsedMessage, BrowsedTranscript
from core.services.step_views import steps_of
from core.services.views import ReactionView, Reply, StepView

BEYOND = 2**31 - 1
"""Behind every message; the largest number that PostgreSQL compares with a seq."""


class Reading:
    def __init__(self, session: Session, actor: Actor, line: BrowseLine, floor: int) -> None:
        """`floor`: the last message that is too old for this reader to see."""
        self.session = session
        self.actor = actor
        self.line = line
        self.floor = floor
        self.options: dict[str, Any] = {"floor": floor, "with_deleted": actor.may(Permission.DELETED_VIEW)}

    def transcript(
        self, conversation: Browsed, *, around: int | None, before: int | None, after: int | None, limit: int
    ) -> BrowsedTranscript:
        is_there = around is not None and around > self.floor
        branch = Branches(self.session).get_of(self.line.id, around) if is_there and around is not None else None
        found = _Found(branch or Branch())
        if before is not None:
            self._read_before(found, before, limit)
        elif after is not None:
            self._read_after(found, after, limit)
        elif around is not None:
            self._read_around(found, around, limit)
        else:
            self._read_before(found, BEYOND, limit)
        if not found.lines and (found.has_earlier or found.has_later):
            self._read_before(found, BEYOND, limit)  # nothing is, or is any more, next to what was named: its end
        company = Companies(self.session).get(self.line.company_id)
        return BrowsedTranscript(
            conversation=conversation,
            assistant_name=company.assistant_name if company else "",
            messages=self._dressed(found.lines),
            has_earlier=found.has_earlier,
            has_later=found.has_later,
            is_earlier_version=not found.branch.is_shown,
            around=around if branch else None,
        )

    def _read_before(self, found: "_Found", seq: int, limit: int) -> None:
        lines = self._before(found.branch, seq, limit + 1)
        found.has_earlier = len(lines) > limit
        found.lines = lines[-limit:]
        found.has_later = seq < BEYOND and bool(self._after(found.branch, seq - 1, 1))

    def _read_after(self, found: "_Found", seq: int, limit: int) -> None:
        lines = self._after(found.branch, seq, limit + 1)
        found.has_later = len(lines) > limit
        found.lines = lines[:limit]
        found.has_earlier = bool(self._before(found.branch, seq + 1, 1))

    def _read_around(self, found: "_Found", seq: int, limit: int) -> None:
        """Half of them up to that message, half behind it; more on one side where there are fewer on the other."""
        earlier = self._before(found.branch, seq + 1, limit + 1)
        later = self._after(found.branch, seq, limit + 1)
        behind = min(len(later), max(limit // 2, limit - len(earlier)))
        found.lines = earlier[max(0, len(earlier) - (limit - behind)) :] + later[:behind]
        found.has_earlier = len(earlier) > limit - behind
        found.has_later = len(later) > behind

    def _before(self, branch: Branch, seq: int, limit: int) -> list[MessageLine]:
        return Branches(self.session).before(self.line.id, branch, seq, limit=limit, **self.options)

    def _after(self, branch: Branch, seq: int, limit: int) -> list[MessageLine]:
        return Branches(self.session).after(self.line.id, branch, seq, limit=limit, **self.options)

    def _dressed(self, lines: Sequence[MessageLine]) -> tuple[BrowsedMessage, ...]:
        """With all that belongs to them: so many queries, however many they are."""
        ids = [line.id for line in lines]
        groups = {line.version_group_id for line in lines if line.version_group_id}
        beside = _Beside(
            reader_id=self.actor.user_id,
            floor=self.floor,
            usage=ModelCalls(self.session).sum_by_message(ids),
            reactions=Reactions(self.session).list_of(ids),
            replied_to=Messages(self.session).list_excerpts({line.reply_to_id for line in lines if line.reply_to_id}),
            versions=Branches(self.session).list_texts(groups, **self.options),
            steps=steps_of(self.session, None, lines, tools=toolbox()),
        )
        return tuple(beside.message(line) for line in lines)


@dataclass
class _Found:
    branch: Branch
    lines: Sequence[MessageLine] = ()
    has_earlier: bool = False
    has_later: bool = False


@dataclass(frozen=True, slots=True)
class _Beside:
    """Read once for a page of messages."""

    reader_id: UUID
    floor: int
    usage: Mapping[UUID, MessageUsage]
    reactions: Mapping[UUID, Sequence[ReactionLine]]
    replied_to: Mapping[UUID, Excerpt]
    versions: Mapping[UUID, Sequence[VersionLine]]
    steps: Mapping[UUID, tuple[StepView, ...]]

    def message(self, line: MessageLine) -> BrowsedMessage:
        usage = self.usage.get(line.id)
        versions = self.versions.get(line.version_group_id, ()) if line.version_group_id else ()
        imported = line.extra.get(IMPORTED) or {}
        return BrowsedMessage(
            id=line.id,
            seq=line.seq,
            role=line.role,
            message_type=line.message_type,
            status=line.status,
            content=line.content,
            created_at=line.created_at,
            sender_name=line.sender_name or _sender_of(line, imported),
            is_deleted=line.deleted_at is not None,
            is_edited=line.edited_at is not None,
            reached_limit=REACHED_LIMIT in line.extra,
            usage=usage,
            model=", ".join(usage.models) if usage else imported.get("model"),
            reply=self._reply(line),
            reactions=tuple(self._reaction(one) for one in self.reactions.get(line.id, ())),
            versions=tuple(one for one in versions[-MOST_TEXTS:] if one.id != line.id),
            edit_reason=line.shown_edit_reason,
            delete_reason=line.shown_delete_reason,
            is_purged=line.purged_at is not None,
            has_more_versions=len(versions) > MOST_TEXTS,
            steps=self.steps.get(line.id, ()),
        )

    def _reply(self, line: MessageLine) -> Reply | None:
        """What a person replied to; an answer stands below its question."""
        if line.reply_to_id is None:
            return None
        found = self.replied_to.get(line.reply_to_id)
        if found is None:  # too old to be kept
            return None if line.role is MessageRole.ASSISTANT else Reply(line.reply_to_id, 0, "", "")
        if line.role is MessageRole.ASSISTANT and found.seq == line.seq - 1:
            return None
        is_seen = found.seq > self.floor
        return Reply(found.id, found.seq, found.sender_name if is_seen else "", found.content if is_seen else "")

    def _reaction(self, line: ReactionLine) -> ReactionView:
        return ReactionView(line.emoji, len(line.user_ids), line.names, self.reader_id in line.user_ids)


def _sender_of(line: MessageLine, imported: Mapping[str, Any]) -> str | None:
    """Who said it where it was imported from: somebody without an account here."""
    sender = imported.get("sender") if line.role is MessageRole.USER else None
    name = sender.get("name") if isinstance(sender, dict) else sender
    return name if isinstance(name, str) else None
