"""The measure of lip sync, on a clip whose mouth opens as told."""

import json
import math
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from backends.faces.detect import Face, find_faces
from backends.performance.exchange import to_json
from backends.types import COEFFICIENTS, INDEX, ImageArray, Performance, PhonemeSpan
from benchmarks.quality.sync import (
    best_lag,
    closures,
    lip_gaps,
    main,
    measure,
    planned_opening,
    read_phonemes,
)

FPS = 25
OPENINGS = np.tile([0, 0.2, 0.5, 0.9, 1, 1, 0.8, 0.4, 0.1, 0, 0, 0], 3)


def with_mouth_open(picture: ImageArray, face: Face, opening: float) -> ImageArray:
    """The chin and the lower lip drawn lower, the gap dark: 1 opens by a quarter eye distance."""
    points = face.landmarks
    slit = points[[78, 13, 308], 1].mean()
    centre, half = points[13, 0], (points[308, 0] - points[78, 0]) / 2
    rows, columns = np.indices(picture.shape[:2]).astype(np.float32)
    dome = np.sqrt(np.clip(1 - ((columns - centre) / half) ** 2, 0, 1))
    drop = dome * opening * 0.25 * face.eye_distance
    below = rows > slit
    source = np.where(below, np.maximum(rows - drop, slit), rows).astype(np.float32)
    drawn = cv2.remap(picture, columns, source, cv2.INTER_LINEAR)
    drawn[below & (rows - slit < drop)] = (40, 10, 15)
    return np.asarray(drawn, np.uint8)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, hopper: ImageArray) -> Path:
    path = tmp_path_factory.mktemp("sync") / "clip.mp4"
    (face,) = find_faces(hopper)
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", FPS)
        stream.height, stream.width = hopper.shape[:2]
        stream.pix_fmt = "yuv420p"
        for opening in OPENINGS:
            frame = av.VideoFrame.from_ndarray(with_mouth_open(hopper, face, opening), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def performance() -> Performance:
    coefficients = np.zeros((len(OPENINGS), len(COEFFICIENTS)), np.float32)
    coefficients[:, INDEX["jawOpen"]] = OPENINGS
    count = len(OPENINGS)
    pose, gaze = np.zeros((count, 6), np.float32), np.zeros((count, 2), np.float32)
    return Performance(coefficients, pose, gaze)


def test_a_clip_is_measured(clip: Path) -> None:
    closed = [PhonemeSpan("p", 9.5 / FPS, 12.5 / FPS), PhonemeSpan("ˈb", 22 / FPS, 24 / FPS)]
    opened = [PhonemeSpan("m", 4.9 / FPS, 5.1 / FPS), PhonemeSpan("a", 3 / FPS, 7 / FPS)]
    report = measure(clip, [*closed, *opened], performance())
    assert report.frames == len(OPENINGS)
    assert report.fps == FPS
    assert report.tracked == 1
    assert report.bilabials == 3
    assert report.closed == 2
    assert report.closed_share == pytest.approx(2 / 3)
    assert report.worst_gap > 0.04
    assert report.correlation is not None
    assert report.correlation > 0.95
    assert report.lag_ms == pytest.approx(0, abs=20)


def test_gaps_are_those_drawn(clip: Path) -> None:
    gaps, fps = lip_gaps(clip)
    assert fps == FPS
    assert gaps[OPENINGS == 0].mean() < 0.02
    assert gaps[OPENINGS == 1].mean() > 0.1


def test_without_a_plan_there_is_no_correlation(clip: Path) -> None:
    report = measure(clip, [])
    assert report.correlation is None
    assert report.lag_ms is None
    assert report.closed_share == 1


@pytest.mark.parametrize("frames", [-3, 0, 2])
def test_a_lag_is_found_with_its_sign(frames: int) -> None:
    planned = np.convolve(np.random.default_rng(2).uniform(0, 1, 200), np.ones(5) / 5, "same")
    correlation, lag_ms = best_lag(np.roll(planned, frames), planned, FPS)
    assert correlation > 0.98
    assert lag_ms == pytest.approx(frames * 40, abs=5)


def test_lost_frames_are_left_out_of_a_correlation() -> None:
    planned = np.sin(np.arange(100) / 5) + 1
    found = planned.copy()
    found[20:30] = math.nan
    assert best_lag(found, planned, FPS) == pytest.approx((1, 0), abs=1e-6)


def test_flat_curves_have_no_correlation() -> None:
    assert best_lag(np.zeros(50), np.ones(50), FPS) == (0, 0)


def test_a_closure_where_the_face_was_lost_counts_as_open() -> None:
    gaps = np.full(20, math.nan)
    assert closures(gaps, FPS, [PhonemeSpan("m", 0.3, 0.4)]).tolist() == [math.inf]


def test_a_planned_closure_closes_whatever_the_jaw_does() -> None:
    rows = performance()
    shut = Performance(
        rows.coefficients, rows.pose, rows.gaze, {"closure": np.ones(len(rows), np.float32)}
    )
    assert planned_opening(rows).max() == pytest.approx(1)
    assert planned_opening(shut).max() == 0


def test_phonemes_are_read_from_the_facts(tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text('{"phonemes": [{"phoneme": "ɛ", "start_s": 0.1, "end_s": 0.2}]}', "utf-8")
    assert read_phonemes(facts) == [PhonemeSpan("ɛ", 0.1, 0.2)]


def test_the_command_prints_one_json_object(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts, plan = tmp_path / "facts.json", tmp_path / "plan.json"
    facts.write_text('{"phonemes": [{"phoneme": "p", "start_s": 0.4, "end_s": 0.5}]}', "utf-8")
    plan.write_text(to_json(performance()), "utf-8")
    main([str(clip), str(facts), "--performance", str(plan)])
    report = json.loads(capsys.readouterr().out)
    assert report["bilabials"] == 1
    assert report["closed_share"] == 1
    assert report["correlation"] > 0.95
