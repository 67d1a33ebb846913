"""Greek names and what stands shortened before them: saints, lords and ladies, squares, feasts, winds, clauses."""

import re
from collections.abc import Mapping

from backends.script.cues import fold
from backends.script.greek_acronyms import NAMES as LETTERS
from backends.script.greek_numbers import word_before
from backends.script.text import words
from backends.script.verbalizer import Rules, closing

_WINDS: Mapping[str, str] = {
    "Β": "βόρει", "Ν": "νότι", "Α": "ανατολικ", "Δ": "δυτικ", "ΒΑ": "βορειοανατολικ", "ΒΔ": "βορειοδυτικ",
    "ΝΑ": "νοτιοανατολικ", "ΝΔ": "νοτιοδυτικ",
}  # fmt: skip
_BLOWN: Mapping[str, tuple[str, str]] = {
    "άνεμος": ("ος", "ός"), "άνεμοι": ("οι", "οί"), "ανέμους": ("ους", "ούς"), "ανέμων": ("ων", "ών"),
}  # fmt: skip
"""Endings that agree, without the stress and with it."""
_WIND_BEFORE = re.compile(r"(?<!\w)(ΒΑ|ΒΔ|ΝΑ|ΝΔ)(?=\s(άνεμο[ςι]|ανέμ(?:ους|ων))\b)")
_WIND_BEHIND = re.compile(r"\b([Άά]νεμο[ςι]|ανέμ(?:ους|ων))\s(ΒΑ|ΒΔ|ΝΑ|ΝΔ|[ΒΝΑΔ])(?!\w)")
_WHERE = re.compile(r"(?<!\w)(ΒΑ|ΒΔ|ΝΑ|ΝΔ)(?=\s(?:της|του|των|από)\b)")
_MISTER: Mapping[str, str] = {
    "του": "κυρίου", "τον": "κύριο", "στον": "κύριο",
    "αγαπητε": "κύριε", "αγαπητη": "κυρία", "υποψη": "κυρίου", "υποψιν": "κυρίου", "η": "κυρία",
    "της": "κυρίας", "την": "κυρία", "στην": "κυρία", "στη": "κυρία", "τη": "κυρία",
}  # fmt: skip
_HOLY: Mapping[str, str] = {
    "η": "Αγία", "την": "Αγία", "στην": "Αγία", "τη": "Αγία", "στη": "Αγία", "τησ": "Αγίας",
    "του": "Αγίου", "τον": "Άγιο", "στον": "Άγιο", "οι": "Άγιοι", "των": "Αγίων",
    "τουσ": "Αγίους", "στουσ": "Αγίους", "το": "Άγιο", "στο": "Άγιο",
}  # fmt: skip
_HOLY_MEN = frozenset(
    words(
        "ανδρεασ ηλιασ λουκασ θωμασ σαββασ νεκταριοσ γερασιμοσ μηνασ ιωαννησ αχιλλησ μανωλησ δημητρησ γιαννησ"
    )
)
_OF_MEN = frozenset(words("ιωαννη ανδρεα ηλια λουκα θωμα σαββα μηνα"))
_NAME = re.compile(r"[^\W\d_]+")
_LADY: Mapping[str, str] = {"της": "κυρίας", "την": "κυρία", "η": "κυρία"}
_PARTS: Mapping[str, str] = {
    "εδ": "εδάφιο", "περ": "περίπτωση", "στοιχ": "στοιχείο", "παρ": "παράγραφος", "υποπαρ": "υποπαράγραφος",
}  # fmt: skip
_FATHER: Mapping[str, str] = {"ο": "πατήρ", "τον": "πατέρα", "στον": "πατέρα", "του": "πατρός"}
_APOSTLE: Mapping[str, str] = {
    "του": "Αποστόλου", "τουσ": "Αποστόλους", "τον": "Απόστολο", "στον": "Απόστολο",
}  # fmt: skip


def after(match: re.Match[str]) -> str:
    """The word before a match, folded; "" at the beginning."""
    before = word_before(match.string, match.start())
    return fold(before[1]) if before else ""


def _wind(side: str, word: str) -> str:
    stem = _WINDS[side]
    return stem + _BLOWN[word.lower()][stem.endswith("κ")]


def _holy(match: re.Match[str]) -> str:
    """By the article, else by the ending of the name."""
    name = _NAME.match(match.string, match.end())
    ending = fold(name.group())[-2:] if name else ""
    default = "Άγιος"
    if ending == "ου":
        default = "Αγίου"
    elif ending in ("ασ", "ησ") and fold(name.group() if name else "") not in _HOLY_MEN:
        default = "Αγίας"
    elif fold(name.group() if name else "") in _OF_MEN:
        default = "Αγίου"
    elif ending[-1:] in ("α", "η"):
        default = "Αγία"
    elif ending == "οι":
        default = "Άγιοι"
    return _HOLY.get(after(match), default) + " "


def _lady(match: re.Match[str]) -> str:
    return f"{match[1]} {_LADY[match[1].lower()]} "


def _new(match: re.Match[str]) -> str:
    if match.string.startswith(("Ψυχικ", "Φάληρ", "Φαλήρ", "Ηράκλει", "Ηρακλεί"), match.end()):
        return (
            "Νέου "
            if match.string[match.end() : match.end() + 12].split()[0].rstrip(",.").endswith("ου")
            else "Νέο "
        )
    return "Νέας " if after(match) == "τησ" else "Νέα "


def _mister(match: re.Match[str]) -> str:
    before = word_before(match.string, match.start())
    return _MISTER.get(fold(before[1]) if before else "", "κύριος") + " "


def _world_war(match: re.Match[str]) -> str:
    return "Παγκοσμίου Πολέμου" if match[1] else "Παγκόσμιος Πόλεμος"


def _father(match: re.Match[str]) -> str:
    return f"{match[1]} {_FATHER[match[1].lower()]} "


def _municipal(match: re.Match[str]) -> str:
    """Schools are of the first grade, councils of the town."""
    return (
        "Δημοτικό"
        if match.string.startswith((" Σχολείο", " Συμβούλιο"), match.end())
        else "Δημοτικού"
    )


def _great(match: re.Match[str]) -> str:
    return "Μεγάλης " if after(match) == "τησ" else "Μεγάλη "


RULES: Rules = (
    (_WIND_BEFORE, lambda m: _wind(m[1], m[2]), "ΒΝ"),
    (_WIND_BEHIND, lambda m: m[1] + " " + _wind(m[2], m[1]), "ΑΒΔΝ"),
    (_WHERE, lambda m: f"{_WINDS[m[1]]}ά", "ΒΝ"),
    (re.compile(r"(?<=\bΟ )καθ\.(?!\w)|(?<=\bο )καθ\.(?!\w)"), lambda _: "καθηγητής", ".Ο"),
    (re.compile(r"(?<=\bτου )καθ\.(?!\w)|(?<=\bτον )καθ\.(?!\w)"), lambda _: "καθηγητή", "."),
    (re.compile(r"(?<!\w)Δημ\.(?=\s(?:Σχολεί|Συμβο|Δρόμο))"), _municipal, "Δ"),
    (re.compile(r"(?<=το )τεμ\.(?!\w)"), lambda m: "τεμάχιο" + closing(m), "."),
    (
        re.compile(
            r"(?<!\w)Απ\.\s?(?=(?:Παύλο|Πέτρο|Ανδρέα|Ιωάννη"
            r"|Θωμά)[ςυ]?\b)"
        ),
        lambda m: _APOSTLE.get(after(m), "Απόστολος") + " ",
        "Α",
    ),
    (
        re.compile(
            r"(?<!\w)Μ\.\s(?=(?:Δευτέρα|Τρίτη|Τετάρτη|Πέμπτη|Παρασκευή|Εβδομάδα|Βρετανία|Ασία"
            r"|Σαρακοστή)ς?\b)"
        ),
        _great,
        "Μ",
    ),
    (
        re.compile(r"(?<!\w)Μ\.\s(?=(?:Σάββατο|Σαββάτου)\b)"),
        lambda m: "Μεγάλου " if after(m) == "του" else "Μεγάλο ",
        "Μ",
    ),
    (
        re.compile(
            r"(?<!\w)(Μ)\.\s(?=Αλέξανδρο|Βασίλειο|Κωνσταντίνο"
            r"|Ναπολέων)"
        ),
        lambda m: "Μέγας " if after(m) in ("ο", "") else "Μέγα ",
        "Μ",
    ),
    (
        re.compile(r"\b(στοιχ)\.\s(στ|ζ|η|θ|ι)['΄’ʹ](?!\w)"),
        lambda m: f"στοιχείο {LETTERS.get(m[2].upper(), 'στίγμα')}",
        "'ʹ΄’",
    ),
    (re.compile(r"(?<!\w)Βασ\.\s?(?=Σοφίας|Αμαλίας|Όλγας)"), lambda _: "Βασιλίσσης ", "Β"),
    (re.compile(r"(?<!\w)Βασ\.\s?(?=[Α-ΩΆ-Ώ]\w*ου\b)"), lambda _: "Βασιλέως ", "Β"),
    (re.compile(r"(?<!\w)[Ππ]λ\.\s?(?=[Α-ΩΆ-Ώ])"), lambda m: m.group()[0] + "λατεία ", "."),
    (re.compile(r"\b([Υυ]π['’]\s?)[Αα]ρ(?:ιθ(?:μ)?)?\."), lambda m: f"{m[1]}αριθμόν", "'’"),
    (re.compile(r"\b([Οο]|[Ττ]ον|[Ττ]ου|[Σσ]τον)\sπ\.\s?(?=[Α-ΩΆ-Ώ])"), _father, "."),
    (re.compile(r"(?<!\w)[Σσ][ςσ]{2,}(?!\w)"), lambda _: "σουτ"),
    (
        re.compile(r"\b(εδ|περ|στοιχ|παρ|υποπαρ)\.\s([α-ω])['΄’ʹ](?!\w)"),
        lambda m: f"{_PARTS[m[1]]} {LETTERS[m[2].upper()]}",
        "'ʹ΄’",
    ),
    (
        re.compile(r"(?:(?<=\bτου [ΑΒ]['΄’ʹ] )(Π\.?Π\b\.?)|(?<=[ΑΒ]['΄’ʹ] )Π\.?Π\b\.?)"),
        _world_war,
        "Π",
    ),
    (
        re.compile(r"\b[Κκ]εφ\.\s?(?=[Α-Ω]{1,2}['΄’ʹ])"),
        lambda m: "κεφαλαίου " if after(m) in ("του", "τουσ") else "κεφάλαιο ",
        "'ʹ΄’",
    ),
    (
        re.compile(
            r"(?<=[Κκ]αλημέρα )κ\.\s?(?=[Α-ΩΆ-Ώ])|(?<=[Κκ]αλησπέρα )κ\.\s?(?=[Α-ΩΆ-Ώ])"
            r"|(?<=[Αα]γαπητέ )κ\.\s?(?=[Α-ΩΆ-Ώ])|(?<=σας )κ\.\s?(?=[Α-ΩΆ-Ώ])"
        ),
        lambda _: "κύριε ",
        ".",
    ),
    (re.compile(r"(?<![\w.])κ\.\s?(?=[Α-ΩΆ-Ώ]\w*ε\b)"), lambda _: "κύριε ", "."),
    (re.compile(r"(?<![\w.])κ\.\s?(?=[Α-ΩΆ-Ώ])"), _mister, "."),
    (re.compile(r"(?<!\w)[ΑΆ]γ\.\s?(?=[Α-ΩΆ-Ώ])"), _holy, "ΆΑ"),
    (re.compile(r"\b([Ηη]|[Ττ]ην|[Ττ]ης) κας?\.? (?=[Α-ΩΆ-Ώ])"), _lady),
    (
        re.compile(
            r"(?<!\w)Ν\.\s?(?=(?:Υόρκη|Ζηλανδία|Σμύρνη|Ιωνία|Ερυθραία|Φιλαδέλφεια|Πεντέλη|Χαλκηδόνα|Μάκρη|Μουδανιά|Πέραμο|Κηφισιά|Αρτάκη|Αγχίαλο|Δημοκρατία|Ψυχικ[όο]ύ?|Φάληρο|Φαλήρου|Ηράκλειο|Ηρακλείου)ς?\b)"
        ),
        _new,
        "Ν",
    ),
)
