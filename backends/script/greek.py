"""Numbers, dates, money, abbreviations and symbols as Greek words."""

import re
from collections.abc import Collection, Mapping

from backends.script import (
    chat,
    greek_abbreviations,
    greek_acronyms,
    greek_calendar,
    greek_capitals,
    greek_names,
    greek_numerals,
    greek_scores,
    numbers,
)
from backends.script.cues import fold
from backends.script.greek_calendar import MONTH, MONTHS, WEEKDAYS, month_of
from backends.script.greek_money import CODES, CURRENCIES, SCALE, decimal, scaled
from backends.script.greek_numbers import (
    Form,
    aged,
    cardinal,
    form_of,
    genitive,
    ordinal,
    with_half,
    word_before,
)
from backends.script.numbers import NUMBER, SIGN, Number
from backends.script.text import words
from backends.script.units import GREEK
from backends.script.verbalizer import Rules, Verbalizer, Vocabulary, closing

_DEGREES: Mapping[str, str] = {
    "των": "βαθμών",
    **dict.fromkeys(
        words("τουσ στουσ απο εωσ ωσ σε με για μεχρι εχει εχουμε εφτασε φτανει στα περιπου"),
        "βαθμούς",
    ),
}
_WEEKDAY = "|".join(WEEKDAYS)
_WORDS = Vocabulary(
    decimal_mark=",",
    minus="μείον",
    plus="συν",
    point="τελεία",
    to="έως",
    ratio="προς",
    out_of="στα",
    over="διά",
    half_joint="και",
    fractions={
        "½": "μισό", "⅓": "ένα τρίτο", "⅔": "δύο τρίτα", "¼": "ένα τέταρτο", "¾": "τρία τέταρτα",
    },
    symbols={
        "&": "και", "@": "παπάκι", "%": "τοις εκατό", "+": "συν", "=": "ίσον", "×": "επί",
        "÷": "διά", "<": "μικρότερο από", ">": "μεγαλύτερο από", "°": "μοίρες", "№": "αριθμός",
        "$": "δολάρια", "€": "ευρώ", "£": "λίρες", "¥": "γιεν", "§": "παράγραφος",
        "±": "συν πλην", "≤": "μικρότερο ή ίσο με", "≥": "μεγαλύτερο ή ίσο με", "≠": "διάφορο του",
        "≈": "περίπου", "~": "περίπου", "©": "κόπιραϊτ", "℃": "βαθμοί Κελσίου",
        "℉": "βαθμοί Φαρενάιτ", "₹": "ρουπίες", "₽": "ρούβλια", "₺": "λίρες", "₩": "γουόν", "₿": "μπιτκόιν",
    },
    address={
        ".": "τελεία", "/": "κάθετος", "-": "παύλα", "_": "κάτω παύλα", "@": "παπάκι", "+": "συν",
        ":": "άνω κάτω τελεία", "~": "περισπωμένη", "%": "τοις εκατό", "=": "ίσον", "&": "και",
    },
    hashtag="χάσταγκ",
    by="επί",
    times="φορές",
    per="ανά",
    inch="ίντσες",
    inches="ίντσες",
)  # fmt: skip


def _day(day: int, month: int) -> str:
    return f"{'πρώτη' if day == 1 else cardinal(day, Form.FEMININE)} {MONTHS[month - 1]}"


def _short_date(match: re.Match[str]) -> str:
    date = numbers.read_date(match["a"], match["b"], "2000")
    return (match["day"] or "") + _day(date[0], date[1]) if date else match.group()


def _first_of(match: re.Match[str]) -> str:
    """ "Στις 1 Ιουνίου" is said "την πρώτη Ιουνίου"."""
    return ("Την" if match[1][0] == "Σ" else "την") + " 1 "


def _euros_and_cents(match: re.Match[str]) -> str:
    return f"{match[1]} €"


def _years_old(match: re.Match[str]) -> str:
    """ "30χρονος" is one word: τριαντάχρονος."""
    return aged(int(match[1]), match[2]) or match.group()


def _and_a_half(match: re.Match[str]) -> str | None:
    value = int(match[1])
    return with_half(value, form_of(value, match.string, match.start(), match.end()))


def _half(match: re.Match[str]) -> str:
    """ "1/2 κούπα" is μισή, anything else μισό."""
    noun = fold(match[1])
    return "μισή" if noun.endswith(("α", "η")) and not noun.endswith("μα") else "μισό"


def _named_date(match: re.Match[str]) -> str:
    day = int(match["day"])
    if not 1 <= day <= 31:
        return match.group()
    month = month_of(match["month"])
    return _day(day, month) + (f" {cardinal(int(match['year']))}" if match["year"] else "")


def _time(match: re.Match[str]) -> str:
    hour, minute, second = int(match[1]), int(match[2]), match[3]
    spoken = cardinal(hour, Form.FEMININE)
    if minute:
        spoken += f" και {cardinal(minute)}"
    if second:
        words = "δευτερόλεπτο" if int(second) == 1 else "δευτερόλεπτα"
        spoken += f" και {cardinal(int(second))} {words}"
    return spoken


def _ordinal(match: re.Match[str]) -> str:
    folded = fold({"º": "ο", "ª": "η", "ῃ": "η", "ῇ": "η", "ῳ": "ο"}.get(match[2], match[2]))
    ending = folded[:-1] + "ς" if folded.endswith("σ") else folded
    return ordinal(int(match[1]), ending) or match.group()


_YEAR = re.compile(r"1\d{3}|20\d\d")
_OF_HOW_MANY = frozenset(
    words(
        "των μηκουσ βαρουσ υψουσ πλατουσ βαθουσ παχουσ αξιασ εμβαδου εκτασησ ταχυτητασ διαρκειασ αποστασησ ισχυοσ "
        "χωρητικοτητασ ποσου"
    )
)
"""What a measure in the genitive follows: βάρους 10 kg."""
_ERA = re.compile(r"\s?[πμ]\.Χ")
_NUMBER_AND_HALF = re.compile(r"(?<![\w.,:/-])(\d{1,2})\s?½")


def _after_of(match: re.Match[str]) -> bool:
    before = word_before(match.string, match.start("number"))
    return before is not None and fold(before[1]) == "του"


class Greek(Verbalizer):
    def __init__(self) -> None:
        super().__init__(_WORDS)

    def cardinal(self, value: int) -> str:
        return cardinal(value)

    def number(self, number: Number, match: re.Match[str]) -> str:
        form = form_of(number.whole, match.string, match.start("number"), match.end())
        dated = _YEAR.fullmatch(match["number"]) or _ERA.match(match.string, match.end())
        if form == Form.GENITIVE and dated and _after_of(match):
            form = Form.NEUTER  # "του 1821": years do not bend
        return decimal(number, form)

    def date(self, day: int, month: int, year: int) -> str:
        return f"{_day(day, month)} {cardinal(year)}"

    def part(self, over: int, under: int) -> str:
        return f"{cardinal(over)} {ordinal(under, 'ο' if over == 1 else 'α')}"

    def _mixed(self, match: re.Match[str]) -> str:
        half = _and_a_half(match) if match.group().endswith(" 1/2") else None
        return half or super()._mixed(match)

    def _money(self, match: re.Match[str]) -> str:
        number = self.read(match["number"])
        form, one, many, part_form, part_one, part_many = CURRENCIES[
            CODES.get(match["currency"], match["currency"])
        ]
        if number is None:
            return match.group()
        sign = self.sign(match)
        before = word_before(match.string, match.start())
        if before and fold(before[1]) in _OF_HOW_MANY and number.whole != 1:
            form, many = Form.GENITIVE, genitive(many)
        if match["scale"]:
            whole = scaled(number, match["scale"], form == Form.GENITIVE)
            return f"{sign}{whole} {many}"
        if len(number.fraction) > 2 or (number.fraction and not part_one):
            return f"{sign}{decimal(number, form)} {many}"
        cents = int(number.fraction.ljust(2, "0"))
        whole = f"{cardinal(number.whole, form)} {one if number.whole == 1 else many}"
        part = f"{cardinal(cents, part_form)} {part_one if cents == 1 else part_many}"
        if not cents:
            return sign + whole
        return sign + (f"{whole} και {part}" if number.whole else part)

    def _scaled(self, match: re.Match[str]) -> str:
        number = self.read(match["number"])
        if number is None:
            return match.group()
        before = word_before(match.string, match.start())
        of = before is not None and fold(before[1]) in _OF_HOW_MANY
        return scaled(number, match["scale"], of) + closing(match)

    @property
    def units(self) -> Collection[str]:
        return GREEK.keys()

    def unit(self, written: str, many: bool) -> str:
        return GREEK[written][1 + many]

    def share(self, unit: str) -> str:
        return GREEK[unit][1]

    def _unit(self, match: re.Match[str]) -> str:
        number = self.read(match["number"])
        if number is None:
            return match.group()
        form, one, many = GREEK[match["unit"]]
        dot = closing(match) if match.group().endswith(".") else ""
        words = one if number == (1, "") else many
        before = word_before(match.string, match.start())
        if before and fold(before[1]) in _OF_HOW_MANY and number != (1, ""):
            return f"{self.sign(match)}{decimal(number, Form.GENITIVE)} {genitive(many)}{self.per(match)}{dot}"
        if before and form == Form.MASCULINE:
            words = words.replace("βαθμοί", _DEGREES.get(fold(before[1]), "βαθμοί"))
            if "βαθμούς" in words:
                form = Form.MASCULINE_ACCUSATIVE
        return f"{self.sign(match)}{decimal(number, form)} {words}{self.per(match)}{dot}"

    def named_dates(self) -> Rules:
        return (
            *greek_calendar.BETWEEN_DAYS,
            (
                re.compile(rf"(?<![\w./,-])(\d{{1,2}})\s?[-–]\s?(?=\d{{1,2}}\s(?:{MONTH})(?!\w))"),
                lambda m: f"{cardinal(int(m[1]), Form.FEMININE)} έως ",
                "-–",
            ),
            *greek_calendar.DAY_BEFORE_FIGURE,
            (re.compile(rf"\b([Σσ]τις)\s1\s(?=(?:{MONTH})(?!\w))"), _first_of, "ΑΔΙΜΝΟΣΦ"),
            (
                re.compile(
                    rf"(?<![\w/.,])(?P<day>\d{{1,2}})\s(?P<month>{MONTH})(?!\w)"
                    r"(?:,?\s(?P<year>\d{4})(?!\d))?"
                ),
                _named_date,
                "ΑΔΙΜΝΟΣΦ",
            ),
            (
                re.compile(
                    rf"(?:(?<=\bστις )|(?<=\bτης )|(?P<day>(?:{_WEEKDAY})\s))"
                    r"(?P<a>\d\d?)/(?P<b>\d\d?)(?![\w/])",
                    re.IGNORECASE,
                ),
                _short_date,
                "/",
            ),
            (
                re.compile(
                    r"(?P<day>\b[Αα]πό )(?P<a>\d\d?)/(?P<b>\d\d?)(?=\s(?:έως|ως|μέχρι)\s\d\d?/\d\d?(?![\w/]))"
                ),
                _short_date,
                "/",
            ),
            (
                re.compile(r"(?P<day>[Α-ώ] (?:έως|ως|μέχρι) )(?P<a>\d\d?)/(?P<b>\d\d?)(?![\w/])"),
                _short_date,
                "/",
            ),
            (
                re.compile(
                    r"(?<![\w./,-])(?P<day>)(?P<first>\d{1,2})\s?[-–]\s?(?P<a>\d\d?)/(?P<b>\d\d?)(?![\w/])"
                ),
                lambda m: f"{cardinal(int(m['first']), Form.FEMININE)} έως {_short_date(m)}",
                "/",
            ),
            (
                re.compile(
                    r"(?P<day>\b(?:έως|ως|μέχρι|από|πριν|μετά|λήγει|[Λλ]ήξη:?|στο|το)\s)(?P<a>\d\d?)/(?P<b>1[0-2]|0?[1-9])(?![\w/]|\s(?:του|της|των)\b)"
                ),
                lambda m: _short_date(m) if int(m["a"]) > 12 else m.group(),
                "/",
            ),
            (re.compile(r"\b24/7\b"), lambda _: "εικοσιτέσσερα επτά", "/"),
            (
                re.compile(
                    r"(?<![\w./,-])(?P<day>)(?P<a>\d\d?)/(?P<b>1[0-2]|0?[1-9])(?![\w/-]|[.,]\d|\s(?:του|της|των)\s(?!\d))"
                ),
                lambda m: _short_date(m) if int(m["a"]) > int(m["b"]) else m.group(),
                "/",
            ),
            (
                re.compile(r"(?<=τους )([-−–]?)(\d{1,2})°(?!\s?[CF])"),
                lambda m: (
                    f"{'μείον ' * bool(m[1])}{cardinal(int(m[2]), Form.MASCULINE_ACCUSATIVE)} βαθμούς"
                ),
                "°",
            ),
            (re.compile(r"\b24ωρ(?=[^\W\d_])"), lambda _: "εικοσιτετράωρ"),
            (re.compile(r"\b48ωρ(?=[^\W\d_])"), lambda _: "σαρανταοκτάωρ"),
            *greek_abbreviations.NUMBERED,
            (re.compile(r"(?<=\d,\d)/(?=(?:5|10|20|100)\b)"), lambda _: " στα ", "/"),
            *greek_calendar.HOURS,
            *greek_scores.RULES,
            (re.compile(r"(?<![\w.,/])1/2(?=\s([^\W\d_]+))"), _half, "/"),
            (_NUMBER_AND_HALF, lambda m: _and_a_half(m) or m.group(), "½"),
            (re.compile(r"\bπαρ\.\s?(?=\d)"), lambda _: "παράγραφος ", "."),
            (re.compile(r"\bδολ\./(?=[^\W\d_])"), lambda _: "δολάρια ανά ", "/"),
            (re.compile(r"(\d[\d.]*,\d\d)\s?ευρώ\b"), _euros_and_cents),
            (re.compile(r"(?<![\w.,])2ας\b"), lambda _: "δευτέρας"),
            (
                re.compile(r"(?<![\w.,:])(\d\d?)(?=\s(?:παρά|και (?:μισή|τέταρτο)|η ώρα)\b)"),
                lambda m: cardinal(int(m[1]), Form.FEMININE),
            ),
            (
                re.compile(r"(?<=ώρα είναι )(\d\d?)(?![\w:]|[.,]\d)"),
                lambda m: cardinal(int(m[1]), Form.FEMININE),
            ),
            (re.compile(r"(?<=[πμ]\.μ\.)\s?[-–]\s?(?=\d)"), lambda _: " έως ", "."),
            *greek_abbreviations.HALF_OF_DAY,
            (re.compile(r"(?<![\w.,])(\d\d?)(χρον|ετ|άρ)(?=[^\W\d_])"), _years_old),
            (re.compile(r"\bΝο\.?\s?(?=\d)"), lambda _: "νούμερο ", "Ν"),
            (re.compile(r"[’'](?=\d\d(?!\d))"), lambda _: "", "'’"),
        )

    def figures(self) -> Rules:
        return (
            (re.compile(numbers.TIME), _time, ":"),
            (
                re.compile(
                    rf"(?P<sign>{SIGN})(?P<currency>[{numbers.CURRENCY}])\s?(?P<number>{NUMBER}){SCALE}"
                ),
                self._money,
            ),
            (
                re.compile(
                    rf"(?P<sign>{SIGN})(?P<number>{NUMBER}){SCALE}\s?"
                    rf"(?P<currency>[{numbers.CURRENCY}]|(?:USD|EUR|GBP|JPY|CHF)\b)"
                ),
                self._money,
            ),
            (
                re.compile(
                    rf"(?P<number>{NUMBER})\s?(?P<scale>χιλ|εκατ|δισ|εκ(?=\.\s(?:ευρώ|δολάρι|λίρ|φράγκ|άτομα|κάτοικ|κατοίκ|τόν|θεατ|χρήστ|πολίτ|ψήφ|τουρ|επισκ)))"
                    r"\.(?!\w)"
                ),
                self._scaled,
                ".",
            ),
            (
                self.measured(rf"(?P<sign>{SIGN})(?<![\w.,])(?<!\d/)(?P<number>{NUMBER})"),
                self._unit,
            ),
            (
                re.compile(
                    r"(?<![\w.,])(\d{1,4})"
                    r"(ος|ός|ο|ό|ης|ής|η|ή|ῃ|ῇ|ῳ|ον|ου|ού|ους|ούς|οι|οί|ες|ές|ων|ών|º|ª)(?!\w)"
                ),
                _ordinal,
            ),
            (re.compile(r"(?<=\w)\^(?=[-−]?\d)"), lambda _: " εις την ", "^"),
            (re.compile(r"#(?=\d)"), lambda _: "αριθμός ", "#"),
        )

    def signs(self) -> Rules:
        return (
            *chat.GREEK,
            *greek_names.RULES,
            (greek_numerals.GREEK, greek_numerals.from_greek),
            (greek_numerals.SMALL, greek_numerals.from_small),
            (greek_numerals.ROMAN, greek_numerals.from_roman),
            (greek_acronyms.PATTERN, greek_acronyms.spoken),
            (greek_capitals.PATTERN, greek_capitals.accented),
            *greek_calendar.SIGNS,
            *greek_abbreviations.OTHERS,
            (re.compile(r"(?<=\w)²"), lambda _: " στο τετράγωνο", "²"),
            (re.compile(r"(?<=\w)³"), lambda _: " στον κύβο", "³"),
        )
