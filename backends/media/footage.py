"""A video that another process decodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backends.faces.video import Footage
from backends.types import FloatArray, ImageArray

if TYPE_CHECKING:
    from backends.media.apart import Apart


@dataclass(frozen=True, slots=True)
class FootageApart(Footage):
    apart: Apart

    def frames(self, longest: int | None = None) -> Iterator[ImageArray]:
        yield from self.apart.arrays("frames", self.data, longest=longest, **self._facts())

    def sound(self) -> FloatArray | None:
        return next(self.apart.arrays("sound", self.data, **self._facts()), None)

    def _facts(self) -> dict[str, Any]:
        return {"name": self.name, "format": self.format, "size": self.size, "fps": self.fps}
