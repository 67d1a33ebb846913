"""Greek numerals, which agree with what they count.

Forms and spelling after Triantafyllidis, Modern Greek Grammar (1941, reprinted 2002), §§ 494-507.
"""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from backends.script.cues import fold
from backends.script.text import words

LIMIT = 10**15


class Form(StrEnum):
    """Gender, and case where it shows."""

    NEUTER = "n"
    MASCULINE = "m"
    MASCULINE_ACCUSATIVE = "ma"
    FEMININE = "f"
    GENITIVE = "g"
    FEMININE_GENITIVE = "fg"


_ONE: Mapping[Form, str] = {
    Form.NEUTER: "ένα",
    Form.MASCULINE: "ένας",
    Form.MASCULINE_ACCUSATIVE: "έναν",
    Form.FEMININE: "μία",
    Form.GENITIVE: "ενός",
    Form.FEMININE_GENITIVE: "μιας",
}
_UNITS = words(
    "μηδέν . δύο . . πέντε έξι επτά οκτώ εννέα δέκα έντεκα δώδεκα . . δεκαπέντε δεκαέξι δεκαεπτά "
    "δεκαοκτώ δεκαεννέα"
)
_BENT: Mapping[int, tuple[str, str, str]] = {
    3: ("τρία", "τρεις", "τριών"),
    4: ("τέσσερα", "τέσσερις", "τεσσάρων"),
    13: ("δεκατρία", "δεκατρείς", "δεκατριών"),
    14: ("δεκατέσσερα", "δεκατέσσερις", "δεκατεσσάρων"),
}
"""Neuter, masculine and feminine, genitive."""
_TENS = words(". . είκοσι τριάντα σαράντα πενήντα εξήντα εβδομήντα ογδόντα ενενήντα")
_HUNDREDS = words(". . διακόσι τριακόσι τετρακόσι πεντακόσι εξακόσι επτακόσι οκτακόσι εννιακόσι")
_ENDINGS: Mapping[Form, str] = {
    Form.NEUTER: "α",
    Form.MASCULINE: "οι",
    Form.MASCULINE_ACCUSATIVE: "ους",
    Form.FEMININE: "ες",
    Form.GENITIVE: "ων",
    Form.FEMININE_GENITIVE: "ων",
}
_LARGE = ((10**12, "τρισεκατομμύρι"), (10**9, "δισεκατομμύρι"), (10**6, "εκατομμύρι"))

_ORDINALS = (
    words(". πρώτ δεύτερ τρίτ τέταρτ πέμπτ έκτ έβδομ όγδο ένατ δέκατ ενδέκατ δωδέκατ"),
    words(". δέκατ εικοστ τριακοστ τεσσαρακοστ πεντηκοστ εξηκοστ εβδομηκοστ ογδοηκοστ ενενηκοστ"),
    words(
        ". εκατοστ διακοσιοστ τριακοσιοστ τετρακοσιοστ πεντακοσιοστ εξακοσιοστ επτακοσιοστ "
        "οκτακοσιοστ εννιακοσιοστ"
    ),
)
_ACCENTED: Mapping[str, str] = {
    "ος": "ός", "η": "ή", "ο": "ό", "ου": "ού", "ης": "ής", "ον": "ό", "οι": "οί", "ες": "ές",
    "α": "ά", "ων": "ών", "ους": "ούς",
}  # fmt: skip


_ARTICLES: Mapping[str, Form] = {
    "τισ": Form.FEMININE, "στισ": Form.FEMININE, "τη": Form.FEMININE, "την": Form.FEMININE,
    "στη": Form.FEMININE, "στην": Form.FEMININE, "η": Form.FEMININE,
    "τουσ": Form.MASCULINE_ACCUSATIVE, "στουσ": Form.MASCULINE_ACCUSATIVE,
    "τον": Form.MASCULINE_ACCUSATIVE, "στον": Form.MASCULINE_ACCUSATIVE, "ο": Form.MASCULINE,
    "των": Form.GENITIVE, "του": Form.GENITIVE, "τησ": Form.FEMININE_GENITIVE,
    "τα": Form.NEUTER, "στα": Form.NEUTER, "το": Form.NEUTER, "στο": Form.NEUTER,
}  # fmt: skip
_MASCULINE_ES = frozenset(
    words(
        "μηνεσ αντρεσ ανδρεσ πατερεσ αιωνεσ πινακεσ αγωνεσ κανονεσ χειμωνεσ πυρηνεσ πολιτεσ "
        "επιβατεσ πελατεσ εργατεσ χρηστεσ στρατιωτεσ επισκεπτεσ παικτεσ παιχτεσ ληστεσ πρακτορεσ"
    )
)
_MASCULINE_ACCUSATIVES = frozenset(
    words(
        "χρονο μηνα αιωνα βαθμο ανθρωπο αντρα φιλο τονο καφε γιο αδελφο αδερφο γιατρο δασκαλο "
        "οροφο τροπο λογο δρομο σκυλο μαθητη φοιτητη πελατη υπολογιστη παικτη νικητη"
    )
)
_GOVERN = frozenset(words("εχει ειχε εχουν ειχαν εχουμε απο με για σε χωρισ μετα κατα"))
"""Words that the accusative follows."""
_MASCULINE_EIS = frozenset(words("γονεισ συγγραφεισ γραμματεισ δρομεισ κουρεισ"))
_WORD_BEFORE = re.compile(r"([^\W\d_]+)\s\Z")
_NEAR = 24
_RANGE_BEHIND = re.compile(r"\s(?:έως|ή|με)\s[\d.,]{1,12}(?=\s)")
_WORD_BEHIND = re.compile(r"\s(?!(?:στα|για|μετά|κατά|παρά|αλλά|θα|να)\b)([^\W\d_]{3,})")


def _genitive(form: Form) -> bool:
    return form in (Form.GENITIVE, Form.FEMININE_GENITIVE)


def _stressed_ending(stem: str, ending: str) -> str:
    """The genitive pulls the stress to its ending's syllable: διακόσια, διακοσίων."""
    if ending not in ("ων", "ου"):
        return stem + ending
    plain = "".join(c for c in unicodedata.normalize("NFD", stem) if c != "\u0301")
    return unicodedata.normalize("NFC", plain + "\u0301" + ending)


def _below_hundred(value: int, form: Form) -> str:
    if value >= 20:
        tens, rest = divmod(value, 10)
        return _TENS[tens] + (f" {_below_hundred(rest, form)}" if rest else "")
    if value == 1:
        return _ONE[form]
    if value in _BENT:
        neuter, gendered, genitive = _BENT[value]
        return genitive if _genitive(form) else neuter if form == Form.NEUTER else gendered
    return _UNITS[value]


def _below_thousand(value: int, form: Form) -> str:
    hundreds, rest = divmod(value, 100)
    if not hundreds:
        return _below_hundred(rest, form)
    hundred = "εκατόν" if rest else "εκατό"
    head = hundred if hundreds == 1 else _stressed_ending(_HUNDREDS[hundreds], _ENDINGS[form])
    return f"{head} {_below_hundred(rest, form)}" if rest else head


@lru_cache(maxsize=4096)
def cardinal(value: int, form: Form = Form.NEUTER) -> str:
    """0 <= value < 10**15 as words.

    Raises:
        ValueError: the value is outside.
    """
    if not 0 <= value < LIMIT:
        raise ValueError(f"{value} is outside 0 to {LIMIT - 1}")
    if value < 1000:
        return _below_thousand(value, form)
    genitive = _genitive(form)
    spoken = []
    for size, stem in _LARGE:
        count, value = divmod(value, size)
        if count:
            endings = ("ου", "ων") if genitive else ("ο", "α")
            spoken.append(_below_thousand(count, Form.GENITIVE if genitive else Form.NEUTER))
            spoken.append(_stressed_ending(stem, endings[count > 1]))
    thousands, value = divmod(value, 1000)
    if thousands == 1:
        spoken.append(_stressed_ending("χίλι", _ENDINGS[form]))
    elif thousands:
        spoken.append(
            _below_thousand(thousands, Form.FEMININE_GENITIVE if genitive else Form.FEMININE)
        )
        spoken.append("χιλιάδων" if genitive else "χιλιάδες")
    if value:
        spoken.append(_below_thousand(value, form))
    return " ".join(spoken)


def ordinal(value: int, ending: str = "ος") -> str | None:
    """1..1000 with the ending that is written behind the number (2ος, 21η); None outside."""
    if value == 1000:
        return "χιλιοστ" + _ACCENTED[ending]
    if not 0 < value < 1000:
        return None
    units, tens, hundreds = _ORDINALS
    parts = [hundreds[value // 100]] if value >= 100 else []
    rest = value % 100
    if rest in (11, 12):
        parts.append(units[rest])
    else:
        parts += [tens[rest // 10]] if rest >= 10 else []
        parts += [units[rest % 10]] if rest % 10 else []
    return " ".join(
        part + (_ACCENTED[ending] if part.endswith("στ") else "ο" if ending == "ον" else ending)
        for part in parts
    )


def genitive(many: str) -> str:
    """Of the plural of a unit: χιλιόμετρα, χιλιομέτρων; what stands behind its own words stays."""
    head, sign, rest = many.partition(
        next((w for w in (" την", " το ", " του", " της", " ανά", " Κ", " Φ") if w in many), "\n")
    )
    return " ".join(map(_genitive_plural, head.split())) + sign.strip("\n") + rest


def _genitive_plural(word: str) -> str:
    if word.endswith(("ά", "οί", "ές")):
        return word[: -1 if word.endswith("ά") else -2] + "ών"
    if not word.endswith(("α", "οι", "ες")):
        return word
    stem = word[: -1 if word.endswith("α") else -2]
    plain = "".join(c for c in unicodedata.normalize("NFD", stem) if c != "\u0301")
    if word.endswith("ες"):
        return plain + "ών"
    last = max(plain.rfind(vowel) for vowel in "αεηιουω")
    return unicodedata.normalize("NFC", f"{plain[: last + 1]}\u0301{plain[last + 1 :]}ων")


_WITH_HALF = words(
    ". ενάμισι δυόμισι τριάμισι τεσσεράμισι πεντέμισι εξίμισι επτάμισι οκτώμισι εννιάμισι δεκάμισι εντεκάμισι "
    "δωδεκάμισι"
)
_ONE_AND_HALF: Mapping[Form, str] = {
    Form.MASCULINE: "ενάμισης", Form.MASCULINE_ACCUSATIVE: "ενάμιση", Form.FEMININE: "μιάμιση",
    Form.GENITIVE: "ενάμιση", Form.FEMININE_GENITIVE: "μιάμισης",
}  # fmt: skip


def with_half(value: int, form: Form) -> str | None:
    """1..12 and a half, as one word; None outside."""
    if not 0 < value < len(_WITH_HALF):
        return None
    if value == 1:
        return _ONE_AND_HALF.get(form, _WITH_HALF[1])
    if value in (3, 4) and form != Form.NEUTER:
        return {3: "τρεισήμισι", 4: "τεσσερισήμισι"}[value]
    return _WITH_HALF[value]


STOREYS: Mapping[int, str] = dict(
    enumerate(words("μονώ διώ τριώ τετραώ πενταώ εξαώ επταώ οκταώ εννιαώ δεκαώ"), 1)
)
"""Before -ροφος: 2όροφο is διώροφο."""
_LINKED = words(
    ". μονό δί τρί τετρά πεντά εξά επτά οκτά εννιά δεκά εντεκά δωδεκά δεκατριά δεκατετρά δεκαπεντά δεκαεξά δεκαεπτά "
    "δεκαοκτά δεκαεννιά"
)
_LINKED_TENS = words(". . εικοσά τριαντά σαραντά πενηντά εξηντά εβδομηντά ογδοντά ενενηντά")


def aged(value: int, stem: str) -> str | None:
    """1..99 joined with the stem of "years old" (χρον, ετ, άρ); None outside: 25χρον- is εικοσιπεντάχρον-."""
    if not 0 < value < 100:
        return None
    tens, units = divmod(value, 10) if value >= 20 else (0, value)
    head = "είκοσι" if tens == 2 else _TENS[tens] if tens else ""
    joined = (head if units else "") + (_LINKED[units] if units else _LINKED_TENS[tens])
    plain = "".join(c for c in unicodedata.normalize("NFD", joined) if c != "\u0301")
    if stem != "χρον":  # the stress is behind
        return plain.removesuffix("α") + stem if stem == "άρ" else plain + stem
    return unicodedata.normalize("NFC", f"{plain}\u0301{stem}")


def word_before(text: str, end: int) -> re.Match[str] | None:
    """The word and the blank that end there; its group is the word."""
    return _WORD_BEFORE.search(text, max(0, end - _NEAR), end)


def form_of(value: int, text: str, start: int, end: int) -> Form:
    """How a number between `start` and `end` agrees: by the article before it, else by the ending
    of the word behind it, else neuter."""
    before = word_before(text, start)
    if before and (form := _ARTICLES.get(fold(before[1]))):
        return form
    through = _RANGE_BEHIND.match(text, end)
    behind = _WORD_BEHIND.match(text, through.end() if through else end)
    written = behind[1] if behind else ""
    word = fold(written)
    if value == 1:
        return _singular(word)
    if word.endswith("οι"):
        return Form.MASCULINE
    if word.endswith("ουσ"):
        return Form.MASCULINE_ACCUSATIVE
    if word.endswith("ων"):
        return Form.GENITIVE
    if word.endswith("εισ"):
        return Form.MASCULINE if word in _MASCULINE_EIS else Form.FEMININE
    if word.endswith("εσ"):
        masculine = word in _MASCULINE_ES or written.endswith("τές")
        if not masculine:
            return Form.FEMININE
        return (
            Form.MASCULINE_ACCUSATIVE if before and fold(before[1]) in _GOVERN else Form.MASCULINE
        )
    return _like_before(fold(before[1])) if before else Form.NEUTER


def _like_before(word: str) -> Form:
    """By an adjective: οι άλλοι 3."""
    if word == "οι":
        return Form.MASCULINE
    if not word.startswith(
        ("αλλ", "υπολοιπ", "πρωτ", "τελευται", "επομεν", "προηγουμεν", "ολ", "μον")
    ):
        return Form.NEUTER
    endings = {
        "οι": Form.MASCULINE,
        "ουσ": Form.MASCULINE_ACCUSATIVE,
        "εσ": Form.FEMININE,
        "ων": Form.GENITIVE,
    }
    return next((form for ending, form in endings.items() if word.endswith(ending)), Form.NEUTER)


def _singular(word: str) -> Form:
    if word in _MASCULINE_ACCUSATIVES:
        return Form.MASCULINE_ACCUSATIVE
    if word.endswith(("ασ", "ησ", "οσ")):
        return Form.MASCULINE
    feminine = word.endswith(("α", "η")) and not word.endswith("μα")
    return Form.FEMININE if feminine else Form.NEUTER
