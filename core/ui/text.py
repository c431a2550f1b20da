"""Text of people and models on its way into Streamlit's Markdown."""

import re
from collections.abc import Callable, Iterable

from core.lines import isolated, one_line, without_unseen
from core.services.search_views import Part
from core.transfer.html import LONGEST_MARKDOWN
from core.ui.leading import checked, kept_here
from core.ui.reading import NAME

# A fence, in lists and quotations too, up to its like or the end; or code within a line, in any number of ticks; or an
# address, which one more character would break.
CODE = re.compile(
    r"^(?:[ \t>]|(?:[-*+]|\d{1,9}[.)])[ \t])*+(`{3,}|~{3,})[^\n]*$.*?(?:^[ \t>]*\1|\Z)"
    r"|(?<!`)(`+)(?!`)[^\n]+?(?<!`)\2(?!`)"
    r"|https?://[^\s<>)\]]+|\]\((?:(?!\]\()[^)\n])*+\)",
    re.DOTALL | re.MULTILINE,
)
# Streamlit's own marks. Its parser takes `:name[…]` and `:name{…}` for them whatever the name is, in any script, and of
# those it doesn't know it leaves the name alone; of `:red` without more it leaves nothing, as of lines like `::name`. A
# backslash stops it. `:material/home:` and `:smile:` are looked for in the text that comes out of it, where only an
# invisible word joiner keeps them apart.
COLOUR = "red|orange|yellow|green|blue|violet|gray|grey|primary|rainbow"
LOOK = f"(?:{COLOUR})(?:-background|-badge)?|color|small|shimmer|help"
MEANT = rf":(?={NAME}++[\[{{]|(?:{LOOK})(?!{NAME}))"
DIRECTIVE = re.compile(rf"(?<!\\)((?:\\\\)*+){MEANT}")
LINE_DIRECTIVE = re.compile(rf"^([ \t>*+\-\d.)]*+):(?=:++{NAME})", re.MULTILINE)
SHORTCODE = re.compile(r":(?=(?:[+\-]1|100|1234|8ball|[123](?:st|nd|rd)_place_medal|[a-zA-Z][\w/+\-]*):)")
WORD_JOINER = "\u2060"
# Nothing remote is fetched without a click: an image is shown as the link that it is.
IMAGE = re.compile(r"!(?=\[)")
# An e-mail address would become a link by itself.
MAIL = re.compile(r"(?<=\w)@(?=\w)")
# And so would one of the web, whatever is escaped in it.
WEB = re.compile(r"(?<=://)(?=\w)|(?<=\bwww)(?=\.)", re.IGNORECASE)
# `$5 … $6` would be set as a formula.
DOLLAR = re.compile(r"(?<!\\)((?:\\\\)*+)\$(?=\d)")
WHITE = re.compile(r"\s+")
LONGEST_CALL = 400
# A browser takes the square of them: 50,000 characters of such marks would keep it busy for minutes.
RUNS = re.compile(r"[*_~]+")
MOST_RUNS = 4_000
LINE_MARK = re.compile(r"^=", re.MULTILINE)
INDENT = re.compile(r"^[ \t]+(?=\S)", re.MULTILINE)
# What would be markup of a sentence of ours that has names and words of people in it; its stops and brackets stay.
SENTENCE_MARKS = re.compile(rf"([\\`*_\[\]<>~$&]|{MEANT}|^[#+\-=|:])")
MARKS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def as_markdown(text: str) -> str:
    """Markdown as written, but for Streamlit's extensions, which neither people nor models mean. Code is left alone."""
    return _drawn(text, _without_extensions)


def as_typed(text: str) -> str:
    """The same for what a person typed: their line breaks stay line breaks."""
    return _drawn(text, _typed)


def as_said(text: str, names: Iterable[str], mine: Iterable[str] = ()) -> str:
    """`as_typed`, and where somebody of these names is called as @name, that stands out; most of all one's own."""
    calls = {name.casefold(): "**{}**" for name in names if name} | {
        name.casefold(): ":green-badge[{}]" for name in mine if name
    }
    if not calls or "@" not in text:
        return as_typed(text)
    longest_first = sorted(calls, key=len, reverse=True)
    call = re.compile(rf"(?<![\w\\@])@({'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)

    def change(part: str) -> str:
        said, end = [], 0
        for found in call.finditer(part):
            before, mark = _typed(part[end : found.start()]), calls.get(found[1].casefold(), "{}")
            # Two colons in a row would be another mark.
            said += [before, WORD_JOINER * before.endswith(":"), mark.format(as_label(found.group(), LONGEST_CALL))]
            end = found.end()
        return "".join([*said, _typed(part[end:])])

    return _drawn(text, change)


def as_label(text: str, limit: int = 60) -> str:
    """One line of plain text for a button, link or heading, cut at `limit` characters."""
    return isolated(_plain(_cut(text, limit)))


def as_sentence(text: str, limit: int = 700) -> str:
    """A sentence of ours, with what people wrote in it: all of it plain."""
    line = MAIL.sub(f"@{WORD_JOINER}", WEB.sub(WORD_JOINER, _cut(text, limit)))
    return SENTENCE_MARKS.sub(r"\\\1", SHORTCODE.sub(f":{WORD_JOINER}", line))


def as_snippet(parts: Iterable[Part]) -> str:
    """A piece of a text on one line, plain, but that what was looked for stands out."""
    said = []
    for part in parts:
        plain = _plain(WHITE.sub(" ", without_unseen(part.text)))
        stands_out = part.is_hit and plain.strip()
        # Two colons in a row would be another mark.
        said.append(f"{WORD_JOINER}:primary-background[{plain}]{WORD_JOINER}" if stands_out else plain)
    return isolated("".join(said).strip())


BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "Windows": "Windows",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Mac OS": "Mac",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def browser_name(user_agent: str) -> str:
    """Like "Firefox on Windows", for telling one's own sign-ins apart; not for deciding anything."""
    browser = next((name for mark, name in BROWSERS.items() if mark in user_agent), "Unknown browser")
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), None)
    return f"{browser} on {system}" if system else browser


def _cut(text: str, limit: int) -> str:
    line = one_line(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _plain(text: str) -> str:
    text = WEB.sub(WORD_JOINER, text)
    return MARKS.sub(r"\\\1", MAIL.sub(f"@{WORD_JOINER}", SHORTCODE.sub(f":{WORD_JOINER}", text)))


def _drawn(text: str, change: Callable[[str], str]) -> str:
    """With `change` where it is no code; and without any marks where a browser would take minutes to pair them."""
    if len(text) > LONGEST_MARKDOWN or len(RUNS.findall(text)) > MOST_RUNS:
        return INDENT.sub(_seen, LINE_MARK.sub(r"\\=", _plain(text))).replace("\n", "  \n")
    return checked(_outside_code(text, change))


def _seen(blanks: re.Match[str]) -> str:
    """Blanks that neither go away nor make a block of code, in which the backslashes would be seen."""
    return "\u00a0" * len(blanks[0].expandtabs(4))


def _typed(text: str) -> str:
    return _without_extensions(text).replace("\n", "  \n")


def _without_extensions(text: str) -> str:
    text = LINE_DIRECTIVE.sub(r"\1\\:", DIRECTIVE.sub(r"\1\\:", text))
    text = SHORTCODE.sub(f":{WORD_JOINER}", text)
    return kept_here(DOLLAR.sub(r"\1\\$", IMAGE.sub("", text)))


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    parts, end = [], 0
    for code in CODE.finditer(text):
        is_address = code[1] is code[2] is None
        parts += [change(text[end : code.start()]), kept_here(code.group()) if is_address else code.group()]
        end = code.end()
    return "".join([*parts, change(text[end:])])
