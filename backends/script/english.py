"""Numbers, dates, money, abbreviations and symbols as English words."""

import re
from collections.abc import Collection, Mapping

from backends.script import (
    chat,
    english_abbreviations,
    english_calendar,
    english_measures,
    english_places,
    english_verses,
    numbers,
    roman,
)
from backends.script.english_abbreviations import REFERENCES
from backends.script.english_calendar import MONTHS, month_of
from backends.script.english_numbers import cardinal, decimal, ordinal, year
from backends.script.numbers import NUMBER, SIGN, Number
from backends.script.text import any_of
from backends.script.units import ENGLISH
from backends.script.verbalizer import Rules, Verbalizer, Vocabulary, closing

_MONTH = "|".join(rf"{m}|{m[:3]}\.?" for m in MONTHS) + r"|Sept\.?"
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
_CODES: Mapping[str, str] = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "US$": "$", "₤": "£"}
_CODE = r"(?:USD|EUR|GBP|JPY|CHF)\b"
_SCALES: Mapping[str, str] = {
    "k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion",
    "tn": "trillion", "thousand": "thousand", "million": "million", "billion": "billion",
    "trillion": "trillion",
}  # fmt: skip
_SCALE = r"(?:\s?(?P<scale>(?i:thousand|million|billion|trillion|[kmb]|mn|bn|tn))\b)?"
_SHORT_MONTH = re.compile(rf"\b({'|'.join(m[:3] for m in MONTHS if m != 'May')}|Sept)")
_YEAR_HINT = re.compile(
    r"(?:\b(?:in|since|of|by|until|till|from|before|after|during|year|circa|ca\.|around|"
    rf"{'|'.join(MONTHS)}),?\s|\(|(?:circa|from|c\.)\s1\d{{3}}\sto\s)\Z",
    re.IGNORECASE,
)
_DECADE_HINT = re.compile(
    r"(?:\b(?:the|his|her|my|their|early|late)\s|\bmid-|['’])\Z", re.IGNORECASE
)
_HINT_LENGTH = 20
_ONE_OF = re.compile(r"\b(?:[Aa]n?|[Aa]nother|[Oo]ne|[Ee]ach|[Ee]very) \Z")
_THE = re.compile(r"\b(?:[Tt]he|[Tt]his|[Tt]hat|[Oo]ur|[Hh]is|[Hh]er|[Tt]heir|[Mm]y|[Yy]our) \Z")
_PRICED = re.compile(
    r"\s(?:question|bill|note|coin|fee|fine|price|prize|mark|limit|tax|deal|loan|fund|plan|ticket|gift|grant|reward|budget"
    r"|project|bonus|che(?:ck|que)|range|level|barrier|payment|debt|house|home|car|phone|raise|cap|deposit|bounty)\b"
)
_NOUN = re.compile(
    r",\s(?:\d+-[a-z]|[a-z]+-[a-z])|\s(?!(?:and|or|to|for|in|per|on|at|a|each|is|was)\b)[a-z]"
)
_WORDS = Vocabulary(
    decimal_mark=".",
    minus="minus",
    plus="plus",
    point="point",
    to="to",
    ratio="to",
    out_of="out of",
    over="over",
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
    inch="inch",
    inches="inches",
)  # fmt: skip


def _clause(match: re.Match[str]) -> str:
    """ "4(a)(ii)" is four a two."""
    value = roman.value(match[1].upper()) if set(match[1]) <= set("ivx") else None
    return f" {value or match[1]} "


def _lap(match: re.Match[str]) -> str:
    """ "51:02" is fifty-one oh two; 60:40 are shares."""
    minutes, seconds, part = int(match[1]), int(match[2]), match[3]
    if not part and (minutes <= 24 or minutes + seconds == 100):
        return match.group()
    spoken = f"{cardinal(minutes)} {'oh ' * (seconds < 10)}{cardinal(seconds)}"
    return spoken + (f" point {' '.join(cardinal(int(c)) for c in part)}" if part else "")


def _month_first(match: re.Match[str]) -> str:
    if not 1 <= int(match["day"]) <= 31:
        return match.group()
    spoken = f"{month_of(match['month'])} {ordinal(int(match['day']))}"
    return f"{spoken}, {year(int(match['year']))}" if match["year"] else spoken


def _month_and_days(match: re.Match[str]) -> str:
    days = [int(match[2]), int(match[3])]
    if not all(1 <= day <= 31 for day in days):
        return match.group()
    return f"{month_of(match[1])} {ordinal(days[0])} to {ordinal(days[1])}"


def _day_first(match: re.Match[str]) -> str:
    if not 1 <= int(match["day"]) <= 31:
        return match.group()
    spoken = f"{match['the'] or 'the '}{ordinal(int(match['day']))} of {month_of(match['month'])}"
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


def _before_its_noun(match: re.Match[str]) -> bool:
    """Whether a sum says which thing is meant: "a $20 bill"."""
    if _THE.search(match.string, 0, match.start()) and _PRICED.match(match.string, match.end()):
        return True
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
    name = REFERENCES[match["name"].casefold()]
    last = roman.value(match["last"].upper()) if match["last"] else None
    to = f" to {cardinal(last)}" if last else ""
    return f"{name} {cardinal(value)}{to}" if value else match.group()


class English(Verbalizer):
    def __init__(self) -> None:
        super().__init__(_WORDS)

    def cardinal(self, value: int) -> str:
        return cardinal(value)

    def number(self, number: Number, match: re.Match[str]) -> str:
        return decimal(number)

    def date(self, day: int, month: int, year_: int) -> str:
        return f"{MONTHS[month - 1]} {ordinal(day)}, {year(year_)}"

    def part(self, over: int, under: int) -> str:
        name = {2: "half", 4: "quarter"}.get(under) or ordinal(under)
        return f"{cardinal(over)} {name}{'s' * (over > 1)}"

    def _money(self, match: re.Match[str]) -> str:
        number = self._sum(match)
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

    def _sum(self, match: re.Match[str]) -> Number | None:
        """Who writes the currency behind a number parts thousands by points: 1.199 €."""
        behind = match.start("currency") > match.start("number")
        grouped = behind and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", match["number"])
        return (
            Number(int(match["number"].replace(".", "")), "")
            if grouped
            else self.read(match["number"])
        )

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
            *english_calendar.NAMED,
            (re.compile(r"\bf/(?=\d)"), lambda _: "f ", "/"),
            (
                re.compile(rf"\b({_MONTH})\s(\d{{1,2}})\s?[-–]\s?(\d{{1,2}})(?![\w:]|[.,]\d)"),
                _month_and_days,
                "-–",
            ),
            (re.compile(r"(?<=\d(?:st|nd|rd|th))[-–](?=\d)"), lambda _: " to ", "-–"),
            (
                re.compile(r"\b([Cc]all|[Dd]ial|[Rr]ing|[Tt]ext)\s(\d{3})(?![\w-]|\s?\d)"),
                lambda m: f"{m[1]} {self.digits(m[2])}",
            ),
            (
                re.compile(
                    rf"\b(?P<month>{_MONTH})\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?"
                    r"(?:,?\s(?P<year>\d{4}))?(?![\w:]|[.,]\d)"
                ),
                _month_first,
                "ADFJMNOS",
            ),
            (
                re.compile(
                    r"\b(?P<the>[Tt]he\s)?(?P<day>\d{1,2})(?:st|nd|rd|th)?\s(?:of\s)?"
                    rf"(?P<month>{_MONTH})(?!\w)(?:,?\s(?P<year>\d{{4}})(?!\d))?"
                ),
                _day_first,
                "ADFJMNOS",
            ),
            (re.compile(rf"{_SHORT_MONTH.pattern}(?=\s\d)"), lambda m: month_of(m[1]), "ADFJMNOS"),
        )

    def figures(self) -> Rules:
        return (
            (re.compile(r"(?<=[ap]m|m\.)\s?[-–]\s?(?=\d)"), lambda _: " to ", "-–"),
            *english_places.FIGURES,
            *english_verses.RULES,
            *chat.FIGURES,
            *english_measures.RULES,
            (numbers.LAP, _lap),
            (re.compile(r"\b([fgh])\(([xyt])\)"), lambda m: f"{m[1]} of {m[2]}", "("),
            (numbers.CLAUSE, _clause),
            (re.compile(r"(?<=\w)['’](?=\d\d(?!\d))"), lambda _: " ", "'’"),
            (re.compile(r"\bc\.\s?(?=(?:1\d|20)?\d\d\b(?![.,:/]\d))"), lambda _: "circa ", "."),
            (re.compile(r"(?<![\w.,])\.(?=\d)"), lambda _: "0.", "."),
            (re.compile(r"(?<=\w)\^(?=[-−]?\d)"), lambda _: " to the power of ", "^"),
            (re.compile(r"(?<=\d)k(?=\s(?!run|race)[a-z])"), lambda _: " thousand"),
            (re.compile(r"\b([Mm])(in|ax)\.\s?(?=\d)"), lambda m: f"{m[1]}{m[2]}imum ", "."),
            (re.compile(numbers.TIME + r"(?:\s?([ap])\.?m\b\.?)?", re.IGNORECASE), _time, ":"),
            (
                re.compile(r"(?<![\w.,:])(1[0-2]|0?[1-9])\s?([ap])\.?m\b\.?", re.IGNORECASE),
                lambda m: cardinal(int(m[1])) + _half_of_day(m, m[2]),
            ),
            (
                re.compile(
                    rf"(?P<sign>{SIGN})(?P<currency>US\$|₤|[{numbers.CURRENCY}]|\b{_CODE})\s?"
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
                self.measured(rf"(?P<sign>{SIGN})(?<![\w.,])(?<!\d/)(?<!\w-)(?P<number>{NUMBER})"),
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
                "/",
            ),
            (
                re.compile(rf"\b({any_of(REFERENCES)})\.\s?(?=\(?\d)", re.I),
                lambda m: f"{REFERENCES[m[1].casefold()]} ",
                ".",
            ),
            (re.compile(r"\b[Nn]o(s?)\.\s?(?=\d)"), lambda m: f"number{m[1]} ", "."),
            (re.compile(r"#(?=[A-Z]{0,3}-?\d)"), lambda _: "number ", "#"),
        )

    def signs(self) -> Rules:
        return (
            *chat.ENGLISH,
            (re.compile(r"(?<=\s)#(?=\s)"), lambda _: "hash", "#"),
            (re.compile(r"(?<!\S)~\s(?=[A-Z])"), lambda _: "", "~"),
            (roman.BEHIND_A_NAME, _numeral),
            (roman.REFERENCE, _reference),
            *english_calendar.SIGNS,
            (re.compile(r"(?<=\w)²"), lambda _: " squared", "²"),
            (re.compile(r"(?<=\w)³"), lambda _: " cubed", "³"),
            *english_places.SIGNS,
            *english_abbreviations.RULES,
            (re.compile(rf"{_SHORT_MONTH.pattern}\."), lambda m: month_of(m[1]), "."),
            (re.compile(r"(?<![\w/])([A-Z])/([A-Z])(?![\w/])"), lambda m: f"{m[1]} {m[2]}", "/"),
            (re.compile(r"(?<!\w)π(?!\w)"), lambda _: "pi"),
            (re.compile(r"\b([CF])#(?!\w)"), lambda m: f"{m[1]} sharp", "#"),
        )
