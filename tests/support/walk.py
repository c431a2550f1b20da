"""Every method of every service, called with a private conversation wherever something of the kind is asked for."""

import inspect
import typing
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import product
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pandas as pd

from core import clock
from core.assistant.commands import Command, ToolCall, Undo, commands
from core.bootstrap import Application
from core.errors import ParleyError
from core.ids import new_id
from core.models import (
    Budget,
    BudgetPeriod,
    BudgetScope,
    BudgetUnit,
    CallPurpose,
    CallStatus,
    Conversation,
    ConversationKind,
    ModelCall,
    RuleAction,
    RuleKind,
    Score,
    Theme,
    UsageSource,
)
from core.permissions import Actor, Role
from core.services.audit_exporting import AuditPlan
from core.services.audit_query import AuditQuery
from core.services.browse_views import Filters
from core.services.budgets import WantedBudget
from core.services.export_views import EVERYTHING, ExportPlan
from core.services.moderation_message_acts import Seen
from core.services.moderation_message_query import MessagesQuery
from core.services.moderation_query import QueueQuery
from core.services.people_looking import PeopleWanted
from core.services.prices import TypedPrice
from core.services.retention_views import WantedHold
from core.services.rules import WantedRule
from core.services.task_views import NewTask, TasksWanted
from core.services.usage_exporting import UsagePlan
from core.services.usage_query import Query
from core.services.usage_views import Table, Wanted
from tests.services.test_room_grid import undone
from tests.support.access import SECRET, WHY, Scene
from tests.support.builders import make_messages
from tests.support.talks import Desk


class Walk:
    """A private conversation and what to ask for it with."""

    def __init__(self, application: Application, kind: ConversationKind) -> None:
        self.application, self.desk = application, Desk(application.database)
        self.scene = Scene(self.desk, kind)
        with application.database.transaction() as session:
            conversation = session.get_one(Conversation, self.scene.id)
            conversation.title = f"All about {SECRET}"
            question, answer, *_ = make_messages(session, conversation, [f"password {SECRET}", f"So: {SECRET}"])
            self.question, self.answer = question.id, answer.id
            session.add(self._call(conversation))
            if kind.is_room:
                session.add(self._budget())
        self.desk.grants.take(self.scene.moderator, str(self.scene.id), WHY)
        self.grant = self.desk.grants.mine(self.scene.moderator)[0].id
        self.desk.access.read(self.scene.moderator, self.grant)
        noted = NewTask(f"Ask about {SECRET}", f"So: {SECRET}", message_id=self.question)
        self.task = application.tasks.create(self.scene.owner, noted).id
        application.indexer.refill()
        list(application.indexer.work())
        application.usage_keeper.begin()
        list(application.usage_keeper.work())
        self._typed: dict[UUID, dict[Any, Any]] = {}

    def _call(self, conversation: Conversation) -> ModelCall:
        return ModelCall(
            company_id=conversation.company_id, user_id=conversation.owner_id, conversation_id=conversation.id,
            purpose=CallPurpose.ANSWER, provider="openai", model="one", usage_source=UsageSource.EXACT, duration_ms=9,
            status=CallStatus.COMPLETE, room_id=conversation.id if conversation.kind.is_room else None,
        )  # fmt: skip

    def _budget(self) -> Budget:
        return Budget(
            company_id=self.desk.company.id, scope=BudgetScope.ROOM, room_id=self.scene.id, amount=Decimal(1),
            period=BudgetPeriod.MONTH, unit=BudgetUnit.USD, marks=[80],
        )  # fmt: skip

    def methods(self) -> Iterator[tuple[str, str, Callable[..., Any]]]:
        """All that somebody who is signed in gets to."""
        for name, service in sorted(vars(self.application).items()):
            if not type(service).__module__.startswith("core.services."):
                continue
            for verb, method in inspect.getmembers(service, inspect.ismethod):
                if "actor" in inspect.signature(method).parameters and not verb.startswith("_"):
                    yield name, verb, method

    def calls(self, actor: Actor, method: Callable[..., Any]) -> Iterator[dict[str, Any]]:
        """What to call it with: each member of whatever is one of several."""
        hints = typing.get_type_hints(method)
        names = [
            name
            for name, one in inspect.signature(method).parameters.items()
            if one.default is one.empty or name in self.named()
        ]
        choices = [self.choices(actor, name, hints[name]) for name in names]
        for values in product(*choices):
            yield dict(zip(names, values, strict=True))

    def choices(self, actor: Actor, name: str, hint: Any) -> list[Any]:
        if name == "actor":
            return [actor]
        if hint in self._typed[actor.user_id]:
            return [self._typed[actor.user_id][hint]]
        if name == "zone" and hint == str | None:  # by its name
            return ["UTC"]
        if inspect.isclass(hint) and issubclass(hint, StrEnum):
            return list(hint)
        return [self.named()[name]]

    def typed(self, actor: Actor) -> dict[Any, Any]:
        """By what it is. A plan for a file is one's own where one may have one, else none."""
        today, usage = clock.now().date(), Query(shows_calls=True)
        app = self.application
        return {
            AuditQuery: AuditQuery(target_id=self.scene.id),
            QueueQuery: QueueQuery(),
            MessagesQuery: MessagesQuery(text="password"),
            Seen: (self.question, None),
            Sequence[Seen]: [(self.question, None)],
            NewTask: NewTask("Another task", message_id=self.question),
            TasksWanted: TasksWanted(),
            Command: (commands().read("/search password") or [None])[0],
            ToolCall: ToolCall("list_tasks", {"status": "all"}),
            Undo: Undo("create_task", {"task_id": str(new_id()), "version": 0}),
            WantedRule: WantedRule("Words", RuleKind.WORDS, RuleAction.REPORT, tuple(ConversationKind), "password"),
            Query: usage,
            Wanted: Wanted(today - timedelta(days=3), today, ZoneInfo("UTC")),
            Filters: Filters(),
            ExportPlan: ExportPlan((self.scene.id,), 1, "", is_archive=False),
            WantedHold: WantedHold(WHY, conversation=str(self.scene.id)),
            PeopleWanted: PeopleWanted(),
            WantedBudget: WantedBudget(BudgetScope.ROOM, BudgetPeriod.DAY, BudgetUnit.USD, "1", room_id=self.scene.id),
            TypedPrice: TypedPrice("1", "1", "1"),
            AuditPlan: planned(lambda: app.audit_exports.plan(actor, AuditQuery(), "csv")),
            UsagePlan: planned(lambda: app.usage_exports.plan(actor, usage, Table.CALLS, "csv")),
        }

    def named(self) -> dict[str, Any]:
        return {
            "conversation_id": self.scene.id,
            "conversation_ids": [self.scene.id],
            "message_id": self.question,
            "question_id": self.question,
            "answer_id": self.answer,
            "reply_to_id": self.question,
            "grant_id": self.grant,
            "user_id": self.scene.owner.user_id,
            "user_ids": [self.scene.owner.user_id],
            "sequence": 1,
            "seq": 2,
            "around": 2,
            "text": "password",
            "included": EVERYTHING,
            "with_deleted": True,
            "with_former": True,
            "zone": ZoneInfo("UTC"),
            "reason": WHY,
            "note": WHY,
            "words": "password",
            "listed": {"task": (str(new_id()),)},
            "client_key": new_id(),
            "title": "Another name",
            "name": "",
            "email": "x@example.com",
            "display_name": "X",
            "password": "long enough and not common",
            "current": "x",
            "new": "x",
            "user_agent": "",
            "instructions": "Be brief",
            "assistant_name": "Assistant",
            "task_id": self.task,
            "assignee_id": self.scene.owner.user_id,
            "at": clock.now(),
            "emoji": "👍",
            "comment": "",
            "tags": (),
            "score": Score.UP,
            "amount": "1",
            "marks": "80",
            "model": None,
            "starts_on": date(2026, 1, 1),
            "days": "30",
            "confirmation": "30",
            "format_": "csv",
            "limit": 50,
            "count": "5",
            "seconds": 60,
            "allowed": None,
            "default": None,
            "theme": Theme.DARK,
            "roles": [Role.STAFF],
            "seen": [(new_id(), 0)],
            "version": 0,
            "invite_id": new_id(),
            "session_id": new_id(),
            "until": clock.now() + timedelta(days=1),
            "on": True,
            "tools_on": True,
            "ask_first": ("create_task",),
            "time_zone": "UTC",
            "today": clock.now().date(),
            "wanted": None,
            "size": 1,
            "upload_id": str(new_id()),
            **dict.fromkeys(
                (
                    "step_id",
                    "case_id",
                    "budget_id",
                    "raise_id",
                    "price_id",
                    "hold_id",
                    "notice_id",
                    "suspension_id",
                    "rule_id",
                ),
                new_id(),
            ),
        }

    def said(self, actor: Actor, method: Callable[..., Any]) -> str:
        """All that it gives, or says in its refusal, whatever it is called with."""
        if actor.user_id not in self._typed:
            self._typed[actor.user_id] = self.typed(actor)
        texts = []
        for given in self.calls(actor, method):
            with undone(self.application.database), pd.option_context("display.max_columns", None):
                try:
                    texts.append(told_by(method(**given)))
                except ParleyError as error:
                    texts.append(str(error))
                except (AttributeError, KeyError, OSError, TypeError) as error:  # what no page would ask for
                    texts.append(repr(error))
        return "\n".join(texts)


def planned(plan: Callable[[], Any]) -> Any:
    """None: they may not."""
    try:
        return plan()
    except ParleyError:
        return None


def told_by(result: Any) -> str:
    """All that a method's result gives, to its end."""
    if isinstance(result, pd.DataFrame):
        return result.to_csv()
    if isinstance(result, Iterator):
        return "".join(map(told_by, result))
    parts = [getattr(result, name) for name in getattr(result, "__dataclass_fields__", ())]
    return "\n".join([repr(result), *(part.to_csv() for part in parts if isinstance(part, pd.DataFrame))])
