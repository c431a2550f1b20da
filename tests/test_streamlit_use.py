"""What of Streamlit pages may use, and how: each has a way of ours around it, whose reason stands there."""

import ast
from functools import partial

import pytest

from core.config import ROOT

SOURCES = sorted([*(ROOT / "pages").glob("*.py"), *(ROOT / "core" / "ui").glob("*.py")])
KEEPS_FILES = {
    *("download_button", "image", "audio", "video", "pdf"),
    *("file_uploader", "camera_input", "audio_input"),
}
CACHES = {"cache_data", "cache_resource", "connection"}


def users(name: str) -> set[str]:
    """The files that say `st.…` with that name."""
    return {file.name for file in SOURCES if any(map(partial(_is_use, name), ast.walk(ast.parse(file.read_text()))))}


def _is_use(name: str, node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) == f"st.{name}"


@pytest.mark.parametrize("name", sorted(KEEPS_FILES))
def test_streamlit_is_given_no_files(name: str) -> None:
    """It hands them to whoever has the address, so the gate hands them to nobody."""
    assert not users(name), "files come from, and go to, routes of ours: core/ui/download.py, core/ui/upload.py"


@pytest.mark.parametrize("name", sorted(CACHES))
def test_nothing_is_kept_for_everybody(name: str) -> None:
    """What one person was shown would be another's, unless its key says whose it is."""
    assert users(name) <= {"cache.py"}, (
        "read it anew at each run, or in core/ui/cache.py by whoever decides what is seen"
    )


def test_what_is_drawn_by_itself_asks_by_itself() -> None:
    """Streamlit draws fragments and dialogs without the page around them, which asks who is there."""
    assert users("fragment") == {"parts.py"}, "take `fragment` from core/ui/parts.py"
    for file in users("dialog"):
        source = (ROOT / "core" / "ui" / file).read_text()
        assert source.count("st.dialog(") == source.count(")(asked_again("), f"{file}: st.dialog(…)(asked_again(…))"


def test_what_a_component_says_is_asked_so_that_it_may_be_gone() -> None:
    """Its events call back after its page was left, when Streamlit has forgotten it."""
    for file in SOURCES:
        nodes = list(ast.walk(ast.parse(file.read_text())))
        called = [node.func for node in nodes if isinstance(node, ast.Call)]
        read = [ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute) and node not in called]
        asking = [source for source in read if source.startswith("st.session_state[")]
        assert not asking, f"{file.name}: take `told` from core/ui/told.py for {asking}"
