"""English measures beside the plain "5 km": feet and inches, hours and minutes, thousands of views."""

import re
from collections.abc import Mapping

from backends.script.english_numbers import cardinal
from backends.script.units import ENGLISH
from backends.script.verbalizer import Rules

_ADJECTIVES = "km|kg|cm|mm|lb|ft|oz|GB|MB|TB|kW|W|V|mg|ml"
_COUNTED = "users|views|people|followers|subscribers|downloads|copies|visitors|customers|members|likes|streams|jobs"
"""What comes in thousands and millions: 45K views, but 4K video."""
_SCALES: Mapping[str, str] = {"K": "thousand", "M": "million", "B": "billion"}


def _feet_and_inches(match: re.Match[str]) -> str:
    return " ".join(
        f"{cardinal(int(count))} {ENGLISH[unit][count != '1']}"
        for count, unit in ((match[1], "ft"), (match[2], "in"))
    )


def _hours_and_minutes(match: re.Match[str]) -> str:
    return " ".join(
        f"{cardinal(int(count))} {ENGLISH[unit][int(count) != 1]}"
        for count, unit in ((match[1], "h"), (match[2], "min"))
    )


def _adjective(match: re.Match[str]) -> str:
    """ "A ten-kilometer run"."""
    return f"{cardinal(int(match[1]))}-{ENGLISH[match[2]][0]}"


RULES: Rules = (
    (re.compile(r"(?<![\w.,])(\d)['’′]\s?(1[01]|\d)(?:[\"”″]|['’]{2})"), _feet_and_inches),
    (re.compile(r"(?<![\w.,])(\d{1,3})\s?ft\.?\s(1[01]|\d)\s?in\b\.?"), _feet_and_inches),
    (
        re.compile(r"(?<=\d)(\s?)(lbs?|oz|tsp|tbsp|hrs?)\.(?=\s[a-z\d]|,)"),
        lambda m: f"{m[1]}{m[2]}",
    ),
    (re.compile(rf"(?<![\w.,])(\d{{1,3}})-({_ADJECTIVES})(?=\s)"), _adjective),
    (re.compile(r"(?<![\w.,])(\d{1,2})h\s?([0-5]?\d)m(?:in)?\b"), _hours_and_minutes),
    (
        re.compile(rf"(?<=\d)([KMB])(?=\s(?:{_COUNTED})\b)"),
        lambda m: " " + _SCALES[m[1]],
    ),
    (re.compile(r"(?<=\d)\s?sq\.?\s?(ft|m|km)\b(?:\.(?=\s[a-z]))?"), lambda m: f" {m[1]}²"),
    (re.compile(r"(?<=\d)/(?=\d{2,3}\s?mmHg)"), lambda _: " over "),
    (re.compile(r"(?<=\d)\s?mmHg\b"), lambda _: " millimeters of mercury"),
    (
        re.compile(r"(?<=\d)/(?=(?:hour|day|night|week|month|year|person)\b)"),
        lambda _: " per ",
    ),
    (
        re.compile(r"(?<=\d)\s?in(?=\s(?:long|wide|tall|deep|thick|high)\b)"),
        lambda _: " inches",
    ),
    (
        re.compile(r"(?<![\w.,-])([1-9]\d?)p\b(?!\.?m)"),
        lambda m: f"{m[1]} " + ("pence" if m[1] != "1" else "penny"),
    ),
    (re.compile(r"\bWW([12])\b"), lambda m: f"World War {cardinal(int(m[1]))}"),
)
"""Before units are read."""
