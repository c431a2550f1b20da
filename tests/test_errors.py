import ast
import re

import pytest

from core import errors
from core.config import ROOT
from core.errors import Misconfigured, ModelBusy, ModelMissing, ParleyError, failure_of


def tree(cls: type[ParleyError], depth: int = 0) -> list[tuple[int, str]]:
    """(depth, name) of each class, those of one branch in the order of the docstring."""
    below = [sub for sub in cls.__subclasses__() if sub.__module__.startswith(f"{errors.__name__}.")]
    below.sort(key=lambda sub: (errors.__doc__ or "").find(f"─ {sub.__name__} "))
    return [(depth, cls.__name__), *(line for sub in below for line in tree(sub, depth + 1))]


def drawn_tree() -> list[tuple[int, str]]:
    """(depth, name) of each line of the docstring that draws a class; a level is four characters wide."""
    lines = (re.match(r"((?:[│ ]   )*[├└]── )(\w+)", line) for line in (errors.__doc__ or "").splitlines())
    return [(0, "ParleyError"), *((len(line[1]) // 4, line[2]) for line in lines if line)]


CLASSES = [getattr(errors, name) for _, name in tree(ParleyError)]


def test_the_docstring_draws_the_tree() -> None:
    assert drawn_tree() == tree(ParleyError)


def test_every_error_of_ours_stands_in_the_tree() -> None:
    names = {cls.__name__ for cls in CLASSES}
    elsewhere = {
        f"{file.relative_to(ROOT)}: {node.name}"
        for file in (ROOT / "core").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef) and names & {ast.unparse(base).split(".")[-1] for base in node.bases}
        if file.parent != ROOT / "core" / "errors"
    }
    assert not elsewhere, "declare it in core/errors and draw it in the docstring there"


def test_every_one_is_had_from_the_tree_itself() -> None:
    assert set(errors.__all__) == {cls.__name__ for cls in CLASSES} | {failure_of.__name__}


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [cls.__dict__.get("code") for cls in CLASSES]
    assert None not in codes
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes if code)


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_speaks_in_whole_sentences(cls: type[ParleyError]) -> None:
    assert cls.sentence[0].isupper()
    assert cls.sentence.endswith(".")
    assert "\n" not in cls.sentence
    assert str(cls()) == cls.sentence
    assert str(cls("Something else.")) == "Something else."


def test_what_a_person_or_a_busy_provider_does_is_expected_and_a_broken_house_is_not() -> None:
    unexpected = {cls.__name__ for cls in CLASSES if not cls.is_expected}
    unavailable = {name for _, name in tree(errors.Unavailable)}
    expected_there = {"AnswerInterrupted", "DatabaseUnavailable", "ModelBusy", "ModelRefused", "ModelContextTooLong"}
    expected_there |= {"ModelOverworked", "ModelLooping", "ProviderUnavailable"}
    assert unexpected == (unavailable - expected_there) | {Misconfigured.__name__}


def test_a_stored_code_finds_its_sentence() -> None:
    assert failure_of(ModelBusy.code) is ModelBusy
    assert failure_of(ModelMissing.code) is ModelMissing


@pytest.mark.parametrize("code", [None, "", "never_heard_of"])
def test_an_unknown_code_gets_the_general_sentence(code: str | None) -> None:
    assert failure_of(code) is ParleyError
