"""What stands in a cue: emotions with intensities, mixtures, pauses; in English and Greek."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from backends.script.emotions import EMOTIONS
from backends.types import Cue, Emotion, Notice

MAX_PAUSE_S = 10.0
DEFAULT_PAUSE_S = 0.5

_PAUSES = frozenset({"pause", "break", "silence", "παυση", "σιωπη"})
_FILLERS = frozenset({"and", "&", "και"})
_DEGREES: Mapping[str, float] = MappingProxyType(
    {
        **dict.fromkeys(("very", "really", "so", "extremely", "πολυ", "παρα"), 1.0),
        **dict.fromkeys(("quite", "rather", "fairly", "pretty", "αρκετα"), 0.7),
        **dict.fromkeys(
            ("slightly", "somewhat", "mildly", "a", "little", "bit", "λιγο", "ελαφρωσ"), 0.4
        ),
    }
)
"""Words before a name that say how much."""
_LOOSE_VALUE = re.compile(
    r"(?<=[^\W\d_])\s{1,3}\(?(\d{1,4}(?:[.,]\d{1,4})?|[.,]\d{1,4})(\s?(?:%|m?s|δ))?\)?(?=[\s,+;/]|\Z)"
)
"""A value without its colon: [happy 0.5], [pause 2s]."""
_ITEM = re.compile(r"[\s,+;/]*(?P<name>[^\s,+;:=/]+)(?:\s*[:=]\s*(?P<value>[^\s,;:=]*(?:,\d+)?))?")
_SINGLE = re.compile(
    r"\s*(?P<name>[^:=]*?)\s*(?:[:=]\s*(?P<value>[^\s:=,]*(?:,\d+)?(?:\s*(?:m?s|δ|%))?)\s*)?"
)
_NUMBER = re.compile(r"[+-]?(?:\d{1,9}(?:[.,]\d*)?|[.,]\d+)", re.ASCII)
_UNITS: Mapping[str, float] = MappingProxyType({"": 1.0, "s": 1.0, "ms": 0.001, "δ": 1.0})


@dataclass(frozen=True, slots=True)
class CueMark:
    """A cue where it stands in the source."""

    position: int
    cue: Cue
    word: str
    """The strongest emotion's name as it was written, which the sentence may need."""


@dataclass(frozen=True, slots=True)
class PauseMark:
    """A silence where it stands in the source."""

    position: int
    seconds: float


Mark = CueMark | PauseMark


def fold(word: str) -> str:
    """What names are compared by: without case, accents, final sigma, invisible characters."""
    plain = unicodedata.normalize("NFD", word.casefold())
    kept = (c for c in plain if unicodedata.category(c) not in ("Mn", "Cf"))
    return " ".join("".join(kept).replace("_", " ").replace("-", " ").split())


@cache
def names() -> Mapping[str, Emotion]:
    """Every folded name and inflection with its emotion; a name wins over another's inflection."""
    table: dict[str, Emotion] = {}
    for emotion, spec in EMOTIONS.items():
        for name in (emotion.value, *spec.english, *spec.greek):
            table.setdefault(fold(name), emotion)
    for name, emotion in list(table.items()):
        for form in _english(name) if name.isascii() else _greek(name):
            table.setdefault(form, emotion)
    return MappingProxyType(table)


def _english(name: str) -> Iterator[str]:
    """sad: sadly, sadder; angry: angrily; surprised: surprising, surprise."""
    if name.endswith("y"):
        yield from (name[:-1] + ending for ending in ("ily", "iness", "ier", "iest"))
    else:
        yield from (name + ending for ending in ("ly", "ness", "er", "est"))
        yield from (name + name[-1] + ending for ending in ("er", "est"))
    if name.endswith("ed"):
        yield from (name[:-2] + ending for ending in ("e", "", "ing", "ingly", "edly", "ement"))


def _greek(name: str) -> Iterator[str]:
    """The declension that the ending shows; names are folded, so there is no accent to move."""
    for ending, forms in (
        ("οσ", "οσ ου ο ε οι ων ουσ η ησ εσ α"),
        ("ησ", "ησ η εσ ουσ εισ ων"),
        ("η", "η ησ εσ εισ εων"),
        ("α", "α ασ εσ ων"),
        ("ο", "ο ου α ων"),
    ):
        if name.endswith(ending):
            yield from (name[: -len(ending)] + form for form in forms.split())
            return


_LIKE = 0.7
"""Least likeness of a suggestion."""


def nearest(word: str) -> str | None:
    """The known name that a word may have been meant for."""
    known: Iterable[str] = names()
    found = difflib.get_close_matches(fold(word)[:30], known, 1, _LIKE)
    if not found:
        return None
    emotion, spec = names()[found[0]], EMOTIONS[names()[found[0]]]
    exact = [name for name in (*spec.english, *spec.greek) if fold(name) == found[0]]
    return exact[0] if exact else emotion.value


def read(content: str, position: int, scale: float) -> tuple[Mark | None, list[Notice]]:
    """Reads what stands between the brackets; no mark where it is not a known cue."""
    content = _LOOSE_VALUE.sub(lambda m: f":{m[1]}{m[2] or ''}", content.rstrip(" .!?…"))
    single = _SINGLE.fullmatch(content)
    if single and fold(single["name"]) in _PAUSES:
        return _pause(single["value"], position)
    items = _items(content, single)
    if not items:
        return None, []
    notices: list[Notice] = []
    weights: dict[Emotion, float] = {}
    strongest, word = -1.0, ""
    for name, value in items:
        weight, notice = _intensity(value, position)
        degree, emotion = _graded(name)
        weight *= degree if value is None else 1.0
        weights[emotion] = max(weights.get(emotion, 0.0), min(1.0, weight * scale))
        notices += notice
        if weight > strongest:
            strongest, word = weight, name
    return CueMark(position, Cue(tuple(weights.items())), word), notices


def _items(content: str, single: re.Match[str] | None) -> list[tuple[str, str | None]]:
    """Names with their written intensities; nothing if any of the names is unknown."""
    if single and _known(single["name"]):
        return [(single["name"], single["value"])]
    items: list[tuple[str, str | None]] = []
    at = 0
    while match := _ITEM.match(content, at):
        at = match.end()
        name = match["name"]
        if fold(name) in _FILLERS:
            continue
        if fold(name) not in names():
            return []
        items.append((name, match["value"]))
    return [] if content[at:].strip(" ,+;/") else items


def is_name(word: str) -> bool:
    """Whether a closing mark may name it: [/happy], [/]."""
    return not word.strip() or fold(word) in names()


def _known(name: str) -> bool:
    words = fold(name).split(" ")
    return " ".join(words) in names() or (
        words[-1] in names() and all(w in _DEGREES for w in words[:-1])
    )


def _graded(name: str) -> tuple[float, Emotion]:
    """ "slightly sad": how much, and what."""
    folded = fold(name)
    if folded in names():
        return 1.0, names()[folded]
    *degrees, last = folded.split(" ")
    return min(_DEGREES[degree] for degree in degrees), names()[last]


def _intensity(value: str | None, position: int) -> tuple[float, list[Notice]]:
    if value is None:
        return 1.0, []
    number, unit = _number(value)
    if number is None or unit not in ("", "%"):
        message = f"intensity {value!r} is not a number from 0 to 1; 1 was taken"
        return 1.0, [Notice("bad_intensity", message, position)]
    number = number / 100 if unit == "%" else number
    clipped = min(max(number, 0.0), 1.0)
    if clipped == number:
        return number, []
    message = f"intensity {value} is outside 0 to 1; {clipped:g} was taken"
    return clipped, [Notice("intensity_clipped", message, position)]


def _pause(value: str | None, position: int) -> tuple[Mark, list[Notice]]:
    if value is None:
        return PauseMark(position, DEFAULT_PAUSE_S), []
    number, unit = _number(value)
    if number is None or unit not in _UNITS:
        message = f"pause {value!r} is not a number of seconds; {DEFAULT_PAUSE_S:g} s was taken"
        return PauseMark(position, DEFAULT_PAUSE_S), [Notice("bad_pause", message, position)]
    seconds = number * _UNITS[unit]
    clipped = min(max(seconds, 0.0), MAX_PAUSE_S)
    if clipped == seconds:
        return PauseMark(position, seconds), []
    message = f"pause {value} is outside 0 to {MAX_PAUSE_S:g} s; {clipped:g} s was taken"
    return PauseMark(position, clipped), [Notice("pause_clipped", message, position)]


def _number(value: str) -> tuple[float | None, str]:
    """A number with point or comma, and what is written behind it."""
    match = _NUMBER.match(value)
    if not match:
        return None, value
    return float(match.group().replace(",", ".")), value[match.end() :].strip().casefold()
