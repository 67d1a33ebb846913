"""Days, months, hours and durations as Greek words."""

import re

from backends.script import numbers
from backends.script.cues import fold
from backends.script.greek_numbers import Form, cardinal, word_before
from backends.script.text import words
from backends.script.verbalizer import Rules, closing

MONTHS = words(
    "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου "
    "Οκτωβρίου Νοεμβρίου Δεκεμβρίου"
)
_NOMINATIVE = words(
    "Ιανουάριος Φεβρουάριος Μάρτιος Απρίλιος Μάιος Ιούνιος Ιούλιος Αύγουστος Σεπτέμβριος Οκτώβριος Νοέμβριος Δεκέμβριος"
)
_SHORT_MONTHS = words(
    "Ιαν Φεβρ Φεβ Μαρτ Μάρτ Μαρ Μάρ Απρ Μαΐ Ιουν Ιουλ Αυγ Σεπτ Σεπ Οκτ Νοεμ Νοε Δεκ"
)
MONTH = "|".join(MONTHS) + "|Μαϊου|" + "|".join(rf"{m}\.?" for m in [*_SHORT_MONTHS, "Μαι"])
WEEKDAYS = words("Δευτέρα Τρίτη Τετάρτη Πέμπτη Παρασκευή Σάββατο Κυριακή")
_WEEKDAY = "|".join(WEEKDAYS)
_DAY = r"(Δευτ?|Τρί?|Τετ|Πέμ?π?|Πεμ|Παρ|Σάβ?|Σαβ|Κυρ)\.?"
_DAYS = re.compile(rf"\b(?:{_DAY}|({_WEEKDAY}))\s?[-–]\s?(?:{_DAY}|({_WEEKDAY}))(?!\w)")
_ACCUSATIVE = frozenset(words("τον στον απο μεχρι εως για ωσ κατα προσ καθε"))
_GENITIVE = frozenset(words("του τησ τελη αρχεσ μεσα"))
_CLOCK = r"([01]?\d|2[0-4])[.]([0-5]\d)"
_HOURS_HINT = re.compile(
    r"\b(?:[Σσ]τις|[Ώώ]ρ(?:α|ες)|[Δδ]ρομολόγι\w+|[Αα]πό τις|[Μμ]έχρι τις|[Αα]ναχ|[Άά]φιξη|[Ρρ]αντεβού"
    r"|[Ππ]ρωινό|[Δδ]είπνο|[Γγ]εύμα)"
)


def month_of(written: str) -> int:
    """1 to 12, of a name or its beginning."""
    folded = fold(written).rstrip(".")
    start = folded[:4] if folded.startswith("ιου") else folded[:3]
    return next(i for i, name in enumerate(MONTHS, 1) if fold(name).startswith(start))


def day_of(written: str) -> str:
    return next(day for day in WEEKDAYS if fold(day).startswith(fold(written)[:2]))


def _weekdays(match: re.Match[str]) -> str:
    first, last = (day_of(day) for day in match.groups() if day)
    return f"{first} έως {last}"


def _month(match: re.Match[str]) -> str:
    """A month by itself, which bends with what stands before it."""
    month = month_of(match[1]) - 1
    before = word_before(match.string, match.start())
    word = fold(before[1]) if before else ""
    name = _NOMINATIVE[month]
    if word in _GENITIVE:
        name = MONTHS[month]
    elif word in _ACCUSATIVE:
        name = name[:-1]
    return name + closing(match)


def clock(match: re.Match[str]) -> str:
    minutes = f" και {cardinal(int(match[2]))}" if int(match[2]) else ""
    return cardinal(int(match[1]), Form.FEMININE) + minutes


def _listed_clock(match: re.Match[str]) -> str:
    """ "στις 08.15, 08.45": an hour with a point, where the sentence tells of hours."""
    return clock(match) if _HOURS_HINT.search(match.string) else match.group()


def _duration(match: re.Match[str]) -> str:
    """ "1ω 20λ"."""
    hours, minutes = int(match[1]), match[2]
    spoken = f"{cardinal(hours, Form.FEMININE)} {'ώρα' if hours == 1 else 'ώρες'}"
    return spoken + (
        f" και {cardinal(int(minutes))} {'λεπτό' if int(minutes) == 1 else 'λεπτά'}"
        if minutes
        else ""
    )


def _lap(match: re.Match[str]) -> str:
    minutes, seconds, part = int(match[1]), int(match[2]), match[3]
    if not part and (minutes <= 24 or minutes + seconds == 100):
        return match.group()
    tail = f" κόμμα {' '.join(cardinal(int(c)) for c in part)}" if part else ""
    return f"{cardinal(minutes)} και {cardinal(seconds)}{tail}"


HOURS: Rules = (
    (
        re.compile(
            r"(?<![\w.,:/])(\d{1,2}(?:\.[0-5]\d)?)\s?[-–]\s?(?=(?:[01]?\d|2[0-4])\.(?:00|15|30|45)(?!\d|[.,]\d|\s?[%€]))"
        ),
        lambda m: f"{m[1]} έως ",
        ".",
    ),
    (re.compile(r"(?<=τις )(\d\d?)\.([0-5]\d)(?![\d.])", re.IGNORECASE), clock, "."),
    (
        re.compile(
            rf"(?:(?<=, )|(?<=και )|(?<=ή )|(?<=ως )|(?<=[-–])|(?<=[-–] )|(?<=μέχρι )|(?<=[Ώώ]ρα )|(?<=[Ώώ]ρα: )"
            rf"|(?<=[Ώώ]ρες )){_CLOCK}(?![\d%€$:/]|[.,]\d|\s?(?:€|ευρώ|[kcm]?m|kg|%))"
        ),
        _listed_clock,
        ".",
    ),
    (
        re.compile(
            r"(?<![\w.,])(\d{1,2})\s?ω\.?(?:\s?(\d{1,2})\s?(?:λ(?:επ)?|['΄′])\.?)?(?![\w.])"
        ),
        _duration,
    ),
    (re.compile(r"(?<![\w.,])(\d{1,2})\s?h\s?([0-5]?\d)(?:\s?(?:m|min|['΄′]))?(?!\w)"), _duration),
    (re.compile(r"(?<=\d)\s?λ(?:επτ|επ)?\.?(?![\w.])"), lambda _: " λεπτά"),
    (re.compile(r"(?<=\d)\s?δευτ(?:ερ)?\.?(?![\w.])"), lambda _: " δευτερόλεπτα"),
    (numbers.LAP, _lap),
)
"""Before other numbers are read."""
BETWEEN_DAYS: Rules = ((_DAYS, _weekdays, "ΔΚΠΣΤ"),)
DAY_BEFORE_FIGURE: Rules = (
    (re.compile(rf"(?<!\w){_DAY}\s(?=\d)"), lambda m: day_of(m[1]) + " ", "ΔΚΠΣΤ"),
)
SIGNS: Rules = (
    *BETWEEN_DAYS,
    (
        re.compile(
            rf"(?<!\w){_DAY}(?!\w)(?=\s?(?:[,&/]\s?|και\s){_DAY}(?!\w)|:?\s(?:κλειστ|ανοιχτ|ανοικτ|αργία|πρωί|απόγευμα|βράδυ|μεσημέρι))"
        ),
        lambda m: day_of(m[1]),
        "ΔΚΠΣΤ",
    ),
    (
        re.compile(
            rf"(?:(?<=[,&/]\s)|(?<=[,&/])|(?<=και\s)){_DAY}(?=\s*(?:\Z|[,.:)]|κλειστ|ανοιχτ))"
        ),
        lambda m: day_of(m[1]),
        "ΔΚΠΣΤ",
    ),
    (
        re.compile(r"(?<=[\w,]\s)(Δευτ?|Τρί?|Τετ|Πέμ?π?|Πεμ|Παρ|Σάβ|Σαβ|Κυρ)\.(?!\w|\s?\d)"),
        lambda m: day_of(m[1]) + closing(m),
        ".",
    ),
    (re.compile(rf"(?<!\w)({'|'.join(_SHORT_MONTHS)})\.(?!\w|\s[Α-ΩΆ-Ώ])"), _month, "."),
)
"""Once figures are words."""
