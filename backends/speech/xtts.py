"""XTTS v2: cloned voices in 17 languages, timed by ear."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from backends.speech.cloning import read_reference
from backends.speech.delivery import Gains, delivered, only_emotion, with_cues, without_cues
from backends.speech.engine import SpeechInfo, Voice, VoiceReference, check_request
from backends.speech.joining import joined
from backends.speech.reading import with_commas
from backends.speech.torch_models import device_of
from backends.speech.xtts_model import Speaker, XttsModel
from backends.speech.xtts_voices import LICENCE, XttsOptions, checkpoint_of, weights_in
from backends.types import FloatArray, SpeechChunk, Utterance

MAX_CHARACTERS = 1000
CLONED = "xtts:cloned"
_CALIBRATION = "One, two, three, four, five, six."


class XttsEngine:
    """Coqui's XTTS behind `backends.speech.engine.SpeechEngine`.

    The same utterance, voice, seed and speed give the same samples on machines with the same
    processor or GPU, with the same versions of the packages.
    """

    Options: ClassVar[type[XttsOptions]] = XttsOptions

    def __init__(self, options: XttsOptions | None = None) -> None:
        """Loads the model: half a minute and 2 GB.

        Raises:
            EngineUnavailableError: coqui-tts is not installed.
            WeightsMissingError: the checkpoint is not here.
            LicenceError: its licence is not accepted.
            EngineError: it cannot be used.
            InputError: a recording of the options cannot be cloned from.
        """
        options = options or XttsOptions()
        folder = checkpoint_of(options)
        device = device_of(options.device)
        half = device != "cpu" if options.half is None else options.half
        self._model = XttsModel(folder, device, half, options.temperature)
        self._known = self._model.speakers(folder)
        self._references = {
            name: read_reference(r.audio, str(r.audio)) for name, r in options.references.items()
        }
        self._styles = {
            (name, emotion): read_reference(path, str(path))
            for name, reference in options.references.items()
            for emotion, path in reference.emotions.items()
        }
        self._kept = options.kept_speakers
        self._learnt: OrderedDict[str, Speaker] = OrderedDict()
        self._learning = threading.Lock()
        self._gains = Gains()
        self._info = _info(
            self._model, options, list(self._known), weights_in(folder).stat().st_size
        )

    @property
    def info(self) -> SpeechInfo:
        return self._info

    def synthesize(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float = 1.0
    ) -> Iterator[SpeechChunk]:
        """Speaks one utterance as one chunk; see `SpeechEngine.synthesize`.

        Raises:
            InputError: the voice is `CLONED` and has no reference.
        """
        check_request(self._info, utterance, voice, speed)
        name = voice.id.partition(":")[2]
        emotion = only_emotion(utterance)
        if emotion is not None and (style := self._styles.get((name, emotion))):
            plain = without_cues(utterance)
            yield with_cues(
                self._speak(plain, style.key, self._clone(style), seed, speed), utterance
            )
            return
        reference = voice.reference if voice.cloned else self._references.get(name)
        if reference is not None:
            yield self._speak(utterance, reference.key, self._clone(reference), seed, speed)
        else:
            yield self._speak(utterance, name, self._known[name], seed, speed)

    def _speak(
        self, utterance: Utterance, key: str, speaker: Speaker, seed: int, speed: float
    ) -> SpeechChunk:
        text, language = with_commas(utterance), utterance.language
        return delivered(
            utterance,
            self._model.sample_rate,
            partial(self._said, text, language, speaker, seed),
            lambda: self._gains.of(
                key,
                self._model.sample_rate,
                partial(self._said, _CALIBRATION, "en", speaker, 0),
            ),
            seed,
            speed,
        )

    def _said(self, text: str, language: str, speaker: Speaker, seed: int) -> FloatArray:
        pieces = self._model.pieces(text, language)
        sounds = [
            self._model.run(piece, language, speaker, seed + i) for i, piece in enumerate(pieces)
        ]
        return joined(sounds, self._model.sample_rate)

    def _clone(self, reference: VoiceReference) -> Speaker:
        """The speaker of a reference, learnt once for as long as it is kept."""
        with self._learning:
            if reference.key not in self._learnt:
                self._learnt[reference.key] = self._model.speaker(reference)
                if len(self._learnt) > self._kept:
                    self._learnt.popitem(last=False)
            self._learnt.move_to_end(reference.key)
            return self._learnt[reference.key]


def _info(model: XttsModel, options: XttsOptions, speakers: list[str], size: int) -> SpeechInfo:
    """Voices of the options first, then the checkpoint's own, then whoever is given."""

    def voice(
        name: str, language: str = "en", gender: str = "", style: str = "", cloned: bool = False
    ) -> Voice:
        return Voice(
            f"xtts:{name}", name, language, gender, model.sample_rate, LICENCE,
            style=style, size_bytes=size, languages=model.languages, cloned=cloned,
        )  # fmt: skip

    voices = [voice(name, r.language, r.gender, "cloned") for name, r in options.references.items()]
    voices += [voice(name) for name in speakers if name not in options.references]
    voices.append(
        voice(CLONED.partition(":")[2], style="whoever the reference audio is of", cloned=True)
    )
    return SpeechInfo(
        name="xtts",
        voices=tuple(voices),
        languages=model.languages,
        alignments="estimated",
        deterministic=True,
        emotions=True,
        cloning=True,
        max_characters=MAX_CHARACTERS,
    )
