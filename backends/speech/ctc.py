"""The likeliest frames for a known sequence of phones under CTC posteriors.

Viterbi's algorithm over the states of CTC (Graves et al., "Connectionist Temporal Classification",
2006, section 4.1): blank, phone, blank, phone, …, blank; two phones that sound alike need a blank
between them. Long recordings are searched along a beam of states about the best one so far.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backends.types import FloatArray

_BEAM = 800
"""States that are followed at once: some 400 phones, half a minute of speech."""
_NEVER = np.float32(-1e9)


class Peak(NamedTuple):
    """Frames in which a phone is heard, as CTC shows it: not its length."""

    first: int
    last: int
    log_probability: float
    """Of the likeliest of them."""


def best_path(emissions: FloatArray, blank: FloatArray, sequence: Sequence[int]) -> list[Peak]:
    """When each phone of a sequence is heard.

    Args:
        emissions: (frames, kinds) log-probabilities of each kind of phone.
        blank: (frames,) log-probability of no phone.
        sequence: Kinds in the order in which they are spoken, at least one. With the blanks that
            repetitions need, there must be a frame for each.

    Returns:
        One for each of the sequence, in order.
    """
    kinds = np.asarray(sequence, np.intp)
    frames, states = len(blank), 2 * len(kinds) + 1
    width = min(_BEAM, states)
    skips = np.zeros(states, bool)
    skips[3::2] = kinds[1:] != kinds[:-1]
    scores = np.full(states + 2, _NEVER)  # two states that are never there stand before the first
    scores[2:4] = blank[0], emissions[0, kinds[0]]
    lows, steps = np.zeros(frames, np.intp), np.zeros((frames, width), np.int8)
    low = 0
    for t in range(1, frames):
        before = low
        best = int(scores[low + 2 : low + width + 2].argmax()) + low
        # The last phone must stay in reach, at two states a frame.
        low = max(low, best - width // 2, states - width - 2 * (frames - 1 - t))
        low = min(low, states - width, before + width)
        stay, on, over = (scores[low + 2 - i : low + width + 2 - i] for i in range(3))
        over = np.where(skips[low : low + width], over, _NEVER)
        reached = np.maximum(np.maximum(stay, on), over)
        steps[t] = np.where(stay == reached, 0, np.where(on == reached, 1, 2))
        at = np.arange(low, low + width)
        sound = emissions[t, kinds[np.minimum(at // 2, len(kinds) - 1)]]
        scores[before + 2 : low + 2] = _NEVER
        scores[low + 2 : low + width + 2] = reached + np.where(at % 2, sound, blank[t])
        lows[t] = low
    end = states - 1 if scores[states + 1] >= scores[states] else states - 2
    return _peaks(emissions, kinds, _trace(steps, lows, end))


def _trace(steps: NDArray[np.int8], lows: NDArray[np.intp], end: int) -> NDArray[np.intp]:
    """(frames,) the state at each frame, backwards from the last."""
    path = np.empty(len(lows), np.intp)
    state = end
    for t in range(len(lows) - 1, -1, -1):
        path[t] = state
        state -= int(steps[t, state - lows[t]])
    return path


def _peaks(emissions: FloatArray, kinds: NDArray[np.intp], path: NDArray[np.intp]) -> list[Peak]:
    heard = np.flatnonzero(path % 2)
    phones = path[heard] // 2
    starts = np.searchsorted(phones, np.arange(len(kinds)))
    ends = np.searchsorted(phones, np.arange(len(kinds)), side="right")
    peaks = []
    for kind, start, end in zip(kinds, starts, ends, strict=True):
        first, last = int(heard[start]), int(heard[end - 1])
        peaks.append(Peak(first, last, float(emissions[first : last + 1, kind].max())))
    return peaks
