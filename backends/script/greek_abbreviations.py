"""Greek abbreviations, which agree with the word before them."""

import re
from collections.abc import Mapping

from backends.script.cues import fold
from backends.script.greek_numbers import WORD_BEFORE, cardinal
from backends.script.verbalizer import Rules, closing

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
    "περ": "περίπου", "εσωτ": "εσωτερικό", "εικ": "εικόνα", "πίν": "πίνακας", "άρθρ": "άρθρο", "τεύχ": "τεύχος",
    "αι": "αιώνας", "τόμ": "τόμος", "φαξ": "φαξ",
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


def _half_of_day(match: re.Match[str]) -> str:
    return f" {_ABBREVIATIONS[match[1] + '.μ']}" + (
        closing(match) if match.group()[-1] == "." else ""
    )


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


def _mister(match: re.Match[str]) -> str:
    before = WORD_BEFORE.search(match.string, 0, match.start())
    return _MISTER.get(fold(before[1]) if before else "", "κύριος") + " "


def _law(match: re.Match[str]) -> str:
    before = WORD_BEFORE.search(match.string, 0, match.start())
    word = {"του": "νόμου", "τον": "νόμο", "στον": "νόμο"}.get(fold(before[1]) if before else "")
    return f"{word or 'νόμος'} {cardinal(int(match[1]))} του "


def _floor(match: re.Match[str]) -> str:
    return f"{match[1]} όροφ{match[1]}"


HALF_OF_DAY: Rules = ((re.compile(r"(?<=\d)\s?([πμ])\.?μ\b\.?"), _half_of_day),)
"""Behind a time; before anything else makes a word of it."""
NUMBERED: Rules = (
    (re.compile(r"(?<=\d)[οό]\s?χλμ\.?(?!\w)"), lambda _: "ο χιλιόμετρο"),
    (re.compile(r"(?<![\w.])[νΝ]\.\s?(\d{3,4})/(?=(?:19|20)\d\d\b)"), _law),
    (re.compile(r"(?<=\d)(ος|ου|ο)\s?όρ\."), _floor),
)
"""Beside a number, which they agree with."""
TITLES: Rules = (
    (re.compile(r"(?<![\w.])κ\.\s?(?=[Α-ΩΆ-Ώ]\w*ε\b)"), lambda _: "κύριε "),
    (re.compile(r"(?<![\w.])κ\.\s?(?=[Α-ΩΆ-Ώ])"), _mister),
    (re.compile(r"(?<!\w)Αγ\.\s?(?=[Α-ΩΆ-Ώ])"), _holy),
    (re.compile(r"\b([Ηη]|[Ττ]ην|[Ττ]ης) κας?\.? (?=[Α-ΩΆ-Ώ])"), _lady),
    (re.compile(r"(?<!\w)Ν\.\s?(?=(?:Υόρκη|Ζηλανδία|Σμύρνη|Ιωνία)ς?\b)"), _new),
)
OTHERS: Rules = ((_ABBREVIATION, _abbreviation),)
