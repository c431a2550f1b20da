"""Writes answers in the background: one event loop in a thread of its own per process. Pages only watch."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from core.assistant.acting import Acting
from core.assistant.elsewhere import Elsewhere
from core.assistant.jobs import Job
from core.assistant.ledger import calls_of
from core.assistant.live import LiveAnswer, Snapshot
from core.assistant.provider import Assistant
from core.assistant.runs import RunStore
from core.assistant.step_store import StepStore
from core.assistant.titles import estimate_title, read_title, title_stream
from core.assistant.writing import Writing
from core.errors import AnswerInterrupted, DatabaseUnavailable
from core.ids import reference_of
from core.models import CallPurpose, RunStatus
from core.telemetry import who

log = logging.getLogger(__name__)

KEEP_EVERY = 0.25
LONGEST_SWEEP = 5.0
AT_LEAST_EVERY = 1.0
FRAME = 0.125  # every frame makes Streamlit send the whole text again: 8 a second read as smooth
LONGEST_BACKOFF = 5.0
LAST_WRITE = 5.0

Result = TypeVar("Result")


class Runner:
    def __init__(
        self,
        store: RunStore,
        steps: StepStore,
        assistant: Assistant,
        *,
        grace: float,
        changed: Callable[[UUID], None],
    ) -> None:
        """`grace`: seconds that answers get to finish when the process stops.

        `changed` is told the conversation when an answer in it has ended, or has taken a step.
        """
        self.store = store
        self.steps = steps
        self.assistant = assistant
        self.grace = grace
        self.changed = changed
        self._lost_after = store.lost_after.total_seconds()
        self._reap_from = 0.0
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="runner-db")
        # Behind a hundred answers that end at once, what arrives of the others would wait to be kept.
        self._keeper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="runner-keep")
        self._thread = threading.Thread(target=self._serve, name="runner", daemon=True)
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._stops: dict[UUID, asyncio.Event] = {}
        self._live: dict[UUID, LiveAnswer] = {}
        self._elsewhere = Elsewhere(self._look)
        self._writing: dict[UUID, Writing] = {}
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
        for work in (self._keep_for_ever(), self._sweep_for_ever()):
            asyncio.run_coroutine_threadsafe(work, self._loop)

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
        """The answer as it grows, at most 8 times a second, until it is over. Leaving early harms nothing.

        What is silent comes again every second, so that a watcher who is not wanted any more can leave. While
        PostgreSQL is away an answer of another process just does not grow.
        """
        shown, text, told_at = -1, "", 0.0
        while True:
            began = time.monotonic()
            live = self._live.get(run_id)
            now = live.wait_beyond(max(shown, 0), 1.0) if live else self._look(run_id, text)
            text = now.text
            if now.is_over or len(text) != shown or began - told_at >= AT_LEAST_EVERY:
                shown, told_at = len(text), began
                yield now
            if now.is_over:
                return
            time.sleep(max(0.0, (FRAME if live else KEEP_EVERY) - (time.monotonic() - began)))

    def glance(self, run_id: UUID) -> Snapshot:
        """The answer as it is at this moment. Waits for nothing but one query, and not even that for an answer of this
        process, or when somebody just asked.
        """
        live = self._live.get(run_id)
        return live.snapshot() if live else self._elsewhere.glance(run_id)

    def _look(self, run_id: UUID, known: str) -> Snapshot:
        try:
            more, is_over = self.store.read_since(run_id, len(known))
        except DatabaseUnavailable:
            return Snapshot(known, is_over=False)
        return Snapshot(known + more, is_over)

    def stop(self) -> None:
        """Lets running answers finish for `grace` seconds, then keeps what they have, marked interrupted."""
        self._is_draining = True
        asyncio.run_coroutine_threadsafe(self._drain(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._threads.shutdown()
        self._keeper.shutdown()

    def _tell(self, what: Callable[[UUID], None], run_id: UUID) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nothing runs here any more
            # In the log, who has the run begun is not who asked: it may be the end of somebody else's answer.
            self._loop.call_soon_threadsafe(what, run_id, context=Context())

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
        who.note(run=run_id)
        live = self._live.setdefault(run_id, LiveAnswer())
        job = None
        try:
            if job := await self._claimed(run_id):
                who.note(person=job.origin.user_id, conversation=job.origin.conversation_id)
                await self._write(job, live)
        finally:
            del self._live[run_id]
            if job:  # else somebody else writes it: viewers go on with what the database has
                live.close()
        if job:
            self.changed(job.origin.conversation_id)

    async def _claimed(self, run_id: UUID) -> Job | None:
        """The job of a run that is ours now. One that can never be begun is ended, with a reference in the log."""
        try:
            return await self._until_written(self.store.begin, run_id)
        except Exception:
            log.exception("run_not_begun reference=%s run=%s", reference_of(run_id), run_id)
            if conversation_id := await self._until_written(self.store.give_up, run_id):
                self.changed(conversation_id)
            return None

    async def _write(self, job: Job, live: LiveAnswer) -> None:
        acting = Acting(
            job, self.steps, self.assistant, self._until_written, partial(self.changed, job.origin.conversation_id)
        )
        writing = Writing(job, live, self._stops[job.run_id], self.assistant, acting)
        self._writing[job.run_id] = writing
        try:
            status, error_code = await writing.write()
        finally:
            del self._writing[job.run_id]
        calls = calls_of(CallPurpose.ANSWER, writing.streams, status, error_code)
        finish = partial(self.store.finish, reached_limit=writing.reached_limit, tokens_before=writing.tokens_before)
        following = await self._until_written(finish, job, status, writing.text, calls, error_code)
        log.info("run_ended status=%s code=%s", status.value, error_code)
        if following:
            self.submit(following)
        if status is RunStatus.COMPLETE and job.is_first_answer and not self.assistant.is_embedded:
            self._later(self._improve_title(job, writing.streams[-1].model, writing.text))

    async def _keep_for_ever(self) -> None:
        """Every 250 ms what is new of all answers goes to the database, and every second at least a sign of life. What
        keeping takes is part of these: an answer's last words before a crash are as old as two of them at most.
        """
        due_at = time.monotonic()
        while True:
            due_at = max(due_at + KEEP_EVERY, time.monotonic())
            await asyncio.sleep(due_at - time.monotonic())
            try:
                await self._keep()
            except DatabaseUnavailable:
                continue  # the texts are here; they are kept when the database is back
            except Exception:
                log.exception("keeping_failed")

    async def _keep(self) -> None:
        due = [(writing, news) for writing in self._writing.values() if (news := writing.news())]
        if not due:
            return
        wants_stop = await self._in_thread(self._keeper, self.store.keep, [news for _, news in due])
        for writing, news in due:
            writing.kept(news)
            if wants_stop.get(news.job.run_id, True):  # one that is missing is not ours any more
                writing.stop.set()

    async def _improve_title(self, job: Job, model: str, answer: str) -> None:
        size = estimate_title(job.question, answer)
        if not await self._until_written(self.store.admits_title, job, model, *size):
            return
        stream = title_stream(self.assistant, model, job.question, answer)
        title, error_code = None, None
        try:
            title = await read_title(stream)
            status = RunStatus.COMPLETE if title else RunStatus.FAILED
        except asyncio.CancelledError:  # the process is stopping; what it cost is booked all the same
            status, error_code = RunStatus.INTERRUPTED, AnswerInterrupted.code
        for call in calls_of(CallPurpose.TITLE, [stream], status, error_code):
            await self._until_written(self.store.title, job, title, call)
        self.changed(job.origin.conversation_id)

    async def _until_written(self, write: Callable[..., Result], *arguments: Any) -> Result:
        """Repeats a write until PostgreSQL is there to take it; what was received is not given up."""
        wait = 0.1
        while True:
            try:
                return await self._in_database(write, *arguments)
            except DatabaseUnavailable:
                log.debug("database_away retry_in=%.1f", wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_BACKOFF)

    async def _in_database(self, call: Callable[..., Result], *arguments: Any) -> Result:
        return await self._in_thread(self._threads, call, *arguments)

    async def _in_thread(self, threads: ThreadPoolExecutor, call: Callable[..., Result], *arguments: Any) -> Result:
        return await self._loop.run_in_executor(threads, copy_context().run, call, *arguments)

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                await self._sweep()
            except DatabaseUnavailable:
                # Nobody could give a sign of life meanwhile: all get the usual time for it once PostgreSQL is back.
                self._reap_from = time.monotonic() + self._lost_after
                log.debug("sweep_skipped")
            except Exception:
                log.exception("sweep_failed")
            await asyncio.sleep(min(LONGEST_SWEEP, self._lost_after / 3))

    async def _sweep(self) -> None:
        """What others left: answers of processes that died, queues that nobody moved on, runs that nobody took."""
        if time.monotonic() >= self._reap_from:
            for run_id in await self._in_database(self.store.list_stale, set(self._tasks)):
                await self._guarded(self._interrupt, run_id)
        for conversation_id in await self._in_database(self.store.list_due):
            await self._guarded(self._move_on, conversation_id)
        for run_id in await self._in_database(self.store.list_unclaimed):
            self._begin(run_id)

    async def _interrupt(self, run_id: UUID) -> None:
        if conversation_id := await self._in_database(self.store.interrupt, run_id):
            log.warning("run_interrupted reference=%s run=%s", reference_of(run_id), run_id)
            self.changed(conversation_id)

    async def _move_on(self, conversation_id: UUID) -> None:
        if run_id := await self._in_database(self.store.move_on, conversation_id):
            self._begin(run_id)
            self.changed(conversation_id)

    async def _guarded(self, work: Callable[[UUID], Coroutine[Any, Any, None]], key: UUID) -> None:
        """What goes wrong with one keeps nobody from the others."""
        try:
            await work(key)
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("sweep_failed key=%s", key)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _drain(self) -> None:
        if running := {*self._tasks.values(), *self._background}:
            await asyncio.wait(running, timeout=self.grace)
        if unfinished := {*self._tasks.values(), *self._background}:
            for task in unfinished:
                task.cancel()
            # Each now keeps what it has. With PostgreSQL away that has no end: then what was kept before has to do.
            await asyncio.wait(unfinished, timeout=LAST_WRITE)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.assistant.aclose()
