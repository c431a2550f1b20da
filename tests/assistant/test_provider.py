"""The way to a service, over real HTTP on loopback: what arrives, what goes wrong, what it cost."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from pydantic_ai.exceptions import ModelAPIError

from core.assistant import stream as stream_module
from core.assistant.faults import as_model_error, describe
from core.assistant.provider import EMBEDDED, Assistant, Prompt, Turn
from core.config import Settings
from core.errors import (
    ModelBusy,
    ModelContextTooLong,
    ModelCutShort,
    ModelEmpty,
    ModelError,
    ModelKeyRefused,
    ModelMissing,
    ModelNoCredit,
    ModelRefused,
    ModelTooSlow,
    ModelUnknown,
    ModelUnreachable,
)
from core.models.model_call import UsageSource
from tests.assistant.conftest import PROMPT, read
from tests.support.models import Answer, ScriptedModel
from tests.support.openai_server import OpenAIServer, Reply, refusal

MakeSettings = Callable[..., Settings]
KEY = "sk-secret-4711"


@pytest.fixture
def assistant(server: OpenAIServer, settings: MakeSettings) -> Assistant:
    return Assistant(
        settings(openai_base_url=server.base_url, openai_api_key=KEY, models="gpt-test,other", answer_deadline=20)
    )


def with_deadline(server: OpenAIServer, settings: MakeSettings, seconds: int) -> Assistant:
    patient = settings(openai_base_url=server.base_url, models="gpt-test")
    return Assistant(patient.model_copy(update={"answer_deadline": seconds}))


def test_an_answer_arrives_in_pieces_with_its_exact_usage(assistant: Assistant, server: OpenAIServer) -> None:
    outcome = read(assistant)
    assert outcome.deltas == ["Hello", " there", "."]
    assert outcome.stream.text == "Hello there."
    usage = outcome.stream.usage
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (40, 16, 7)
    assert usage.source is UsageSource.EXACT
    assert outcome.stream.first_token_seconds is not None
    assert 0 < outcome.stream.first_token_seconds <= outcome.stream.seconds < 20
    assert outcome.codes == [None]


def test_the_request_carries_instructions_history_limit_and_key(assistant: Assistant, server: OpenAIServer) -> None:
    history = (Turn("user", "Hi"), Turn("assistant", "Hello"), Turn("user", "And now?"))
    read(assistant, Prompt("Be brief.", history), max_tokens=99)
    request = server.requests[0]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body["model"] == "gpt-test"
    assert request.body["max_tokens"] == 99
    assert request.body["stream_options"] == {"include_usage": True}
    assert [(message["role"], message["content"]) for message in request.body["messages"]] == [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "And now?"),
    ]


def test_without_a_limit_given_the_configured_one_is_sent(assistant: Assistant, server: OpenAIServer) -> None:
    read(assistant)
    assert server.requests[0].body["max_tokens"] == assistant.answer_tokens()


@pytest.mark.parametrize(
    ("reply", "leaf"),
    [
        (refusal(401, f"Incorrect API key provided: {KEY}", code="invalid_api_key"), ModelKeyRefused),
        (refusal(403), ModelKeyRefused),
        (refusal(402), ModelNoCredit),
        (refusal(429, code="insufficient_quota"), ModelNoCredit),
        (refusal(404, code="model_not_found"), ModelUnknown),
        (refusal(400), ModelRefused),
        (refusal(413), ModelRefused),
        (refusal(422), ModelRefused),
        (refusal(400, code="context_length_exceeded"), ModelContextTooLong),
        (refusal(400, kind="exceed_context_size_error"), ModelContextTooLong),
        (refusal(400, "This model's maximum context length is 8192 tokens"), ModelContextTooLong),
        (refusal(429, retry_after="21"), ModelBusy),
        (Reply(html="<html><body>Sign in to the proxy</body></html>"), ModelUnreachable),
        (Reply(chunks=(), finish_reason="stop"), ModelEmpty),
        (Reply(chunks=("", "  \n"), finish_reason="stop"), ModelEmpty),
        (Reply(finish_reason=None), ModelCutShort),
        (Reply(cut=True), ModelCutShort),
        (Reply(raw=[b'data: {"choices": [{"del\n\n']), ModelCutShort),
        (Reply(raw=[b'data: "\xff\xfe"\n\n']), ModelCutShort),
        (Reply(error={"message": "boom", "code": "server_error"}), ModelCutShort),
        (Reply(error={"message": "boom"}), ModelCutShort),
        (Reply(finish_reason="content_filter"), ModelRefused),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_each_fault_is_one_error_with_no_second_request(
    assistant: Assistant, server: OpenAIServer, reply: Reply, leaf: type[ModelError]
) -> None:
    server.replies.append(reply)
    outcome = read(assistant)
    assert type(outcome.error) is leaf
    assert outcome.codes == [leaf.code]
    assert len(server.requests) == 1
    assert outcome.stream.text == "".join(outcome.deltas)


def test_the_key_is_not_in_the_sentence_nor_in_what_is_logged(assistant: Assistant, server: OpenAIServer) -> None:
    server.replies.append(refusal(401, f"Incorrect API key provided: {KEY}"))
    error = read(assistant).error
    assert error is not None
    assert error.__cause__ is not None
    assert KEY not in str(error)
    assert describe(error.__cause__) == {"error_class": "ModelAuthenticationError", "http_status": 401}


def test_reaching_the_token_limit_is_complete(assistant: Assistant, server: OpenAIServer) -> None:
    server.replies.append(Reply(finish_reason="length"))
    outcome = read(assistant)
    assert outcome.error is None
    assert outcome.stream.usage.source is UsageSource.EXACT


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_passing_fault_before_the_first_token_is_tried_again(
    assistant: Assistant, server: OpenAIServer, status: int
) -> None:
    server.replies += [refusal(status), refusal(status), Reply()]
    outcome = read(assistant)
    assert outcome.error is None
    assert outcome.stream.text == "Hello there."
    code = "model_busy" if status == 429 else "model_unreachable"
    assert outcome.codes == [code, code, None]
    assert [attempt.usage.source for attempt in outcome.stream.attempts] == [
        UsageSource.MISSING,
        UsageSource.MISSING,
        UsageSource.EXACT,
    ]
    assert outcome.stream.seconds >= sum(stream_module.PAUSES)


def test_three_attempts_are_the_last_word(assistant: Assistant, server: OpenAIServer) -> None:
    server.replies += [refusal(500)] * 4
    outcome = read(assistant)
    assert type(outcome.error) is ModelUnreachable
    assert len(server.requests) == len(outcome.codes) == 3
    assert outcome.stream.usage.source is UsageSource.MISSING


def test_the_pause_a_service_asks_for_is_kept(assistant: Assistant, server: OpenAIServer) -> None:
    server.replies += [refusal(429, retry_after="2"), Reply()]
    outcome = read(assistant)
    assert outcome.error is None
    assert outcome.stream.seconds >= 2


def test_a_pause_beyond_the_deadline_is_not_waited_for(server: OpenAIServer, settings: MakeSettings) -> None:
    server.replies.append(refusal(429, retry_after="15"))
    outcome = read(with_deadline(server, settings, 5))
    assert type(outcome.error) is ModelBusy
    assert outcome.stream.seconds < 5


def test_a_fault_after_the_first_token_is_not_tried_again(assistant: Assistant, server: OpenAIServer) -> None:
    server.replies.append(Reply(chunks=("Half",), error={"message": "overloaded", "code": "server_is_overloaded"}))
    outcome = read(assistant)
    assert type(outcome.error) is ModelBusy
    assert outcome.stream.text == "Half"
    assert len(server.requests) == 1
    assert outcome.stream.usage.source is UsageSource.ESTIMATED


def test_nobody_listening_is_tried_again_and_costs_nothing(settings: MakeSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outcome = read(Assistant(settings(openai_base_url=f"http://127.0.0.1:{port}/v1", models="gpt-test")))
    assert type(outcome.error) is ModelUnreachable
    assert outcome.codes == ["model_unreachable"] * 3
    assert outcome.stream.usage.source is UsageSource.MISSING
    assert outcome.stream.usage.input_tokens is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply(hang_before=True),
        Reply(chunks=("One",), hang_after=True),
        Reply(chunks=("drip ",), delay=0.01, is_endless=True),
    ],
    ids=["before the first token", "between tokens", "endless drip"],
)
def test_the_deadline_ends_what_never_ends(server: OpenAIServer, settings: MakeSettings, reply: Reply) -> None:
    server.replies.append(reply)
    outcome = read(with_deadline(server, settings, 1))
    assert type(outcome.error) is ModelTooSlow
    assert outcome.codes == ["model_too_slow"]
    assert 1 <= outcome.stream.seconds < 3
    assert outcome.stream.usage.source is UsageSource.ESTIMATED
    server.wait_idle()


def test_a_flood_ends_at_the_byte_cap(assistant: Assistant, server: OpenAIServer) -> None:
    server.replies.append(Reply(chunks=("x" * 100_000,), is_endless=True))
    outcome = read(assistant)
    assert type(outcome.error) is ModelCutShort
    assert stream_module.MAX_ANSWER_BYTES < len(outcome.stream.text) <= stream_module.MAX_ANSWER_BYTES + 100_000
    server.wait_idle()


def test_leaving_early_closes_the_connection_and_keeps_text_and_cost(
    assistant: Assistant, server: OpenAIServer
) -> None:
    server.replies.append(Reply(chunks=("One", " two"), hang_after=True))
    outcome = read(assistant, leave_after=2)
    server.wait_idle(timeout=5)
    assert outcome.error is None
    assert outcome.stream.text == "One two"
    assert outcome.codes == [None]
    usage = outcome.stream.usage
    assert usage.source is UsageSource.ESTIMATED
    assert usage.input_tokens == PROMPT.tokens
    assert usage.output_tokens == 2


def test_cancelling_while_waiting_closes_the_connection(assistant: Assistant, server: OpenAIServer) -> None:
    server.replies.append(Reply(hang_before=True))

    async def run() -> stream_module.AnswerStream:
        stream = assistant.stream("gpt-test", PROMPT)

        async def consume() -> None:
            async with stream:
                async for _ in stream:
                    pass

        task = asyncio.create_task(consume())
        await asyncio.to_thread(server.wait_requests, 1)
        assert stream.usage.source is UsageSource.ESTIMATED
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(server.wait_idle, 5)
        await assistant.aclose()
        return stream

    stream = asyncio.run(run())
    assert stream.text == ""
    assert stream.usage.output_tokens == 0  # the service read the question, and may bill for it
    assert stream.first_token_seconds is None


def test_without_a_report_the_usage_is_estimated(assistant: Assistant, server: OpenAIServer) -> None:
    server.replies.append(Reply(usage=None))
    usage = read(assistant).stream.usage
    assert usage.source is UsageSource.ESTIMATED
    assert usage.input_tokens == PROMPT.tokens
    assert usage.output_tokens


def test_before_reading_nothing_is_sent_and_nothing_known(assistant: Assistant, server: OpenAIServer) -> None:
    async def run() -> None:
        async with assistant.stream("gpt-test", PROMPT) as stream:
            assert (stream.text, stream.usage.source, stream.attempts) == ("", UsageSource.MISSING, [])

    asyncio.run(run())
    assert server.requests == []


def test_many_answers_at_once_share_a_client(assistant: Assistant, server: OpenAIServer) -> None:
    async def one() -> str:
        async with assistant.stream("gpt-test", PROMPT) as stream:
            return "".join([delta async for delta in stream])

    async def run() -> list[str]:
        answers = await asyncio.gather(*(one() for _ in range(20)))
        await assistant.aclose()
        return answers

    assert asyncio.run(run()) == ["Hello there."] * 20


def test_what_cannot_be_sent_is_refused(assistant: Assistant, server: OpenAIServer) -> None:
    outcome = read(assistant, Prompt("", (Turn("user", "half a pair: \ud83d"),)))
    assert type(outcome.error) is ModelRefused
    assert server.requests == []


def test_models_and_their_limits(assistant: Assistant, settings: MakeSettings) -> None:
    assert assistant.models == ("gpt-test", "other")
    assert assistant.resolve_model(None) == assistant.default_model == "gpt-test"
    assert assistant.resolve_model("other") == "other"
    with pytest.raises(ModelUnknown):
        assistant.resolve_model("gone")
    assert assistant.provider == "127.0.0.1"
    assert not assistant.is_embedded
    assert assistant.problem() is None
    assert (assistant.window(), assistant.answer_tokens()) == (16_000, 2_000)


def test_without_the_wheel_the_embedded_model_is_missing(settings: MakeSettings) -> None:
    assistant = Assistant(settings())
    assert assistant.provider == EMBEDDED
    assert assistant.problem() == ModelMissing.sentence
    outcome = read(assistant)
    assert type(outcome.error) is ModelMissing
    assert outcome.stream.usage.source is UsageSource.MISSING


def test_a_model_at_the_seam(settings: MakeSettings) -> None:
    gate = asyncio.Event()
    model = ScriptedModel("One two", Answer(deltas=["a", "b"], gate=gate), ModelAPIError("scripted", "boom"))
    assistant = Assistant(settings(), model_factory=lambda name: model)
    assert assistant.problem() is None
    outcome = read(assistant)
    assert outcome.deltas == ["One", " two"]
    assert outcome.stream.usage.source is UsageSource.EXACT
    assert read(assistant, leave_after=1).stream.text == "a"
    assert model.open_streams == 0
    assert type(read(assistant).error) is ModelCutShort
    assert len(model.history) == 3


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), OSError("x"), RuntimeError("x"), TimeoutError(), UnicodeDecodeError("utf-8", b"", 0, 1, "x")],
    ids=lambda error: type(error).__name__,
)
def test_any_exception_becomes_a_model_error(error: Exception) -> None:
    mapped = as_model_error(error)
    assert isinstance(mapped, ModelError)
    assert mapped.__cause__ is error
    assert as_model_error(mapped) is mapped
