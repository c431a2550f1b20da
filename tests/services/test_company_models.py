"""Which models a company's people may ask."""

import pytest
from sqlmodel import select

from core.assistant.choosing import NOT_ALLOWED, models_of
from core.config import Settings
from core.database.engine import Database
from core.errors import Invalid, ModelNotAllowed, Overtaken
from core.models import AnswerRun, Company
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.services.company_models import NONE_LEFT, CompanyModels
from core.services.company_models import NOT_ALLOWED as DEFAULT_NOT_ALLOWED
from tests.support.talks import DENIED, DONE, MODELS, Desk, outcome

SMALL, LARGE = MODELS
GONE = "yesterday"


@pytest.fixture
def desk(database: Database) -> Desk:
    desk = Desk(database)
    remote = {"openai_base_url": "http://127.0.0.1:9/v1", "models": ",".join(MODELS)}
    desk.store.assistant._settings = Settings(_env_file=None, **remote)  # type: ignore[call-arg, arg-type]
    return desk


@pytest.fixture
def boss(desk: Desk) -> Actor:
    return desk.person(Role.ADMIN, display_name="Ada")


def service(desk: Desk, *models: str) -> CompanyModels:
    return CompanyModels(desk.database, models or MODELS)


def answered_by(desk: Desk, **asked: str) -> str | None:
    """The model that a new question's answer goes to."""
    sent = desk.ask(desk.me, "Why?", **asked)
    job = desk.store.begin(sent.run_id)
    assert job
    with desk.database.reading() as session:
        [run] = session.exec(select(AnswerRun).where(AnswerRun.id == sent.run_id))
        assert run.model == job.model, "what it is booked on if this process dies"
    return job.model


@pytest.mark.parametrize(
    ("allowed", "default", "offered"),
    [
        ([], None, (SMALL, LARGE)),
        ([], LARGE, (LARGE, SMALL)),
        ([LARGE], None, (LARGE,)),
        ([LARGE], SMALL, (LARGE,)),
        ([GONE, LARGE], GONE, (LARGE,)),
        ([], GONE, (SMALL, LARGE)),
        ([GONE], None, ()),
    ],
)
def test_what_is_offered(allowed: list[str], default: str | None, offered: tuple[str, ...]) -> None:
    company = Company(name="Engines", models=allowed, default_model=default)
    assert models_of(company, MODELS) == offered


def test_the_companys_default_answers_where_nobody_chose_from_the_next_answer_on(desk: Desk, boss: Actor) -> None:
    assert answered_by(desk) == SMALL
    service(desk).set(boss, None, LARGE, seen=0)
    assert (answered_by(desk), answered_by(desk, model=SMALL)) == (LARGE, SMALL)
    assert service(desk).offered(desk.me) == (LARGE, SMALL)
    assert service(desk).offered(desk.stranger()) == (SMALL, LARGE)


def test_a_chat_whose_model_is_not_allowed_any_more_goes_on_with_the_default(desk: Desk, boss: Actor) -> None:
    chat = desk.answer(desk.ask(desk.me, "Why?", model=SMALL)).conversation_id
    service(desk).set(boss, [LARGE], None, seen=None)
    job = desk.store.begin(desk.ask(desk.me, "And then?", conversation_id=chat).run_id)
    assert job and job.model == LARGE
    for act in (
        lambda: desk.conversations.choose_model(desk.me, chat, SMALL),
        lambda: desk.chat.ask(desk.me, "Why?", model=SMALL),
    ):
        with pytest.raises(Invalid, match=NOT_ALLOWED):
            act()
    desk.conversations.choose_model(desk.me, chat, LARGE)


def test_where_all_that_was_allowed_is_gone_nothing_else_is_asked(desk: Desk, boss: Actor) -> None:
    """A company that allowed one model did not mean the others to be told what its people write."""
    service(desk, GONE, SMALL).set(boss, [GONE], GONE, seen=None)
    assert service(desk).offered(desk.me) == () == service(desk, LARGE).offered(desk.me)
    job = desk.store.begin(desk.ask(desk.me, "Why?").run_id)
    assert job and job.model is None
    with pytest.raises(ModelNotAllowed):
        _ = job.allowed_model
    view = service(desk).get(boss)
    assert (view.allowed, view.gone, view.is_limited, view.default) == ((), (GONE,), True, None)
    assert service(desk).default_for(desk.me) == SMALL, "what a list calls it, where no answer comes"


@pytest.mark.parametrize(
    ("allowed", "default", "sentence"),
    [
        ([], None, NONE_LEFT),
        ([GONE], None, "Parley doesn't offer the model “yesterday” any more."),
        (None, GONE, "Parley doesn't offer the model “yesterday” any more."),
        ([SMALL], LARGE, DEFAULT_NOT_ALLOWED),
    ],
)
def test_what_cannot_be_asked_is_refused(
    desk: Desk, boss: Actor, allowed: list[str] | None, default: str | None, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        service(desk).set(boss, allowed, default, seen=None)
    assert service(desk).get(boss).change is None


def test_who_changed_it_is_kept_and_who_comes_second_is_told(desk: Desk, boss: Actor) -> None:
    bea = desk.person(Role.ADMIN, display_name="Bea")
    assert service(desk).set(boss, [LARGE], LARGE, seen=0) == 1
    with pytest.raises(Overtaken, match="Ada changed this after you opened it"):
        service(desk).set(bea, None, None, seen=0)
    assert service(desk).set(bea, [LARGE], LARGE, seen=1) == 1, "nothing changed"
    assert service(desk).set(bea, None, None, seen=1) == 2
    change = service(desk).get(bea).change
    assert change and (change.by, change.version) == ("Bea", 2)
    with desk.database.reading() as session:
        rows = [one for one in Audit(session).list_recent(boss.company_id) if one.action == "company:update"]
    was: dict[str, object]
    was, now = {"models": [], "default_model": None}, {"models": [LARGE], "default_model": LARGE}
    assert [(one.before, one.after) for one in rows] == [(now, was), (was, now)]


@pytest.mark.parametrize("role", list(Role))
def test_only_admins_see_and_set_them(desk: Desk, role: Role) -> None:
    actor = desk.person(role)
    expected = DONE if role is Role.ADMIN else DENIED
    assert outcome(lambda: service(desk).set(actor, [LARGE], None, seen=None)) == expected
    assert outcome(lambda: service(desk).get(actor)) == expected
