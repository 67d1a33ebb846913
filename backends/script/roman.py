"""Roman numerals behind names: Henry VIII, Chapter IV, World War II."""

import re

from backends.script.text import words

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_NUMERAL = re.compile(r"(?=.)C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_COUNTED = frozenset(
    words(
        "Act Annex Appendix Article Book Bowl Canto Chapter Class Division Episode Figure Grade Group Lesson Level "
        "Mark Olympiad Order Part Phase Plan Psalm Scene Section Series Stage Step Table Title Type Unit Vatican "
        "Volume War"
    )
)
"""What is counted: Part II is part two."""
_CROWNED = frozenset(
    words(
        "Abdul Albert Alexander Alfonso Amenhotep Anastasius Baldwin Basil Benedict Boniface Carlos Catherine "
        "Charles Christian Clement Constantine Constantius Cosimo Darius David Edward Elizabeth Eric Ferdinand "
        "Francis Franz Frederick Friedrich George Gregory Gustav Haakon Harald Henry Innocent Isabella Ivan James "
        "Joao John Joseph Juan Julius Justinian Karl Kenneth Leo Leon Leopold Louis Ludwig Malcolm Manuel Margaret "
        "Margrethe Maria Mary Maximilian Mehmed Michael Murad Napoleon Nicholas Olaf Oscar Otto Paul Pedro Peter "
        "Philip Pius Ptolemy Ramesses Ramses Richard Robert Romanos Rudolf Selim Sixtus Stephen Suleiman Theodosius "
        "Thutmose Umberto Urban Victor Wilhelm William Xerxes"
    )
)
"""Names of those who share theirs with others: Louis XIV is Louis the fourteenth."""
_NO_NAMES = frozenset(
    words("A An And For Her His In It Its My No On Or Our Some That The Their This What With Your")
)
"""What begins a sentence before initials: The IV was removed."""

BEHIND_A_NAME = re.compile(r"\b(?P<name>[A-Z][a-z]+)\s(?P<numeral>[IVXLC]{1,7})\b(?!['’][a-rt-z])")
REFERENCE = re.compile(
    r"\b(?P<name>[Pp]p?|[Ff]igs?|[Vv]ols?|[Cc]hs?|[Ss]ec|[Aa]rts?|[Bb]k|[Pp]t)\.\s(?P<numeral>[IVXLC]{1,7}|[ivxl]{1,7})\b"
    r"(?:[-–](?P<last>[IVXLC]{1,7}|[ivxl]{1,7})\b)?"
)
_WHO_SPEAKS = re.compile(
    r"['’]|\s+(?:am|was(?!\s(?:born|crowned|the|king|queen|emperor|pope|tsar|defeated|succeeded|deposed|killed|executed)\b)|have|had|do|did|can|could|will|would|should|must|may|might|think|thought|know|knew|love|loved"
    r"|like|liked|want|wanted|need|needed|said|saw|met|went|just|never|always|really|also|hope|feel|felt|believe)\b"
)
"""What follows "I" where it is a word: "Mary I am"."""


def value(numeral: str) -> int | None:
    """1 to 399; None where it is no numeral as it is written."""
    if not _NUMERAL.fullmatch(numeral):
        return None
    each = [_VALUES[char] for char in numeral]
    behind = [*each[1:], 0]
    return sum(-one if one < after else one for one, after in zip(each, behind, strict=True))


def kind(match: re.Match[str]) -> str:
    """How the numeral of `BEHIND_A_NAME` is read: "cardinal", "ordinal", or "" where it is a word or a letter."""
    name, numeral = match["name"], match["numeral"]
    if value(numeral) is None:
        return ""
    if name in _COUNTED and not (name == "Series" and numeral == "X"):
        return "cardinal"
    if len(numeral) == 1 and (numeral in "XLC" and name not in ("Leo", "Pius")):
        return ""
    if name in _CROWNED:
        mine = numeral == "I" and _WHO_SPEAKS.match(match.string, match.end())
        return "" if mine else "ordinal"
    counted = len(numeral) > 1 and not set(numeral) & set("LC") and name not in _NO_NAMES
    return "cardinal" if counted else ""
