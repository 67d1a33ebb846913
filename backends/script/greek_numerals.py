"""Numerals that Greek writes as letters: Γεώργιος Β΄, Λουδοβίκος XIV, XX αιώνας."""

import re
from collections.abc import Mapping

from backends.script import roman
from backends.script.cues import fold
from backends.script.greek_numbers import cardinal, ordinal, word_before
from backends.script.text import words

_GREEK_VALUES: Mapping[str, int] = {
    "Α": 1, "Β": 2, "Γ": 3, "Δ": 4, "Ε": 5, "ΣΤ": 6, "Ζ": 7, "Η": 8, "Θ": 9, "Ι": 10, "ΙΑ": 11,
    "ΙΒ": 12, "ΙΓ": 13, "ΙΔ": 14, "ΙΕ": 15, "ΙΣΤ": 16, "ΙΖ": 17, "ΙΗ": 18, "ΙΘ": 19, "Κ": 20,
}  # fmt: skip
"""Behind the names of kings and before those of wars."""
_CLASS = re.compile(r"\s(?:Λυκείου|Γυμνασίου|Δημοτικού)\b")
_ENDING_AFTER: Mapping[str, str] = {
    "η": "η", "την": "η", "στην": "η", "τη": "η", "στη": "η", "τησ": "ης", "το": "ο", "στο": "ο",
    "τον": "ο", "στον": "ο", "του": "ου",
}  # fmt: skip
_COUNTED = frozenset(
    words(
        "κεφαλαιο μεροσ τομοσ τομο τυποσ τυπου φαση βιβλιο πραξη επεισοδιο αρθρο παραρτημα σχημα πινακασ "
        "εικονα εδαφιο εδ"
    )
)
"""What is counted: Κεφάλαιο IV is chapter four."""
_OTHERS = re.compile(
    r"([^\W\d_]+)\s(?:[Α-ΩΆ-Ώ][^\W\d_]*(?:['΄’ʹ]|\s[^\W\d_]+)?(?:,\s|\s(?:και|έως|ή)\s))+\Z"
)
_NOUN = re.compile(r"\s([^\W\d_]{3,})")
_CENTURY = re.compile(r"\sαιών")

GREEK = re.compile(r"(?<!\w)([Α-Ω]{1,3})[΄'´ʹ](?!\w)")
SMALL = re.compile(r"(?<!\w)([αβγδ])[΄'´ʹ](?=\s[^\W\d_]|[,.)]|\s*\Z)")
ROMAN = re.compile(r"(?<!\w)([IVX]{1,7})(?![\w'’]|\.\w)")


def from_greek(match: re.Match[str]) -> str:
    value = _GREEK_VALUES.get(match[1])
    return match.group() if value is None else _agreeing(value, match)


def from_small(match: re.Match[str]) -> str:
    """Behind an article: το β' εξάμηνο."""
    before = word_before(match.string, match.start())
    if before is None or (fold(before[1]) not in _ENDING_AFTER and fold(before[1]) not in _COUNTED):
        return match.group()
    return _agreeing(_GREEK_VALUES[match[1].upper()], match).lower()


def from_roman(match: re.Match[str]) -> str:
    """Behind a name or before a century; elsewhere letters that look like a numeral are letters."""
    value = roman.value(match[1])
    before = word_before(match.string, match.start())
    if value is None or before is None:
        return match.group()
    if fold(before[1]) in _COUNTED:
        return cardinal(value)
    named = before[1][0].isupper() and fold(before[1]) not in _ENDING_AFTER and match[1] != "X"
    if _CENTURY.match(match.string, match.end()):
        return _agreeing(value, match).lower()
    return _agreeing(value, match) if named else match.group()


def _listed(match: re.Match[str]) -> str | None:
    """The ending of the others of a list: της Α', Β' και Γ' τάξης."""
    others = _OTHERS.search(match.string[max(0, match.start() - 40) : match.start()])
    return _ENDING_AFTER.get(fold(others[1])) if others else None


def _of_noun(match: re.Match[str]) -> str | None:
    """By what it counts: δίπλωμα Γ' κατηγορίας."""
    noun = _NOUN.match(match.string, match.end())
    word = fold(noun[1]) if noun else ""
    endings = {"ασ": "ης", "ησ": "ης", "ου": "ου", "α": "η", "η": "η", "οσ": "ος"}
    return next((ordinals for ending, ordinals in endings.items() if word.endswith(ending)), None)


def _agreeing(value: int, match: re.Match[str]) -> str:
    """An ordinal with the ending of its article or of the name before it."""
    before = word_before(match.string, match.start())
    word = fold(before[1]) if before else ""
    named = word not in _ENDING_AFTER and before is not None  # "ο Γεώργιος Α΄"
    feminine, genitive = word.endswith(("α", "η", "ελισαβετ")), word.endswith("ου")
    ending = "η" if named and feminine else "ου" if named and genitive else "ος"
    if before is None or (named and before[1][0].islower() and word not in _COUNTED):
        ending = _of_noun(match) or ending
    if word in _COUNTED and not feminine:
        ending = "ο"
    if _CLASS.match(match.string, match.end()):
        ending = "ης" if before is not None and before[1][0].isupper() else "η"
    ending = _ENDING_AFTER.get(word) or _listed(match) or ending
    return (ordinal(value, ending) or "").capitalize()
