"""What numbers look like in text, whatever the language."""

import re
from typing import NamedTuple

NUMBER = r"(?<!\d)(?<!\d[.,])\d++(?:[.,]\d++)*+"
SIGN = r"(?:(?<![^\s(=:«“\"'])[-−–])?"
"""A minus, where it does not join two things."""
CURRENCY = "$€£¥₹₽₺₩₿"
MAX_DIGITS = 15
"""Longer runs are spoken digit by digit."""

URL = re.compile(
    r"(?:https?://|www\.)[^\s<>\"“”«»]{1,400}[\w/]"
    r"|(?<![\w.@-])(?:[a-z0-9-]{1,63}\.){1,4}"
    r"(?:com|org|net|edu|gov|info|io|ai|app|dev|co|eu|gr|uk|de|fr|it|us)\b(?![\w@-])"
    r"(?:/[^\s<>\"“”«»]{0,400}[\w/])?",
    re.IGNORECASE,
)
BRACKETED = re.compile(
    r"<(?=[^\s<>]{1,300}>)(?=[^\s<>]*[\w][@/.][\w])|(?<=[\w/])>(?=[\s,.;:!?]|\Z)(?<=\w{2}>)"
)
"""About an address: <anna@example.com>."""
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
ISO_DATE = re.compile(r"(?<![\d/-])(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?![\d/-])")
DATE = re.compile(r"(?<![\d./-])(\d{1,2})(?:([.-])(\d{1,2})\2|/(\d{1,2})/)(\d{4}|\d\d)(?![\d/-])")
ACCOUNT = re.compile(r"(?<![\w./-])(\d{3,9})-(0\d{2,8})(?![\w/-])")
"""Two runs of figures, the second of them no number: 4412-0098."""
NUMBERED_DATE = re.compile(
    r"(?<![\w/.,-])(\d{1,6}(?:/\d{1,6})?)/(?=\d{1,2}([./-])\d{1,2}\2(?:19|20)\d\d(?!\d))"
)
"""A number before its date: 147/08.08.2016."""
TIME = r"(?<![\d:.,])([01]?\d|2[0-4])[:]([0-5]\d)(?::([0-5]\d))?(?![\d:])"
RANGE = re.compile(
    r"(?<![\w.,/:-])(\d{1,9}(?:[.,:]\d{1,9})*)(?:[-–]|\s–\s)(\d{1,9}(?:[.,:]\d{1,9})*)(?![-–/]?\d)"
)
FRACTION = re.compile(rf"(?P<sign>{SIGN})(?<![\w/.,])(\d{{1,2}})/(\d{{1,2}})(?![\w/])")
VULGAR = re.compile(r"[½⅓⅔¼¾⅕-⅞]")
BETWEEN_WORDS = re.compile(r"(?<=[^\W_][.,;:!?%)\"”]|\w[^\W_]|\s[^\W_])\s/\s(?=[\"“(]?[^\W_])")
BETWEEN_LETTERS = re.compile(r"(?<=[^\W\d_])/(?=[^\W\d_])")
SPACED = re.compile(
    r"(?<![\w.,/-])(?<!\d )[1-9]\d{0,2}(?:(?:[\u00a0\u202f]\d{3})+|(?: \d{3})* 000)(?![\w/-]|[ .,]\d)"
)
"""Thousands parted by blanks: 10 000."""
SUMS_BEFORE = re.compile(
    rf"(?<![\w.,])([{CURRENCY}])(\d[\d.,]*\s?(?:[kKmMB]|[mbt]n)?)\s?[-–]\s?\1?(?=\d)"
)
SUMS_BEHIND = re.compile(rf"(?<![\w.,])(\d[\d.,]*)\s?([{CURRENCY}%])\s?[-–]\s?(?=\d[\d.,]*\s?\2)")
"""Ranges of money, whose currency is said once."""
ARROW = re.compile(r"(?<=[\w\s)\]])(?:>=|<=|!=(?!=)|\s?(?:[=-]{1,2}>|→|⇒)\s?)(?=[\s\w$€£-])")
"""Comparisons and arrows of those who type them."""
HASHTAG = re.compile(r"(?<![\w#])#(?=\w*[^\W\d_])(?![A-Z]{0,3}-?\d)(\w{1,100})")
FILE_TYPE = re.compile(
    r"(?<=\w)\.(?=(?:pdf|docx?|xlsx?|pptx?|txt|csv|zip|jpe?g|png|gif|svg|mp[34]|wav|mov|py|js|html?|json|ya?ml|exe)\b)",
    re.IGNORECASE,
)
POWER = re.compile(r"(?<=[^\W\d_])\^([23])(?![\w.])")
SOCKET = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3}):(?=\d{2,5}(?!\d))")
BY = re.compile(
    r"(?<=\d)(?<!\b0)(?P<unit>\s?(?:inches|feet|ίντσες|[mck]?m|ft|in|px|εκ\.|μ\.))?\s?[xχ]\s?(?=\d[\d.,]*(?![\d.,]|\s*=|\s?(?:g|kg|ml|l|oz|cl)\b))"
    r"|(?<=\d)(?P<unit2>\s?(?:inches|feet|ίντσες|[mck]?m|ft|in|px))\s?×\s?(?=\d)"
)
"""Between the sides of something: 1920x1080."""
TIMES = re.compile(r"(?<=\d)x(?=(?!\s(?:and|or|και|ή)\b)\s[^\W\d_]{2}|[,.;:!?)]|\s*\Z)")
_ELEMENT = (
    "H|He|Li|Be|B|C|N|O|F|Ne|Na|Mg|Al|Si|P|S|Cl|Ar|K|Ca|Cr|Mn|Fe|Co|Ni|Cu|Zn|As|Se|Br|Ag|Cd|Sn|I"
    "|Ba|Pt|Au|Hg|Pb|U"
)
_GROUP = rf"\((?:(?:{_ELEMENT})\d{{0,2}}){{1,6}}\)\d{{1,2}}"
FORMULA = re.compile(
    rf"(?<!\w)(?:(?=\w*\d)(?=\w*[A-Z][A-Za-z])(?:(?:{_ELEMENT})\d{{0,2}}){{2,}}(?:{_GROUP})?"
    rf"|(?:(?:{_ELEMENT})\d{{0,2}}){{1,6}}{_GROUP}|{_GROUP}(?:(?:{_ELEMENT})\d{{0,2}}){{1,6}}"
    r"|(?=\w*[a-z])(?:H|Li|Na|K|Mg|Ca|Ba|Al|Mn|Fe|Ni|Cu|Zn|Ag|Sn|Hg|Pb)(?:F|Cl|Br|I|O|OH|S|CN))(?!\w)"
)
"""Of a molecule whose letters could be taken for a word: CO2, H2SO4, Fe2O3. Salts, oxides and the like have no figure:
NaCl is told by its two parts."""
INCHES = re.compile(
    r"(?<=\d)[\"”](?=\s?[x×]\s?\d)|(?:(?<=[x×]\s\d)|(?<=[x×]\s\d\d)|(?<=[x×]\d)|(?<=[x×]\d\d)|(?<=\d/\d)|(?<=\d/\d\d))[\"”](?!\w)"
    r"|(?:(?<=\d[.,]\d)|(?<=\d[.,]\d\d)|(?<=\d[½¼¾]))[\"”″](?!\w)|(?<=\d)″"
    r"|(?<=(?<!\d)\d\d)[\"”](?=\s\d?(?!(?:he|she|I|they|said|says|είπε|λέει|και είπε)\b)[^\W\d_])"
    r"|(?<=\d)[\"”](?=\s(?:screens?|TVs?|monitors?|displays?|laptops?|tablets?|pizzas?|pipes?|heels?|wide|tall|long)\b)"
)
PRICE = re.compile(rf"([{CURRENCY}]\d[\d.,]*|\d\s?[{CURRENCY}%])/(?P<unit>[^\W\d_]+[²³]?)(?!\w)")
DIVIDED = re.compile(r"(?<=\d)\s/\s(?=\d)")
LESS = re.compile(
    r"(?<![\d-]\d{4})(?<=\d)[-−–](?=\d{1,6}\s?=)|(?<=\S)\s−\s(?=[\w(])"
    r"|(?<=[\d²³)xyz])\s[-−–]\s(?=[\dxyz(][^,;\n=]{0,40}=)"
)
SAME_UNIT = re.compile(
    r"(([$€£])\d[\d.,]*)/(?=\2\d)|(\d\s?([KMGT]B|°[CF]?|kg|ml|[€$]|cm|mm))/(?=\d[\d.,]*\s?\4)"
)
RAISED = re.compile(r"(?:(?<=[\d)])|(?<=\b[a-zA-Z]))(?![²³](?![⁰¹²³⁴-⁹]))[⁻⁰¹²³⁴-⁹]{1,4}")
"""Powers beyond the third, and negative ones."""
NOTE = re.compile(r"(?<=[^\W\d_]{3})[¹²³⁴-⁹]{1,2}(?!\w)|(?<=[.,;!?])[¹²³⁴-⁹]{1,2}(?!\w)")
"""The mark of a footnote, behind a word."""
LOWERED = re.compile(r"[₀-₉]")
MIXED = re.compile(r"(?<![\w.,:/-])(\d{1,2})\s([1-9])/(2|3|4|5|6|8|16)(?![\w/])")
SERIAL = re.compile(r"(?<![\w.,/-])\d{1,7}(?:-\d{1,7}){3,}(?![\w/-])")
RATIO = re.compile(r"(?<=\d):(?=\d)")
LAP = re.compile(r"(?<![\d:.,/])(\d{1,3}):([0-5]\d)(?:[.,](\d{1,3}))?(?![\d:])")
"""Minutes and seconds that no clock shows: 51:02."""
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z\d]{4}){3,7}(?:\s?[A-Z\d]{1,4})?(?!\w)")
CLAUSE = re.compile(r"(?<=[\d)])\(([a-zA-Z\d]{1,4})\)")
"""A letter or figure in brackets behind another: 401(k), section 4(a), 7-6(3)."""
PHONE = re.compile(
    r"(?<![\w.,/-])(?:\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){1,6}"
    r"|\(\d{2,5}\) ?\d{2,5}(?:[ -]\d{2,5}){0,3}"
    r"|\d{3}-\d{4}"
    r"|0\d{4}[ -]\d{6}|0\d{3}[ -]\d{7}"
    r"|69\d\d[ -]\d{3}[ -]?\d{3}|2\d{3}[ -]\d{6}|2\d{4}[ -]\d{5}"
    r"|(?:2\d{2,4}|69\d)[ -]\d{6,7}"
    r"|\d{1,5}(?:[ -]\d{2,5}){2,4}"
    r")(?![\w/-]|[.,]\d)"
)
PLAIN = re.compile(rf"(?P<sign>{SIGN})(?P<number>{NUMBER})")


class Number(NamedTuple):
    whole: int
    fraction: str
    """Digits behind the decimal separator."""


def read_number(token: str, decimal: str) -> Number | None:
    """A number with separators; None for what only looks like one (an address, a version).

    Args:
        token: digits with points and commas.
        decimal: the separator that the language uses; the other one is read where the groups
            cannot be thousands.
    """
    groups = re.split(r"[.,]", token)
    marks = [char for char in token if char in ".,"]
    thousands = 0 < len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    if not marks:
        whole, fraction = token, ""
    elif len(set(marks)) == 2:
        if marks.count(marks[-1]) > 1 or any(len(group) != 3 for group in groups[1:-1]):
            return None
        whole, fraction = "".join(groups[:-1]), groups[-1]
    elif thousands and (len(marks) > 1 or marks[0] != decimal) and groups[0].lstrip("0"):
        whole, fraction = "".join(groups), ""
    elif len(marks) == 1:
        whole, fraction = groups[0], groups[1]
    else:
        return None
    return Number(int(whole), fraction) if len(whole) <= MAX_DIGITS else None


_CENTURY_TURNS = 60
"""Years of two figures from here on are of the last century."""


def read_date(first: str, second: str, year: str) -> tuple[int, int, int] | None:
    """(day, month, year) of a date with the day first, or the month first where it must be."""
    day, month = int(first), int(second)
    if month > 12:
        day, month = month, day
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return (
        day,
        month,
        int(year) + (0 if len(year) > 2 else 2000 if int(year) < _CENTURY_TURNS else 1900),
    )


def is_phone(written: str) -> bool:
    """Whether grouped digits are a telephone or card number, and not numbers in a row."""
    digits = sum(char.isdigit() for char in written)
    if written[0] in "+(" or re.fullmatch(r"\d{3}-\d{4}", written):
        return 7 <= digits <= 19
    return 10 <= digits <= 19


def digit_groups(written: str) -> list[str]:
    return re.findall(r"\d+", written)


def is_code(digits: str) -> bool:
    """Whether a run of digits is read one by one: 007, 6912345678."""
    if not digits.isdecimal():
        return False
    return len(digits) > MAX_DIGITS or (
        len(digits) > 1 and (digits[0] == "0" or (len(digits) >= 10 and digits[-6:] != "000000"))
    )
