"""Portraits, small weights, and performances by name."""

from pathlib import Path

import numpy as np
import pytest

from backends.animation.wav2lip.checkpoint import write_checkpoint
from backends.animation.wav2lip.engine import Wav2LipEngine, Wav2LipOptions
from backends.animation.wav2lip.runners import Runner
from backends.faces.framing import Framing
from backends.faces.portrait import load_portrait
from backends.types import FloatArray, ImageArray, Portrait, Speech, SpeechChunk
from tests.contract.wav2lip_weights import random_weights


def speech(seconds: float, loud: bool = True) -> Speech:
    rng = np.random.default_rng(0)
    samples = 0.2 * loud * rng.standard_normal(int(seconds * 16_000))
    return Speech((SpeechChunk(samples.astype(np.float32), 16_000, (), (), ()),))


def frames_of(
    engine: Wav2LipEngine, avatar: object, plan: object, frames: range
) -> list[ImageArray]:
    batches = engine.animate(avatar, plan, frames)  # type: ignore[arg-type]
    return [frame.copy() for batch in batches for frame in batch.frames]


def drawn(runner: Runner, mel: FloatArray, faces: FloatArray) -> FloatArray:
    return runner.draw(mel, runner.see(faces))


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "wav2lip.safetensors"
    write_checkpoint(random_weights(), path)
    return path


@pytest.fixture(scope="session")
def plain(weights: Path) -> Wav2LipEngine:
    """Only the mouth moves."""
    return Wav2LipEngine(
        Wav2LipOptions(
            weights=weights, expressive=False, provider="onnxruntime", device="cpu", threads=1
        )
    )


@pytest.fixture(scope="session")
def expressive(weights: Path) -> Wav2LipEngine:
    return Wav2LipEngine(
        Wav2LipOptions(weights=weights, provider="onnxruntime", device="cpu", threads=1)
    )


@pytest.fixture(scope="session")
def hopper() -> Portrait:
    return load_portrait("preset:hopper", Framing(size=400))


@pytest.fixture(scope="session")
def astronaut() -> Portrait:
    return load_portrait("preset:astronaut", Framing(size=400))
