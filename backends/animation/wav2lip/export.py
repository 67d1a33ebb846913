"""Checkpoints as other files: ONNX graphs, in 8 bits too, and safetensors."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from backends.animation.mel import SAMPLE_RATE
from backends.animation.wav2lip.architecture import Architecture, cuts
from backends.animation.wav2lip.checkpoint import read_checkpoint, write_checkpoint
from backends.animation.wav2lip.folding import fold
from backends.animation.wav2lip.mouths import Finish
from backends.animation.wav2lip.scenes import StillScene
from backends.animation.wav2lip.sound import Sound
from backends.errors import InputError
from backends.types import FloatArray, Speech, SpeechChunk

_BATCH = 5
_FPS = 25
_CALIBRATED_S = 2.0


def export(source: Path, target: Path, *, whole: bool = False, int8: bool = False) -> None:
    """Writes a checkpoint's network as the target's suffix says: .onnx or .safetensors.

    Args:
        whole: also the upper half of faces, which is only drawn where whole crops are pasted.
        int8: convolutions in 8 bits, ranges found on the preset portraits (ONNX only).

    Raises:
        InputError: another suffix, or 8 bits as safetensors.
        WeightsMissingError, EngineUnavailableError, EngineError: as `read_checkpoint`.
    """
    if target.suffix not in (".onnx", ".safetensors") or (int8 and target.suffix != ".onnx"):
        raise InputError(
            f"{target.name}: a network is written as .onnx, in 8 bits too, or as .safetensors"
        )
    network, weights = read_checkpoint(source)
    if target.suffix == ".safetensors":
        write_checkpoint(weights, target)
        return
    from backends.animation.wav2lip.graph import build_graph

    rows = cuts(network, Finish(whole=whole).first_row(network.size))
    graph = build_graph(network, fold(network, weights), rows).SerializeToString()
    if not int8:
        target.write_bytes(graph)
        return
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as folder:
        full = Path(folder) / "full.onnx"
        full.write_bytes(graph)
        _quantise(full, target, network)


def _quantise(full: Path, target: Path, network: Architecture) -> None:
    """Weights in 8 bits by channel, activations by layer; sums and what the mouth's edges come of stay as they are."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType
    from onnxruntime.quantization.quantize import quantize_static

    class Samples(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._left = iter(_samples(network.size))

        def get_next(self) -> dict[str, FloatArray] | None:
            return next(self._left, None)

    root, level = logging.getLogger(), logging.getLogger().level
    root.setLevel(logging.ERROR)  # its advice to prepare the graph has been followed
    try:
        quantize_static(
            full,
            target,
            Samples(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv"],
        )
    finally:
        root.setLevel(level)


def _samples(size: int) -> list[dict[str, Any]]:
    """Faces of the presets with a voice-like sound, as the network takes them."""
    from backends.faces.framing import Framing
    from backends.faces.portrait import load_portrait
    from backends.faces.presets import PRESETS

    found = []
    for seed, name in enumerate(PRESETS):
        still = StillScene.of(load_portrait(f"preset:{name}", Framing(size=480)), size)
        sound = Sound.of(voice(seed, _CALIBRATED_S))
        for start in range(0, int(_CALIBRATED_S * _FPS) - _BATCH, 2 * _BATCH):
            mel = np.stack([sound.window(start + k, _FPS) for k in range(_BATCH)])
            found.append({"mel": mel, "faces": np.repeat(still.seen[None], _BATCH, axis=0)})
    return found


def voice(seed: int, seconds: float) -> Speech:
    """Buzz and hiss in syllables, loud and soft, with silences: the spectra that speech has."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 130 + 40 * np.sin(2 * np.pi * 0.7 * time) + 20 * seed
    buzz = sum(np.sin(2 * np.pi * k * np.cumsum(pitch) / SAMPLE_RATE) / k for k in range(1, 30))
    syllables = np.clip(np.sin(2 * np.pi * 3.5 * time), 0, 1) ** 0.5
    hiss = rng.normal(0, 0.3, len(time)) * np.clip(np.sin(2 * np.pi * 2.1 * time + 2), 0, 1)
    samples = 0.2 * np.linspace(0.2, 1, len(time)) * (buzz * syllables + hiss)
    return Speech((SpeechChunk(samples.astype(np.float32), SAMPLE_RATE, (), (), ()),))
