"""What all charts share: colours that everybody can tell apart, one look, a name for who can't see them.

The colours of text and grid are left to Streamlit's theme, so that charts are readable in the light and in the dark.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from plotly import graph_objects as go

# Made for this: apart from each other, and from the grey, by 14 or more (CIE 1976) for people with any kind of colour
# vision, and by a contrast of 2.5 or more from both backgrounds. The first ones are the most different.
PALETTE = ("#166C93", "#E28E0C", "#01B96B", "#754FBC", "#AE412E", "#7A85FE", "#B26101", "#B791D2")
GREY = "#8C8C8C"
"""Of everything else."""
FAINT = "rgba(128,128,128,0.35)"
MOST_SERIES = len(PALETTE)
LONGEST_NAME, LONGEST_OF_MANY = 36, 24
"""Characters in a legend: of a few names, of more than FEW."""
FEW = 4
PATH = re.compile(r"[\w.:-]+(/[\w.:-]+)+")
"""As the names of many models are: accounts/someone/models/name."""
HEIGHT, LOW = 340, 260
"""Pixels."""
CONFIG: dict[str, Any] = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}
"""Nothing is zoomed: the page's filters choose what is shown."""


def colours(ranked: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """A colour for each of the `ranked`, the most important first; those that find none left are not in it.

    A name has its place among all `known` ones, whatever is ranked today: so it keeps its colour from view to view.
    Only where there are more names than colours may it have to give way to a more important one.
    """
    places = {name: place % MOST_SERIES for place, name in enumerate(sorted(set(known)))}
    taken: dict[int, str] = {}
    for name in dict.fromkeys(ranked):
        if len(taken) == MOST_SERIES:
            break
        place = places.get(name, 0)
        while place in taken:
            place = (place + 1) % MOST_SERIES
        taken[place] = name
    return {name: PALETTE[place] for place, name in taken.items()}


def plain(text: str) -> str:
    """Plotly reads tags in every text, links too."""
    return escape(text, quote=False)


def short_names(names: Iterable[str], longest: int = LONGEST_NAME) -> dict[str, str]:
    """What fits beside a chart, different for each: a path goes first, then the middle. Where that would make two of
    them the same, they stay as they are.
    """
    every = list(dict.fromkeys(names))
    for limit in (longest, longest * 3 // 2):
        short = {name: shortened(_without_path(name), limit) if len(name) > longest else name for name in every}
        if len(set(short.values())) == len(every):
            return short
    return {name: name for name in every}


def without_paths(names: Iterable[str]) -> list[str]:
    """Each without the path before it, unless that would make two of them the same."""
    every = list(names)
    short = [_without_path(name) for name in every]
    return short if len(set(short)) == len(set(every)) else every


def completed(colours: Mapping[str, str], shown: Iterable[str]) -> dict[str, str]:
    """A colour for each of these, at most MOST_SERIES: for those that have none, one that no other of them has."""
    names = list(shown)
    found = {name: colours[name] for name in names if name in colours}
    free = [colour for colour in PALETTE if colour not in found.values()]
    return found | dict(zip((name for name in names if name not in found), free, strict=False))


def _without_path(name: str) -> str:
    return name.rpartition("/")[2] if PATH.fullmatch(name) else name


def shortened(name: str, longest: int = LONGEST_NAME) -> str:
    """Without its middle when it is long: names of models differ at both ends."""
    if len(name) <= longest:
        return name
    head = (longest - 1) * 2 // 3
    return f"{name[:head]}…{name[head - longest + 1 :]}"


def figure(
    traces: Sequence[Mapping[str, Any]], *, name: str, height: int = HEIGHT, facts: Mapping[str, Any] | None = None,
    **layout: Any,
) -> go.Figure:  # fmt: skip
    """`name`: what a screen reader calls it. `facts` stand in the figure's `meta` beside it."""
    shared: dict[str, Any] = {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "namelength": -1},
        "legend": {
            "orientation": "h",
            "y": -0.18,
            "x": 0,
            "yanchor": "top",
            "itemclick": False,
            "itemdoubleclick": False,
            "traceorder": "normal",
        },
        "dragmode": False,
        "showlegend": len(traces) > 1,
        "meta": {"name": name, **(facts or {})},
    }
    return go.Figure({"data": list(traces), "layout": shared | layout})


def nothing(sentence: str) -> go.Figure:
    """In place of empty axes: the sentence to show instead of it."""
    return figure(
        [], name=sentence, facts={"empty": True}, height=60, xaxis={"visible": False}, yaxis={"visible": False}
    )


def name_of(chart: go.Figure) -> str:
    """What a screen reader is to say for it, or the sentence in place of it."""
    return str(chart.layout.meta["name"])


def is_empty(chart: go.Figure) -> bool:
    return bool(chart.layout.meta.get("empty"))
