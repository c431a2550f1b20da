"""`kill -9` of the process while it writes answers: what was said stays, nothing is there twice, and it goes on."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from core.assistant.context import GO_ON
from core.models import CallStatus, MessageStatus
from tests.e2e.served import Parley
from tests.faults.conftest import OpenTab, only_whole, rounds
from tests.faults.kept import Kept
from tests.faults.postgres import Postgres
from tests.support.openai_server import OpenAIServer, Reply
from tests.support.tab import Tab
from tests.support.waiting import until

FLUSHED = 1.5
"""Seconds after which what the provider sent has to be safe: on a busy machine it is read late."""
WINDOW = 3.0
"""Seconds within which questions are asked, answers arrive and the kill falls."""
POWER_CUTS = 0.2
"""The share of kills that take PostgreSQL along."""
REAPED = 40.0
"""Seconds for the next start and its sweep, on a machine that does other things as well."""


@dataclass
class Asking:
    tab: Tab
    question: str
    chunks: Sequence[str]
    at: float
    """Seconds into the window."""

    @property
    def whole(self) -> str:
        return "".join(self.chunks)


Mend = Callable[[Asking, str, OpenAIServer], None]


def test_answers_survive_the_death_of_their_process(
    parley: Parley,
    postgres: Postgres,
    kept: Kept,
    provider: OpenAIServer,
    tab: OpenTab,
    chance: Random,
    tally: Counter[str],
) -> None:
    """Four tabs: two go on with the conversations of the round before, two begin new ones."""
    tabs = [tab() for _ in range(4)]
    log_before = parley.log_size
    for number in range(rounds(50)):
        plan = [ask_at(one, provider, f"kill-{number}-{place}", chance) for place, one in enumerate(tabs)]
        moment = chance.uniform(0.2, WINDOW)
        asked = send(plan, moment)
        acknowledged = [one.question for one in asked if one.question in one.tab.questions]
        killed = time.monotonic()
        parley.kill()
        if is_power_cut := chance.random() < POWER_CUTS:
            postgres.crash(signal.SIGKILL)
        provider.wait_idle()
        parley.start()
        until(lambda: kept.active_runs() == 0, patience=REAPED)

        print(f"round {number}: killed after {moment:.3f} s, {len(asked)} asked, {len(acknowledged)} acknowledged")
        lost = [question for question in acknowledged if not kept.questions(question)]
        doubled = [one.question for one in asked if len(kept.questions(one.question)) > 1]
        tally.update(
            {
                "kills": 1,
                "with PostgreSQL": is_power_cut,
                "questions": len(acknowledged),
                "lost": len(lost),
                "doubled": len(doubled),
            }
        )
        assert (lost, doubled, kept.gaps()) == ([], [], [])
        for one in asked:
            if kept.questions(one.question):
                way = chance.choice((retry, go_on))
                tally["answers interrupted"] += check_answer(one, kept, provider, killed, way)
        assert kept.gaps() == []
        for page in tabs:
            page.close()
        tabs[2:] = [tab(), tab()]
        for page in tabs[:2]:
            page.reopen()
    assert "Traceback" not in parley.logged(log_before)


@only_whole
def test_a_continuation_survives_it_as_well(
    parley: Parley, kept: Kept, provider: OpenAIServer, tab: OpenTab, chance: Random, tally: Counter[str]
) -> None:
    """Killed again and again, an answer is continued until it is whole."""
    one, question = tab(), "kill-continued"
    chunks = [f"{question}-{number:03d} " for number in range(200)]
    provider.replies_to[question] = [Reply(chunks, delay=0.03)]
    one.until(lambda: one.can_ask)
    one.ask(question)
    text = ""
    while text != "".join(chunks):
        time.sleep(chance.uniform(0.8, 2.0))
        killed = time.monotonic()
        parley.kill()
        provider.wait_idle()
        parley.start()
        until(lambda: kept.active_runs() == 0, patience=REAPED)
        [answer] = kept.answers_to(question)
        assert "".join(chunks).startswith(answer.content)
        received = provider.requests_with(GO_ON.content if text else question)[-1]
        assert answer.content.startswith(text + received.text_sent(before=killed - FLUSHED))
        text = answer.content
        tally["kills"] += 1
        if answer.status is MessageStatus.INTERRUPTED:
            provider.replies_to[GO_ON.content] = [Reply(chunks[text.count(" ") :], delay=0.03)]
            one.query = f"c={answer.conversation_id}"
            one.reopen()
            one.click("Continue")
            one.wait_longer(text)
    one.reopen()
    one.wait_settled(question, text)
    assert kept.gaps() == []


def ask_at(tab: Tab, provider: OpenAIServer, question: str, chance: Random) -> Asking:
    chunks = [f"{question}-{number:03d} " for number in range(60)]
    provider.replies_to[question] = [Reply(chunks, delay=chance.uniform(0.02, 0.05))]
    tab.until(lambda: tab.can_ask)
    return Asking(tab, question, chunks, chance.uniform(0.0, WINDOW / 3))


def send(plan: Sequence[Asking], moment: float) -> list[Asking]:
    """Asks each at its time until the moment has come. Those that were asked."""
    began = time.monotonic()
    asked = [one for one in sorted(plan, key=lambda one: one.at) if one.at < moment]
    for one in asked:
        time.sleep(max(0.0, began + one.at - time.monotonic()))
        one.tab.ask(one.question)
    time.sleep(max(0.0, began + moment - time.monotonic()))
    return asked


def check_answer(one: Asking, kept: Kept, provider: OpenAIServer, killed: float, way: Mend) -> bool:
    """All that was safe by then is in it and on the page, and a click brings the rest. Whether it was interrupted."""
    [answer] = kept.answers_to(one.question)
    requests = provider.requests_with(one.question)
    assert one.whole.startswith(answer.content)
    assert all(answer.content.startswith(sent.text_sent(before=killed - FLUSHED)) for sent in requests)
    assert len(kept.calls(one.question)) >= len(requests)
    one.tab.query = f"c={answer.conversation_id}"
    one.tab.reopen()
    one.tab.wait_settled(one.question, answer.content)
    if answer.status is MessageStatus.COMPLETE:
        assert answer.content == one.whole
        return False
    assert answer.status is MessageStatus.INTERRUPTED
    buttons = one.tab.answers[-1].buttons
    assert "Retry" in buttons and ("Continue" in buttons) == bool(answer.content)
    (way if answer.content else retry)(one, answer.content, provider)
    one.tab.wait_settled(one.question, one.whole)
    assert len(kept.questions(one.question)) == 1
    [whole] = [version for version in kept.answers_to(one.question) if version.is_shown]
    assert (whole.status, whole.content) == (MessageStatus.COMPLETE, one.whole)
    assert kept.calls(one.question)[-1].status is CallStatus.COMPLETE
    return True


def retry(one: Asking, _partial: str, provider: OpenAIServer) -> None:
    provider.replies_to[one.question] = [Reply(one.chunks)]
    one.tab.click("Retry")


def go_on(one: Asking, partial: str, provider: OpenAIServer) -> None:
    provider.replies_to[GO_ON.content] = [Reply([one.whole.removeprefix(partial)])]
    one.tab.click("Continue")
