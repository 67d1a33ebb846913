"""ESPnet: any ESPnet2 text-to-speech model on this machine, timed by its own durations where it has them."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import ClassVar

import numpy as np

from backends.errors import UnsupportedLanguageError
from backends.speech.delivery import Gains, delivered, only_emotion, with_cues, without_cues
from backends.speech.engine import SpeechInfo, Voice, check_request
from backends.speech.espeak import phonemize
from backends.speech.espnet_model import EspnetModel
from backends.speech.espnet_tokens import SPACE, symbols_of, tokens_of
from backends.speech.espnet_voices import EspnetOptions, EspnetVoice, find_voices
from backends.speech.phones import Phone
from backends.speech.reading import Speaker, read, with_commas
from backends.speech.stretching import paced
from backends.speech.timing import Sound, at_once
from backends.speech.torch_models import device_of
from backends.types import FloatArray, SpeechChunk, Utterance

MAX_CHARACTERS = 500
_ESPEAK_VOICES = {"en": "en-us"}
_CALIBRATION = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"
"""Read by models of any language in their own."""
_END = "$"


class EspnetEngine:
    """ESPnet2 models behind `backends.speech.engine.SpeechEngine`.

    The same utterance, voice, seed and speed give the same samples on machines with the same
    processor or GPU, with the same versions of the packages.
    """

    Options: ClassVar[type[EspnetOptions]] = EspnetOptions

    def __init__(self, options: EspnetOptions | None = None) -> None:
        """Loads every model that is named: seconds, and some 150 MB each.

        Raises:
            EngineUnavailableError: ESPnet is not installed.
            WeightsMissingError: there is no model.
            EngineError: one cannot be used.
        """
        options = options or EspnetOptions()
        found = find_voices(options)
        device = device_of(options.device)
        self._speakers: dict[str, tuple[_LoadedVoice, Voice]] = {}
        for name, files in found.items():
            loaded = _LoadedVoice(files, device)
            for voice in files.voices(name, loaded.model.sample_rate):
                self._speakers[voice.id] = (loaded, voice)
        models = [loaded for loaded, _ in self._speakers.values()]
        self._info = SpeechInfo(
            name="espnet",
            voices=tuple(voice for _, voice in self._speakers.values()),
            languages=tuple(dict.fromkeys(files.language for files in found.values())),
            alignments="exact" if all(m.exact for m in models) else "estimated",
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
        if utterance.language != voice.language:
            raise UnsupportedLanguageError(
                f"voice {voice.id!r} speaks {voice.language!r} and not {utterance.language!r}"
            )
        loaded, known = self._speakers[voice.id]
        yield loaded.speak(utterance, known, seed, speed)


class _LoadedVoice:
    def __init__(self, files: EspnetVoice, device: str) -> None:
        self.model = EspnetModel(files, device)
        self.exact = self.model.timed and self.model.alphabet != "characters"
        self._styles = frozenset(files.styles)
        self._espeak_voice = _ESPEAK_VOICES.get(files.language, files.language)
        self._gains = Gains()

    def speak(self, utterance: Utterance, voice: Voice, seed: int, speed: float) -> SpeechChunk:
        emotion = only_emotion(utterance)
        if emotion in self._styles:
            plain = without_cues(utterance)
            return with_cues(
                self._speak(plain, voice.speaker, str(emotion), seed, speed), utterance
            )
        return self._speak(utterance, voice.speaker, "", seed, speed)

    def _speak(
        self, utterance: Utterance, speaker: int | None, style: str, seed: int, speed: float
    ) -> SpeechChunk:
        rate, gain = self.model.sample_rate, partial(self._gain, speaker)
        if not self.exact:
            said = partial(self._said, with_commas(utterance), seed, speaker, style)
            return delivered(utterance, rate, said, gain, seed, speed)
        reader = Speaker(
            sample_rate=rate,
            lines=self._lines,
            symbols=self._symbols,
            run=lambda symbols, speeds: self._run(symbols, speeds, seed, speaker, style),
            gain=gain,
        )
        [chunk] = read(reader, utterance, seed, speed)
        return chunk

    def _lines(self, texts: list[str]) -> list[str]:
        return phonemize(texts, self._espeak_voice)

    def _symbols(self, line: str) -> list[str]:
        return [*symbols_of(line, self.model.alphabet, self.model.tokens), _END]

    def _run(
        self, symbols: list[str], speeds: FloatArray, seed: int, speaker: int | None, style: str
    ) -> tuple[Sound, list[int]]:
        """Symbols as sound at their speeds, and the samples of each.

        Args:
            speeds: (symbols,).
        """
        model = self.model
        groups = [tokens_of(symbol, model.alphabet, model.tokens) for symbol in symbols]
        spoken = model.run([token for group in groups for token in group], seed, speaker, style)
        assert spoken.ends is not None
        behind = np.cumsum([len(group) for group in groups])
        edges = [0, *(spoken.ends[i - 1] if i else 0 for i in behind[:-1]), len(spoken.samples)]
        spans = [Phone(s, a, b) for s, (a, b) in zip(symbols, pairwise(edges), strict=True)]
        samples, spans = paced(spoken.samples, model.sample_rate, spans, speeds.tolist())
        return at_once(samples), [span.end - span.start for span in spans]

    def _said(self, text: str, seed: int, speaker: int | None, style: str) -> FloatArray:
        """A text as sound, for models that are not timed by phonemes."""
        model = self.model
        if model.alphabet == "characters":
            known = model.tokens
            letters = [SPACE if c.isspace() else c for c in text]
            tokens = [
                next((f for f in (c, c.lower(), c.upper()) if f in known), c) for c in letters
            ]
        else:
            [line] = self._lines([text])
            symbols = symbols_of(line, model.alphabet, model.tokens)
            tokens = [t for s in symbols for t in tokens_of(s, model.alphabet, model.tokens)]
        return model.run(tokens, seed, speaker, style).samples

    def _gain(self, speaker: int | None) -> float:
        """The constant that brings this speaker to TARGET_LUFS."""
        letters = sorted(
            token for token in self.model.tokens if token.isalpha() and len(token) == 1
        )
        text = " ".join(letters) if self.model.alphabet == "characters" else _CALIBRATION
        said = partial(self._said, text, 0, speaker, "")
        return self._gains.of(speaker, self.model.sample_rate, said)
