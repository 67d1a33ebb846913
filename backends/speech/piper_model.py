"""A Piper voice as a function of phoneme ids and a seed, with its durations; its sound is made piece by piece."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from backends.errors import EngineError, SynthesisError
from backends.speech.pacing import PACED
from backends.speech.piper_graph import SPEAKER, Part, patch
from backends.types import FloatArray

_NOISE = 2**20
"""Numbers of noise that are kept: those of 680 phoneme ids, some 15 s, after which they come again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the model is going to say."""

    latent: FloatArray
    """(1, CHANNELS, frames)."""
    durations: NDArray[np.int64]
    """(ids,) samples of each id."""
    speaker: int | None

    @property
    def count(self) -> int:
        """Samples of all."""
        return int(self.durations.sum())


class PiperModel:
    """ONNX Runtime sessions over a patched voice; safe to call from several threads."""

    def __init__(self, path: Path, threads: int) -> None:
        """
        Args:
            threads: Threads within one synthesis. Fixed, never the machine's core count: sums are
                split by it.

        Raises:
            EngineError: the file is no Piper voice.
        """
        graph = patch(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Planning which tensors share memory takes three quarters of the load and saves none here,
        # where every sentence has another length.
        options.enable_mem_reuse = False
        options.enable_mem_pattern = False
        try:
            self._text, self._flow, self._decoder = (
                onnxruntime.InferenceSession(part, options, providers=["CPUExecutionProvider"])
                for part in (graph.text, graph.flow.data, graph.decoder.data)
            )
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise EngineError(f"{path.name} does not load: {error}") from error
        self._graph = graph

    def run(
        self,
        ids: list[int],
        *,
        seed: int,
        scales: tuple[float, float, float],
        speed: float | FloatArray = 1.0,
        speaker: int | None = None,
    ) -> tuple[FloatArray, NDArray[np.int64]]:
        """Speaks: `plan`, and all of its sound.

        Returns:
            (n,) float32 as the model makes it, and (len(ids),) the samples of each id; they sum to n.

        Raises:
            SynthesisError: the model failed.
        """
        plan = self.plan(ids, seed=seed, scales=scales, speed=speed, speaker=speaker)
        return self.sound(plan, 0, plan.count), plan.durations

    def plan(
        self,
        ids: list[int],
        *,
        seed: int,
        scales: tuple[float, float, float],
        speed: float | FloatArray = 1.0,
        speaker: int | None = None,
    ) -> Plan:
        """Reads the text.

        Args:
            ids: Phoneme ids, with the marks of beginning and end.
            seed: Of both noises, 0..2**64-1.
            scales: Of the voice's noise, of the length, of the durations' noise, as its config has
                them.
            speed: 1.2 is a fifth faster; one for all, or (len(ids),) one for each.

        Raises:
            SynthesisError: the model failed.
        """
        feeds: dict[str, NDArray[Any]] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
            "speed": np.full(len(ids), speed, np.float32),
            **_noises(self._graph.noises, seed),
        }
        latent, durations = _run(self._text, [self._graph.latent, PACED], feeds, speaker)
        frames = np.asarray(durations, np.float32).reshape(-1).astype(np.int64)
        if latent.shape[2] != frames.sum():
            raise _unusable()
        return Plan(latent, frames * self._graph.samples_per_frame, speaker)

    def sound(self, plan: Plan, start: int, end: int) -> FloatArray:
        """(end - start,) samples of a plan, the same whatever stretch they are made with.

        Raises:
            SynthesisError: the model failed.
        """
        graph, total = self._graph, plan.latent.shape[2]
        step = graph.samples_per_frame
        frames = range(start // step, -(-end // step))
        read = _about(frames, graph.decoder.reach, total)
        drawn = _about(read, graph.flow.reach, total)
        [flowed] = _made(self._flow, graph.flow, plan.latent[:, :, drawn.start : drawn.stop], plan)
        decoded = flowed[:, :, read.start - drawn.start : read.stop - drawn.start]
        [audio] = _made(self._decoder, graph.decoder, decoded, plan)
        samples = np.asarray(audio, np.float32).reshape(-1)
        if len(samples) != len(read) * step or not math.isfinite(samples @ samples):
            raise _unusable()
        return samples[start - read.start * step : end - read.start * step]


@cache
def _noise() -> FloatArray:
    """(2 * _NOISE,) standard normals, the second half as the first; to draw some anew would be a third of what a
    sentence costs beside its inference."""
    once = np.random.default_rng(0).standard_normal(_NOISE, np.float32)
    return np.concatenate([once, once])


def _noises(names: Sequence[str], seed: int) -> dict[str, NDArray[Any]]:
    """(_NOISE,) each, what the graph's random nodes would have drawn: all of the noise, from where the seed says."""
    starts = np.random.default_rng(seed).integers(_NOISE, size=len(names))
    return {
        name: _noise()[start : start + _NOISE] for name, start in zip(names, starts, strict=True)
    }


def _about(frames: range, reach: int, total: int) -> range:
    return range(max(frames.start - reach, 0), min(frames.stop + reach, total))


def _made(session: Any, part: Part, before: FloatArray, plan: Plan) -> Any:
    """What a part of the graph makes of frames of the part before it."""
    framed = (before, np.ones((1, 1, before.shape[2]), np.float32))
    feeds: dict[str, NDArray[Any]] = dict(zip(part.given, framed, strict=False))
    return _run(session, [part.made], feeds, plan.speaker)


def _run(
    session: Any, outputs: list[str], feeds: dict[str, NDArray[Any]], speaker: int | None
) -> Any:
    if any(value.name == SPEAKER for value in session.get_inputs()):
        feeds[SPEAKER] = np.array([speaker or 0], np.int64)
    try:
        return session.run(outputs, feeds)
    except Exception as error:  # onnxruntime's exceptions have no common base
        raise SynthesisError(f"the voice's model failed: {error}") from error


def _unusable() -> SynthesisError:
    return SynthesisError("the voice's model made no usable sound; try another seed or speed")
