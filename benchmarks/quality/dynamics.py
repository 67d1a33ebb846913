"""Whether lips, head and eyes of finished clips move as real talkers' do.

    python -m benchmarks.quality.dynamics [PORTRAIT | FOLDER …] [--size 512] [--workers 2]

Every portrait says every sentence; the clips are encoded, decoded and looked at again
(`benchmarks.quality.motion`). Bars are the ranges of five people filmed while they talk, 66 s.
Prints a table and writes benchmarks/results/dynamics.json, afresh after every portrait.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from rich.console import Console

from backends.animation.engine import AnimationEngine
from backends.composition.encoders import probe
from backends.composition.segments import encode_segment
from backends.composition.settings import Codec, EncoderChoice, EncoderSettings, Quality
from backends.performance import PerformanceOptions, plan_speech
from backends.types import Performance, PhonemeSpan, Speech
from benchmarks.quality import clips
from benchmarks.quality import motion as seen_as
from benchmarks.quality.motion import MESH, POINTS, Floats, Layout, Lips, Seen
from benchmarks.quality.sync import VISUAL_LEAD_S, best_lag, planned_opening
from benchmarks.quality.talkers import VISEMES, summary, table, viseme_table

SENTENCES = (
    "The thin boy bought five big moving vans, people believe.",
    "Never give up what you began, my friend: tomorrow we will probably meet again.",
    "Could you please tell me where the nearest library is? I would love to borrow a book.",
    "Παρακαλώ, πείτε μου πού βρίσκεται η βιβλιοθήκη του πανεπιστημίου.",
    "Σήμερα το πρωί βγήκαμε περίπατο, και μετά πίναμε καφέ μπροστά στη θάλασσα.",
    "We measured the weather every single day; nothing much happened, but everyone had a "
    "wonderful time.",
)
CLOSED, NEARLY_CLOSED, BITTEN = 0.02, 0.03, 0.05
"""io over the lips at rest: of p, b, m; of a mouth that counts as shut; of f and v."""
SHORT_PAUSE_S = (0.12, 0.5)
NARROW = frozenset({"", "_", "p b m", "f v", "w", "u", "o"})
"""Neighbours of a closure, edges and silences too, that may hold the lips as near to each other."""
WINDOW_S = 0.09
"""About a phoneme's middle, in which its smallest gap is looked for."""


@dataclass(frozen=True, slots=True)
class Look:
    """One clip: what was said and planned, and what was found again."""

    portrait: str
    sentence: int
    speech: Speech
    plan: Performance
    seen: Seen

    def lips(self, layout: Layout) -> Lips:
        landmarks = self.seen.mesh if layout is MESH else self.seen.points
        return seen_as.lips(seen_as.aligned(landmarks, layout)[0], layout)


def film(
    engine: AnimationEngine[Any, Any], avatar: Any, plan: Performance, size: tuple[int, int]
) -> Seen:
    """Draws and encodes the clip, and watches it."""
    encoder = probe(Codec.H264, EncoderChoice.X264)
    settings = EncoderSettings(encoder, Quality.GOOD, plan.fps, size)
    batches = engine.animate(avatar, plan, range(plan.start, plan.end))
    clip = BytesIO(encode_segment(batches, settings, plan.start).data)
    return seen_as.watch(clips.decoded(clip), plan.fps)


def looks(name: str, source: str, speeches: Sequence[Speech], size: int, seed: int) -> list[Look]:
    """A portrait with every sentence; last, as sentence -1, the first one with a still head."""
    engine, portrait = clips.rig(), clips.framed(source, size)
    avatar = engine.prepare(portrait)
    height, width = portrait.pixels.shape[:2]
    still = PerformanceOptions(head_motion=0.0)
    found = []
    for k, speech in [*enumerate(speeches), (-1, speeches[0])]:
        plan = plan_speech(speech, clips.FPS, seed + k, still if k < 0 else None)
        found.append(Look(name, k, speech, plan, film(engine, avatar, plan, (width, height))))
    return found


def all_looks(
    portraits: Mapping[str, str], speeches: Sequence[Speech], size: int, workers: int
) -> Iterator[list[Look]]:
    """Every portrait, each with seeds of its own, several at once."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        filming = [
            pool.submit(looks, name, source, speeches, size, 100 * i)
            for i, (name, source) in enumerate(portraits.items())
        ]
        for one in filming:
            yield one.result()


def mouth_rows(look: Look, layout: Layout) -> dict[str, float]:
    """What one clip's mouth does, by the names of BARS."""
    lips, fps = look.lips(layout), look.seen.fps
    gap = lips.gap - rest_gap(lips)
    sound = seen_as.loudness(look.speech.samples, look.speech.sample_rate, len(gap), fps)
    pauses = [
        gap[round(a * fps) + 1 : round(b * fps)]
        for phoneme, a, b in look.speech.phonemes
        if phoneme == "_" and SHORT_PAUSE_S[0] <= b - a <= SHORT_PAUSE_S[1] and a > 0
        and b < look.speech.duration_s - 1 / fps
    ]  # fmt: skip
    lengths = seen_as.lengths_below(gap, fps, NEARLY_CLOSED, _alone(look.speech.phonemes))
    correlation, lag_ms = best_lag(gap, planned_opening(look.plan), fps)
    rows = {
        "gap std (io)": float(gap.std()),
        "gap 95th percentile (io)": float(np.quantile(gap, 0.95)),
        "share of time closed": float((gap < NEARLY_CLOSED).mean()),
        "upper lip lift 95th percentile (io)": float(np.quantile(lips.upper, 0.95)),
        "r(width, gap)": seen_as.correlation(lips.width, gap),
        "r(gap, loudness)": seen_as.correlation(gap, sound),
        "share of gap below 1 Hz": seen_as.share_below(gap, fps, 1.0),
        "p b m closed": _share(smallest(gap, fps, look.speech.phonemes, "p b m") < CLOSED),
        "f v lip to teeth": _share(smallest(gap, fps, look.speech.phonemes, "f v") < BITTEN),
        "r(opening planned, found)": correlation,
        "lag of the opening, ms": lag_ms,
    }
    if pauses:
        rows["gap in short pauses (io)"] = float(np.median(np.concatenate(pauses)))
    if lengths:
        rows["p b m closed, ms"] = float(np.median(lengths))
    return rows


def rest_gap(lips: Lips) -> float:
    """What the model reads between closed lips: a face's own, near 0 in most."""
    return float(np.median(lips.gap[lips.gap <= np.quantile(lips.gap, seen_as.RESTING)]))


def _class(span: PhonemeSpan) -> str | None:
    return seen_as.phone_class(span.phoneme)


def _middle(span: PhonemeSpan) -> float:
    return (span.start_s + span.end_s) / 2 - VISUAL_LEAD_S


def _alone(phonemes: Sequence[PhonemeSpan]) -> list[float]:
    """Middles of the p, b, m whose neighbours open the lips: their closures can be timed."""
    classes = ["", *(_class(p) or p.phoneme for p in phonemes), ""]
    return [
        _middle(phoneme)
        for phoneme, before, name, after in zip(
            phonemes, classes, classes[1:], classes[2:], strict=False
        )
        if name == "p b m" and not {before, after} & NARROW
    ]


def _share(flags: Any) -> float:
    return float(np.mean(flags)) if len(flags) else 1.0


def smallest(gap: Floats, fps: float, phonemes: Sequence[PhonemeSpan], name: str) -> Floats:
    """(n,) the smallest gap about the middle of each phoneme of a class."""
    found = []
    for middle in (_middle(p) for p in phonemes if _class(p) == name):
        first = max(0, round((middle - WINDOW_S) * fps - 0.5))
        found.append(gap[first : round((middle + WINDOW_S) * fps - 0.5) + 1].min())
    return np.array(found)


def head_rows(look: Look) -> dict[str, float]:
    """What one clip's head and eyes do; blinks are the clip's medians, where it has any."""
    seen = look.seen
    face, rotations = seen_as.aligned(seen.mesh, MESH)
    turns = seen_as.head_turns(rotations)
    yaw, pitch, roll = turns.std(axis=0).tolist()
    planned = look.plan.pose.astype(np.float64)  # an opening mouth leaks into pitch that is found
    blinks = seen_as.blinks(seen_as.openness(seen.mesh), seen.fps)
    rows = {
        "head yaw std (deg)": yaw,
        "head pitch std (deg)": pitch,
        "head roll std (deg)": roll,
        "share of yaw below 2 Hz, planned": seen_as.share_below(planned[:, 0], seen.fps, 2.0),
        "share of pitch below 2 Hz, planned": seen_as.share_below(planned[:, 1], seen.fps, 2.0),
        "eyes against yaw (io/deg)": seen_as.eye_slope(face, turns[:, 0]),
        "nose bridge, rms second difference (io)": seen_as.trembling(seen.mesh, MESH),
        "nose bridge, 68 points": seen_as.trembling(seen.points, POINTS),
        "blinks a minute": len(blinks) * 60 * seen.fps / len(turns),
    }
    if blinks:
        for name, value in zip(("closing", "held", "opening"), np.median(blinks, 0), strict=True):
            rows[f"blink {name}, ms"] = float(value)
    return rows


def stillness(look: Look) -> dict[str, float]:
    """How far the nose bridge strays in a clip whose head is told to hold still."""
    points = look.seen.points
    io = float(np.median(np.linalg.norm(points[:, 36] - points[:, 45], axis=1)))
    bridge = points[:, list(POINTS.bridge)].mean(1) / io
    return {"nose bridge std, head motion 0 (io)": float(np.sqrt(bridge.var(0).sum()))}


def row(look: Look) -> dict[str, Any]:
    """All that is measured on one clip."""
    name = {"portrait": look.portrait, "sentence": look.sentence}
    if look.sentence < 0:
        return name | stillness(look)
    return name | mouth_rows(look, POINTS) | head_rows(look) | {"mesh": mouth_rows(look, MESH)}


def viseme_rows(talking: Sequence[Look]) -> dict[str, tuple[int, float, float]]:
    """Phones of one portrait's sentences, median gap over the portrait's 95th percentile, and width."""
    gaps: dict[str, list[float]] = {name: [] for name in VISEMES}
    widths: dict[str, list[float]] = {name: [] for name in VISEMES}
    for portrait in dict.fromkeys(look.portrait for look in talking):
        mine = [(x, x.lips(POINTS)) for x in talking if x.portrait == portrait]
        wide = float(np.quantile(np.concatenate([m.gap - rest_gap(m) for _, m in mine]), 0.95))
        usual = float(np.median(np.concatenate([m.width for _, m in mine])))
        for look, lips in mine:
            spoken = look.speech.phonemes, VISUAL_LEAD_S
            fps = look.seen.fps
            for name, value in seen_as.at_phones(lips.gap - rest_gap(lips), fps, *spoken):
                gaps[name].append(value / wide)
            for name, value in seen_as.at_phones(lips.width, fps, *spoken):
                widths[name].append(value - usual)
    return {
        name: (len(values), float(np.median(values)), float(np.median(widths[name])))
        for name, values in gaps.items()
        if values
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("portraits", nargs="*", help="pictures, folders, preset:NAME")
    parser.add_argument("--size", type=int, default=512, help="longer side of the clips")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="portraits at once")
    chosen = parser.parse_args(arguments)
    speeches = [clips.spoken(t, language="en" if t.isascii() else "el") for t in SENTENCES]
    rows: list[dict[str, Any]] = []
    talking: list[Look] = []
    portraits = clips.portraits(chosen.portraits)
    for portrait in all_looks(portraits, speeches, chosen.size, chosen.workers):
        for look in portrait:
            rows.append(row(look))
        talking += [look for look in portrait if look.sentence >= 0]
        found, visemes = summary(rows), viseme_rows(talking)
        measured = {"summary": found, "visemes": visemes}
        clips.keep("dynamics", {"size": chosen.size, "sentences": SENTENCES, **measured}, rows)
    console = Console()
    console.print(table(found))
    console.print(viseme_table(visemes))


if __name__ == "__main__":
    main()
