"""Chats with the assistant: a question, its answer, what is asked then; and answers that fail, stop, are made anew."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from core.assistant.steps import STATUS, Step, StepState
from core.assistant.titles import title_from
from core.assistant.tools.registry import Link
from core.models import (
    MAX_TITLE,
    AnswerRun,
    AuditAction,
    CallPurpose,
    CallStatus,
    ConversationKind,
    Member,
    MemberRole,
    MessageRole,
    MessageStatus,
    MessageType,
    RunStatus,
    TaskSource,
)
from core.services.demo.ledger import Ledger, Model
from core.services.demo.scripts import Act, Deck, Filling, Script, scripts_of
from core.services.demo.words import WORDS, Vocabulary
from core.services.demo.world import Ask, Person, Place, Row, World, tokens_of

AGAIN = 0.03
"""Of the answers, those that were made once more."""
REASKED = 0.02
STOPPED = 0.012
FAILS = 0.018
ARCHIVED = 0.06
TITLED = 0.05
"""Of the chats, those that a person named."""
LATEST = timedelta(minutes=6)
"""Before now: so that what is begun is ended."""
HARD = ("SQL", "Docker", "Slow", "Risks", "Comparing")
"""What is asked of the best model."""
KEEN = {"Ada": 1.4, "Bo": 1.8, "Cy": 1.5, "Di": 1.4, "Eli": 2.2, "Fay": 1.5, "Kavya": 2.0, "Camille": 1.7}
"""How much more some ask than others."""


class Chats:
    def __init__(self, world: World, ledger: Ledger) -> None:
        self.world = world
        self.ledger = ledger
        self.people = list(world.people.values())
        self.keen = [KEEN.get(one.name, world.chance.uniform(0.4, 1.3)) for one in self.people]
        self.words = {one.name: Vocabulary(world.chance) for one in self.people}
        self.decks = {one.name: Deck(world.chance, scripts_of("chats")) for one in self.people}
        self.tones = {one.name: _Texts(world) for one in self.people}

    def tell_one(self) -> None:
        """Somebody's, at some time of the year."""
        world = self.world
        [person] = world.chance.choices(self.people, self.keen)
        until = min(person.went or world.now, world.now - LATEST)
        begun = world.year.moment(world.chance, person.hand.zone, person.came, until)
        self.tell(person, begun, self.decks[person.name].take())

    def tell(self, person: Person, begun: datetime, script: Script) -> Place:
        world, chance = self.world, self.world.chance
        filling = Filling(
            chance, self.words[person.name], script, {"person": chance.choice(self.people).name, "other": ""}
        )
        place = Place(world, ConversationKind.ASSISTANT, person, begun)
        model = self.ledger.choose(is_large=script.title.startswith(HARD))
        at, read = begun, 0
        turns = list(self._turns(person, script, filling))
        for number, (question, answer, acts) in enumerate(turns):
            if at >= world.now - LATEST and number:
                break
            at, read = _Turn(self, place, person, model, filling).tell(at, read, question, answer, acts)
        title = filling.fill(script.title) if script.title else title_from(turns[0][0], MAX_TITLE)
        self._name(place, person, model, title, turns[0][0])
        place.end(members=1)
        world.add(
            Member, conversation_id=place.id, user_id=person.id, kind=place.kind, role=MemberRole.OWNER,
            joined_at=begun,
        )  # fmt: skip
        if chance.random() < ARCHIVED and begun < world.now - timedelta(days=9):
            put_away = min(at + timedelta(days=chance.randrange(1, 8)), world.now)
            place.row["archived_at"] = put_away
            world.did(put_away, AuditAction.CONVERSATION_ARCHIVED, person, place.id)
        return place

    def _turns(self, person: Person, script: Script, filling: Filling) -> Iterator[tuple[str, str, list[Act]]]:
        """Questions with their answers; a chat need not go on to its end."""
        lines, texts = script.lines, self.tones[person.name]
        keep = len(lines) if self.world.chance.random() < 0.8 else 2
        for question, answer in zip(lines[0:keep:2], lines[1:keep:2], strict=True):
            asked = filling.fill(texts.of(question.texts)).replace(", !", "!")
            yield asked, filling.fill(texts.of(answer.texts)), answer.acts

    def _name(self, place: Place, person: Person, model: Model, title: str, question: str) -> None:
        place.row["title"] = title
        self.world.titles.append((place.id, title))
        at = place.row["created_at"] + timedelta(seconds=6)
        self.ledger.book(
            place, person, model, at, read=tokens_of(question), written=tokens_of(title),
            purpose=CallPurpose.TITLE,
        )  # fmt: skip
        if self.world.chance.random() < TITLED:
            place.row["is_titled"] = True


class _Texts:
    """Of the texts of a line each in turn."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._decks: dict[tuple[str, ...], Deck[str]] = {}

    def of(self, texts: tuple[str, ...]) -> str:
        if len(texts) == 1:
            return texts[0]
        deck = self._decks.get(texts) or self._decks.setdefault(texts, Deck(self.world.chance, texts))
        return deck.take()


class _Turn:
    """One question and what was answered, perhaps more than once."""

    def __init__(self, chats: Chats, place: Place, person: Person, model: Model, filling: Filling) -> None:
        self.world, self.ledger = chats.world, chats.ledger
        self.chance = chats.world.chance
        self.place, self.person, self.model, self.filling = place, person, model, filling
        self.group: UUID | None = None
        """Of the versions of this turn's answer, once there are several."""

    def tell(self, at: datetime, read: int, question: str, answer: str, acts: list[Act]) -> tuple[datetime, int]:
        """When the next may be asked, and how much there is to read by then."""
        asked = self._ask(at, question)
        if not acts and self.chance.random() < REASKED:
            asked = self._ask_again(asked, read, answer)
        read += asked["tokens_used"]
        said = asked["created_at"] + timedelta(seconds=1)
        if not acts and self.chance.random() < FAILS:
            said = self._fail(said, asked, read, answer)
        elif not acts and self.chance.random() < AGAIN:
            said = self._answer(said, asked, read, _shorter(answer), hidden=True)
        elif not acts and self.chance.random() < STOPPED:
            end = self._answer(said, asked, read, _half(answer), status=RunStatus.STOPPED)
            return end + timedelta(seconds=self.chance.randrange(20, 90)), read + tokens_of(answer) // 2
        end = self._answer(said, asked, read, answer, acts=acts)
        pause = self.chance.randrange(25, 260) if self.chance.random() < 0.9 else self.chance.randrange(900, 6_000)
        return end + timedelta(seconds=pause), read + tokens_of(answer)

    def _ask(self, at: datetime, text: str, version_group_id: UUID | None = None) -> Row:
        return self.place.say(at, text, self.person, tokens_used=tokens_of(text), version_group_id=version_group_id)

    def _ask_again(self, asked: Row, read: int, answer: str) -> Row:
        """The question as it was first, and its answer, stay behind the second version."""
        text, group = asked["content"], asked["id"]
        end = self._answer(asked["created_at"] + timedelta(seconds=1), asked, read, _shorter(answer), bundle=group)
        asked |= {"superseded_with_id": group, "version_group_id": group}
        again = end + timedelta(seconds=self.chance.randrange(20, 120))
        return self._ask(again, f"{text} {self.chance.choice(MORE)}", version_group_id=group)

    def _fail(self, at: datetime, asked: Row, read: int, answer: str) -> datetime:
        """It broke, and was tried again."""
        status, code = self.ledger.fault()
        part = "" if status is CallStatus.FAILED else _half(answer)
        end = self._answer(at, asked, read, part, status=RunStatus(status.value), error_code=code, hidden=True)
        return end + timedelta(seconds=self.chance.randrange(5, 60))

    def _answer(
        self, at: datetime, asked: Row, read: int, text: str, *, status: RunStatus = RunStatus.COMPLETE,
        error_code: str | None = None, hidden: bool = False, bundle: UUID | None = None, acts: list[Act] | None = None,
    ) -> datetime:  # fmt: skip
        """`hidden`: the next answer to the same question takes its place. `bundle`: hidden together with that."""
        written = tokens_of(text)
        run_id = self.world.id(at)
        row = self.place.say(
            at, text, finds=self.model.name, status=MessageStatus(status.value), tokens_used=written or None,
            reply_to_id=asked["id"], superseded_with_id=bundle, version_group_id=self.group,
        )  # fmt: skip
        if hidden:
            self.group = self.group or row["id"]
            row |= {"superseded_with_id": row["id"], "version_group_id": self.group}
        call = self.ledger.book(
            self.place, self.person, self.model, at, read=read, written=written, message_id=row["id"], run_id=run_id,
            status=CallStatus(status.value), error_code=error_code, is_begun=self.place.seq > 2,
        )  # fmt: skip
        end = call.created_at = at + timedelta(milliseconds=call.duration_ms)
        self.world.add(
            AnswerRun, id=run_id, created_at=at, conversation_id=self.place.id, message_id=row["id"],
            asked_by=self.person.id, status=status, prompt_tokens=call.input_tokens, heartbeat_at=end, finished_at=end,
            error_code=error_code,
        )  # fmt: skip
        for number, act in enumerate(acts or ()):
            self._act(end, row, run_id, number, act)
        if status is RunStatus.COMPLETE:
            self.ledger.rate(call, self.model, self.person)
        return end

    def _act(self, at: datetime, answer: Row, run_id: UUID, number: int, act: Act) -> None:
        arguments, shown = self.filling.fill(act.arguments), self.filling.fill(act.shown)
        makes = act.tool == "create_task"
        step = Step(
            id=run_id, answer_id=answer["id"], name=act.tool, arguments=arguments, call_id=f"call_{number + 1}",
            run_id=run_id, asked_by=self.person.id, client_key=self.world.id(at), round=number, at=0,
            state=StepState.DONE, shown=shown, told=shown if makes else "",
            links=(Link("Tasks", "tasks"),) if makes else (), seconds=round(self.chance.uniform(0.05, 0.4), 2),
        )  # fmt: skip
        row = self.place.say(
            at, shown, role=MessageRole.SYSTEM, message_type=MessageType.TOOL, status=STATUS[step.state],
            reply_to_id=answer["id"], extra=step.extra(),
        )  # fmt: skip
        row["superseded_with_id"] = row["id"]
        if makes:
            given = self.filling.arguments(act.arguments)
            days = (WORDS["weekday"].index(given["due"]) - at.weekday() - 1) % 7 + 1
            self.world.asks.append(
                Ask(
                    at,
                    self.person,
                    self.person,
                    given["title"],
                    days,
                    self.place.id,
                    answer["id"],
                    TaskSource.ASSISTANT,
                )
            )


MORE = ("Please keep it short.", "In English.", "For somebody new here.", "No more than ten lines.", "Be precise.")


def _shorter(text: str) -> str:
    """Another attempt at the same: without its last paragraph, if it has several."""
    parts = text.split("\n\n")
    return "\n\n".join(parts[:-1]) if len(parts) > 1 and text.count("```") == 0 else f"In short: {text}"


def _half(text: str) -> str:
    words = text.split(" ")
    return " ".join(words[: max(len(words) // 2, 1)])
