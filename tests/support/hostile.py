"""Texts by which somebody would have a page, a file or a reader do what was not meant.

Each has a word of its own that begins with "zq", right behind the mark that would give it a meaning: where a page shows
the word without the mark before it, the mark was understood.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

ELSEWHERE = "evil.example"
"""The host that all addresses name: who asks for it has left the page."""


class Trick(StrEnum):
    """What a text is after. Of all of them: it comes back as it was typed, or is refused with a sentence."""

    HTML = "html"
    """Read as HTML, it runs or fetches something."""
    MARKDOWN = "markdown"
    """Read as Markdown, it is a link, an image or another look."""
    STREAMLIT = "streamlit"
    """Read as Streamlit's own Markdown, it is a colour, an icon or a badge."""
    MATH = "math"
    """Read as a formula, it links or fetches."""
    DIRECTION = "direction"
    """It turns the letters around it."""
    UNSEEN = "unseen"
    """It looks like something else, or like nothing."""
    FORMULA = "formula"
    """Read by a spreadsheet, it runs."""
    UNSTORABLE = "unstorable"
    """PostgreSQL can't store it: cleaned or refused."""
    LONG = "long"
    """One word without an end, or more than anybody types."""


@dataclass(frozen=True)
class Hostile:
    name: str
    trick: Trick
    text: str

    @property
    def seen(self) -> tuple[tuple[str, str], ...]:
        """Each of its own words with what stands before it."""
        return tuple((found[0], self.text[: found.start()][-12:]) for found in WORD.finditer(self.text))


WORD = re.compile("zq[a-z]+")
E = ELSEWHERE

MARKUP = (
    Hostile("script", Trick.HTML, "<script>alert('zqscript')</script>"),
    Hostile("image that fails", Trick.HTML, f"<img src=//{E}/i onerror=alert(1)>zqimage"),
    Hostile("vector image", Trick.HTML, "<svg onload=alert(1)><b>zqvector</b></svg>"),
    Hostile("frame", Trick.HTML, f"<iframe src=//{E}/f>zqframe</iframe>"),
    Hostile("link", Trick.HTML, f"<a href='https://{E}/a'>zqanchor</a>"),
    Hostile("script link", Trick.HTML, "<a href=javascript:alert(1)>zqrun</a>"),
    Hostile("out of a tag", Trick.HTML, "\"'><b>zqquote</b>"),
    Hostile("line break", Trick.HTML, "a<br>zqbreak"),
    Hostile("entities", Trick.HTML, "&lt;&copy;&#x41;zqentity"),
    Hostile("template", Trick.HTML, "{{7*7}}${7*7}{%zqtemplate%}"),
    Hostile("markdown link", Trick.MARKDOWN, f"[zqlink](https://{E}/l)"),
    Hostile("markdown script link", Trick.MARKDOWN, "[zqscheme](javascript:alert(1))"),
    Hostile("markdown data link", Trick.MARKDOWN, "[zqdata](data:text/html,<script>alert(1)</script>)"),
    Hostile("markdown image", Trick.MARKDOWN, f"![zqpicture](https://{E}/p.png)"),
    Hostile("autolink", Trick.MARKDOWN, f"<https://{E}/zqauto>"),
    Hostile("bare address", Trick.MARKDOWN, f"https://{E}/zqbare"),
    Hostile("bare host", Trick.MARKDOWN, f"www.{E}/zqhost"),
    Hostile("bare e-mail", Trick.MARKDOWN, f"x@{E} zqmail"),
    Hostile("bold", Trick.MARKDOWN, "**zqbold**"),
    Hostile("emphasis", Trick.MARKDOWN, "_zqslanted_"),
    Hostile("struck", Trick.MARKDOWN, "~~zqstruck~~"),
    Hostile("code", Trick.MARKDOWN, "`zqcode`"),
    Hostile("heading", Trick.MARKDOWN, "# zqheading"),
    Hostile("list", Trick.MARKDOWN, "- zqlisted"),
    Hostile("number", Trick.MARKDOWN, "1. zqnumbered"),
    Hostile("task list", Trick.MARKDOWN, "- [x] zqticked"),
    Hostile("quotation", Trick.MARKDOWN, "> zqquoted"),
    Hostile("footnote", Trick.MARKDOWN, "[^1] zqnote [^1]: x"),
    Hostile("table", Trick.MARKDOWN, "| zqtable | b |"),
    Hostile("out of bold", Trick.MARKDOWN, f"** [zqout](https://{E}/o) **"),
    Hostile("backslash", Trick.MARKDOWN, "\\*zqslash\\"),
    Hostile("colour", Trick.STREAMLIT, ":red[zqred]"),
    Hostile("badge", Trick.STREAMLIT, ":green-badge[zqbadge]"),
    Hostile("small", Trick.STREAMLIT, ":small[zqsmall]"),
    Hostile("out of small", Trick.STREAMLIT, f"] [zqescape](https://{E}/s) :red["),
    Hostile("icon", Trick.STREAMLIT, ":material/home:zqicon"),
    Hostile("logo", Trick.STREAMLIT, ":streamlit:zqlogo"),
    Hostile("shortcode", Trick.STREAMLIT, ":smile:zqsmile"),
    Hostile("formula link", Trick.MATH, f"$\\href{{https://{E}/m}}{{zqmath}}$"),
    Hostile("formula image", Trick.MATH, f"$$\\includegraphics{{https://{E}/g.png}}zqgraphic$$"),
    Hostile("formula class", Trick.MATH, "$\\htmlClass{x}{zqclass}$"),
)
"""What a page would take for markup."""

SPREADSHEET = tuple(
    Hostile(f"formula {number}", Trick.FORMULA, text)
    for number, text in enumerate(
        (
            f'=HYPERLINK("https://{E}/","zq")',
            "=1+1",
            "+1+1",
            "-1+1",
            "@SUM(1)",
            "\t=1+1",
            "\r=1+1",
            "\n=1+1",
            " =1+1",
            "\u00a0=1+1",
            "\ufeff=1+1",
            "\u200b=1+1",
            "\u202e=1+1",
            "\uff1d1+1",
            "\uff0b1+1",
            "\uff0d1+1",
            "\uff20SUM(1)",
            '"=1+1"',
            "'=1+1",
            "=cmd|' /C calc'!A0",
            "|calc",
            "%0A=1+1",
            "-",
            "+49 30 1234",
        )
    )
)
"""What a spreadsheet would take for a formula, or might."""

OVERRIDE, ISOLATE, MARK = "\u202e", "\u2067", "\u200f"
TURNED = (
    Hostile("override", Trick.DIRECTION, f"gpj.{OVERRIDE}cod.zqover"),
    Hostile("embedding", Trick.DIRECTION, "\u202babc \u202azqembed"),
    Hostile("isolate", Trick.DIRECTION, f"{ISOLATE}zqisolate"),
    Hostile("mark", Trick.DIRECTION, f"{MARK}zqmark"),
    Hostile("hebrew", Trick.DIRECTION, "עדה לאבלייס"),
    Hostile("arabic", Trick.DIRECTION, "آدا لوفليس 12 (3)"),
)

BLANK = tuple(
    Hostile(f"blank {number}", Trick.UNSEEN, text)
    for number, text in enumerate(
        (
            "\u200b",
            "\u200d\u200c",
            "\u2060\ufeff",
            "\u00ad",
            "\u3164",
            "\u115f\u1160",
            "\uffa0",
            "\u2800",
            "\u034f",
            "\u202e\u202c",
            "\u180e",
            "\ufe0f",
            "\U000e0041",
            "\u00a0 \u3000",
            "\u2028\u2029",
        )
    )
)
"""What nobody sees."""

DISGUISED = (
    Hostile("space without width", Trick.UNSEEN, "A\u200bd\u2060a\ufeff zqwidth"),
    Hostile("soft hyphen", Trick.UNSEEN, "A\u00adda zqsoft"),
    Hostile("tags", Trick.UNSEEN, "Ada\U000e0041\U000e0042 zqtag"),
    Hostile("accents without an end", Trick.UNSEEN, "Z" + "\u0301\u0336" * 20 + "zqaccent"),
)

UNSTORABLE = (
    Hostile("nul", Trick.UNSTORABLE, "a\0b"),
    Hostile("half of a pair", Trick.UNSTORABLE, "a\ud800b"),
    Hostile("other half", Trick.UNSTORABLE, "\udfffb"),
    Hostile("controls", Trick.UNSTORABLE, "a\x1b[31mb\x07\x08\x7f\x85c"),
    Hostile("no characters", Trick.UNSTORABLE, "a\ufffeb\uffff"),
)

HONEST = (
    "Zoë O’Brien-Müller",
    "עדה לאבלייס",
    "آدا لوفليس",
    "می‌خواهم",  # Persian, with a joiner that keeps two letters apart
    "क्‍ष",  # Hindi, with one that joins them
    "👩‍💻 Ada",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f Ada",
    "李雷",
    "Ada ❤️",
)
"""Not hostile at all: whatever is cleaned, these stay as they are."""

MEGABYTE = 1_000_000
LONG = (
    Hostile("word", Trick.LONG, "w" * MEGABYTE),
    Hostile("brackets", Trick.LONG, "[" * MEGABYTE),
    Hostile("stars", Trick.LONG, "*a_" * (MEGABYTE // 3)),
    Hostile("blanks", Trick.LONG, " \n" * (MEGABYTE // 2) + "x"),
)

EVERY = (*MARKUP, *SPREADSHEET, *TURNED, *BLANK, *DISGUISED, *UNSTORABLE)
