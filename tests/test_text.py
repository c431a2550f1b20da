"""What people and models write, on its way into Streamlit's Markdown."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.lines import one_line
from core.ui.text import WORD_JOINER, as_label, as_markdown, as_said, as_sentence, as_typed, browser_name

PUNCTUATION = r"\`*_{}[]()<>#+-.!|~$:&"
JOINER = "\u2060"
ISOLATES = "\u2068\u2069"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Plain text, **bold**, a [link](https://example.com/a?b=1).", None),
        ("Write to us at 10:30: we are there", None),
        (":red[warning]", r"\:red[warning]"),
        (":blue-background[x]", r"\:blue-background[x]"),
        (":material/home: :smile: :+1:", f":{JOINER}material/home: :{JOINER}smile: :{JOINER}+1:"),
        ("1:100:5 :8ball:", f"1:{JOINER}100:5 :{JOINER}8ball:"),
        # Of these a page would show the name alone, or nothing.
        ("a:hover{color:red} is red", r"a\:hover{color\:red} is red"),
        ("status:green; font:small, reddish:redder", r"status\:green; font\:small, reddish:redder"),
        ("参见:文档[这里](https://x.example)", r"参见\:文档[这里](https://x.example)"),
        ("हिन:दी[x] 10:30[a]", r"हिन\:दी[x] 10\:30[a]"),
        ("::youtube", r"\::youtube"),
        ("> 1. :::note", r"> 1. \:::note"),
        ("std::vector, a::b, 10:30:15, x[1:2]", None),
        ("It costs $5, or $6 with $0.50 on top", r"It costs \$5, or \$6 with \$0.50 on top"),
        ("The area is $\\pi r^2$", None),
        # A backslash that says itself escapes nothing.
        (r"\\:red[x] \\$5", r"\\\:red[x] \\\$5"),
        # What is escaped already stays so.
        (r"It costs \$5", None),
        (r"\:red[warning]", None),
    ],
)
def test_streamlits_own_marks_lose_their_meaning_and_markdown_keeps_its(written: str, shown: str | None) -> None:
    expected = written if shown is None else shown
    assert as_markdown(written) == as_typed(written) == expected


def test_markdown_of_several_lines_is_left_alone() -> None:
    text = "# Heading\n\n- one\n- two\n\n| a | b | c | d |\n|---|:-:|:---:|---:|\n| 1 | 2 | 3 | 4 |"
    assert as_markdown(text) == text


@pytest.mark.parametrize(
    "image",
    [
        "![chart](https://example.com/x.png)",
        "![](https://example.com/x.png)",
        "![two\nlines](https://example.com/x.png)",
        "![a [b] c](https://example.com/x.png)",
        "![chart][1]\n\n[1]: https://example.com/x.png",
        "![1]\n\n[1]: https://example.com/x.png",
    ],
    ids=["inline", "nameless", "over lines", "nested", "by reference", "by name"],
)
def test_an_image_is_never_fetched_by_itself(image: str) -> None:
    assert "![" not in as_markdown(image)
    assert "![" not in as_typed(image)


@pytest.mark.parametrize(
    "deceit",
    [
        "\\`![x](https://example.com/x.png)`",
        "> ```\n![x](https://example.com/x.png)",
        "- a\n  ```\n![x](https://example.com/x.png)",
        "```x`\n![x](https://example.com/x.png)",
        "    ```\n![x](https://example.com/x.png)",
        "<div>\n```\n\n![x](https://example.com/x.png)",
        "$`$![x](https://example.com/x.png)`",
        "$$\n```\n$$\n![x](https://example.com/x.png)\n```",
        "[^1]\n\n[^1]: \\`![x](https://example.com/x.png)`",
        '\\` :a[b]{x="`"} \\``` ![x](https://example.com/x.png) ``` `',
        "\\` :a[`] \\``` ![x](https://example.com/x.png) ``` `",
        "$a$$`$ ![x](https://example.com/x.png) ` $b$",
    ],
    ids=[
        *("tick", "quotation", "list", "no fence", "indented", "html", "formula", "block of formula", "footnote"),
        *("braces of a mark", "brackets of a mark", "dollars"),
    ],
)
def test_an_image_in_what_only_looks_like_code_is_not_fetched_either(deceit: str) -> None:
    assert "![" not in as_markdown(deceit)
    assert "![" not in as_typed(deceit)


@pytest.mark.parametrize(
    "link",
    [
        "[x](data:text/html,x)",
        "[x](<vbscript:x>)",
        "[x](\nms-word:ofe|u|x)",
        "[x](d&#97;ta:x)",
        r"[x](d&#97;ta\:x)",
        "[x][1]\n\n[1]: file:///etc/passwd",
        "<javascript:alert(1)>",
        r"\<data:x>",
        r"\\<data:x>",
        r"\`[x](data:x)`",
        "> ```\n[x](blob:x)",
        "> [x](\n> ms-word:x)",
        "> [x]\n>\n> [x]:\n> ms-word:x",
        "<a][x](\nms-word:x)",
        "[^1]: \n\n[y]: ms-word:x\n\n[y]",
        "[^1]: [x](data:x)",
    ],
)
def test_a_link_leads_to_the_web_or_to_an_address_or_is_none(link: str) -> None:
    tokens = MarkdownIt("commonmark").parse(as_markdown(link).replace("[^", r"\[^"))
    links = [child for token in tokens for child in token.children or () if child.type == "link_open"]
    assert links == []
    assert without_escapes(as_markdown(link)) == without_escapes(link)


def test_of_a_link_that_leads_elsewhere_only_that_one_is_changed() -> None:
    assert as_markdown("[x](data:y) [y](https://x.y) `a](b:c`") == f"[x]{JOINER}(data:y) [y](https://x.y) `a](b:c`"


@pytest.mark.parametrize("link", ["[x](/chat?c=1)", "[x](#a)", "<https://x.example>", "[x](MAILTO:a@b.c)", "a < b: c"])
def test_other_links_and_what_is_none_are_left_alone(link: str) -> None:
    assert as_markdown(link) == link


@pytest.mark.parametrize(
    "part", ["](", "[![", "](d:", "]:", "<a:", ":a[", ":a{", "- ", "`a ``b ", "```\n", "$ ", "**a ", ":a", "@a", "w"]
)
def test_no_text_takes_longer_than_its_length(part: str) -> None:
    """Each of these takes the square of it where an expression tries again from each place; 100,000: then minutes."""
    began = time.process_time()
    for draw in (as_markdown, as_typed, as_label, as_sentence):
        draw(part * (100_000 // len(part)))
    assert time.process_time() - began < 10


@pytest.mark.parametrize("text", ["*a* " * 2_500, "a " * 30_000 + "\n===\n**b** <x>"], ids=["marks", "length"])
def test_what_a_browser_would_take_minutes_for_is_shown_as_it_is_written(text: str) -> None:
    [opening, inline, closing] = MarkdownIt("commonmark").parse(as_markdown(text))
    assert (opening.type, closing.type) == ("paragraph_open", "paragraph_close")
    assert {child.type for child in inline.children or ()} <= {"text", "text_special", "hardbreak"}
    assert as_markdown(text) == as_typed(text) == as_said(text, ["a"])


def test_what_is_shown_as_it_is_written_keeps_its_indents_and_is_no_code() -> None:
    shown = as_markdown("def f(x):\n\n    return x[1]\n\n" * 2_000)
    assert "code_block" not in {token.type for token in MarkdownIt("commonmark").parse(shown)}
    assert "\n" + "\u00a0" * 4 + r"return x\[1\]" in shown


@pytest.mark.parametrize(
    "text",
    [
        "```md\n![alt](https://example.com/x.png)\n```\n\nIt costs $x or $y.",
        "```sh\ncurl -d \"$BODY\" '<soap:Envelope>'\n```\n\nThen look at `$HOME`, `std::map<std::string, int>` too.",
        "```ts\nconst a: x[] = b ? c:d[0] : `<soap:Envelope>`\n```",
    ],
    ids=["image", "shell", "mark"],
)
def test_code_that_shows_how_something_is_written_can_be_copied(text: str) -> None:
    assert JOINER not in as_markdown(text)


CODE = [
    "`:red[x] costs $5`",
    "```\n:red[x]\nawk '{print $1}'\n```",
    "```python\nd[a:b:c]  # $5\n```",
    "```\nnever closed :red[x] $5",
    "~~~\nawk '{print $1}'\n~~~",
    "1. Run this:\n\n   ```sh\n   awk '{print $1}' :red[x]\n   ```",
    "1. ```sh\n   awk '{print $1}'\n   ```\n2. - ~~~\n     $2\n     ~~~",
    "````md\n```\n$5\n```\n$6\n````",
    "``a ` $5 :red[x]``",
]


@pytest.mark.parametrize("code", CODE, ids=[code[:12] for code in CODE])
def test_code_is_left_alone(code: str) -> None:
    assert as_markdown(code) == code
    assert as_markdown(f"Before $1\n\n{code}").removeprefix("Before \\$1\n\n") == code


def test_text_after_code_is_text_again() -> None:
    assert as_markdown("```\n$1\n```\n$2 `$3` $4") == "```\n$1\n```\n\\$2 `$3` \\$4"


def test_what_a_person_typed_keeps_its_lines_but_code_its_own() -> None:
    assert as_typed("one\ntwo\n\nthree") == "one  \ntwo  \n  \nthree"
    assert as_typed("see\n```\na\nb\n```\nend") == "see  \n```\na\nb\n```  \nend"


@given(st.text(alphabet=PUNCTUATION.replace("!", "") + "ab1 \n/", max_size=40))
def test_nothing_but_escapes_is_ever_added(text: str) -> None:
    assert without_escapes(as_markdown(text)) == without_escapes(text)


@given(st.text(alphabet="abcé:$[]{}1 -/", max_size=40))
def test_outside_code_no_mark_is_left(text: str) -> None:
    shown = as_markdown(text)
    assert not re.search(r"(?<!\\)\$\d", shown)
    assert not re.search(r"(?<!\\):[a-zé1][a-zé1-]*[\[{]", shown)
    assert not re.search(r":[a-z][a-z1/-]*:", shown)


@given(st.text(max_size=80), st.integers(1, 70))
def test_a_label_is_one_line_that_reads_as_written(text: str, limit: int) -> None:
    line = one_line(text)
    label = as_label(text, limit)
    read = unescaped(label).strip(ISOLATES)
    assert "\n" not in label
    assert len(read) <= limit
    if len(line) <= limit:
        assert read == line
    else:
        assert read.endswith("…")
        assert line.startswith(read[:-1])


@given(st.text(alphabet=PUNCTUATION + "ab", max_size=20))
def test_in_a_label_no_mark_has_a_meaning(text: str) -> None:
    bare = re.sub(r"\\[" + re.escape(PUNCTUATION) + "]", "", as_label(text))
    assert not set(bare) & set(PUNCTUATION)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Ask @Bo or @ADA!", "Ask **@Bo** or :green-badge[@ADA]!"),
        ("@Bo Diddley, not @Bob", "**@Bo Diddley**, not @Bob"),
        ("to:@Ada", f"to:{JOINER}:green-badge[@Ada]"),
        ("@A*b] (x) and @Ada\n$5", "**@A\\*b\\]** (x) and :green-badge[@Ada]  \n\\$5"),
        # Neither a call nor anything else.
        ("me@Bo.org, `@Bo`, \\@Bo, @@Bo", None),
        ("```\n@Ada\n```", None),
        (":red[@Nobody]", "\\:red[@Nobody]"),
    ],
)
def test_a_name_that_is_called_stands_out(said: str, shown: str | None) -> None:
    assert as_said(said, ["Bo", "Bo Diddley", "A*b]"], ["Ada"]) == (said if shown is None else shown)


@given(st.text(alphabet="ab@:$[]1 -/", max_size=40))
def test_beside_a_call_no_mark_of_the_writer_is_left(text: str) -> None:
    shown = as_said(text, ["a"], ["b"]).replace(":green-badge[@b]", "@").replace("**@a**", "@")
    assert not re.search(r"(?<!\\)\$\d", shown)
    assert not re.search(r"(?<!\\):[a-z][a-z1-]*\[", shown)
    assert not re.search(r":[a-z][a-z1/-]*:", shown)


def unescaped(label: str) -> str:
    """How CommonMark reads backslashes before punctuation; word joiners are not seen."""
    return re.sub(r"\\([" + re.escape(PUNCTUATION) + "])", r"\1", label).replace(JOINER, "")


def without_escapes(text: str) -> str:
    return text.replace("\\", "").replace(JOINER, "")


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
            "Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
            "Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
            "Safari/605.1.15",
            "Safari on Mac",
        ),
        ("curl/8.5.0", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_for_people(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name


def test_an_address_in_a_label_is_no_link() -> None:
    wanted = f"https\\://{WORD_JOINER}x\\.example and www{WORD_JOINER}\\.x\\.example"
    assert as_label("https://x.example and www.x.example") == wanted


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("This costs 5 (or 6) - or not, Ada!", None),
        ("Ask bo@x.example", f"Ask bo@{JOINER}x.example"),
        ("&lt; &copy; x", r"\&lt; \&copy; x"),
        ("Nobody is called “[x](http://x.example)”.", rf"Nobody is called “\[x\](http://{JOINER}x.example)”."),
        ("**x** :red[x] :material/home: $5", rf"\*\*x\*\* \:red\[x\] :{JOINER}material/home: \$5"),
        ("# Bo keeps no tasks", r"\# Bo keeps no tasks"),
        ("His words: status:green a:b{c} at 10:30", r"His words: status\:green a\:b{c} at 10:30"),
    ],
)
def test_a_sentence_stays_as_it_reads_and_names_in_it_are_no_markup(written: str, shown: str | None) -> None:
    assert as_sentence(written) == (written if shown is None else shown)
