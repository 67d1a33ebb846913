"""Speech with the head, the eyes and the brows of somebody filmed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from backends.performance.planner import Planner
from backends.types import COEFFICIENTS, FloatArray, Performance, SpeechChunk

FOLLOWED = tuple(
    i
    for i, name in enumerate(COEFFICIENTS)
    if name.startswith(("eyeBlink", "eyeLook", "eyeWide", "eyeSquint", "brow"))
)
"""Coefficients that come from the driving video; the others, the mouth's first of all, from speech."""


@dataclass(frozen=True, slots=True)
class Driving:
    """What a driving video gives."""

    performance: Performance
    """From frame 0 on, at the clip's rate."""
    sound: FloatArray | None
    """(n,) mono at `backends.faces.video.SOUND_HZ`; None where it is silent."""


class DrivenPlanner:
    """A `Planner` whose rows follow a driving performance, forth and back where speech is longer."""

    def __init__(self, planner: Planner, driving: Performance) -> None:
        self._planner = planner
        self._driving = driving

    def push(self, chunk: SpeechChunk) -> Performance | None:
        """See `Planner.push`."""
        rows = self._planner.push(chunk)
        return rows if rows is None else follow(rows, self._driving)

    def finish(self) -> Performance:
        """See `Planner.finish`."""
        return follow(self._planner.finish(), self._driving)


class Reenactment:
    """The driving performance itself as a plan: nothing is spoken."""

    def __init__(self, driving: Performance) -> None:
        self._driving = driving

    def push(self, chunk: SpeechChunk) -> Performance | None:
        """Nothing to wait for: all rows come at the end."""
        return None

    def finish(self) -> Performance:
        return self._driving


def follow(rows: Performance, driving: Performance) -> Performance:
    """Rows of speech with head pose, gaze, lids and brows of the driving performance at the same frames.

    Args:
        rows, driving: At the same rate; `driving` begins at frame 0.
    """
    at = forth_and_back(np.arange(rows.start, rows.end), len(driving))
    coefficients = rows.coefficients.copy()
    columns: Sequence[int] = FOLLOWED
    coefficients[:, columns] = driving.coefficients[at][:, columns]
    return replace(rows, coefficients=coefficients, pose=driving.pose[at], gaze=driving.gaze[at])


def forth_and_back(frames: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Indices below `count` that run up and down for ever, neither end twice in a row."""
    period = max(1, 2 * count - 2)
    at: NDArray[np.int64] = (frames % period).astype(np.int64)
    return np.where(at < count, at, period - at)
