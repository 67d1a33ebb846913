"""Which emotion an independent classifier reads in finished speech, by portrait and intensity.

    python -m benchmarks.quality.emotion [PORTRAIT | FOLDER …] [--intensities 0.33 0.66 1]
        [--every 3] [--sheets FOLDER]

Every clip is one spoken sentence under one cue, drawn by the rig; one frame of `--every` is judged.
A clip's label is the one that most of its frames have; its score is the mean probability of what
was asked for, to be held against the same portrait's neutral clip.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from backends.types import Box, Emotion, ImageArray, Performance
from benchmarks.quality import judges
from benchmarks.quality.clips import drawn, framed, keep, performed, portraits, rig, spoken

SENTENCE = "We planned the whole summer together, and now my brother moves back home."
"""All lip shapes, and words that no emotion owns."""
JUDGED = tuple(Emotion(label) for label in judges.LABELS if label != Emotion.NEUTRAL)
INTENSITIES = (0.33, 0.66, 1.0)
EVERY = 3
"""One frame of so many is drawn and judged, unless asked otherwise."""
SHEET_COLUMNS, SHEET_WIDTH = 8, 256


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one clip."""

    portrait: str
    emotion: str
    intensity: float
    label: str
    """Of most frames."""
    share: float
    """Of the frames that have the asked label, 0..1."""
    score: float
    """Mean probability of the asked label, 0..1."""
    neutral_score: float
    """The same label's in the portrait's neutral clip."""
    labels: Mapping[str, int]
    """Frames by label."""

    @property
    def read(self) -> bool:
        return self.label == self.emotion


def thinned(performance: Performance, every: int = EVERY) -> Performance:
    """One row of so many: frames are drawn from their own row alone."""
    return replace(
        performance,
        coefficients=performance.coefficients[::every],
        pose=performance.pose[::every],
        gaze=performance.gaze[::every],
        extra={name: track[::every] for name, track in performance.extra.items()},
    )


def acted(
    emotion: Emotion, intensity: float, sentence: str = SENTENCE, every: int = EVERY
) -> Performance:
    """The frames to judge of the sentence spoken under a cue."""
    return thinned(performed(spoken(f"[{emotion}:{intensity:g}] {sentence}")), every)


def judged(frames: Iterable[ImageArray], start: ImageArray) -> list[dict[str, float]]:
    """Probabilities by label for each frame of a clip that begins with a face as `start` shows it.

    Raises:
        ValueError: no face in `start`.
    """
    landmarks = judges.find_landmarks(start)
    if landmarks is None:
        raise ValueError("the judge finds no face in the portrait")
    scores = []
    for frame in frames:
        landmarks = judges.follow_landmarks(frame, landmarks)
        scores.append(judges.emotions(frame, landmarks))
    return scores


def reading(
    portrait: str,
    emotion: Emotion,
    intensity: float,
    scores: Sequence[Mapping[str, float]],
    neutral: Sequence[Mapping[str, float]],
) -> Reading:
    """Sums up a clip's frames."""
    labels = Counter(max(one, key=one.__getitem__) for one in scores)
    return Reading(
        portrait=portrait,
        emotion=emotion,
        intensity=intensity,
        label=labels.most_common(1)[0][0],
        share=labels[emotion] / len(scores),
        score=float(np.mean([one[emotion] for one in scores])),
        neutral_score=float(np.mean([one[emotion] for one in neutral])),
        labels=dict(labels),
    )


def measure(
    name: str,
    source: str,
    size: int,
    plans: Mapping[tuple[Emotion, float], Performance],
    sheets: Path | None = None,
) -> Iterator[Reading]:
    """Reads every clip of one portrait; the plans hold the neutral one, at intensity 1."""
    portrait, engine = framed(source, size), rig()
    avatar = engine.prepare(portrait)
    rows: list[ImageArray] = []
    neutral: list[dict[str, float]] = []
    calm = (Emotion.NEUTRAL, 1.0)
    for emotion, intensity in (calm, *(key for key in plans if key != calm)):
        plan = plans[emotion, intensity]
        frames = [frame.copy() for frame in drawn(engine, avatar, plan)]
        scores = judged(frames, portrait.pixels)
        neutral = neutral or scores
        yield reading(name, emotion, intensity, scores, neutral)
        seen = [_around(frame, portrait.face) for frame in frames]
        rows.append(_strip(seen, scores, f"{emotion} {intensity:g}"))
    if sheets is not None:
        sheets.mkdir(parents=True, exist_ok=True)
        sheet = cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(sheets / f"{name}.png"), sheet)


def _around(frame: ImageArray, face: Box) -> ImageArray:
    """The head and what is near it."""
    reach = 0.75 * max(face.width, face.height)
    x, y = face.x + face.width / 2, face.y + 0.45 * face.height
    rows = slice(max(0, int(y - reach)), int(y + reach))
    return frame[rows, max(0, int(x - reach)) : int(x + reach)]


def _strip(
    frames: Sequence[ImageArray], scores: Sequence[Mapping[str, float]], title: str
) -> ImageArray:
    """A row of a contact sheet: frames evenly spread over the clip, with what was read in each."""
    cells = []
    for k in np.linspace(0, len(frames) - 1, SHEET_COLUMNS).round().astype(int):
        height = round(frames[k].shape[0] * SHEET_WIDTH / frames[k].shape[1])
        cell = cv2.resize(frames[k], (SHEET_WIDTH, height), interpolation=cv2.INTER_AREA)
        label = max(scores[k], key=scores[k].__getitem__)
        for colour, thick in (((0, 0, 0), 3), ((255, 255, 0), 1)):
            cv2.putText(
                cell, f"{title}: {label} {scores[k][label]:.2f}", (4, 14),
                cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, thick,
            )  # fmt: skip
        cells.append(cell)
    return np.asarray(np.hstack(cells), np.uint8)


def summary(readings: Sequence[Reading]) -> Table:
    """Clips that are read as asked, by emotion and intensity, with mean scores."""
    intensities = sorted({r.intensity for r in readings})
    table = Table(title="read as asked · mean score (the neutral clip's)")
    table.add_column("emotion")
    for intensity in intensities:
        table.add_column(f"{intensity:g}", justify="right")
    for emotion in dict.fromkeys(r.emotion for r in readings):
        cells = []
        for intensity in intensities:
            some = [r for r in readings if (r.emotion, r.intensity) == (emotion, intensity)]
            cells.append(_cell(some) if some else "")
        table.add_row(emotion, *cells)
    rising = [r for r in _ladders(readings) if len(r) > 1]
    if rising:
        share = np.mean([all(np.diff([r.score for r in ladder]) > 0) for ladder in rising])
        table.caption = f"scores rise with intensity in {share:.0%} of {len(rising)} series"
    return table


def _cell(readings: Sequence[Reading]) -> str:
    read = np.mean([r.read for r in readings])
    score, neutral = (
        np.mean([getattr(r, n) for r in readings]) for n in ("score", "neutral_score")
    )
    return f"{read:.0%} · {score:.2f} ({neutral:.2f})"


def _ladders(readings: Sequence[Reading]) -> list[list[Reading]]:
    """Readings of each portrait and emotion, by intensity."""
    ladders: dict[tuple[str, str], list[Reading]] = {}
    for one in sorted(readings, key=lambda r: r.intensity):
        ladders.setdefault((one.portrait, one.emotion), []).append(one)
    return list(ladders.values())


def by_portrait(readings: Sequence[Reading]) -> Table:
    """The majority label of each portrait's strongest clips."""
    strongest = [ladder[-1] for ladder in _ladders(readings)]
    emotions = list(dict.fromkeys(r.emotion for r in readings))
    table = Table(title="majority label (share of frames as asked) at the highest intensity")
    for column in ("portrait", *emotions):
        table.add_column(column)
    for portrait in dict.fromkeys(r.portrait for r in readings):
        mine: dict[str, Any] = {r.emotion: r for r in strongest if r.portrait == portrait}
        cells = [
            f"{'[green]' if (r := mine[e]).read else '[red]'}{r.label} {r.share:.0%}"
            for e in emotions
        ]
        table.add_row(portrait, *cells)
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("portraits", nargs="*", help="pictures, folders of them, preset:NAME")
    parser.add_argument("--intensities", nargs="*", type=float, default=INTENSITIES)
    parser.add_argument("--sentence", default=SENTENCE)
    parser.add_argument("--size", type=int, default=384, help="longer side of a frame, pixels")
    parser.add_argument("--every", type=int, default=EVERY, help="judge one frame of so many")
    parser.add_argument("--sheets", type=Path, help="folder for a contact sheet per portrait")
    chosen = parser.parse_args(arguments)
    said = chosen.sentence, chosen.every
    plans = {(Emotion.NEUTRAL, 1.0): acted(Emotion.NEUTRAL, 1.0, *said)} | {
        (emotion, intensity): acted(emotion, intensity, *said)
        for emotion in JUDGED
        for intensity in chosen.intensities
    }
    console = Console()
    readings: list[Reading] = []
    for name, source in portraits(chosen.portraits).items():
        readings += measure(name, source, chosen.size, plans, chosen.sheets)
        console.print(
            f"{name}: {sum(r.read for r in readings if r.portrait == name)} of {len(plans)}"
        )
    console.print(by_portrait(readings), summary(readings))
    settings = {"sentence": chosen.sentence, "size": chosen.size, "every": chosen.every}
    console.print(str(keep("emotion", settings, map(asdict, readings))))


if __name__ == "__main__":
    main()
