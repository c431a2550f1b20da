"""What a task in one line is: whose, until when, and that nothing else is taken for a day."""

from contextlib import suppress
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import Invalid
from core.ids import new_id
from core.search.words import fold
from core.typed import day_words
from core.typed.names import Named
from core.typed.task_line import ParsedTask, read_task_line

TODAY = date(2026, 5, 6)
"""A Wednesday."""
NAMES = ("Ada L", "Ada Berg", "Bo", "Bob Ray", "Zoë Ångström", "Sam Twin", "Sam Twin", "Pat O'Neil", "Max Roe Jr.")
PEOPLE = [Named(new_id(), name, f"{at}@x.example") for at, name in enumerate(NAMES)]
CALLED = {person.id: person.name for person in PEOPLE}
FR, MO = date(2026, 5, 8), date(2026, 5, 11)


def read(text: str, *, locale: str = "en-US", today: date = TODAY) -> ParsedTask:
    return read_task_line(text, today=today, locale=locale, people=PEOPLE)


@pytest.mark.parametrize("locale", ["en-US", "de-DE", "fr", "es_MX", "ar-EG", ""])
@pytest.mark.parametrize(
    ("text", "title", "due_on"),
    [
        ("Call the bakery today", "Call the bakery", TODAY),
        ("Call the bakery tonight.", "Call the bakery", TODAY),
        ("Call the bakery, tomorrow", "Call the bakery", date(2026, 5, 7)),
        ("Call the bakery day after tomorrow", "Call the bakery", FR),
        ("Call the bakery FRIDAY", "Call the bakery", FR),
        ("Call the bakery fri", "Call the bakery", FR),
        ("Call the bakery on Monday", "Call the bakery", MO),
        ("Call the bakery next friday", "Call the bakery", date(2026, 5, 15)),
        ("Call the bakery wednesday", "Call the bakery", date(2026, 5, 13)),
        ("Call the bakery by sun", "Call the bakery", date(2026, 5, 10)),
        ("Call the bakery before Friday", "Call the bakery", date(2026, 5, 7)),
        ("Call the bakery in 3 days", "Call the bakery", date(2026, 5, 9)),
        ("Call the bakery in two weeks", "Call the bakery", date(2026, 5, 20)),
        ("Call the bakery next week", "Call the bakery", MO),
        ("Call the bakery Friday next week", "Call the bakery", date(2026, 5, 15)),
        ("Call the bakery next week on Friday", "Call the bakery", date(2026, 5, 15)),
        ("Bäckerei anrufen nächste Woche Freitag", "Bäckerei anrufen", date(2026, 5, 15)),
        ("Bäckerei anrufen Freitag nächster Woche", "Bäckerei anrufen", date(2026, 5, 15)),
        ("Appeler vendredi de la semaine prochaine", "Appeler", date(2026, 5, 15)),
        ("Call the bakery tomorrow 5pm", "Call the bakery 5pm", date(2026, 5, 7)),
        ("Bäckerei anrufen morgen 10 Uhr", "Bäckerei anrufen 10 Uhr", date(2026, 5, 7)),
        ("Call the bakery by 2026/05/15", "Call the bakery", date(2026, 5, 15)),
        ("Call the bakery next month", "Call the bakery", date(2026, 6, 1)),
        ("Call the bakery by the end of the month", "Call the bakery", date(2026, 5, 31)),
        ("Call the bakery 15 May", "Call the bakery", date(2026, 5, 15)),
        ("Call the bakery May 5", "Call the bakery", date(2027, 5, 5)),
        ("Call the bakery May 15th, 2027", "Call the bakery", date(2027, 5, 15)),
        ("Call the bakery 29 February", "Call the bakery", date(2028, 2, 29)),
        ("Call the bakery 2026-05-15", "Call the bakery", date(2026, 5, 15)),
        ("Call the bakery 15.5.", "Call the bakery", date(2026, 5, 15)),
        ("Call the bakery by 15.5", "Call the bakery", date(2026, 5, 15)),
        ("Call the bakery 15.05.27", "Call the bakery", date(2027, 5, 15)),
        ("Call the bakery 15/5/2026", "Call the bakery", date(2026, 5, 15)),
        ("Call the bakery tomorrow at 10:30", "Call the bakery at 10:30", date(2026, 5, 7)),
        ("Call the bakery tomorrow morning", "Call the bakery in the morning", date(2026, 5, 7)),
        ("Pay by Friday to the landlord", "Pay to the landlord", FR),
        ("due yesterday: pay", "pay", date(2026, 5, 5)),
        ("Bäckerei anrufen heute Abend", "Bäckerei anrufen", TODAY),
        ("Bäckerei anrufen morgen", "Bäckerei anrufen", date(2026, 5, 7)),
        ("Kuchen für morgen", "Kuchen", date(2026, 5, 7)),
        ("Bäckerei anrufen übermorgen", "Bäckerei anrufen", FR),
        ("Bäckerei anrufen am Montag", "Bäckerei anrufen", MO),
        ("Bäckerei anrufen bis Fr", "Bäckerei anrufen", FR),
        ("Bäckerei anrufen nächsten Freitag", "Bäckerei anrufen", date(2026, 5, 15)),
        ("Bäckerei anrufen in 3 Tagen", "Bäckerei anrufen", date(2026, 5, 9)),
        ("Bäckerei anrufen in einer Woche", "Bäckerei anrufen", date(2026, 5, 13)),
        ("Bäckerei anrufen bis Ende des Monats", "Bäckerei anrufen", date(2026, 5, 31)),
        ("Bäckerei anrufen am 15. März 2027", "Bäckerei anrufen", date(2027, 3, 15)),
        ("Bäckerei morgen um 10 Uhr", "Bäckerei um 10 Uhr", date(2026, 5, 7)),
        ("Appeler aujourd’hui", "Appeler", TODAY),
        ("Appeler ce soir", "Appeler", TODAY),
        ("Appeler demain matin", "Appeler le matin", date(2026, 5, 7)),
        ("Appeler après-demain", "Appeler", FR),
        ("Appeler pour vendredi", "Appeler", FR),
        ("Appeler vendredi prochain", "Appeler", date(2026, 5, 15)),
        ("Appeler dans 3 jours", "Appeler", date(2026, 5, 9)),
        ("Appeler la semaine prochaine", "Appeler", MO),
        ("Appeler le 1er août", "Appeler", date(2026, 8, 1)),
        ("Appeler d'ici lundi le client", "Appeler le client", MO),
        ("Llamar hoy", "Llamar", TODAY),
        ("Llamar mañana", "Llamar", date(2026, 5, 7)),
        ("Llamar pasado mañana", "Llamar", FR),
        ("Llamar mañana por la mañana", "Llamar por la mañana", date(2026, 5, 7)),
        ("Llamar el lunes", "Llamar", MO),
        ("Llamar en 3 días", "Llamar", date(2026, 5, 9)),
        ("Llamar el 15 de mayo", "Llamar", date(2026, 5, 15)),
        ("Llamar a fin de mes", "Llamar", date(2026, 5, 31)),
        ("Llamar el viernes que viene", "Llamar", FR),
    ],
)
def test_a_day_is_read_in_every_language_whatever_the_browser_speaks(
    text: str, title: str, due_on: date, locale: str
) -> None:
    assert read(text, locale=locale) == ParsedTask(title, due_on, None)


@pytest.mark.parametrize("locale", ["en-US", "en-GB", "de", "fr-FR", "es"])
@pytest.mark.parametrize(
    "text",
    [
        "Prepare tomorrow's meeting",
        "Read 1984",
        "Tomorrow never dies: return it",
        'Watch "Tomorrow"',
        "Zusammenfassung „Der Freitag“",
        "Minutes of Friday",
        "Report from 2026-05-15",
        "Team meeting every Monday",
        "Write up what happened yesterday",
        "Review 2020-05-01",
        "Enjoy the sun",
        "Guten Morgen",
        "Joggen am Morgen",
        "Jeden Morgen",
        "Correr por la mañana",
        "Geschenk für Di",
        "Upgrade to 1.5",
        "Ship version 1.5.",
        "Install Python 3.11.",
        "Install python 3.11.",
        "Upgrade from 3.10 to 3.11.",
        "Upgrade auf 3.11.",
        "Install Python 3.11.27.",
        "Ubuntu 24.04.",
        "Chapter 3/4",
        "Support 24/7",
        "Compare 31/31",
        "Pay 31 April",
        "Buy 15 apples",
        "March",
        "May",
        "In May",
        "Wait in 99999 weeks",
        "Mail ada@example.com",
        "Install `@types/node`",
        "Ask \u202bמחר\u202c",
        "明天给面包店打电话",
    ],
)
def test_a_title_keeps_its_words(text: str, locale: str) -> None:
    assert read(text, locale=locale) == ParsedTask(text, None, None)


THIRD = date(2026, 11, 3)
DOTTED = {
    # Text, title, and whether it is a day: where days are written so, and elsewhere
    "Pay rent 3.11.": ("Pay rent", True, True),
    "Miete zahlen 3.11.": ("Miete zahlen", True, True),
    "Miete 3.11.": ("Miete", True, True),
    "Die Miete 3.11.": ("Die Miete", True, True),
    "Termin mit Anna 3.11.": ("Termin mit Anna", True, True),
    "Angebot für Meyer 3.11.": ("Angebot für Meyer", True, True),
    "Deploy Parley 3.11.": ("Deploy Parley", True, False),
    "Ask Anna von Berg about Parley 3.11.": ("Ask Anna von Berg about Parley", True, False),
    "Ask Ada van der Aa about Parley 3.11.": ("Ask Ada van der Aa about Parley", True, False),
    "Visit MIT Boston 3.11.": ("Visit MIT Boston", True, False),
    "Die Version mit Python 3.11.": ("", False, False),
    'Lies "mit und ohne" Parley 3.11.': ('Lies "mit und ohne" Parley', True, False),
    "Die Miete am 3.11.": ("Die Miete", True, True),
    "Meet Bob on 3.11.": ("Meet Bob", True, True),
    "Python 3.11. bis 3.11.": ("Python 3.11.", True, True),
    "Install Python 3.11. by 3.11.": ("Install Python 3.11.", True, True),
    "Miete bis 3.11.": ("Miete", True, True),
    "Rechnung an Bob 3.11.2026": ("Rechnung an Bob", True, True),
    "Install Python 3.11.": ("", False, False),
}


@pytest.mark.parametrize("locale", ["de-DE", "de_AT", "pl", "nb-NO", "en-US", "en-GB", "fr", "es-MX", "zh-Hans", ""])
@pytest.mark.parametrize("text", DOTTED)
def test_a_number_with_dots_is_a_day_unless_it_is_somethings_version(text: str, locale: str) -> None:
    title, is_day_there, is_day_elsewhere = DOTTED[text]
    is_day = is_day_there if locale[:2] in ("de", "pl", "nb") else is_day_elsewhere
    assert read(text, locale=locale) == (ParsedTask(title, THIRD, None) if is_day else ParsedTask(text, None, None))


@pytest.mark.parametrize(
    ("text", "locale", "due_on"),
    [
        ("Pay 5/6", "en-US", date(2026, 5, 6)),
        ("Pay 5/6", "en", date(2026, 5, 6)),
        ("Pay 5/6", "en-GB", date(2026, 6, 5)),
        ("Pay 5/6", "en-001", date(2026, 6, 5)),
        ("Pay 5/6", "de-DE", date(2026, 6, 5)),
        ("Pay 5/6", "fr", date(2026, 6, 5)),
        ("Pay 5/6", "es-PR", date(2026, 5, 6)),
        ("Pay 5/15", "en-GB", date(2026, 5, 15)),
        ("Pay 15/5", "en-US", date(2026, 5, 15)),
        ("Pay 5-6-2027", "zh-Hans-US", date(2027, 5, 6)),
        ("Pay 5-6-2027", "de", date(2027, 6, 5)),
    ],
)
def test_the_locale_decides_what_is_ambiguous_and_nothing_else(text: str, locale: str, due_on: date) -> None:
    assert read(text, locale=locale).due_on == due_on


@pytest.mark.parametrize(
    ("zone", "due_on"),
    [
        ("Pacific/Kiritimati", date(2027, 1, 2)),
        ("Europe/Berlin", date(2027, 1, 1)),
        ("UTC", date(2027, 1, 1)),
        ("America/Los_Angeles", date(2027, 1, 1)),
    ],
)
@pytest.mark.parametrize("text", ["Call tomorrow", "Morgen anrufen: morgen", "Appeler demain", "Llamar mañana"])
def test_tomorrow_is_that_of_the_writers_zone(text: str, zone: str, due_on: date) -> None:
    moment = datetime(2026, 12, 31, 10, 30, tzinfo=UTC)
    assert read(text, today=moment.astimezone(ZoneInfo(zone)).date()).due_on == due_on


@pytest.mark.parametrize(
    ("today", "text", "due_on"),
    [
        (date(2026, 1, 31), "Pay in a month", date(2026, 2, 28)),
        (date(2026, 12, 31), "Pay next month", date(2027, 1, 1)),
        (date(2026, 12, 31), "Pay end of month", date(2026, 12, 31)),
        (date(2026, 5, 10), "Pay next friday", date(2026, 5, 15)),
        (date(2026, 5, 10), "Pay next week", MO),
        (date(2026, 5, 10), "Pay monday", MO),
        (date(2026, 12, 31), "Pay 31 December", date(2026, 12, 31)),
        (date(2026, 12, 31), "Pay 1 January", date(2027, 1, 1)),
        (date(2096, 3, 1), "Pay 29 February", date(2104, 2, 29)),
    ],
)
def test_months_and_years_end(today: date, text: str, due_on: date) -> None:
    assert read(text, today=today).due_on == due_on


@pytest.mark.parametrize(
    ("text", "title", "name"),
    [
        ("Call the bakery @Bo", "Call the bakery", "Bo"),
        ("@bo call the bakery", "call the bakery", "Bo"),
        ("Ask @bob, then pay", "Ask, then pay", "Bob Ray"),
        ("Ask @Ada L about it", "Ask about it", "Ada L"),
        ('Ask @"ada berg" about it', "Ask about it", "Ada Berg"),
        ("Ask @berg", "Ask", "Ada Berg"),
        ("Ask @zoe", "Ask", "Zoë Ångström"),
        ("Ask @Bo and @bo", "Ask and", "Bo"),
        ("Ask @me", "Ask", None),
        ("Ask @o’neil", "Ask", "Pat O'Neil"),
        ("Ask @Max Roe Jr. about it", "Ask about it", "Max Roe Jr."),
        ("Ask @max roe jr, then pay", "Ask, then pay", "Max Roe Jr."),
        ("Ask @2@x.example, then pay", "Ask, then pay", "Bo"),
        ("Ask @6@X.example", "Ask", "Sam Twin"),
    ],
)
def test_a_name_says_whose_it_is(text: str, title: str, name: str | None) -> None:
    found = read(text)
    assert (found.title, CALLED.get(found.assignee_id) if found.assignee_id else None) == (title, name)


@pytest.mark.parametrize(
    "text", ["Call the bakery @Bo tomorrow", "Call the bakery tomorrow @Bo", "@Bo Call the bakery by tomorrow"]
)
def test_name_and_day_stand_in_any_order(text: str) -> None:
    found = read(text)
    assert (found.title, found.due_on, CALLED[found.assignee_id]) == ("Call the bakery", date(2026, 5, 7), "Bo")  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Ask @Ada", "“Ada” may be Ada Berg or Ada L."),
        ("Ask @nobody", "Nobody here is called “nobody”."),
        ("Ask @Bob Ry", None),
        ("Ask @zoé2", "Zoë Ångström"),
        ("Ask @sam", "Several people are called Sam Twin. Use an e-mail address instead: 5@x.example, 6@x.example."),
        ('Ask @""', "no name"),
        ("Ask @Bo @Zoë", "one person"),
        ("Pay by 31 April", "no day like 31 april"),
        ("tomorrow", "what is to be done"),
        ("@Bo", "what is to be done"),
        ("   ", "what is to be done"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, says: str | None) -> None:
    if says is None:
        assert read(text).title == "Ask Ry"
        return
    with pytest.raises(Invalid, match=says):
        read(text)


DAY_WORDS = frozenset(
    "|".join(
        [
            *(day_words.TODAY, day_words.TOMORROW, day_words.AFTER_TOMORROW, day_words.YESTERDAY, day_words.NEXT_WEEK),
            *(day_words.NEXT_MONTH, day_words.END_OF_MONTH, *day_words.WEEKDAYS, *day_words.SHORT_WEEKDAYS),
            *(*day_words.MONTHS, *day_words.UNITS),
        ]
    )
    .replace("|", " ")
    .split()
)
WORDS = st.text(st.characters(exclude_categories=["Cs", "N", "Z", "Cc"]), min_size=1, max_size=12)
OTHERS = ["by", "due", "on", "15", "5/6", '"', "at 10", "Call", "@Bo"]


@given(st.lists(WORDS.filter(lambda word: not word.startswith("@")), min_size=1, max_size=12))
def test_a_title_without_a_word_for_a_day_is_never_changed(words: list[str]) -> None:
    text = " ".join(words)
    assume(not DAY_WORDS & {word.strip(".,;:!?") for word in fold(text).split()})
    assert read(text) == ParsedTask(text, None, None)


@given(st.text(max_size=300), st.dates(date(2000, 1, 1), date(2150, 1, 1)), st.sampled_from(["en-US", "de", "", "x-"]))
def test_any_line_gives_a_task_or_a_sentence(text: str, today: date, locale: str) -> None:
    with suppress(Invalid):
        assert read(text, today=today, locale=locale).title


@given(st.lists(st.sampled_from([*sorted(DAY_WORDS), *OTHERS]), max_size=12))
def test_words_for_days_in_any_order_never_break_it(words: list[str]) -> None:
    with suppress(Invalid):
        assert read(" ".join(words)).title


def test_nobody_gets_anothers_tasks_by_being_called_like_their_address() -> None:
    people = [Named(new_id(), "2@x.example", "9@x.example"), *PEOPLE]
    assert read_task_line("Ask @2@x.example", today=TODAY, locale="en", people=people).assignee_id == PEOPLE[2].id
