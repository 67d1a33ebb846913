"""Pictures from hostile bytes to upright RGB."""

from __future__ import annotations

import contextlib
import io
import re
import stat
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from backends.errors import MediaTooLargeError, UnreadableMediaError
from backends.types import ImageArray

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
MAX_BYTES = 64 * 2**20
MAX_PIXELS = 64_000_000
ENOUGH = 3000
"""A picture is read at half its size when its shorter side keeps this many pixels then."""

UNNAMED = "the picture"
"""What messages call a picture whose name is not known."""

_NAMED = "JPEG, PNG, WebP, BMP, TIFF or GIF"


def read_image(source: bytes | Path, name: str | None = None) -> ImageArray:
    """A picture as (h, w, 3) uint8 RGB: upright (EXIF orientation applied), transparency on white,
    in sRGB.

    The type is told by the content. Of an animation the first frame is read. A very large picture
    is read at half its size.

    Args:
        source: the file's bytes, or where it lies.
        name: what messages call it; a path's own name by default.

    Raises:
        UnreadableMediaError: not a picture of a known format, empty, truncated, or no file to read.
        MediaTooLargeError: above MAX_BYTES or MAX_PIXELS; told before anything is decoded.
    """
    name = name or (source.name if isinstance(source, Path) else UNNAMED)
    data = _read_file(source, name) if isinstance(source, Path) else source
    if len(data) > MAX_BYTES:
        raise _too_many_bytes(name, len(data))
    if not data:
        raise UnreadableMediaError(f"{name} is empty; give a {_NAMED} picture")
    try:
        with _opened(data, name) as image:
            return _decoded(image)
    except (UnreadableMediaError, MediaTooLargeError):
        raise
    except (
        Exception
    ) as error:  # Pillow's parsers raise whatever a broken file makes them stumble over
        raise UnreadableMediaError(
            f"{name} is damaged and cannot be read ({error}); save or send it again"
        ) from error


def _read_file(path: Path, name: str) -> bytes:
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # a pipe or a device might never end
            raise UnreadableMediaError(f"{name} is a folder or a device; give a {_NAMED} picture")
        if facts.st_size > MAX_BYTES:
            raise _too_many_bytes(name, facts.st_size)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableMediaError(f"{name} cannot be opened ({reason}); check the path") from error


def _too_many_bytes(name: str, size: int) -> MediaTooLargeError:
    return MediaTooLargeError(
        f"{name} has {size / 2**20:.0f} MB; pictures may have {MAX_BYTES // 2**20}: save it smaller"
    )


def _opened(data: bytes, name: str) -> Image.Image:
    """The picture with its header read and judged, its pixels not yet decoded."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        told = re.search(r"\d+", str(error))
        raise _too_many_pixels(name, int(told[0]) if told else 2 * MAX_PIXELS) from error
    except UnidentifiedImageError as error:
        svg = b"<svg" in data[:4096]
        hint = "it is an SVG drawing: export it as PNG" if svg else f"give a {_NAMED} picture"
        raise UnreadableMediaError(f"{name} is not a picture that can be read; {hint}") from error
    if image.width * image.height > MAX_PIXELS:
        size = image.size
        image.close()
        raise _too_many_pixels(name, size[0] * size[1], f" ({size[0]} x {size[1]})")
    return image


def _too_many_pixels(name: str, pixels: int, size: str = "") -> MediaTooLargeError:
    return MediaTooLargeError(
        f"{name} has {pixels / 1e6:.0f} megapixels{size}; "
        f"pictures may have {MAX_PIXELS // 1_000_000}: save it smaller"
    )


def _decoded(image: Image.Image) -> ImageArray:
    if min(image.size) >= 2 * ENOUGH:
        image.draft(
            None, (image.width // 2, image.height // 2)
        )  # a JPEG decoder skips what is not needed
    profile = image.info.get("icc_profile")
    image.load()
    with contextlib.suppress(Exception):  # broken EXIF data says nothing about the picture
        ImageOps.exif_transpose(image, in_place=True)
    if min(image.size) >= 2 * ENOUGH:
        image = image.reduce(2)
    return np.array(_to_srgb(_opaque(_eight_bits(image)), profile))


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float greys as 8-bit ones; Pillow itself would clip them at 255."""
    if not image.mode.startswith(("I", "F")):
        return image
    grey = np.asarray(image).astype(np.float32)
    white = 1.0 if image.mode == "F" and grey.max() <= 1.0 else 255.0
    if image.mode.startswith("I;16") or grey.max() > 255.0:
        white = 65535.0
    return Image.fromarray(np.nan_to_num(grey * (255.0 / white)).clip(0, 255).astype(np.uint8))


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image if image.mode in ("RGB", "CMYK") else image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as the picture's own ICC profile means them; one that does not fit is left aside."""
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "sRGB" not in ImageCms.getProfileDescription(source):
                target = ImageCms.createProfile("sRGB")
                converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
                if converted is not None:
                    return converted
    return image if image.mode == "RGB" else image.convert("RGB")
