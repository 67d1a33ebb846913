"""Phonemes to the mouth's shape at each frame: co-articulation, and lips that really meet.

Shapes blend by dominance (Cohen and Massaro 1993, "Modeling coarticulation in synthetic visual
speech"): each phoneme claims the mouth by exp(-(distance / τ)^1.2), forwards as much as backwards;
the constants are fitted on filmed talkers. What must be seen, closed lips and the lower lip at the
teeth, is laid over the blend with its own shape in time, so that no frame rate misses it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backends.performance.noise import Floats, Track, drift, smoothstep, soft_limit
from backends.performance.timeline import Frames, Span, Timeline
from backends.performance.visemes import SILENCE, Viseme, viseme
from backends.types import PhonemeSpan

LEAD_S = 0.035
"""The mouth shows a sound a little before it is heard."""

REACH_S = 0.22
"""A phoneme's kernel ends here on both sides."""
KERNEL_POWER = 1.2
CORE_SHARE, CORE_LIMIT_S = 0.225, 0.04
"""How far inside its borders a phoneme's kernel reaches its full height."""

EFFORT_PERIOD_S = 0.7
EFFORT: dict[str, float] = {"jaw": 0.67, "lower": 0.49, "upper": 0.56, "stretch": 0.78}
"""Talkers drift between wide and lazy articulation within a phrase: rms of each one's logarithm. So a third of the
variance of their lips' gap lies below 1 Hz."""
USUAL_EFFORT = 0.08
"""Its mean, so that lazy moments do not leave the lips closed for longer than talkers' are."""
EFFORT_LIMIT = 1.8
"""In units of its rms."""
JAW_LIMIT = 0.60
"""Nobody opens the jaw further to speak."""

LONG_REST_S = 0.35
"""Shorter silences leave the mouth open."""
REST_AFTER_S, REST_CLOSES_S = 0.07, 0.32
REST_OPENS_S, REST_ENDS_S = 0.22, 0.06
"""A rest opens over the first, ending the second before the next sound."""


class Kernel(NamedTuple):
    before_s: float
    after_s: float


KERNELS: dict[str, Kernel] = {
    "opening": Kernel(0.066, 0.050),
    "width": Kernel(0.075, 0.062),
    "tongue": Kernel(0.040, 0.035),
}
CHANNELS: tuple[tuple[str, str], ...] = (
    ("jaw", "opening"),
    ("lower", "opening"),
    ("upper", "opening"),
    ("stretch", "width"),
    ("pucker", "width"),
    ("funnel", "width"),
    ("tongue", "tongue"),
)


class Contact(NamedTuple):
    """How a contact of the lips looks in time."""

    full_s: float
    """Full contact, of sounds that do not last much longer."""
    ramp_s: float
    """Over which it is made, and released."""


CLOSURE = Contact(0.060, 0.070)
BITE = Contact(0.040, 0.070)
SHRINKS_S = 0.026
"""How far a contact may stay inside its sound's borders."""
LONGEST_KNOWN_S = 0.12
"""Beyond this, a contact's length no longer shapes its beginning."""


@dataclass(frozen=True, slots=True)
class Mouth:
    """(n,) each, 0..1, ARKit coefficients for both sides."""

    shape: dict[str, Floats]
    """jaw, lower, upper, stretch, pucker, funnel, tongue"""
    closure: Floats
    teeth: Floats
    rest: Floats
    """1 in long rests."""


def mouth(timeline: Timeline, frames: Frames, seed: int) -> Mouth:
    """The mouth of [first, last), from the phonemes around them."""
    spans = timeline.spans()
    heard_s = frames.times_s + LEAD_S
    shape = _blend(spans, frames, heard_s)
    effort = drift(seed, Track.OPENING, heard_s, EFFORT_PERIOD_S)
    _vary(shape, USUAL_EFFORT + soft_limit(effort, EFFORT_LIMIT))
    return Mouth(
        shape=shape,
        closure=_contacts(spans, frames, heard_s, "closure", CLOSURE),
        teeth=_contacts(spans, frames, heard_s, "teeth", BITE),
        rest=_rest(timeline.pauses(LONG_REST_S), heard_s),
    )


def _first_at(frames: Frames, heard_s: float) -> int:
    """First frame, of any, at which the mouth shows this time or later."""
    return int(np.ceil((heard_s - LEAD_S) * frames.fps - 0.5))


def _blend(spans: Sequence[PhonemeSpan], frames: Frames, heard_s: Floats) -> dict[str, Floats]:
    n = frames.last - frames.first
    visemes, rows, owners, distances = _pairs(spans, frames, heard_s)
    fade = 1.0 - (distances / REACH_S) ** 2
    shape: dict[str, Floats] = {}
    claims: dict[str, tuple[Floats, Floats]] = {}
    for group, kernel in KERNELS.items():
        tau = np.where(distances < 0.0, kernel.before_s, kernel.after_s)
        height = np.array([getattr(v.dominance, group) for v in visemes])
        claim: Floats = height[owners] * np.exp(-((np.abs(distances) / tau) ** KERNEL_POWER)) * fade
        claims[group] = claim, np.bincount(rows, claim, n).astype(np.float64) + 1e-9
    for channel, group in CHANNELS:
        target = np.array([getattr(v, channel) for v in visemes])
        claim, total = claims[group]
        shape[channel] = np.bincount(rows, claim * target[owners], n) / total
    return shape


def _vary(shape: dict[str, Floats], effort: Floats) -> None:
    """Opens and spreads the lips, in place, by an effort of rms 1: 0 is the usual one."""
    for channel, share in EFFORT.items():
        shape[channel] = shape[channel] * np.exp(share * effort)
    shape["jaw"] = soft_limit(shape["jaw"], JAW_LIMIT)


def _pairs(
    spans: Sequence[PhonemeSpan], frames: Frames, heard_s: Floats
) -> tuple[list[Viseme], NDArray[np.int64], NDArray[np.int64], Floats]:
    """Visemes in reach, and for each pair of frame and viseme: row, owner, seconds from its core.

    Pairs lie in the order of the phonemes: sums over them do not depend on where a plan is cut.
    """
    visemes: list[Viseme] = []
    rows, owners, distances = [], [], []
    for phoneme, start_s, end_s in spans:
        inset = min(CORE_SHARE * (end_s - start_s), CORE_LIMIT_S)
        begin = max(_first_at(frames, start_s + inset - REACH_S), frames.first)
        end = min(_first_at(frames, end_s - inset + REACH_S), frames.last)
        if begin >= end:
            continue
        reach = np.arange(begin - frames.first, end - frames.first)
        times = heard_s[reach]
        early = np.minimum(times - (start_s + inset), 0.0)
        late = np.maximum(times - (end_s - inset), 0.0)
        rows.append(reach)
        owners.append(np.full(len(reach), len(visemes)))
        distances.append(early + late)
        visemes.append(viseme(phoneme))
    if not visemes:
        empty = np.zeros(0, np.int64)
        return [], empty, empty, np.zeros(0)
    return visemes, np.concatenate(rows), np.concatenate(owners), np.concatenate(distances)


def _contacts(
    spans: Sequence[PhonemeSpan], frames: Frames, heard_s: Floats, name: str, look: Contact
) -> Floats:
    """(n,) 1 where phonemes with that contact are shown: at the frame nearest to each at least."""
    track = np.zeros(len(heard_s))
    kinds = [bool(getattr(viseme(p), name)) for p, _, _ in spans]
    for k in (k for k, kind in enumerate(kinds) if kind):
        _, start_s, end_s = spans[k]
        known = min(end_s - start_s, LONGEST_KNOWN_S)
        grow = max((look.full_s - known) / 2, -SHRINKS_S)
        before = _room(spans, kinds, k - 1, grow, look)
        after = _room(spans, kinds, k + 1, grow, look)
        rising = smoothstep((heard_s - (start_s - before.start_s - before.end_s)) / before.end_s)
        falling = smoothstep(((end_s + after.start_s + after.end_s) - heard_s) / after.end_s)
        np.maximum(track, rising * falling, out=track)
        if end_s - start_s <= LONGEST_KNOWN_S:
            nearest = round(((start_s + end_s) / 2 - LEAD_S) * frames.fps - 0.5)
            if frames.first <= nearest < frames.last:
                track[nearest - frames.first] = 1.0
    return track


def _room(
    spans: Sequence[PhonemeSpan], kinds: Sequence[bool], k: int, grow: float, look: Contact
) -> Span:
    """How far a contact reaches into its neighbour, and over what time it is then released."""
    if not 0 <= k < len(spans) or spans[k].phoneme == SILENCE:
        return Span(grow, look.ramp_s)
    if kinds[k]:
        return Span(max(grow, 0.0), look.ramp_s)
    length = min(spans[k].end_s - spans[k].start_s, 0.2)
    reach = min(grow, 0.2 * length)
    return Span(reach, max(min(look.ramp_s, 0.6 * length - reach), 0.01))


def _rest(pauses: Sequence[Span], heard_s: Floats) -> Floats:
    track = np.zeros(len(heard_s))
    for start_s, end_s in pauses:
        closing = smoothstep((heard_s - (start_s + REST_AFTER_S)) / REST_CLOSES_S)
        opening = smoothstep(((end_s - REST_ENDS_S) - heard_s) / REST_OPENS_S)
        np.maximum(track, closing * opening, out=track)
    return track
