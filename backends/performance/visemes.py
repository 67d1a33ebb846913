"""IPA phonemes to the mouth, by phonetic feature: place, manner, rounding, height, backness.

Any IPA segment works, whatever the language: base letters carry features, diacritics change them,
and a symbol that is not IPA takes the shape of its neighbours. Openings are targets for the blend
with the neighbours (`backends.performance.speech`), chosen so that each class's median opening, width
and lift come out as those of five talkers filmed from the front (588 phones): none for p b m, little
for f v and rounded vowels, two fifths of the talker's 95th percentile with the upper lip raised for
t d n l s z and i, most for stressed open vowels.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

SILENCE = "_"

WIDE_GAP = 0.35
"""Lip gap of the target 1, in eye distances; blended, speech has its 95th percentile at 0.30."""
UPPER_LIFTS, LOWER_DROPS, JAW_DROPS, FUNNEL_OPENS = 0.13, 0.107, 0.325, 0.068
"""Lip gap (eye distances, mean over its middle third) that 1 of mouthUpperUp, mouthLowerDown, jawOpen,
mouthFunnel gives."""
STRESS_OPENS, STRESS_CLAIMS, OPEN_HEIGHT = 1.6, 1.7, 0.72
"""Opening and dominance of stressed open vowels against unstressed ones, and the height from which on a vowel is
open."""


class Dominance(NamedTuple):
    """How strongly a phoneme claims an articulator against its neighbours."""

    opening: float = 1.0
    width: float = 1.0
    tongue: float = 1.0


EVEN = Dominance()


@dataclass(frozen=True, slots=True)
class Viseme:
    """Targets in ARKit coefficients, both sides alike.

    `closure`, `teeth` and `tongue` are as in `Performance.extra`.
    """

    jaw: float = 0.0
    lower: float = 0.0
    """mouthLowerDown"""
    upper: float = 0.0
    """mouthUpperUp"""
    stretch: float = 0.0
    pucker: float = 0.0
    funnel: float = 0.0
    tongue: float = 0.0
    closure: float = 0.0
    teeth: float = 0.0
    dominance: Dominance = EVEN


def _shape(
    opening: float,
    upper: float,
    jaw: float,
    *,
    stretch: float = 0.0,
    pucker: float = 0.0,
    funnel: float = 0.0,
    tongue: float = 0.0,
    dominance: Dominance = EVEN,
) -> Viseme:
    """The lower lip gives what upper lip, jaw and funnel leave; what is left goes to the jaw."""
    left = WIDE_GAP * opening - UPPER_LIFTS * upper - JAW_DROPS * jaw - FUNNEL_OPENS * funnel
    lower = min(max(left / LOWER_DROPS, -0.5), 1.0)
    jaw += max(left - LOWER_DROPS * lower, 0.0) / JAW_DROPS
    return Viseme(jaw, lower, upper, stretch, pucker, funnel, tongue, dominance=dominance)


LIPS = Viseme(jaw=0.10, pucker=0.32, closure=1.0, dominance=Dominance(1.3, 1.2, 0.4))
LIPS_NEAR = _shape(0.08, 0.05, 0.03, pucker=0.1, dominance=Dominance(1.1, 0.5, 0.4))
TEETH = replace(
    _shape(0.10, 0.20, 0.02, stretch=0.12), teeth=1.0, dominance=Dominance(0.95, 0.5, 0.4)
)
DENTAL = _shape(0.14, 0.25, 0.07, stretch=0.20, tongue=1.0, dominance=Dominance(1.1, 0.5, 1.2))
ALVEOLAR = _shape(0.30, 0.37, 0.11, stretch=0.42, tongue=0.85, dominance=Dominance(0.62, 0.45))
SIBILANT = _shape(0.15, 0.36, 0.05, stretch=0.33, tongue=0.4, dominance=Dominance(1.1, 0.7))
HUSHING = _shape(
    0.32, 0.20, 0.08, pucker=0.06, funnel=0.25, tongue=0.3, dominance=Dominance(1.0, 1.2)
)
PALATAL = _shape(0.47, 0.42, 0.08, stretch=0.42, tongue=0.2, dominance=Dominance(0.8, 0.7))
VELAR = _shape(0.38, 0.36, 0.18, stretch=0.14, dominance=Dominance(0.9, 0.25, 0.6))
GLOTTAL = _shape(0.50, 0.38, 0.20, stretch=0.20, dominance=Dominance(0.35, 0.1, 0.3))
RHOTIC = _shape(
    0.08, 0.21, 0.05, pucker=0.26, funnel=0.24, tongue=0.3, dominance=Dominance(0.9, 1.1)
)
LABIAL_VELAR = _shape(-0.40, -0.08, 0.0, pucker=0.95, dominance=Dominance(2.2, 1.4))
"""Targets below zero overshoot: neighbours shall not hold the mouth open."""
PAUSE = _shape(0.42, 0.23, 0.16, stretch=0.14, dominance=Dominance(1.1, 0.8, 0.6))
"""Between phrases the mouth stays open; long rests close it (`backends.performance.speech`)."""
UNKNOWN = replace(GLOTTAL, dominance=Dominance(0.2, 0.1, 0.1))
"""Takes the shape of its neighbours."""

CONSONANTS: Mapping[str, Viseme] = {
    letter: viseme
    for letters, viseme in (
        ("p b m ɓ ʙ ʘ", LIPS),
        ("ɸ β", LIPS_NEAR),
        ("f v ɱ ʋ ⱱ", TEETH),
        ("θ ð", DENTAL),
        ("t d n l r ɾ ɬ ɮ ɫ ɺ ɗ ʈ ɖ ɳ ɭ ɽ ǀ ǃ ǂ ǁ", ALVEOLAR),
        ("s z", SIBILANT),
        ("ʃ ʒ ʂ ʐ ɕ ʑ ɧ", HUSHING),
        ("c ɟ ɲ ʎ ç ʝ j ʄ", PALATAL),
        ("k ɡ g ŋ x ɣ ɰ ɠ q ɢ ɴ χ ʁ ʀ ʛ ʟ", VELAR),
        ("h ɦ ʔ ħ ʕ ʜ ʢ ʡ", GLOTTAL),
        ("ɹ ɻ", RHOTIC),
        ("w ʍ ɥ", LABIAL_VELAR),
    )
    for letter in letters.split()
}


class Vowel(NamedTuple):
    """IPA's vowel chart."""

    height: float
    """0 close .. 1 open"""
    backness: float
    """0 front .. 1 back"""
    rounded: bool


VOWELS: Mapping[str, Vowel] = {
    letter: Vowel(height, backness, rounded)
    for letters, height, backness, rounded in (
        ("i", 0.0, 0.0, False), ("y", 0.0, 0.0, True), ("ɨ", 0.0, 0.5, False),
        ("ʉ", 0.0, 0.5, True), ("ɯ", 0.0, 1.0, False), ("u", 0.0, 1.0, True),
        ("ɪ", 0.15, 0.2, False), ("ᵻ", 0.15, 0.4, False), ("ʏ", 0.15, 0.2, True),
        ("ʊ ᵿ", 0.15, 0.8, True),
        ("e", 0.45, 0.0, False), ("ø", 0.33, 0.0, True), ("ɘ", 0.33, 0.5, False),
        ("ɵ", 0.33, 0.5, True), ("ɤ", 0.33, 1.0, False), ("o", 0.33, 1.0, True),
        ("ə ɚ", 0.4, 0.5, False),
        ("ɛ", 0.7, 0.0, False), ("œ", 0.66, 0.0, True), ("ɜ ɝ", 0.45, 0.5, False),
        ("ɞ", 0.66, 0.5, True), ("ʌ", 0.7, 0.8, False), ("ɔ", 0.66, 1.0, True),
        ("æ", 0.9, 0.0, False), ("ɐ", 0.75, 0.5, False),
        ("a", 1.0, 0.2, False), ("ɶ", 1.0, 0.0, True), ("ɑ", 1.0, 1.0, False),
        ("ɒ", 0.9, 1.0, True),
    )
    for letter in letters.split()
}  # fmt: skip
RHOTACIZED = "ɚɝ˞"
REDUCED = "əɚᵻᵿɨɘɜɝ"
"""Central vowels, less open than their height says."""


def _vowel(letter: str, stressed: bool) -> Viseme:
    v = VOWELS[letter]
    stress = STRESS_OPENS if stressed and v.height > OPEN_HEIGHT else 1.0
    if v.rounded:
        opening = stress * (0.08 + 0.40 * v.height**1.2)
        jaw = stress * (0.02 + 0.26 * v.height**1.3)
        pucker, funnel = 0.12 + 0.42 * (1.0 - v.height), 0.06 + 0.18 * v.height
        return _shape(opening, 0.05 + 0.2 * v.height, jaw, pucker=pucker, funnel=funnel)
    if letter in REDUCED:
        opening, jaw = 0.47, 0.13
    else:
        openness = min(1.0, v.height * 1.4)
        opening = stress * (0.48 + 0.27 * openness)
        jaw = stress * (0.14 + 0.32 * openness)
    lift = 0.46 + 0.14 * v.height * stress
    spread = 0.58 - 0.12 * v.backness - 0.02 * v.height
    claim = Dominance(opening=STRESS_CLAIMS) if stress > 1.0 else EVEN
    return _shape(opening, lift, jaw, stretch=spread, dominance=claim)


def _normalized(phoneme: str) -> str:
    """Letters and marks apart; ç stays one letter."""
    return unicodedata.normalize("NFD", phoneme).replace("ç", "ç")


@lru_cache(maxsize=1024)
def viseme(phoneme: str) -> Viseme:
    """What the mouth does for an IPA segment, with its diacritics, stress and length marks.

    Affricates take the shape of their release, diphthongs that of their first vowel, unknown
    symbols that of their neighbours.
    """
    if phoneme == SILENCE:
        return PAUSE
    text = _normalized(phoneme)
    letters = [c for c in text if c in VOWELS or c in CONSONANTS]
    if not letters:
        return UNKNOWN
    first = next((c for c in letters if c in VOWELS), None)
    if first is not None:
        shape = _vowel(first, "ˈ" in text)
        rounder = any(c in RHOTACIZED for c in text)
        return replace(shape, funnel=0.3, stretch=0.1) if rounder else shape
    shape = CONSONANTS[letters[-1]]
    if any(CONSONANTS[c].closure for c in letters):
        shape = LIPS  # k͡p, ɡ͡b, m͡ŋ
    if "ʷ" in text:
        shape = replace(
            shape,
            pucker=max(shape.pucker, 0.5),
            stretch=0.0,
            dominance=shape.dominance._replace(width=1.2),
        )
    elif "ʲ" in text and not shape.pucker + shape.funnel:
        shape = replace(shape, stretch=max(shape.stretch, 0.5))
    return shape


def is_stressed(phoneme: str) -> bool:
    """Carries the primary stress of its word."""
    return phoneme.startswith("ˈ")
