"""Writes docs/licences.md from what requirements.txt pins and what is installed: `python -m core.cli.licences`."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata

from core.config import ROOT

LICENCES = ROOT / "docs" / "licences.md"
PINNED = ("requirements.txt", "requirements-model.txt")
PIN = re.compile(r"^([A-Za-z][\w.-]*)(?:\[[^]]*\])?==[^ ;\n]+(?: ; (.+))?$", re.MULTILINE)
ONLY = "only where "
UNKNOWN = "not said"

HEADING = """\
# Licences

What Parley is installed with, from `requirements.txt` and `requirements-model.txt`, which pin the versions, and the
licence that each package names. `.venv/bin/python -m core.cli.licences` writes this page anew.

| package | licence |
| --- | --- |
"""


def licences() -> dict[str, str]:
    """Of each pinned package; of one that this machine has no use for, where it is needed."""
    found = dict(sorted(_found()))
    return {name: found[name] for name in sorted(found, key=str.lower)}


def _found() -> Iterator[tuple[str, str]]:
    for file in PINNED:
        for name, marker in PIN.findall((ROOT / file).read_text()):
            try:
                yield name, licence_in(metadata(name))
            except PackageNotFoundError:
                yield name, f"{ONLY}`{marker or 'it is installed'}`"


def licence_in(known: PackageMetadata) -> str:
    """The SPDX expression where there is one, else what the package's classifiers or its own words say."""
    if expression := known.get_all("License-Expression"):
        return str(expression[0])
    classifiers = [line for line in known.get_all("Classifier") or [] if line.startswith("License :: ")]
    if names := [line.rpartition(" :: ")[2] for line in classifiers]:
        return ", ".join(names)
    words = " ".join(known.get_all("License") or []).strip()
    return (words.splitlines() or [UNKNOWN])[0][:60]


def page() -> str:
    return HEADING + "".join(f"| {name} | {licence} |\n" for name, licence in licences().items())


if __name__ == "__main__":
    LICENCES.write_text(page())
