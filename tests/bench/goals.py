"""Whether a figure meets its goal, judged by what is printed: whoever reads a table can judge it again."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

# What a unit is of, and how many of the smallest it is.
UNITS = {
    "µs": ("time", 1e-6), "ms": ("time", 1e-3), "s": ("time", 1.0),
    "KB": ("size", 1024.0), "MB": ("size", 1024.0**2),
    "×": ("×", 1.0), "%": ("%", 1.0), "rows/s": ("rows/s", 1.0),
}  # fmt: skip
NUMBER = r"(?P<number>-?\d[\d,]*(?:\.\d+)?)"
UNIT = rf" ?(?P<unit>{'|'.join(map(re.escape, UNITS))})(?![\w/])"
LIMIT = re.compile(rf"(?:(?P<of>p50|p95|max) )?(?P<sign>[≤≥]) {NUMBER}{UNIT}")
FIGURE = re.compile(rf"(?:(?P<of>p50|p95|max) )?{NUMBER}{UNIT}")


@dataclass(frozen=True)
class Judged:
    is_met: bool
    strain: float
    """How much of what is allowed it takes: more than 1 is too much. Of two, the larger is nearer to being missed."""


WORDS: dict[str, Callable[[str, str], bool]] = {
    "none": lambda ours, _: re.match(r"0\b(?![.,]\d)", ours) is not None,
    "all": lambda ours, _: re.fullmatch(r"(.+) of \1", ours) is not None,
    "exact": lambda ours, _: ours == "exact",
    "no gaps": lambda ours, _: ours == "without gaps",
}
"""Goals that are no numbers."""


def judged(goal: str, ours: str, ratio: str) -> Judged:
    """A goal in × is held against the ratio, one in % too where there is a ratio, every other against Parley's figure:
    the one with its name, or the first of its kind. Raises ValueError for a goal, or a figure, that can't be read.
    """
    if is_reached := WORDS.get(goal):
        is_met = is_reached(ours, ratio)
        return Judged(is_met, 0.0 if is_met else inf)
    limit = LIMIT.match(goal)
    if not limit:
        raise ValueError(f"a goal that nothing can be held against: {goal!r}")
    kind, most = _amount(limit)
    told = ratio if kind == "×" or (kind == "%" and ratio) else ours
    for figure in FIGURE.finditer(told):
        of, amount = _amount(figure)
        if of == kind and figure["of"] == limit["of"]:
            is_low = limit["sign"] == "≤"
            strain = amount / most if is_low else (most / amount if amount else inf)
            return Judged(amount <= most if is_low else amount >= most, strain)
    raise ValueError(f"{told!r} has nothing that {goal!r} can be held against")


def _amount(match: "re.Match[str]") -> tuple[str, float]:
    kind, size = UNITS[match["unit"]]
    return kind, float(match["number"].replace(",", "")) * size
