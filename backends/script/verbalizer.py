"""What the languages share in turning numbers, dates and symbols into words."""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from backends.script import numbers
from backends.script.numbers import Number
from backends.script.text import Text, any_of

_SIGN = re.compile(r"[^\w]|_")

_ADDRESS_HINT = re.compile(r"\w[.@/]\w")
_RAISED = re.compile("[⁰¹⁴-⁹²³⁻]")
_SECONDS = re.compile(r"\d['’′]\d\d\Z")
_QUOTE = re.compile(r'(?<!\d)"')
_CAMEL = re.compile(r"(?<=[^\W\d_A-ZΑ-ΩΆ-Ώ])(?=[A-ZΑ-ΩΆ-Ώ])|(?<=[^\W\d_])(?=\d)|_+")
"""Between the words of a hashtag."""
_LETTER_BEHIND = re.compile(r"(?<=[A-Za-z])(?=[A-Za-z])")
_FIGURE = re.compile(r"[\d½⅓⅔¼¾⅕-⅞]")
_NAMED_PARTS = frozenset((12, 16, 20, 32, 50, 64, 100))
"""Beside 2 to 10: what things are divided into; one of twenty-five is out of them."""
_GRADE = 8
"""As many twentieths are a mark: 18/20."""

Replace = Callable[[re.Match[str]], str]
Rule = tuple[re.Pattern[str], Replace] | tuple[re.Pattern[str], Replace, str]
"""What is looked for, what stands for it, and signs of which there must be one for it to be looked for."""
Rules = tuple[Rule, ...]
"""Applied one after another; a rule gives back what it does not take."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that differ between languages and do not bend."""

    decimal_mark: str
    minus: str
    plus: str
    point: str
    """In a version: one point two point three."""
    to: str
    """Between the ends of a range."""
    ratio: str
    """Between the numbers of a score."""
    out_of: str
    over: str
    """Between the parts of an improper fraction."""
    half_joint: str
    """Between a whole number and a half."""
    fractions: Mapping[str, str]
    symbols: Mapping[str, str]
    address: Mapping[str, str]
    """Signs in addresses of pages and mail."""
    hashtag: str
    by: str
    """Between the sides of a rectangle."""
    times: str
    """So many of them: ten times more."""
    per: str
    inch: str
    """Before what is so long: a 65 inch screen."""
    inches: str


def closing(match: re.Match[str]) -> str:
    """The full stop of an abbreviation that was also the sentence's."""
    return "." if not match.string[match.end() :].strip(" \"'”’»)") else ""


def _letter_by_letter(match: re.Match[str]) -> str:
    """ "Ca(OH)2" is C A O H two."""
    if re.fullmatch(r"[A-Z]+\d\d", match.group()):  # COP28
        return match.group()
    bare = re.sub(r"[()]", " ", match.group())
    return _LETTER_BEHIND.sub(" ", bare).upper().strip()


def _raised(match: re.Match[str]) -> str:
    """ "10⁸" as "10^8"."""
    return "^" + unicodedata.normalize("NFKC", match.group()).replace("\u2212", "-")


_COMPARED: Mapping[str, str] = {">=": "≥", "<=": "≤", "!=": "≠"}


def _arrow(match: re.Match[str]) -> str:
    return f" {_COMPARED[match.group()]} " if match.group() in _COMPARED else ", "


def _fraction_of(char: str) -> str:
    """ "¾" as "3/4"."""
    return unicodedata.normalize("NFKC", char).replace("\u2044", "/")


def _apply(rules: Rules, text: Text) -> Text:
    present = set(text.chars)
    for rule in rules:
        if len(rule) == 3 and present.isdisjoint(rule[2]):
            continue
        changed = text.sub(rule[0], rule[1])
        if changed is not text:
            text, present = changed, set(changed.chars)
    return text


class Verbalizer(ABC):
    """Turns what is not a word into words, by rules that are applied one after another."""

    def __init__(self, words: Vocabulary) -> None:
        self.words = words
        signs = "".join(map(re.escape, words.symbols))
        parted = self.measured(r"(?:(?<=/\d)|(?<=/\d\d))", r"(?:\.(?=\s[a-z(]|,))?")
        vulgar = self.measured(rf"(?P<part>{numbers.VULGAR.pattern})")
        self._addresses: Rules = (
            (numbers.BRACKETED, lambda _: " "),
            (numbers.EMAIL, self._address),
            (numbers.URL, self._address),
            (numbers.FILE_TYPE, lambda _: f" {words.address['.']} "),
        )
        self._figures: Rules = (
            (numbers.IBAN, self._account),
            (numbers.SAME_UNIT, lambda m: f"{m[1] or m[3]}, ", "/"),
            (numbers.POWER, lambda m: {"2": "²", "3": "³"}[m[1]]),
            (numbers.PRICE, self._price, "/"),
            (numbers.SOCKET, lambda m: f"{m[1]} {words.address[':']} "),
            (numbers.INCHES, self._inches, '"”″'),
            (numbers.BY, lambda m: f"{m['unit'] or m['unit2'] or ''} {words.by} ", "xχ×"),
            (numbers.TIMES, lambda _: f" {words.times} ", "x"),
            (vulgar, lambda m: f" {_fraction_of(m['part'])}{m.group()[1:]}"),
            (parted, self._share_of_unit, "/"),
            (numbers.SPACED, lambda m: re.sub(r"\s", "", m.group())),
            (numbers.SUMS_BEFORE, lambda m: f"{m[1] * m[2][-1].isalpha()}{m[2]} {words.to} {m[1]}"),
            (numbers.SUMS_BEHIND, lambda m: f"{m[1]} {words.to} "),
            (numbers.MIXED, self._mixed, "/"),
            (numbers.DIVIDED, lambda _: " ÷ ", "/"),
            (numbers.LESS, lambda _: f" {words.minus} "),
            (numbers.SERIAL, lambda m: self._groups(m.group())),
            (numbers.ACCOUNT, lambda m: self._groups(m.group()), "-"),
            (numbers.NUMBERED_DATE, lambda m: f"{m[1]}, ", "/"),
            (numbers.ISO_DATE, self._iso_date),
            (numbers.DATE, self._date),
            *self.named_dates(),
            (numbers.PHONE, self._phone),
            (numbers.RANGE, lambda m: f"{m[1]} {words.to} {m[2]}"),
            *self.figures(),
            (numbers.FRACTION, self._fraction, "/"),
            (numbers.VULGAR, self._vulgar),
            (numbers.RATIO, lambda _: f" {words.ratio} "),
            (numbers.PLAIN, self._plain),
        )
        self._signs: Rules = (
            *self.signs(),
            (
                numbers.BETWEEN_WORDS,
                lambda m: " " if m.string[m.start() - 1] in ".,;:!?" else ", ",
                "/",
            ),
            (numbers.BETWEEN_LETTERS, lambda _: f" {words.address['/']} ", "/"),
            (re.compile(rf"([{signs}])(?:(?<!\+)\1)*"), lambda m: f" {words.symbols[m[1]]} "),
        )

    def __call__(self, text: Text) -> Text:
        text = text.sub(numbers.LOWERED, lambda m: str(unicodedata.digit(m.group())))
        if _RAISED.search(text.chars):
            text = text.sub(numbers.RAISED, _raised).sub(numbers.NOTE, lambda _: "")
        text = text.sub(numbers.ARROW, _arrow)
        text = text.sub(numbers.HASHTAG, self._hashtag)
        if _ADDRESS_HINT.search(text.chars):
            text = _apply(self._addresses, text)
        text = text.sub(numbers.FORMULA, _letter_by_letter)
        if _FIGURE.search(text.chars):
            text = _apply(self._figures, text)
        return _apply(self._signs, text)

    @abstractmethod
    def named_dates(self) -> Rules:
        """Dates that the language writes with words."""

    @abstractmethod
    def figures(self) -> Rules:
        """Whatever holds a figure, from times to ordinals; plain numbers come after."""

    @abstractmethod
    def signs(self) -> Rules:
        """Abbreviations and signs without figures."""

    @abstractmethod
    def number(self, number: Number, match: re.Match[str]) -> str:
        """A number in its place."""

    @abstractmethod
    def cardinal(self, value: int) -> str: ...

    @abstractmethod
    def date(self, day: int, month: int, year: int) -> str: ...

    @abstractmethod
    def part(self, over: int, under: int) -> str:
        """A fraction below one."""

    @property
    @abstractmethod
    def units(self) -> Collection[str]:
        """Of measure, as they are written behind a number."""

    @abstractmethod
    def unit(self, written: str, many: bool) -> str: ...

    @abstractmethod
    def share(self, unit: str) -> str:
        """A unit behind a fraction of one."""

    def measured(self, number: str, behind: str = "") -> re.Pattern[str]:
        """A unit behind a number, and what it is counted by: 5 m³/s, 9 km/h."""
        units = any_of(self.units)
        per = rf"(?:/(?:(?P<per>(?:{units})(?!\w)|[^\W\d_]{{3,}}(?!\w))|(?=\d)))?"
        return re.compile(rf"{number}\s?(?P<unit>{units})(?!\w|['’]s\b){per}{behind}")

    def per(self, match: re.Match[str]) -> str:
        """Behind the unit of a match of `measured`."""
        if not match["per"]:
            return f" {self.words.per} " if match.group()[-1] == "/" else ""
        return f" {self.words.per} {self._one(match['per'])}"

    def _one(self, unit: str) -> str:
        return self.unit(unit, False) if unit in self.units else unit

    def _price(self, match: re.Match[str]) -> str:
        return f"{match[1]} {self.words.per} {self._one(match['unit'])}"

    def digits(self, written: str) -> str:
        return " ".join(self.cardinal(int(char)) for char in written)

    def sign(self, match: re.Match[str]) -> str:
        return f"{self.words.minus} " if match["sign"] else ""

    def read(self, token: str) -> Number | None:
        return numbers.read_number(token, self.words.decimal_mark)

    def _address(self, match: re.Match[str]) -> str:
        text = re.sub(r"^(?:https?://)?(?:www\.)?", "", match.group(), flags=re.IGNORECASE)
        text = re.split(r"[?#]", text)[0].rstrip("/")
        names = self.words.address
        return f" {_SIGN.sub(lambda m: f' {names.get(m.group(), str())} ', text)} "

    def _hashtag(self, match: re.Match[str]) -> str:
        return f"{self.words.hashtag} {_CAMEL.sub(' ', match[1]).strip()}"

    def _inches(self, match: re.Match[str]) -> str:
        """A mark behind a number, unless it ends a quotation."""
        before, mark = match.string[: match.start()], match.group()
        opened = (
            len(_QUOTE.findall(before)) % 2
            if mark == '"'
            else before.count("“") > before.count("”")
        )
        if (opened and mark != "″") or _SECONDS.search(before):
            return match.group()
        before_noun = re.match(r"\s[a-z]{2}", match.string[match.end() :])
        return f" {self.words.inch if before_noun else self.words.inches}"

    def _account(self, match: re.Match[str]) -> str:
        """An IBAN, figure by figure."""
        groups = re.findall(r"\S{1,4}", re.sub(r"\s", "", match.group()))
        return ", ".join(" ".join(self._sign_of_code(char) for char in group) for group in groups)

    def _sign_of_code(self, char: str) -> str:
        return self.cardinal(int(char)) if char.isdecimal() else char

    def _share_of_unit(self, match: re.Match[str]) -> str:
        """ "3/4 kg" and "2 1/4 kg"."""
        mixed = re.search(r"\d\s\d/\d+\Z", match.string[: match.start()])
        unit = match["unit"]
        return f" {self.unit(unit, True) if mixed else self.share(unit)}{self.per(match)}"

    def _iso_date(self, match: re.Match[str]) -> str:
        date = numbers.read_date(match[4], match[3], match[1])
        return self.date(*date) if date else match.group()

    def _date(self, match: re.Match[str]) -> str:
        if match[2] and len(match[5]) == 2:
            return match.group()
        date = numbers.read_date(match[1], match[3] or match[4], match[5])
        return self.date(*date) if date else match.group()

    def _phone(self, match: re.Match[str]) -> str:
        if not numbers.is_phone(match.group()):
            return match.group()
        plus = f"{self.words.plus} " if match.group()[0] == "+" else ""
        return plus + self._groups(match.group())

    def _groups(self, written: str) -> str:
        return ", ".join(map(self.digits, numbers.digit_groups(written)))

    def _mixed(self, match: re.Match[str]) -> str:
        """ "2 1/2" is two and a half."""
        whole, over, under = (int(match[i]) for i in (1, 2, 3))
        if over >= under:
            return match.group()
        half = self.words.fractions["½"] if under == 2 else self.part(over, under)
        return f"{self.cardinal(whole)} {self.words.half_joint} {half}"

    def _fraction(self, match: re.Match[str]) -> str:
        over, under = int(match[2]), int(match[3])
        if not under:
            return match.group()
        if 0 < over < under and (under <= 10 or (under in _NAMED_PARTS and over < _GRADE)):
            return self.sign(match) + self.part(over, under)
        if over > _GRADE and under == over + 1:  # one and the next: Windows 10/11
            return f"{self.cardinal(over)}, {self.cardinal(under)}"
        if over > under:
            return f"{self.cardinal(over)} {self.words.over} {self.cardinal(under)}"
        return f"{self.cardinal(over)} {self.words.out_of} {self.cardinal(under)}"

    def _vulgar(self, match: re.Match[str]) -> str:
        over, under = map(int, _fraction_of(match.group()).split("/"))
        words = self.words.fractions.get(match.group()) or self.part(over, under)
        before = match.string[max(0, match.start() - 2) : match.start()].rstrip()
        return f" {self.words.half_joint} {words}" if before[-1:].isdecimal() else words

    def _plain(self, match: re.Match[str]) -> str:
        """Any number that no other rule took, apart from the letters it touches."""
        token, text = match["number"], match.string
        number = self.read(token)
        if numbers.is_code(token):
            words = self.digits(token)
        elif number:
            words = self.number(number, match)
        else:
            signs = {".": self.words.point, ",": ","}
            parts = (signs.get(part) or self._run(part) for part in re.split(r"([.,])", token))
            words = " ".join(parts).replace(" ,", ",")
        before = text[match.start() - 1 : match.start()].isalnum()
        behind = text[match.end() : match.end() + 1].isalnum()
        return " " * before + self.sign(match) + words + " " * behind

    def _run(self, written: str) -> str:
        return self.digits(written) if numbers.is_code(written) else self.cardinal(int(written))
