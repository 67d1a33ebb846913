"""Lip sync of a finished clip, measured on the decoded video with landmarks found again.

    python -m benchmarks.quality.sync CLIP.mp4 FACTS.json [--performance PERFORMANCE.json]

FACTS.json is what `prosopon speak --json` prints; its phonemes and their times are used. A lip gap
is the distance between the inner lips at the middle of the mouth, in eye distances.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import av.container
import numpy as np
from numpy.typing import NDArray

from backends.faces.detect import Face, FaceTracker
from backends.performance.exchange import from_json
from backends.performance.visemes import FUNNEL_OPENS, JAW_DROPS, LOWER_DROPS, UPPER_LIFTS
from backends.types import ImageArray, Performance, PhonemeSpan

CLOSED_GAP = 0.025
"""Eye distances; below it lips count as closed: landmarks of touching lips lie 0..0.02 apart."""
VISUAL_LEAD_S = 0.035
"""How much earlier than the sound the mouth takes its shape."""
WINDOW_FRAMES = 2
"""Frames around a phoneme's centre in which its closure may lie."""
BILABIALS = frozenset("pbm")
BITTEN = 0.17
"""Opening that is left, in fully open jaws, where the lower lip touches the upper teeth (f, v)."""
_MAX_LAG_MS = 200
_INNER_LIPS = (
    (82, 87),
    (13, 14),
    (312, 317),
)  # upper and lower landmark of the three middle columns

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What was measured on one clip."""

    frames: int
    fps: float
    tracked: float
    """Share of frames in which the face was found, 0..1."""
    bilabials: int
    """Phonemes p, b, m of the clip."""
    closed: int
    """Those whose smallest gap is below CLOSED_GAP."""
    worst_gap: float
    """Largest of their smallest gaps, eye distances; 0 without bilabials."""
    mean_gap: float
    """Over all frames, eye distances."""
    correlation: float | None
    """Pearson's r of found gap and planned opening at the best lag; None without a plan."""
    lag_ms: float | None
    """Of the found opening behind the planned one; negative: the video leads."""

    @property
    def closed_share(self) -> float:
        """Share of p, b, m with closed lips, 0..1; 1 without any."""
        return self.closed / self.bilabials if self.bilabials else 1.0


def measure(
    clip: Path, phonemes: Sequence[PhonemeSpan], performance: Performance | None = None
) -> SyncReport:
    """Tracks the face through the clip and compares its lips with what was said and planned."""
    gaps, fps = lip_gaps(clip)
    minima = closures(gaps, fps, phonemes)
    correlation = lag_ms = None
    if performance is not None:
        correlation, lag_ms = best_lag(gaps, planned_opening(performance), fps)
    return SyncReport(
        frames=len(gaps),
        fps=fps,
        tracked=float(np.isfinite(gaps).mean()),
        bilabials=len(minima),
        closed=int((minima < CLOSED_GAP).sum()),
        worst_gap=float(minima.max(initial=0.0)),
        mean_gap=float(np.nanmean(gaps)) if np.isfinite(gaps).any() else 0.0,
        correlation=correlation,
        lag_ms=lag_ms,
    )


def lip_gaps(clip: Path) -> tuple[Floats, float]:
    """(frames,) lip gap in eye distances, nan where no face was found; and the frame rate."""
    with av.open(clip) as container, FaceTracker() as tracker:
        rate = container.streams.video[0].average_rate
        gaps = [
            np.nan if (face := tracker.track(pixels)) is None else lip_gap(face)
            for pixels in _pictures(container)
        ]
    return np.array(gaps), float(rate or 0)


def _pictures(container: av.container.InputContainer) -> Iterator[ImageArray]:
    for frame in container.decode(video=0):
        yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def lip_gap(face: Face) -> float:
    """Distance between the inner lips in eye distances, the mean of three columns."""
    points = face.landmarks[:, :2]
    upper, lower = (points[[pair[i] for pair in _INNER_LIPS]] for i in (0, 1))
    return float(np.linalg.norm(lower - upper, axis=1).mean() / face.eye_distance)


def closures(gaps: Floats, fps: float, phonemes: Sequence[PhonemeSpan]) -> Floats:
    """(n,) the smallest gap around each p, b and m; infinite where the face was not found."""
    minima = []
    for phoneme, start_s, end_s in phonemes:
        if not BILABIALS.intersection(phoneme):
            continue
        centre = round(((start_s + end_s) / 2 - VISUAL_LEAD_S) * fps)
        near = gaps[max(0, centre - WINDOW_FRAMES) : centre + WINDOW_FRAMES + 1]
        minima.append(np.min(near[np.isfinite(near)], initial=np.inf))
    return np.array(minima, np.float64)


def planned_opening(performance: Performance) -> Floats:
    """(frames,) how far a performance parts the lips, in units of a fully open jaw."""

    def reach(name: str, gap: float) -> Floats:
        sides = (performance.channel(f"mouth{name}{side}") for side in ("Left", "Right"))
        return np.asarray(sum(sides), np.float64) * gap / JAW_DROPS / 2

    parted = performance.channel("jawOpen") + reach("LowerDown", LOWER_DROPS)
    parted = parted + reach("UpperUp", UPPER_LIFTS)
    parted = parted + performance.channel("mouthFunnel") * FUNNEL_OPENS / JAW_DROPS
    parted = np.maximum(parted, 0)
    none = np.zeros(len(performance), np.float32)
    teeth = performance.extra.get("teeth", none)
    closure = performance.extra.get("closure", performance.channel("mouthClose"))
    parted += teeth * (np.minimum(parted, BITTEN) - parted)
    return np.asarray(parted * (1 - closure), np.float64)


def best_lag(found: Floats, planned: Floats, fps: float) -> tuple[float, float]:
    """Pearson's r of two curves at the lag where it is largest, and that lag in milliseconds.

    Lags are tried every 5 ms up to 200 ms either way; frames without a face are left out. Where a
    curve is flat both are 0.
    """
    count = min(len(found), len(planned))
    times = np.arange(count) / fps
    tried = []
    for lag_ms in range(-_MAX_LAG_MS, _MAX_LAG_MS + 1, 5):
        lag_s = lag_ms / 1000
        inside = (times >= lag_s) & (times <= times[-1] + lag_s) & np.isfinite(found[:count])
        there = found[:count][inside]
        shifted = np.interp(times[inside] - lag_s, times, planned[:count])
        if len(there) > 2 and there.std() > 0 and shifted.std() > 0:
            tried.append((float(np.corrcoef(there, shifted)[0, 1]), float(lag_ms)))
    return max(tried, default=(0.0, 0.0))


def read_phonemes(facts: Path) -> list[PhonemeSpan]:
    """The phonemes of a facts file."""
    listed = json.loads(facts.read_text("utf-8"))["phonemes"]
    return [PhonemeSpan(p["phoneme"], float(p["start_s"]), float(p["end_s"])) for p in listed]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measures the lip sync of a finished clip.")
    parser.add_argument("clip", type=Path, help="the MP4")
    parser.add_argument("facts", type=Path, help="what `prosopon speak --json` printed")
    parser.add_argument(
        "--performance", type=Path, help="what --export-performance wrote, as JSON: the plan"
    )
    chosen = parser.parse_args(arguments)
    plan = from_json(chosen.performance.read_text("utf-8")) if chosen.performance else None
    report = measure(chosen.clip, read_phonemes(chosen.facts), plan)
    facts = asdict(report) | {"closed_share": report.closed_share}
    sys.stdout.write(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
