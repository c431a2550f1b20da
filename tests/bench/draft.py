"""What a run has measured so far, kept beside its document: an interruption loses one group, and no other."""

from collections.abc import Iterable
from pathlib import Path

from tests.bench.document import Document, read, written
from tests.bench.table import Section


class Draft:
    def __init__(self, document: Path) -> None:
        self.path = document.with_name(f".{document.name}-draft")

    def keep(self, document: Document) -> None:
        """As it is now, whole at each moment."""
        beside = self.path.with_name(f"{self.path.name}-new")
        beside.write_text(written(document))
        beside.replace(self.path)

    def found(self, how: tuple[str, ...], keys: Iterable[str]) -> dict[str, Section]:
        """The groups of `keys` that need not be measured again: those that did not fail.

        `how`: the command, the machine and the versions. Raises ValueError where there is no draft, or one of others.
        """
        if not self.path.exists():
            raise ValueError("no run was interrupted")
        document = read(self.path.read_text())
        if other := [was for was, now in zip(document.about[1:], how, strict=True) if was != now]:
            raise ValueError(f"the one that was interrupted says {other[0]}")
        whole = {section.key: section for section in document.sections if not section.failure}
        return {key: whole[key] for key in keys if key in whole}

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
