"""docs/security.md names, for each promise, a test that exists."""

import ast
import re
from functools import cache

import pytest

from core.config import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text()
ROWS = re.findall(r"^\| (?!promise|---)(.+) \| (.+) \|$", TEXT, re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("promise", dict.fromkeys(promise for promise, _ in ROWS))
def test_a_promise_is_held_by_a_test(promise: str) -> None:
    held_by = dict(ROWS)[promise]
    named = NAMED.fullmatch(held_by)
    assert named, f"“{promise}” names no test: write `tests/….py::test_…`"
    assert (ROOT / named[1]).exists() and named[2] in names_in(named[1]), f"there is no {held_by}"


def test_the_page_has_promises_and_says_what_is_none() -> None:
    assert len(ROWS) > 50 and "## What is not promised" in TEXT
