import re

from core.cli.licences import LICENCES, ONLY, UNKNOWN, licences, page
from core.config import ROOT

REVIEWED = {
    *("MIT", "MIT License", "MIT-0", "MIT-CMU", "ISC", "ISC License (ISCL)", "Zlib", "CC0-1.0"),
    *("BSD License", "3-Clause BSD License", "BSD-2-Clause", "BSD-3-Clause", "0BSD"),
    *("Apache-2.0", "Apache License 2.0", "Apache Software License"),
    *("PSF-2.0", "Python Software Foundation License", "CNRI-Python"),
    *("MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)", "LGPL-3.0-only"),
}
PARTS = re.compile(r" AND | OR |, ")


def test_the_page_lists_what_is_pinned_under_the_licence_that_each_package_names() -> None:
    written = dict(re.findall(r"^\| (\S+) \| (.+) \|$", LICENCES.read_text(), re.MULTILINE))
    assert (written.pop("package"), written.pop("---")) == ("licence", "---")
    known = licences()
    assert written.keys() == known.keys(), "run `.venv/bin/python -m core.cli.licences`"
    installed = {name: licence for name, licence in known.items() if not licence.startswith(ONLY)}
    assert {name: written[name] for name in installed} == installed, "run `.venv/bin/python -m core.cli.licences`"
    assert len(installed) > 60 and page().startswith("# Licences")


def test_every_licence_is_one_that_was_looked_at() -> None:
    """A new kind is for a person to read first; then it goes into REVIEWED."""
    odd = {name: licence for name, licence in licences().items() if not REVIEWED.issuperset(PARTS.split(licence))}
    assert not {name for name in odd if not odd[name].startswith(ONLY)}, odd
    assert UNKNOWN not in licences().values()


def test_every_package_is_pinned_to_one_version() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-model.txt"):
        lines = [line.split(" #")[0] for line in (ROOT / name).read_text().splitlines() if re.match(r"\w", line)]
        assert lines and all(re.match(r"[\w.\[\],-]+==[\w.]+", line) for line in lines), name
