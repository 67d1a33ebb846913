"""The engine: emotions around the mouth, sound in it, videos of every kind, and memory that stays."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from backends.animation.wav2lip.engine import Wav2LipEngine, Wav2LipOptions
from backends.animation.wav2lip.runners import OnnxRunner, Provider
from backends.errors import EngineUnavailableError, NoFaceError, ProsoponError
from backends.faces.clip import load_clip
from backends.faces.framing import Framing
from backends.types import ImageArray, Portrait
from tests.unit.faces.video_files import encoded, swaying
from tests.unit.rig.conftest import Row, both, performance
from tests.unit.wav2lip.conftest import frames_of, speech

CUES: dict[str, Row] = {
    "happy": {**both("mouthSmile", 0.9), **both("cheekSquint", 0.5), "relax": 1.0},
    "sad": {**both("mouthFrown", 0.8), "browInnerUp": 0.9, "relax": 1.0},
    "angry": {**both("browDown", 0.9), **both("mouthFrown", 0.4), "relax": 1.0},
}


def test_cues_move_brows_or_corners_of_the_mouth_and_neutral_none(
    expressive: Wav2LipEngine, hopper: Portrait
) -> None:
    avatar = expressive.prepare(hopper)
    rows = performance([{}, *CUES.values(), {"browInnerUp": 1.0}])
    plan = expressive.plan(avatar, speech(1.0), rows, 0)
    rest, *asked = frames_of(expressive, avatar, plan, range(len(rows)))
    alone = expressive.plan(avatar, speech(1.0), performance([{}]), 0)
    silent = frames_of(expressive, avatar, alone, range(1))
    assert (rest == silent[0]).all()
    box = hopper.face

    def changed(frame: ImageArray, low: float, high: float) -> float:
        """Of a band of the face, in shares of its height."""
        rows = slice(int(box.y + low * box.height), int(box.y + high * box.height))
        columns = slice(int(box.x), int(box.x + box.width))
        return float(np.abs(frame[rows, columns].astype(int) - rest[rows, columns]).mean())

    for frame, name in zip(asked, CUES, strict=False):
        assert changed(frame, 0.6, 0.9) > 1, name
    assert changed(asked[1], 0.05, 0.4) > 1
    assert changed(asked[2], 0.05, 0.4) > 1
    assert changed(asked[3], 0.75, 0.95) < 0.5  # brows alone leave the mouth


def test_without_the_rig_only_the_mouth_moves(plain: Wav2LipEngine, hopper: Portrait) -> None:
    avatar = plain.prepare(hopper)
    rows = performance([{}, CUES["sad"], {"yaw_deg": 10}])
    plan = plain.plan(avatar, speech(0.0), rows, 0)
    frames = frames_of(plain, avatar, plan, range(3))
    assert (frames[0] == frames[1]).all()
    assert (frames[0] == frames[2]).all()
    assert not plain.info.uses_performance
    assert plain.info.lips == "sound"


def test_the_mouth_follows_the_sound(plain: Wav2LipEngine, hopper: Portrait) -> None:
    avatar = plain.prepare(hopper)
    rows = performance([{}] * 20)
    loud, silent = (
        frames_of(plain, avatar, plain.plan(avatar, speech(1.0, loud), rows, 0), range(20))
        for loud in (True, False)
    )
    assert all((a != b).any() for a, b in zip(loud[1:15], silent[1:15], strict=True))
    assert (silent[3] == silent[10]).all()


@pytest.mark.full
@pytest.mark.parametrize("provider", ["torch", "openvino"])
def test_every_runtime_draws_what_onnx_runtime_draws(
    weights: Path, plain: Wav2LipEngine, hopper: Portrait, provider: Provider
) -> None:
    pytest.importorskip(provider, reason="the full set has it")
    other = Wav2LipEngine(
        Wav2LipOptions(weights=weights, expressive=False, provider=provider, device="cpu")
    )
    avatar, rows = plain.prepare(hopper), performance([{}] * 3)
    plan = plain.plan(avatar, speech(1.0), rows, 0)
    for a, b in zip(*(frames_of(e, avatar, plan, range(3)) for e in (plain, other)), strict=True):
        assert np.abs(a.astype(int) - b).max() <= 1


def test_a_photo_is_looked_at_once_and_a_video_in_every_frame(
    weights: Path, hopper: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    see = OnnxRunner.see
    monkeypatch.setattr(OnnxRunner, "see", lambda self, x: looks.append(len(x)) or see(self, x))
    engine = Wav2LipEngine(
        Wav2LipOptions(weights=weights, expressive=False, provider="onnxruntime", threads=1)
    )
    rows = performance([{}] * 13)
    video = load_clip(encoded(swaying(hopper.pixels, 13)), Framing(size=None))
    for reference, times in ((hopper, 1), (video, 3)):
        looks.clear()
        avatar = engine.prepare(reference)
        frames_of(engine, avatar, engine.plan(avatar, speech(1.0), rows, 0), range(2, 13))
        assert looks == [5] * times


def test_what_a_runtime_cannot_do_is_told(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(**options: Any) -> str:
        with pytest.raises(ProsoponError) as error:
            Wav2LipEngine(Wav2LipOptions(weights=weights, **options))
        return error.value.message

    assert "provider: torch" in told(provider="onnxruntime", precision="float16")
    assert "device: cpu" in told(provider="openvino", device="cuda")
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert "prosopon[openvino]" in told(provider="openvino")


def test_a_device_that_is_not_there_is_told(weights: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there is a GPU")
    with pytest.raises(EngineUnavailableError, match="set device: cpu"):
        Wav2LipEngine(Wav2LipOptions(weights=weights, provider="onnxruntime", device="cuda"))


def test_a_portrait_without_a_face_is_refused(plain: Wav2LipEngine, hopper: Portrait) -> None:
    empty = replace(hopper, pixels=np.full_like(hopper.pixels, 128))
    with pytest.raises(NoFaceError, match="no face is found"):
        plain.prepare(empty)


def test_memory_does_not_grow_with_length(plain: Wav2LipEngine, hopper: Portrait) -> None:
    """What leaks grows in every stretch of frames; a process as large as this one grows in one or the other anyway."""
    small = replace(
        hopper, pixels=np.ascontiguousarray(hopper.pixels[::4, ::4]),
        face=type(hopper.face)(*(v / 4 for v in hopper.face)),
    )  # fmt: skip
    avatar = plain.prepare(small)
    plan = plain.plan(avatar, speech(80.0), performance([{}] * 2000), 0)
    behind = []
    for start in range(0, 1500, 300):
        for batch in plain.animate(avatar, plan, range(start, start + 300)):
            assert len(batch.frames)
        behind.append(psutil.Process().memory_info().rss)
    assert min(np.diff(behind)) <= 3e5, "at most 1 MB per 1,000 frames"
