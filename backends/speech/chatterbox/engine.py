"""Chatterbox Multilingual: cloned voices in Greek and 18 other languages, timed by ear."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np

from backends.errors import SynthesisError
from backends.speech.chatterbox import worker
from backends.speech.chatterbox.options import (
    LICENCE,
    ChatterboxOptions,
    checkpoint_of,
    interpreter_of,
    written,
)
from backends.speech.chatterbox.process import Worker
from backends.speech.cloning import read_reference
from backends.speech.delivery import Gains, delivered
from backends.speech.engine import SpeechInfo, Voice, VoiceReference, check_request
from backends.speech.reading import with_commas
from backends.types import FloatArray, SpeechChunk, Utterance

MAX_CHARACTERS = 500
"""Some 35 s: the model stops after 40."""
CLONED = "chatterbox:cloned"
OWN = "chatterbox:default"
_CALIBRATION = "One, two, three, four, five, six."


class ChatterboxEngine:
    """Resemble AI's Chatterbox, in a process of its own, behind `backends.speech.engine.SpeechEngine`.

    The same utterance, voice, seed and speed give the same samples on machines with the same processor or GPU, with
    the same versions of the packages.
    """

    Options: ClassVar[type[ChatterboxOptions]] = ChatterboxOptions

    def __init__(self, options: ChatterboxOptions | None = None) -> None:
        """Starts the process and loads the model: a minute and 4 GB.

        Raises:
            EngineUnavailableError: its environment is not here.
            WeightsMissingError: its checkpoint is not here.
            EngineError: the process does not start.
            InputError: a recording of the options cannot be cloned from.
        """
        options = options or ChatterboxOptions()
        self._options = options
        command = [
            interpreter_of(options), "-I", Path(worker.__file__),
            checkpoint_of(options), options.device,
        ]  # fmt: skip
        self._references = {
            name: read_reference(r.audio, str(r.audio)) for name, r in options.references.items()
        }
        self._worker = Worker(
            [str(part) for part in command], options.start_timeout_s, options.timeout_s
        )
        self._sample_rate = int(self._worker.facts["sample_rate"])
        self._gains = Gains()
        self._info = _info(options, self._sample_rate, bool(self._worker.facts["own_voice"]))

    @property
    def info(self) -> SpeechInfo:
        return self._info

    def synthesize(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float = 1.0
    ) -> Iterator[SpeechChunk]:
        """Speaks one utterance as one chunk; see `SpeechEngine.synthesize`."""
        check_request(self._info, utterance, voice, speed)
        named = self._references.get(voice.id.partition(":")[2])
        reference = voice.reference if voice.cloned else named
        said = partial(self._said, with_commas(utterance), utterance.language, reference, seed)
        calibrate = partial(self._said, _CALIBRATION, "en", reference, 0)
        key = reference.key if reference else None
        yield delivered(
            utterance,
            self._sample_rate,
            said,
            lambda: self._gains.of(key, self._sample_rate, calibrate),
            seed,
            speed,
        )

    def _said(
        self, text: str, language: str, reference: VoiceReference | None, seed: int
    ) -> FloatArray:
        options = self._options
        request = {
            "text": written(text),
            "language": language,
            "speaker": reference.key if reference else None,
            "seed": seed % 2**63,
            "manner": {
                "exaggeration": options.exaggeration,
                "cfg_weight": options.cfg_weight,
                "temperature": options.temperature,
            },
        }
        answer, sound = self._worker.ask(request)
        if reference and "unknown" in answer:
            answer, sound = self._worker.ask(request, reference.sound)
        samples = np.frombuffer(sound, "<f4").astype(np.float32)
        if not len(samples) or not np.isfinite(samples).all():
            raise SynthesisError("Chatterbox made no sound of the text")
        return samples


def _info(options: ChatterboxOptions, sample_rate: int, own_voice: bool) -> SpeechInfo:
    """Voices of the options first, then the checkpoint's own, then whoever is given."""

    def voice(
        id_: str, language: str, gender: str = "", style: str = "", cloned: bool = False
    ) -> Voice:
        return Voice(
            id_, id_.partition(":")[2], language, gender, sample_rate, LICENCE,
            style=style, languages=options.languages, cloned=cloned,
        )  # fmt: skip

    first = options.languages[0]
    voices = [
        voice(f"chatterbox:{name}", r.language, r.gender, "cloned")
        for name, r in options.references.items()
    ]
    voices += [voice(OWN, first)] if own_voice else []
    voices.append(voice(CLONED, first, style="whoever the reference audio is of", cloned=True))
    return SpeechInfo(
        name="chatterbox",
        voices=tuple(voices),
        languages=options.languages,
        alignments="estimated",
        deterministic=True,
        emotions=True,
        cloning=True,
        max_characters=MAX_CHARACTERS,
    )
