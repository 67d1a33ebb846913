"""Piper: VITS voices on the CPU, deterministic, timed by the model's own durations.

The English voice "joe" comes inside a package; more voices come from a folder. All of them speak
English and Greek, those of another language with its accent.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from functools import partial
from typing import ClassVar

import numpy as np

from backends.errors import UnsupportedLanguageError
from backends.speech.engine import SpeechInfo, Voice, check_request
from backends.speech.espeak import phonemize
from backends.speech.levels import gain_for
from backends.speech.piper_model import PiperModel
from backends.speech.piper_voices import SPOKEN_BY_ALL, PiperOptions, VoiceFile, find_voice_files
from backends.speech.reading import Speaker, read
from backends.speech.timing import Sound
from backends.types import FloatArray, SpeechChunk, Utterance

MAX_CHARACTERS = 1000

_GAINS: Mapping[str, float] = {"en_US-joe-medium": 2.02}
"""Voices whose gain to TARGET_LUFS is known, measured over ten sentences (by themselves -24.1 to -26.6 LUFS)."""
_CALIBRATION = "1 2 3 4 5 6 7 8 9 10 11 12"
"""Read by voices of any language in their own."""


class PiperEngine:
    """Piper voices behind `backends.speech.engine.SpeechEngine`.

    The same utterance, voice, seed and speed give the same samples bit for bit, on machines whose
    processors have the same vector instructions, with the same versions of the packages.
    """

    Options: ClassVar[type[PiperOptions]] = PiperOptions

    def __init__(self, options: PiperOptions | None = None) -> None:
        """Loads the first voice; others are loaded when they are first asked for.

        Raises:
            WeightsMissingError: there is no voice.
            EngineError: a voice does not load.
        """
        self._options = options or PiperOptions()
        files = find_voice_files(self._options)
        self._files = {voice.id: file for file in files for voice in file.voices}
        self._loaded: OrderedDict[str, _LoadedVoice] = OrderedDict()
        self._lock = threading.Lock()
        self._info = SpeechInfo(
            name="piper",
            voices=tuple(voice for file in files for voice in file.voices),
            languages=tuple(dict.fromkeys([*SPOKEN_BY_ALL, *(file.language for file in files)])),
            alignments="exact",
            deterministic=True,
            emotions=True,
            cloning=False,
            max_characters=MAX_CHARACTERS,
        )
        self._load(files[0])

    @property
    def info(self) -> SpeechInfo:
        return self._info

    def synthesize(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float = 1.0
    ) -> Iterator[SpeechChunk]:
        """Speaks one utterance, a long one in pieces; see `SpeechEngine.synthesize`."""
        check_request(self._info, utterance, voice, speed)
        file = self._files[voice.id]
        espeak_voice = file.espeak_voice(utterance.language)
        if espeak_voice is None:
            raise UnsupportedLanguageError(
                f"voice {voice.id!r} does not speak {utterance.language!r}; "
                f"it speaks {', '.join(dict.fromkeys([file.language, *SPOKEN_BY_ALL]))}"
            )
        yield from self._load(file).speak(utterance, espeak_voice, voice.speaker, seed, speed)

    def _load(self, file: VoiceFile) -> "_LoadedVoice":
        with self._lock:
            loaded = self._loaded.get(file.name) or _LoadedVoice(file, self._options.threads)
            self._loaded[file.name] = loaded
            self._loaded.move_to_end(file.name)
            while len(self._loaded) > self._options.loaded_voices:
                self._loaded.popitem(last=False)
            return loaded


class _LoadedVoice:
    def __init__(self, file: VoiceFile, threads: int) -> None:
        self._file = file
        self._config = file.config
        self._model = PiperModel(file.path, threads)
        clusters = ["".join(cluster) for cluster in self._config.vowel_clusters]
        longest_first = sorted(filter(None, clusters), key=len, reverse=True)
        self._symbol = re.compile("|".join([*map(re.escape, longest_first), "."]), re.DOTALL)
        self._gains: dict[int | None, float] = {}
        self._lock = threading.Lock()

    def speak(
        self, utterance: Utterance, espeak_voice: str, speaker: int | None, seed: int, speed: float
    ) -> Iterator[SpeechChunk]:
        reader = Speaker(
            sample_rate=self._config.audio.sample_rate,
            lines=lambda texts: phonemize(texts, espeak_voice),
            symbols=self._symbols,
            run=lambda symbols, speeds: self._run(symbols, speaker, seed, speeds),
            gain=lambda: self._gain(speaker),
            piecemeal=True,
        )
        return read(reader, utterance, seed, speed)

    def _symbols(self, line: str) -> list[str]:
        """A line of phonemes in the voice's symbols, with the marks of beginning and end."""
        table = self._config.phoneme_id_map
        return ["^", *(s for s in self._symbol.findall(line) if s in table), "$"]

    def _run(
        self, symbols: list[str], speaker: int | None, seed: int, speeds: FloatArray
    ) -> tuple[Sound, list[int]]:
        """Symbols as sound, and the samples of each.

        Args:
            speeds: (symbols,).
        """
        table, inference = self._config.phoneme_id_map, self._config.inference
        pads = [*([table["_"]] * (len(symbols) - 1)), []]
        ids = [table[symbol] + pad for symbol, pad in zip(symbols, pads, strict=True)]
        counts = [len(group) for group in ids]
        plan = self._model.plan(
            [i for group in ids for i in group],
            seed=seed % 2**64,
            scales=(inference.noise_scale, inference.length_scale, inference.noise_w),
            speed=np.repeat(speeds, counts),
            speaker=speaker,
        )
        starts = np.cumsum([0, *counts[:-1]])
        lengths = np.add.reduceat(plan.durations, starts).tolist()
        return partial(self._model.sound, plan), lengths

    def _gain(self, speaker: int | None) -> float:
        """The constant that brings this speaker to TARGET_LUFS."""
        known = _GAINS.get(self._file.name)
        if known is not None:
            return known
        with self._lock:
            if speaker not in self._gains:
                [line] = phonemize([_CALIBRATION], self._config.espeak.voice)
                symbols = self._symbols(line)
                sound, lengths = self._run(symbols, speaker, 0, np.ones(len(symbols), np.float32))
                samples = sound(0, sum(lengths))
                self._gains[speaker] = gain_for(samples, self._config.audio.sample_rate)
            return self._gains[speaker]
