"""Two people in one conversation, two workers, and whatever order things happen in: what must hold after each step."""

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from core import clock
from core.assistant.jobs import Job
from core.assistant.ledger import Call
from core.assistant.runs import News, RunStore
from core.database.engine import Database
from core.errors import ParleyError
from core.ids import new_id
from core.models import CallPurpose, CallStatus, Message, MessageRole, MessageStatus, RunStatus
from core.repositories.answer_runs import Arrived
from tests.support.talks import USAGE, Desk

LOST_AFTER = timedelta(seconds=15)
ENDINGS = {
    RunStatus.COMPLETE: "A whole answer.",
    RunStatus.STOPPED: "A stopped",
    RunStatus.INTERRUPTED: "A broken",
    RunStatus.FAILED: "",
}
who, which = st.integers(0, 1), st.integers(0, 7)


class Talk(RuleBasedStateMachine):
    database: Database

    @initialize()
    def begin_talk(self) -> None:
        self.desk = Desk(self.database)
        assistant = self.desk.store.assistant
        self.workers = [RunStore(self.database, assistant, new_id(), LOST_AFTER) for _ in range(2)]
        self.jobs: dict[UUID, tuple[RunStore, Job]] = {}
        """Answers that a worker is writing."""
        self.sent: Counter[str] = Counter()
        """Questions that were accepted, and neither edited nor taken back."""
        self.booked: set[UUID] = set()
        """Calls that workers have seen acknowledged."""
        self.abandoned = 0
        """Runs whose worker died: the reaper books for them."""
        self.refusals: list[str] = []
        self.number = 0
        self.people = [self.desk.me, self.desk.person()]
        asked = self.desk.ask(self.desk.me, self.new_text())
        self.conversation_id = asked.conversation_id
        self.desk.join(self.people[1], self.conversation_id)

    def new_text(self) -> str:
        self.number += 1
        text = f"Question {self.number}"
        self.sent[text] += 1
        return text

    def attempt(self, act: Callable[[], Any]) -> bool:
        """Whether it was accepted; a refusal is one of ours, with a sentence."""
        try:
            act()
        except ParleyError as error:
            self.refusals.append(str(error))
            return False
        return True

    def messages(self, role: MessageRole) -> list[Message]:
        return [message for message in self.all_messages() if message.role is role]

    def all_messages(self) -> list[Message]:
        with self.database.reading() as session:
            rows = session.execute(
                text("SELECT id FROM messages WHERE conversation_id = :id ORDER BY seq"), {"id": self.conversation_id}
            )
            return [session.get_one(Message, row.id) for row in rows]

    def one_of(self, role: MessageRole, number: int) -> UUID:
        found = self.messages(role)
        return found[-1 - number % len(found)].id

    # What people do.

    @rule(by=who, is_repeated=st.booleans())
    def ask(self, by: int, is_repeated: bool) -> None:
        said, key = self.new_text(), new_id()

        def send() -> None:
            self.desk.chat.ask(self.people[by], said, conversation_id=self.conversation_id, client_key=key)

        if not self.attempt(send):
            self.sent[said] -= 1
        elif is_repeated:
            send()

    @rule(by=who)
    def stop(self, by: int) -> None:
        self.attempt(lambda: self.desk.chat.stop(self.people[by], self.conversation_id))

    @rule(by=who, number=which)
    def retry(self, by: int, number: int) -> None:
        answer = self.one_of(MessageRole.ASSISTANT, number)
        self.attempt(lambda: self.desk.chat.retry(self.people[by], answer))

    @rule(by=who)
    def resume(self, by: int) -> None:
        answer = self.one_of(MessageRole.ASSISTANT, 0)
        self.attempt(lambda: self.desk.chat.resume(self.people[by], answer))

    @rule(by=who, number=which)
    def regenerate(self, by: int, number: int) -> None:
        answer = self.one_of(MessageRole.ASSISTANT, number)
        self.attempt(lambda: self.desk.chat.regenerate(self.people[by], answer))

    @rule(by=who, number=which)
    def edit_and_resend(self, by: int, number: int) -> None:
        said, question = self.new_text(), self.one_of(MessageRole.USER, number)
        if not self.attempt(lambda: self.desk.chat.edit_and_resend(self.people[by], question, said)):
            self.sent[said] -= 1

    @rule(by=who, number=which)
    def show_version(self, by: int, number: int) -> None:
        found = self.all_messages()
        hidden = found[-1 - number % len(found)].id
        self.attempt(lambda: self.desk.chat.show_version(self.people[by], hidden))

    @rule(number=which, role=st.sampled_from([MessageRole.USER, MessageRole.ASSISTANT]))
    def delete_message(self, number: int, role: MessageRole) -> None:
        self.desk.delete_message(self.one_of(role, number))

    @rule()
    def delete_and_restore(self) -> None:
        self.desk.conversations.delete(self.desk.me, self.conversation_id)
        self.desk.conversations.restore(self.desk.me, self.conversation_id)

    @rule(by=who, number=which, act=st.sampled_from(["hold", "release", "edit", "remove", "send_now"]))
    def change_the_queue(self, by: int, number: int, act: str) -> None:
        waiting = self.desk.read(self.conversation_id).queued
        if not waiting:
            return
        question = waiting[number % len(waiting)]
        if act == "edit":
            said = self.new_text()
            done = self.attempt(lambda: self.desk.queue.edit(self.people[by], question.id, said))
            self.sent[question.content if done else said] -= 1
        elif self.attempt(lambda: getattr(self.desk.queue, act)(self.people[by], question.id)) and act == "remove":
            self.sent[question.content] -= 1

    # What workers do, and what becomes of them.

    @rule(worker=st.integers(0, 1))
    def take_up(self, worker: int) -> None:
        run_id = self.desk.read(self.conversation_id).active_run_id
        if run_id and (job := self.workers[worker].begin(run_id)):
            self.jobs[run_id] = self.workers[worker], job

    @precondition(lambda self: self.jobs)
    @rule()
    def let_text_arrive(self) -> None:
        for store, job in self.jobs.values():
            for _ in range(2):  # the second time because the acknowledgement was lost
                store.keep([News(job, Arrived(job.run_id, len(job.resumed), "Some text"))])

    @precondition(lambda self: self.jobs)
    @rule(ending=st.sampled_from(list(ENDINGS)), is_repeated=st.booleans())
    def end(self, ending: RunStatus, is_repeated: bool) -> None:
        _, (store, job) = self.jobs.popitem()
        status = RunStatus.INTERRUPTED if ending is RunStatus.FAILED and job.resumed else ending
        call = Call(CallPurpose.ANSWER, "small", USAGE, CallStatus(status.value), 1.0)
        self.booked.add(call.id)
        for _ in range(1 + is_repeated):
            store.finish(job, status, job.resumed + ENDINGS[ending], [call])

    @precondition(lambda self: self.jobs)
    @rule(reaper=st.integers(0, 1))
    def die(self, reaper: int) -> None:
        run_id, (dead, job) = self.jobs.popitem()
        with self.database.transaction() as session:
            moment = clock.now() - 2 * LOST_AFTER
            session.execute(
                text("UPDATE answer_runs SET heartbeat_at = :t WHERE id = :id"), {"t": moment, "id": run_id}
            )
        store = self.workers[reaper]
        assert run_id in store.list_stale(self.jobs)
        assert store.interrupt(run_id) == self.conversation_id and store.interrupt(run_id) is None
        self.abandoned += 1
        # It was only slow: what it still writes must not count.
        assert dead.keep([News(job, Arrived(run_id, 0, "Too late"))]) == {}
        assert dead.finish(job, RunStatus.COMPLETE, "Too late", []) is None

    # What holds.

    @invariant()
    def a_refusal_is_a_sentence(self) -> None:
        assert all(refusal.endswith(".") for refusal in self.refusals)

    @invariant()
    def seq_is_gapless(self) -> None:
        with self.database.reading() as session:
            last = session.execute(
                text("SELECT last_seq FROM conversations WHERE id = :id"), {"id": self.conversation_id}
            ).scalar_one()
        assert [message.seq for message in self.all_messages()] == list(range(1, last + 1))

    @invariant()
    def one_answer_at_most_is_being_written(self) -> None:
        with self.database.reading() as session:
            active = session.execute(
                text(
                    "SELECT message_id FROM answer_runs WHERE conversation_id = :id AND status IN ('queued', 'running')"
                ),
                {"id": self.conversation_id},
            ).scalars()
            writing = list(active)
        pending = [message.id for message in self.all_messages() if message.status is MessageStatus.PENDING]
        assert len(writing) <= 1
        assert pending == writing

    @invariant()
    def the_transcript_is_linear(self) -> None:
        shown = [message for message in self.all_messages() if message.superseded_with_id is None]
        assert [message.role for message in shown] == [MessageRole.USER, MessageRole.ASSISTANT] * (len(shown) // 2)
        for question, answer in zip(shown[::2], shown[1::2], strict=True):
            assert answer.reply_to_id == question.id
        assert all(message.status is not MessageStatus.PENDING for message in shown[:-1])
        read = self.desk.read(self.conversation_id)
        assert [message.id for message in read.messages] == [message.id for message in shown][-40:]

    @invariant()
    def nothing_sent_is_lost_or_doubled(self) -> None:
        asked = [message.content for message in self.messages(MessageRole.USER)]
        assert Counter(asked + self.desk.waiting(self.conversation_id)) == +self.sent

    @invariant()
    def the_ledger_has_every_call_once(self) -> None:
        with self.database.reading() as session:
            rows = session.execute(
                text("SELECT id FROM model_calls WHERE conversation_id = :id"), {"id": self.conversation_id}
            ).scalars()
            booked = list(rows)
        assert self.booked <= set(booked)
        assert len(booked) == len(self.booked) + self.abandoned


@pytest.mark.long
def test_whatever_the_order_nothing_is_lost(fresh_database: Database) -> None:
    whole = os.environ.get("FAULT_ROUNDS") == "all"
    machine = type("TalkHere", (Talk,), {"database": fresh_database})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=200 if whole else 15,
            stateful_step_count=50 if whole else 30,
            deadline=None,
            derandomize=not whole,
            suppress_health_check=list(HealthCheck),
        ),
    )
