"""From a picture to the portrait of a clip: which face, which crop, which size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from backends.errors import FaceTooSmallError, InputError, NoFaceError
from backends.faces.detect import (
    SMALLEST,
    Face,
    HeadAngles,
    find_faces,
    head_angles,
    person_mask,
    visible_share,
)
from backends.faces.features import eye_openings, look_at_mouth
from backends.faces.fitness import notices_of, problem_of, why_no_face
from backends.faces.framing import (
    ASPECTS,
    Aspect,
    Crop,
    Framing,
    crop_size,
    output_size,
    place_crop,
)
from backends.faces.images import UNNAMED, read_image
from backends.faces.presets import preset
from backends.types import Box, ImageArray, Notice, Portrait


@dataclass(frozen=True, slots=True)
class FaceReport:
    """Whether a face can be animated."""

    box: Box
    """In the picture's pixels."""
    angles: HeadAngles
    score: float
    """The detector's confidence, 0..1."""
    visible: float
    """Share of it that lies inside the picture, 0..1."""
    eyes: float
    """Gap between the lids over an eye's width, mean of both; 0.05 shut, 0.3 open."""
    mouth: float
    """Gap between the lips in eye distances."""
    problem: str
    """Why it cannot be animated; empty when it can."""
    notices: tuple[Notice, ...]
    """What should be known of one that can."""
    crops: Mapping[Aspect, Crop]
    """What a clip of each aspect shows of the picture; aspects that would cut the face are missing."""

    @property
    def fit(self) -> bool:
        return not self.problem


@dataclass(frozen=True, slots=True)
class PortraitReport:
    """What a picture holds, for someone about to choose it."""

    width: int
    height: int
    faces: tuple[FaceReport, ...]
    """The largest first, numbered from 1 as `Framing.face` counts."""
    problem: str
    """Why no portrait comes of it as it is; empty when the largest face can be animated."""

    @property
    def fit(self) -> bool:
        return not self.problem


def load_portrait(
    source: bytes | Path | str, framing: Framing | None = None, name: str | None = None
) -> Portrait:
    """Reads and frames a picture.

    Args:
        source: a picture's bytes, its path, or "preset:NAME".
        framing: the default Framing when None.
        name: what messages call it.

    Raises:
        UnreadableMediaError, MediaTooLargeError, UnknownPortraitError: see `read_image`, `preset`.
        NoFaceError, FaceTooSmallError, InputError: see `frame_portrait`.
    """
    if isinstance(source, str):
        path = preset(source).path if source.startswith("preset:") else Path(source)
        return load_portrait(path, framing, name or source)
    name = name or (source.name if isinstance(source, Path) else UNNAMED)
    return frame_portrait(read_image(source, name), framing or Framing(), name)


def check(pixels: ImageArray, name: str = UNNAMED) -> PortraitReport:
    """The faces of a picture, (h, w, 3) uint8 RGB, each with what it is good for."""
    found = find_faces(pixels)
    reports = tuple(
        _report(
            pixels, face, f"face {number} in {name}" if len(found) > 1 else f"the face in {name}"
        )
        for number, face in enumerate(found, 1)
    )
    height, width = pixels.shape[:2]
    problem = reports[0].problem if reports else why_no_face(pixels, name)
    return PortraitReport(width, height, reports, problem)


def _report(pixels: ImageArray, face: Face, subject: str) -> FaceReport:
    problem = problem_of(pixels, face, subject)
    return FaceReport(
        box=face.box,
        angles=head_angles(face),
        score=face.score,
        visible=visible_share(face.box, pixels),
        eyes=sum(eye_openings(face)) / 2,
        mouth=look_at_mouth(pixels, face).opening,
        problem=problem,
        notices=() if problem else notices_of(pixels, face, subject),
        crops={} if problem else _crops(pixels, face.box),
    )


def _crops(pixels: ImageArray, face: Box) -> dict[Aspect, Crop]:
    height, width = pixels.shape[:2]
    sizes = {aspect: crop_size(width, height, face.height, aspect) for aspect in ASPECTS}
    hair_top = _hair_top(pixels, face) if set(sizes.values()) != {(width, height)} else 0.0
    return {
        aspect: place_crop(width, height, size, face, hair_top)
        for aspect, size in sizes.items()
        if _holds(size, face)
    }


def _holds(size: tuple[int, int], face: Box) -> bool:
    return size[0] >= face.width and size[1] >= face.height


def frame_portrait(pixels: ImageArray, framing: Framing, name: str = UNNAMED) -> Portrait:
    """Chooses the face, the crop around head and shoulders and the size.

    The crop is the largest of its aspect that lies inside the picture, made smaller until the face
    is at least a fifth of its shorter side high; the hair and some room above it stay inside as far
    as the picture and the aspect have them.

    Args:
        pixels: (h, w, 3) uint8 RGB.

    Raises:
        NoFaceError: there is no face, or it is turned away, cut by the edge, or its mouth is covered.
        FaceTooSmallError: the face is less than 64 pixels wide.
        InputError: the picture has no such face number, or the aspect would cut the face.
    """
    face = _choose(pixels, framing, name)
    crop = _crop(pixels, face.box, framing.aspect, name)
    notices = notices_of(pixels, face, f"the face in {name}")
    return replace(_cut(pixels, face.box, crop, framing.size), notices=notices)


def choose_crop(pixels: ImageArray, framing: Framing, name: str) -> tuple[Box, Crop]:
    """The face and the crop that `frame_portrait` takes, with its errors."""
    face = _choose(pixels, framing, name)
    return face.box, _crop(pixels, face.box, framing.aspect, name)


def _choose(pixels: ImageArray, framing: Framing, name: str) -> Face:
    faces = find_faces(pixels)
    if not faces:
        raise NoFaceError(why_no_face(pixels, name))
    if framing.face > len(faces):
        count = "one face" if len(faces) == 1 else f"{len(faces)} faces"
        raise InputError(
            f"face {framing.face} does not exist: {name} has {count}, the largest is number 1"
        )
    face = faces[framing.face - 1]
    if problem := problem_of(pixels, face, f"the face in {name}"):
        problem += _others(pixels, faces, name)
        raise (FaceTooSmallError if face.box.width < SMALLEST else NoFaceError)(problem)
    return face


def _others(pixels: ImageArray, faces: list[Face], name: str) -> str:
    """Which faces work, where the chosen one does not."""
    fit = [str(n) for n, face in enumerate(faces, 1) if not problem_of(pixels, face, name)]
    return f"; or choose face {' or '.join(fit)} of the {len(faces)}" if fit else ""


def _crop(pixels: ImageArray, face: Box, aspect: Aspect, name: str) -> Crop:
    height, width = pixels.shape[:2]
    size = crop_size(width, height, face.height, aspect)
    if size == (width, height):
        return Crop(0, 0, width, height)
    if not _holds(size, face):
        raise InputError(
            f"a crop of {aspect} ({size[0]} x {size[1]} pixels) would cut the face in {name} "
            f"({face.width:.0f} x {face.height:.0f}); use the aspect source or a picture "
            "with more around the head"
        )
    return place_crop(width, height, size, face, _hair_top(pixels, face))


def _cut(pixels: ImageArray, face: Box, crop: Crop, size: int | None) -> Portrait:
    x, y, width, height = crop
    out_width, out_height = output_size(width, height, size)
    method = cv2.INTER_AREA if out_width < width else cv2.INTER_CUBIC
    cut = np.ascontiguousarray(pixels[y : y + height, x : x + width])
    framed = np.asarray(cv2.resize(cut, (out_width, out_height), interpolation=method), np.uint8)
    framed.setflags(write=False)
    across, down = out_width / width, out_height / height
    return Portrait(
        framed,
        Box((face.x - x) * across, (face.y - y) * down, face.width * across, face.height * down),
    )


def _hair_top(pixels: ImageArray, face: Box) -> float:
    """The row where the hair (or a hat) above the face ends, found in the person's mask."""
    centre = face.x + face.width / 2
    left, right = max(0, int(centre - 2 * face.height)), int(centre + 2 * face.height)
    top, bottom = max(0, int(face.y - 2 * face.height)), int(face.y + 3 * face.height)
    mask = person_mask(pixels[top:bottom, left:right])
    middle = int(centre) - left
    near = slice(max(0, middle - int(face.width / 4)), middle + int(face.width / 4) + 1)
    background = np.flatnonzero(mask[: max(0, int(face.y) - top), near].mean(1) < 0.5)
    found = top + (int(background[-1]) + 1 if background.size else 0)
    return min(found, face.y - 0.3 * face.height)  # there is a skull at least
