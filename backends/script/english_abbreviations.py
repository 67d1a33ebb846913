"""English abbreviations: with a full stop, with a slash, and acronyms that no reader by rule spells."""

import re
from collections.abc import Mapping

from backends.script.english_numbers import cardinal
from backends.script.text import any_of, words
from backends.script.verbalizer import Rules, closing

_ABBREVIATIONS: Mapping[str, str] = {
    "dr": "Doctor", "mr": "Mister", "mrs": "Missus", "ms": "Miz", "prof": "Professor", "jr": "Junior", "sr": "Senior",
    "gen": "General", "gov": "Governor", "sgt": "Sergeant", "capt": "Captain", "lt": "Lieutenant", "maj": "Major",
    "rep": "Representative", "sen": "Senator", "hon": "Honorable", "mt": "Mount", "e.g": "for example",
    "eg": "for example", "i.e": "that is", "ie": "that is", "etc": "et cetera", "vs": "versus", "v": "versus",
    "cf": "compare", "approx": "approximately", "esp": "especially", "dept": "department", "inc": "Incorporated",
    "ltd": "Limited", "corp": "Corporation", "bros": "Brothers", "a.m": "AM", "p.m": "PM", "b.c": "BC",
    "apt": "Apartment", "ca": "circa", "est": "estimated", "ext": "extension", "max": "maximum", "min": "minutes",
    "tel": "telephone", "tues": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "thurs": "Thursday",
    "fri": "Friday", "mon": "Monday", "rev": "Reverend", "sat": "Saturday", "agg": "aggregate",
    "def": "defeated", "dep": "departing", "arr": "arriving", "incl": "including", "excl": "excluding",
    "govt": "government", "asst": "assistant", "assn": "association", "assoc": "associates", "univ": "university",
    "attn": "attention", "pres": "President", "supt": "superintendent", "misc": "miscellaneous", "avg": "average",
    "intl": "international", "int'l": "international", "natl": "national", "mgr": "manager",
    "mgmt": "management", "qty": "quantity", "pkg": "package", "col": "Colonel", "adm": "Admiral", "cpl": "Corporal",
    "pvt": "Private", "cmdr": "Commander", "fr": "Father", "ft": "Fort", "rte": "Route", "messrs": "Messers",
    "ed": "edited", "eds": "editors", "p.a": "per annum", "tbsp": "tablespoon",
    "tsp": "teaspoon", "viz": "namely", "orig": "originally", "lg": "large", "sm": "small",
    "med": "medium", "esq": "Esquire", "stn": "station", "choc": "chocolate", "exc": "excluding",
    "conc": "concessions", "appt": "appointment", "ea": "each", "yr": "year", "wk": "week",
    "dbl": "double", "sgl": "single", "geo": "George", "wm": "William",
    "chas": "Charles", "p.o": "by mouth", "b.i.d": "twice a day", "t.i.d": "three times a day",
    "q.i.d": "four times a day", "q.d": "daily", "p.r.n": "as needed", "lat": "latitude", "w.r.t": "with respect to",
    "a.k.a": "also known as", "r.s.v.p": "RSVP", "secy": "secretary",
}  # fmt: skip
_ALWAYS_CAPITAL = frozenset(
    words(
        "gen gov rep rev sen hon mt ms sr inc corp apt mon tues wed thu thurs fri sat col adm pvt fr ft pres"
    )
)
"""Abbreviations that are names, or words, where they are written with a small letter."""
_ALWAYS_SMALL = frozenset(words("ed eds def dep temp ref v p.a"))
_BEFORE_NOUNS = frozenset(words("lg sm med"))
_PARTY = re.compile(r"[A-Z][\w.'’]{0,20}\s\Z")
"""Before a versus: Roe v. Wade."""
_BEFORE_NUMBERS = frozenset(words("ca est ext max min tel lat"))
"""Abbreviations that are names, or words, where they are written with a capital."""
_ABBREVIATION = re.compile(r"(?<![\w.])([^\W\d_][\w.']{0,6})\.(?!\w)")
REFERENCES: Mapping[str, str] = {
    "p": "page", "pp": "pages", "fig": "figure", "figs": "figures", "vol": "volume", "vols": "volumes",
    "ch": "chapter", "chs": "chapters", "sec": "section", "ex": "exercise", "eq": "equation", "pg": "page",
    "pgs": "pages", "art": "article", "arts": "articles", "para": "paragraph", "paras": "paragraphs", "cl": "clause",
    "flt": "flight", "bk": "book", "pt": "part", "rte": "route", "hwy": "highway", "rm": "room", "bldg": "building",
    "ste": "suite", "ver": "version", "ref": "reference", "abs": "paragraph",
}  # fmt: skip
"""Before a number."""
_SLASHED: Mapping[str, str] = {
    "w/o": "without", "w/": "with", "b/c": "because", "w/e": "weekend", "c/o": "care of", "n/a": "not applicable",
    "a/c": "air conditioning", "b/w": "between", "w/out": "without", "lat./long": "latitude and longitude",
    "lat/long": "latitude and longitude", "p/w": "per week", "p/m": "per month", "y/y": "year over year",
    "m/m": "month over month", "q/q": "quarter over quarter", "h/t": "hat tip to", "s/he": "she or he", "i/o": "I O",
    "y/o": "year-old",
}  # fmt: skip
_SAID: Mapping[str, str] = {
    "ETA": "E.T.A.", "AKA": "also known as", "USPS": "U.S.P.S.", "APR": "A.P.R.", "BYOB": "B.Y.O.B.", "RAM": "ram",
    "LGBTQIA": "LGBTQ I.A.", "YoY": "year over year", "QoQ": "quarter over quarter", "MoM": "month over month",
    "ICYMI": "in case you missed it", "WHO": "W.H.O.", "FAQs": "F.A.Q.s", "pcm": "per calendar month",
    "ono": "or nearest offer", "hx": "history",
}  # fmt: skip
"""Acronyms that espeak-ng takes for words, or that are read out."""
_ACRONYM = re.compile(rf"\b({any_of(_SAID)})\b(?!\.\w)")
_WAR = re.compile(r"\bWW(?:(I{1,3})|\s(one|two|three))\b")
"""Its figure is a word by then."""


_GRADE = re.compile(r"(?:(?<=\b[Aa] )|(?<=\b[Aa]n ))([A-F])-(?=[\s,.;!)]|\Z)")
"""She got a B-."""


def _abbreviation(match: re.Match[str]) -> str:
    written, word = match[1], match[1].casefold()
    capital = written[0].isupper()
    if word not in _ABBREVIATIONS or (word in _ALWAYS_CAPITAL and not capital):
        return match.group()
    if word in _ALWAYS_SMALL and capital:
        return match.group()
    if word in _BEFORE_NOUNS and not re.match(
        r"\s[a-z]{3}", match.string[match.end() : match.end() + 4]
    ):
        return match.group()
    if word == "v" and not _PARTY.search(match.string, 0, match.start()):
        return match.group()
    if word == "min" and match.string.endswith((" a ", " one "), 0, match.start()):
        return "minute" + closing(match)
    if word == "est" and re.match(r"\s[a-z]", match.string[match.end() : match.end() + 2]):
        return "Estimated" if capital else "estimated"
    if word == "def" and not re.match(r"\s[A-Z]", match.string[match.end() : match.end() + 2]):
        return "definitely"
    if word in ("min", "max") and re.match(
        r"\s(?!of\b)[a-z]{3}", match.string[match.end() : match.end() + 5]
    ):
        said = "minimum" if word == "min" else "maximum"
        return said.capitalize() if capital else said
    if word in _BEFORE_NUMBERS and not written.islower():
        return match.group()
    return _ABBREVIATIONS[word] + closing(match)


def _acronym(match: re.Match[str]) -> str:
    """A text in capitals says nothing of acronyms."""
    if match.string.isupper():
        return match.group()
    said = _SAID[match[1]]
    return (
        said.removesuffix(".")
        if match.string[match.end() :].lstrip(')"”')[:1] in ("", ".")
        else said
    )


RULES: Rules = (
    (
        re.compile(rf"(?<![\w/])({any_of(_SLASHED)})(?![\w/])(?:\.(?=\s[a-z]))?", re.IGNORECASE),
        lambda m: _SLASHED[m[1].casefold()],
        "/",
    ),
    (_WAR, lambda m: f"World War {m[2] or cardinal(len(m[1]))}", "W"),
    (
        re.compile(
            r"\b[Ii]nc\.?\s(?=(?:VAT|GST|tax|shipping|postage|delivery|all|breakfast|bills)\b)"
        ),
        lambda _: "including ",
    ),
    (_ABBREVIATION, _abbreviation, "."),
    (_ACRONYM, _acronym),
    (_GRADE, lambda m: f"{m[1]} minus", "-"),
)
"""Once figures are words."""
