"""Tone: hums a text letter by letter, without weights and in milliseconds.

For tests of everything behind the voice and for trying a graph where no voice is installed. Vowels
are harmonic tones, fricatives bursts of noise, stops silences; the timings are exact, since they
are given and not measured.
"""

import unicodedata
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from backends.speech.engine import Licence, SpeechInfo, Voice, check_request
from backends.speech.espeak import PUNCTUATION
from backends.speech.phones import SILENCE, Phone, is_vowel
from backends.speech.timing import silent_chunk, to_chunk
from backends.speech.words import words_of
from backends.types import FloatArray, SpeechChunk, Utterance

_RATE = 22_050
_MAX_CHARACTERS = 1000
_EDGE_S, _VOWEL_S, _CONSONANT_S, _PAUSE_S, _UNSPOKEN_S, _FADE_S = 0.03, 0.11, 0.07, 0.2, 0.3, 0.005
_AMPLITUDE = 0.2
_PITCH_HZ = 120.0
_HARMONICS = 24
_BANDWIDTH_HZ = 200.0

_ENGLISH = "æ b k d ɛ f ɡ h ɪ dʒ k l m n ɑ p k ɹ s t ʌ v w ks j z"
_GREEK = "a v ɣ ð e z i θ i k l m n ks o p r s s t i f x ps o"
_PHONEMES = {
    "en": dict(zip("abcdefghijklmnopqrstuvwxyz", _ENGLISH.split(), strict=True)),
    "el": dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", _GREEK.split(), strict=True)),
}
_FORMANTS_HZ = {  # the first two, of a male voice, rounded
    "a": (730, 1100), "æ": (660, 1700), "ɛ": (530, 1850), "e": (450, 2000), "ɪ": (400, 2000), "i": (280, 2250),
    "ɑ": (730, 1090), "o": (450, 850), "ʌ": (640, 1200), "ə": (500, 1500),
}  # fmt: skip
_VOICED = {
    "m": (250, 1000), "n": (250, 1400), "l": (350, 1100), "ɹ": (350, 1300), "r": (400, 1300), "w": (300, 650),
    "j": (280, 2200), "v": (250, 1100), "ð": (250, 1300), "ɣ": (300, 1200), "z": (250, 1700), "ʒ": (250, 1800),
}  # fmt: skip
_NOISY = frozenset("fθsxhʃ")
_LICENCE = Licence(code="Apache-2.0", weights="none", commercial_use=True)


class ToneOptions(BaseModel):
    """Nothing to set."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ToneEngine:
    """A humming voice behind `backends.speech.engine.SpeechEngine`."""

    Options: ClassVar[type[ToneOptions]] = ToneOptions

    def __init__(self, options: ToneOptions | None = None) -> None:
        names = {"en": "English", "el": "Greek"}
        self._info = SpeechInfo(
            name="tone",
            voices=tuple(
                Voice(f"tone:{language}", f"Tone, {name}", language, "", _RATE, _LICENCE)
                for language, name in names.items()
            ),
            languages=tuple(names),
            alignments="exact",
            deterministic=True,
            emotions=False,
            cloning=False,
            max_characters=_MAX_CHARACTERS,
        )

    @property
    def info(self) -> SpeechInfo:
        return self._info

    def synthesize(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float = 1.0
    ) -> Iterator[SpeechChunk]:
        """Hums one utterance as one chunk; see `SpeechEngine.synthesize`."""
        check_request(self._info, utterance, voice, speed)
        yield _speak(utterance, seed % 2**64, speed)


def _speak(utterance: Utterance, seed: int, speed: float) -> SpeechChunk:
    words = [word for word in words_of(utterance.text) if word.text[0].isalnum()]
    if not words:
        return silent_chunk(utterance, _RATE, _UNSPOKEN_S)
    table = _PHONEMES[utterance.language]
    phones: list[Phone] = []

    def add(phoneme: str, seconds: float, word: int) -> None:
        start = phones[-1].end if phones else 0
        phones.append(Phone(phoneme, start, start + round(seconds * _RATE), word))

    add(SILENCE, _EDGE_S, -1)
    for i, word in enumerate(words):
        if i and PUNCTUATION.intersection(utterance.text[words[i - 1].end : word.start]):
            add(SILENCE, _PAUSE_S / speed, -1)
        for phoneme in "".join(table.get(letter, "ə") for letter in _letters(word.text)):
            add(phoneme, (_VOWEL_S if is_vowel(phoneme) else _CONSONANT_S) / speed, i)
    add(SILENCE, _EDGE_S, -1)
    noise = np.random.default_rng(seed)
    samples = np.concatenate([_sound(p.phoneme, p.start, p.end - p.start, noise) for p in phones])
    return to_chunk(utterance, samples, _RATE, phones, words)


def _letters(word: str) -> str:
    """Lower case, without accents; digits stay, signs go."""
    plain = unicodedata.normalize("NFD", word.lower())
    return "".join(char for char in plain if char.isalnum())


def _sound(phoneme: str, start: int, count: int, noise: np.random.Generator) -> FloatArray:
    """Tone, noise or nothing, faded at both ends."""
    if phoneme in _NOISY:
        sound = noise.standard_normal(count, np.float32) * np.float32(_AMPLITUDE / 6)
    elif formants := _FORMANTS_HZ.get(phoneme) or _VOICED.get(phoneme):
        loudness = _AMPLITUDE if is_vowel(phoneme) else _AMPLITUDE / 3
        sound = (_tone(formants, start, count) * loudness).astype(np.float32)
    else:
        return np.zeros(count, np.float32)
    length = min(round(_FADE_S * _RATE), count // 2)
    ramp = np.linspace(0.0, 1.0, length, endpoint=False, dtype=np.float32)
    sound[:length] *= ramp
    sound[count - length :] *= ramp[::-1]
    return sound


def _tone(formants: tuple[int, int], start: int, count: int) -> FloatArray:
    """Harmonics of the pitch, strongest at the formants; at most 1."""
    hertz = _PITCH_HZ * np.arange(1, _HARMONICS + 1)
    weights = sum(np.exp(-(((hertz - formant) / _BANDWIDTH_HZ) ** 2)) for formant in formants)
    times = np.arange(start, start + count) / _RATE
    waves = np.sin(2 * np.pi * hertz[:, None] * times)
    return np.asarray((weights / np.sum(weights)) @ waves, np.float32)
