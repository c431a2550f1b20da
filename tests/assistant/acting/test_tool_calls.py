"""Tools called by a model over real HTTP, for a person, against the real database."""

import json
import threading
from dataclasses import replace
from uuid import UUID

import pytest
from pydantic_ai.tools import RunContext
from sqlalchemy import text

from core.assistant.steps import StepState
from core.assistant.tools.registry import MOST_TOLD, Caller, Result, Tool, Toolbox
from core.bootstrap import Application
from core.errors import Conflict, ModelLooping, ModelOverworked, NotPermitted
from core.models import (
    BudgetPeriod,
    BudgetScope,
    BudgetUnit,
    CallPurpose,
    Company,
    ConversationKind,
    MessageRole,
    MessageStatus,
    MessageType,
    TaskStatus,
    User,
)
from core.permissions import Actor, Role
from core.services.budgets import WantedBudget
from core.services.task_views import NewTask
from core.services.views import MessageView
from tests.support.acting import (
    HANGS,
    HELD,
    TOOLS,
    Serve,
    answer,
    ask,
    asked_for,
    call,
    ended,
    ledger,
    make,
    set_company,
    states,
    titles,
    unmake,
    waiting,
)
from tests.support.builders import make_actor, make_user
from tests.support.openai_server import OpenAIServer, Reply, refusal
from tests.support.talks import begun
from tests.support.waiting import until


def test_text_and_calls_in_parallel_with_arguments_in_pieces(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    server.replies += [
        Reply(
            chunks=("Let me see", "."),
            calls=(("make", '{"title": "Buy “rye”", "due_on": "2026-05-06"}'), ("look", '{"word": "rye"}')),
            split=1,
        ),
        Reply(chunks=("All", " done.")),
    ]
    asked = ask(application, me)
    said = answer(application, me, asked)
    assert (said.status, said.content) == (MessageStatus.COMPLETE, "Let me see.\n\nAll done.")
    assert states(said) == [("Make a task", StepState.DONE), ("Look", StepState.DONE)]
    made = said.steps[0]
    assert made.arguments == (("title", "Buy “rye”"), ("due_on", "2026-05-06"))
    assert (made.shown, made.at, made.may_undo) == ("Made “Buy “rye””.", len("Let me see."), True)
    assert made.seconds is not None and said.steps[1].may_undo is False
    assert titles(application, me) == ["Buy “rye”"]
    first, second, *_ = server.requests
    assert first.offered == second.offered == [tool.name for tool in TOOLS]
    assert [one.split('"')[3] for one in second.told][1] == "rye"
    said_before = [one for one in second.body["messages"] if one["role"] == "assistant"]
    assert said_before[-1]["content"] == "Let me see." and len(said_before[-1]["tool_calls"]) == 2
    booked = [one for one in ledger(application, asked) if one.purpose is not CallPurpose.TITLE]
    assert [one.purpose for one in booked] == [CallPurpose.TOOL, CallPurpose.ANSWER]
    assert all(one.output_tokens == 7 for one in booked) and said.tokens == 14
    assert application.steps.undo(me, made.id) == "Taken back."
    assert titles(application, me) == []
    with pytest.raises(Conflict, match="taken back already"):
        application.steps.undo(me, made.id)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("make", '{"title": "x"', "Invalid JSON"),
        ("make", "", "title: Field required"),
        ("make", "[]", "arguments: Input should be an object"),
        ("make", '{"title": 3}', "title: Input should be a valid string"),
        ("make", '{"title": "x", "due_on": "tomorrow"}', "due_on: Input should be a valid date"),
        ("make", '{"title": "x", "user_id": "somebody else"}', "user_id: Extra inputs are not permitted"),
        ("make", '{"title": " "}', "The title is empty. Write something first."),
        ("make", '{"title": "' + "x" * 30_000 + '"}', "The arguments are too long"),
        ("make_tea", "{}", "There is no tool named 'make_tea' here. Use one of: make, make_and_hang, look, give"),
        ("crash", "{}", "The tool failed for a reason of its own"),
        ("refuse", "{}", "That is not for you."),
    ],
)
def test_what_goes_wrong_is_told_and_the_answer_goes_on(
    server: OpenAIServer, serve: Serve, me: Actor, name: str, arguments: str, told: str
) -> None:
    application = serve()
    server.replies += [call(name, arguments), Reply(chunks=("Sorry.",))]
    said = answer(application, me, ask(application, me))
    assert (said.status, said.content) == (MessageStatus.COMPLETE, "Sorry.")
    [step] = said.steps
    assert (step.state, step.may_undo) == (StepState.FAILED, False)
    [heard] = server.requests[1].told
    assert told in heard and "secret detail" not in heard + step.shown
    assert titles(application, me) == []


def test_a_tool_that_hangs_is_given_up_and_holds_nothing_up(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve(tool_seconds=1)
    HELD.clear()
    server.replies += [
        Reply(chunks=(), calls=(("hang", "{}"), ("look", "{}"))),
        Reply(chunks=("It hangs.",)),
    ]
    said = answer(application, me, ask(application, me))
    assert states(said) == [("hang", StepState.FAILED), ("Look", StepState.DONE)]
    assert "longer than 1 s and" in server.requests[1].told[0] and said.content == "It hangs."
    HELD.set()


def test_a_loop_is_ended_with_a_sentence(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    server.replies += [call("look", f'{{"word":{" " * number}"rye"}}') for number in range(9)]
    said = answer(application, me, ask(application, me))
    assert (said.status, said.problem) == (MessageStatus.FAILED, ModelLooping.sentence)
    assert len(said.steps) == 3 and len(server.requests) == 4


def test_so_are_too_many_calls(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve(tool_calls=5)
    server.replies += [
        Reply(chunks=("Hm.",) if not number else (), calls=tuple(("look", f'{{"word": "{number}{n}"}}') for n in "ab"))
        for number in range(4)
    ]
    said = answer(application, me, ask(application, me))
    assert (said.status, said.problem) == (MessageStatus.INTERRUPTED, ModelOverworked.sentence)
    assert (len(said.steps), said.content) == (4, "Hm.")


def test_what_tools_find_is_cut_to_size(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    server.replies += [call("look", '{"word": "long"}')]
    answer(application, me, ask(application, me))
    [told] = server.requests[1].told
    assert 1_000 < len(told) <= MOST_TOLD and told.endswith("[… cut: too long …]")


def test_a_service_without_tools_is_asked_without(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    server.replies += [refusal(400, "tools are not supported"), Reply(chunks=("Plain.",))]
    assert answer(application, me, ask(application, me)).content == "Plain."
    answer(application, me, ask(application, me, "Again"))
    assert [bool(one.offered) for one in asked_for(server, "Go on", "Again")] == [True, False, False]


def test_a_refusal_for_another_reason_leaves_the_tools(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    server.replies += [refusal(400, "no"), refusal(400, "no"), Reply()]
    assert answer(application, me, ask(application, me)).status is MessageStatus.FAILED
    answer(application, me, ask(application, me, "Again"))
    assert [bool(one.offered) for one in asked_for(server, "Go on", "Again")] == [True, False, True]


def test_the_company_can_switch_tools_off(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    set_company(application, me, tools_on=False)
    answer(application, me, ask(application, me))
    assert server.requests[0].offered == []


def test_what_asks_first_waits_over_a_restart(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    asked, steps = waiting(server, application, me)
    assert [step.state for step in steps] == [StepState.WAITING, StepState.DONE, StepState.WAITING]
    assert titles(application, me) == []
    application.stop()
    application = serve()
    server.replies += [Reply(chunks=("Thanks.",))]
    application.steps.approve(me, steps[0].id)
    assert titles(application, me) == [] and len(server.requests) == 1
    application.steps.decline(me, steps[2].id)
    said = ended(application, me, asked)
    assert (said.status, said.content) == (MessageStatus.COMPLETE, "May I?\n\nThanks.")
    assert [step.state for step in said.steps] == [StepState.DONE, StepState.DONE, StepState.DECLINED]
    assert titles(application, me) == ["A"]
    told = server.requests[1].told
    assert '"title": "A"' in told[0] and told[2].startswith("The person declined this call.")
    with pytest.raises(Conflict, match="decided already"):
        application.steps.approve(me, steps[2].id)


def test_what_reaches_others_is_always_asked_about(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    server.replies += [Reply(chunks=(), calls=(("give", '{"to": "me"}'), ("give", '{"to": "Bo"}')))]
    said = answer(application, me, ask(application, me))
    assert said.status is MessageStatus.WAITING
    assert [step.state for step in said.steps] == [StepState.DONE, StepState.WAITING]


def test_nonsense_is_not_asked_about(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    set_company(application, me, ask_first=["make"])
    server.replies += [call("make", '{"titel": "x"}'), Reply(chunks=("Sorry.",))]
    said = answer(application, me, ask(application, me))
    assert said.status is MessageStatus.COMPLETE and [one.state for one in said.steps] == [StepState.FAILED]


def test_what_was_not_decided_lapses_when_the_talk_goes_on(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    asked, steps = waiting(server, application, me)
    again = begun(application.chat.ask(me, "Never mind", conversation_id=asked.conversation_id))
    answer(application, me, again)
    with pytest.raises(Conflict, match="gone on"):
        application.steps.approve(me, steps[0].id)
    shown = application.transcripts.read(me, asked.conversation_id).messages
    assert not any(step.may_decide for one in shown for step in one.steps)


def test_what_was_looked_up_is_not_kept(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    """It may be in others' words, which can be deleted where they are. Needed again, it is looked up again."""
    application = serve()
    server.replies += [Reply(chunks=("Hm.",), calls=(("look", '{"word": "rye"}'),)), Reply(("Half",), cut=True)]
    asked = ask(application, me)
    said = answer(application, me, asked)
    assert said.can_resume and "rye" in server.requests[1].told[0]
    with application.database.reading() as session:
        [kept] = session.execute(text("SELECT extra -> 'tool' ->> 'told' FROM messages WHERE message_type = 'tool'"))
    assert kept[0] == ""
    server.replies += [Reply(chunks=(" and half.",))]
    said = answer(application, me, application.chat.resume(me, said.id))
    assert said.content == "Hm.\n\nHalf and half." and "rye" in server.requests[2].told[0]


def test_the_same_call_in_another_attempt_is_the_same_task(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    server.replies += [call("make", '{"title": "A"}'), refusal(401), call("make", '{ "title":"A"}'), Reply()]
    asked = ask(application, me)
    said = answer(application, me, asked)
    assert said.can_retry and titles(application, me) == ["A"]
    said = answer(application, me, application.chat.retry(me, said.id))
    assert said.status is MessageStatus.COMPLETE and titles(application, me) == ["A"]
    assert server.requests[2].told[0].startswith('{"id"')  # it was told what had been done


def test_what_a_dead_process_left_open_is_made_once(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    """It died when the tool had committed, and what came of it was not kept yet."""
    application = serve()
    HELD.clear()
    server.replies += [call("make_and_hang", '{"title": "A"}')]
    asked = ask(application, me)
    until(lambda: titles(application, me) == ["A"])
    application.stop()
    HELD.set()
    application = serve()
    said = ended(application, me, asked)
    assert (said.status, states(said)) == (MessageStatus.INTERRUPTED, [("Make and hang", StepState.RUNNING)])
    server.replies += [call("make_and_hang", '{"title": "A"}'), Reply(chunks=("Done.",))]
    said = answer(application, me, application.chat.retry(me, said.id))
    assert (said.status, said.content) == (MessageStatus.COMPLETE, "Done.")
    assert titles(application, me) == ["A"]
    told = server.requests[1].told + server.requests[2].told
    assert len(told) == 3 and len(set(told)) == 1


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [("change_and_hang", {"title": "After"}, "Changed “After”."), ("tick_and_hang", {}, "“Before” is done.")],
)
def test_what_a_dead_process_had_changed_is_undone_to_what_was_there_before(
    server: OpenAIServer, serve: Serve, me: Actor, name: str, more: dict[str, str], said: str
) -> None:
    """Another attempt makes the call again, and finds nothing left to change."""
    application = serve()
    task = application.tasks.create(me, NewTask("Before"))
    HELD.clear()
    server.replies += [call(name, json.dumps({"task_id": str(task.id), **more}))]
    asked = ask(application, me)
    until(lambda: application.tasks.get(me, task.id).line.version == 1)
    application.stop()
    HELD.set()
    application = serve()
    broken = ended(application, me, asked)
    assert [step.state for step in broken.steps] == [StepState.RUNNING] and not broken.steps[0].may_undo
    server.replies += [Reply(chunks=("Done.",))]
    [step] = answer(application, me, application.chat.retry(me, broken.id)).steps
    assert (step.shown, step.may_undo) == (said, True)
    application.steps.undo(me, step.id)
    taken_back = application.tasks.get(me, task.id)
    assert (taken_back.title, taken_back.line.status) == ("Before", TaskStatus.OPEN)


def test_what_was_like_that_before_has_no_undo_in_another_attempt_either(
    server: OpenAIServer, serve: Serve, me: Actor
) -> None:
    application = serve()
    task = application.tasks.create(me, NewTask("Before"))
    HANGS.clear()
    HELD.clear()
    server.replies += [call("change_and_hang", json.dumps({"task_id": str(task.id), "title": "Before"}))]
    asked = ask(application, me)
    assert HANGS.wait(30)
    application.stop()
    HELD.set()
    application = serve()
    broken = ended(application, me, asked)
    server.replies += [Reply(chunks=("Done.",))]
    [step] = answer(application, me, application.chat.retry(me, broken.id)).steps
    assert (step.shown, step.may_undo) == ("“Before” is like that already.", False)


def test_what_was_done_before_has_no_undo_when_somebody_changed_it_between_two_attempts(
    server: OpenAIServer, serve: Serve, me: Actor
) -> None:
    """The version that it would have left is theirs."""
    application = serve()
    task = application.tasks.create(me, NewTask("Before"))
    task = application.tasks.complete(me, task.id, version=task.line.version)
    HANGS.clear()
    HELD.clear()
    server.replies += [call("tick_and_hang", json.dumps({"task_id": str(task.id)}))]
    asked = ask(application, me)
    assert HANGS.wait(30)
    application.stop()
    HELD.set()
    application = serve()
    broken = ended(application, me, asked)
    application.tasks.update(me, task.id, title="After", version=task.line.version)
    server.replies += [Reply(chunks=("Done.",))]
    [step] = answer(application, me, application.chat.retry(me, broken.id)).steps
    assert (step.shown, step.may_undo) == ("“After” is done already.", False)


def test_in_a_room_less_is_offered_and_others_decide_nothing(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    with application.database.transaction() as session:
        bo = make_actor(make_user(session, session.get_one(Company, me.company_id), display_name="Bo"))
    room = application.rooms.create(me, ConversationKind.GROUP, "Two", user_ids=[bo.user_id])
    set_company(application, me, ask_first=["make"])
    server.replies += [call("hang"), call("make", '{"title": "A"}'), Reply(chunks=("Done.",))]
    assert application.talk.send(me, room, "@Assistant go on").run_id
    said = last(application, bo, room, MessageStatus.WAITING)
    assert [one.state for one in said.steps] == [StepState.FAILED, StepState.WAITING]
    assert not any(step.may_decide or step.may_undo for step in said.steps)
    assert server.requests[0].offered == ["make", "look", "give"]
    assert "no tool named 'hang'" in server.requests[1].told[0]
    with pytest.raises(NotPermitted, match="person who asked"):
        application.steps.approve(bo, said.steps[1].id)
    application.talk.send(bo, room, "I go on meanwhile")
    application.steps.approve(me, said.steps[1].id)
    said = last(application, bo, room, MessageStatus.COMPLETE)
    assert said.content == "Done." and titles(application, me) == ["A"] and titles(application, bo) == []
    [unread] = [one for one in application.rooms.list_mine(bo, ConversationKind.GROUP) if one.id == room]
    assert unread.unread <= 2  # what was said; steps are nothing that was


def last(application: Application, actor: Actor, room: UUID, status: MessageStatus) -> MessageView:
    """The answer that stands last in a room, once it has that status."""

    def look() -> list[MessageView]:
        shown = application.transcripts.read(actor, room).messages
        return [one for one in shown if one.role is MessageRole.ASSISTANT and one.status is status]

    return until(look)[-1]


def test_what_is_stopped_meanwhile_is_not_gone_on_with(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    HELD.clear()
    server.replies += [Reply(chunks=("Hm.",), calls=(("make_and_hang", '{"title": "A"}'),))]
    asked = ask(application, me)
    until(lambda: titles(application, me) == ["A"])
    application.chat.stop(me, asked.conversation_id)
    HELD.set()
    said = answer(application, me, asked)
    assert (said.status, said.content, states(said)) == (
        MessageStatus.STOPPED,
        "Hm.",
        [("Make and hang", StepState.DONE)],
    )
    assert len(server.requests) == 1
    server.replies += [Reply(chunks=("Gone on.",))]
    said = answer(application, me, application.chat.resume(me, said.id))
    assert (said.content, said.steps[0].at) == ("Hm.\n\nGone on.", 3)
    assert '"title": "A"' in server.requests[1].told[0]


def test_a_budget_is_asked_before_each_response(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve(answer_tokens=100)
    usage = {"prompt_tokens": 2_000, "completion_tokens": 50}
    with application.database.transaction() as session:
        company = session.get_one(Company, me.company_id)
        admin = make_actor(make_user(session, company, (Role.ADMIN,)), (Role.ADMIN,))
    application.budgets.set(
        admin,
        WantedBudget(BudgetScope.PERSON, BudgetPeriod.DAY, BudgetUnit.TOKENS, "4000", user_id=me.user_id),
    )
    server.replies += [replace(call("look", f'{{"word": "{number}"}}'), usage=usage) for number in range(9)]
    asked = ask(application, me)
    said = answer(application, me, asked)
    assert said.status is MessageStatus.FAILED and said.problem and "budget" in said.problem
    assert 1 <= len(server.requests) <= 3
    assert sum((one.input_tokens or 0) + (one.output_tokens or 0) for one in ledger(application, asked)) <= 4_100
    with application.database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM budget_holds")).scalar_one() == 0


def test_rights_are_those_of_the_moment(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    server.replies += [
        Reply(chunks=("Let me see.",), calls=(("look", "{}"),)),
        Reply(chunks=(), calls=(("make", '{"title": "A"}'),), delay=0.0),
        Reply(chunks=("No.",)),
    ]
    held = threading.Event()

    def lose(ctx: RunContext[Caller], word: str = "") -> Result:
        """Look.

        Args:
            word: What for.
        """
        application.people.set_roles(None, me.user_id, [Role.ANALYST])
        held.set()
        return Result({}, "Looked.")

    lose.__name__ = "look"
    application.assistant.tools = Toolbox([Tool(lose, "Look", ""), Tool(make, "Make", "", unmake, changes=True)])
    asked = ask(application, me)
    for _ in application.runner.watch(asked.run_id):
        pass
    assert held.is_set()
    until(lambda: len(server.requests) >= 3)
    assert "needs the role staff" in server.requests[2].told[1]
    with application.database.reading() as session:
        assert session.get_one(User, me.user_id).is_active
    assert titles(application, make_staff(me)) == []


def make_staff(me: Actor) -> Actor:
    return Actor(me.user_id, me.company_id, me.email, me.display_name, frozenset({Role.STAFF}))


def test_steps_are_no_messages_of_the_transcript(server: OpenAIServer, serve: Serve, me: Actor) -> None:
    application = serve()
    server.replies += [call("look"), call("look", '{"word": "a"}'), Reply()]
    asked = ask(application, me)
    answer(application, me, asked)
    shown = application.transcripts.read(me, asked.conversation_id).messages
    assert [one.message_type for one in shown] == [MessageType.TEXT] * 2
