"""Reading pictures: every kind comes out upright, opaque and in RGB; bad ones have their errors."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from backends.errors import MediaTooLargeError, UnreadableMediaError
from backends.faces.images import MAX_BYTES, read_image

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
CORNERS = ("red", "lime", "blue", "white")  # top left, top right, bottom left, bottom right


def quarters(width: int = 96, height: int = 64) -> Image.Image:
    """A picture whose quarters tell how it is turned."""
    image = Image.new("RGB", (width, height))
    for i, colour in enumerate(CORNERS):
        tile = Image.new("RGB", (width // 2, height // 2), colour)
        image.paste(tile, (i % 2 * width // 2, i // 2 * height // 2))
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """The beginning of a PNG of this size: no pixel of it can be decoded."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def assert_upright(pixels: np.ndarray) -> None:
    height, width = pixels.shape[:2]
    assert (width, height) == (96, 64)
    expected = np.asarray(quarters())
    for y in (height // 4, 3 * height // 4):
        for x in (width // 4, 3 * width // 4):
            assert np.abs(pixels[y, x].astype(int) - expected[y, x]).max() < 12


@pytest.mark.parametrize("kind", FORMATS)
def test_the_content_tells_the_format(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "portrait.txt"
    path.write_bytes(encoded(quarters(), kind))
    pixels = read_image(path)
    assert pixels.dtype == np.uint8
    assert_upright(pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_exif_orientation_comes_out_upright(kind: str, orientation: int) -> None:
    """What a camera stores is the inverse of what the tag asks a viewer to do."""
    stored = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    image = quarters() if stored is None else quarters().transpose(stored)
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_upright(read_image(encoded(image, kind, exif=exif)))


def test_broken_exif_is_left_aside() -> None:
    assert_upright(read_image(encoded(quarters(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff")))


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_pixel_type_becomes_rgb(mode: str) -> None:
    """A step from black to white keeps its ends."""
    step = np.zeros((16, 16), np.uint8)
    step[:, 8:] = 255
    if mode in ("I;16", "I", "F"):
        wide = step.astype(np.uint16) * 257
        image = Image.fromarray(wide if mode == "I;16" else wide.astype(np.int32))
        image = Image.fromarray(step.astype(np.float32) / 255) if mode == "F" else image
    else:
        image = Image.fromarray(step).convert("RGB" if mode in ("RGBA", "CMYK") else "L")
        image = image.convert(mode)
    pixels = read_image(encoded(image, "TIFF"))
    assert pixels.shape == (16, 16, 3)
    assert pixels[:, :8].max() < 8
    assert pixels[:, 8:].min() > 247


def test_transparent_pixels_become_white() -> None:
    image = Image.new("RGBA", (8, 8), (200, 0, 0, 0))
    image.paste((0, 0, 200, 255), (0, 0, 4, 8))
    pixels = read_image(encoded(image))
    assert (pixels[:, :4] == (0, 0, 200)).all()
    assert (pixels[:, 4:] == 255).all()


def test_transparent_palette_entries_become_white() -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([200, 0, 0, 0, 200, 0])
    pixels = read_image(encoded(image, "PNG", transparency=0))
    assert (pixels == 255).all()


def test_a_colour_profile_is_applied() -> None:
    """In a profile that swaps nothing but the gamma a middle grey changes; ends stay."""
    image = Image.new("RGB", (4, 4), (128, 128, 128))
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    plain = read_image(encoded(image))
    assert (plain == 128).all()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert (read_image(encoded(image, icc_profile=srgb)) == 128).all()
    assert read_image(encoded(image, icc_profile=linear)).shape == (4, 4, 3)


def test_a_broken_colour_profile_is_left_aside() -> None:
    assert_upright(read_image(encoded(quarters(), icc_profile=b"no profile at all")))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_very_large_pictures_are_read_at_half_size(kind: str) -> None:
    image = Image.new("RGB", (6400, 6002), "teal")
    pixels = read_image(encoded(image, kind))
    assert pixels.shape == (3001, 3200, 3)


def test_a_list_of_bad_files(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("I am a text")
    (tmp_path / "drawing.svg").write_text('<?xml version="1.0"?><svg width="9"></svg>')
    (tmp_path / "pdf.png").write_bytes(b"%PDF-1.7\n")
    (tmp_path / "header.png").write_bytes(png_header(64, 64))
    os.mkfifo(tmp_path / "pipe.png")
    names = {"missing.png", "nul\0.png", *(p.name for p in tmp_path.iterdir())}
    assert len(names) == 9
    for name in names:
        with pytest.raises(UnreadableMediaError, match=name.partition("\0")[0]):
            read_image(tmp_path / name)


def test_the_message_for_an_svg_says_what_to_do() -> None:
    with pytest.raises(UnreadableMediaError, match="SVG drawing: export it as PNG"):
        read_image(b'<svg xmlns="http://www.w3.org/2000/svg"></svg>', "logo.svg")


def test_bytes_are_called_by_the_name_given() -> None:
    with pytest.raises(UnreadableMediaError, match=r"^upload 7 is empty"):
        read_image(b"", "upload 7")


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (10_000, 7_000), (65_000, 1_100)])
def test_too_many_pixels_are_refused_before_decoding(width: int, height: int) -> None:
    """The file holds only a header: had it been decoded, it would be called damaged."""
    with pytest.raises(MediaTooLargeError, match=f"{width * height / 1e6:.0f} megapixels"):
        read_image(png_header(width, height), "poster.png")


def test_too_many_bytes_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(MediaTooLargeError, match=r"huge\.png has 64 MB"):
        read_image(path)
    with pytest.raises(MediaTooLargeError):
        read_image(bytes(MAX_BYTES + 1))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_half_a_file_is_called_damaged(kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    with pytest.raises(UnreadableMediaError, match=r"^face\.jpg is"):
        read_image(data[: len(data) // 2], "face.jpg")


SMALL = {kind: encoded(quarters(24, 16), kind) for kind in FORMATS}


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(FORMATS),
    edits=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8),
    end=st.integers(0, 10_000),
)
def test_mangled_files_give_a_picture_or_our_error(
    kind: str, edits: list[tuple[int, int]], end: int
) -> None:
    data = bytearray(SMALL[kind])
    for at, value in edits:
        data[at % len(data)] = value
    del data[max(1, end % (2 * len(data))) :]
    try:
        pixels = read_image(bytes(data))
    except (UnreadableMediaError, MediaTooLargeError):
        return
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_noise_is_no_picture(data: bytes) -> None:
    with pytest.raises(UnreadableMediaError):
        read_image(data)
