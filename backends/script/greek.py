"""Numbers, dates, money, abbreviations and symbols as Greek words."""

import re
from collections.abc import Mapping

from backends.script import numbers
from backends.script.cues import fold
from backends.script.greek_numbers import WORD_BEFORE, Form, aged, cardinal, form_of, ordinal
from backends.script.numbers import NUMBER, SIGN, Number
from backends.script.text import words
from backends.script.units import GREEK
from backends.script.verbalizer import Rules, Verbalizer, Vocabulary, closing

_MONTHS = words(
    "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου "
    "Οκτωβρίου Νοεμβρίου Δεκεμβρίου"
)
_SHORT_MONTHS = words("Ιαν Φεβρ Φεβ Μαρτ Μαρ Απρ Μαΐ Ιουν Ιουλ Αυγ Σεπτ Σεπ Οκτ Νοεμ Νοε Δεκ")
_MONTH = "|".join(_MONTHS) + "|Μαϊου|" + "|".join(rf"{m}\.?" for m in [*_SHORT_MONTHS, "Μαι"])
_CURRENCIES: Mapping[str, tuple[Form, str, str, Form, str, str]] = {
    "€": (Form.NEUTER, "ευρώ", "ευρώ", Form.NEUTER, "λεπτό", "λεπτά"),
    "$": (Form.NEUTER, "δολάριο", "δολάρια", Form.NEUTER, "σεντ", "σεντ"),
    "£": (Form.FEMININE, "λίρα", "λίρες", Form.FEMININE, "πένα", "πένες"),
    "¥": (Form.NEUTER, "γιεν", "γιεν", Form.NEUTER, "σεν", "σεν"),
}
_CODES: Mapping[str, str] = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
_SCALES: Mapping[str, tuple[Form, str]] = {
    "χιλ": (Form.FEMININE, "χιλιάδες"),
    "χιλιάδες": (Form.FEMININE, "χιλιάδες"),
    "εκ": (Form.NEUTER, "εκατομμύρια"),
    "εκατ": (Form.NEUTER, "εκατομμύρια"),
    "εκατομμύρια": (Form.NEUTER, "εκατομμύρια"),
    "εκατομμύριο": (Form.NEUTER, "εκατομμύριο"),
    "δισ": (Form.NEUTER, "δισεκατομμύρια"),
    "δισεκατομμύρια": (Form.NEUTER, "δισεκατομμύρια"),
    "δισεκατομμύριο": (Form.NEUTER, "δισεκατομμύριο"),
}
_SCALE = (
    r"(?:\s?(?P<scale>χιλιάδες|εκατομμύρι[οα]|δισεκατομμύρι[οα]|(?P<short>χιλ|εκατ|εκ|δισ))"
    r"(?(short)\.|\b))?"
)
_DEGREES: Mapping[str, str] = {"τουσ": "βαθμούς", "στουσ": "βαθμούς", "των": "βαθμών"}
_UNIT = "|".join(sorted(map(re.escape, GREEK), key=len, reverse=True))
_ABBREVIATIONS: Mapping[str, str] = {
    "π.χ": "για παράδειγμα", "λ.χ": "λόγου χάρη", "κ.λπ": "και λοιπά", "κλπ": "και λοιπά",
    "κ.τ.λ": "και τα λοιπά", "κτλ": "και τα λοιπά", "κ.ά": "και άλλα", "κ.α": "και άλλα",
    "κ.ο.κ": "και ούτω καθεξής", "δηλ": "δηλαδή", "βλ": "βλέπε", "αρ": "αριθμός",
    "τηλ": "τηλέφωνο", "σελ": "σελίδα", "δρ": "Δόκτωρ", "κα": "κυρία", "κοσ": "κύριος",
    "αγ": "Άγιος", "οδ": "οδός", "λεωφ": "λεωφόρος", "π.μ": "προ μεσημβρίας",
    "μ.μ": "μετά μεσημβρίαν", "μ.χ": "μετά Χριστόν", "κ.κ": "κύριοι", "υπ": "υπουργός",
    "χλμ": "χιλιόμετρα",
    "κεφ": "κεφάλαιο", "αριθμ": "αριθμόν",
    "σ.σ": "σημείωση συντάκτη", "πρβλ": "παράβαλε", "δολ": "δολάρια", "τ.κ": "ταχυδρομικός κώδικας",
    "ό.π": "όπως παραπάνω", "ημ": "ημερομηνία", "αριθ": "αριθμός", "κ.γ": "κουταλάκι του γλυκού",
    "κ.σ": "κουταλιά της σούπας", "τετρ": "τετραγωνικά",
}  # fmt: skip
_ABBREVIATION = re.compile(r"(?<![\w.])([^\W\d_][\w.]{0,5})\.(?!\w)")
_MISTER: Mapping[str, str] = {
    "του": "κυρίου", "τον": "κύριο", "στον": "κύριο", "αγαπητε": "κύριε", "η": "κυρία",
    "της": "κυρίας", "την": "κυρία", "στην": "κυρία", "στη": "κυρία", "τη": "κυρία",
}  # fmt: skip
_HOLY: Mapping[str, str] = {
    "η": "Αγία", "την": "Αγία", "στην": "Αγία", "τη": "Αγία", "στη": "Αγία", "τησ": "Αγίας",
    "του": "Αγίου", "τον": "Άγιο", "στον": "Άγιο", "οι": "Άγιοι", "των": "Αγίων",
    "τουσ": "Αγίους", "στουσ": "Αγίους", "το": "Άγιο", "στο": "Άγιο",
}  # fmt: skip
_LADY: Mapping[str, str] = {"της": "κυρίας", "την": "κυρία", "η": "κυρία"}
_KERAIA: Mapping[str, int] = {
    "Α": 1, "Β": 2, "Γ": 3, "Δ": 4, "Ε": 5, "ΣΤ": 6, "Ζ": 7, "Η": 8, "Θ": 9, "Ι": 10, "ΙΑ": 11,
    "ΙΒ": 12, "ΙΓ": 13, "ΙΔ": 14, "ΙΕ": 15, "ΙΣΤ": 16, "ΙΖ": 17, "ΙΗ": 18, "ΙΘ": 19, "Κ": 20,
}  # fmt: skip
"""Greek numerals, as behind the names of kings and before those of wars."""
_CLASS = re.compile(r"\s(?:Λυκείου|Γυμνασίου|Δημοτικού)\b")
_ENDING_AFTER: Mapping[str, str] = {
    "η": "η", "την": "η", "στην": "η", "τη": "η", "στη": "η", "τησ": "ης", "το": "ο", "στο": "ο",
    "τον": "ο", "στον": "ο", "του": "ου",
}  # fmt: skip
_WEEKDAYS = words("Δευτέρα Τρίτη Τετάρτη Πέμπτη Παρασκευή Σάββατο Κυριακή")
_WEEKDAY = "|".join(_WEEKDAYS)
_SHORT_DAY = r"(Δευ|Τρί?|Τετ|Πέμ?π?|Παρ|Σάβ?|Κυρ)\.?"
_WORDS = Vocabulary(
    decimal_mark=",",
    minus="μείον",
    plus="συν",
    point="τελεία",
    to="έως",
    ratio="προς",
    out_of="στα",
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
        "℉": "βαθμοί Φαρενάιτ",
    },
    address={
        ".": "τελεία", "/": "κάθετος", "-": "παύλα", "_": "κάτω παύλα", "@": "παπάκι", "+": "συν",
        ":": "άνω κάτω τελεία", "~": "περισπωμένη", "%": "τοις εκατό", "=": "ίσον", "&": "και",
    },
)  # fmt: skip


def decimal(number: Number, form: Form = Form.NEUTER) -> str:
    """ "τρία κόμμα δεκατέσσερα"; long fractions and those that begin with 0 digit by digit."""
    fraction = number.fraction
    if not fraction:
        return cardinal(number.whole, form)
    if len(fraction) <= 2 and fraction[0] != "0":
        behind = cardinal(int(fraction))
    else:
        behind = " ".join(cardinal(int(char)) for char in fraction)
    return f"{cardinal(number.whole)} κόμμα {behind}"


def _scaled(number: Number, scale: str) -> str:
    form, many = _SCALES[scale]
    one = number == (1, "") and not many.endswith("ο")
    return f"{decimal(number, form)} {(many[:-1] + 'ο' if many[-1] == 'α' else 'χιλιάδα') if one else many}"


def _day(day: int, month: int) -> str:
    return f"{'πρώτη' if day == 1 else cardinal(day, Form.FEMININE)} {_MONTHS[month - 1]}"


def _short_date(match: re.Match[str]) -> str:
    date = numbers.read_date(match["a"], match["b"], "2000")
    return (match["day"] or "") + _day(date[0], date[1]) if date else match.group()


def _first_of(match: re.Match[str]) -> str:
    """ "Στις 1 Ιουνίου" is said "την πρώτη Ιουνίου"."""
    return ("Την" if match[1][0] == "Σ" else "την") + " 1 "


def _clock(match: re.Match[str]) -> str:
    minutes = f" και {cardinal(int(match[2]))}" if int(match[2]) else ""
    return cardinal(int(match[1]), Form.FEMININE) + minutes


def _score(match: re.Match[str]) -> str:
    return f"{match[1]} {cardinal(int(match[2]))} {cardinal(int(match[3]))}"


def _euros_and_cents(match: re.Match[str]) -> str:
    return f"{match[1]} €"


def _half_of_day(match: re.Match[str]) -> str:
    return f" {_ABBREVIATIONS[match[1] + '.μ']}" + (
        closing(match) if match.group()[-1] == "." else ""
    )


def _years_old(match: re.Match[str]) -> str:
    """ "30χρονος" is one word: τριαντάχρονος."""
    return aged(int(match[1]), match[2]) or match.group()


def _weekdays(match: re.Match[str]) -> str:
    first, last = (next(d for d in _WEEKDAYS if d.startswith(match[i][:2])) for i in (1, 2))
    return f"{first} έως {last}"


def _named_date(match: re.Match[str]) -> str:
    day, written = int(match["day"]), fold(match["month"]).rstrip(".")
    if not 1 <= day <= 31:
        return match.group()
    start = written[:4] if written.startswith("ιου") else written[:3]
    month = next(i for i, name in enumerate(_MONTHS, 1) if fold(name).startswith(start))
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
    folded = fold({"º": "ο", "ª": "η"}.get(match[2], match[2]))
    ending = folded[:-1] + "ς" if folded.endswith("σ") else folded
    return ordinal(int(match[1]), ending) or match.group()


def _abbreviation(match: re.Match[str]) -> str:
    word = "προ Χριστού" if match[1] == "π.Χ" else _ABBREVIATIONS.get(match[1].casefold())
    return word + closing(match) if word else match.group()


def _after(match: re.Match[str]) -> str:
    """The word before a match, folded; "" at the beginning."""
    before = WORD_BEFORE.search(match.string, 0, match.start())
    return fold(before[1]) if before else ""


def _holy(match: re.Match[str]) -> str:
    return _HOLY.get(_after(match), "Άγιος") + " "


def _lady(match: re.Match[str]) -> str:
    return f"{match[1]} {_LADY[match[1].lower()]} "


def _new(match: re.Match[str]) -> str:
    return "Νέας " if _after(match) == "τησ" else "Νέα "


def _numeral(match: re.Match[str]) -> str:
    value = _KERAIA.get(match[1])
    if value is None:
        return match.group()
    before = WORD_BEFORE.search(match.string, 0, match.start())
    word = fold(before[1]) if before else ""
    named = word not in _ENDING_AFTER and before is not None  # "ο Γεώργιος Α΄"
    feminine, genitive = word.endswith(("α", "η")), word.endswith("ου")
    ending = "η" if named and feminine else "ου" if named and genitive else "ος"
    if _CLASS.match(match.string, match.end()):
        ending = "η"
    return (ordinal(value, _ENDING_AFTER.get(word, ending)) or "").capitalize()


def _mister(match: re.Match[str]) -> str:
    before = WORD_BEFORE.search(match.string, 0, match.start())
    return _MISTER.get(fold(before[1]) if before else "", "κύριος") + " "


_YEAR = re.compile(r"1\d{3}|20\d\d")


def _after_of(match: re.Match[str]) -> bool:
    before = WORD_BEFORE.search(match.string, 0, match.start("number"))
    return before is not None and fold(before[1]) == "του"


class Greek(Verbalizer):
    def __init__(self) -> None:
        super().__init__(_WORDS)

    def cardinal(self, value: int) -> str:
        return cardinal(value)

    def number(self, number: Number, match: re.Match[str]) -> str:
        form = form_of(number.whole, match.string, match.start("number"), match.end())
        if form == Form.GENITIVE and _YEAR.fullmatch(match["number"]) and _after_of(match):
            form = Form.NEUTER  # "του 1821": years do not bend
        return decimal(number, form)

    def date(self, day: int, month: int, year: int) -> str:
        return f"{_day(day, month)} {cardinal(year)}"

    def part(self, over: int, under: int) -> str:
        return f"{cardinal(over)} {ordinal(under, 'ο' if over == 1 else 'α')}"

    def _money(self, match: re.Match[str]) -> str:
        number = self.read(match["number"])
        form, one, many, part_form, part_one, part_many = _CURRENCIES[
            _CODES.get(match["currency"], match["currency"])
        ]
        if number is None:
            return match.group()
        sign = self.sign(match)
        if match["scale"]:
            return f"{sign}{_scaled(number, match['scale'])} {many}"
        if len(number.fraction) > 2:
            return f"{sign}{decimal(number, form)} {many}"
        cents = int(number.fraction.ljust(2, "0"))
        whole = f"{cardinal(number.whole, form)} {one if number.whole == 1 else many}"
        part = f"{cardinal(cents, part_form)} {part_one if cents == 1 else part_many}"
        if not cents:
            return sign + whole
        return sign + (f"{whole} και {part}" if number.whole else part)

    def _scaled(self, match: re.Match[str]) -> str:
        number = self.read(match["number"])
        return _scaled(number, match["scale"]) + closing(match) if number else match.group()

    def _unit(self, match: re.Match[str]) -> str:
        number = self.read(match["number"])
        if number is None:
            return match.group()
        form, one, many = GREEK[match["unit"]]
        dot = closing(match) if match["unit"].endswith(".") else ""
        words = one if number == (1, "") else many
        before = WORD_BEFORE.search(match.string, max(0, match.start() - 8), match.start())
        if before and form == Form.MASCULINE:
            words = words.replace("βαθμοί", _DEGREES.get(fold(before[1]), "βαθμοί"))
        return f"{self.sign(match)}{decimal(number, form)} {words}{dot}"

    def named_dates(self) -> Rules:
        return (
            (re.compile(rf"\b([Σσ]τις)\s1\s(?=(?:{_MONTH})(?!\w))"), _first_of),
            (
                re.compile(
                    rf"(?<![\w/.,])(?P<day>\d{{1,2}})\s(?P<month>{_MONTH})(?!\w)"
                    r"(?:,?\s(?P<year>\d{4})(?!\d))?"
                ),
                _named_date,
            ),
            (
                re.compile(
                    rf"(?:(?<=\bστις )|(?<=\bτης )|(?P<day>(?:{_WEEKDAY})\s))"
                    r"(?P<a>\d\d?)/(?P<b>\d\d?)(?![\w/])",
                    re.IGNORECASE,
                ),
                _short_date,
            ),
            (re.compile(r"(?<=\bστις )(\d\d?)\.([0-5]\d)(?![\d.])", re.IGNORECASE), _clock),
            (
                re.compile(
                    r"\b((?:[Νν]ίκησ|[Κκ]έρδισ|[Έέ]χασ)\w+|[Χχ]άσαμε|ισοπαλία|ήττα|νίκη|σκορ)\s"
                    r"(\d{1,3})[-–](\d{1,3})(?![-–/]?\d)"
                ),
                _score,
            ),
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
            (re.compile(r"(?<=\d)\s?([πμ])\.?μ\b\.?"), _half_of_day),
            (re.compile(r"(?<![\w.,])(\d\d?)(χρον|ετ|άρ)(?=[^\W\d_])"), _years_old),
            (re.compile(r"\bΝο\.?\s?(?=\d)"), lambda _: "νούμερο "),
            (re.compile(r"[’'](?=\d\d(?!\d))"), lambda _: ""),
        )

    def figures(self) -> Rules:
        return (
            (re.compile(numbers.TIME), _time),
            (
                re.compile(rf"(?P<sign>{SIGN})(?P<currency>[$€£¥])\s?(?P<number>{NUMBER}){_SCALE}"),
                self._money,
            ),
            (
                re.compile(
                    rf"(?P<sign>{SIGN})(?P<number>{NUMBER}){_SCALE}\s?"
                    r"(?P<currency>[$€£¥]|(?:USD|EUR|GBP|JPY)\b)"
                ),
                self._money,
            ),
            (
                re.compile(rf"(?P<number>{NUMBER})\s?(?P<scale>χιλ|εκατ|δισ)\.(?!\w)"),
                self._scaled,
            ),
            (
                re.compile(
                    rf"(?P<sign>{SIGN})(?<![\w.,])(?P<number>{NUMBER})\s?"
                    rf"(?P<unit>{_UNIT})(?![\w²³])"
                ),
                self._unit,
            ),
            (
                re.compile(
                    r"(?<![\w.,])(\d{1,4})"
                    r"(ος|ός|ο|ό|ης|ής|η|ή|ον|ου|ού|ους|ούς|οι|οί|ες|ές|ων|ών|º|ª)(?!\w)"
                ),
                _ordinal,
            ),
            (re.compile(r"#(?=\d)"), lambda _: "αριθμός "),
        )

    def signs(self) -> Rules:
        return (
            (re.compile(r"(?<![\w.])κ\.\s?(?=[Α-ΩΆ-Ώ]\w*ε\b)"), lambda _: "κύριε "),
            (re.compile(r"(?<![\w.])κ\.\s?(?=[Α-ΩΆ-Ώ])"), _mister),
            (re.compile(r"(?<!\w)Αγ\.\s?(?=[Α-ΩΆ-Ώ])"), _holy),
            (re.compile(r"\b([Ηη]|[Ττ]ην|[Ττ]ης) κας?\.? (?=[Α-ΩΆ-Ώ])"), _lady),
            (re.compile(r"(?<!\w)Ν\.\s?(?=(?:Υόρκη|Ζηλανδία|Σμύρνη|Ιωνία)ς?\b)"), _new),
            (re.compile(r"(?<!\w)([Α-Ω]{1,3})[΄'´ʹ](?!\w)"), _numeral),
            (re.compile(rf"\b{_SHORT_DAY}\s?[-–]\s?{_SHORT_DAY}(?!\w)"), _weekdays),
            (_ABBREVIATION, _abbreviation),
            (re.compile(r"#(?=[^\W\d_])"), lambda _: "χάσταγκ "),
            (re.compile(r"(?<=\w)²"), lambda _: " στο τετράγωνο"),
            (re.compile(r"(?<=\w)³"), lambda _: " στον κύβο"),
        )
