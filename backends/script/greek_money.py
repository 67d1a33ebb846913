"""Sums and great numbers as Greek words."""

from collections.abc import Mapping

from backends.script.greek_numbers import Form, cardinal, genitive
from backends.script.numbers import Number

CURRENCIES: Mapping[str, tuple[Form, str, str, Form, str, str]] = {
    "€": (Form.NEUTER, "ευρώ", "ευρώ", Form.NEUTER, "λεπτό", "λεπτά"),
    "$": (Form.NEUTER, "δολάριο", "δολάρια", Form.NEUTER, "σεντ", "σεντ"),
    "£": (Form.FEMININE, "λίρα", "λίρες", Form.FEMININE, "πένα", "πένες"),
    "¥": (Form.NEUTER, "γιεν", "γιεν", Form.NEUTER, "σεν", "σεν"),
    "₹": (Form.FEMININE, "ρουπία", "ρουπίες", Form.NEUTER, "πάισα", "πάισα"),
    "₽": (Form.NEUTER, "ρούβλι", "ρούβλια", Form.NEUTER, "καπίκι", "καπίκια"),
    "₺": (Form.FEMININE, "τουρκική λίρα", "τουρκικές λίρες", Form.NEUTER, "κουρούς", "κουρούς"),
    "₩": (Form.NEUTER, "γουόν", "γουόν", Form.NEUTER, "", ""),
    "₿": (Form.NEUTER, "μπιτκόιν", "μπιτκόιν", Form.NEUTER, "", ""),
    "CHF": (Form.NEUTER, "ελβετικό φράγκο", "ελβετικά φράγκα", Form.NEUTER, "σαντίμ", "σαντίμ"),
}
CODES: Mapping[str, str] = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
SCALES: Mapping[str, tuple[Form, str]] = {
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
SCALE = (
    r"(?:\s?(?P<scale>χιλιάδες|εκατομμύρι[οα]|δισεκατομμύρι[οα]|(?P<short>χιλ|εκατ|εκ|δισ))"
    r"(?(short)\.|\b))?"
)


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


def scaled(number: Number, scale: str, of: bool = False) -> str:
    form, many = SCALES[scale]
    if of and number != (1, ""):
        return f"{decimal(number, Form.GENITIVE)} {genitive(many)}"
    one = number == (1, "") and not many.endswith("ο")
    return f"{decimal(number, form)} {(many[:-1] + 'ο' if many[-1] == 'α' else 'χιλιάδα') if one else many}"
