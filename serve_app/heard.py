"""The sound of a clip, kept for engines that draw from it, as long as it is needed."""

import math

import numpy as np

from backends.types import Speech, SpeechChunk

_STEP_S = 0.1
"""Cuts begin at whole multiples: at any usual rate that is a whole number of samples."""


class Heard:
    """What has been said so far, as far as frames to come are drawn from it."""

    def __init__(self, hears_s: float) -> None:
        """
        Args:
            hears_s: `AnimationInfo.hears_s`.
        """
        self._hears_s = hears_s
        self._chunks: list[SpeechChunk] = []
        self._end_s = 0.0

    @property
    def reach_s(self) -> float:
        """Frames that end by then can be drawn, whatever comes."""
        return self._end_s - self._hears_s

    def push(self, chunk: SpeechChunk) -> None:
        self._end_s = chunk.end_s
        if self._hears_s:
            self._chunks.append(chunk)

    def whole(self) -> Speech | None:
        """All of it, where the clip is planned as a whole."""
        return Speech(tuple(self._chunks)) if math.isinf(self._hears_s) else None

    def around(self, start_s: float, end_s: float) -> Speech | None:
        """What frames of that stretch are drawn from, as one chunk; what lies before is forgotten.

        None where nothing is, or the clip is planned as a whole.
        """
        if not self._chunks or math.isinf(self._hears_s):
            return None
        begin_s = max(0.0, math.floor((start_s - self._hears_s) / _STEP_S) * _STEP_S)
        while self._chunks[0].end_s <= begin_s:
            self._chunks.pop(0)
        first = self._chunks[0]
        rate = first.sample_rate
        samples = np.concatenate([c.samples for c in self._chunks])
        offset = round(first.start_s * rate)
        begin, end = round(begin_s * rate), math.ceil((end_s + self._hears_s) * rate)
        piece = samples[begin - offset : end - offset]
        return Speech((SpeechChunk(piece, rate, (), (), (), begin_s),))
