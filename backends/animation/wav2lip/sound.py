"""What a mouth hears: a stretch of the clip's mel spectrogram, and the window of it that each frame sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backends.animation.mel import BANDS, COLUMNS_PER_S, mel
from backends.animation.wav2lip.architecture import STEPS
from backends.types import FloatArray, Speech

HEARD_S = 0.5
"""Sound around frames that they are drawn from: a window is 0.2 s, the spectrogram and a resampler need the rest."""
_SILENCE = -4.0


@dataclass(frozen=True, slots=True)
class Sound:
    columns: FloatArray
    """(n, 80) in -4..4, at least STEPS of them."""
    first: int
    """Column of the clip that the first one is."""

    @classmethod
    def of(cls, speech: Speech) -> Sound:
        """Of a clip's speech, or of a stretch that begins at a whole column."""
        columns = mel(speech.samples, speech.sample_rate)
        if (missing := STEPS - len(columns)) > 0:
            silence = np.full((missing, BANDS), _SILENCE, np.float32)
            columns = np.concatenate([columns, silence])
        return cls(columns, round(speech.chunks[0].start_s * COLUMNS_PER_S))

    def window(self, frame: int, fps: float) -> FloatArray:
        """(1, 80, 16): from where the frame begins on; beyond the sound's end, the last that there is."""
        start = self._start(frame, fps)
        return self.columns[start : start + STEPS].T[None]

    def slice(self, start: int, end: int, fps: float) -> Sound:
        """Enough for the frames [start, end)."""
        low, high = self._start(start, fps), self._start(max(start, end - 1), fps) + STEPS
        return Sound(self.columns[low:high], self.first + low)

    def _start(self, frame: int, fps: float) -> int:
        """Index of a window's first column."""
        start = int(frame * (COLUMNS_PER_S / fps)) - self.first
        return max(0, min(start, len(self.columns) - STEPS))
