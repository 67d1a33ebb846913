"""A voice's symbols with their durations become IPA segments and silences."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

SILENCE = "_"
_UNSPOKEN = (SILENCE, " ")
UNITS = 12
"""Length of a symbol that has none yet: a space can be halved, a cluster cut into up to four letters."""

_STRESS = "ˈˌ"
_VOWELS = frozenset("aeiouyæøœɐɑɒɔəɘɚɛɜɝɞɤɨɪɯɵɶʉʊʌʏᵻᵊ")
_CLOSURES = frozenset("pbtdkgɡcɟqɢʔʈɖ")
_DIACRITICS = frozenset(("Lm", "Mn", "Sk", "Nd", "No"))
"""Unicode categories: length marks and other modifiers, combining marks, the rhotic hook, digits of tones."""


class Phone(NamedTuple):
    """A stretch of an utterance's sound, in samples."""

    phoneme: str
    """As in `backends.types.PhonemeSpan`."""
    start: int
    end: int
    word: int = -1
    """Index of the word that it belongs to; -1 for silence."""
    follows_space: bool = False
    """A space stands before it in the phonemes."""

    @property
    def base(self) -> str:
        """The letter without stress and length."""
        return self.phoneme.lstrip(_STRESS)[:1]

    def shifted(self, samples: int) -> "Phone":
        return self.at(self.start + samples, self.end + samples)

    def at(self, start: int, end: int) -> "Phone":
        return Phone(self.phoneme, start, end, self.word, self.follows_space)

    def of_word(self, word: int) -> "Phone":
        return Phone(self.phoneme, self.start, self.end, word, self.follows_space)


@lru_cache(maxsize=1024)
def is_vowel(phoneme: str) -> bool:
    """Whether an IPA segment, stressed or not, is a vowel."""
    return unicodedata.normalize("NFD", phoneme.lstrip(_STRESS))[:1] in _VOWELS


def letters(symbols: Iterable[str]) -> list[str]:
    """IPA segments of a line of phonemes, one string each, without stress marks, punctuation and spaces."""
    segments = _segments((symbol, 1) for symbol in symbols)
    return [_composed(p.phoneme).lstrip(_STRESS) for p in segments if p.phoneme not in _UNSPOKEN]


def phones(timed: Iterable[tuple[str, int]]) -> list[Phone]:
    """Contiguous segments and silences of a voice's symbols.

    A stress mark's time goes to the vowel that it stands for, a diacritic's to its letter;
    punctuation and the marks of beginning and end are silence, and so is a space beside them. A
    space between words has no sound of its own: its time goes to the closure after it, or half to
    either neighbour.

    Args:
        timed: Each symbol (one IPA code point, punctuation, " ", or a cluster of several letters)
            with its samples.
    """
    shared = _share_spaces(_join_silences(_segments(timed)))
    composed = ((p, _composed(p.phoneme)) for p in shared)
    return [p if name == p.phoneme else p._replace(phoneme=name) for p, name in composed]


def spelled(symbols: Iterable[str]) -> list[Phone]:
    """`phones` of a voice's symbols before they have a length: each is taken to be UNITS long."""
    return phones((symbol, UNITS) for symbol in symbols)


def lasting(phones: Sequence[Phone], samples: Sequence[int]) -> list[Phone]:
    """What `spelled` made of symbols, now that each of these is known to last so many samples."""
    behind = np.cumsum([0, *samples])
    edges = np.array([[p.start, p.end] for p in phones]).ravel()
    at = np.interp(edges, np.arange(len(behind)) * UNITS, behind).astype(np.int64).tolist()
    return [p.at(*span) for p, *span in zip(phones, at[::2], at[1::2], strict=True)]


def _composed(phoneme: str) -> str:
    return unicodedata.normalize("NFC", phoneme)


def _segments(timed: Iterable[tuple[str, int]]) -> list[Phone]:
    """Segments, silences, and spaces as " "; stress and diacritics are joined to their letters."""
    out: list[Phone] = []
    at = start = 0
    stress = ""
    for symbol, samples in _letter_by_letter(timed):
        at += samples
        kind = unicodedata.category(symbol)
        if symbol in _STRESS:
            stress = symbol
            continue  # its time is the next segment's
        if kind in _DIACRITICS and out and out[-1].phoneme not in _UNSPOKEN:
            last = out.pop()
            out.append(last._replace(phoneme=last.phoneme + symbol, end=at))
        elif kind.startswith("L"):
            vowel = symbol in _VOWELS
            out.append(Phone((stress if vowel else "") + symbol, start, at))
            stress = "" if vowel else stress
        else:
            out.append(Phone(" " if symbol == " " else SILENCE, start, at))
            stress = ""
        start = at
    if out and start < at:
        out.append(Phone(SILENCE, start, at))
    return out


def _letter_by_letter(timed: Iterable[tuple[str, int]]) -> Iterable[tuple[str, int]]:
    """Clusters of letters that a voice knows as one symbol, cut into equal parts."""
    for cluster, samples in timed:
        if len(cluster) == 1:
            yield cluster, samples
            continue
        for i, symbol in enumerate(cluster):
            yield symbol, samples * (i + 1) // len(cluster) - samples * i // len(cluster)


def _join_silences(segments: Sequence[Phone]) -> list[Phone]:
    """Silences, and the spaces beside them, become one silence."""
    out: list[Phone] = []
    for segment in segments:
        last = out[-1] if out else None
        if last and last.phoneme in _UNSPOKEN and segment.phoneme in _UNSPOKEN:
            both = {last.phoneme, segment.phoneme}
            phoneme = SILENCE if SILENCE in both else " "
            out[-1] = last._replace(phoneme=phoneme, end=segment.end)
        else:
            out.append(segment)
    return out


def _share_spaces(segments: Sequence[Phone]) -> list[Phone]:
    out: list[Phone] = []
    start: int | None = None
    for segment in segments:
        if segment.phoneme == " ":
            start = segment.start
            continue
        if start is not None:
            alone = not out or segment.base in _CLOSURES
            cut = start if alone else (start + segment.start) // 2
            out[-1:] = [last._replace(end=cut) for last in out[-1:]]
            segment = segment._replace(start=cut, follows_space=True)
        start = None
        out.append(segment)
    if start is not None and out:
        out[-1] = out[-1]._replace(end=segments[-1].end)
    return out
