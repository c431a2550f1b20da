"""What the documents say is held against the code."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from core.__main__ import app
from core.cli.deferred import Deferred
from core.cli.env_example import variables
from core.config import ROOT
from core.sso import SsoProvider

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OF_THE_BENCH = {"PARLEY_BENCH_DIR"}
MADE_LATER = {".env", ".venv", "data", "data-demo"}


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


def code_in(document: Path) -> list[str]:
    """The lines of its code blocks, without their comments, and its code between the lines."""
    text = document.read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return lines + re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def command_options(words: list[str]) -> set[str]:
    """The options of `python -m core <words>`; fails when there is no such command."""
    command: Any = typer.main.get_command(app)
    for word in words:
        if not (commands := getattr(command, "commands", None)):
            break
        assert word in commands, f"`python -m core {' '.join(words)}`: there is no {word}"
        command = commands[word].load() if isinstance(commands[word], Deferred) else commands[word]
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_make_command_is_a_target(document: Path) -> None:
    named = {target for code in code_in(document) for target in make_words(code)}
    assert named <= make_targets()


def make_words(code: str) -> list[str]:
    command = re.match(r"(?:[A-Z_]+=\S+ )*make(?: ([a-z ]+))?$", code)
    return command[1].split() if command and command[1] else []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_command_of_ours_exists_with_its_options(document: Path) -> None:
    for code in code_in(document):
        if command := re.search(r"\bpython -m core (.+)", code):
            words = shlex.split(command[1].replace("…", ""))
            options = command_options([word for word in words if not word.startswith("-")])
            assert {word for word in words if word.startswith("--")} <= options, code


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_file_named_exists(document: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)", document.read_text()) if "://" not in link]
    missing = [link for link in links if not (document.parent / link).exists()]
    missing += [code for code in code_in(document) if looks_like_a_file(code) and not (ROOT / code).exists()]
    assert not missing


def looks_like_a_file(code: str) -> bool:
    is_path = re.fullmatch(r"\.?[\w-]+(/[\w.-]*)+|\.?[\w-]+\.(ini|md|in|png|py|toml|txt)|\.[a-z][\w.-]+", code)
    return bool(is_path) and code.strip("/") not in MADE_LATER


def test_the_readme_shows_a_chat_and_the_two_commands_first() -> None:
    first_screen = (ROOT / "README.md").read_text().split("\n## ")[0]
    assert "](docs/images/chat.png)" in first_screen
    assert "\nmake run " in first_screen
    assert "\nmake test " in first_screen


def test_every_picture_of_the_readme_is_there_and_made_by_the_script() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(docs/images/([^)]+)\)", (ROOT / "README.md").read_text())
    made = re.findall(r'Picture\("([^"]+)"', (ROOT / "tools" / "screenshots.py").read_text())
    assert sorted(shown) == sorted(made)
    assert {path.name for path in (ROOT / "docs" / "images").iterdir()} == set(shown)


def test_every_make_target_is_explained_by_make_help() -> None:
    helped = re.findall(r"^([a-z]+):.* ## .", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(helped) == make_targets()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_variable_of_ours_that_is_named_is_a_setting(document: Path) -> None:
    named = set(re.findall(r"\bPARLEY_[A-Z][A-Z_]*[A-Z]\b", document.read_text()))
    of_providers = {name for name in named if "__" in name}
    assert named - of_providers - OF_THE_BENCH <= {variable.name for variable in variables()}
    known = {field.upper() for field in SsoProvider.model_fields}
    assert {name.rpartition("__")[2] for name in of_providers} <= known
