"""Kokoro: one small network with many voices on the CPU, timed by its own durations.

It speaks English, Spanish and Italian, and Greek by their phonemes with mixed voices.
"""

import threading
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from backends.speech.engine import SpeechInfo, Voice, check_request
from backends.speech.kokoro_model import SAMPLE_RATE, KokoroModel, check_packages, pieces
from backends.speech.kokoro_phonemes import VOICES, ids_of, lines, symbols_of
from backends.speech.kokoro_voices import styles, voices
from backends.speech.reading import Speaker, read
from backends.speech.timing import Sound, at_once
from backends.types import FloatArray, SpeechChunk, Utterance

MAX_CHARACTERS = 1000
_PAD = "$"
"""Stands for the silence before and after."""
_MARKS = "ˈˌːʲ"
"""Letters by their kind that are no phones of their own: these may vanish in quick speech."""
_BREAKS = (".!?;:…", ",", " ")
_EARLY = 720
"""Samples by which phones are heard before the model's own durations have them: 30 ms by a forced aligner, in English
and in Greek (`benchmarks.alignment`)."""


class KokoroOptions(BaseModel):
    """How the Kokoro engine is set up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threads: int = Field(default=2, ge=1, le=16)
    """Threads within one synthesis."""


class KokoroEngine:
    """Kokoro's voices behind `backends.speech.engine.SpeechEngine`.

    The same utterance, voice and speed give the same samples bit for bit, on machines whose
    processors have the same vector instructions, with the same versions of the packages. The seed is
    that of a breathy voice's noise.
    """

    Options: ClassVar[type[KokoroOptions]] = KokoroOptions

    def __init__(self, options: KokoroOptions | None = None) -> None:
        """The model is loaded when a sentence is first spoken: 3 s, 250 MB.

        Raises:
            EngineUnavailableError: its packages are not installed.
        """
        check_packages()
        self._options = options or KokoroOptions()
        self._model: KokoroModel | None = None
        self._lock = threading.Lock()
        self._info = SpeechInfo(
            name="kokoro",
            voices=voices(),
            languages=tuple(VOICES),
            alignments="exact",
            deterministic=True,
            emotions=True,
            cloning=False,
            max_characters=MAX_CHARACTERS,
        )

    @property
    def info(self) -> SpeechInfo:
        return self._info

    def synthesize(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float = 1.0
    ) -> Iterator[SpeechChunk]:
        """Speaks one utterance as one chunk; see `SpeechEngine.synthesize`."""
        check_request(self._info, utterance, voice, speed)
        yield from self._read(utterance, voice.id.partition(":")[2], seed, speed)

    def _read(
        self, utterance: Utterance, voice: str, seed: int, speed: float
    ) -> Iterator[SpeechChunk]:
        language = utterance.language
        speaker = Speaker(
            sample_rate=SAMPLE_RATE,
            lines=lambda texts: lines(texts, language),
            symbols=lambda line: [_PAD, *symbols_of(line, language), _PAD],
            run=lambda symbols, speeds: self._run(symbols, voice, language, speeds),
            gain=lambda: styles(voice).gain,
        )
        return read(speaker, utterance, seed, speed)

    def _run(
        self, symbols: list[str], voice: str, language: str, speeds: FloatArray
    ) -> tuple[Sound, list[int]]:
        """Symbols as sound, and the samples of each; a long line in pieces, one after another.

        Args:
            symbols: With the pads.
            speeds: (symbols,).
        """
        model, ids = self._loaded(), ids_of(language)
        sounds: list[FloatArray] = []
        lengths = [0]
        at = 1
        for piece in pieces(symbols[1:-1], _BREAKS):
            paces = speeds[np.clip(np.arange(at - 1, at + len(piece) + 1), 0, len(speeds) - 1)]
            style = styles(voice).of(len(piece))
            least = [int(symbol[0].isalpha() and symbol not in _MARKS) for symbol in piece]
            samples, counts = model.run([ids[s] for s in piece], style, paces, least)
            sounds.append(samples)
            before, *own, after = counts.tolist()
            # The silence between two pieces belongs to the mark that parts them.
            lengths[-1] += before
            lengths += own
            at += len(piece)
            if at < len(symbols) - 1:
                lengths[-1] += after
            else:
                lengths.append(after)
        return at_once(np.concatenate(sounds)), _sooner(lengths)

    def _loaded(self) -> KokoroModel:
        with self._lock:
            if self._model is None:
                self._model = KokoroModel(self._options.threads)
            return self._model


def _sooner(lengths: list[int]) -> list[int]:
    """The same with less silence before the phones, and as much more after them."""
    silence, *inner, rest = lengths
    moved = min(max(silence - 1, 0), _EARLY)
    return [silence - moved, *inner, rest + moved]
