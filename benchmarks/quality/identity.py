"""Whether a talking portrait stays the same person before the same background, frame by frame.

    python -m benchmarks.quality.identity [PORTRAIT or FOLDER ...] [--size 512] [--minutes 10]

Frames are judged as they are drawn, before encoding; identity and landmarks by models that the rig
has never met (benchmarks.quality.judges). Writes a table and benchmarks/results/identity.json.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from backends.animation.engine import AnimationEngine
from backends.composition.encoders import probe
from backends.composition.segments import encode_segment
from backends.composition.settings import Codec, EncoderChoice, EncoderSettings, Quality
from backends.errors import ProsoponError
from backends.faces.detect import face_at, person_mask
from backends.performance import PerformanceOptions
from backends.types import (
    COEFFICIENTS,
    ImageArray,
    Performance,
    PhonemeSpan,
    Portrait,
    Speech,
    SpeechChunk,
)
from benchmarks.quality.clips import (
    FPS,
    decoded,
    drawn,
    framed,
    keep,
    performed,
    portraits,
    rig,
    spoken,
)
from benchmarks.quality.judges import (
    box_around,
    embedding,
    eye_distance,
    find_landmarks,
    follow_landmarks,
    landmarks_in,
)

TEXTS = (
    "The ferry to the islands leaves at seven, and by noon we will be swimming.",
    "[happy] What a lovely surprise! [sad] But we have to say goodbye. [surprised] Wait, really?",
)
EVERY = 8
"""Frames between two that are compared with the portrait."""
SILENCE_S = 1
OPEN_GAP = 0.03
"""Between the inner lips, in eye distances: above it a photo's mouth is open."""
MARGIN = 0.5
"""Eye distances around the person that do not count as background."""
SMALLEST_REGION = 0.02
"""Share of the picture below which there is no background to judge."""
RIGID = (27, 28, 29, 30, 36, 39, 42, 45)
"""Landmarks that move with the skull alone: nose bridge, eye corners."""
MEMORY_SIZE, PIECES = 256, 10

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Bar:
    title: str
    limit: float
    least: bool = False
    """Whether the limit is the least that passes, not the most."""

    def passes(self, value: float) -> bool:
        return value >= self.limit if self.least else value <= self.limit


BARS = {
    "distance": Bar("embedding distance, mean", 0.35),
    "distance_worst": Bar("worst", 0.6),
    "background": Bar("background change, /255", 1.0),
    "steady_px": Bar("jitter at 512, px", 0.15),
    "psnr_db": Bar("neutral PSNR, dB", 40.0, least=True),
}


@dataclass(frozen=True, slots=True)
class Measured:
    portrait: str
    distance: float | None
    """dlib's, portrait against frames, mean; None where the judge finds no face."""
    distance_worst: float | None
    background: float | None
    """Largest change of a background pixel in any frame, of 255; None without background."""
    background_share: float
    """Of the picture that is background, 0..1."""
    steady_px: float | None
    """Rms over time of landmarks on the nose bridge and the eye corners of a silent face that holds its head still."""
    coded_px: float | None
    """The same in its finished clip. Coding settles within some frames of each segment, and landmarks in a picture with
    grain follow that: a single frame that is repeated and encoded wanders as much."""
    psnr_db: float
    """Portrait against a performance of zeros, inside the face, dB; 99 where nothing differs."""
    mouth_open: bool
    """The photo's mouth is open: PSNR leaves it out."""

    def failures(self) -> list[str]:
        return [
            name
            for name, bar in BARS.items()
            if (value := getattr(self, name)) is not None and not bar.passes(value)
        ]


def measure(
    name: str, source: str, size: int, engine: AnimationEngine[object, object], said: list[Speech]
) -> Measured:
    """All but memory, for one portrait."""
    portrait = framed(source, size)
    avatar = engine.prepare(portrait)
    marks = find_landmarks(portrait.pixels)
    own = None if marks is None else embedding(portrait.pixels, marks)
    outside = background(portrait)
    distances: list[float] = []
    change = 0
    for speech in said:
        for index, frame in enumerate(drawn(engine, avatar, performed(speech))):
            change = max(change, largest_change(portrait.pixels, frame, outside))
            if marks is not None and own is not None and index % EVERY == 0:
                there = follow_landmarks(frame, marks)
                distances.append(float(np.linalg.norm(own - embedding(frame, there))))
    share = float(outside.mean())
    wandering = None if marks is None else jitter(engine, avatar, size_of(portrait))
    mouth, is_open = mouth_of(portrait)
    still = next(drawn(engine, avatar, neutral(1)))
    inside = face_of(portrait) & ~mouth if is_open else face_of(portrait)
    return Measured(
        portrait=name,
        distance=round(float(np.mean(distances)), 3) if distances else None,
        distance_worst=round(max(distances), 3) if distances else None,
        background=float(change) if share >= SMALLEST_REGION else None,
        background_share=round(share, 3),
        steady_px=wandering and wandering[0],
        coded_px=wandering and wandering[1],
        psnr_db=round(psnr(portrait.pixels, still, inside), 1),
        mouth_open=is_open,
    )


def size_of(portrait: Portrait) -> tuple[int, int]:
    """Width and height."""
    height, width = portrait.pixels.shape[:2]
    return width, height


def neutral(frames: int) -> Performance:
    """Nothing is asked of the face: it is to look as in the photo."""
    zeros = np.zeros((frames, len(COEFFICIENTS)), np.float32)
    pose, gaze = np.zeros((frames, 6), np.float32), np.zeros((frames, 2), np.float32)
    extra = {n: np.zeros(frames, np.float32) for n in ("closure", "tongue", "teeth", "relax")}
    return Performance(zeros, pose, gaze, extra)


def jitter(
    engine: AnimationEngine[object, object], avatar: object, size: tuple[int, int]
) -> tuple[float, float]:
    """How far rigid landmarks of a silent face that holds its head still wander: as drawn, and in a finished clip."""
    still = performed(silence(), options=PerformanceOptions(head_motion=0.0, blink=0.0))
    settings = EncoderSettings(probe(Codec.H264, EncoderChoice.X264), Quality.GOOD, FPS, size)
    batches = engine.animate(avatar, still, range(len(still)))
    clip = encode_segment(batches, settings, 0).data
    seen = drawn(engine, avatar, still), decoded(io.BytesIO(clip))
    on_drawn, on_clip = (round(wander(frames) * 512 / max(size), 3) for frames in seen)
    return on_drawn, on_clip


def wander(frames: Iterator[ImageArray]) -> float:
    """Rms of rigid landmarks about their mean, in pixels; nan where no face is found."""
    marks = find_landmarks(first := next(frames))
    if marks is None:
        return float("nan")
    box = box_around(marks)
    found = [landmarks_in(first, box), *(landmarks_in(frame, box) for frame in frames)]
    points = np.array(found)[:, RIGID]
    return float(np.sqrt(((points - points.mean(0)) ** 2).sum(2).mean()))


def silence() -> Speech:
    samples = np.zeros(SILENCE_S * 16000, np.float32)
    return Speech((SpeechChunk(samples, 16000, (PhonemeSpan("_", 0.0, SILENCE_S),), (), ()),))


def largest_change(portrait: ImageArray, frame: ImageArray, where: Mask) -> int:
    return int(cv2.absdiff(portrait, frame).max(axis=2).max(where=where, initial=0))


def background(portrait: Portrait) -> Mask:
    """Where a picture surely shows neither the person nor what is close to them."""
    margin = round(MARGIN * 0.45 * portrait.face.width)  # eyes lie 0.45 face widths apart
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    person = (person_mask(portrait.pixels) > 0.1).astype(np.uint8)
    x, y, width, height = map(round, portrait.face)
    cv2.rectangle(person, (x, y - height // 3), (x + width, portrait.pixels.shape[0]), 1, -1)
    return np.asarray(cv2.dilate(person, disc) == 0)


def face_of(portrait: Portrait) -> Mask:
    """Inside the outline of the face."""
    return _hull(portrait, slice(None, 468))


def mouth_of(portrait: Portrait) -> tuple[Mask, bool]:
    """The lips and what they enclose; and whether the photo's mouth is open."""
    marks = find_landmarks(portrait.pixels)
    mask = np.zeros(portrait.pixels.shape[:2], np.uint8)
    if marks is None:
        return mask > 0, False
    lips = marks[48:60]
    grown = lips.mean(0) + 1.25 * (lips - lips.mean(0))
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(grown).astype(np.int32)), 1)
    gap = float(np.linalg.norm(marks[[61, 62, 63]] - marks[[67, 66, 65]], axis=1).mean())
    return mask > 0, gap > OPEN_GAP * eye_distance(marks)


def psnr(one: ImageArray, other: ImageArray, where: Mask) -> float:
    """Peak signal to noise inside a mask, dB; at most 99."""
    error = np.square(one[where].astype(np.float64) - other[where]).mean()
    return min(99.0, 10 * float(np.log10(255**2 / error))) if error else 99.0


def _hull(portrait: Portrait, points: slice) -> Mask:
    face = face_at(portrait.pixels, portrait.face)
    mask = np.zeros(portrait.pixels.shape[:2], np.uint8)
    if face is not None:
        outline = cv2.convexHull(np.round(face.landmarks[points, :2]).astype(np.int32))
        cv2.fillConvexPoly(mask, outline, 1)
    return mask > 0


def memory(minutes: float) -> tuple[float, ...]:
    """Resident MiB while one clip of that length is made by the whole pipeline, at ten even steps of its progress.

    The last is the moment at which the file is whole: to sign it, C2PA's library holds it twice, and gives that back.
    """
    from serve_app.config import read_tier
    from serve_app.local import studio
    from serve_app.schemas import VideoRequest

    sentences = max(1, round(minutes * 60 / 9))  # TEXTS together take about nine seconds
    tier = read_tier("lightweight").model_copy(update={"max_characters": 10**6})
    request = VideoRequest(text=" ".join(TEXTS * sentences), size=MEMORY_SIZE)
    here = psutil.Process()
    seen: dict[int, float] = {}

    def look(stage: object, done: float) -> None:
        seen.setdefault(int(done * PIECES), here.memory_info().rss / 2**20)

    async def make(folder: Path) -> None:
        with studio(tier) as made:
            await made.make(request, folder / "clip.mp4", look)

    with tempfile.TemporaryDirectory(prefix="prosopon-memory-") as folder:
        asyncio.run(make(Path(folder)))
    return tuple(round(seen[step], 1) for step in sorted(seen))


def table_of(rows: Sequence[Measured]) -> Table:
    table = Table(
        "portrait", *(f"{b.title} ({'≥' if b.least else '≤'} {b.limit:g})" for b in BARS.values())
    )
    for row in rows:
        failed = row.failures()
        cells = (
            f"[red]{getattr(row, name)}[/red]" if name in failed else f"{getattr(row, name)}"
            for name in BARS
        )
        table.add_row(row.portrait, *cells)
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "portraits", nargs="*", help="pictures, folders or presets; default: both presets"
    )
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument(
        "--minutes",
        type=float,
        default=10.0,
        help="length of the clip whose memory is watched; 0: none",
    )
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    console = Console()
    engine, said = rig(), [spoken(text) for text in TEXTS]
    rows: list[Measured] = []
    for name, source in portraits(chosen.portraits).items():
        try:
            rows.append(measure(name, source, chosen.size, engine, said))
            console.print(f"{name}: {', '.join(rows[-1].failures()) or 'within every bar'}")
        except ProsoponError as error:
            console.print(f"{name}: left out, {error.message}")
    console.print(table_of(rows))
    resident = memory(chosen.minutes) if chosen.minutes else ()
    if resident:
        console.print(f"resident MiB over {chosen.minutes:g} minutes: {resident}")
    settings = {"size": chosen.size, "minutes": chosen.minutes, "resident_mib": resident}
    keep("identity", settings, [asdict(row) for row in rows])


if __name__ == "__main__":
    main()
