"""Text that remembers where each of its characters came from."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

GAP = "\0"
"""Stands where something unspoken was taken out (a cue, an emoji); tidied away later."""
ESCAPE = "\x1b"
"""Begins a terminal's commands, which the lexer takes out whole."""

_PLAIN = re.compile(r"[\n\r\x20-\x7e]+")
_SPOKEN_SYMBOLS = frozenset("°©®℃℉№")


def words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


def any_of(listed: Iterable[str]) -> str:
    """A pattern of words, the longest first; those with the same first letter together, which is found faster."""
    groups: dict[str, list[str]] = {}
    for word in sorted(listed, key=len, reverse=True):
        groups.setdefault(word[0], []).append(re.escape(word[1:]))
    return "|".join(f"{re.escape(first)}(?:{'|'.join(rests)})" for first, rests in groups.items())


@dataclass(frozen=True, slots=True)
class Text:
    """Characters with their offsets in the source, which never decrease."""

    chars: str
    at: Sequence[int]
    """(len(chars),) offsets."""

    def __getitem__(self, part: slice) -> "Text":
        return Text(self.chars[part], self.at[part])

    def sub(self, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str]) -> "Text":
        """Like `re.sub` for non-empty matches; what replaces a match stands where it began."""
        if not pattern.search(self.chars):
            return self
        pieces: list[str] = []
        at: list[int] = []
        last = 0
        for match in pattern.finditer(self.chars):
            new = replace(match)
            if new == match.group():
                continue
            begin, end = match.span()
            pieces += (self.chars[last:begin], new)
            at += self.at[last:begin]
            at += [self.at[begin]] * len(new)
            last = end
        if not pieces:
            return self
        at += self.at[last:]
        return Text("".join(pieces) + self.chars[last:], at)

    def strip(self, left: str, right: str) -> "Text":
        begin = len(self.chars) - len(self.chars.lstrip(left))
        return self[begin : max(begin, len(self.chars.rstrip(right)))]


@lru_cache(maxsize=4096)
def speakable(char: str) -> str:
    """The character as it may be spoken, "" for what is invisible, GAP for what has no sound."""
    if char in "\u2028\u2029":
        return "\n"
    if char == ESCAPE:
        return char
    if char.isspace():
        return " "
    if "\uff10" <= char <= "\uff5a" or "\U0001d400" <= char <= "\U0001d7ff":  # Ａ and 𝐀 are an A
        plain = unicodedata.normalize("NFKC", char)
        return plain if plain.isalnum() else char
    kind = unicodedata.category(char)
    if kind == "Cf" or "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef":
        return ""  # zero-width, bidi and variation selectors
    if kind in ("Cc", "Cs", "Co", "Cn", "Me") or "\U0001f3fb" <= char <= "\U0001f3ff":
        return GAP
    return GAP if kind == "So" and char not in _SPOKEN_SYMBOLS else char


class Dropped(NamedTuple):
    """A character that cannot be spoken."""

    char: str
    position: int


class Cleaner:
    """Turns pieces of source into speakable NFC text, the same wherever the source is cut.

    Offsets count characters of the source in NFC.
    """

    def __init__(self) -> None:
        self._held = ""
        self._done = 0

    def push(self, piece: str, final: bool = False) -> tuple[Text, list[Dropped]]:
        """Cleans what cannot change any more: all before the last ASCII character, as only marks
        that follow a character can compose with it and ASCII composes with nothing before it."""
        self._held += piece
        cut = len(self._held)
        if not final:
            last = _last_ascii(piece)
            cut = cut - len(piece) + last if last >= 0 else 0
        source = unicodedata.normalize("NFC", self._held[:cut])
        self._held = self._held[cut:]
        text, dropped = _clean(source, self._done)
        self._done += len(source)
        return text, dropped


def _last_ascii(piece: str) -> int:
    for index in range(len(piece) - 1, -1, -1):
        if piece[index] < "\x80":
            return index
    return -1


def _clean(source: str, offset: int) -> tuple[Text, list[Dropped]]:
    if _PLAIN.fullmatch(source):
        return Text(source, range(offset, offset + len(source))), []
    chars: list[str] = []
    at: list[int] = []
    dropped: list[Dropped] = []
    for index, char in enumerate(source):
        kept = char if "\x20" <= char <= "\x7e" or char in "\n\r" else speakable(char)
        if kept == GAP:
            dropped.append(Dropped(char, offset + index))
        if kept:
            chars.append(kept)
            at.append(offset + index)
    return Text("".join(chars), at), dropped
