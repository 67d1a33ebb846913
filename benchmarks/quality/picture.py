"""What a clip's pictures show beside the mouth: whose face, which emotion, how steady face and background are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from backends.faces.detect import person_mask
from backends.types import Emotion, FloatArray, ImageArray
from benchmarks.quality import judges
from benchmarks.quality.film import Film
from benchmarks.quality.motion import Floats

EVERY = 8
"""Frames between two whose face is recognised and read."""
SMALL = 192
"""Longer side in pixels at which the background is watched."""
LEAST_BACKGROUND = 0.02
"""Share of the picture below which there is none to judge."""
MARGIN = 0.02
"""Of the longer side, around the person, that does not count as background."""
SMOOTH = 5
"""Frames that landmarks are averaged over before the face is held still by them."""
# The face held still: 64 pixels, eyes 24 apart and 20 from the top; cheeks and nose are looked at.
_FACE, _EYES_Y, _EYES_APART, _CELL = 64, 20, 24, 4
_LOOKED_AT = (slice(28, 40), slice(12, 52))


@dataclass(frozen=True, slots=True)
class Looks:
    """What was found in a clip's pictures."""

    distance: float
    """Between dlib's embeddings of the reference and of the frames, mean; below 0.6 it is one person."""
    distance_worst: float
    cosine: float
    """Of the same embeddings, mean."""
    emotion: str
    """The label that most of the frames have."""
    asked_share: float | None
    """Of the frames under an asked emotion that the classifier knows, those that show it."""
    asked_score: float | None
    """Mean probability of the asked emotion in them."""
    flicker: float
    """Rms second difference of small patches of cheeks and nose in a face held still, of 255."""
    background: float | None
    """99th percentile of the change against each pixel's median, of 255; None without background."""


@dataclass(slots=True)
class _Kept:
    """What is kept of a clip while its frames go by."""

    embeddings: list[FloatArray] = field(default_factory=list)
    emotions: list[dict[str, float]] = field(default_factory=list)
    patches: list[FloatArray] = field(default_factory=list)
    small: list[ImageArray] = field(default_factory=list)
    persons: list[FloatArray] = field(default_factory=list)


def look(film: Film, reference: ImageArray | None, asked: Sequence[str] = ()) -> Looks:
    """Looks at every frame once.

    Args:
        reference: (h, w, 3) RGB of the person; None takes the clip's own first frame.
        asked: The emotion asked for at each frame, empty where none was; () takes the film's facts.

    Raises:
        ValueError: no face in the reference.
    """
    kept = _Kept()
    points = film.seen.points
    steady = _smoothed(points)
    for index, frame in enumerate(film.frames()):
        kept.patches.append(_patches(frame, steady[index]))
        kept.small.append(_shrunk(frame))
        if index % EVERY == 0:
            marks = points[index].astype(np.float32)
            kept.embeddings.append(judges.embedding(frame, marks))
            kept.emotions.append(judges.emotions(frame, marks))
        if index % (4 * EVERY) == 0:
            kept.persons.append(person_mask(frame))
    own = kept.embeddings[0] if reference is None else identity_of(reference)
    found = np.array(kept.embeddings)
    apart = np.linalg.norm(found - own, axis=1)
    alike = found @ own / (np.linalg.norm(found, axis=1) * np.linalg.norm(own))
    labels = Counter(max(one, key=one.__getitem__) for one in kept.emotions)
    share, score = _as_asked(kept.emotions, (asked or asked_emotions(film))[::EVERY])
    return Looks(
        distance=float(apart.mean()),
        distance_worst=float(apart.max()),
        cosine=float(alike.mean()),
        emotion=labels.most_common(1)[0][0],
        asked_share=share,
        asked_score=score,
        flicker=float(np.sqrt((np.diff(np.array(kept.patches), 2, axis=0) ** 2).mean())),
        background=_background(kept),
    )


def identity_of(picture: ImageArray) -> FloatArray:
    """(128,) of the surest face in an (h, w, 3) RGB picture.

    Raises:
        ValueError: the judge finds no face.
    """
    marks = judges.find_landmarks(picture)
    if marks is None:
        raise ValueError("the judge finds no face in the portrait")
    return judges.embedding(picture, marks)


def asked_emotions(film: Film) -> list[str]:
    """The emotion asked for at each frame, empty where none is or none that the classifier knows.

    Neutral is none: without a cue a portrait keeps its own expression.
    """
    asked = [""] * len(film.seen.points)
    for emotion, start_s, end_s in film.facts.emotions:
        if emotion in judges.LABELS and emotion != Emotion.NEUTRAL:
            for index in range(round(start_s * film.seen.fps), round(end_s * film.seen.fps)):
                if index < len(asked):
                    asked[index] = emotion.value
    return asked


def _as_asked(
    emotions: Sequence[dict[str, float]], asked: Sequence[str]
) -> tuple[float | None, float | None]:
    under = [(one, name) for one, name in zip(emotions, asked, strict=False) if name]
    if not under:
        return None, None
    shown = [max(one, key=one.__getitem__) == name for one, name in under]
    return float(np.mean(shown)), float(np.mean([one[name] for one, name in under]))


def _smoothed(points: Floats) -> Floats:
    window = np.ones(SMOOTH) / SMOOTH
    padded = np.pad(points, ((SMOOTH // 2, SMOOTH // 2), (0, 0), (0, 0)), mode="edge")
    return np.asarray(np.apply_along_axis(np.convolve, 0, padded, window, "valid"))


def _patches(frame: ImageArray, marks: Floats) -> FloatArray:
    """Mean grey of the patches of cheeks and nose, the face held still by its eyes."""
    right, left = marks[judges.RIGHT_EYE].mean(0), marks[judges.LEFT_EYE].mean(0)
    across = complex(*(left - right))
    turn = _EYES_APART / across  # a similarity in the plane, as one complex number
    middle = (right + left) / 2
    place = np.array([[turn.real, -turn.imag, 0.0], [turn.imag, turn.real, 0.0]])
    place[:, 2] = [_FACE / 2, _EYES_Y] - place[:, :2] @ middle
    factor = min(1.0, 2 * _EYES_APART / abs(across))
    size = [max(1, round(side * factor)) for side in frame.shape[1::-1]]
    grey = cv2.resize(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    place[:, :2] *= frame.shape[1] / size[0]
    face = cv2.warpAffine(grey.astype(np.float32), place, (_FACE, _FACE))[_LOOKED_AT]
    cells = face.reshape(face.shape[0] // _CELL, _CELL, face.shape[1] // _CELL, _CELL)
    return np.asarray(cells.mean((1, 3)).ravel(), np.float32)


def _shrunk(frame: ImageArray) -> ImageArray:
    scale = min(1.0, SMALL / max(frame.shape[:2]))
    size = [max(1, round(side * scale)) for side in frame.shape[1::-1]]
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _background(kept: _Kept) -> float | None:
    height, width = kept.small[0].shape[:2]
    person = np.max([cv2.resize(p, (width, height)) for p in kept.persons], axis=0) > 0.1
    reach = 2 * max(1, round(MARGIN * SMALL)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    outside = cv2.dilate(person.astype(np.uint8), disc) == 0
    if outside.mean() < LEAST_BACKGROUND:
        return None
    seen = np.array([one[outside] for one in kept.small])
    change = np.abs(seen - np.median(seen, axis=0))
    return float(np.quantile(change, 0.99))
