"""What people and models wrote goes through core/ui/text.py on its way to Streamlit, which reads Markdown everywhere.

A line of code that draws such a text as it is fails here, before anybody's name is a link.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import errors
from core.config import ROOT
from core.ui import failures, gist, text

FILES = sorted([*(ROOT / "pages").glob("*.py"), *(ROOT / "core" / "ui").glob("*.py")])
THEIRS = frozenset(
    """
    display_name sender_name author_name added_by_name assignee_name claimed_name reporter_name user_name name names
    title room_title conversation_title assistant_name reason comment content text description note excerpt snippet
    last_words email instructions rule model company provider user_agent edit_reason delete_reason lock_reason
    """.split()  # noqa: SIM905 - the list would take thirty lines
)
"""Fields that hold what somebody wrote, or may."""
MADE_PLAIN = frozenset(
    {function.__name__ for function in (text.as_label, text.as_markdown, text.as_said, text.as_sentence)}
    | {function.__name__ for function in (text.as_snippet, text.as_typed, text.browser_name, failures.sentence_of)}
    | {gist.as_gist.__name__}
    | {"quoted", "growing", "by_words", "around_hit", "_plain", "_names"}  # which call those
)
DRAWS = frozenset(
    """
    badge button caption checkbox error expander header info link_button markdown metric nothing page_link popover
    status subheader success title toast toggle warning write
    """.split()  # noqa: SIM905
)
ERRORS = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, Exception)}
WORDS = ("body", "help", "label")
PLAIN_ANYWAY = {
    ("core/ui/browse_filters.py", "owner.name"): "an option of a list, which Streamlit sets as text",
    ("core/ui/browse_filters.py", "owner.email"): "the same",
    ("core/ui/people.py", "person.display_name"): "the same",
    ("core/ui/people.py", "person.email"): "the same",
    ("core/ui/prices.py", "model.model"): "the key of a button",
    ("core/ui/moderation_case.py", "line.reason"): "put through as_label with the rest of its line",
    ("core/ui/moderation_case.py", "line.snippet"): "the same",
    ("core/ui/moderation_case.py", "said.content"): "only whether there is any",
    ("core/ui/moderation_case.py", "report.reason"): "one of a fixed set of words",
    ("core/ui/moderation_message_words.py", "line.claimed_name"): "plain text, as its function says",
    ("core/ui/moderation_words.py", "line.claimed_name"): "the same",
    ("core/ui/new_chat.py", "assistant.provider"): "from the settings",
    ("core/ui/browse_transcript.py", "message.edit_reason"): "handed to what makes it plain",
    ("core/ui/reporting.py", "message.edit_reason"): "handed to what makes it plain",
}


def unsafe_in(tree: ast.AST) -> Iterator[str]:
    """Fields of THEIRS that are put into a sentence, or drawn, as they are."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue):
            yield from _bare(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in DRAWS:
            for drawn in (
                *node.args[:1],
                *(one.value for one in node.keywords if one.arg in ("help", "body", "label")),
            ):
                yield from _bare(drawn)


def _bare(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and _name_of(node.func) in MADE_PLAIN:
        return
    if isinstance(node, ast.Attribute) and node.attr in THEIRS:
        yield ast.unparse(node)
    for child in ast.iter_child_nodes(node):
        yield from _bare(child)


def _name_of(function: ast.AST) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def errors_in(tree: ast.AST) -> Iterator[int]:
    """Lines in which an error that was caught is made a text, but to be a complaint or to be compared."""
    kept = {id(part) for node in ast.walk(tree) if _is_kept(node) for part in ast.walk(node)}
    for place in ast.walk(tree):
        named = _errors_of(place)
        for node in ast.walk(place) if named else ():
            is_made = isinstance(node, ast.Call) and _name_of(node.func) == "str"
            if (is_made or isinstance(node, ast.FormattedValue)) and id(node) not in kept and named & _names_in(node):
                yield getattr(node, "lineno", 0)


def _errors_of(place: ast.AST) -> set[str]:
    """Names that errors have there: where they are caught, or handed in."""
    if isinstance(place, ast.ExceptHandler):
        return {place.name} if place.name else set()
    if isinstance(place, ast.FunctionDef):
        given = {one.arg: ast.unparse(one.annotation) for one in place.args.args if one.annotation}
        return {name for name, kind in given.items() if kind in ERRORS}
    return set()


def _is_kept(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        return True
    if isinstance(node, ast.List):
        return any(isinstance(one, ast.Starred) and _names_in(one) == {"complaints"} for one in node.elts)
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "complaints.append"


def _names_in(node: ast.AST) -> set[str]:
    """Of what is said, not of the functions that say it."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} - {"str"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_drawn_as_somebody_wrote_it(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    found = {one for one in unsafe_in(ast.parse(path.read_text())) if (place, one) not in PLAIN_ANYWAY}
    assert not found, f"{place}: put {sorted(found)} through core/ui/text.py, or into PLAIN_ANYWAY with why not"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_error_is_drawn_by_the_one_function_that_makes_it_plain(path: Path) -> None:
    if path.name in ("failures.py", "away.py"):  # that function; and a sentence of the database's, with no words in it
        return
    lines = list(errors_in(ast.parse(path.read_text())))
    assert not lines, f"{path.name}, lines {lines}: draw the error with `failures.say` or `failures.sentence_of`"


def test_what_needs_no_such_thing_is_there_at_all() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), one) for path in FILES for one in unsafe_in(ast.parse(path.read_text()))
    }
    assert set(PLAIN_ANYWAY) <= found
