"""Who decodes what comes from outside: this process, or one of its own that is limited and thrown away.

- `Here`: in this process, as command lines and notebooks do with files of their own
- `backends.media.apart`: `Apart`, as a service does with files of others
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from backends.types import ImageArray

if TYPE_CHECKING:  # they load libraries that not every process needs
    from backends.faces.video import Footage
    from backends.speech.recorded import Recording


class Media(Protocol):
    """Reads pictures, videos and recordings of others; `name` is what messages call them."""

    def read_image(self, data: bytes, name: str) -> ImageArray:
        """See `backends.faces.images.read_image`."""
        ...

    def open_video(self, data: bytes, name: str) -> Footage:
        """See `backends.faces.video.open_video`."""
        ...

    def open_recording(self, source: bytes | Path, name: str) -> Recording:
        """See `backends.speech.recorded.open_recording`."""
        ...


class Here:
    """Decodes in this process."""

    def read_image(self, data: bytes, name: str) -> ImageArray:
        from backends.faces.images import read_image

        return read_image(data, name)

    def open_video(self, data: bytes, name: str) -> Footage:
        from backends.faces.video import open_video

        return open_video(data, name)

    def open_recording(self, source: bytes | Path, name: str) -> Recording:
        from backends.speech.recorded import open_recording

        return open_recording(source, name)


HERE = Here()
