"""What the stages do to the values that pass through them."""

from collections.abc import Iterator

import numpy as np

from backends.composition.captions import CaptionLine
from backends.composition.painter import CaptionPainter
from backends.types import FrameBatch
from serve_app.deployments import _painted


def test_captions_leave_the_memory_of_the_engine_alone() -> None:
    """Engines draw a still background once; a caption on it would stay for ever."""
    memory = np.full((2, 240, 320, 3), 90, np.uint8)

    def engine() -> Iterator[FrameBatch]:
        for start in range(0, 10, 2):
            yield FrameBatch(memory, start)

    line = CaptionLine(0.16, 0.24, "Hello everyone!")  # at 25 frames a second: 4 and 5
    painted = [
        b.frames.copy() for b in _painted(engine(), [CaptionPainter((320, 240), 25, [line])])
    ]
    shown = [bool((frame != 90).any()) for frame in np.concatenate(painted)]
    assert shown == [index in (4, 5) for index in range(10)]
