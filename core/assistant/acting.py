"""Having the tools called that a model wants called for one answer, within limits, and keeping each as a step."""

import asyncio
import contextlib
import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from core.assistant.context import Exchange, Prompt, fit_calls, fit_exchanges
from core.assistant.earlier_steps import call_of
from core.assistant.jobs import Job
from core.assistant.ledger import Call
from core.assistant.provider import Assistant
from core.assistant.step_store import StepStore
from core.assistant.steps import Step, StepState
from core.assistant.stream import Called, storable
from core.assistant.tools.registry import WRONG, Caller, Performed, Tool, wrong_arguments
from core.errors import ModelLooping, ModelOverworked, ParleyError, Unavailable
from core.ids import derived_id, new_id, reference_of
from core.telemetry import counted

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Same = tuple[str, str]
InDatabase = Callable[..., Awaitable[Any]]
"""Calls a method with its arguments, again and again until PostgreSQL is there to take it."""

MOST_SAME = 3
"""How often one answer may call the same with the same arguments."""
MOST_ARGUMENTS = 20_000
"""Characters of the arguments of one call."""
MOST_NAME = 100
MOST_SHOWN = 1_000
TOO_LONG = "The arguments are too long. Shorten them, or go on without this call."
TOO_SLOW = "This took longer than {seconds:g} s and was given up. Look whether it was done before trying again."
SWITCHED_OFF, NOT_ON = "Tools have been switched off. Say that this was not done.", "Not done: tools are switched off."
NOT_WELCOME = "The person who asked may not do anything here any more. Say that this was not done."
NOT_ALLOWED = "Not done: who asked may not do anything here any more."


@dataclass(frozen=True, slots=True)
class Acted:
    """What came of a round of calls."""

    exchange: Exchange | None
    """For the model to go on from. None: the answer is somebody else's by now, and nothing was called."""
    is_waiting: bool = False
    """Some of the calls wait for their person to approve or decline them."""


@dataclass
class Acting:
    """For the runner's loop, and one answer."""

    job: Job
    store: StepStore
    assistant: Assistant
    in_database: InDatabase
    changed: Callable[[], None]
    """Tells whoever looks at the answer that there is a step to be seen."""
    _made: Counter[Same] = field(default_factory=Counter)
    """How often this run has called the same, whatever came of it."""
    _done: Counter[Same] = field(default_factory=Counter)
    """How often that was done. What earlier runs left open, and this one has made, is not among it: the model may well
    want the same once more, and that is the same.
    """
    _rounds: int = 0

    async def opened(self, prompt: Prompt) -> Prompt:
        """The prompt with what came of the calls that were kept, and not known to have ended: those that their person
        approved, and those whose process died. They are made now, under the keys that they have. What others had found
        is looked up anew: it is not kept.
        """
        seen = self.job.seen_steps if prompt.exchanges and self.job.tools_on else ()
        if not seen and not self.job.open_steps:
            return prompt
        ended = [*await asyncio.gather(*map(self._performed, seen)), *await self._all_ended(self.job.open_steps)]
        told = {step.id.hex: step.told for step in ended}
        exchanges = tuple(
            replace(one, calls=tuple(replace(call, told=told.get(call.id, call.told)) for call in one.calls))
            for one in prompt.exchanges
        )
        return replace(prompt, exchanges=fit_exchanges(exchanges, self.assistant.window(self.job.model) // 2))

    async def act(self, called: Sequence[Called], text: str, written: str, calls: Sequence[Call], room: int) -> Acted:
        """Makes the calls that one response of the model wants. `text`: the answer so far; `written`: what of it is in
        that response; `calls`: its ledger entries; `room`: tokens that are left for results.

        Raises ModelOverworked, ModelLooping.
        """
        self._refuse_endless(called)
        wanted = [await self._asked_about(step) for step in self._steps(called, len(text))]
        steps: list[Step] | None = await self.in_database(self.store.begin, self.job, text, wanted, calls)
        if steps is None:
            return Acted(None)
        self.changed()
        ended = await self._all_ended([step for step in steps if step.state is StepState.RUNNING])
        self._done.update(same_of(one.name, one.arguments) for one in ended if one.state is StepState.DONE)
        known = {step.id: step for step in [*steps, *ended]}
        exchange = Exchange(written, fit_calls([call_of(known[step.id]) for step in steps], room))
        return Acted(exchange, any(step.state is StepState.WAITING for step in steps))

    async def admit(self, model: str, prompt_tokens: int) -> None:
        """Before the model is asked again. Raises BudgetSpent."""
        await self.in_database(self.store.admit, self.job, model, prompt_tokens)

    def _refuse_endless(self, called: Sequence[Called]) -> None:
        self._made.update(same_of(one.name, one.arguments) for one in called)
        if self._made.total() > self.assistant.most_calls:
            raise ModelOverworked
        if any(self._made[same_of(one.name, one.arguments)] > MOST_SAME for one in called):
            raise ModelLooping

    def _steps(self, called: Sequence[Called], at: int) -> list[Step]:
        self._rounds += 1
        among: Counter[Same] = Counter()
        steps = []
        for one in called:
            same = same_of(one.name, one.arguments)
            steps.append(self._step(one, at, self._key(same, among[same])))
            among[same] += 1
        return steps

    def _step(self, called: Called, at: int, client_key: UUID) -> Step:
        refusal = TOO_LONG if len(called.arguments) > MOST_ARGUMENTS else ""
        return Step(
            id=new_id(),  # until it is kept
            answer_id=self.job.origin.message_id,
            name=called.name[:MOST_NAME],
            arguments=called.arguments[:MOST_ARGUMENTS],
            call_id=called.id[:MOST_NAME],
            run_id=self.job.run_id,
            asked_by=self.job.origin.user_id,
            client_key=client_key,
            round=self.job.rounds + self._rounds,
            at=at,
            state=StepState.FAILED if refusal else StepState.RUNNING,
            shown=WRONG if refusal else "",
            told=refusal,
        )

    async def _asked_about(self, step: Step) -> Step:
        """The step, waiting if its person is to be asked first, which nobody is about nonsense."""
        tool = self.assistant.tools.get(step.name)
        if step.is_over or tool is None or not tool.changes or not self._may_be_called(tool):
            return step
        try:
            arguments = tool.read(step.arguments)
        except ValidationError as error:
            return failed(step, wrong_arguments(error), WRONG)
        asks = tool.name in self.job.ask_first or await self._reaches_others(tool, step, arguments)
        return step.ended(StepState.WAITING) if asks else step

    async def _reaches_others(self, tool: Tool, step: Step, arguments: Mapping[str, Any]) -> bool:
        """True as well where that can't be found out: better asked about once too often."""
        if tool.reaches_others is None:
            return False
        caller: Caller | None = await self.in_database(self.store.caller, self.job, step)
        if caller is None:
            return False  # nor is the call made then
        try:
            asked = in_thread(partial(tool.reaches_others, caller, arguments))
            return await asyncio.wait_for(asked, self.assistant.tool_seconds)
        except Unavailable:
            return True
        except ParleyError:
            return False  # the call itself will say what is wrong
        except Exception:
            log.exception("tool_not_weighed reference=%s tool=%s", reference_of(step.client_key), step.name)
            return True

    def _may_be_called(self, tool: Tool) -> bool:
        """Else nobody is asked whether it is to be."""
        return self.job.tools_on and (tool.in_rooms or self.job.origin.room_id is None)

    def _key(self, same: Same, among: int) -> UUID:
        """The same for the same call to answer a question, in whatever attempt; another one only for a second call that
        the same attempt makes on purpose: along with the first, or having been told that the first was done.
        """
        return derived_id("tool", str(self.job.question_id), *same, str(self._done[same] + among))

    async def _all_ended(self, steps: Sequence[Step]) -> list[Step]:
        return list(await asyncio.gather(*map(self._ended, steps)))

    async def _ended(self, step: Step) -> Step:
        ended = await self._performed(step) if self.job.tools_on else failed(step, SWITCHED_OFF, NOT_ON)
        tool = self.assistant.tools.get(step.name)
        # What was looked up may be in others' words: it goes to the model, and is not kept beside what it was found in,
        # which may be deleted there.
        is_kept = ended.state is not StepState.DONE or (tool is not None and tool.changes)
        await self.in_database(self.store.end, [ended if is_kept else replace(ended, told="")])
        # The model may call what there is not, by any name.
        counted.tool_calls.count(step.name if tool else "unknown", ended.state)
        self.changed()
        return ended

    async def _performed(self, step: Step) -> Step:
        caller: Caller | None = await self.in_database(self.store.caller, self.job, step)
        if caller is None:
            return failed(step, NOT_WELCOME, NOT_ALLOWED)
        await self._keep_undo(step, caller)
        began, longest = time.perf_counter(), self.assistant.tool_seconds
        call = partial(self.assistant.tools.perform, step.name, caller, step.arguments)
        try:
            performed = await asyncio.wait_for(in_thread(call), longest)
        except TimeoutError:
            return failed(step, TOO_SLOW.format(seconds=longest), seconds=time.perf_counter() - began)
        return _after(step, performed, time.perf_counter() - began)

    async def _keep_undo(self, step: Step, caller: Caller) -> None:
        """Before the call, as long as what it changes can be seen. An earlier attempt at it has done so already."""
        tool = self.assistant.tools.get(step.name)
        if tool is None or tool.prepare is None or step.undo is not None:
            return
        try:
            looked = in_thread(partial(tool.prepared, caller, step.arguments))
            undo = await asyncio.wait_for(looked, self.assistant.tool_seconds)
        except TimeoutError:
            return
        except Exception:  # what is wrong, the call itself will say
            log.exception("undo_not_kept reference=%s tool=%s", reference_of(step.client_key), step.name)
            return
        if undo is not None:
            await self.in_database(self.store.end, [replace(step, undo=undo)])


def same_of(name: str, arguments: str) -> Same:
    """Name and arguments in one form, however they are spaced and ordered."""
    try:
        return name, json.dumps(json.loads(arguments or "{}"), sort_keys=True)
    except ValueError:
        return name, arguments


def failed(step: Step, told: str, shown: str = "", *, seconds: float | None = None) -> Step:
    """`told`: what the model is told of it; `shown`: what people are, where that is something else."""
    return step.ended(StepState.FAILED, shown=shown or told, told=told, seconds=seconds)


def _after(step: Step, performed: Performed, seconds: float) -> Step:
    result = performed.result
    return step.ended(
        StepState.DONE if result else StepState.FAILED,
        shown=storable(performed.shown)[:MOST_SHOWN],
        told=storable(performed.told),
        links=result.links if result else (),
        undo=result.undo if result else None,
        seconds=seconds,
    )


async def in_thread(call: Callable[[], Result]) -> Result:
    """In a thread that nothing waits for: a tool that hangs keeps neither others nor the end of the process."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def give(outcome: Callable[[], None]) -> None:
        def settle() -> None:
            if not future.done():
                outcome()

        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(settle)

    def run() -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - who waits for it is told
            give(partial(future.set_exception, error))
        else:
            give(partial(future.set_result, result))

    threading.Thread(target=copy_context().run, args=(run,), name="tool", daemon=True).start()
    return await future
