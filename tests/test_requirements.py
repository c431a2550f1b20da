"""The requirements files against each other, against the code and against README.md."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from core.config import ROOT

OURS = {"core", "migrations", "pages", "tests", "tools"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def named_in(file: str) -> set[str]:
    """The packages a requirements file names, without extras, versions and comments."""
    lines = (ROOT / file).read_text().splitlines()
    return {canonical(line[0]) for line in (re.match(r"[A-Za-z][\w.-]*", line) for line in lines) if line}


def pins_in(file: str) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for line in (ROOT / file).read_text().splitlines():
        if line and not line.lstrip().startswith("#"):
            name, _, rest = line.partition("==")
            assert rest, f"{file}: {line} is not pinned"
            pins.setdefault(canonical(name), set()).add(rest)
    return pins


def imported_by(folder: Path) -> set[str]:
    """The top-level names that the Python files there import from outside the standard library and this project."""
    modules: set[str] = set()
    for file in [folder] if folder.is_file() else folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.split(".")[0])
    return modules - sys.stdlib_module_names - OURS


def packages_of(modules: set[str]) -> set[str]:
    known = packages_distributions()
    return {canonical(package) for module in modules for package in known.get(module, [module])}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_what_is_asked_for_is_pinned(name: str) -> None:
    missing = named_in(f"{name}.in") - set(pins_in(f"{name}.txt"))
    assert not missing, "run `make requirements`"


def test_both_sets_of_pins_agree() -> None:
    running, testing = pins_in("requirements.txt"), pins_in("requirements-dev.txt")
    apart = {
        name
        for name in running.keys() & testing.keys()
        if {pin.split(" ")[0] for pin in running[name]} != {pin.split(" ")[0] for pin in testing[name]}
    }
    assert not apart, "run `make requirements`"


def test_the_program_imports_only_what_it_asks_for() -> None:
    code = [ROOT / "Home.py", ROOT / "core", ROOT / "pages", ROOT / "migrations"]
    used = packages_of(set().union(*map(imported_by, code)))
    allowed = named_in("requirements.in") | named_in("requirements-model.txt")
    assert used <= allowed, f"add to requirements.in, with the reason in README.md: {', '.join(sorted(used - allowed))}"


def test_the_tests_import_only_what_is_asked_for() -> None:
    used = packages_of(imported_by(ROOT / "tests"))
    allowed = named_in("requirements.in") | named_in("requirements-dev.in") | named_in("requirements-model.txt")
    assert used <= allowed, f"add to requirements-dev.in: {', '.join(sorted(used - allowed))}"


def test_the_readme_gives_a_reason_for_every_direct_dependency() -> None:
    table = dict(re.findall(r"^\| ([a-z][\w-]*) \| (.+) \|$", (ROOT / "README.md").read_text(), re.MULTILINE))
    table.pop("package")
    assert set(table) == named_in("requirements.in")
