"""Each way a provider can fail: what the person reads, and what the ledger says. All at once, a conversation each."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import pytest

from core.errors import (
    ModelBusy,
    ModelContextTooLong,
    ModelCutShort,
    ModelEmpty,
    ModelError,
    ModelKeyRefused,
    ModelNoCredit,
    ModelRefused,
    ModelTooSlow,
    ModelUnknown,
    ModelUnreachable,
)
from core.models import CallStatus, MessageStatus, UsageSource
from tests.e2e.served import Parley
from tests.faults.conftest import KEY, House
from tests.faults.kept import Kept
from tests.support.openai_server import OpenAIServer, Reply, refusal
from tests.support.tab import Bubble, Tab

WORDS = f"the provider's own words, with {KEY} in them"
WHOLE = "Hello there."
COMPLETE, FAILED, INTERRUPTED = MessageStatus.COMPLETE, MessageStatus.FAILED, MessageStatus.INTERRUPTED
EXACT, ESTIMATED, MISSING = UsageSource.EXACT, UsageSource.ESTIMATED, UsageSource.MISSING
PATIENCE = 60.0


@dataclass(frozen=True)
class Case:
    replies: tuple[Reply, ...]
    status: MessageStatus
    text: str = ""
    error: type[ModelError] | None = None
    usage: UsageSource = MISSING
    """Of the last attempt."""
    before: tuple[type[ModelError], ...] = ()
    """Attempts that failed before it, and cost nothing."""
    question: str = "Why?"


def said(status: int, *, code: str | None = None, retry_after: str | None = None) -> Reply:
    return refusal(status, WORDS, code=code, retry_after=retry_after)


def broken(**how: object) -> Reply:
    return Reply(chunks=("One", " two"), **how)  # type: ignore[arg-type]


CASES = {
    "a key that is refused": Case((said(401),), FAILED, error=ModelKeyRefused),
    "a key that may not": Case((said(403),), FAILED, error=ModelKeyRefused),
    "a model it does not know": Case((said(404, code="model_not_found"),), FAILED, error=ModelUnknown),
    "no credit left": Case((said(429, code="insufficient_quota"),), FAILED, error=ModelNoCredit),
    "busy once": Case((said(429), Reply()), COMPLETE, WHOLE, usage=EXACT, before=(ModelBusy,)),
    "busy for a second": Case((said(429, retry_after="1"), Reply()), COMPLETE, WHOLE, usage=EXACT, before=(ModelBusy,)),
    "busy all the time": Case((said(429),) * 3, FAILED, error=ModelBusy, before=(ModelBusy,) * 2),
    "busy for too long": Case((said(429, retry_after="21"),), FAILED, error=ModelBusy),
    "down once": Case((said(500), Reply()), COMPLETE, WHOLE, usage=EXACT, before=(ModelUnreachable,)),
    "down twice": Case((said(502), said(503), Reply()), COMPLETE, WHOLE, usage=EXACT, before=(ModelUnreachable,) * 2),
    "down": Case((said(500),) * 3, FAILED, error=ModelUnreachable, before=(ModelUnreachable,) * 2),
    "down after the first tokens": Case(
        (broken(error={"message": WORDS, "code": "server_error"}),), INTERRUPTED, "One two", ModelCutShort, ESTIMATED
    ),
    "an error after the first tokens": Case(
        (broken(error={"message": WORDS}),), INTERRUPTED, "One two", ModelCutShort, ESTIMATED
    ),
    "a cut stream": Case((broken(cut=True),), INTERRUPTED, "One two", ModelCutShort, ESTIMATED),
    "a malformed chunk": Case(
        (broken(raw=[b'data: {"choices": [{"del\n\n']),), INTERRUPTED, "One two", ModelCutShort, ESTIMATED
    ),
    "no finish reason": Case((broken(finish_reason=None),), INTERRUPTED, "One two", ModelCutShort, ESTIMATED),
    "a web page": Case((Reply(html=f"<p>{WORDS}</p>"),), FAILED, error=ModelUnreachable),
    "nothing": Case((Reply(chunks=()),), FAILED, error=ModelEmpty, usage=EXACT),
    "no answer at all": Case((Reply(hang_before=True),), FAILED, error=ModelTooSlow, usage=ESTIMATED),
    "silence after the first tokens": Case(
        (broken(hang_after=True),), INTERRUPTED, "One two", ModelTooSlow, ESTIMATED
    ),
    "an endless drip": Case(
        (Reply(("drip ",), delay=0.05, is_endless=True),), INTERRUPTED, "drip drip", ModelTooSlow, ESTIMATED
    ),
    "a question too long": Case(
        (said(400, code="context_length_exceeded"),),  # what is asked next is shorter, and answered
        COMPLETE,
        WHOLE,
        usage=EXACT,
        before=(ModelContextTooLong,),
        question="Why is the sky so very blue today? " * 100,
    ),
    # It might be the tools in it that the service does not take: it is sent once more, without them.
    "a request that is refused": Case(
        (said(400, code="invalid_prompt"),) * 2, FAILED, error=ModelRefused, before=(ModelRefused,)
    ),
    "a filtered answer": Case(
        (broken(finish_reason="content_filter"),), INTERRUPTED, "One two", ModelRefused, EXACT
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def pages(house: House, ada: str, provider: OpenAIServer) -> Iterator[dict[str, Tab]]:
    """The page of each case once its answer has ended, however it did."""
    house.parley.start_again()
    with ExitStack() as stack:
        tabs = {name: stack.enter_context(Tab(house.parley.url, ada)) for name in CASES}
        for name, case in CASES.items():
            provider.replies_to[question(name)] = list(case.replies)
            tabs[name].ask(question(name))
        for tab in tabs.values():
            tab.until(partial(has_ended, tab), PATIENCE)
        yield tabs


def has_ended(tab: Tab) -> bool:
    return bool(tab.answers) and not tab.is_drawing


def question(name: str) -> str:
    return f"{CASES[name].question} {name}"


@pytest.mark.parametrize("name", CASES)
def test_the_page_says_what_can_be_done(pages: dict[str, Tab], parley: Parley, name: str) -> None:
    case, [answer] = CASES[name], pages[name].answers
    assert answer.text.startswith(case.text) and (answer.text == case.text or case.text.startswith("drip"))
    check_problem(answer, case.error, parley.log)
    assert ("Retry" in answer.buttons) == (case.status is not COMPLETE)
    assert ("Continue" in answer.buttons) == (case.status is INTERRUPTED)
    assert not any(pages[name].holds(secret) for secret in (KEY, WORDS, "Traceback"))


@pytest.mark.parametrize("name", CASES)
def test_the_ledger_has_each_attempt(pages: dict[str, Tab], kept: Kept, provider: OpenAIServer, name: str) -> None:
    case = CASES[name]
    [answer] = kept.answers_to(question(name))
    assert answer.status is case.status
    ends = {COMPLETE: CallStatus.COMPLETE, FAILED: CallStatus.FAILED, INTERRUPTED: CallStatus.INTERRUPTED}
    last = (ends[case.status], case.error and case.error.code, case.usage)
    earlier = [(CallStatus.FAILED, error.code, MISSING) for error in case.before]
    calls = kept.calls(question(name))
    assert [(call.status, call.error_code, call.usage_source) for call in calls] == [*earlier, last]
    assert [call.output_tokens is None for call in calls] == [call.usage_source is MISSING for call in calls]


def test_the_log_has_neither_the_key_nor_their_words(pages: dict[str, Tab], parley: Parley) -> None:
    assert KEY not in parley.log and WORDS not in parley.log


def test_nobody_at_that_address(parley: Parley, ada: str, provider: OpenAIServer, kept: Kept) -> None:
    asked = "Is anybody there?"
    with Tab(parley.url, ada) as tab:
        tab.until(lambda: tab.can_ask)
        with provider.unreachable():
            tab.ask(asked)
            tab.until(partial(has_ended, tab))
        check_problem(tab.answers[0], ModelUnreachable, parley.log)
        calls = kept.calls(asked)
        assert [(call.error_code, call.usage_source) for call in calls] == [(ModelUnreachable.code, MISSING)] * 3
        tab.click("Retry")
        tab.until(lambda: tab.answers[-1].text == WHOLE and not tab.is_drawing)


def check_problem(answer: Bubble, error: type[ModelError] | None, log: str) -> None:
    """The error's own sentence; behind one that an operator has to look at stands what the log has it under."""
    if error is None:
        assert answer.alerts == []
        return
    [alert] = answer.alerts
    sentence, _, reference = alert.removesuffix("**.").partition(" Reference **")
    assert sentence == error.sentence
    assert error.is_expected or f"reference={reference}" in log
