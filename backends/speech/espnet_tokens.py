"""A line of espeak-ng's phonemes in the tokens that an ESPnet model was trained on, without any other front end."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Literal

from backends.speech.espeak import PUNCTUATION

Alphabet = Literal["ipa", "arpabet", "characters"]

SPACE = "<space>"
_STRESS = {"ˈ": "1", "ˌ": "2"}
_ARPABET_VOWELS = {
    "aɪɚ": "AY ER", "aɪə": "AY AH", "aʊɚ": "AW ER", "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW", "ɔɪ": "OY",
    "ɑː": "AA", "ɔː": "AO", "oː": "AO", "iː": "IY", "uː": "UW", "ɜː": "ER", "əl": "AH L", "n̩": "AH N",
    "l̩": "AH L", "m̩": "AH M", "iə": "IY AH", "ɑ": "AA", "a": "AA", "æ": "AE", "ɐ": "AH", "ʌ": "AH", "ə": "AH",
    "ɚ": "ER", "ɝ": "ER", "ɜ": "ER", "ɛ": "EH", "e": "EH", "ɪ": "IH", "ᵻ": "IH", "i": "IY", "ɔ": "AO", "ɒ": "AA",
    "o": "OW", "ʊ": "UH", "u": "UW",
}  # fmt: skip
_ARPABET_CONSONANTS = {
    "tʃ": "CH", "dʒ": "JH", "b": "B", "d": "D", "ð": "DH", "f": "F", "ɡ": "G", "g": "G", "h": "HH", "j": "Y", "k": "K",
    "x": "K", "l": "L", "ɫ": "L", "m": "M", "n": "N", "ŋ": "NG", "p": "P", "ɹ": "R", "r": "R", "s": "S", "ʃ": "SH",
    "t": "T", "ɾ": "T", "ʔ": "T", "θ": "TH", "v": "V", "w": "W", "ʍ": "W", "z": "Z", "ʒ": "ZH",
}  # fmt: skip
"""The phonemes of espeak-ng's American English as the CMU dictionary has them, on which g2p_en is built."""
_ARPABET = _ARPABET_VOWELS | _ARPABET_CONSONANTS


def alphabet_of(tokens: AbstractSet[str], g2p: str | None, token_type: str) -> Alphabet | None:
    """What a model's tokens are; None where they are none that espeak-ng's phonemes can be turned into.

    Args:
        g2p: What the model's configuration names as its front end.
    """
    if token_type == "char":
        return "characters"
    if token_type != "phn":
        return None
    if {"AH0", "AE1", "IY1"} <= tokens:
        return "arpabet"
    if (g2p or "").startswith("espeak") or (
        g2p is None and tokens & {"ə", "ˈ", "ɛ", "ʃ", "ɾ", "ð"}
    ):
        return "ipa"
    return None


def symbols_of(line: str, alphabet: Alphabet, tokens: AbstractSet[str]) -> list[str]:
    """A line of phonemes, as `backends.speech.espeak.phonemize` gives it, cut into what the model knows: IPA with
    stress and marks, marks of punctuation, spaces."""
    known = _ARPABET.keys() if alphabet == "arpabet" else tokens
    longest = max(map(len, known))
    out: list[str] = []
    for part in _parts(line):
        for group in _longest(part, known, longest):
            stressed = (
                alphabet == "arpabet" and out and out[-1] in _STRESS and group in _ARPABET_VOWELS
            )
            out[-1:] = [out[-1] + group] if stressed else [*out[-1:], group]
    return out


def tokens_of(symbol: str, alphabet: Alphabet, tokens: AbstractSet[str]) -> tuple[str, ...]:
    """A symbol in the model's tokens; none where it has nothing for it."""
    if symbol == " ":
        names = [SPACE]
    elif alphabet == "arpabet" and symbol not in PUNCTUATION:
        plain = symbol.lstrip("".join(_STRESS))
        names = _ARPABET.get(plain, "").split()
        if plain in _ARPABET_VOWELS:
            first, *rest = names
            names = [first + _STRESS.get(symbol[0], "0"), *map(_unstressed, rest)]
    else:
        names = [symbol]
    return tuple(name for name in names if name in tokens)


def _parts(line: str) -> Iterator[str]:
    """Words, marks and spaces."""
    word = ""
    for char in line:
        if char == " " or char in PUNCTUATION:
            yield from filter(None, (word, char))
            word = ""
        else:
            word += char
    yield from filter(None, (word,))


def _unstressed(name: str) -> str:
    return name if name in ("L", "M", "N") else f"{name}0"


def _longest(word: str, known: AbstractSet[str], longest: int) -> Iterator[str]:
    """The word in the longest known groups; letters that are in none stand alone."""
    at = 0
    while at < len(word):
        sizes = range(min(longest, len(word) - at), 1, -1)
        size = next((size for size in sizes if word[at : at + size] in known), 1)
        yield word[at : at + size]
        at += size
