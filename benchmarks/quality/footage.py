"""Whether a filmed face keeps its head when it speaks anew, and moves another face as it moved.

    python -m benchmarks.quality.footage [PORTRAIT | FOLDER …] [--size 512] [--seconds 20]

The portraits are filmed by the rig first: six seconds of speech with changing emotions. Each clip
is then the reference of a longer speech, and drives the next portrait. All is measured on encoded
clips with MediaPipe's mesh found again. Prints a table and writes benchmarks/results/footage.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from backends.animation.rig.footage import Footing
from backends.composition.encoders import probe
from backends.composition.segments import encode_segment
from backends.composition.settings import Codec, EncoderChoice, EncoderSettings, Quality
from backends.faces.clip import load_clip, unpack
from backends.faces.framing import Framing
from backends.performance import PerformanceOptions
from backends.performance.capture import capture
from backends.types import Performance, PhonemeSpan, ReferenceVideo
from benchmarks.quality import clips, motion
from benchmarks.quality.dynamics import CLOSED, rest_gap, smallest
from benchmarks.quality.motion import MESH, POINTS, Floats, Seen
from benchmarks.quality.talkers import Bar

FILMED = (
    "Well, [surprised] what have you been doing all week? [happy] My mother believes it, "
    "[neutral] but nobody else would."
)
SPOKEN = (
    "Maybe we should begin by opening the big window, before people come back from the market. "
    "My brother promised to bring bread, butter, and a bottle of plum brandy. Everybody remembers "
    "that summer, when the boat broke and we had to swim home. Perhaps it was better that way."
)
FILM_S = 6.0
BROWS = ((66, 105, 296, 334), (33, 133, 362, 263))
"""Points of the brows, and the corners of the eyes below them."""
NOSE_BASE, NOSE_TIP = 2, 30
"""Of the mesh, and of the 68 points."""
LIPS_TAKE_CORNERS = 0.16
"""Share of an opening by which the corners of the mouth sink."""
KEPT, FOLLOWED = Bar(0.9, 1.0), Bar(0.8, 1.0)
BARS: Mapping[str, Bar] = {
    "own yaw, r": KEPT, "own pitch, r": KEPT, "own roll, r": KEPT,
    "p b m closed": Bar(0.98, 1.0), "step at the loop over the usual": Bar(0.0, 1.0),
    "driven jaw, r": FOLLOWED, "driven smile, r": FOLLOWED, "driven brows, r": FOLLOWED,
    "driven blinks, r": FOLLOWED, "driven yaw, r": FOLLOWED,
}  # fmt: skip
USUAL = 0.99
"""Quantile of the source's own steps."""


def film(avatar: Any, plan: Performance, size: tuple[int, int]) -> bytes:
    """An encoded clip of a prepared avatar."""
    encoder = probe(Codec.H264, EncoderChoice.X264)
    settings = EncoderSettings(encoder, Quality.GOOD, plan.fps, size)
    batches = clips.rig().animate(avatar, plan, range(plan.start, plan.end))
    return encode_segment(batches, settings, plan.start).data


def source(portrait: str, size: int, seed: int) -> ReferenceVideo:
    """Six seconds of a portrait as if it had been filmed."""
    framed = clips.framed(portrait, size)
    lively = PerformanceOptions(style="lively")
    plan = clips.performed(clips.spoken(FILMED), seed, lively)
    plan = plan.slice(0, min(len(plan), round(FILM_S * clips.FPS)))
    data = film(clips.rig().prepare(framed), plan, framed.size)
    return load_clip(data, Framing(size=size))


def seen(video: ReferenceVideo) -> Seen:
    return motion.watch((unpack(frame) for frame in video.frames), clips.FPS)


def watched(data: bytes) -> Seen:
    return motion.watch(clips.decoded(BytesIO(data)), clips.FPS)


def turns(look: Seen) -> Floats:
    return motion.head_turns(motion.aligned(look.mesh, MESH)[1])


def nods(look: Seen) -> Floats:
    """(n,) how far the tip of the nose is below the line through the eyes, in io."""
    left, right = (look.points[:, corner] for corner in POINTS.eye_corners)
    across, down = right - left, look.points[:, NOSE_TIP] - left
    below: Floats = (across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]) / (across**2).sum(1)
    return below


def spoken_anew(video: ReferenceVideo, original: Seen, seconds: float) -> dict[str, float]:
    """What is left of a clip's own head, and how it speaks."""
    avatar = clips.rig().prepare(video)
    speech = clips.spoken(SPOKEN)
    plan = clips.performed(speech)
    plan = plan.slice(0, min(len(plan), round(seconds * clips.FPS)))
    found = watched(film(avatar, plan, video.size))
    footing: Footing = avatar.footing
    shown = np.array([footing.at(step) for step in range(len(plan))])
    own, kept = turns(original)[shown], turns(found)
    rows = {
        "own yaw, r": motion.correlation(own[:, 0], kept[:, 0]),
        "own pitch, r": motion.correlation(nods(original)[shown], nods(found)),
        "own pitch by the mesh, r": motion.correlation(own[:, 1], kept[:, 1]),
        "own roll, r": motion.correlation(own[:, 2], kept[:, 2]),
    }
    lips = motion.lips(motion.aligned(found.mesh, MESH)[0], MESH)
    heard = [p for p in speech.phonemes if p.end_s < len(plan) / clips.FPS]
    rows["p b m closed"] = _closed(lips.gap - rest_gap(lips), heard)
    rows["step at the loop over the usual"] = _loop_step(shown, original, found)
    return rows


def _closed(gap: Floats, phonemes: Sequence[PhonemeSpan]) -> float:
    return float(np.mean(smallest(gap, clips.FPS, phonemes, "p b m") < CLOSED))


def _loop_step(shown: Any, original: Seen, found: Seen) -> float:
    """The nose bridge's largest step where the video turns round, over the source's large ones."""
    direction = np.diff(shown)
    at = [k for k in range(1, len(direction)) if direction[k] != direction[k - 1]]
    usual = float(np.quantile(_steps(original), USUAL))
    steps = _steps(found)
    return max((float(steps[max(0, k - 1) : k + 1].max()) for k in at), default=0.0) / usual


def _steps(look: Seen) -> Floats:
    bridge = look.mesh[:, list(MESH.bridge), :2].mean(1)
    steps: Floats = np.linalg.norm(np.diff(bridge, axis=0), axis=1)
    return steps


def movements(look: Seen) -> dict[str, Floats]:
    """(n,) each: what a face does, in io or degrees, with the head's motion taken out."""
    face = motion.aligned(look.mesh, MESH)[0]
    lips = motion.lips(face, MESH)
    corners = face[:, list(MESH.corners), 1].mean(1)
    brows, eyes = (face[:, list(points), 1].mean(1) for points in BROWS)
    return {
        "jaw": lips.gap,
        "smile": face[:, NOSE_BASE, 1] - corners + LIPS_TAKE_CORNERS * lips.gap,
        "brows": eyes - brows,
        "blinks": motion.openness(look.mesh),
        "yaw": turns(look)[:, 0],
    }


def driven(video: ReferenceVideo, original: Seen, portrait: str, size: int) -> dict[str, float]:
    """How well another portrait follows a clip."""
    frames = (unpack(frame) for frame in video.frames)
    plan = capture(frames, clips.FPS, video.fps, "the clip")
    framed = clips.framed(portrait, size)
    found = watched(film(clips.rig().prepare(framed), plan, framed.size))
    wanted, shown = movements(original), movements(found)
    return {
        f"driven {name}, r": motion.correlation(track[: len(shown[name])], shown[name])
        for name, track in wanted.items()
    }


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    out = Table("measure", "bar", "mean", "worst", "inside", "")
    for name, bar in BARS.items():
        values = np.array([row[name] for row in rows if name in row])
        worst = values.max() if bar.low == 0 else values.min()
        out.add_row(
            name, "{:g} … {:g}".format(*bar), f"{values.mean():.3f}", f"{worst:.3f}",
            f"{np.mean([bar.holds(v) for v in values]):.0%}",
            "ok" if bar.holds(float(values.mean())) else "OUT",
        )  # fmt: skip
    return out


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("portraits", nargs="*", help="pictures, folders, preset:NAME")
    parser.add_argument("--size", type=int, default=512, help="longer side of the clips")
    parser.add_argument("--seconds", type=float, default=20.0, help="of speech over each clip")
    chosen = parser.parse_args(arguments)
    portraits = list(clips.portraits(chosen.portraits).items())
    rows: list[dict[str, Any]] = []
    for seed, (name, portrait) in enumerate(portraits):
        video = source(portrait, chosen.size, seed)
        original = seen(video)
        target, target_source = portraits[(seed + 1) % len(portraits)]
        row: dict[str, Any] = {"source": name, "driven": target}
        row |= spoken_anew(video, original, chosen.seconds)
        row |= driven(video, original, target_source, chosen.size)
        rows.append(row)
        clips.keep("footage", {"size": chosen.size, "seconds": chosen.seconds}, rows)
    Console().print(table(rows))


if __name__ == "__main__":
    main()
