"""Ratings apart from what they are of, and their sums: equal to a plain count after anything that people do."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import hypothesis
import pytest
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.models import CallPurpose, CallStatus, Feedback, ModelCall, Score, UsageSource, User
from core.repositories.feedback import Feedbacks
from core.repositories.model_calls import ModelCalls
from tests.support.builders import make_company, make_conversation, make_messages, make_user
from tests.support.properties import tried
from tests.support.waiting import at_once

UP, DOWN = Score.UP, Score.DOWN
FIRST = datetime(2026, 1, 30, 22, tzinfo=UTC)
MODELS = ("small", "large")
quickly = tried(30)

Sums = dict[tuple[str, date, str], tuple[int, int]]


@dataclass
class Floor:
    """A company's people and answers, each given by a model, and what was said of them."""

    company_id: UUID
    people: list[User]
    answers: list[UUID]
    models: dict[UUID, str] = field(default_factory=dict)
    ratings: dict[tuple[UUID, UUID], tuple[str, Score, datetime]] = field(default_factory=dict)
    """By answer and person, as plain Python keeps them."""

    def answered(self, session: Session, answer: UUID, model: str, purpose: CallPurpose = CallPurpose.ANSWER) -> None:
        call = ModelCall(
            company_id=self.company_id,
            message_id=answer,
            purpose=purpose,
            provider="here",
            model=model,
            usage_source=UsageSource.EXACT,
            duration_ms=1,
            status=CallStatus.COMPLETE,
        )
        ModelCalls(session).add_all([call])
        if purpose is CallPurpose.ANSWER:
            self.models[answer] = model

    def rate(self, session: Session, answer: UUID, person: User, score: Score | None, now: datetime) -> None:
        key = answer, person.id
        if score is None:
            Feedbacks(session).remove(*key)
            self.ratings.pop(key, None)
            return
        Feedbacks(session).put(*key, score, [], "")
        first = self.ratings[key][2] if key in self.ratings else now
        if answer in self.models:
            self.ratings[key] = self.models[answer], score, first

    def sums(self) -> Sums:
        up, down = Counter[tuple[str, date, str]](), Counter[tuple[str, date, str]]()
        for model, score, at in self.ratings.values():
            for key in (("day", at.date(), model), ("month", at.date().replace(day=1), model)):
                (up if score is UP else down)[key] += 1
        return {key: (up[key], down[key]) for key in {*up, *down}}


def make_floor(session: Session, people: int = 3, answers: int = 2, *, models: tuple[str, ...] = MODELS) -> Floor:
    company = make_company(session)
    users = [make_user(session, company) for _ in range(people)]
    conversation = make_conversation(session, users[0])
    messages = make_messages(session, conversation, ["?", "!"] * answers)
    floor = Floor(company.id, users, [message.id for message in messages[1::2]])
    for answer, model in zip(floor.answers, models, strict=False):
        floor.answered(session, answer, model)
    return floor


def kept_sums(session: Session, company_id: UUID) -> Sums:
    rows = session.execute(
        text("SELECT span, start, model, up, down FROM usage_ratings WHERE company_id = :id"), {"id": company_id}
    )
    return {(row.span, row.start, row.model): (row.up, row.down) for row in rows}


def kept_ratings(session: Session, company_id: UUID) -> Mapping[tuple[UUID, UUID], tuple[str, str, datetime]]:
    rows = session.execute(text("SELECT * FROM ratings WHERE company_id = :id"), {"id": company_id})
    return {(row.message_id, row.user_id): (row.model, row.score, row.created_at) for row in rows}


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """What time it is."""
    moment = [FIRST]
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    return moment


STEPS = [
    # before, now: what a day and its month then hold, up and down
    ((UP,), (1, 0)),
    ((DOWN,), (0, 1)),
    ((UP, UP), (1, 0)),
    ((UP, DOWN), (0, 1)),
    ((DOWN, UP), (1, 0)),
    ((UP, None), None),
    ((DOWN, None), None),
    ((None,), None),
    ((UP, None, None), None),
    ((UP, None, DOWN), (0, 1)),
]


@pytest.mark.parametrize(("said", "counted"), STEPS, ids=str)
def test_what_somebody_says_of_an_answer_is_counted_once(
    database: Database, at: list[datetime], said: tuple[Score | None, ...], counted: tuple[int, int] | None
) -> None:
    with database.transaction() as session:
        floor = make_floor(session, people=2)
        for score in said:
            floor.rate(session, floor.answers[0], floor.people[0], score, at[0])
        expected = {("day", date(2026, 1, 30)): counted, ("month", date(2026, 1, 1)): counted} if counted else {}
        assert kept_sums(session, floor.company_id) == {(*key, "small"): value for key, value in expected.items()}
        assert kept_ratings(session, floor.company_id) == floor.ratings


acts = st.one_of(
    st.tuples(st.just("rate"), st.integers(0, 2), st.integers(0, 2), st.sampled_from([UP, DOWN, None])),
    st.tuples(st.just("rewrite"), st.integers(0, 2), st.sampled_from(MODELS)),
    st.tuples(st.just("wait"), st.integers(1, 40)),
)


@quickly
@hypothesis.given(st.lists(acts, min_size=1, max_size=25))
def test_after_anything_people_do_the_sums_are_a_plain_count(
    database: Database, at: list[datetime], script: list[tuple]
) -> None:
    """The last answer was imported, until a model writes it on here."""
    at[0] = FIRST
    with database.transaction() as session:
        floor = make_floor(session, people=3, answers=3)
        for act in script:
            match act:
                case ("rate", answer, person, score):
                    floor.rate(session, floor.answers[answer], floor.people[person], score, at[0])
                case ("rewrite", answer, model):
                    floor.answered(session, floor.answers[answer], model)
                    floor.answered(session, floor.answers[answer], "namer", CallPurpose.TITLE)
                case ("wait", hours):
                    at[0] += timedelta(hours=hours)
        assert kept_ratings(session, floor.company_id) == floor.ratings
        assert kept_sums(session, floor.company_id) == floor.sums()


def test_a_rating_stays_when_the_answer_goes(database: Database, at: list[datetime]) -> None:
    with database.transaction() as session:
        floor = make_floor(session, people=1)
        floor.rate(session, floor.answers[1], floor.people[0], UP, at[0])
        session.execute(text("DELETE FROM conversations WHERE company_id = :id"), {"id": floor.company_id})
        assert session.execute(text("SELECT count(*) FROM feedback")).scalar_one() == 0
        assert kept_ratings(session, floor.company_id) == floor.ratings != {}
        assert kept_sums(session, floor.company_id) == floor.sums() != {}


def test_an_imported_answer_has_no_model_here_to_rate(database: Database, at: list[datetime]) -> None:
    with database.transaction() as session:
        floor = make_floor(session, people=1, models=())
        session.add(Feedback(message_id=floor.answers[0], user_id=floor.people[0].id, score=UP))
        session.flush()
        for score in (DOWN, None):
            floor.rate(session, floor.answers[0], floor.people[0], score, at[0])
        assert kept_ratings(session, floor.company_id) == {}
        assert kept_sums(session, floor.company_id) == {}


def test_many_who_rate_at_once_are_each_counted(fresh_database: Database) -> None:
    """The same person in two tabs, and everybody on the same two models."""
    with fresh_database.transaction() as session:
        floor = make_floor(session, people=8, answers=2)

    def click(number: int) -> None:
        chance, person = random.Random(number), floor.people[number % 8]
        for _ in range(12):
            answer, score = chance.choice(floor.answers), chance.choice([UP, DOWN, None])
            with fresh_database.transaction() as session:
                if score:
                    Feedbacks(session).put(answer, person.id, score, [], "")
                else:
                    Feedbacks(session).remove(answer, person.id)

    assert at_once(16, click) == [None] * 16
    with fresh_database.reading() as session:
        said = session.execute(text("SELECT message_id, user_id, score FROM feedback")).all()
        ratings = kept_ratings(session, floor.company_id)
        assert {(row.message_id, row.user_id): row.score for row in said} == {key: r[1] for key, r in ratings.items()}
        floor.ratings = {key: (model, Score(score), at) for key, (model, score, at) in ratings.items()}
        assert kept_sums(session, floor.company_id) == floor.sums()


def test_a_double_click_in_two_tabs_is_one_rating(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        floor = make_floor(session, people=1, answers=1)

    def click(_: int) -> None:
        with fresh_database.transaction() as session:
            Feedbacks(session).put(floor.answers[0], floor.people[0].id, UP, [], "")

    assert at_once(6, click) == [None] * 6
    with fresh_database.reading() as session:
        assert set(kept_sums(session, floor.company_id).values()) == {(1, 0)}
