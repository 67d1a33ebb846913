"""The arithmetic of a portrait's crop and size: numbers in, numbers out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from backends.errors import InputError
from backends.types import Box

Aspect = Literal["source", "1:1", "9:16", "16:9"]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
SOURCE, BLUR = "source", "blur"
MIN_SIZE, MAX_SIZE = 64, 4096
MAX_UPSCALE = 2

_FACE_SHARE = 0.2  # of the crop's shorter side: how high the face is at least
_FACE_CENTRE = 0.42  # of the crop's height, from its top: where the face's centre goes
_HEADROOM = 0.15  # of the face's height: free above the hair
_CHINROOM = 0.1  # of the face's height: free below the chin


@dataclass(frozen=True, slots=True)
class Framing:
    """What part of the picture the clip shows, and how large."""

    size: int | None = 720
    """The longer side in pixels, made even; None keeps the source's own resolution."""
    aspect: Aspect = "source"
    face: int = 1
    """Which face: 1 is the largest."""
    background: str = SOURCE
    """What is behind the person: "source", "blur", "#rrggbb", or where a picture is kept."""

    def __post_init__(self) -> None:
        if self.aspect not in ASPECTS:
            raise InputError(f"the aspect {self.aspect!r} is not one of {', '.join(ASPECTS)}")
        if self.size is not None and not MIN_SIZE <= self.size <= MAX_SIZE:
            raise InputError(f"the size {self.size} is outside {MIN_SIZE}..{MAX_SIZE} pixels")
        if self.face < 1:
            raise InputError(
                f"face {self.face} does not exist: faces are counted from 1, the largest first"
            )


def names_picture(background: str) -> bool:
    """Whether a background is a picture: a file on the command line, an upload at a service."""
    return background not in (SOURCE, BLUR) and not background.startswith("#")


class Crop(NamedTuple):
    """Whole pixels of the picture."""

    x: int
    y: int
    width: int
    height: int


def crop_size(width: int, height: int, face_height: float, aspect: Aspect) -> tuple[int, int]:
    """Width and height of the largest crop of an aspect inside a picture, made smaller until a face
    of this height has its share of the shorter side."""
    ratio = width / height if aspect == "source" else _ratio(aspect)
    full_width, full_height = min(width, height * ratio), min(height, width / ratio)
    shrink = min(1.0, face_height / _FACE_SHARE / min(full_width, full_height))
    return min(width, max(1, round(full_width * shrink))), min(
        height, max(1, round(full_height * shrink))
    )


def place_crop(width: int, height: int, size: tuple[int, int], face: Box, hair_top: float) -> Crop:
    """A crop of this size inside a picture of width x height: the face in the middle, a little
    above half height. What cannot all be whole gives way in this order: room above the hair (which
    reaches from `hair_top` down), room below the chin, the face."""
    crop_width, crop_height = size
    x = face.x + face.width / 2 - crop_width / 2
    y = face.y + face.height / 2 - _FACE_CENTRE * crop_height
    y = min(y, hair_top - _HEADROOM * face.height)
    y = max(y, face.y + (1 + _CHINROOM) * face.height - crop_height)
    y = min(y, face.y)
    left = round(min(max(x, 0), width - crop_width))
    top = round(min(max(y, 0), height - crop_height))
    return Crop(left, top, crop_width, crop_height)


def output_size(width: int, height: int, size: int | None) -> tuple[int, int]:
    """Even width and height of a crop whose longer side becomes `size`, enlarged at most
    MAX_UPSCALE times."""
    longer = max(width, height)
    target = longer if size is None else min(size, MAX_UPSCALE * longer)
    scale = (target - target % 2) / longer
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def _ratio(aspect: Aspect) -> float:
    across, down = aspect.split(":")
    return int(across) / int(down)
