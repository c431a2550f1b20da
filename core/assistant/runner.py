"""Writes answers in the background: one event loop in a thread of its own per process. Pages only watch."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from core.assistant.faults import describe
from core.assistant.live import LiveAnswer, Snapshot
from core.assistant.provider import Assistant
from core.assistant.runs import Call, Job, RunStore
from core.assistant.stream import AnswerStream, Attempt
from core.assistant.titles import improve_title
from core.errors import DatabaseUnavailable, ModelContextTooLong, ModelError, ParleyError
from core.models import CallPurpose, CallStatus, RunStatus

log = logging.getLogger(__name__)

KEEP_EVERY = 0.25
HEARTBEAT_EVERY = 1.0  # also how soon a wish to stop from another process is seen while no text comes
SWEEP_EVERY = 5.0
FRAME = 0.125  # every frame makes Streamlit send the whole text again: 8 a second read as smooth
LONGEST_BACKOFF = 5.0
MOST_TRIMS = 3
LAST_WRITE = 5.0

Result = TypeVar("Result")


class Runner:
    def __init__(self, store: RunStore, assistant: Assistant, *, grace: float) -> None:
        """`grace`: seconds that answers get to finish when the process stops."""
        self.store = store
        self.assistant = assistant
        self.grace = grace
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="runner-db")
        self._thread = threading.Thread(target=self._serve, name="runner", daemon=True)
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._stops: dict[UUID, asyncio.Event] = {}
        self._live: dict[UUID, LiveAnswer] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._is_draining = False
        self._loop: asyncio.AbstractEventLoop

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive() and not self._is_draining

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        self._loop.call_soon_threadsafe(lambda: self._later(self.assistant.warm_up()))
        asyncio.run_coroutine_threadsafe(self._sweep_for_ever(), self._loop)

    def submit(self, run_id: UUID) -> None:
        """Begins a queued run. From any thread; returns at once, and from then on it can be watched.

        A runner that is stopping, or never ran, leaves the run queued: another one's sweep finds it, or its own after
        the start.
        """
        if not self.is_running:
            return
        self._live.setdefault(run_id, LiveAnswer())
        self._tell(self._begin, run_id)

    def stop_run(self, run_id: UUID) -> None:
        """Ends a run of this process now; one of another process sees the wish in the database."""
        if self.is_running:
            self._tell(self._stop, run_id)

    def watch(self, run_id: UUID) -> Iterator[Snapshot]:
        """The answer as it grows, at most 8 times a second, until it is over. Leaving early harms nothing."""
        shown = -1
        while True:
            began = time.monotonic()
            live = self._live.get(run_id)
            now = live.wait_beyond(max(shown, 0), 1.0) if live else Snapshot(*self.store.snapshot(run_id))
            if now.is_over or len(now.text) != shown:
                shown = len(now.text)
                yield now
            if now.is_over:
                return
            time.sleep(max(0.0, (FRAME if live else KEEP_EVERY) - (time.monotonic() - began)))

    def stop(self) -> None:
        """Lets running answers finish for `grace` seconds, then keeps what they have, marked interrupted."""
        self._is_draining = True
        asyncio.run_coroutine_threadsafe(self._drain(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._threads.shutdown()

    def _tell(self, what: Callable[[UUID], None], run_id: UUID) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nothing runs here any more
            self._loop.call_soon_threadsafe(what, run_id)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def _begin(self, run_id: UUID) -> None:
        if run_id in self._tasks:
            return
        if self._is_draining:
            self._live.pop(run_id, None)
            return
        self._stops[run_id] = asyncio.Event()
        task = self._loop.create_task(self._run(run_id))
        self._tasks[run_id] = task
        task.add_done_callback(lambda done: self._forget(run_id, done))

    def _forget(self, run_id: UUID, task: asyncio.Task[None]) -> None:
        del self._tasks[run_id], self._stops[run_id]
        if not task.cancelled() and (error := task.exception()):
            log.error("run_crashed run=%s", run_id, exc_info=error)

    def _stop(self, run_id: UUID) -> None:
        if event := self._stops.get(run_id):
            event.set()

    async def _run(self, run_id: UUID) -> None:
        live = self._live.setdefault(run_id, LiveAnswer())
        job = None
        try:
            if job := await self._until_written(self.store.begin, run_id):
                await self._write(job, live)
        finally:
            del self._live[run_id]
            if job:  # else somebody else writes it: viewers go on with what the database has
                live.close()

    async def _write(self, job: Job, live: LiveAnswer) -> None:
        streams: list[AnswerStream] = []
        status, error_code = RunStatus.COMPLETE, None
        keeper = self._loop.create_task(self._keep(job, live))
        try:
            if await self._answer(job, live, streams):
                status = RunStatus.STOPPED
        except ModelError as error:
            status = RunStatus.INTERRUPTED if live.snapshot().text.strip() else RunStatus.FAILED
            error_code = error.code
            log.warning(
                "answer_failed run=%s code=%s cause=%s", job.run_id, error.code, describe(error.__cause__ or error)
            )
        except asyncio.CancelledError:  # the process is stopping
            status, error_code = RunStatus.INTERRUPTED, "model_cut_short"
        except Exception:
            log.exception("answer_crashed run=%s", job.run_id)
            status, error_code = RunStatus.FAILED, ParleyError.code
        finally:
            keeper.cancel()
        text = live.snapshot().text
        calls = _calls(CallPurpose.ANSWER, streams, status, error_code)
        reached_limit = bool(streams) and streams[-1].reached_limit
        finish = partial(self.store.finish, reached_limit=reached_limit)
        await self._until_written(finish, job, status, text, calls, error_code)
        if status is RunStatus.COMPLETE and job.is_first_answer and not self.assistant.is_embedded:
            self._later(self._improve_title(job, streams[-1].model, text))

    async def _answer(self, job: Job, live: LiveAnswer, streams: list[AnswerStream]) -> bool:
        """Streams the answer into `live`; True when it was stopped before its end.

        Our count of tokens is an estimate: when the provider finds the context too long after all, half of it goes.
        """
        model = self.assistant.resolve_model(job.model)
        prompt = job.prompt
        while True:
            streams.append(self.assistant.stream(model, prompt))
            try:
                return await self._follow(streams[-1], live, self._stops[job.run_id])
            except ModelContextTooLong:
                if live.snapshot().text or len(streams) > MOST_TRIMS:
                    raise
                prompt = prompt.halved()

    async def _follow(self, stream: AnswerStream, live: LiveAnswer, stop: asyncio.Event) -> bool:
        """Moves the stream into the live answer. True when it was stopped before its end."""
        reading = self._loop.create_task(_read(stream, live))
        stopping = self._loop.create_task(stop.wait())
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

    async def _keep(self, job: Job, live: LiveAnswer) -> None:
        """Every 250 ms what is new goes to the database; every second at least a sign of life."""
        kept, kept_at = "", time.monotonic()
        while True:
            await asyncio.sleep(KEEP_EVERY)
            text = live.snapshot().text
            if text == kept and time.monotonic() - kept_at < HEARTBEAT_EVERY:
                continue
            try:
                wants_stop = await self._in_database(self.store.keep, job, text)
            except DatabaseUnavailable:
                continue  # the text is here; it is kept when the database is back
            except Exception:
                log.exception("keeping_failed run=%s", job.run_id)
                continue
            kept, kept_at = text, time.monotonic()
            if wants_stop is not False:
                self._stop(job.run_id)

    async def _improve_title(self, job: Job, model: str, answer: str) -> None:
        title, stream = await improve_title(self.assistant, model, job.question, answer)
        status = RunStatus.COMPLETE if title else RunStatus.FAILED
        for call in _calls(CallPurpose.TITLE, [stream], status, None):
            await self._until_written(self.store.title, job, title, call)

    async def _until_written(self, write: Callable[..., Result], *arguments: Any) -> Result:
        """Repeats a write until PostgreSQL is there to take it; what was received is not given up."""
        wait = 0.1
        while True:
            try:
                return await self._in_database(write, *arguments)
            except DatabaseUnavailable:
                log.warning("database_away retry_in=%.1f", wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_BACKOFF)

    async def _in_database(self, call: Callable[..., Result], *arguments: Any) -> Result:
        return await self._loop.run_in_executor(self._threads, call, *arguments)

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                if ended := await self._in_database(self.store.interrupt_stale, set(self._tasks)):
                    log.warning("runs_interrupted count=%d", ended)
                for run_id in await self._in_database(self.store.list_unclaimed):
                    self._begin(run_id)
            except DatabaseUnavailable:
                log.warning("sweep_skipped")
            except Exception:
                log.exception("sweep_failed")
            await asyncio.sleep(SWEEP_EVERY)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _drain(self) -> None:
        if running := set(self._tasks.values()):
            await asyncio.wait(running, timeout=self.grace)
        if unfinished := set(self._tasks.values()):
            for task in unfinished:
                task.cancel()
            # Each now keeps what it has. With PostgreSQL away that has no end: then what was kept before has to do.
            await asyncio.wait(unfinished, timeout=LAST_WRITE)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.assistant.aclose()


async def _read(stream: AnswerStream, live: LiveAnswer) -> None:
    async with stream:
        async for delta in stream:
            live.append(delta)


def _calls(purpose: CallPurpose, streams: list[AnswerStream], status: RunStatus, error_code: str | None) -> list[Call]:
    """A ledger entry for each attempt: those that failed and were tried again, and the last, which counted."""
    calls: list[Call] = []
    for stream in streams:
        for one in stream.attempts or [Attempt(error_code, stream.seconds, stream.usage)]:
            failed = Call(purpose, stream.model, one.usage, CallStatus.FAILED, one.seconds, error_code=one.error_code)
            calls.append(failed)
    if calls:
        counted = streams[-1]
        calls[-1] = replace(
            calls[-1],
            usage=counted.usage,
            status=CallStatus(status.value),
            first_token_seconds=counted.first_token_seconds,
            error_code=error_code,
        )
    return calls
