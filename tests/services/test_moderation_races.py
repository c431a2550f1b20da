"""Two moderators at the same moment, on real connections; and any order of what they do."""

from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from core.database.engine import Database
from core.errors import Conflict, ParleyError
from core.models import CaseStatus, ConversationKind, Decision, Message, ReportReason
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.repositories.messages import Messages
from core.services.moderation_query import QueueQuery
from tests.services.test_moderation_grid import acts_of
from tests.services.test_room_grid import undone
from tests.services.test_room_races import at_once
from tests.support.properties import WHOLE, tried
from tests.support.talks import Desk

ROUNDS = 100 if WHOLE else 20
UTC = ZoneInfo("UTC")


@pytest.fixture
def desk(fresh_database: Database) -> Desk:
    return Desk(fresh_database, limits={"message": (1_000, 60), "report": (1_000, 60)})


def report_all(desk: Desk, count: int) -> list[UUID]:
    """So many messages, each reported by two people at the same moment. The cases."""
    bo, cy = desk.person(), desk.person()
    room = desk.rooms.create(desk.me, ConversationKind.GROUP, "Ours", user_ids=[bo.user_id, cy.user_id])
    for number in range(count):
        message = desk.talks.send(bo, room, f"Bad {number}").message_id
        results = at_once(
            partial(desk.reports.report, desk.me, message, ReportReason.SPAM),
            partial(desk.reports.report, cy, message, ReportReason.HATE),
        )
        assert results == [None, None]
    moderator = desk.person(Role.MODERATOR)
    lines = desk.cases.list_page(moderator, QueueQuery(), UTC, limit=count).lines
    assert [line.report_count for line in lines] == [2] * count
    return [line.id for line in lines]


@pytest.mark.property
def test_of_two_who_claim_or_decide_at_once_one_does(desk: Desk) -> None:
    """Each time one decision, and the other is told who made it."""
    ada, eve = (desk.person(Role.MODERATOR, display_name=name) for name in ("Ada", "Eve"))
    moderation, chosen = desk.moderation, set()
    for case_id in report_all(desk, ROUNDS):
        claims = at_once(lambda: moderation.claim(ada, case_id, 0), lambda: moderation.claim(eve, case_id, 0))  # noqa: B023
        assert sorted(map(type, claims), key=str) == [type(None), Conflict] or claims.count(None) == 1
        holder, other = (ada, eve) if claims[0] is None else (eve, ada)
        [told] = [str(one) for one in claims if one is not None]
        assert told == f"{holder.display_name} claimed this case meanwhile. Nothing was done."
        # The same person in two tabs, and the other one with what they saw.
        results = at_once(
            lambda: moderation.delete(holder, case_id, 1, "Bad"),  # noqa: B023
            lambda: moderation.dismiss(holder, case_id, 1),  # noqa: B023
            lambda: moderation.dismiss(other, case_id, 1),  # noqa: B023
        )
        assert results[:2].count(None) == 1
        assert all(isinstance(one, Conflict) for one in results if one is not None)
        view = desk.cases.get(ada, case_id)
        assert (view.line.status, view.line.version) == (CaseStatus.CLOSED, 2)
        assert view.line.decision is (Decision.DELETED if results[0] is None else Decision.DISMISSED)
        chosen.add(holder.display_name)
        # Both take it back.
        undo = moderation.restore if view.line.decision is Decision.DELETED else moderation.reopen
        results = at_once(lambda: undo(ada, case_id, 2), lambda: undo(eve, case_id, 2))  # noqa: B023
        assert results.count(None) == 1
        assert isinstance(next(one for one in results if one is not None), Conflict)
    with desk.database.reading() as session:
        counted = session.execute(text("SELECT action, count(*) FROM audit_events GROUP BY action")).all()
        assert Audit(session).verify(ada.company_id) is None
    counts = {action.partition(":")[2]: count for action, count in counted if action.startswith("moderation")}
    assert counts["claim"] == ROUNDS
    assert counts.get("delete", 0) + counts.get("dismiss", 0) == ROUNDS
    assert counts.get("restore", 0) + counts.get("reopen", 0) == ROUNDS
    assert chosen == {"Ada", "Eve"} or not WHOLE  # in a few rounds the same one may always be first


def test_a_bulk_decision_and_single_ones_share_the_cases(desk: Desk) -> None:
    ada, eve = (desk.person(Role.MODERATOR, display_name=name) for name in ("Ada", "Eve"))
    bo = desk.person()
    room = desk.rooms.create(desk.me, ConversationKind.GROUP, "Ours", user_ids=[bo.user_id])
    for _ in range(20):
        desk.reports.report(desk.me, desk.talks.send(bo, room, "Bad").message_id, ReportReason.SPAM)
    seen = [(line.id, line.version) for line in desk.cases.list_page(ada, QueueQuery(), UTC).lines]

    def one_by_one() -> int:
        count = 0
        for case in reversed(seen):
            try:
                desk.moderation.claim(eve, *case)
            except Conflict:
                continue
            count += 1
        return count

    together, claimed = at_once(
        lambda: desk.moderation.decide_together(ada, Decision.DELETED, seen, "Bad", "Spam"), one_by_one
    )
    assert together.done + claimed == 20
    assert len(together.refused) == claimed
    assert all(one.startswith("Eve claimed") for one in together.refused)


ACTS = ("claim", "release", "dismiss", "edit", "delete", "restore", "reopen", "purge")
steps = st.lists(st.tuples(st.sampled_from([*ACTS, "author edits", "reported again"]), st.integers(0, 1)), max_size=14)


@tried(20)
@given(steps=steps)
def test_any_order_of_acts_keeps_every_text_and_the_chain(database: Database, steps: list[tuple[str, int]]) -> None:
    with undone(database):
        desk = Desk(database, limits={"message": (1_000, 60), "report": (1_000, 60)})
        moderators = [desk.person(Role.MODERATOR, Role.ADMIN) for _ in range(2)]
        room = desk.rooms.create(desk.me, ConversationKind.GROUP, "Ours")
        message = desk.talks.send(desk.me, room, "Text 0").message_id
        desk.reports.report(desk.me, message, ReportReason.OTHER)
        said = Said(desk, message)
        for number, (name, who) in enumerate(steps, 1):
            said.do(name, moderators[who], f"Text {number}")
            said.check()


class Said:
    """What must be true of one message, whatever is done to it."""

    def __init__(self, desk: Desk, message: UUID) -> None:
        self.desk, self.message = desk, message
        self.texts = ["Text 0"]
        self.own = "Text 0"
        """The author's."""
        self.is_deleted = self.is_moderated = self.is_purged = False

    def do(self, name: str, who: Actor, words: str) -> None:
        desk = self.desk
        case = self.case()
        acts = acts_of(desk.moderation, who, case) | {
            "edit": lambda: desk.moderation.edit(who, *case, words, "Why"),
            "author edits": lambda: desk.talks.edit(desk.me, self.message, words),
            "reported again": self._report_again,
            "purge": lambda: desk.purging.purge(who, *case, "Why", confirmation=desk.me.display_name),
        }
        try:
            acts[name]()
        except ParleyError:
            return
        assert not self.is_purged, name
        if name == "purge":
            self.texts, self.own, self.is_deleted, self.is_moderated, self.is_purged = [""], "", True, False, True
        elif name in ("edit", "author edits"):
            self.texts.append(words)
            self.is_moderated = name == "edit"
            self.own = self.own if name == "edit" else words
        elif name == "delete":
            self.is_deleted = True
        elif name == "restore" and self.is_deleted:
            self.is_deleted = False
        elif name == "restore":
            self.texts.append(self.own)
            self.is_moderated = False

    def _report_again(self) -> None:
        reporter = self.desk.person(Role.STAFF)
        with self.desk.database.reading() as session:
            room = session.get_one(Message, self.message).conversation_id
        self.desk.members.add(self.desk.me, room, [reporter.user_id])
        self.desk.reports.report(reporter, self.message, ReportReason.SPAM)

    def case(self) -> tuple[UUID, int]:
        with self.desk.database.reading() as session:
            row = session.execute(text("SELECT id, version FROM cases")).one()
        return row.id, row.version

    def check(self) -> None:
        with self.desk.database.reading() as session:
            message = session.get_one(Message, self.message, populate_existing=True)
            kept = [one.content for one in Messages(session).list_revisions(self.message)]
            assert [*kept, message.content] == self.texts
            assert (message.deleted_at is not None, message.edit_reason is not None) == (
                self.is_deleted,
                self.is_moderated,
            )
            if not self.is_moderated:
                assert message.content == self.own
            assert (message.purged_at is not None) == self.is_purged
            assert Audit(session).verify(self.desk.me.company_id) is None
