"""The words for days in English, German, French and Spanish, folded: without case and accents.

All of them are understood by everybody: people write in the language of their work, whatever their browser speaks.
"""

import re

TODAY = "today|tonight|this evening|heute|heute abend|heute nacht|aujourd'hui|ce soir|hoy|esta noche|esta tarde"
TOMORROW = "tomorrow|tmrw|morgen|demain|manana"
MORNINGS = frozenset({"morgen", "manana"})
"""Behind a word like "am" they are the morning."""
AFTER_TOMORROW = "(?:the )?day after tomorrow|ubermorgen|uebermorgen|apres-demain|apres demain|pasado manana"
YESTERDAY = "yesterday|gestern|hier|ayer"
NEXT_WEEK = (
    "next week|(?:nachste|kommende)r? woche|(?:de )?(?:la )?semaine prochaine|(?:de )?(?:la )?proxima semana"
    "|(?:de )?(?:la )?semana que viene"
)
NEXT_MONTH = "next month|nachsten monat|kommenden monat|(?:le )?mois prochain|(?:el )?proximo mes|(?:el )?mes que viene"
END_OF_MONTH = (
    "(?:the )?end of (?:the |this )?month|month end|(?:zum )?monatsende|ende des monats"
    "|(?:la )?fin du mois|fin de mois|(?:el )?(?:fin|final) del? mes|finales de mes|a fin de mes"
)

_WEEKDAYS = (
    "monday mon montag lundi lunes",
    "tuesday tue tues dienstag mardi martes",
    "wednesday wed mittwoch mercredi miercoles",
    "thursday thu thur thurs donnerstag jeudi jueves",
    "friday fri freitag vendredi viernes",
    "saturday samstag sonnabend samedi sabado",
    "sunday sonntag dimanche domingo",
)
WEEKDAYS = {word: at for at, words in enumerate(_WEEKDAYS) for word in words.split()}
SHORT_WEEKDAYS = {"sat": 5, "sun": 6, "mo": 0, "di": 1, "mi": 2, "do": 3, "fr": 4, "sa": 5, "so": 6}
"""Words of their own too: days only behind a word like "by"."""

_MONTHS = (
    "january jan januar janner janvier janv enero ene",
    "february feb februar fevrier fevr fev febrero",
    "march mar marz maerz mrz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug aout agosto ago",
    "september sep sept septembre septiembre setiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez decembre diciembre dic",
)
MONTHS = {word: at for at, words in enumerate(_MONTHS, 1) for word in words.split()}

NEXT = "next|nachsten|nachster|nachste|(?:el )?proximo"
NEXT_BEHIND = f"prochain|proximo|{NEXT_WEEK}"
"""Behind a weekday, and what is next week of it before: "Friday next week", "nächste Woche Freitag"."""
THIS = "this|coming|diesen|kommenden|ce|este|(?:el )?este"
THIS_BEHIND = "que viene"

_UNITS = {
    "day": "day days tag tage tagen jour jours dia dias",
    "week": "week weeks woche wochen semaine semaines semana semanas",
    "month": "month months monat monate monaten mois mes meses",
}
UNITS = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_COUNTS = (
    "a an one ein einem einer un une una uno",
    "two zwei deux dos",
    "three drei trois tres",
    "four vier quatre cuatro",
    "five funf cinq cinco",
    "six sechs seis",
)
COUNTS = {word: at for at, words in enumerate(_COUNTS, 1) for word in words.split()} | {"quinze": 15}
WITHIN = "in|within|innerhalb von|dans|sous|d'ici|en|dentro de"

DEADLINE = (
    "by|due|due by|due on|due in|until|till|no later than|not later than"
    "|bis|bis zum|bis spatestens|fallig|fallig am|spatestens|spatestens am|deadline"
    "|d'ici|d'ici le|d'ici a|d'ici au|au plus tard|au plus tard le|pour le|echeance|a rendre le"
    "|para el|para la|hasta el|a mas tardar|a mas tardar el|vence|vence el"
)
"""Words that only a day follows: with one of them the day may stand anywhere in the line."""
BEFORE = "before|vor|vor dem|avant|avant le|antes del|antes de"
"""The day before that one."""
ON = "on|am|zum|le|el"
FOR = "for|fur|pour|para"
"""Words that belong to a day at the end of the line. Behind those of the second kind stand people as well: Di, Sam."""

_KEEPING = (
    # English
    "a about after all and any are as bad between but called each every from good had has have how if is last like "
    "named never not of or past per previous since than that the their to versus via vs was were what when why with "
    "without your his her my our its "
    # German
    "ab alle aller als dem den der des die durch einem einen einer gegen guten gute jede jeden jeder jedes kein "
    "letzten letzte letzter mit nach oder ohne seit und uber vom von wie zu zwischen "
    # French
    "apres au aux avec chaque contre de depuis dernier derniere du entre et la les ou par sans sur tous un une "
    # Spanish
    "al cada como con desde despues las los o que sin sobre todos ultimo y "
    # What is numbered
    "part chapter page step section version round teil kapitel seite partie chapitre parte capitulo pagina"
)
KEEPING = frozenset(_KEEPING.split())
"""Before what belongs to the title: "minutes of Friday", "jeden Morgen", "por la mañana", "chapter 3/4"."""

_NUMBERED = (
    # What it is raised to, where a day would leave half a title
    "to auf vers hacia "
    # What has versions, as far as no day is likely behind it
    "release releases firmware kernel build python node nodejs java php perl django typescript numpy pandas postgres "
    "postgresql mysql mariadb sqlite redis linux ubuntu debian fedora macos ios ipados android kubernetes docker "
    "terraform ansible nginx openssl gitlab firefox chrome"
)
NUMBERED = frozenset(_NUMBERED.split())
"""Before 3.11. they say that it is a number, not a day: "Install Python 3.11."."""
_DOTTED = "az be bg bs cs da de et fi he hr hy is ka kk lb lt lv mk nb nn no pl ro ru sk sl sr tr uk"
DOTTED = frozenset(_DOTTED.split())
"""The languages that write days like 3.11.: behind a name, too."""
_GERMAN = "mit und fur bei beim die das dem ein eine einen einem einer nicht noch nach wegen unser unsere"
GERMAN = frozenset(_GERMAN.split())
"""Words that say that a line is written so, whatever the browser speaks; few that English has within a line,
and none that belongs to names, as "von" and "der" do."""

DAYPARTS = {
    "morning": "in the morning",
    "afternoon": "in the afternoon",
    "evening": "in the evening",
    "at noon": "at noon",
    "vormittag": "am Vormittag",
    "fruh": "früh",
    "mittag": "am Mittag",
    "nachmittag": "am Nachmittag",
    "abend": "am Abend",
    "matin": "le matin",
    "apres-midi": "l'après-midi",
    "soir": "le soir",
    "por la manana": "por la mañana",
    "por la tarde": "por la tarde",
    "por la noche": "por la noche",
}
"""Behind a day, and how the title keeps it: a task has a day, no hour."""
HOUR = re.compile(
    r"(?:at|um|gegen|a|a las|a la) \d{1,2}(?:[:.h]\d{2}|h)? ?(?:am|pm|a\.m|p\.m|uhr|h|o'clock)?|\d{1,2}[:h]\d{2}"
    r"|\d{1,2}(?:[:.]\d{2})? ?(?:am|pm|a\.m|p\.m|uhr|o'clock)"
)
"""Behind a day too, and stays in the title."""
