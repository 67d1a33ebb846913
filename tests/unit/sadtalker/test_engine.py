"""The engine around the networks: looks, painting back, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the full set has it")

from backends.animation.sadtalker import SadTalkerEngine, SadTalkerOptions  # noqa: E402
from backends.animation.sadtalker.engine import SadTalkerAvatar  # noqa: E402
from backends.animation.sadtalker.motion import Look, Plan  # noqa: E402
from backends.errors import EngineError, InputError, NoFaceError  # noqa: E402
from backends.types import (  # noqa: E402
    COEFFICIENTS,
    INDEX,
    Box,
    ImageArray,
    Portrait,
    ReferenceVideo,
)


@pytest.fixture(scope="module")
def avatar(engine: SadTalkerEngine, hopper: Portrait) -> SadTalkerAvatar:
    return engine.prepare(hopper)


def plan_of(avatar: SadTalkerAvatar, shares: list[float]) -> Plan:
    face = np.zeros(len(COEFFICIENTS), np.float32)
    face[[INDEX["browInnerUp"], INDEX["browOuterUpLeft"], INDEX["browOuterUpRight"]]] = 1.0
    rows = np.repeat(avatar.coefficients[None, :70], len(shares), 0)
    return Plan(rows, 0, (Look(face, 1.0),), np.array(shares, np.float32)[:, None], 25)


def frames_of(engine: SadTalkerEngine, avatar: SadTalkerAvatar, plan: Plan) -> list[ImageArray]:
    batches = engine.animate(avatar, plan, range(plan.start, plan.end))
    return [frame.copy() for batch in batches for frame in batch.frames]


def test_a_look_shows_as_far_as_it_is_asked_for(
    engine: SadTalkerEngine, avatar: SadTalkerAvatar
) -> None:
    own, half, full, again = frames_of(engine, avatar, plan_of(avatar, [0.0, 0.5, 1.0, 0.0]))
    assert (own == again).all()
    change = np.abs(full.astype(int) - own).mean()
    assert change > 0.2
    assert 0.1 * change < np.abs(half.astype(int) - own).mean() < change


def test_without_emotions_looks_are_left_out(weights: Path, hopper: Portrait) -> None:
    options = SadTalkerOptions(size=128, weights=weights, device="cpu", emotions=False)
    engine = SadTalkerEngine(options)
    avatar = engine.prepare(hopper)
    own, full = frames_of(engine, avatar, plan_of(avatar, [0.0, 1.0]))
    assert avatar.rig is None and (own == full).all()


def test_what_is_drawn_fades_into_the_portrait(
    engine: SadTalkerEngine, avatar: SadTalkerAvatar, hopper: Portrait
) -> None:
    [frame] = frames_of(engine, avatar, plan_of(avatar, [0.0]))
    box = avatar.box
    inside = np.zeros(frame.shape[:2], bool)
    inside[max(box.top, 0) : box.top + box.height, max(box.left, 0) : box.left + box.width] = True
    assert (frame[~inside] == hopper.pixels[~inside]).all()
    assert avatar.mask.min() >= 0 and avatar.mask.max() == 1


def test_the_same_picture_painted_back_is_the_portrait(
    engine: SadTalkerEngine, avatar: SadTalkerAvatar, hopper: Portrait
) -> None:
    """Crop and painting back are inverse: with a renderer that draws its source, nothing moves."""
    from backends.animation.sadtalker.alignment import cut
    from backends.animation.sadtalker.engine import _paste

    frame = hopper.pixels.copy()
    _paste(frame, cut(hopper.pixels, avatar.box, 256).astype(np.float32), avatar)
    assert np.abs(frame.astype(int) - hopper.pixels).mean() < 1.5


def test_videos_are_refused(engine: SadTalkerEngine) -> None:
    video = ReferenceVideo("k", 25.0, (64, 64), (b"",) * 8, Box(0, 0, 9, 9))
    with pytest.raises(InputError, match="driving video"):
        engine.prepare(video)


def test_a_portrait_without_a_face_is_refused(engine: SadTalkerEngine, hopper: Portrait) -> None:
    blank = replace(hopper, pixels=np.full_like(hopper.pixels, 128))
    with pytest.raises(NoFaceError, match="no face was found"):
        engine.prepare(blank)


def test_a_face_much_larger_than_what_is_drawn_is_told(
    engine: SadTalkerEngine, avatar: SadTalkerAvatar
) -> None:
    assert engine.notices(avatar) == ()
    large = replace(avatar, box=avatar.box._replace(width=700, height=700))
    [notice] = engine.notices(large)
    assert notice.code == "soft_face" and "512" in notice.message


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused(weights: Path) -> None:
    with pytest.raises(EngineError, match="device to auto"):
        SadTalkerEngine(SadTalkerOptions(size=128, weights=weights, device="cuda"))


def test_both_framings_draw(weights: Path, hopper: Portrait) -> None:
    options = SadTalkerOptions(
        size=128, weights=weights, device="cpu", framing="crop", emotions=False
    )
    engine = SadTalkerEngine(options)
    avatar = engine.prepare(hopper)
    [frame] = frames_of(engine, avatar, plan_of(avatar, [0.0]))
    assert frame.shape == hopper.pixels.shape
