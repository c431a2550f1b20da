"""Two Parleys on one database: what one writes, the other shows, stops, and takes up when its writer is dead."""

import signal
import time
from collections.abc import Iterator
from functools import partial
from uuid import UUID

import pytest

from core.models import CallStatus, MessageStatus, UsageSource
from tests.e2e.served import STREAMLIT, Parley, served
from tests.faults.conftest import LOST_AFTER, House, OpenTab, only_whole
from tests.faults.kept import Kept
from tests.faults.test_kill import FLUSHED
from tests.support.openai_server import OpenAIServer, Reply
from tests.support.tab import Tab
from tests.support.waiting import until

REAPED = LOST_AFTER + 30.0
"""Seconds from a process's death until the others show it: lost, found by a sweep, drawn. Half a minute is spare."""


@pytest.fixture(scope="module")
def second(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parley]:
    with served(Parley(tmp_path_factory.mktemp("second"), STREAMLIT, **house.settings)) as second:
        yield second


@pytest.fixture
def other(second: Parley) -> Parley:
    """Another process on the same data folder, running, whatever was done to it before."""
    second.start_again()
    return second


def script(provider: OpenAIServer, question: str, *more: Reply, count: int = 60) -> str:
    """Three seconds of an answer, then whatever is to follow when it is asked again. The whole text."""
    chunks = [f"{question}-{number:03d} " for number in range(count)]
    provider.replies_to[question] = [Reply(chunks, delay=0.05), *more]
    return "".join(chunks)


def ask_and_watch(first: Tab, second: Tab, question: str) -> UUID:
    """Asked in one tab, seen growing in the other, which opens the conversation meanwhile."""
    first.until(lambda: first.can_ask)
    first.ask(question)
    second.query = f"c={first.conversation}"
    second.open()
    second.wait_longer("")
    second.wait_longer(second.answers[-1].text)
    assert second.answers[-1].is_growing
    return first.conversation


def test_watched_and_stopped_from_the_other(other: Parley, kept: Kept, provider: OpenAIServer, tab: OpenTab) -> None:
    here, there, question = tab(), tab(at=other), "two-stop"
    whole = script(provider, question)
    ask_and_watch(here, there, question)
    there.click("Stop")
    there.until(lambda: "Stopped. What had arrived is kept." in there.answers[-1].captions)
    provider.wait_idle()
    [answer] = kept.answers_to(question)
    assert answer.status is MessageStatus.STOPPED
    assert answer.content and whole.startswith(answer.content) and answer.content != whole
    for one in (here, there):
        one.wait_settled(question, answer.content)
    [call] = kept.calls(question)
    assert (call.status, call.usage_source) == (CallStatus.STOPPED, UsageSource.ESTIMATED)
    assert call.input_tokens and call.output_tokens


def test_a_page_at_rest_shows_what_happens_elsewhere(
    parley: Parley, other: Parley, provider: OpenAIServer, tab: OpenTab
) -> None:
    """Nobody touches it: what is asked on the other process appears, its answer grows, and Retry when that is dead."""
    here, there, question = tab(), tab(at=other), "two-rest"
    provider.replies_to["two-rest-before"] = [Reply(["So."])]
    here.until(lambda: here.can_ask)
    here.ask("two-rest-before")
    here.wait_settled("two-rest-before", "So.")
    there.query = f"c={here.conversation}"
    there.open()
    there.wait_settled("two-rest-before", "So.")
    script(provider, question)
    with there.listening():
        here.ask(question)
        there.until(lambda: there.questions[-1:] == [question])
        there.until(lambda: there.answers[-1].is_growing and there.answers[-1].text)
        there.wait_longer(there.answers[-1].text)
        parley.kill()
        there.until(lambda: "Retry" in there.buttons and not there.is_drawing, REAPED)


def test_when_its_process_is_killed_the_other_takes_it_up(
    parley: Parley, other: Parley, kept: Kept, provider: OpenAIServer, tab: OpenTab
) -> None:
    here, there, question, following = tab(), tab(at=other), "two-kill", "two-kill-following"
    chunks = ["All ", "of ", "it."]
    whole, second = script(provider, question, Reply(chunks)), script(provider, following)
    ask_and_watch(here, there, question)
    here.ask(following)
    here.until(lambda: [one.buttons for one in here.queued] == [["Send now", "Edit", "Remove"]])
    assert [one.text for one in here.queued] == [following]
    killed = time.monotonic()
    parley.kill()

    there.until(lambda: "Retry" in there.buttons and not there.is_drawing, REAPED)
    print(f"shown as interrupted {time.monotonic() - killed:.1f} s after the kill")
    shown = there.answers[-1]
    [received] = provider.requests_with(question)
    safe = received.text_sent(before=killed - FLUSHED).strip()
    assert shown.text.startswith(safe) and whole.startswith(shown.text)
    assert "Continue" in shown.buttons
    assert shown.captions[0].startswith("Interrupted")
    assert [one.text for one in there.queued] == [following]
    there.click("Retry")
    there.wait_settled(following, second)
    assert [one.text for one in there.answers] == ["All of it.", second.strip()]
    assert [len(kept.questions(one)) for one in (question, following)] == [1, 1]
    assert kept.gaps() == []


@only_whole
def test_what_waits_is_there_after_all_were_killed(
    parley: Parley, other: Parley, kept: Kept, provider: OpenAIServer, tab: OpenTab
) -> None:
    here, there = tab(), tab(at=other)
    questions = ["queue-0", "queue-1", "queue-2", "queue-3"]
    wholes = [script(provider, question) for question in questions]
    ask_and_watch(here, there, questions[0])
    for place, question in enumerate(questions[1:], 1):
        here.ask(question)
        here.until(partial(has_waiting, here, place))
    parley.kill()
    other.kill()
    parley.start()

    here.reopen()
    here.until(lambda: "Retry" in here.buttons and not here.is_drawing)
    assert [one.text for one in here.queued] == questions[1:]
    here.click("Remove")
    here.until(lambda: [one.text for one in here.queued] == questions[1:3])
    here.click("Send now")
    here.wait_settled(questions[1], wholes[1])
    assert [kept.questions(question) != [] for question in questions] == [True, True, True, False]


def has_waiting(tab: Tab, count: int) -> bool:
    return len(tab.queued) == count


@only_whole
def test_told_to_stop_it_keeps_what_had_arrived(
    parley: Parley, other: Parley, kept: Kept, provider: OpenAIServer, tab: OpenTab
) -> None:
    here, there, question = tab(), tab(at=other), "two-term"
    whole = script(provider, question, count=90)
    ask_and_watch(here, there, question)
    parley.stop()
    stopped = time.monotonic()
    [answer] = kept.answers_to(question)
    assert answer.status is MessageStatus.INTERRUPTED  # by itself, no reaper was needed
    [received] = provider.requests_with(question)
    assert answer.content == received.text_sent() or received.text_sent().startswith(answer.content)
    assert len(answer.content) < len(whole)
    there.until(lambda: there.is_settled(question, answer.content) and "Retry" in there.buttons)
    print(f"shown {time.monotonic() - stopped:.1f} s after the end")
    [call] = kept.calls(question)
    assert (call.status, call.usage_source) == (CallStatus.INTERRUPTED, UsageSource.ESTIMATED)


@only_whole
def test_one_that_was_only_asleep_does_not_disturb_what_came_after(
    parley: Parley, other: Parley, kept: Kept, provider: OpenAIServer, tab: OpenTab
) -> None:
    """A machine that was suspended wakes up in the midst of an answer that the others have given up, and made anew."""
    here, there, question = tab(), tab(at=other), "two-asleep"
    whole = script(provider, question, Reply(["All ", "of ", "it."]))
    ask_and_watch(here, there, question)
    parley.process.send_signal(signal.SIGSTOP)
    try:
        there.click("Retry")
        there.wait_settled(question, "All of it.")
    finally:
        parley.process.send_signal(signal.SIGCONT)
    here.wait_settled(question, "All of it.")
    provider.wait_idle()
    until(lambda: kept.active_runs() == 0)
    half, answer = kept.answers_to(question)
    assert (half.status, answer.status) == (MessageStatus.INTERRUPTED, MessageStatus.COMPLETE)
    assert whole.startswith(half.content) and half.content != whole and answer.content == "All of it."
    assert [call.status for call in kept.calls(question)] == [CallStatus.INTERRUPTED, CallStatus.COMPLETE]
