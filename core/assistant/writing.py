"""One answer on its way into the database: written into memory, kept from there, ended."""

import asyncio
import logging
import time

from core.assistant.context import MOST_TRIMS
from core.assistant.faults import describe
from core.assistant.jobs import Job
from core.assistant.ledger import repeated_calls
from core.assistant.live import LiveAnswer
from core.assistant.provider import Assistant
from core.assistant.runs import News
from core.assistant.seams import seam
from core.assistant.stream import AnswerStream
from core.errors import AnswerInterrupted, ModelContextTooLong, ModelError, ParleyError
from core.ids import reference_of
from core.models import CallPurpose, RunStatus
from core.repositories.answer_runs import Arrived

log = logging.getLogger(__name__)

HEARTBEAT_EVERY = 1.0  # also how soon a wish to stop from another process is seen while no text comes


class Writing:
    """For the runner's loop; `live` is read from other threads as well."""

    def __init__(self, job: Job, live: LiveAnswer, stop: asyncio.Event, assistant: Assistant) -> None:
        """Setting `stop` ends it, with what is there by then."""
        self.job = job
        self.live = live
        self.stop = stop
        self.assistant = assistant
        self.streams: list[AnswerStream] = []
        """One for each prompt that was tried; none while the model was not asked."""
        self._kept = len(job.resumed)
        self._booked = 0
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
        more, calls = self.live.since(self._kept), repeated_calls(CallPurpose.ANSWER, self.streams)[self._booked :]
        if not more and not calls and time.monotonic() - self._heard_at < HEARTBEAT_EVERY:
            return None
        return News(self.job, Arrived(self.job.run_id, self._kept, more), calls)

    def kept(self, news: News) -> None:
        """The database has it now."""
        self._kept = news.arrived.cursor + len(news.arrived.text)
        self._booked += len(news.calls)
        self._heard_at = time.monotonic()

    async def write(self) -> tuple[RunStatus, str | None]:
        """Has the answer written. How it ended, and the code of the error if that was one."""
        run_id = self.job.run_id
        try:
            was_stopped = await self._answer()
        except ModelError as error:
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
        return RunStatus.STOPPED if was_stopped else RunStatus.COMPLETE, None

    def _broken_off(self) -> RunStatus:
        return RunStatus.INTERRUPTED if self.text.strip() else RunStatus.FAILED

    async def _answer(self) -> bool:
        """Streams the answer into `live`; True when it was stopped before its end.

        Our count of tokens is an estimate: when the provider finds the context too long after all, half of it goes.
        """
        model = self.assistant.resolve_model(self.job.model)
        prompt = self.job.prompt
        while not self.stop.is_set():
            self.streams.append(self.assistant.stream(model, prompt))
            try:
                return await self._follow(self.streams[-1])
            except ModelContextTooLong:
                if self.streams[-1].text or len(self.streams) > MOST_TRIMS:
                    raise
                prompt = prompt.halved()
        return True

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
        before = "" if self.assistant.can_prefill else self.job.resumed
        async with stream:
            async for delta in stream:
                self.live.append(seam(before, delta) + delta)
                before = ""
