"""The formats that a conversation can be exported in."""

from collections.abc import Callable, Iterator
from enum import StrEnum

from core.transfer import html, markdown, parley_json
from core.transfer.outgoing import Outgoing


class Format(StrEnum):
    """Each by the ending of its files."""

    MARKDOWN = "md"
    JSON = "json"
    HTML = "html"

    def write(self, going: Outgoing) -> Iterator[str]:
        return WRITERS[self](going)


WRITERS: dict[Format, Callable[[Outgoing], Iterator[str]]] = {
    Format.MARKDOWN: markdown.write,
    Format.JSON: parley_json.write,
    Format.HTML: html.write,
}
