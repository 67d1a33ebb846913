"""Another pitch for the same voice, by pitch-synchronous overlap and add.

TD-PSOLA (Moulines & Charpentier, "Pitch-synchronous waveform processing techniques for text-to-speech
synthesis using diphones", 1990): periods are copied nearer to each other or further apart. The
resonances of the mouth, and with them the vowels and the speaker, stay as they are, and so does
every sample outside the voiced stretches.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backends.speech.periods import Voiced
from backends.speech.pitch import Floats

Marks = NDArray[np.intp]


def repitched(samples: Floats, stretches: Sequence[Voiced], octaves: Sequence[Floats]) -> Floats:
    """The samples with their pitch moved; as many, each at its time.

    Args:
        samples: (n,).
        stretches: Of these samples, in order.
        octaves: For each stretch (periods,): how far each period's pitch moves, > 0 upwards.
    """
    placed = [_placed(stretch, move) for stretch, move in zip(stretches, octaves, strict=True)]
    to = np.concatenate([[0], *(p[0] for p in placed), [len(samples)]]).astype(np.intp)
    shift = np.concatenate([[0], *(p[1] for p in placed), [0]]).astype(np.intp)
    before = np.concatenate([[np.inf], *(p[2] for p in placed), [np.inf]])
    after = np.concatenate([[np.inf], *(p[3] for p in placed), [np.inf]])
    kept = np.concatenate([[True], np.diff(to) > 0])
    return _overlapped(samples, to[kept], shift[kept], before[kept], after[kept])


def _placed(stretch: Voiced, move: Floats) -> tuple[Marks, Marks, Floats, Floats]:
    """Where periods are put, how far that shifts them, and the lengths before and after them.

    The first and the last stay where they are; the one before the last may come up to half a
    period early or late.
    """
    begins = stretch.begins
    length = np.diff(begins)
    factor = 2.0 ** ((move[1:] + move[:-1]) / 2)
    turns = np.concatenate([[0.0], np.cumsum(factor)])
    whole = np.arange(max(np.floor(turns[-1] + 0.5), 1.0))
    at = np.append(np.interp(whole, turns, begins), begins[-1])
    source = np.clip(np.searchsorted(begins, at), 1, len(begins) - 1)
    source -= at - begins[source - 1] < begins[source] - at
    shift = np.rint(at - begins[source]).astype(np.intp)
    shift[0] = shift[-1] = 0
    lengths = np.concatenate([[np.inf], length, [np.inf]])
    return begins[source] + shift, shift, lengths[source], lengths[source + 1]


def _overlapped(
    samples: Floats,
    to: NDArray[np.intp],
    shift: NDArray[np.intp],
    before: Floats,
    after: Floats,
) -> Floats:
    """Between two places one period fades out and the next one in, each over its own length at most."""
    gaps = np.diff(to)
    k = np.repeat(np.arange(len(gaps)), gaps)
    n = np.arange(to[0], to[-1])
    left = (n - to[k]) / np.minimum(gaps, after[:-1])[k]
    right = (to[k + 1] - n) / np.minimum(gaps, before[1:])[k]
    last = len(samples) - 1
    old = samples[np.clip(n - shift[k], 0, last)]
    new = samples[np.clip(n - shift[k + 1], 0, last)]
    return np.asarray(_fall(left) * old + _fall(right) * new)


def _fall(u: Floats) -> Floats:
    """From 1 at 0 to 0 at 1, a half period of a cosine."""
    return 0.5 + 0.5 * np.cos(np.pi * np.minimum(u, 1.0))
