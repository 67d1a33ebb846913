"""What phones a sound holds, and how loud it is: hama's phoneme recogniser on the CPU.

The recogniser (PyPI `hama`, Apache-2.0, weights inside) gives the probability of each phoneme every
20 ms. It was trained with CTC (Graves et al., "Connectionist Temporal Classification", 2006): a
phone shows as a short peak soon after its onset, with "blank" between peaks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.errors import EngineUnavailableError, SynthesisError
from backends.types import FloatArray

HEARING_HZ = 16_000
"""Rate that the recogniser listens at."""
FRAME_S = 0.02
LEVEL_S = 0.01
SILENT_DB = -100.0

_FRAME = round(FRAME_S * HEARING_HZ)
_LEVEL = round(LEVEL_S * HEARING_HZ)
_WINDOW_S, _CONTEXT_S = 20, 1
"""Heard at once, and what is heard besides on either side; the recogniser takes 30 s at most."""
_LOUD, _MOST_GAIN = 0.1, 40.0
"""Root mean square that the loud parts of a window are brought to, and by how much at most."""
_LEAST = -12.0
SPACES = ("<blank>", "<wb>")
"""No phoneme, and the space between two words."""


@dataclass(frozen=True, slots=True)
class Levels:
    """How loud a sound is, every `LEVEL_S`."""

    decibels: FloatArray
    """(n,) against full scale, at least SILENT_DB."""
    duration_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    """Phonemes by probability, every `FRAME_S`."""

    tokens: tuple[str, ...]
    """IPA, one or more letters each, and SPACES."""
    log_probabilities: NDArray[np.float16]
    """(frames, tokens) natural logarithms, at least -12."""
    levels: Levels

    def blank(self) -> FloatArray:
        """(frames,) logarithm of the probability that no phoneme begins here."""
        columns = [self.tokens.index(name) for name in SPACES]
        return self.sum(columns, [1.0, 1.0])

    def sum(self, columns: list[int], weights: list[float]) -> FloatArray:
        """(frames,) logarithm of the weighted sum of these tokens' probabilities, at least -12."""
        chosen = np.exp(self.log_probabilities[:, columns].astype(np.float32))
        total = chosen @ np.array(weights, np.float32) + np.float32(np.exp(_LEAST))
        return np.asarray(np.log(total), np.float32)


def is_installed() -> bool:
    """Whether `listen` has its recogniser here."""
    try:
        _recogniser()
    except EngineUnavailableError:
        return False
    return True


def listen(pieces: Iterable[FloatArray]) -> Heard:
    """Hears a sound of any length, window by window.

    Args:
        pieces: (n,) mono samples at HEARING_HZ, in order.

    Raises:
        EngineUnavailableError: hama is not installed, or not for this kind of machine.
        SynthesisError: the recogniser failed.
    """
    session, tokens = _recogniser()
    rows, levels, count = [], [], 0
    for window, skip, keep in _windows(pieces):
        levels.append(_decibels(window[skip : skip + keep]))
        heard = _run(session, _levelled(window))
        first = skip // _FRAME
        rows.append(heard[first : first + -(-keep // _FRAME)].astype(np.float16))
        count += keep
    if not count:
        raise SynthesisError("there is no sound to listen to")
    loudness = Levels(np.concatenate(levels), count / HEARING_HZ)
    return Heard(tokens, np.concatenate(rows), loudness)


def measure(pieces: Iterable[FloatArray]) -> Levels:
    """How loud a sound is, without hearing what it says.

    Args:
        pieces: As in `listen`.
    """
    windows = [(_decibels(w[skip : skip + keep]), keep) for w, skip, keep in _windows(pieces)]
    levels = [decibels for decibels, _ in windows]
    return Levels(np.concatenate(levels), sum(keep for _, keep in windows) / HEARING_HZ)


@cache
def _recogniser() -> tuple[Any, tuple[str, ...]]:
    """One for the process: it holds weights alone, and may be run from several threads."""
    try:
        from hama.asr import ASRModel

        model = ASRModel()
    except (ImportError, RuntimeError, OSError) as error:
        raise EngineUnavailableError(
            "the phoneme recogniser hama, which recordings are heard with, cannot be used here "
            f'({error}): pip install "prosopon[audio]"'
        ) from error
    return model.session, tuple(model.decoder_tokens)


def _run(session: Any, samples: FloatArray) -> FloatArray:
    """(frames, tokens) log-probabilities of at most 30 s."""
    feeds = {"waveform": samples, "waveform_lengths": np.array([len(samples)], np.int64)}
    try:
        rows, counts = session.run(["log_probs", "out_lengths"], feeds)
    except RuntimeError as error:
        raise SynthesisError(f"the phoneme recogniser failed: {error}") from error
    return np.asarray(np.maximum(rows[0][: int(counts[0])], _LEAST), np.float32)


def _windows(pieces: Iterable[FloatArray]) -> Iterator[tuple[FloatArray, int, int]]:
    """Stretches of sound with context: all samples, how many come before, how many are meant."""
    size, context = _WINDOW_S * HEARING_HZ, _CONTEXT_S * HEARING_HZ
    held = np.zeros(0, np.float32)
    before = 0  # samples at the head of `held` that were given out already
    for piece in pieces:
        held = np.concatenate([held, piece])
        while len(held) >= before + size + context:
            yield held[: before + size + context], before, size
            held, before = held[before + size - context :], context
    while len(held) > before:
        keep = min(size, len(held) - before)
        yield held[: before + keep + context], before, keep
        held, before = held[max(before + keep - context, 0) :], min(before + keep, context)


def _levelled(window: FloatArray) -> FloatArray:
    """As loud as the speech that the recogniser knows."""
    loud = 10 ** (float(np.percentile(_decibels(window), 95)) / 20)
    return window * np.float32(min(_LOUD / max(loud, 1e-9), _MOST_GAIN))


def _decibels(samples: FloatArray) -> FloatArray:
    """(ceil(n / 160),) root mean square of 10 ms each."""
    padded = np.pad(samples, (0, -len(samples) % _LEVEL), mode="edge" if len(samples) else "empty")
    power = np.mean(padded.reshape(-1, _LEVEL).astype(np.float64) ** 2, axis=1)
    return np.asarray(10 * np.log10(power + 10 ** (SILENT_DB / 10)), np.float32)
