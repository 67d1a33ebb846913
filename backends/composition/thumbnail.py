"""A picture that stands for a clip."""

import io
from pathlib import Path

import av
from PIL import Image

from backends.errors import UnreadableMediaError

MAX_SIZE = 640
"""Longer side in pixels."""
_AT_S = 1.0
"""Late enough for the face to have begun to speak; the grid of segments has a keyframe there."""
_QUALITY = 88


def thumbnail(clip: Path) -> bytes:
    """JPEG of the clip's picture at its first second, or of its first one where it is shorter.

    Raises:
        UnreadableMediaError: it holds no picture.
    """
    try:
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            assert stream.time_base is not None
            container.seek(int(_AT_S / stream.time_base), stream=stream, backward=True)
            frame = next(container.decode(stream)).to_ndarray(format="rgb24")
    except (av.error.FFmpegError, IndexError, StopIteration) as error:
        raise UnreadableMediaError(f"{clip.name} holds no picture: {error}") from error
    picture = Image.fromarray(frame)
    picture.thumbnail((MAX_SIZE, MAX_SIZE))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()
