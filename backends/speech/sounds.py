"""Which of the recogniser's tokens an IPA letter may be heard as.

A recogniser trained on some languages hears the sounds of another as the nearest that it knows, and
transcripts have the dictionary's sounds where people speak the next best: so each letter takes its
own tokens in full and those of its neighbours in part.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from backends.speech.phones import is_vowel

NEIGHBOUR = 0.3
"""Share of a neighbour's probability."""
FIRST_SHARE = 0.55
"""Of a diphthong's or an affricate's time, its first part's."""

_NEIGHBOURS = tuple(
    frozenset(group.split())
    for group in (
        "p pʰ p͈ b ɓ", "t tʰ t͈ d ɗ ɾ ʈ ɖ", "k kʰ k͈ ɡ g c ɟ q",
        "m ɱ", "n ɲ ɴ", "n ŋ",
        "f v ɸ β ʋ", "θ ð", "s s͈ z", "ʃ ʒ ɕ ʑ ʂ ʐ t͡ʃ t͡ɕ t͡ɕʰ d͡ʒ", "h ɦ ħ x χ ɣ ç ʝ", "ʝ j",
        "l ɫ ʎ ɮ", "ɹ ɻ r ɾ ɽ ɝ ɚ ʁ ʀ", "j i ja je jo ju jʌ", "w u wa we wi wʌ",
        "i ɪ e ɨ y j", "e ɛ eɪ ɪ æ ə eə", "a ɑ æ ʌ ɐ ɒ aɪ aʊ ə", "ɔ o ɒ ɑ oʊ ɔɪ", "u ʊ o oʊ w ɯ",
        "ə ʌ ɐ ɪ ɨ ɚ ɝ ɜ ɛ i a ɑ oʊ",
    )
)  # fmt: skip
_SPELLINGS = {"ɡ": "ɡg", "g": "ɡg"}


def letter_of(phoneme: str) -> str:
    """The letter of an IPA segment, without stress, length and other marks."""
    bare = unicodedata.normalize("NFC", phoneme.lstrip("ˈˌ"))[:1]
    return bare if bare == "ç" else unicodedata.normalize("NFD", bare)[:1]


@lru_cache(maxsize=1024)
def heard_as(phoneme: str, tokens: Sequence[str]) -> tuple[list[int], list[float]]:
    """Columns of the tokens that an IPA segment may be heard as, with their shares (0..1).

    A letter that no token begins with is heard as any of its kind, vowel or consonant.
    """
    letter = letter_of(phoneme)
    own = {t for t in tokens if t[0] in _SPELLINGS.get(letter, letter)}
    near = set().union(*(group for group in _NEIGHBOURS if letter in group))
    if not own | near:
        near = {t for t in tokens if t[0].isalpha() and is_vowel(t) == is_vowel(letter)}
    shares = {t: 1.0 if t in own else NEIGHBOUR for t in tokens if t in own | near}
    return [i for i, t in enumerate(tokens) if t in shares], list(shares.values())
