"""Speech faster or slower, stretch by stretch, at its pitch.

WSOLA (Verhelst & Roelands, "An overlap-add technique based on waveform similarity (WSOLA) for high
quality time-scale modification of speech", 1993): windows of sound are laid closer together or
further apart, each taken from where it continues the one before it best.
"""

from collections.abc import Sequence

import numpy as np

from backends.speech.phones import Phone
from backends.types import FloatArray

_STEP_S = 0.01
"""Between two windows, each twice as long."""
_SLACK_S = 0.006
"""How far from where it should be a window may be taken: half a period of a low voice."""


def paced(
    samples: FloatArray, sample_rate: int, phones: Sequence[Phone], speeds: Sequence[float]
) -> tuple[FloatArray, list[Phone]]:
    """The samples with each phone at its speed, and the phones where they are then.

    Args:
        samples: (n,).
        phones: Contiguous over the samples.
        speeds: Of each; 2 is half as long. Where all are 1, nothing changes.
    """
    if all(speed == 1.0 for speed in speeds) or not len(samples):
        return samples, list(phones)
    before = np.array([phones[0].start, *(p.end for p in phones)])
    lengths = np.diff(before) / np.array(speeds)
    after = np.rint(np.concatenate([[0.0], np.cumsum(lengths)])).astype(int)
    moved = [
        p._replace(start=int(a), end=int(b))
        for p, a, b in zip(phones, after[:-1], after[1:], strict=True)
    ]
    return _warped(samples, sample_rate, before, after), moved


def _warped(samples: FloatArray, rate: int, before: np.ndarray, after: np.ndarray) -> FloatArray:
    """The samples with those at `before` moved to `after`, and what is between them evenly."""
    step, slack = round(_STEP_S * rate), round(_SLACK_S * rate)
    count = int(after[-1])
    places = np.arange(0, count + step, step)
    rising = np.concatenate([[True], np.diff(after) > 0])
    wanted = np.rint(np.interp(places, after[rising], before[rising])).astype(int)
    margin = 2 * (step + slack)
    padded = np.pad(samples.astype(np.float64), margin)
    window = np.hanning(2 * step + 1)[:-1]
    energy = np.concatenate([[0.0], np.cumsum(padded**2)])
    out = np.zeros(places[-1] + 2 * step)
    at = wanted[0]
    for place, want in zip(places, wanted, strict=True):
        if place:
            at = (
                _continuing(padded, energy, at + step + margin, want + margin, step, slack) - margin
            )
        begin = at + margin - step
        out[place : place + 2 * step] += window * padded[begin : begin + 2 * step]
    return out[step : step + count].astype(np.float32)


def _continuing(
    padded: np.ndarray, energy: np.ndarray, follows: int, want: int, step: int, slack: int
) -> int:
    """The middle of the window, at most `slack` from `want`, that is most like what follows the last one."""
    if abs(follows - want) <= slack:
        return follows
    model = padded[follows - step : follows + step]
    low = want - slack - step
    like = np.correlate(padded[low : low + 2 * (slack + step)], model, "valid")
    there = (
        energy[low + 2 * step : low + 2 * (step + slack) + 1] - energy[low : low + 2 * slack + 1]
    )
    return want - slack + int(np.argmax(like / np.sqrt(there + 1e-9)))
