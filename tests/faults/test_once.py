"""What arrives twice is there once: a frame that is sent again, a double click, two tabs with the same words."""

from collections import Counter
from functools import partial

from core.models import MessageStatus
from tests.faults.conftest import OpenTab
from tests.faults.kept import Kept
from tests.support.openai_server import OpenAIServer, Reply
from tests.support.tab import Tab
from tests.support.waiting import until


def script(provider: OpenAIServer, question: str, count: int = 15) -> str:
    chunks = [f"{question}-{number:02d} " for number in range(count)]
    provider.replies_to[question] = [Reply(chunks, delay=0.05)]
    return "".join(chunks)


def check_once(kept: Kept, provider: OpenAIServer, question: str, whole: str) -> None:
    assert len(kept.questions(question)) == 1
    [answer] = kept.answers_to(question)
    assert (answer.status, answer.content) == (MessageStatus.COMPLETE, whole)
    assert len(provider.requests_with(question)) == len(kept.calls(question)) == 1
    assert kept.gaps() == []


def test_the_same_frame_again_begins_no_second_chat(kept: Kept, provider: OpenAIServer, tab: OpenTab) -> None:
    one, question = tab(), "once-frame"
    whole = script(provider, question)
    one.until(lambda: one.can_ask)
    one.ask(question)
    one.resend()
    one.resend()
    one.wait_settled(question, whole)
    check_once(kept, provider, question, whole)


def test_the_same_frame_again_while_the_answer_is_written(kept: Kept, provider: OpenAIServer, tab: OpenTab) -> None:
    one = talking(tab(), provider, "once-before")
    question = "once-while"
    whole = script(provider, question)
    one.ask(question)
    one.until(lambda: one.answers[-1].is_growing and question in one.questions)
    one.resend()
    one.wait_settled(question, whole)
    check_once(kept, provider, question, whole)


def test_the_same_frame_again_after_a_reconnect(kept: Kept, provider: OpenAIServer, tab: OpenTab) -> None:
    """The connection was lost before the browser knew whether its frame had arrived."""
    one = talking(tab(), provider, "once-lost-before")
    question = "once-lost"
    whole = script(provider, question, 60)
    one.ask(question)
    frame = one.last
    one.open()
    one.resend(frame)
    one.wait_settled(question, whole)
    check_once(kept, provider, question, whole)


def test_two_tabs_send_the_same_at_once(kept: Kept, provider: OpenAIServer, tab: OpenTab) -> None:
    begun = talking(tab(), provider, "once-tabs-before")
    until(lambda: kept.title(begun.conversation) == "Hello there")  # by the provider: a page drawn before is behind
    first, second, question = tab(begun.conversation), tab(begun.conversation), "once-tabs"
    for one in (first, second):
        one.wait_settled("once-tabs-before", begun.answers[0].text)
    whole = script(provider, question)
    first.ask(question)
    second.ask(question)
    for one in (first, second):
        one.wait_settled(question, whole)
    check_once(kept, provider, question, whole)


def test_a_double_click_retries_once(kept: Kept, provider: OpenAIServer, tab: OpenTab) -> None:
    one, question = tab(), "once-retry"
    whole = script(provider, question)
    provider.replies_to[question].insert(0, Reply(chunks=("Half ",), finish_reason=None))
    one.until(lambda: one.can_ask)
    one.ask(question)
    one.click("Retry")
    one.resend()
    one.wait_settled(question, whole)
    assert len(provider.requests_with(question)) == len(kept.calls(question)) == 2
    assert Counter(answer.status for answer in kept.answers_to(question)) == {
        MessageStatus.COMPLETE: 1,
        MessageStatus.INTERRUPTED: 1,
    }


def test_the_same_words_once_more_are_a_new_question(kept: Kept, provider: OpenAIServer, tab: OpenTab) -> None:
    """Meant, and not a repetition: the answer to the one before has been read."""
    one, question = talking(tab(), provider, "once-meant-before"), "once-meant"
    for times in (1, 2):
        whole = script(provider, question, count=25)
        one.ask(question)
        one.until(partial(has_times, one, question, times))
        one.wait_settled(question, whole)
    assert len(kept.questions(question)) == 2


def has_times(tab: Tab, question: str, times: int) -> bool:
    return tab.questions.count(question) == times


def talking(tab: Tab, provider: OpenAIServer, question: str) -> Tab:
    """With a question and its answer on the page."""
    whole = script(provider, question)
    tab.until(lambda: tab.can_ask)
    tab.ask(question)
    tab.wait_settled(question, whole)
    return tab
