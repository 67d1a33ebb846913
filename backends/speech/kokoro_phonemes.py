"""Text in the phonemes that Kokoro has learnt, language by language.

Its alphabet writes some pairs of letters as one symbol. Here a line of phonemes stays IPA, and a pair
counts as one symbol; `ids_of` tells which number stands for it.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from backends.speech.espeak import phonemize

VOICES: Mapping[str, str] = MappingProxyType({"en": "en-us", "el": "el", "es": "es", "it": "it"})
"""espeak-ng's voice for each language that is spoken."""

_LETTERS = (
    ';1 :2 ,3 .4 !5 ?6 —9 …10 "11 (12 )13 “14 ”15 ᵊ42 a43 b44 c45 d46 e47 f48 h50 i51 j52 k53 l54 m55 '
    "n56 o57 p58 q59 r60 s61 t62 u63 v64 w65 x66 y67 z68 ɑ69 ɐ70 ɒ71 æ72 β75 ɔ76 ɕ77 ç78 ð81 ə83 "
    "ɛ86 ɜ87 ɟ90 ɡ92 ɪ102 ʝ103 ŋ112 ɲ114 θ119 ɹ123 ɾ125 ʃ131 ʊ135 ʌ138 ɣ139 ʎ143 ʒ147 ʔ148 ˈ156 ˌ157 "
    "ː158 ʲ164 ᵻ177 aɪ25 aʊ39 dz18 dʒ82 eɪ24 oʊ31 ts20 tʃ133 ɔɪ41 əʊ33"
)
"""Kokoro's vocabulary as far as these languages use it."""
_IDS: Mapping[str, int] = MappingProxyType(
    {
        " ": 16,
        **{s: int(n) for s, n in re.findall(r"(\D+?)(\d+)(?: |$)", _LETTERS)},
    }
)
_ENGLISH_IDS: Mapping[str, int] = MappingProxyType({**_IDS, "ɾ": 36})
"""The tap of American English is another than that of Spanish."""

_Rules = Sequence[tuple[re.Pattern[str], str]]


def _rules(*pairs: tuple[str, str]) -> _Rules:
    return tuple((re.compile(pattern), replacement) for pattern, replacement in pairs)


_ENGLISH = _rules(
    ("ʔ?n\u0329", "ən"),
    ("l\u0329|əl(?=[ ,.;:!?])", "ᵊl"),
    ("ɜː(?!ɹ)", "ɜɹ"),
    ("ɚ", "əɹ"),
    ("ɐ", "ə"),
    ("ɪə", "iə"),
    ("ʔ", "t"),
    ("r", "ɹ"),
    ("[xç]", "k"),
    ("[ː\u0303ʲ]", ""),
)
_ROMANCE = _rules(("[\u0303]", ""))
_GREEK = _rules(
    # Careful speech too: between vowels a bare stop would soften to that of "padre". πέντε, λάμπα.
    ("(?<=[aeiou])(?=dˈ?[aeiour])", "n"),
    ("(?<=[aeiou])(?=bˈ?[aeiour])", "m"),
    # A hiatus has no glide, and the vowel of a diphthong is as full as any: βιβλίο, τσάι.
    ("iʲ", "i"),
    ("ɪ", "i"),
    ("(?<=xr)ç", "ʝ"),
    # The one stress of a Greek word is written; espeak-ng adds more.
    ("ˌ", ""),
    # What Kokoro has not learnt, by what is nearest of what it has.
    ("c", "k"),
    ("ɟ", "ɡ"),
    ("ʝ", "j"),
    ("ç", "x"),
    ("r", "ɾ"),
)
_SPELLING: Mapping[str, _Rules] = MappingProxyType(
    {"en": _ENGLISH, "el": _GREEK, "es": _ROMANCE, "it": _ROMANCE}
)
_SANDHI = re.compile(r"(?<=[νΝ]) (?=[πτκξψΠΤΚΞΨ])")
_WORD_JOINER = "\u2060"


def lines(texts: Sequence[str], language: str) -> list[str]:
    """Texts of one of the languages as phonemes in IPA; errors as `backends.speech.espeak.phonemize`."""
    if language == "el":  # careful speech: the stop of "την πόλη" is not voiced
        texts = [_SANDHI.sub(" " + _WORD_JOINER, text) for text in texts]
    spelled = phonemize(texts, VOICES[language])
    return [_spelled(unicodedata.normalize("NFC", line), language) for line in spelled]


def _spelled(line: str, language: str) -> str:
    for pattern, replacement in _SPELLING[language]:
        line = pattern.sub(replacement, line)
    return line


def ids_of(language: str) -> Mapping[str, int]:
    """Kokoro's number for each symbol: a letter, a pair of letters, a mark."""
    return _ENGLISH_IDS if language == "en" else _IDS


_SYMBOL = re.compile("|".join([*(s for s in _IDS if len(s) > 1), "."]), re.DOTALL)


def symbols_of(line: str, language: str) -> list[str]:
    """A line of phonemes in symbols that Kokoro knows."""
    ids = ids_of(language)
    return [symbol for symbol in _SYMBOL.findall(line) if symbol in ids]
