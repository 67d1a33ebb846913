"""From a video to the reference of a clip: which face, which crop, which size; frames kept compressed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from backends.errors import NoFaceError, UnreadableMediaError
from backends.faces.framing import Crop, Framing, output_size
from backends.faces.images import UNNAMED, read_image
from backends.faces.portrait import (
    PortraitReport,
    check,
    choose_crop,
    frame_portrait,
    load_portrait,
)
from backends.faces.video import UNNAMED_CLIP, Footage, is_video
from backends.media import HERE, Media
from backends.types import Box, ImageArray, Reference, ReferenceVideo

JPEG_QUALITY = 95
LOOKED_AT_S = (0.0, 1.0, 2.0, 4.0)
"""Seconds into the video where the face to follow is looked for, until it is found."""
FEWEST = 8
"""Frames: shorter, and it is no video but a picture."""


def load_reference(
    source: bytes | Path, framing: Framing, name: str, media: Media = HERE
) -> Reference:
    """A picture as `load_portrait` frames it, a video as `load_clip` does; told apart by the content.

    Args:
        source: a file's bytes, or where a picture of this machine's own lies.
        media: who decodes the bytes.
    """
    if isinstance(source, Path):
        return load_portrait(source, framing, name)
    if is_video(source):
        return load_clip(source, framing, UNNAMED_CLIP if name == UNNAMED else name, media)
    return frame_portrait(media.read_image(source, name), framing, name)


def check_reference(
    source: bytes | Path, picture: str, video: str, media: Media = HERE
) -> PortraitReport:
    """The faces of a picture, or of a video where `load_clip` looks for the one to follow.

    Args:
        source: the file's bytes, or where a picture of this machine's own lies.
        picture, video: what messages call it.
        media: who decodes the bytes.

    Raises:
        UnreadableMediaError, MediaTooLargeError: see `read_image`, `open_video` and `Footage.frames`.
    """
    if isinstance(source, Path):
        return check(read_image(source, picture), picture)
    if not is_video(source):
        return check(media.read_image(source, picture), picture)
    reports = (check(frame, video) for frame in _looked_at(media.open_video(source, video)))
    first = next(reports)
    return first if first.fit else next((report for report in reports if report.fit), first)


def load_clip(
    data: bytes, framing: Framing, name: str = UNNAMED_CLIP, media: Media = HERE
) -> ReferenceVideo:
    """Reads and frames a reference video.

    Args:
        data: the file's bytes.
        name: what messages call it.
        media: who decodes it.

    Raises:
        UnreadableMediaError, MediaTooLargeError: see `open_video` and `Footage.frames`.
        NoFaceError, FaceTooSmallError, InputError: see `frame_portrait`; no looked-at frame has a face that works.
    """
    footage = media.open_video(data, name)
    face, crop = _chosen(footage, framing)
    size = output_size(crop.width, crop.height, framing.size)
    frames = tuple(_packed(frame, crop, size) for frame in footage.frames())
    if len(frames) < FEWEST:
        raise UnreadableMediaError(
            f"{name} has only {len(frames)} frames, at least {FEWEST} are needed; use a longer one, "
            "or one of them as a picture"
        )
    across, down = size[0] / crop.width, size[1] / crop.height
    box = Box(
        (face.x - crop.x) * across, (face.y - crop.y) * down,
        face.width * across, face.height * down,
    )  # fmt: skip
    key = hashlib.sha256(data + repr(framing).encode()).hexdigest()
    return ReferenceVideo(key, footage.fps, size, frames, box)


def unpack(frame: bytes) -> ImageArray:
    """(h, w, 3) RGB of one of `ReferenceVideo.frames`."""
    pixels = cv2.imdecode(np.frombuffer(frame, np.uint8), cv2.IMREAD_COLOR_RGB)
    return np.asarray(pixels, np.uint8)


def _chosen(footage: Footage, framing: Framing) -> tuple[Box, Crop]:
    """Face and crop as the first frame gives them in which they work."""
    problem: NoFaceError | None = None
    for frame in _looked_at(footage):
        try:
            return choose_crop(frame, framing, footage.name)
        except NoFaceError as error:
            problem = problem or error
    assert problem is not None  # the first frame is always looked at
    raise problem


def _looked_at(footage: Footage) -> Iterator[ImageArray]:
    looked_at = {round(seconds * footage.fps) for seconds in LOOKED_AT_S}
    for index, frame in enumerate(islice(footage.frames(), max(looked_at) + 1)):
        if index in looked_at:
            yield frame


def _packed(pixels: ImageArray, crop: Crop, size: tuple[int, int]) -> bytes:
    cut = np.ascontiguousarray(
        pixels[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width, ::-1]
    )
    if size != (crop.width, crop.height):
        method = cv2.INTER_AREA if size[0] < crop.width else cv2.INTER_CUBIC
        cut = np.asarray(cv2.resize(cut, size, interpolation=method), np.uint8)
    return bytes(cv2.imencode(".jpg", cut, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1])
