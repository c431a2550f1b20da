"""Prometheus' text format read as strictly as its definition says it."""

import re
from collections import defaultdict

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
VALUE = r"[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN"
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? ({VALUE})")
KINDS = {"counter", "gauge", "histogram"}

Series = tuple[str, tuple[tuple[str, str], ...]]


def scraped(text: str) -> dict[Series, float]:
    """The value of each series. Asserts what the format asks for: every family in one piece, its HELP and TYPE before
    its samples and once, no series twice, buckets that rise to the count.
    """
    assert text.endswith("\n")
    kinds: dict[str, str] = {}
    helped: set[str] = set()
    found: dict[Series, float] = {}
    family = ""
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
            assert re.fullmatch(NAME, family) and family not in helped, line
            helped.add(family)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == family and name not in kinds and kind in KINDS, line
            kinds[name] = kind
        else:
            parts = SAMPLE.fullmatch(line)
            assert parts, f"not a sample: {line}"
            suffixes = ("_bucket", "_sum", "_count") if kinds[family] == "histogram" else ("",)
            assert parts[1] in {family + suffix for suffix in suffixes}, line
            assert (kinds[family] == "counter") is family.endswith("_total"), line
            series = (parts[1], tuple(re.findall(LABEL, parts[2] or "")))
            assert series not in found, line
            found[series] = float(parts[parts.re.groups])
    _check_histograms(found, {name for name, kind in kinds.items() if kind == "histogram"})
    return found


def _check_histograms(found: dict[Series, float], names: set[str]) -> None:
    buckets: dict[Series, list[tuple[float, float]]] = defaultdict(list)
    for (name, labels), value in found.items():
        if name.removesuffix("_bucket") in names and name.endswith("_bucket"):
            assert labels[-1][0] == "le"
            buckets[name.removesuffix("_bucket"), labels[:-1]].append((float(labels[-1][1]), value))
    for (name, labels), known in buckets.items():
        assert known == sorted(known) and sorted(count for _, count in known) == [count for _, count in known]
        assert known[-1] == (float("inf"), found[f"{name}_count", labels])
        assert (f"{name}_sum", labels) in found
