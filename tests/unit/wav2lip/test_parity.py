"""The same numbers as the authors' code, where a checkout of it is given by REFERENCE_WAV2LIP."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import scipy.io.wavfile

from backends.animation.mel import mel
from backends.animation.wav2lip.architecture import Size, architecture
from backends.animation.wav2lip.crops import Region, face_input
from backends.animation.wav2lip.engine import Wav2LipAvatar, Wav2LipEngine, Wav2LipOptions
from backends.animation.wav2lip.scenes import StillScene
from backends.types import FloatArray, Performance, Speech, SpeechChunk
from tests.contract.wav2lip_weights import random_weights
from tests.unit.wav2lip.reference import CHECKOUT, CHECKOUT_256, larger, reference

pytestmark = [
    pytest.mark.full,
    pytest.mark.parity,
    pytest.mark.skipif(not CHECKOUT, reason="REFERENCE_WAV2LIP names no checkout to compare with"),
    pytest.mark.filterwarnings("ignore"),
]


def voice(seconds: float) -> FloatArray:
    rng = np.random.default_rng(0)
    time = np.arange(int(seconds * 16_000)) / 16_000
    tone = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 20))
    loud = np.clip(np.sin(2 * np.pi * 3 * time), 0, 1)
    return (0.2 * loud * tone + 0.01 * rng.standard_normal(len(time))).astype(np.float32)


def inputs(size: Size, count: int = 2) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(1)
    faces = rng.uniform(0, 1, (count, 6, size, size)).astype(np.float32)
    return rng.uniform(-4, 4, (count, 1, 80, 16)).astype(np.float32), faces


@pytest.mark.parametrize("size", [96, 256])
def test_the_networks_draw_the_same(size: Size) -> None:
    torch = pytest.importorskip("torch")
    from backends.animation.wav2lip.networks import Generator

    if size == 256 and not CHECKOUT_256:
        pytest.skip("REFERENCE_WAV2LIP_256 names no checkout of LiveTalking")
    torch.manual_seed(0)
    ours = Generator(architecture(size)).eval()
    ours.load_state_dict({n: torch.from_numpy(v) for n, v in random_weights(size, 16).items()})
    with reference() as load:
        theirs = (load("models") if size == 96 else (load("models"), larger())[1]).Wav2Lip().eval()
        assert list(theirs.state_dict()) == list(ours.state_dict())
        theirs.load_state_dict(ours.state_dict(), strict=True)
        sound, faces = map(torch.from_numpy, inputs(size))
        with torch.inference_mode():
            expected, drawn = theirs(sound, faces), ours(sound, faces)
            ours.load_state_dict(theirs.state_dict(), strict=True)
            again = ours(sound, faces)
    assert float(expected.std()) > 0.05
    assert float((drawn - expected).abs().max()) <= 1e-5
    assert float((again - expected).abs().max()) <= 1e-5


def test_the_spectrogram_is_the_same() -> None:
    samples = voice(2.0)
    with reference() as load:
        expected = load("audio").melspectrogram(samples)
    found = mel(samples, 16_000)
    assert found.shape == expected.T.shape
    assert np.abs(found - expected.T).max() <= 1e-5


def test_faces_are_masked_the_same() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    named = ["--checkpoint_path", "", "--face", "a.png", "--audio", ""]
    with reference(*named, "--box", "40", "240", "100", "300") as load:
        script = load("inference")
        frames, windows = [picture[..., ::-1].copy()], [np.zeros((80, 16))]
        batch = next(script.datagen(frames, windows))[0]
    blue_first = batch[0].transpose(2, 0, 1)[[2, 1, 0, 5, 4, 3]]
    assert np.abs(face_input(picture, Region(100, 40, 300, 240), 96) - blue_first).max() <= 1e-5


def test_whole_clips_are_the_same(tmp_path: Path) -> None:
    """The authors' script and the engine, same weights, photo, sound and box; what is drawn before it is encoded."""
    torch = pytest.importorskip("torch")
    picture = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    picture = np.asarray(cv2.resize(picture, (320, 240)), np.uint8)
    face, sound, weights = (tmp_path / n for n in ("face.png", "sound.wav", "weights.pth"))
    cv2.imwrite(str(face), picture[..., ::-1])
    samples = voice(0.6)
    scipy.io.wavfile.write(sound, 16_000, samples)
    entries = {f"module.{n}": torch.from_numpy(v) for n, v in random_weights(96, 16).items()}
    torch.save({"state_dict": entries}, weights)
    expected = drawn_by_the_script(tmp_path, weights, face, sound, (30, 210, 90, 250))
    engine = Wav2LipEngine(
        Wav2LipOptions(weights=weights, expressive=False, whole=True, device="cpu")
    )
    region = Region(90, 30, 250, 210)
    scene = StillScene(picture, region, face_input(picture, region, 96))
    avatar = Wav2LipAvatar(scene, ())
    count = len(expected)
    speech = Speech((SpeechChunk(samples, 16_000, (), (), ()),))
    rows = Performance(*(np.zeros((count, n), np.float32) for n in (52, 6, 2)))
    plan = engine.plan(avatar, speech, rows, 0)
    found = [f.copy() for b in engine.animate(avatar, plan, range(count)) for f in b.frames]
    for ours, theirs in zip(found, expected, strict=True):
        change = np.abs(ours.astype(float) - theirs[..., ::-1])
        assert change.mean() <= 2
        assert change[30:210, 90:250].mean() <= 2
        assert np.abs(theirs[..., ::-1].astype(float) - picture)[30:210, 90:250].mean() > 10
    assert any((a != b).any() for a, b in pairwise(found))  # it follows the sound


def drawn_by_the_script(
    folder: Path, weights: Path, face: Path, sound: Path, box: tuple[int, ...]
) -> list[Any]:
    """The frames that it writes, BGR."""
    written: list[Any] = []

    class Writer:
        def __init__(self, *_: object) -> None: ...

        def write(self, frame: Any) -> None:
            written.append(frame.copy())

        def release(self) -> None: ...

    arguments = ["--checkpoint_path", weights, "--face", face, "--audio", sound, "--box", *box]
    with reference(*map(str, arguments)) as load, pytest.MonkeyPatch.context() as patch:
        script = load("inference")
        patch.setattr(script.cv2, "VideoWriter", Writer)
        patch.setattr(script.subprocess, "call", lambda *_, **__: 0)
        patch.chdir(folder)
        script.args.img_size = 96
        script.args.static = True
        script.main()
    return written
