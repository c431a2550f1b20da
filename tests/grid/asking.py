"""What each method of a service is asked with, and what comes of it."""

import inspect
import typing
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from enum import StrEnum
from functools import partial
from io import BytesIO
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from core import clock
from core.permissions import Actor
from core.services.audit_exporting import AuditPlan
from core.services.audit_query import AuditQuery
from core.services.browse_views import Filters
from core.services.export_views import EVERYTHING
from core.services.usage_exporting import UsagePlan
from core.services.usage_query import Query
from core.services.usage_views import Table, Wanted
from core.transfer.formats import Format
from tests.grid.rows import Row
from tests.grid.world import QUEUED, World, methods_of
from tests.support.walk import planned


class Asking:
    def __init__(self, world: World) -> None:
        self.world, self.app = world, world.application
        self._methods = {f"{name}.{verb}": method for name, verb, method in methods_of(self.app)}
        self._known: dict[tuple[UUID, bool], tuple[dict[str, Any], dict[Any, Any]]] = {}
        room, owner = world.scene.id, world.scene.owner
        plan = self.app.exporting.plan(owner, [room], EVERYTHING)
        self._file = b"".join(self.app.exporting.write(owner, plan, Format.JSON, EVERYTHING))

    def calls(self, actor: Actor, row: Row, *, there: bool = True) -> Iterator[partial[Any]]:
        """Of a row's method, one for each member of whatever is one of several. `there`: about what there is; else
        about the like that there is not.
        """
        method = self._methods[row.surface]
        hints, wanted = typing.get_type_hints(method), inspect.signature(method).parameters
        named, typed = self._given(actor, there=there)
        of_row = self._of_row(row, named, typed) | {"actor": actor}
        names = [name for name, one in wanted.items() if one.default is one.empty or name in (*named, *of_row)]
        choices = [
            [of_row[name]] if name in of_row else _choices(row, name, hints[name], named, typed) for name in names
        ]
        for values in product(*choices):
            yield partial(method, **dict(zip(names, values, strict=True)))

    def _given(self, actor: Actor, *, there: bool) -> tuple[dict[str, Any], dict[Any, Any]]:
        key = actor.user_id, there
        if key not in self._known:
            with nullcontext() if there else self.world.elsewhere():
                self._known[key] = self._named(actor), self._typed(actor)
        return self._known[key]

    def _named(self, actor: Actor) -> dict[str, Any]:
        world = self.world
        return {
            **{name: value for name, value in world.named().items() if name != "with_deleted"},
            **world.keys,
            "grant_id": world.grants.get(actor.user_id, world.grant),
            "address": str(world.scene.id),
            "seen": [(world.keys["case_id"], 0)],
            "model": "one",
        }

    def _typed(self, actor: Actor) -> dict[Any, Any]:
        """Who may plan no file comes with somebody else's plan."""
        today = clock.now().date()
        usage = Query(first=today, last=today, shows_calls=True)
        of_audit = partial(self.app.audit_exports.plan, query=AuditQuery(), format_="csv")
        of_usage = partial(self.app.usage_exports.plan, query=usage, table=Table.CALLS, format_="csv")
        return self.world.typed(actor) | {
            Query: usage,
            AuditPlan: planned(partial(of_audit, actor)) or of_audit(self.world.scene.owner),
            UsagePlan: planned(partial(of_usage, actor)) or of_usage(self.world.scene.owner),
        }

    def _of_row(self, row: Row, named: dict[str, Any], typed: dict[Any, Any]) -> dict[str, Any]:
        """What stands in a row behind the method; and what is called alike but is another thing there."""
        other = named["user_id"]
        given: dict[str, dict[str, Any]] = {
            "talk.page with_deleted": {"with_deleted": True},
            "browse.list_page of an owner": {"filters": Filters(owner_id=other)},
            "audit.list_page of others": {"query": AuditQuery(actor_id=other)},
            "audit_exports.plan of others": {"query": AuditQuery(actor_id=other)},
        }
        if row.variant == "at others":
            given[row.name] = {"wanted": replace(typed[Wanted], user_ids=(other,))}
        assert not row.variant or row.name in given, f"say here what “{row.variant}” of {row.surface} is"
        found = given.get(row.name, {})
        if row.surface.startswith("importing."):
            found |= {"file": BytesIO(self._file)}
        if row.surface == "conversations.choose_model":
            found |= {"model": None}
        if row.surface == "profile.choose_zone":
            found |= {"zone": "UTC"}
        if row.surface.startswith("company_"):
            found |= {"seen": None}
        if row.surface.startswith("queue."):
            found |= {"question_id": named[QUEUED]}
        return found


def _choices(row: Row, name: str, hint: Any, named: dict[str, Any], typed: dict[Any, Any]) -> list[Any]:
    if hint in typed:
        return [typed[hint]]
    if inspect.isclass(hint) and issubclass(hint, StrEnum):
        return list(hint)
    if name not in named:
        pytest.fail(f"{row.surface} asks for something new: say in tests/support/walk.py what to give it as {name}")
    return [named[name]]
