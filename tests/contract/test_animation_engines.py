"""What every animation engine of the table keeps to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Thread
from typing import Any

import numpy as np
import pytest

from backends.animation import ENGINES, load_engine
from backends.animation.engine import AnimationEngine
from backends.errors import InputError, UnknownEngineError
from backends.faces.framing import Framing
from backends.faces.portrait import load_portrait
from backends.speech.torch_models import is_installed
from backends.types import (
    COEFFICIENTS,
    INDEX,
    FloatArray,
    ImageArray,
    Performance,
    Portrait,
    Speech,
    SpeechChunk,
)

FRAMES = 40
FEW = {"sadtalker": 8}
"""Frames of engines that take long."""
REACH = {"sadtalker": 1.2}
"""How far from the face's middle an engine draws, in boxes of the face: SadTalker's crop holds the whole head."""
PAINTERS = {"sadtalker"}
"""Engines that paint all of the face, which with random weights is noise."""
SPEECH = Speech((SpeechChunk(np.zeros(16_000 * 2, np.float32), 16_000, (), (), ()),))


def need(name: str) -> None:
    """Skips where the engine of that name has not its packages."""
    if name == "sadtalker" and not is_installed("torch"):
        pytest.skip("the light set is installed; run: make test")


def small_engine(name: str) -> AnimationEngine[Any, Any]:
    """The engine of that name, with small random weights where it needs some."""
    need(name)
    return load_engine(name, {"size": 128} if name == "sadtalker" else {})


@dataclass(frozen=True, slots=True)
class Stage:
    """An engine with an avatar and a plan."""

    engine: AnimationEngine[Any, Any]
    portrait: Portrait
    avatar: Any
    plan: Any
    whole: ImageArray
    """All frames of the plan."""

    @property
    def frames(self) -> range:
        return range(len(self.whole))

    def draw(self, frames: range) -> ImageArray:
        return drawn(self.engine, self.avatar, self.plan, frames)

    def perform(self, rows: Performance, frames: range) -> ImageArray:
        """What another performance looks like, in silence."""
        plan = self.engine.plan(self.avatar, SPEECH, rows, 0)
        return drawn(self.engine, self.avatar, plan, frames)


def drawn(engine: AnimationEngine[Any, Any], avatar: Any, plan: Any, frames: range) -> ImageArray:
    """Every frame of the range, checked to come in order, copied."""
    copies: list[ImageArray] = []
    for batch in engine.animate(avatar, plan, frames):
        assert batch.start == frames.start + len(copies)
        copies.extend(batch.frames.copy())
    assert len(copies) == len(frames)
    return np.stack(copies)


def frozen(array: FloatArray) -> FloatArray:
    array.setflags(write=False)
    return array


def lively(seed: int) -> Performance:
    """A smooth performance that moves everything; its arrays are read-only."""
    rng = np.random.default_rng(seed)
    time = np.arange(FRAMES)[:, None] / 25

    def waves(columns: int, size: float) -> FloatArray:
        phase, speed = rng.uniform(0, 2 * np.pi, columns), rng.uniform(2, 12, columns)
        return np.asarray(size * np.sin(speed * time + phase), np.float32)

    return Performance(
        coefficients=frozen(np.abs(waves(len(COEFFICIENTS), 0.5))),
        pose=frozen(waves(6, 1.0) * np.array([4, 3, 2, 0.02, 0.02, 0.02], np.float32)),
        gaze=frozen(waves(2, 8.0)),
        extra={
            name: frozen(np.abs(waves(1, 0.8))[:, 0])
            for name in ("closure", "tongue", "teeth", "relax")
        },
    )


def still() -> Performance:
    return Performance(
        coefficients=np.zeros((FRAMES, len(COEFFICIENTS)), np.float32),
        pose=np.zeros((FRAMES, 6), np.float32),
        gaze=np.zeros((FRAMES, 2), np.float32),
        extra={},
    )


def read_only(portrait: Portrait) -> Portrait:
    pixels = portrait.pixels.copy()
    pixels.setflags(write=False)
    return replace(portrait, pixels=pixels)


@pytest.fixture(scope="module")
def portraits() -> list[Portrait]:
    return [
        read_only(load_portrait("preset:astronaut", Framing(size=400))),
        read_only(load_portrait("preset:hopper", Framing(size=320))),
    ]


@pytest.fixture(scope="module", params=list(ENGINES))
def stages(request: pytest.FixtureRequest, portraits: list[Portrait]) -> Iterator[list[Stage]]:
    """One engine with two avatars."""
    engine = small_engine(request.param)
    made = []
    for seed, portrait in enumerate(portraits):
        avatar = engine.prepare(portrait)
        plan = engine.plan(avatar, SPEECH, lively(seed), seed)
        whole = drawn(engine, avatar, plan, range(FEW.get(request.param, FRAMES)))
        made.append(Stage(engine, portrait, avatar, plan, whole))
    yield made


def test_an_engine_says_what_it_is(stages: list[Stage]) -> None:
    info = stages[0].engine.info
    assert info.name in ENGINES
    assert info.device in ("cpu", "cuda")
    assert len(info.context_frames) == 2
    assert info.licence.code
    assert info.licence.weights


def test_frames_have_the_portraits_size(stages: list[Stage]) -> None:
    for stage in stages:
        frames = stage.whole
        assert frames.shape == (len(stage.frames), *stage.portrait.pixels.shape)
        assert frames.dtype == np.uint8


def test_frames_move_with_the_performance(stages: list[Stage]) -> None:
    frames = stages[0].whole
    assert len({frame.tobytes() for frame in frames}) > len(frames) / 2


@pytest.mark.parametrize("part", [range(0, 1), range(7, 8), range(5, 29), range(16, 40)])
def test_any_range_gives_the_same_frames_as_the_whole(stages: list[Stage], part: range) -> None:
    stage = stages[0]
    if not stage.engine.info.shardable:
        pytest.skip("a renderer that recurs")
    part = range(min(part.start, stage.frames[-1]), min(part.stop, stage.frames.stop))
    assert (stage.draw(part) == stage.whole[part.start : part.stop]).all()


def test_an_empty_range_draws_nothing(stages: list[Stage]) -> None:
    assert list(stages[0].engine.animate(stages[0].avatar, stages[0].plan, range(9, 9))) == []


def test_drawing_twice_gives_the_same(stages: list[Stage]) -> None:
    stage = stages[0]
    again = stage.engine.prepare(stage.portrait)
    assert (drawn(stage.engine, again, stage.plan, range(8)) == stage.whole[:8]).all()


def test_rows_of_a_clips_middle_are_enough(stages: list[Stage]) -> None:
    """A replica that draws a segment is given the segment's rows only."""
    stage = stages[0]
    start, end = len(stage.whole) // 4, len(stage.whole) // 2
    part = stage.plan.slice(start, end)
    alone = drawn(stage.engine, stage.avatar, part, range(start, end))
    assert (alone == stage.whole[start:end]).all()


def test_frames_beyond_the_plan_are_refused(stages: list[Stage]) -> None:
    with pytest.raises(IndexError):
        stages[0].draw(range(FRAMES - 2, FRAMES + 2))


def test_inputs_are_not_written(stages: list[Stage], portraits: list[Portrait]) -> None:
    """Arrays out of the object store are read-only; these are, too, and a write would raise."""
    for stage, portrait in zip(stages, portraits, strict=True):
        before = portrait.pixels.copy()
        stage.draw(range(4))
        assert (portrait.pixels == before).all()
        assert not portrait.pixels.flags.writeable


def test_two_threads_with_two_avatars_do_not_meet(stages: list[Stage]) -> None:
    alone = [stage.whole for stage in stages]
    together: list[ImageArray | None] = [None] * len(stages)

    def work(index: int) -> None:
        together[index] = stages[index].draw(stages[index].frames)

    threads = [Thread(target=work, args=(i,)) for i in range(len(stages))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(alone, together, strict=True):
        assert other is not None
        assert (one == other).all()


def test_two_avatars_drawn_in_turns_do_not_meet(stages: list[Stage]) -> None:
    alone = [stage.whole for stage in stages]
    running = [s.engine.animate(s.avatar, s.plan, s.frames) for s in stages]
    for batches in zip(*running, strict=True):
        for batch, whole in zip(batches, alone, strict=True):
            assert (batch.frames == whole[batch.start : batch.start + len(batch.frames)]).all()


def test_a_still_performance_leaves_the_background(stages: list[Stage]) -> None:
    """Nothing but the face and what hangs on it may change when nobody moves."""
    for stage in stages:
        frame = stage.perform(still(), range(1))[0]
        change = np.abs(frame.astype(int) - stage.portrait.pixels.astype(int)).max(2)
        box = stage.portrait.face
        rows, columns = np.indices(change.shape)
        reach = REACH.get(stage.engine.info.name, 0.6)
        around = (abs(columns - box.x - box.width / 2) < reach * box.width) & (
            abs(rows - box.y - box.height / 2) < reach * box.height
        )
        assert change[~around].max() <= 2
        assert change.mean() < 8 or stage.engine.info.name in PAINTERS


def test_an_open_jaw_changes_the_mouth_and_a_closure_undoes_it(stages: list[Stage]) -> None:
    stage = stages[1]
    if stage.engine.info.lips == "sound":
        pytest.skip("the mouth follows the sound")
    base = still()
    coefficients = base.coefficients.copy()
    coefficients[1:, INDEX["jawOpen"]] = 0.6
    closure = np.zeros(FRAMES, np.float32)
    closure[2] = 1
    rows = replace(base, coefficients=coefficients, extra={"closure": closure})
    rest, opened, closed = stage.perform(rows, range(3)).astype(float)
    box = stage.portrait.face
    lips = np.s_[
        int(box.y + 0.65 * box.height) : int(box.y + 0.9 * box.height),
        int(box.x + 0.3 * box.width) : int(box.x + 0.7 * box.width),
    ]
    assert np.abs(opened[lips] - rest[lips]).mean() > 3
    assert np.abs(closed[lips] - rest[lips]).mean() < np.abs(opened[lips] - rest[lips]).mean()


def test_an_unknown_engine_is_named_with_the_known() -> None:
    with pytest.raises(UnknownEngineError, match="rig, sketch"):
        load_engine("puppet")


@pytest.mark.parametrize("name", ENGINES)
def test_an_unknown_option_is_refused(name: str) -> None:
    need(name)
    with pytest.raises(InputError, match="sparkle"):
        load_engine(name, {"sparkle": 1})
