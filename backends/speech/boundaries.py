"""From peaks to spans: where a phone begins, where a pause lies.

CTC shows a phone some time after its onset, the later the longer the phone before it was shown ago;
measured on a synthetic voice with known timings, in English and Greek, the onset lies `_LATE_S`
and `_SHARE` of the way back from one peak to the one before. Pauses are found by loudness alone.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from backends.speech.hearing import LEVEL_S, Levels
from backends.speech.phones import SILENCE
from backends.speech.sounds import letter_of
from backends.types import FloatArray, PhonemeSpan

_LATE_S, _SHARE, _FARTHEST_S = 0.02, 0.3, 0.2
_LEAST_S = 0.01
"""Shortest phone."""
_PAUSE_S = 0.1
"""Shortest pause between two phones."""
_CLOSURE_S = 0.06
"""Of a stop after a pause: silent, but its lips or tongue are closed already."""
_STOPS = frozenset("pbtdkɡgcɟqɢʈɖ")
_TAIL_S = 0.25
"""The last phone before a pause ends at the latest so long after its peak, the first begins so long before."""
_UNHEARD_S = 0.6
"""Between two peaks, after which something else than the two phones is heard."""

_QUIET_SHARE = 0.3
"""Of the way from the noise to the speech, in decibels: below it is a pause."""
_DEEPEST_DB = 45.0
"""Noise counts as at most this far below speech."""
_CONTRAST_DB = 9.0
"""Sound that varies less has no pauses that could be told by loudness."""
_SMALLEST_DB = -65.0
"""Nothing is heard below."""


class Anchor(NamedTuple):
    """A phone and when it was heard."""

    phoneme: str
    first_s: float
    last_s: float


class Run(NamedTuple):
    start_s: float
    end_s: float


def quiet_runs(levels: Levels) -> list[Run]:
    """Stretches in which nobody speaks, by loudness, of at least `_PAUSE_S`."""
    quiet = levels.decibels < _threshold_db(levels.decibels)
    edges = np.flatnonzero(np.diff(np.r_[False, quiet, False].astype(np.int8)))
    runs = [Run(a * LEVEL_S, min(b * LEVEL_S, levels.duration_s)) for a, b in edges.reshape(-1, 2)]
    return [run for run in runs if run.end_s - run.start_s >= _PAUSE_S]


def spans_of(anchors: Sequence[Anchor], levels: Levels) -> list[PhonemeSpan]:
    """Phones and silences, contiguous from 0 to the sound's end.

    Args:
        anchors: In order; none at all is silence from end to end.
    """
    end_s = levels.duration_s
    if not anchors:
        return [PhonemeSpan(SILENCE, 0.0, end_s)]
    quiet = _Quiet(quiet_runs(levels))
    gaps = [_before(anchors[0], quiet)]
    gaps += [_between(a, b, quiet) for a, b in pairwise(anchors)]
    gaps.append(_behind(anchors[-1], quiet, end_s))
    edges = _in_order(gaps, end_s)
    spans: list[PhonemeSpan] = []
    for i, (start_s, stop_s) in enumerate(edges):
        spans.append(PhonemeSpan(SILENCE, start_s, stop_s))
        if i < len(anchors):
            spans.append(PhonemeSpan(anchors[i].phoneme, stop_s, edges[i + 1].start_s))
    return [span for span in spans if span.end_s > span.start_s or span.phoneme != SILENCE]


class _Quiet:
    """Quiet runs, found by time."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self._starts = np.array([run.start_s for run in runs])
        self._ends = np.array([run.end_s for run in runs])

    def within(self, start_s: float, end_s: float) -> list[Run]:
        """What lies in a stretch of time, cut at its ends."""
        first = int(np.searchsorted(self._ends, start_s, side="right"))
        last = int(np.searchsorted(self._starts, end_s))
        return [
            Run(max(run.start_s, start_s), min(run.end_s, end_s)) for run in self._runs[first:last]
        ]


def _before(anchor: Anchor, quiet: _Quiet) -> Run:
    """The silence before the first phone."""
    runs = quiet.within(0.0, anchor.first_s)
    begins = _opened(anchor, runs[-1].end_s) if runs else anchor.first_s - 2 * _LATE_S
    return Run(0.0, max(begins, anchor.first_s - _TAIL_S, 0.0))


def _between(a: Anchor, b: Anchor, quiet: _Quiet) -> Run:
    """The silence between two phones: of no length where they touch."""
    distance = b.first_s - a.last_s
    runs = [Run(run.start_s, _opened(b, run.end_s)) for run in quiet.within(a.last_s, b.first_s)]
    if distance > _UNHEARD_S:  # noise, or words that nobody wrote down
        runs.append(Run(a.last_s + _TAIL_S, b.first_s - 2 * _LATE_S))
    longest = max(runs, key=lambda run: run.end_s - run.start_s, default=Run(0.0, 0.0))
    if longest.end_s - longest.start_s >= _PAUSE_S:
        return longest
    onset = b.first_s - _LATE_S - _SHARE * min(distance, _FARTHEST_S)
    return Run(onset, onset)


def _behind(anchor: Anchor, quiet: _Quiet, end_s: float) -> Run:
    """The silence behind the last phone."""
    runs = quiet.within(anchor.last_s, end_s)
    stops = runs[0].start_s if runs else end_s
    return Run(min(stops, anchor.last_s + _TAIL_S, end_s), end_s)


def _opened(anchor: Anchor, sounds_s: float) -> float:
    """When a phone begins that is first heard at that time."""
    return sounds_s - (_CLOSURE_S if letter_of(anchor.phoneme) in _STOPS else 0.0)


def _in_order(gaps: Sequence[Run], end_s: float) -> list[Run]:
    """The gaps with at least `_LEAST_S` between them, as far as there is room."""
    times = np.array(gaps, np.float64)
    least = np.arange(len(gaps))[:, None] * _LEAST_S
    flat = np.maximum.accumulate((times - least).ravel()).reshape(-1, 2) + least
    # Backwards from the end.
    rest = least[::-1]
    flat = np.minimum(flat, end_s - rest)
    flat = np.clip(flat, 0.0, end_s)
    flat[0, 0] = 0.0
    return [Run(float(a), float(b)) for a, b in flat]


def _threshold_db(decibels: FloatArray) -> float:
    noise, speech = np.percentile(decibels, [5, 95])
    if speech - noise < _CONTRAST_DB:
        return _SMALLEST_DB
    noise = max(noise, speech - _DEEPEST_DB)
    return max(float(noise + _QUIET_SHARE * (speech - noise)), _SMALLEST_DB)
