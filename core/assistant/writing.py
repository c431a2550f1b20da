"""One answer on its way into the database: written into memory, kept from there, ended."""

import asyncio
import logging
import time
from uuid import UUID

from core.assistant.acting import Acted, Acting
from core.assistant.context import MOST_TRIMS, Prompt
from core.assistant.faults import describe, is_rejected
from core.assistant.jobs import Job
from core.assistant.ledger import calls_of, repeated_calls
from core.assistant.live import LiveAnswer
from core.assistant.provider import Assistant
from core.assistant.runs import News
from core.assistant.seams import seam
from core.assistant.stream import AnswerStream
from core.errors import (
    AnswerInterrupted,
    BudgetSpent,
    ModelContextTooLong,
    ModelError,
    ModelRefused,
    ParleyError,
)
from core.ids import reference_of
from core.models import CallPurpose, RunStatus
from core.repositories.answer_runs import Arrived

log = logging.getLogger(__name__)

HEARTBEAT_EVERY = 1.0  # also how soon a wish to stop from another process is seen while no text comes


class Writing:
    """For the runner's loop; `live` is read from other threads as well."""

    def __init__(self, job: Job, live: LiveAnswer, stop: asyncio.Event, assistant: Assistant, acting: Acting) -> None:
        """Setting `stop` ends it, with what is there by then. `acting` has the tools called that the model wants."""
        self.job = job
        self.live = live
        self.stop = stop
        self.assistant = assistant
        self.streams: list[AnswerStream] = []
        """One for each prompt that was tried since tools were called last; none while the model was not asked."""
        self.tokens_before = 0
        """Of the answer, written before the tools that it had called last."""
        self._acting = acting
        self._has_acted = False
        self._ends_at = time.monotonic() + assistant.deadline
        self._kept = len(job.resumed)
        self._booked: set[UUID] = set()
        self._heard_at = time.monotonic()
        live.append(job.resumed)
        if job.wants_stop:
            stop.set()

    @property
    def text(self) -> str:
        return self.live.snapshot().text

    @property
    def reached_limit(self) -> bool:
        return bool(self.streams) and self.streams[-1].reached_limit

    def news(self) -> News | None:
        """What the database does not have yet, or a sign of life when it is time for one; None when neither is due."""
        more = self.live.since(self._kept)
        calls = [one for one in repeated_calls(CallPurpose.ANSWER, self.streams) if one.id not in self._booked]
        if not more and not calls and time.monotonic() - self._heard_at < HEARTBEAT_EVERY:
            return None
        return News(self.job, Arrived(self.job.run_id, self._kept, more), calls)

    def kept(self, news: News) -> None:
        """The database has it now."""
        self._kept = news.arrived.cursor + len(news.arrived.text)
        self._booked.update(call.id for call in news.calls)
        self._heard_at = time.monotonic()

    async def write(self) -> tuple[RunStatus, str | None]:
        """Has the answer written. How it ended, and the code of the error if that was one."""
        run_id = self.job.run_id
        try:
            return await self._answer(), None
        except (ModelError, BudgetSpent) as error:
            cause = describe(error.__cause__ or error)
            log.warning(
                "answer_failed reference=%s run=%s code=%s cause=%s", reference_of(run_id), run_id, error.code, cause
            )
            return self._broken_off(), error.code
        except asyncio.CancelledError:  # the process is stopping
            return RunStatus.INTERRUPTED, AnswerInterrupted.code
        except Exception:
            log.exception("answer_crashed reference=%s run=%s", reference_of(run_id), run_id)
            return self._broken_off(), ParleyError.code

    def _broken_off(self) -> RunStatus:
        return RunStatus.INTERRUPTED if self.text.strip() else RunStatus.FAILED

    async def _answer(self) -> RunStatus:
        """Has the model asked, and asked again with what its tools have found, until it wants no more of them."""
        model = self.assistant.resolve_model(self.job.allowed_model)
        if self.stop.is_set():  # nor is anything done then that was approved before
            return RunStatus.STOPPED
        prompt = self._fitted(await self._acting.opened(self.job.prompt))
        while not self.stop.is_set():
            asked = await self._respond(model, prompt)
            if asked is None:
                break
            if not self.streams[-1].calls:
                return RunStatus.COMPLETE
            acted = await self._act(asked)
            if acted.exchange is None:
                break
            if acted.is_waiting:
                return RunStatus.STOPPED if self.stop.is_set() else RunStatus.WAITING
            prompt = self._fitted(asked.after(acted.exchange))
            await self._acting.admit(model, self.assistant.prompt_tokens(prompt))
        return RunStatus.STOPPED

    def _fitted(self, prompt: Prompt) -> Prompt:
        """As it can be sent to this model."""
        told = prompt if prompt.tools else prompt.in_words()
        reserve = self.assistant.answer_tokens(self.job.model)
        window = self.assistant.window(self.job.model, needed=told.tokens + reserve)
        return told.fitted(window=window, reserve=reserve)

    async def _respond(self, model: str, prompt: Prompt) -> Prompt | None:
        """Streams one response into `live`. What was asked in the end; None when it was stopped before its end.

        Our count of tokens is an estimate: when the provider finds the context too long after all, half of it goes. A
        service that does not know tools is asked without, and from then on never with them; what was done with them by
        then, when the model was another one, it is told in words.
        """
        has_dropped = False
        while not self.stop.is_set():
            left = self._ends_at - time.monotonic()
            self.streams.append(self.assistant.stream(model, prompt, deadline=left))
            try:
                was_stopped = await self._follow(self.streams[-1])
            except ModelContextTooLong:
                if self.streams[-1].text or len(self.streams) > MOST_TRIMS:
                    raise
                prompt = prompt.halved()
            except ModelRefused as error:
                if not prompt.tools or not is_rejected(error):
                    raise
                # Behind calls it may be something else that it did not take.
                has_dropped, prompt = not prompt.exchanges, prompt.in_words()
            else:
                if has_dropped:
                    self.assistant.forgo_tools(model)
                return None if was_stopped else prompt
        return None

    async def _act(self, asked: Prompt) -> Acted:
        """Has the tools called that the model wants. From then on its response is paid for, and kept."""
        stream = self.streams[-1]
        calls = calls_of(CallPurpose.TOOL, self.streams, RunStatus.COMPLETE, None)
        room = self.assistant.window(self.job.model) // 2 - sum(one.tokens for one in asked.exchanges)
        acted = await self._acting.act(stream.calls, self.text, stream.text, calls, room)
        if acted.exchange:
            self._has_acted = True
            self.tokens_before += stream.usage.output_tokens or 0
            self.streams.clear()
        return acted

    async def _follow(self, stream: AnswerStream) -> bool:
        """Moves the stream into the live answer. True when it was stopped before its end."""
        reading = asyncio.create_task(self._read(stream))
        stopping = asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
                return False
            return True
        finally:
            for task in (reading, stopping):
                task.cancel()
            await asyncio.gather(reading, stopping, return_exceptions=True)

    async def _read(self, stream: AnswerStream) -> None:
        before = self.text
        async with stream:
            async for delta in stream:
                self.live.append(self._joint(before, delta) + delta)
                before = ""

    def _joint(self, before: str, delta: str) -> str:
        """What belongs between what there was and what comes now: behind the calls of tools a new paragraph begins."""
        if not before or self.assistant.can_prefill:
            return ""
        if self._has_acted or not self.job.prompt.is_resumed:
            return "" if before.endswith("\n") else "\n\n"
        return seam(before, delta)
