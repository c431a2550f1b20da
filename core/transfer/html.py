"""A document as one HTML file that opens by itself: no scripts, nothing from elsewhere, what people wrote as text."""

from collections.abc import Iterator, MutableMapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from core.models import MessageRole, MessageType
from core.transfer.document import Said
from core.transfer.outgoing import Outgoing
from core.transfer.wording import (
    absence,
    costs_of,
    facts,
    moment,
    ratings_of,
    reactions_of,
    replaced,
    sender_of,
    states,
    steps_of,
    title_of,
)

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
STYLE = """
:root { color-scheme: light dark; --line: #d8dbe0; --soft: #f3f4f6; --quiet: #5b6270; --link: #1d5fbf; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a3f49; --soft: #23272f; --quiet: #a3abb9; --link: #8ab4f8; }
}
body { margin: 0 auto; max-width: 46rem; padding: 1.5rem 1rem 4rem; line-height: 1.55; overflow-wrap: anywhere;
  font-family: system-ui, sans-serif; background: Canvas; color: CanvasText; }
h1 { font-size: 1.5rem; line-height: 1.25; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.125rem 1rem; font-size: 0.9rem; }
dl, .beside, details { color: var(--quiet); }
dd { margin: 0; }
article { border-top: 1px solid var(--line); padding: 1rem 0; }
article.old, article.notice { color: var(--quiet); }
article > header { display: flex; flex-wrap: wrap; gap: 0 0.75rem; font-size: 0.85rem; color: var(--quiet); }
article > header strong { color: CanvasText; font-size: 1rem; }
article h1, article h2, article h3 { font-size: 1.1rem; }
.person { background: var(--soft); border-radius: 0.5rem; padding: 0.125rem 0.875rem; margin-top: 0.375rem; }
pre, code { font-family: ui-monospace, monospace; font-size: 0.9em; }
pre { background: var(--soft); border-radius: 0.5rem; padding: 0.75rem; overflow-x: auto; white-space: pre; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: 0.25rem 0.5rem; }
blockquote { margin: 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--quiet); }
a { color: var(--link); }
.beside { font-size: 0.85rem; padding-left: 1.1rem; margin: 0.5rem 0 0; }
details { font-size: 0.9rem; margin-top: 0.5rem; }
@media print { article { break-inside: avoid-page; } }
"""
SCHEMES = {"http", "https", "mailto"}


def write(going: Outgoing) -> Iterator[str]:
    head = going.head
    title = escape(title_of(head))
    rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts(head))
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<h1 dir="auto">{title}</h1>\n<dl>{rows}</dl>\n'
    )
    if head.instructions:
        yield f"<details><summary>Instructions</summary>{_typed(head.instructions)}</details>\n"
    for said in going.messages:
        yield _message(said, going)
    if calls := [costs_of(call, going.people) for call in going.calls]:
        yield f"<article><header><strong>Other calls to models</strong></header>{_list(calls)}</article>\n"
    yield "</body>\n</html>\n"


def _message(said: Said, going: Outgoing) -> str:
    kinds = [
        *(["old"] if said.superseded_with is not None else []),
        *(["notice"] if said.message_type is MessageType.NOTICE else []),
    ]
    beside = "".join(f"<span>{escape(state)}</span>" for state in states(said))
    time = f'<time datetime="{said.created_at.isoformat()}">{moment(said.created_at)}</time>'
    return (
        f'<article id="m{said.seq}" class="{" ".join(kinds)}"><header><strong dir="auto">'
        f"{escape(sender_of(said, going.people))}</strong>{time}{beside}</header>\n"
        f"{_content(said)}{_revisions(said)}{_notes(said, going)}</article>\n"
    )


LONGEST_MARKDOWN = 50_000
"""Characters: what is longer is shown as it is written, since some of it takes the square of its length to render."""


def _content(said: Said) -> str:
    if said.deleted_at or not said.content.strip():
        return f'<p><em dir="auto">{escape(absence(said))}</em></p>\n'
    if len(said.content) > LONGEST_MARKDOWN:
        return f'<pre dir="auto">{escape(said.content)}</pre>\n'
    if said.role is MessageRole.USER:
        return f'<div class="person" dir="auto">{_typed(said.content)}</div>\n'
    return f'<div dir="auto">{_markdown.render(said.content)}</div>\n'


def _revisions(said: Said) -> str:
    shown = ""
    for revision in said.revisions:
        shown += f"<details><summary>{escape(replaced(revision))}</summary>"
        shown += f'<div dir="auto">{_typed(revision.content)}</div></details>\n'
    return shown


def _notes(said: Said, going: Outgoing) -> str:
    notes = [
        *steps_of(said),
        *([reactions_of(said.reactions, going.people)] if said.reactions else []),
        *(f"Rated by {rating}" for rating in ratings_of(said, going.people)),
        *(f"Cost: {costs_of(call, going.people)}" for call in said.calls),
    ]
    return _list(notes) if notes else ""


def _list(notes: Sequence[str]) -> str:
    return f'<ul class="beside">{"".join(f"<li>{escape(note)}</li>" for note in notes)}</ul>'


def _typed(text: str) -> str:
    """What a person typed: their line breaks stay line breaks."""
    return str(_with_breaks.render(text))


def _is_safe(address: str) -> bool:
    """Only where a click may lead: nothing that runs, and no file of the reader's machine."""
    try:
        return urlsplit(address.strip()).scheme.lower() in SCHEMES
    except ValueError:
        return False


class _Renderer(RendererHTML):
    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        """As the link that it is: nothing is fetched without a click."""
        token = tokens[idx]
        address = str(token.attrs.get("src") or "")
        label = self.renderInlineAsText(token.children, options, env) if token.children else ""
        return f'<a href="{escape(address)}" rel="noopener noreferrer">{escape(label or address)}</a>'

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        tokens[idx].attrSet("rel", "noopener noreferrer")
        return self.renderToken(tokens, idx, options, env)


class _Reader(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - as the library calls it
        return _is_safe(url)


def _reader(*, breaks: bool) -> MarkdownIt:
    options: Any = {"html": False, "linkify": False, "typographer": False, "breaks": breaks}
    return _Reader("commonmark", options, renderer_cls=_Renderer).enable(["table", "strikethrough"])


_markdown, _with_breaks = _reader(breaks=False), _reader(breaks=True)
