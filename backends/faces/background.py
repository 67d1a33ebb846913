"""What is shown behind the person: the portrait's own background, a blur of it, a colour or another picture."""

import re

import cv2
import numpy as np

from backends.errors import InputError
from backends.faces.framing import BLUR, SOURCE
from backends.media import HERE, Media
from backends.types import Backdrop, ImageArray

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def load_backdrop(
    background: str, picture: bytes | None, size: tuple[int, int], media: Media = HERE
) -> Backdrop:
    """The background of a clip.

    Args:
        background: "source", "blur", "#rrggbb", or anything else for the picture.
        picture: a picture's bytes, where the background names one.
        size: width and height of the clip; a picture covers it and is cut off where it is longer.
        media: who decodes the picture.

    Raises:
        InputError: a colour is not written as #rrggbb.
        UnreadableMediaError, MediaTooLargeError: see `read_image`.
    """
    width, height = size
    if background == SOURCE:
        return "source"
    if background == BLUR:
        return "blur"
    if background.startswith("#"):
        if not _COLOUR.fullmatch(background):
            raise InputError(
                f"the background {background!r} is no colour: write #rrggbb, as #1e90ff"
            )
        colour = np.frombuffer(bytes.fromhex(background[1:]), np.uint8)
        return np.ascontiguousarray(np.broadcast_to(colour, (height, width, 3)))
    if picture is None:
        raise InputError(f"the background {background!r} is not source, blur, #rrggbb or a picture")
    return _covering(media.read_image(picture, "the background"), width, height)


def _covering(pixels: ImageArray, width: int, height: int) -> ImageArray:
    rows, columns = pixels.shape[:2]
    scale = max(width / columns, height / rows)
    across, down = min(columns, round(width / scale)), min(rows, round(height / scale))
    left, top = (columns - across) // 2, (rows - down) // 2
    cut = np.ascontiguousarray(pixels[top : top + max(down, 1), left : left + max(across, 1)])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(cut, (width, height), interpolation=method), np.uint8)
