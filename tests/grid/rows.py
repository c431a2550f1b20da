"""The rows of tests/grid/surfaces.py, read."""

from collections.abc import Collection
from dataclasses import dataclass

from core.permissions import Permission, Role, permissions_of
from tests.grid import surfaces

THEMSELVES, SESSION, ANYBODY = "themselves", "a session", "anybody"
NOTHING, AGAIN, NOBODYS = ", else nothing", "again", "- "
AT = 36
"""Where in a line of the wide tables it stands what opens it."""
AT_IN_NARROW = 20


@dataclass(frozen=True)
class Row:
    surface: str
    """As code calls it."""
    variant: str
    """What of it, where that takes more."""
    whom: str
    """As it is written, without marks."""
    is_again: bool
    is_nothing: bool

    @property
    def name(self) -> str:
        return f"{self.surface} {self.variant}".strip()

    @property
    def is_of_a_person(self) -> bool:
        return not self.whom.startswith(NOBODYS)

    @property
    def needs(self) -> tuple[Permission, ...]:
        """What it takes, in the order it is asked in. None for who needs no more than a session, or not that."""
        if self.whom in (THEMSELVES, SESSION, ANYBODY) or not self.is_of_a_person:
            return ()
        return tuple(Permission(one) for one in self.whom.replace("|", "+").replace("+", " ").split())

    def lacking(self, roles: Collection[Role]) -> Permission | None:
        """Whose sentence somebody with these roles is told; None: they are let in."""
        missing = [one for one in self.needs if one not in permissions_of(roles)]
        if "|" in self.whom and len(missing) < len(self.needs):
            return None
        return missing[0] if missing else None

    def is_just_enough(self, roles: frozenset[Role]) -> bool:
        """Whether with any of these roles less they would not be let in."""
        return self.lacking(roles) is None and all(self.lacking(roles - {role}) for role in roles)


def read(table: str, at: int) -> list[Row]:
    return [_row(line, at) for line in table.strip().splitlines() if line]


def _row(line: str, at: int) -> Row:
    name, whom = line[:at].strip(), line[at:].strip()
    words = name.split()
    size = 2 if words[0].isupper() else 1  # of an address, its method comes first
    return Row(
        " ".join(words[:size]),
        " ".join(words[size:]),
        whom.removesuffix(AGAIN).strip().removesuffix(NOTHING),
        is_again=whom.endswith(f" {AGAIN}"),
        is_nothing=NOTHING in whom,
    )


SERVICES = read(surfaces.SERVICES, AT)
ROUTES = read(surfaces.ROUTES, AT)
PAGES = read(surfaces.PAGES, AT_IN_NARROW)
TOOLS = read(surfaces.TOOLS, AT_IN_NARROW)
COMMANDS = read(surfaces.COMMANDS, AT_IN_NARROW)
ALL = [*SERVICES, *ROUTES, *PAGES, *TOOLS, *COMMANDS]
