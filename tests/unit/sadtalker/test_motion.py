"""What is planned for a clip."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the full set has it")

from backends.animation.mel import mel  # noqa: E402
from backends.animation.sadtalker.checkpoint import Networks, load  # noqa: E402
from backends.animation.sadtalker.motion import Manner, Plan, hear, plan_motion  # noqa: E402
from backends.types import (  # noqa: E402
    COEFFICIENTS,
    INDEX,
    NO_CUE,
    Cue,
    CueSpan,
    Emotion,
    FloatArray,
    Performance,
    PhonemeSpan,
    Speech,
    SpeechChunk,
    WordSpan,
)

OWN = np.linspace(-0.3, 0.3, 70, dtype=np.float32)
PLAIN = Manner(style=0, still=False, expression=1.0, head=1.0)


@pytest.fixture(scope="module")
def networks(weights: Path) -> Networks:
    return load(weights, 128, "full")


def performance(frames: int, fps: int = 25, moves: float = 1.0) -> Performance:
    time = np.arange(frames)[:, None] / fps
    pose = moves * 5 * np.sin(time * [4, 5, 6, 0, 0, 0])
    return Performance(
        coefficients=np.zeros((frames, len(COEFFICIENTS)), np.float32),
        pose=pose.astype(np.float32),
        gaze=np.zeros((frames, 2), np.float32),
        fps=fps,
    )


def speech(seconds: float = 2.0, cues: tuple[tuple[float, Cue], ...] = ()) -> Speech:
    samples = 0.1 * np.random.default_rng(0).standard_normal(round(24_000 * seconds))
    spans = tuple(CueSpan(cue, at, seconds, "la", "en") for at, cue in cues)
    return Speech(
        (
            SpeechChunk(
                samples.astype(np.float32), 24_000, (PhonemeSpan("a", 0.0, seconds),),
                (WordSpan("la", 0.0, seconds, 0, 2),), spans,
            ),
        )
    )  # fmt: skip


def planned(networks: Networks, rows: Performance, manner: Manner = PLAIN, seed: int = 0) -> Plan:
    return plan_motion(networks.expression, networks.pose, OWN, speech(), rows, seed, manner)


def test_the_same_seed_moves_the_same_and_another_differently(networks: Networks) -> None:
    first, again, other = (planned(networks, performance(50), seed=s).rows for s in (3, 3, 4))
    assert (first == again).all()
    assert not np.allclose(first[:, 64:], other[:, 64:])
    assert (first[:, :64] == other[:, :64]).all()


def test_a_still_head_stays_as_the_photo_shows_it(networks: Networks) -> None:
    still = planned(networks, performance(50), replace(PLAIN, still=True)).rows
    assert (still[:, 64:] == OWN[64:]).all()
    quiet = planned(networks, performance(50, moves=0.0)).rows
    assert np.allclose(quiet[:, 64:], OWN[64:])


def test_the_head_moves_as_much_as_the_performance_does(networks: Networks) -> None:
    def motion(moves: float) -> float:
        rows = planned(networks, performance(75, moves=moves)).rows[:, 64:]
        return float(np.abs(rows - OWN[64:]).sum())

    assert 1.5 < motion(1.0) / motion(0.5) < 2.5


def test_blinks_are_those_of_the_performance(networks: Networks) -> None:
    open_eyes = performance(50)
    coefficients = open_eyes.coefficients.copy()
    coefficients[20:24, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1.0
    change = np.abs(
        planned(networks, replace(open_eyes, coefficients=coefficients)).rows
        - planned(networks, open_eyes).rows
    ).max(1)
    assert np.flatnonzero(change > 1e-6).tolist() == [20, 21, 22, 23]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_slice_is_enough_for_its_frames(data: st.DataObject) -> None:
    fps = data.draw(st.sampled_from([10, 24, 25, 30, 60]))
    frames = data.draw(st.integers(1, 90))
    rows = np.random.default_rng(0).standard_normal((-(-frames * 25 // fps) + 1, 70))
    plan = Plan(rows.astype(np.float32), 0, (), np.zeros((frames, 0), np.float32), fps)
    start = data.draw(st.integers(0, frames))
    end = data.draw(st.integers(start, frames))
    part = plan.slice(start, end)
    assert (part.windows(range(start, end)) == plan.windows(range(start, end))).all()
    assert len(part.rows) <= (end - start) * 25 // fps + 29


def test_windows_hold_the_rows_around_a_frame() -> None:
    rows = np.arange(40, dtype=np.float32)[:, None].repeat(70, 1)
    plan = Plan(rows, 0, (), np.zeros((40, 0), np.float32), 25)
    windows = plan.windows(range(40))
    assert windows.shape == (40, 70, 27)
    assert windows[20, 5].tolist() == list(range(7, 34))
    assert windows[2, 0].tolist() == [0] * 11 + list(range(16))
    assert windows[39, 0].tolist() == list(range(26, 40)) + [39] * 13
    between = Plan(rows, 0, (), np.zeros((80, 0), np.float32), 50).windows(range(41, 42))
    assert between[0, 0, 13] == 20.5


def test_frames_that_are_not_planned_are_refused() -> None:
    plan = Plan(np.zeros((9, 70), np.float32), 0, (), np.zeros((9, 0), np.float32), 25)
    for frames in (range(5, 10), range(-1, 3)):
        with pytest.raises(IndexError):
            plan.windows(frames)
    with pytest.raises(IndexError):
        plan.slice(2, 5).windows(range(1, 3))


def test_each_cue_has_its_look_and_glides_in(networks: Networks) -> None:
    cues = ((0.0, NO_CUE), (1.0, Cue.of(Emotion.HAPPY)), (2.0, Cue.of(Emotion.SAD, 0.5)))
    rows = performance(75)
    plan = plan_motion(networks.expression, networks.pose, OWN, speech(3.0, cues), rows, 0, PLAIN)
    assert len(plan.looks) == 2
    assert plan.shares[:20].max() == 0
    assert plan.shares[25].tolist() == pytest.approx([0.5, 0], abs=0.01)
    assert plan.shares[40].tolist() == [1, 0]
    assert plan.shares[50].tolist() == pytest.approx([0.5, 0.5], abs=0.01)
    assert plan.shares[60].tolist() == [0, 1]
    happy, sad = plan.looks
    assert (
        happy.coefficients[INDEX["mouthSmileLeft"]]
        > 0.2
        > sad.coefficients[INDEX["mouthSmileLeft"]]
    )
    assert happy.relax == sad.relax == 1


def test_without_a_cue_there_is_no_look(networks: Networks) -> None:
    assert planned(networks, performance(50)).looks == ()


@pytest.mark.parametrize("frames", [1, 2, 5, 33, 34])
@pytest.mark.parametrize("fps", [25, 60])
def test_short_clips_are_planned(networks: Networks, frames: int, fps: int) -> None:
    plan = planned(networks, performance(frames, fps))
    assert plan.windows(range(frames)).shape == (frames, 70, 27)
    assert np.isfinite(plan.rows).all()


def test_frames_hear_what_is_around_them() -> None:
    said = speech(1.0)
    whole = mel(said.samples, said.sample_rate)
    windows = hear(said, 40)
    assert (windows[0, :, 0] == whole[0]).all()
    assert (whole[25 : 25 + 16] == windows[10].T).all()
    assert (windows[39] == windows[39][:, :1]).all()  # behind the end


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 3000), st.sampled_from([8000, 16_000, 22_050, 48_000]), st.booleans())
def test_any_sound_gives_a_finite_spectrogram(length: int, rate: int, broken: bool) -> None:
    samples: FloatArray = np.random.default_rng(0).standard_normal(length).astype(np.float32)
    if broken and length:
        samples[:: max(1, length // 3)] = np.nan
    found = mel(samples, rate)
    assert found.shape[1] == 80 and len(found) >= 1
    assert np.isfinite(found).all() and np.abs(found).max() <= 4


def test_silence_is_the_least() -> None:
    assert (mel(np.zeros(16_000, np.float32), 16_000) == -4).all()
