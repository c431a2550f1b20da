"""axe-core in an open page: what of it people who can't see well, or can't use a mouse, would stumble over."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Page

GRAVE = ("serious", "critical")
BY_COLOUR_AND_WIDTH = ("color-contrast", "scrollable-region-focusable", "link-in-text-block")
"""The rules whose answer is another one in the dark and on a phone."""
MARKUP = re.compile(r":[a-z]+(-[a-z]+)?\[|:material/|\*\*|\\[\[\]*_:]")
"""In a name, what Streamlit's Markdown is written with: it would be read out."""
NAMES = """() => {
  const names = []
  const look = (root) => {
    for (const one of root.querySelectorAll('*')) {
      if (one.shadowRoot) look(one.shadowRoot)
      const isThere = one.checkVisibility() && !one.closest('[aria-hidden=true], [inert]')
      if (isThere && one.ariaLabel) names.push(one.ariaLabel)
    }
  }
  look(document)
  return names
}"""

UNFADED = """() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('* { transition: none !important } [data-stale] { opacity: 1 !important }')
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
}"""
"""A page that is being drawn anew is paler until it is there; whether it is just then is chance."""
LOOKS_AGAIN = 2
"""What is found counts when it is still there: a page that is being drawn anew is for a moment as it never stays."""


@dataclass(frozen=True)
class Finding:
    rule: str
    target: str
    """Where, by CSS."""
    html: str
    why: str

    def __repr__(self) -> str:
        return f"{self.rule}\n    {self.target[-160:]}\n    {self.html[:200]}\n    {self.why[:300]}"


def findings(page: Page, rules: Collection[str] = (), without: Collection[str] = ()) -> list[Finding]:
    """What is grave of it; by these rules, or all. `without`: places that it leaves out, by CSS."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
        page.evaluate(UNFADED)
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    place = {"exclude": [[one] for one in without]}
    found = _look(page, place, options)
    for _ in range(LOOKS_AGAIN):
        if not found:
            break
        page.wait_for_timeout(1_000)
        found = _look(page, place, options)
    return found


def _look(page: Page, place: dict[str, Any], options: dict[str, Any]) -> list[Finding]:
    said = page.evaluate("([place, options]) => axe.run(place, options)", [place, options])
    return [
        Finding(one["id"], json.dumps(node["target"]), node["html"], " ".join(node["failureSummary"].split()))
        for one in said["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def names_with_markup(page: Page) -> list[Finding]:
    names: list[str] = page.evaluate(NAMES)
    return [Finding("name-with-markup", "", name, "Read out as it is written") for name in names if MARKUP.search(name)]
