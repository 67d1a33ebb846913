"""Numbers, dates, money, abbreviations and symbols as English words."""

import re
from collections.abc import Collection, Mapping

from backends.script import english_measures, numbers, roman
from backends.script.english_numbers import cardinal, decimal, ordinal, year
from backends.script.numbers import NUMBER, SIGN, Number
from backends.script.text import words
from backends.script.units import ENGLISH
from backends.script.verbalizer import Rules, Verbalizer, Vocabulary, closing

_MONTHS = words(
    "January February March April May June July August September October November December"
)
_MONTH = "|".join(rf"{m}|{m[:3]}\.?" for m in _MONTHS) + r"|Sept\.?"
_CURRENCIES: Mapping[str, tuple[str, str, str, str]] = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₽": ("ruble", "rubles", "kopeck", "kopecks"),
    "₺": ("lira", "lira", "kurush", "kurush"),
    "₩": ("won", "won", "", ""),
    "₿": ("bitcoin", "bitcoin", "", ""),
    "CHF": ("Swiss franc", "Swiss francs", "centime", "centimes"),
}
_CODES: Mapping[str, str] = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "US$": "$"}
_CODE = r"(?:USD|EUR|GBP|JPY|CHF)\b"
_SCALES: Mapping[str, str] = {
    "k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion",
    "tn": "trillion", "thousand": "thousand", "million": "million", "billion": "billion",
    "trillion": "trillion",
}  # fmt: skip
_SCALE = r"(?:\s?(?P<scale>(?i:thousand|million|billion|trillion|[kmb]|mn|bn|tn))\b)?"
_ABBREVIATIONS: Mapping[str, str] = {
    "dr": "Doctor", "mr": "Mister", "mrs": "Missus", "ms": "Miz", "prof": "Professor",
    "jr": "Junior", "sr": "Senior", "gen": "General", "gov": "Governor", "sgt": "Sergeant",
    "capt": "Captain", "lt": "Lieutenant", "maj": "Major", "rep": "Representative",
    "sen": "Senator", "hon": "Honorable", "mt": "Mount", "e.g": "for example", "eg": "for example",
    "i.e": "that is", "ie": "that is", "etc": "et cetera", "vs": "versus", "cf": "compare",
    "approx": "approximately", "esp": "especially", "dept": "department", "inc": "Incorporated",
    "ltd": "Limited", "corp": "Corporation", "bros": "Brothers", "a.m": "AM", "p.m": "PM",
    "b.c": "BC", "apt": "Apartment", "ave": "Avenue", "blvd": "Boulevard", "ca": "circa", "est": "established",
    "ext": "extension", "max": "maximum", "min": "minutes", "tel": "telephone", "tues": "Tuesday", "wed": "Wednesday",
    "thu": "Thursday", "thurs": "Thursday", "fri": "Friday", "mon": "Monday", "rev": "Reverend",
}  # fmt: skip
_ALWAYS_CAPITAL = frozenset(
    words("gen gov rep rev sen hon mt ms sr inc corp apt ave mon tues wed thu thurs fri")
)
_BEFORE_NUMBERS = frozenset(words("ca est ext max min tel"))
"""Abbreviations that are names, or words, where they are written with a capital."""
_ABBREVIATION = re.compile(r"(?<![\w.])([^\W\d_][\w.]{0,5})\.(?!\w)")
_REFERENCES: Mapping[str, str] = {
    "p": "page", "pp": "pages", "fig": "figure", "figs": "figures", "vol": "volume",
    "ch": "chapter", "sec": "section",
}  # fmt: skip
_SHORT_MONTH = re.compile(rf"\b({'|'.join(m[:3] for m in _MONTHS if m != 'May')}|Sept)")
_YEAR_HINT = re.compile(
    r"(?:\b(?:in|since|of|by|until|till|from|before|after|during|year|circa|ca\.|around|"
    rf"{'|'.join(_MONTHS)}),?\s|\()\Z",
    re.IGNORECASE,
)
_DECADE_HINT = re.compile(
    r"(?:\b(?:the|his|her|my|their|early|late)\s|\bmid-|['’])\Z", re.IGNORECASE
)
_HINT_LENGTH = 12
_ONE_OF = re.compile(r"\b(?:[Aa]n?|[Aa]nother|[Oo]ne|[Ee]ach|[Ee]very) \Z")
_NOUN = re.compile(r"\s(?!(?:and|or|to|for|in|per|on|at|a|each|is|was)\b)[a-z]")
_DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_DAY = r"(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?:[a-z]*day)?\.?"
_WORDS = Vocabulary(
    decimal_mark=".",
    minus="minus",
    plus="plus",
    point="point",
    to="to",
    ratio="to",
    out_of="out of",
    half_joint="and",
    fractions={
        "½": "a half", "⅓": "a third", "⅔": "two thirds", "¼": "a quarter", "¾": "three quarters",
    },
    symbols={
        "&": "and", "@": "at", "%": "percent", "+": "plus", "=": "equals", "×": "times",
        "÷": "divided by", "<": "less than", ">": "greater than", "°": "degrees", "№": "number",
        "$": "dollars", "€": "euros", "£": "pounds", "¥": "yen", "©": "copyright", "§": "section",
        "±": "plus or minus", "≤": "less than or equal to", "≥": "greater than or equal to", "≠": "not equal to",
        "₹": "rupees", "₽": "rubles", "₺": "lira", "₩": "won", "₿": "bitcoin",
        "¢": "cents", "≈": "about", "~": "about", "℃": "degrees Celsius",
        "℉": "degrees Fahrenheit", "√": "the square root of",
    },
    address={
        ".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", "+": "plus",
        ":": "colon", "~": "tilde", "%": "percent", "=": "equals", "&": "and",
    },
    hashtag="hashtag",
    by="by",
    times="times",
    per="per",
    inches="inches",
)  # fmt: skip


def _month(written: str) -> str:
    return next(month for month in _MONTHS if month.startswith(written.rstrip(".")[:3]))


def _month_first(match: re.Match[str]) -> str:
    if not 1 <= int(match["day"]) <= 31:
        return match.group()
    spoken = f"{_month(match['month'])} {ordinal(int(match['day']))}"
    return f"{spoken}, {year(int(match['year']))}" if match["year"] else spoken


def _month_and_days(match: re.Match[str]) -> str:
    days = [int(match[2]), int(match[3])]
    if not all(1 <= day <= 31 for day in days):
        return match.group()
    return f"{_month(match[1])} {ordinal(days[0])} to {ordinal(days[1])}"


def _day_first(match: re.Match[str]) -> str:
    if not 1 <= int(match["day"]) <= 31:
        return match.group()
    spoken = f"{match['the'] or 'the '}{ordinal(int(match['day']))} of {_month(match['month'])}"
    return f"{spoken}, {year(int(match['year']))}" if match["year"] else spoken


def _half_of_day(match: re.Match[str], letter: str | None) -> str:
    if not letter:
        return ""
    return f" {letter.upper()}M" + (closing(match) if match.group()[-1] == "." else "")


def _time(match: re.Match[str]) -> str:
    hour, minute, second = int(match[1]), int(match[2]), match[3]
    if minute:
        spoken = f"{cardinal(hour)} {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    elif match[4] or second:
        spoken = cardinal(hour)
    else:
        spoken = f"{cardinal(hour)} o'clock" if 1 <= hour <= 12 else f"{cardinal(hour)} hundred"
    if second:
        spoken += f" and {cardinal(int(second))} second{'s' * (int(second) != 1)}"
    return spoken + _half_of_day(match, match[4])


def _decade(match: re.Match[str]) -> str:
    written = match[1]
    if len(written) == 2 and not _hinted(match, _DECADE_HINT):
        return match.group()
    words = year(int(written)) if len(written) == 4 else cardinal(int(written))
    return words[:-1] + "ies" if words.endswith("y") else words + "s"


def _year(match: re.Match[str]) -> str:
    """From 1900 on a number of four figures is a year; before that, where a word says so."""
    value = int(match[1])
    return year(value) if value >= 1900 or _hinted(match, _YEAR_HINT) else match.group()


def _hinted(match: re.Match[str], hint: re.Pattern[str]) -> bool:
    return bool(hint.search(match.string[max(0, match.start() - _HINT_LENGTH) : match.start()]))


def _abbreviation(match: re.Match[str]) -> str:
    word = match[1].casefold()
    if word not in _ABBREVIATIONS or (word in _ALWAYS_CAPITAL and not match[1][0].isupper()):
        return match.group()
    if word in _BEFORE_NUMBERS and not match[1].islower():
        return match.group()
    return _ABBREVIATIONS[word] + closing(match)


def _before_its_noun(match: re.Match[str]) -> bool:
    """Whether a sum says which thing is meant: "a $20 bill"."""
    return bool(
        _ONE_OF.search(match.string, 0, match.start()) and _NOUN.match(match.string, match.end())
    )


def _numeral(match: re.Match[str]) -> str:
    kind, value = roman.kind(match), roman.value(match["numeral"])
    if not kind or value is None:
        return match.group()
    return f"{match['name']} " + (f"the {ordinal(value)}" if kind == "ordinal" else cardinal(value))


def _reference(match: re.Match[str]) -> str:
    value = roman.value(match["numeral"].upper())
    name = _REFERENCES[match["name"].casefold()]
    return f"{name} {cardinal(value)}" if value else match.group()


def _days(match: re.Match[str]) -> str:
    first, last = (next(d for d in _DAYS if d.startswith(match[i][:3])) for i in (1, 2))
    return f"{first} to {last}"


def _saint(match: re.Match[str]) -> str:
    return "Saint " if match[1] else "Street" + closing(match)


class English(Verbalizer):
    def __init__(self) -> None:
        super().__init__(_WORDS)

    def cardinal(self, value: int) -> str:
        return cardinal(value)

    def number(self, number: Number, match: re.Match[str]) -> str:
        return decimal(number)

    def date(self, day: int, month: int, year_: int) -> str:
        return f"{_MONTHS[month - 1]} {ordinal(day)}, {year(year_)}"

    def part(self, over: int, under: int) -> str:
        name = {2: "half", 4: "quarter"}.get(under) or ordinal(under)
        return f"{cardinal(over)} {name}{'s' * (over > 1)}"

    def _money(self, match: re.Match[str]) -> str:
        number = self.read(match["number"])
        written = match["currency"].upper()
        currency = _CURRENCIES[_CODES.get(written, written)]
        if number is None:
            return match.group()
        sign = self.sign(match)
        scale = _SCALES.get((match["scale"] or "").casefold())
        if scale:
            return f"{sign}{decimal(number)} {scale} {currency[not _before_its_noun(match)]}"
        if len(number.fraction) > 2 or (number.fraction and not currency[2]):
            return f"{sign}{decimal(number)} {currency[1]}"
        cents = int(number.fraction.ljust(2, "0"))
        many = number.whole != 1 and (cents or not _before_its_noun(match))
        whole = f"{cardinal(number.whole)} {currency[bool(many)]}"
        part = f"{cardinal(cents)} {currency[2 + (cents != 1)]}"
        if not cents:
            return sign + whole
        return sign + (f"{whole} and {part}" if number.whole else part)

    @property
    def units(self) -> Collection[str]:
        return ENGLISH.keys() - {"in"}

    def unit(self, written: str, many: bool) -> str:
        return ENGLISH[written][many]

    def share(self, unit: str) -> str:
        one = ENGLISH[unit][0]
        return f"of {'an' if one.startswith(('inch', 'ounce', 'hour')) else 'a'} {one}"

    def _unit(self, match: re.Match[str]) -> str:
        number = self.read(match["number"])
        if number is None:
            return match.group()
        unit = self.unit(match["unit"], number != (1, ""))
        return f"{self.sign(match)}{decimal(number)} {unit}{self.per(match)}"

    def named_dates(self) -> Rules:
        return (
            (
                re.compile(rf"\b({_MONTH})\s(\d{{1,2}})\s?[-–]\s?(\d{{1,2}})(?![\w:]|[.,]\d)"),
                _month_and_days,
            ),
            (re.compile(r"(?<=\d(?:st|nd|rd|th))[-–](?=\d)"), lambda _: " to "),
            (
                re.compile(r"\b([Cc]all|[Dd]ial)\s(\d{3})(?![\w-]|\s?\d)"),
                lambda m: f"{m[1]} {self.digits(m[2])}",
            ),
            (
                re.compile(
                    rf"\b(?P<month>{_MONTH})\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?"
                    r"(?:,?\s(?P<year>\d{4}))?(?![\w:]|[.,]\d)"
                ),
                _month_first,
            ),
            (
                re.compile(
                    r"\b(?P<the>[Tt]he\s)?(?P<day>\d{1,2})(?:st|nd|rd|th)?\s(?:of\s)?"
                    rf"(?P<month>{_MONTH})(?!\w)(?:,?\s(?P<year>\d{{4}})(?!\d))?"
                ),
                _day_first,
            ),
            (re.compile(rf"{_SHORT_MONTH.pattern}(?=\s\d)"), lambda m: _month(m[1])),
        )

    def figures(self) -> Rules:
        return (
            (re.compile(r"(?<=[ap]m|m\.)\s?[-–]\s?(?=\d)"), lambda _: " to "),
            *english_measures.RULES,
            (re.compile(r"(?<=\w)['’](?=\d\d(?!\d))"), lambda _: " "),
            (re.compile(r"\bc\.\s?(?=(?:1\d|20)?\d\d\b(?![.,:/]\d))"), lambda _: "circa "),
            (re.compile(r"(?<![\w.,])\.(?=\d)"), lambda _: "0."),
            (re.compile(r"(?<=\w)\^(?=[-−]?\d)"), lambda _: " to the power of "),
            (re.compile(r"(?<=\d)k(?=\s(?!run|race)[a-z])"), lambda _: " thousand"),
            (re.compile(r"\b([Mm])(in|ax)\.\s?(?=\d)"), lambda m: f"{m[1]}{m[2]}imum "),
            (re.compile(numbers.TIME + r"(?:\s?([ap])\.?m\b\.?)?", re.IGNORECASE), _time),
            (
                re.compile(r"(?<![\w.,:])(1[0-2]|0?[1-9])\s?([ap])\.?m\b\.?", re.IGNORECASE),
                lambda m: cardinal(int(m[1])) + _half_of_day(m, m[2]),
            ),
            (
                re.compile(
                    rf"(?P<sign>{SIGN})(?P<currency>US\$|[{numbers.CURRENCY}]|\b{_CODE})\s?"
                    rf"(?P<number>{NUMBER}){_SCALE}"
                ),
                self._money,
            ),
            (
                re.compile(
                    rf"(?P<sign>{SIGN})(?P<number>{NUMBER}){_SCALE}\s?"
                    rf"(?P<currency>[{numbers.CURRENCY}]|{_CODE})"
                ),
                self._money,
            ),
            (re.compile(r"(?<![\w.,])(1[1-9]\d0|20\d0|[2-9]0)['’]?s\b"), _decade),
            (
                self.measured(rf"(?P<sign>{SIGN})(?<![\w.,])(?<!\d/)(?P<number>{NUMBER})"),
                self._unit,
            ),
            (
                re.compile(r"(?<![\w.,])(\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:st|nd|rd|th)\b"),
                lambda m: ordinal(int(m[1].replace(",", ""))),
            ),
            (re.compile(r"(?<![\w.,:/+-])(1\d{3}|20\d\d)(?![\w%]|[.,:/-]\d)"), _year),
            (
                re.compile(r"\b(24/7|50/50|9/11|20/20)\b"),
                lambda m: " ".join(cardinal(int(part)) for part in m[1].split("/")),
            ),
            (
                re.compile(r"\b([Pp]p?|[Ff]igs?|[Vv]ol|[Cc]h|[Ss]ec)\.\s?(?=\d)"),
                lambda m: f"{_REFERENCES[m[1].casefold()]} ",
            ),
            (re.compile(r"\b[Nn]o(s?)\.\s?(?=\d)"), lambda m: f"number{m[1]} "),
            (re.compile(r"#(?=\d)"), lambda _: "number "),
        )

    def signs(self) -> Rules:
        return (
            (roman.BEHIND_A_NAME, _numeral),
            (roman.REFERENCE, _reference),
            (re.compile(rf"\b{_DAY}\s?[-–]\s?{_DAY}"), _days),
            (re.compile(r"(?<=\w)²"), lambda _: " squared"),
            (re.compile(r"(?<=\w)³"), lambda _: " cubed"),
            (re.compile(r"\bSt\.(\s(?=[A-Z]))?"), _saint),
            (_ABBREVIATION, _abbreviation),
            (re.compile(rf"{_SHORT_MONTH.pattern}\."), lambda m: _month(m[1])),
            (re.compile(r"(?<![\w/])([A-Z])/([A-Z])(?![\w/])"), lambda m: f"{m[1]} {m[2]}"),
            (re.compile(r"(?<!\w)π(?!\w)"), lambda _: "pi"),
            (re.compile(r"\bw/o\b"), lambda _: "without"),
            (re.compile(r"\bw/(?=\s)"), lambda _: "with"),
            (re.compile(r"\bWW(I{1,2})\b"), lambda m: f"World War {cardinal(len(m[1]))}"),
            (re.compile(r"\b([CF])#(?!\w)"), lambda m: f"{m[1]} sharp"),
        )
