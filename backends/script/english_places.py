"""Addresses, hours and time zones as English words."""

import re
from collections.abc import Mapping

from backends.script.english_numbers import cardinal
from backends.script.verbalizer import Rules, closing

_STATES: Mapping[str, str] = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho",
    "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
    "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi",
    "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey",
    "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma",
    "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota",
    "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington",
    "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming", "DC": "DC",
}  # fmt: skip
"""As the postal service shortens them."""
_WORDLIKE = ("HI", "IN", "ME", "OH", "OK", "OR")
_STATE = "|".join(_STATES)
_CLEAR_STATE = "|".join(state for state in _STATES if state not in _WORDLIKE)
_STREETS: Mapping[str, str] = {
    "St": "Street", "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Ln": "Lane", "Ct": "Court", "Pl": "Place",
    "Hwy": "Highway", "Pkwy": "Parkway", "Sq": "Square", "Ter": "Terrace", "Cres": "Crescent", "Cir": "Circle",
    "Dr": "Drive",
}  # fmt: skip
_SIDES: Mapping[str, str] = {
    "N": "North", "S": "South", "E": "East", "W": "West", "NE": "Northeast", "NW": "Northwest", "SE": "Southeast",
    "SW": "Southwest",
}  # fmt: skip


def _zip(match: re.Match[str]) -> str:
    figures = " ".join(cardinal(int(char)) for char in match["zip"] if char.isdecimal())
    return f", {_STATES[match['state']]} {figures}"


def _street(match: re.Match[str]) -> str:
    return _STREETS[match[1]] + (closing(match) if match.group()[-1] == "." else "")


def _saint(match: re.Match[str]) -> str:
    return "Saint " if match[1] else "Street" + closing(match)


FIGURES: Rules = (
    (
        re.compile(
            r"\b((?:Hwy|Rte|Route|Highway|Interstate)\.?\s\d{1,3}|I-\d{1,3})\s([NSEW])\b(?!\.?\w)"
        ),
        lambda m: f"{m[1]} {_SIDES[m[2]]}",
        "HIR",
    ),
    (re.compile(r"\bHwy\.?\s(?=\d)"), lambda _: "Highway ", "H"),
    (
        re.compile(rf",\s(?P<state>{_STATE})\s(?P<zip>\d{{5}}(?:-\d{{4}})?)(?![\d-])"),
        _zip,
    ),
    (
        re.compile(
            r"(?<=\d )([NS][EW]?|[EW])\.?(?=\s(?:[A-Z][a-z]|\d+(?:st|nd|rd|th)\b))"
            r"|\b([NS][EW]?|[EW])\.?(?=\s\d+(?:st|nd|rd|th)\s(?:St|Ave|Street|Avenue|Blvd|Rd)\b)"
        ),
        lambda m: _SIDES[m[1] or m[2]],
        "ENSW",
    ),
    (
        re.compile(
            r"\b(\d{1,5}(?:\s[A-Z][\w']+){1,3}\s)Dr\b\.?(?!\s[A-Z][a-z]+\s(?:is|was|said)\b)"
        ),
        lambda m: f"{m[1]}Drive" + "." * bool(re.match(r"\.\s[A-Z]", m.string[m.end() - 1 :])),
        "D",
    ),
)
"""Before numbers are words."""
SIGNS: Rules = (
    (
        re.compile(r"\b([NSEW])\.\s(?=(?:Korea|America|Africa|Carolina|Dakota|Ireland|Yorkshire|Wales|Virginia|Sudan|Asia|Europe)\b)"),
        lambda m: f"{_SIDES[m[1]]} ", ".",
    ),
    (re.compile(r"\bBldg\.?\s(?=[A-Z\d])"), lambda _: "Building ", "B"),
    (re.compile(r"(?<=(?:st|nd|rd|th)\s)[Ff]l\b\.?"), lambda m: "floor" + closing(m) * (m.group()[-1] == ".")),
    (
        re.compile(r"\b(Ave|Blvd|St|Rd|Dr|Street|Avenue|Road|Drive|Boulevard)\.?\s([NS][EW]|[NSEW])(?=[,.;]|\s*\Z)"),
        lambda m: f"{_STREETS.get(m[1], m[1])} {_SIDES[m[2]]}", "ENSW",
    ),
    (re.compile(r"\bSt\.(\s(?=[A-Z]))?"), _saint, "S"),
    (re.compile(r"(?<=[a-z]\s)(St)(?=,|\s*\Z|\s[A-Z]{2,3}\b)"), _street, "S"),
    (re.compile(r"(?<=[A-Za-z]\s)(Ave|Blvd|Rd|Ln|Ct|Pl|Hwy|Pkwy|Sq|Ter|Cres|Cir)\b(?:\.|(?=,|\s*\Z"
    r"|\s[A-Z\n]))"), _street),
    (re.compile(rf"(?<=[a-z], )({_CLEAR_STATE})(?=[,.;!?)]|\s|\Z)"), lambda m: _STATES[m[1]]),
)  # fmt: skip
