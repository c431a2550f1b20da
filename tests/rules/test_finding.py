"""What is found in a text, and what is left of it when that is masked."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.errors import Invalid, RefusedByRule
from core.ids import new_id
from core.models import ConversationKind, RuleAction, RuleKind
from core.rules import patterns
from core.rules import screen as screens
from core.rules.found import masked
from core.rules.numbers import IBAN_LENGTHS, ISSUERS, cards, is_barcode, is_card
from core.rules.patterns import checked_pattern
from core.rules.places import folded, plain
from core.rules.screen import RuleSpec, Screen
from core.rules.wordlists import WordList, checked_words
from core.search.words import fold

EVERYWHERE = frozenset(ConversationKind)
HERE = ConversationKind.GROUP
AROUND = ("Pay with", "", "(ok)", "Straße 日本", "x-", "Nr.")
KEY = "ghp_" + "a1B2" * 9


def rule(kind: RuleKind, action: RuleAction = RuleAction.MASK, *words: str, pattern: str = "") -> RuleSpec:
    return RuleSpec(new_id(), f"{kind} {action}", kind, action, EVERYWHERE, words, pattern)


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    """With an issuer's beginning, a length that goes with it, and the digit that makes the sum right."""
    low, high, lengths = draw(st.sampled_from(ISSUERS))
    begin, length = str(draw(st.integers(low, high))), draw(st.sampled_from(sorted(lengths)))
    left = length - len(begin) - 1
    digits = begin + "".join(draw(st.lists(st.sampled_from("0123456789"), min_size=left, max_size=left)))
    whole = digits + next(last for last in "0123456789" if is_card(digits + last))
    assume(not is_barcode(whole))
    return whole


@st.composite
def disguised(draw: st.DrawFn, digits: str) -> str:
    """The same digits as people, or those who want to hide them, write them."""
    parts = []
    for number, digit in enumerate(digits):
        between = draw(st.sampled_from(["", "", "", " ", "-", "\u00a0", "\u200b", "\u2013", ".", " - "]))
        shape = draw(st.sampled_from(["0", "0", "\uff10", "\u0660"]))
        parts.append((between if number else "") + chr(ord(shape) + int(digit)))
    return "".join(parts)


@given(st.data(), st.sampled_from(AROUND), st.sampled_from(AROUND))
def test_a_card_number_is_found_however_it_is_written(data: st.DataObject, before: str, behind: str) -> None:
    written = data.draw(disguised(data.draw(card_numbers())))
    text = f"{before} {written} {behind}"
    assert masked(text, cards(plain(text))) == f"{before} [card number removed] {behind}"


@given(st.text("0123456789 -", max_size=60))
def test_what_is_found_has_the_right_sum(text: str) -> None:
    for found in cards(plain(text)):
        digits = re.sub(r"\D", "", text[found.start : found.end])
        assert is_card(digits)
        total = 0  # by the other direction than the code goes
        for place, digit in enumerate(reversed(digits)):
            doubled = int(digit) * (1 + place % 2)
            total += doubled - 9 if doubled > 9 else doubled
        assert total % 10 == 0


@given(card_numbers(), st.integers(0, 30), st.integers(1, 9))
def test_one_wrong_digit_and_it_is_none(digits: str, place: int, more: int) -> None:
    at = place % len(digits)
    wrong = digits[:at] + str((int(digits[at]) + more) % 10) + digits[at + 1 :]
    assert not list(cards(plain(wrong)))


SECRETS = {
    "private key": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\nnNzaC1r\n-----END OPENSSH PRIVATE KEY-----",
    "private key cut short": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow",
    "Amazon": "AKIAIOSFODNN7EXAMPLE",
    "Google": "AIza" + "SyA1b2-_3" * 3 + "SyA1b2-_",
    "GitHub": KEY,
    "GitHub, fine-grained": "github_pat_" + "11ABCDEFG0" * 4,
    "GitLab": "glpat-" + "abcDEF123_-" * 2,
    "Slack": "xoxb-" + "123456789012-abcdefABCDEF",
    "Stripe": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "OpenAI": "sk-proj-" + "Abc123_-" * 4,
    "web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "bearer": "Bearer " + "mF_9.B5f-4.1JqM" * 2,
}
HARMLESS = (
    "The bearer of this letter is at task-force-alpha, sk-8.",
    "See https://example.com:8080/a@b and mailto:me@example.com",
    "postgres://user:<password>@db/app and redis://:${PASSWORD}@cache",
    "-----BEGIN PUBLIC KEY-----",
    "Order 4111 1111 1111 1112, phone +49 30 1234567890, 2026-11-28 01:05:33",
    "DE89 3704 0044 0532 0130 01",
    "2026-11-12 13:38 98 2354 2026-11-12",
    "12.11.2026 38 98 2354 12.11.2026",
    "0.4570401693044325, 17.36000000000000 and 0,4111111111111111",
    "Call +4915112345678",
    "EAN 4763363472798, ISBN 9783161484100",
    "sk-learn-based-pipeline-for-classification",
    "bearer authentication/authorization; Bearer YOUR_ACCESS_TOKEN_HERE_PLEASE",
    "postgres://user:${DB_PASSWORD_2}@db and https://user:%s@host",
    "550e8400-e29b-41d4-a716-446655440000 4f1c2a9e8b7d6c5f4a3b2c1d0e9f8a7b6c5d4e3f 1764296291123456789",
)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_masked_as_a_whole(name: str) -> None:
    kept = Screen([rule(RuleKind.SECRETS)]).look(f"Here: {SECRETS[name]}", HERE).text
    assert re.fullmatch(r"Here: \[(private )?key removed\]", kept)
    hidden = f"He\u200bre: {SECRETS[name][:9]}\u200b{SECRETS[name][9:]}"
    assert SECRETS[name][12:] not in Screen([rule(RuleKind.SECRETS)]).look(hidden, HERE).text


def test_of_a_password_in_an_address_the_rest_stays() -> None:
    kept = Screen([rule(RuleKind.SECRETS)]).look("postgres://me:hunter2@db.example/app", HERE).text
    assert kept == "postgres://me:[password removed]@db.example/app"
    assert "ter2" not in Screen([rule(RuleKind.SECRETS)]).look("postgres://me:hun@ter2@db.example/app", HERE).text


BESIDE = (
    "No. 12 4111111111111111",
    "12,4111111111111111,5",
    "4111111111111111 12/27",
    "2026-11-28 4111 1111 1111 1111",
    "Q3 4111 1111 1111 1111",
    "4111 1111 1111 1111 2pm",
    "+4111111111111111",
    "4111111111111111-5500005555555559",
    "x 20.11.2026 4111-1111-1111-1111-123",
)


@pytest.mark.parametrize("text", BESIDE)
def test_a_card_is_found_beside_what_is_none(text: str) -> None:
    assert "4111" not in Screen([rule(RuleKind.CARDS)]).look(text, HERE).text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_one_stays(text: str) -> None:
    looks = Screen([rule(RuleKind.SECRETS), rule(RuleKind.CARDS), rule(RuleKind.IBANS)])
    assert looks.look(text, HERE).text == text


@given(st.sampled_from(sorted(IBAN_LENGTHS)), st.data())
def test_an_account_number_is_found_with_its_checksum_alone(country: str, data: st.DataObject) -> None:
    length = IBAN_LENGTHS[country] - 4
    account = data.draw(st.text("0123456789", min_size=length, max_size=length))
    sum_ = 98 - int("".join(str(int(one, 36)) for one in f"{account}{country}00")) % 97
    code = f"{country}{sum_:02}{account}"
    grouped = " ".join(re.findall(".{1,4}", code))
    look = Screen([rule(RuleKind.IBANS)]).look
    for written in (code, grouped, grouped.lower()):
        for before in ("To ", "No 12 ", "GB29 AA11 "):
            assert look(f"{before}{written}, please", HERE).text == f"{before}[account number removed], please"
    assert look(f"{country}{(sum_ + 1) % 100:02}{account}", HERE).masked == ()


LETTERS = st.sampled_from(["a", "b", "é", "ß", "A", "B", "秘", "密", " ", " ", "-", "+", "\n", "\u200b", "1"])
ENTRIES = st.lists(st.text(st.sampled_from("abéA秘密 1+"), min_size=1, max_size=5), min_size=1, max_size=6)


def naive(entries: list[str], text: str) -> bool:
    """Every entry at every place."""
    words = re.findall(r"[^\W_秘密]+", fold(text))
    for typed in entries:
        entry = " ".join(fold(typed).split())
        if "秘" in entry or "密" in entry:
            if entry in fold(text):
                return True
            continue
        parts = re.findall(r"[^\W_]+", entry)
        runs = [words[at : at + len(parts)] for at in range(len(words))]
        if parts and parts in runs:
            return True
    return False


@settings(max_examples=300)
@given(ENTRIES, st.text(LETTERS, max_size=30))
def test_a_list_finds_what_each_word_alone_would(entries: list[str], text: str) -> None:
    assume(not any(entry.strip().startswith("+") or entry.strip().endswith("+") for entry in entries))
    try:
        words = checked_words("\n".join(entries))
    except Invalid:
        assume(False)
    found = list(WordList(words).find(folded(text)))
    assert bool(found) == naive(words, text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)


def test_words_are_whole_and_signs_count() -> None:
    look = Screen([rule(RuleKind.WORDS, RuleAction.MASK, "Café", "top secret", "C++", "秘密")]).look
    assert look("CAFÉ cafe\u0301 cafés; Top  SECRET, top-secret secret top", HERE).text == (
        "[removed] [removed] cafés; [removed], [removed] secret top"
    )
    assert look("C and C++ and これは秘密です", HERE).text == "C and [removed] and これは[removed]です"


@st.composite
def messages(draw: st.DrawFn) -> str:
    parts = st.one_of(
        st.text(max_size=8), card_numbers(), st.sampled_from([*SECRETS.values(), "[removed]", "[key removed]", "foo"])
    )
    return "".join(draw(st.lists(parts, max_size=8)))


EVERYTHING = Screen(
    [
        *map(rule, (RuleKind.SECRETS, RuleKind.CARDS, RuleKind.IBANS)),
        rule(RuleKind.WORDS, RuleAction.MASK, "foo", "removed"),
        rule(RuleKind.PATTERN, pattern=r"\b[0-9a-f]{3}\b|m"),
    ]
)


@given(messages())
def test_what_was_masked_has_nothing_to_find_and_stays_as_it_is(text: str) -> None:
    kept = EVERYTHING.look(text, HERE).text
    assert EVERYTHING.explain(kept) == ()
    assert EVERYTHING.look(kept, HERE).text == kept


BROKEN = {
    "": "Write a pattern first",
    "(a": "not closed, at “(a” (character 1)",
    r"a\(b(?i:[(]c": "not closed, at “(?i:[(]c” (character 5)",
    "x[a": "not closed, at “[a” (character 2)",
    "a**": "behind another, at “**” (character 2)",
    "[z-a]": "runs backwards",
    r"(\w)\1": "reference to what was found before",
    "(?=a)": "looking ahead",
    "a*": "where nothing stands",
    r"\b": "where nothing stands",
    "(?i)": "where nothing stands",
    ".{0,999}x": "too slow",
    "(((x{0,30}y){0,20}z){1,20})": "repeats too often",
    "a" * 501: "up to 500 characters",
}


@pytest.mark.parametrize("pattern", BROKEN)
def test_a_pattern_that_can_not_be_used_is_rejected_with_its_reason(pattern: str) -> None:
    with pytest.raises(Invalid, match=re.escape(BROKEN[pattern])):
        checked_pattern(pattern)


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"(a|a?)+b", r"(.*)*x", r"^(\w+\s?)*$z"])
def test_patterns_that_ruin_other_machines_are_quick_or_rejected(pattern: str) -> None:
    try:
        checked_pattern(pattern)
    except Invalid:
        return
    Screen([rule(RuleKind.PATTERN, RuleAction.REFUSE, pattern=pattern)]).explain("a" * 9_999 + "!")  # has a time limit


def test_a_pattern_that_takes_long_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is made: what counts is the time that it takes."""
    monkeypatch.setattr(patterns, "PATIENCE", 1e-6)
    with pytest.raises(Invalid, match=r"too slow: a message of 10,000 characters took \d+ ms"):
        checked_pattern("a.*b|c")


def test_time_is_up_for_what_would_be_kept_out_and_not_for_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "TIME_LIMIT", -1)
    for action in (RuleAction.MASK, RuleAction.REFUSE):
        with pytest.raises(RefusedByRule, match="took too long"):
            Screen([rule(RuleKind.CARDS, action)]).look("Hello", HERE)
    assert Screen([rule(RuleKind.CARDS, RuleAction.REPORT)]).look("4111111111111111", HERE).reported == ()
