"""Days, dates without a year, seasons and decades as English words."""

import re

from backends.script import numbers
from backends.script.english_numbers import cardinal, ordinal, year
from backends.script.text import words
from backends.script.verbalizer import Rules

MONTHS = words(
    "January February March April May June July August September October November December"
)
DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_DAY = r"(?:Mon|Tues?|Weds?|Thu(?:rs?)?|Fri|Sat|Sun)"
_FULL_DAY = "|".join(DAYS)
_BETWEEN = re.compile(rf"\b({_DAY})(?:[a-z]*day)?\.?\s?[-–]\s?({_DAY})(?:[a-z]*day)?\.?(?![a-z])")


_MONTH = "|".join(rf"{m}|{m[:3]}" for m in MONTHS if m != "May") + "|Sept|May"


def month_of(written: str) -> str:
    return next(month for month in MONTHS if month.startswith(written.rstrip(".")[:3]))


_LETTERED = {
    "M": "Monday", "Tu": "Tuesday", "W": "Wednesday", "Th": "Thursday", "F": "Friday", "Sa": "Saturday", "Su": "Sunday",
}  # fmt: skip


def _full(written: str) -> str:
    return next(day for day in DAYS if day.startswith(written[:3]))


def _days(match: re.Match[str]) -> str:
    return f"{_full(match[1])} to {_full(match[2])}"


def _short_date(match: re.Match[str]) -> str:
    """ "Fri 10/25": the day and the month of any year."""
    date = numbers.read_date(match["a"], match["b"], "2000")
    return f"{MONTHS[date[1] - 1]} {ordinal(date[0])}" if date else match.group()


def _day_and_date(match: re.Match[str]) -> str:
    date = numbers.read_date(match["a"], match["b"], "2000")
    return (
        f"{_full(match['day'])} {MONTHS[date[1] - 1]} {ordinal(date[0])}" if date else match.group()
    )


def _two_days(match: re.Match[str]) -> str:
    first, second = int(match[2]), int(match[3])
    if not 0 < first < second <= 31:
        return match.group()
    return f"{month_of(match[1])} {ordinal(first)} and {ordinal(second)}"


def _season(match: re.Match[str]) -> str:
    """ "2008-09" and "2023/24": a year and the one behind it."""
    first, last = int(match[1]), int(match[2])
    if last != (first + 1) % 100:
        return match.group()
    return f"{year(first)} to {'oh ' * (0 < last < 10)}{cardinal(last)}"


NAMED: Rules = (
    (
        re.compile(r"(?<!\w)(M|Tu|W|Th|F|Sa|Su)\s?[-–]\s?(Tu|W|Th|F|Sa|Su)(?=:?\s\d)"),
        lambda m: f"{_LETTERED[m[1]]} to {_LETTERED[m[2]]}",
        "FSTW",
    ),
    (
        re.compile(
            r"(?<!\w)(Mo|Tu|We|Th|Fr|Sa"
            r"|Su)(?=:?\s\d{1,2}(?::\d\d)?\s?[-–])"
        ),
        lambda m: next(d for d in DAYS if d.startswith(m[1])),
        "FMSTW",
    ),
    (re.compile(r"(?<![\w.])['’]0(?=\d\b(?!['’]))"), lambda _: "oh ", "'’"),
    (
        re.compile(rf"\b({_MONTH})\.?\s(\d{{1,2}})\s?(?:&|and)\s?(\d{{1,2}})(?![\w:/]|[.,]\d)"),
        _two_days,
        "ADFJMNOS",
    ),
    (
        re.compile(
            r"(?<![\w/.,-])(?P<a>1[0-2]|0?[1-9])/(?P<b>1[345789]|2[1-9]|3[01])(?![\w/-]|\s(?:of|correct|points|in|inch|lb|cup)\b)"
        ),
        _short_date,
        "/",
    ),
    (
        re.compile(
            rf"\b(?P<day>(?:{_DAY}\.?|{_FULL_DAY}),?\s)(?P<a>\d\d?)/(?P<b>\d\d?)(?![\w/]|\s?[-–]\s?\d)"
        ),
        _day_and_date,
        "/",
    ),
    (
        re.compile(
            r"\b(?:(?<=due )|(?<=on )|(?<=until )|(?<=starting )|(?<=dated )|(?<=ends )|(?<=expires )|(?<=EXP ))"
            r"(?P<a>\d\d?)/(?P<b>\d\d?)(?![\w/]|\s(?:of|cup|tsp|tbsp)\b)"
        ),
        _short_date,
        "/",
    ),
    (re.compile(rf"(?<![Tt]he )\b({_DAY})\.?(?=,?\s\d)"), lambda m: _full(m[1]), "FMSTW"),
    (
        re.compile(rf"\b({_MONTH})\.?\s?[-–]\s?({_MONTH})(?![a-z])\.?"),
        lambda m: f"{month_of(m[1])} to {month_of(m[2])}",
        "-–",
    ),
    (re.compile(r"(?<![\w./-])((?:19|20)\d\d)[-–/](\d\d)(?![\w/-])"), _season, "-/–"),
    (re.compile(r"\bFY\s?['’]?(?=\d\d)"), lambda _: "fiscal year ", "F"),
    (re.compile(r"\bM\s?[-–]\s?F\b"), lambda _: "Monday to Friday", "M"),
    (
        re.compile(
            r"\bb\.\s(?=(?:c\.\s)?(?:1\d|20)\d\d\b|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))"
        ),
        lambda _: "born ",
        ".",
    ),
    (
        re.compile(
            r"\bd\.\s(?=(?:c\.\s)?(?:1\d|20)\d\d\b|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))"
        ),
        lambda _: "died ",
        ".",
    ),
    (re.compile(r"\b50-50\b"), lambda _: "fifty-fifty", "-"),
    (re.compile(r"\b1-(8\d\d)-(?=[A-Z]{3})"), lambda m: f"one, {cardinal(int(m[1]))}, ", "-"),
)
"""Before years and fractions are read."""
SIGNS: Rules = (
    (_BETWEEN, _days, "FMSTW"),
    (
        re.compile(
            rf"\b({_DAY})\.?(?=\s?(?:[/&]|and\s|or\s|,\s)\s?{_DAY}[a-z]*\b)|(?<=[/&]\s)({_DAY})\b(?!\.\w)|(?<=/)({_DAY})\b"
        ),
        lambda m: _full(m[1] or m[2] or m[3]),
        "&/FMSTW",
    ),
    (
        re.compile(
            rf"\b({_DAY})(?!\w)\.?(?=,?\s(?:at|@|noon\b|closed|a\.?m\b|p\.?m\b|morning|night|evening|from|(?:{'|'.join(MONTHS)}|the\s\w+\sof)\b))"
        ),
        lambda m: _full(m[1]),
        "FMSTW",
    ),
    (
        re.compile(
            rf"\b([Cc]losed|[Oo]pen|[Ee]very|[Ee]ach|[Nn]ext|[Ll]ast|until|till|due|by|on)\s({_DAY})(?!\w)(?!['’])(?:\.(?=[,;:)]|\s[a-z]))?"
        ),
        lambda m: f"{m[1]} {_full(m[2])}",
        "FMSTW",
    ),
)
"""Once figures are words."""
