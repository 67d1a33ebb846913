"""Results of games as Greek words: what is no range is said without "to", and minutes of a game."""

import re

from backends.script.greek_numbers import cardinal
from backends.script.verbalizer import Rules

_PAIR = r"(\d{1,3})\s?[-–]\s?(\d{1,3})(?![-–/]?\d|\s?[%€$]|\w|\s?[πμ]\.[Χχ])"
_TEAMS = r"[Α-ΩΆ-ΏA-Z][\w.]{1,30}+(?:\s[Α-ΩΆ-ΏA-Z][\w.]{0,30}+)?"
_NOT_GAMES = re.compile(
    r"\b(?:Δευτ|Τρ|Τετ|Π[εέ]μ|Παρ|Σ[αά]β|Κυρ|[Ώώ]ρ|[Αα]πό|[Κκ]αθημ|[Σσ]ελ|[Αα]νοιχ|στις|Μον|Λειτουργ|Ωράρι)\S*\s*\Z"
)
_LISTED = re.compile(
    r"(?<![\w.,/:–-])\d{1,3}[-–]\d{1,3}(?:,\s?\d{1,3}[-–]\d{1,3}(?![\d/–-]|[.,]\d))+|(?<=\()\d{1,3}[-–]\d{1,3}(?=\))"
)
"""Sets of a game."""
_OPENED = re.compile(r"(?<!\w)['‘](?!\d\d)\w")
_PAIRS = re.compile(r"(\d{1,3})[-–](\d{1,3})")


def _said(first: str, second: str) -> str:
    return f"{cardinal(int(first))} {cardinal(int(second))}"


def _after_word(match: re.Match[str]) -> str:
    return f"{match[1]} {_said(match[2], match[3])}"


def _falling(match: re.Match[str]) -> str:
    """Ranges rise: "3-0" and "85-79" are results, but "9-5" behind a weekday tells hours."""
    first, second = int(match[1]), int(match[2])
    if first < second or _NOT_GAMES.search(
        match.string[max(0, match.start() - 20) : match.start()]
    ):
        return match.group()
    return _said(match[1], match[2])


def _listed(match: re.Match[str]) -> str:
    pairs = _PAIRS.findall(match.group())
    if all(int(a) < int(b) for a, b in pairs):
        return match.group()
    return ", ".join(_said(*pair) for pair in pairs)


def _extra_time(match: re.Match[str]) -> str:
    return f"{cardinal(int(match[1]))} συν {cardinal(int(match[2]))} λεπτά"


def _minutes(match: re.Match[str]) -> str:
    """Unless it ends a quotation."""
    return match.group() if _OPENED.search(match.string, 0, match.start()) else " λεπτά"


RULES: Rules = (
    (_LISTED, _listed, "(-–"),
    (
        re.compile(
            r"\b((?:[Νν]ίκησ|[Κκ]έρδισ|[Έέ]χασ|[Ηη]ττήθηκ|[Ππ]ροηγ|[Εε]πικρ[άα]τησ|[Ιι]σοφάρισ)\w+|[Χχ]άσαμε|[Έέ]ληξε"
            r"|[Ττ]ελείωσε|ισοπαλία|ήττα|νίκη|σκορ|αποτέλεσμα|ματς|με)\s(\d{1,3})[-–](\d{1,3})(?![-–/]?\d|\s?(?:[%€$]|άτομα|μέρες|ημέρες))"
        ),
        _after_word,
        "-–",
    ),
    (re.compile(rf"(?<![\w.])({_TEAMS}\s?[-–]\s?{_TEAMS}:?)\s{_PAIR}"), _after_word, "-–"),
    (re.compile(rf"(?<![\w.,/:–-]){_PAIR}"), _falling, "-–"),
    (re.compile(r"(?<![\w.,])(\d{1,3})\+(\d{1,2})['’΄′](?!\w)"), _extra_time, "+"),
    (re.compile(r"(?<=\d)[΄′](?!\w)"), lambda _: " λεπτά", "΄′"),
    (re.compile(r"(?<=\b[Σσ]το \d\d)['’](?!\w)"), lambda _: " λεπτό", "'’"),
    (re.compile(r"(?<=\d)['’](?=\s(?!αιών)|[,.)]|\Z)"), _minutes, "'’"),
)
