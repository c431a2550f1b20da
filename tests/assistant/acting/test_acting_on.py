"""Answers that act, where something came between: another model, a lost acknowledgement, a stop, too little room."""

import asyncio
import json
from typing import Any

import pytest
from pydantic_ai.messages import ModelResponse, ToolCallPart
from pydantic_ai.tools import RunContext
from sqlalchemy import text

from core.assistant.acting import in_thread
from core.assistant.context import Exchange, Prompt, ToolCall, Turn, fit_exchanges
from core.assistant.step_store import StepStore
from core.assistant.steps import StepState
from core.assistant.tokens import estimate_tokens
from core.assistant.tools.registry import Caller, Result, Tool, Toolbox
from core.assistant.wire import messages_of
from core.bootstrap import Application
from core.errors import NotFound
from core.models import Message, MessageStatus
from core.permissions import Actor
from tests.support.acting import (
    HELD,
    Serve,
    answer,
    ask,
    call,
    ended,
    look,
    make,
    set_company,
    titles,
    waiting,
)
from tests.support.openai_server import OpenAIServer, Reply, refusal
from tests.support.waiting import until


def steps_kept(application: Application) -> int:
    with application.database.reading() as session:
        return int(session.execute(text("SELECT count(*) FROM messages WHERE message_type = 'tool'")).scalar_one())


def test_a_round_whose_acknowledgement_was_lost_is_kept_once(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()

    class Twice(StepStore):
        def begin(self, *arguments: Any) -> Any:
            super().begin(*arguments)
            return super().begin(*arguments)

    store = application.runner.steps
    application.runner.steps = Twice(store.database, application.assistant, store.worker_id, store.told_person)
    server.replies += [call("make", '{"title": "A"}'), Reply()]
    said = answer(application, me, ask(application, me))
    assert [step.state for step in said.steps] == [StepState.DONE] and titles(application, me) == ["A"]
    assert steps_kept(application) == 1


@pytest.mark.parametrize("status", [400, 422])
def test_a_model_without_tools_is_told_in_words_what_was_done(
    server: OpenAIServer, serve: Serve, me: Actor, status: int
) -> None:
    """Else an approved answer could never be gone on with once its model is another one."""
    application = serve()
    asked, steps = waiting(server, application, me)
    server.replies += [refusal(status, "tools are not supported"), Reply(chunks=("Made it.",))]
    application.steps.approve(me, steps[0].id)
    application.steps.decline(me, steps[2].id)
    said = ended(application, me, asked)
    assert (said.status, said.content) == (MessageStatus.COMPLETE, "May I?\n\nMade it.")
    last = server.requests[2]
    assert not last.offered and not last.told
    [question] = [one["content"] for one in last.body["messages"] if one["role"] == "user"][:1]
    assert '"title": "A"' in question and "The person declined this call." in question


def test_switched_off_meanwhile_nothing_is_done_and_the_model_is_told(
    server: OpenAIServer, serve: Serve, me: Actor
) -> None:
    application = serve()
    asked, steps = waiting(server, application, me)
    set_company(application, me, tools_on=False)
    server.replies += [Reply(chunks=("It was not done.",))]
    application.steps.approve(me, steps[0].id)
    application.steps.approve(me, steps[2].id)
    said = ended(application, me, asked)
    assert [step.state for step in said.steps] == [StepState.FAILED, StepState.DONE, StepState.FAILED]
    assert titles(application, me) == [] and not server.requests[1].offered
    assert "Tools have been switched off." in json.dumps(server.requests[1].body["messages"])


def test_a_question_that_nobody_decided_lapses_when_its_answer_is_gone_on_with(
    server: OpenAIServer, serve: Serve, me: Actor
) -> None:
    """Its process died while a call of the same round was being made."""
    application = serve()
    asked, _ = waiting(server, application, me)
    with application.database.transaction() as session:
        session.get_one(Message, asked.answer_id).status = MessageStatus.INTERRUPTED
    server.replies += [call("make", '{"title": "C"}'), Reply(chunks=("Done.",))]
    application.chat.resume(me, asked.answer_id)
    said = ended(application, me, asked)
    assert said.status is MessageStatus.WAITING
    assert [step.may_decide for step in said.steps] == [False, False, False, True]
    assert [step.shown for step in said.steps][::2] == ["Nobody decided."] * 2
    application.steps.approve(me, said.steps[3].id)
    assert ended(application, me, asked).status is MessageStatus.COMPLETE and titles(application, me) == ["C"]


def test_what_cannot_be_weighed_is_asked_about_and_what_is_wrong_is_not(
    server: OpenAIServer, serve: Serve, me: Actor
) -> None:
    def weigh(caller: Caller, given: Any) -> bool:
        raise NotFound if given["title"] == "gone" else RuntimeError("by mistake")

    application = serve()
    application.assistant.tools = Toolbox([Tool(make, "Make", "", changes=True, reaches_others=weigh)])
    server.replies += [Reply(chunks=(), calls=(("make", '{"title": "gone"}'), ("make", '{"title": "A"}')))]
    said = answer(application, me, ask(application, me))
    assert [step.state for step in said.steps] == [StepState.DONE, StepState.WAITING]


def test_nobody_is_asked_about_what_would_not_be_done(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    set_company(application, me, ask_first=["make"], tools_on=False)
    server.replies += [call("make", '{"title": "A"}'), Reply(chunks=("No.",))]
    said = answer(application, me, ask(application, me))
    assert (said.status, said.steps[0].state) == (MessageStatus.COMPLETE, StepState.FAILED)


def test_a_wish_to_stop_counts_for_what_was_approved_before_it(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    asked, steps = waiting(server, application, me)
    application.stop()
    application.steps.approve(me, steps[0].id)
    application.steps.approve(me, steps[2].id)
    application.chat.stop(me, asked.conversation_id)
    application = serve()
    said = ended(application, me, asked)
    assert said.status is MessageStatus.STOPPED and titles(application, me) == [] and len(server.requests) == 1


def test_what_was_stopped_does_not_wait_for_a_decision(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    set_company(application, me, ask_first=["make"])
    HELD.clear()
    server.replies += [Reply(chunks=("Hm.",), calls=(("make_and_hang", '{"title": "A"}'), ("make", '{"title": "B"}')))]
    asked = ask(application, me)
    until(lambda: titles(application, me) == ["A"])
    application.chat.stop(me, asked.conversation_id)
    HELD.set()
    said = answer(application, me, asked)
    assert (said.status, [step.may_decide for step in said.steps]) == (MessageStatus.STOPPED, [False, False])


def deltas(*tool_calls: dict[str, Any], finish: str = "tool_calls", **more: Any) -> Reply:
    """A stream of just these, as odd as they are."""
    choices = [{"delta": {"tool_calls": [one]}, "finish_reason": None} for one in tool_calls]
    choices += [{"delta": more, "finish_reason": None}] if more else []
    events = [
        {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [one | {"index": 0}]}
        for one in choices
    ]
    return Reply((), raw=[f"data: {json.dumps(one)}\n\n".encode() for one in events], finish_reason=finish)


def made(title: str, index: int = 0, **more: Any) -> dict[str, Any]:
    function = {"name": "make", "arguments": json.dumps({"title": title})} | more.pop("function", {})
    return {"index": index, "id": "a", "type": "function", "function": function} | more


@pytest.mark.parametrize(
    ("reply", "done"),
    [
        (deltas(made("A", id=None)), ["A"]),
        (deltas(made("A"), made("B", 1)), ["B", "A"]),  # the same id twice
        (deltas(made("A", 3), made("B", 7)), ["B", "A"]),
        (deltas(made("A"), finish="stop"), ["A"]),
        (deltas(made("A", function={"arguments": {"title": "A"}})), ["A"]),
        (deltas(made("A", function={"arguments": '{"title": "A'}), finish="length"), []),
        (deltas(made("A", function={"name": "make.it"})), []),
    ],
    ids=["no id", "one id for two", "gaps", "stop", "an object", "half", "a dot"],
)
def test_odd_calls_end_in_an_answer_all_the_same(
    server: OpenAIServer, serve: Serve, me: Actor, reply: Reply, done: list[str]
) -> None:
    application = serve()
    server.replies += [reply, Reply(chunks=("So it is.",))]
    said = answer(application, me, ask(application, me))
    assert (said.status, said.content) == (MessageStatus.COMPLETE, "So it is.")
    assert sorted(titles(application, me)) == sorted(done)
    told = [one for one in server.requests[1].body["messages"] if one["role"] == "tool"]
    assert len(told) == len({one["tool_call_id"] for one in told}) == max(len(done), 1)


@pytest.mark.parametrize(
    "reply",
    [
        deltas(made("A"), finish="content_filter"),
        deltas(function_call={"name": "make", "arguments": '{"title": "A"}'}, finish="function_call"),
        deltas(made("A", function={"arguments": "x" * 1_000_001})),
        deltas({"index": 0, "function": {"arguments": "{}"}}),
    ],
    ids=["filtered", "legacy", "a million", "no name"],
)
def test_what_is_no_call_ends_with_a_sentence(server: OpenAIServer, serve: Serve, me: Actor, reply: Reply) -> None:
    application = serve()
    server.replies += [reply, reply, reply]
    said = answer(application, me, ask(application, me))
    assert said.status is MessageStatus.FAILED and said.problem
    assert titles(application, me) == []


def test_large_results_leave_room_for_the_question_over_a_restart(
    server: OpenAIServer, serve: Serve, me: Actor
) -> None:
    def dig(ctx: RunContext[Caller], at: int) -> Result:
        """Dig.

        Args:
            at: Where.
        """
        return Result("Überraschung " * 600, "Dug.")

    application = serve(context_tokens=4_000, answer_tokens=500)
    application.assistant.tools = Toolbox([Tool(dig, "Dig", "", changes=True), Tool(look, "Look", "")])
    calls = tuple(("dig", f'{{"at": {at}}}') for at in range(6))
    server.replies += [Reply(("Hm.",), calls=calls), Reply(("Half",), cut=True), Reply((" and half.",))]
    asked = ask(application, me, "Dig up " + "the treasure of the old mill " * 5)
    said = answer(application, me, asked)
    assert said.can_resume
    answer(application, me, application.chat.resume(me, said.id))
    for request in server.requests[1:3]:
        assert sum(estimate_tokens(str(one["content"] or "")) for one in request.body["messages"]) < 3_500
        assert any(
            "Dig up" in str(one["content"]) and "left out" not in one["content"] for one in request.body["messages"]
        )
        assert len(request.told) == 6


def test_what_is_done_is_cut_to_its_room_and_arguments_to_nothing() -> None:
    calls = tuple(ToolCall(str(at), "look", json.dumps({"word": "x" * 9_000}), "y" * 9_000) for at in range(3))
    [fitted] = fit_exchanges([Exchange("", calls)], 1_000)
    assert [call.arguments for call in fitted.calls] == ["{}"] * 3
    assert [len(call.told) for call in fitted.calls][1:] == [400, 400] and len(fitted.calls[0].told) <= 3_000


@pytest.mark.parametrize("name", ["tasks.create", "make a task", "ä" * 200, "", "functions/make:0"])
def test_services_are_told_names_that_they_take(name: str) -> None:
    done = Exchange("", (ToolCall("1", name, "{}", "There is no such tool."),))
    [_, made, _] = messages_of(Prompt("", (Turn("user", "Go on"),), (), (done,)), can_prefill=False)
    assert isinstance(made, ModelResponse)
    [part] = made.parts
    assert isinstance(part, ToolCallPart) and 0 < len(part.tool_name) <= 64
    assert part.tool_name.replace("_", "").isalnum() or set(part.tool_name) == {"_"}
    assert part.tool_name.isascii()


def test_what_a_thread_raises_is_told_to_who_waits_and_to_nobody_else() -> None:
    def fail() -> None:
        raise NotFound

    with pytest.raises(NotFound):
        asyncio.run(in_thread(fail))
