"""Blinks and gaze.

Blinks close in 55 ms, stay closed for 75 and open in 200, as filmed talkers' do (from nine tenths
of the open eye to a fifth above the bottom, and back); they come more often where a pause begins and
where the mood changes. The eyes jump between fixations (saccades) and turn against the head, so that
they stay on the camera.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backends.performance.emotion import mood
from backends.performance.noise import Floats, Track, one_normal, one_uniform, smoothstep
from backends.performance.timeline import Frames, Timeline

Flags = NDArray[np.bool_]

SLOT_S = 0.05
"""Blinks and saccades are decided on this grid."""

BLINKS_PER_S = 18 / 60
CLOSING_S, CLOSED_S, OPENING_S = 0.100, 0.0, 0.400
"""Of the whole movement, whose ends are too slow to be seen."""
BLINK_S = 2 * (CLOSING_S + CLOSED_S + OPENING_S)
"""Longer than any blink."""
LAST_BLINK_S = 0.4
"""No blink begins this late in a clip; less than what a plan holds back."""
PAUSE_S = 0.15
PAUSE_BLINKS, CHANGE_BLINKS, PAUSE_SACCADES = 4.0, 3.0, 2.0
"""How many times likelier where a pause begins, and where the mood changes."""

SACCADES_PER_S = 0.8
SACCADE_S = 0.045
FIXATION_DEG = (1.1, 0.7)
GLANCE_SHARE, GLANCE_FACTOR = 0.12, 3.0
"""Some saccades go further."""
SEEN_DEG = 0.5
"""Smaller ones are left out: nobody sees them, but the lids and the corners of the eyes would tremble."""

COUNTER_YAW, COUNTER_PITCH = 0.9, 0.7
"""How much of the head's turn the eyes take back."""
LOOK_DEG = 30.0
"""Gaze at which an eyeLook coefficient is 1."""
GAZE_LIMIT_DEG = 15.0


class Blink(NamedTuple):
    start_s: float
    slowness: float


class Fixation(NamedTuple):
    start_s: float
    x_deg: float
    y_deg: float


@dataclass(slots=True)
class Renewal:
    """Events at a changing rate, more regular than chance: each waits for its own amount of it."""

    seed: int
    track: Track
    least: float
    """Shortest wait, as a share of the mean one."""
    count: int = 0
    waited: float = 0.0

    def advance(self, expected: Sequence[float]) -> list[int]:
        """Slots in which something happens, given how many events are expected in each."""
        happens = []
        wait = self._wait()
        for slot, amount in enumerate(expected):
            self.waited += amount
            if self.waited >= wait:
                happens.append(slot)
                self.count += 1
                self.waited = 0.0
                wait = self._wait()
        return happens

    def _wait(self) -> float:
        return self.least + 2 * (1 - self.least) * one_uniform(self.seed, self.track, self.count)


@dataclass(slots=True)
class Eyes:
    """Decides blinks and fixations in the order of time, each slot once."""

    seed: int
    blink_gain: float
    blinking: Renewal = field(init=False)
    looking: Renewal = field(init=False)
    blinks: list[Blink] = field(default_factory=list)
    fixations: list[Fixation] = field(default_factory=list)
    slots: int = 0

    def __post_init__(self) -> None:
        self.blinking = Renewal(self.seed, Track.BLINK, 0.35)
        self.looking = Renewal(self.seed, Track.SACCADE, 0.3)

    def advance(self, timeline: Timeline, until_s: float) -> None:
        """Decides the slots that begin before `until_s`."""
        end = max(self.slots, int(np.ceil(until_s / SLOT_S)))
        times: Floats = np.arange(self.slots, end, dtype=np.float64) * SLOT_S
        if not len(times):
            return
        at_pause, at_change = _openings(timeline, times)
        feeling = mood(timeline.cues, times)
        rate = BLINKS_PER_S * self.blink_gain * np.maximum(feeling.sum("blink_rate", 1.0), 0.2)
        rate *= np.where(at_pause, PAUSE_BLINKS, np.where(at_change, CHANGE_BLINKS, 1.0))
        tempo = np.clip(feeling.sum("tempo", 1.0), 0.6, 1.5)
        for slot in self.blinking.advance((rate * SLOT_S).tolist()):
            wobble = one_uniform(self.seed, Track.BLINK_SHAPE, self.slots + slot)
            slowness = (0.85 + 0.3 * wobble) / float(tempo[slot])
            self.blinks.append(Blink(float(times[slot]), slowness))
        shifts = SACCADES_PER_S * SLOT_S * np.where(at_pause, PAUSE_SACCADES, 1.0)
        for slot in self.looking.advance(shifts.tolist()):
            next_one = self._fixation(float(times[slot]), self.slots + slot)
            last = self.fixations[-1] if self.fixations else Fixation(0.0, 0.0, 0.0)
            if np.hypot(next_one.x_deg - last.x_deg, next_one.y_deg - last.y_deg) >= SEEN_DEG:
                self.fixations.append(next_one)
        self.slots += len(times)

    def stay_open(self, end_s: float) -> None:
        """Takes back the blinks that the clip's end would cut."""
        self.blinks = [b for b in self.blinks if b.start_s <= end_s - LAST_BLINK_S]

    def _fixation(self, start_s: float, slot: int) -> Fixation:
        far = one_uniform(self.seed, Track.SACCADE, -2 - slot) < GLANCE_SHARE
        reach = GLANCE_FACTOR if far else 1.0
        x = reach * FIXATION_DEG[0] * one_normal(self.seed, Track.GAZE_X, slot)
        y = FIXATION_DEG[1] * one_normal(self.seed, Track.GAZE_Y, slot)
        return Fixation(start_s, x, y)

    def lids(self, frames: Frames) -> Floats:
        """(n,) 0 (open) .. 1 (closed by a blink)."""
        times = frames.times_s
        track = np.zeros(len(times))
        for start_s, slowness in self.blinks:
            since = (times - start_s) / slowness
            closing = smoothstep(since / CLOSING_S)
            opened = np.clip((since - CLOSING_S - CLOSED_S) / OPENING_S, 0.0, 1.0)
            np.maximum(track, closing * (1.0 - opened) ** 2.5, out=track)
            shut = start_s + slowness * (CLOSING_S + CLOSED_S / 2)
            nearest = round(shut * frames.fps - 0.5)
            if frames.first <= nearest < frames.last:
                track[nearest - frames.first] = 1.0
        return track

    def gaze(self, frames: Frames) -> tuple[Floats, Floats]:
        """(n,) sideways and (n,) down, degrees, before the head's turn is taken back."""
        times = frames.times_s
        x, y = np.zeros(len(times)), np.zeros(len(times))
        for start_s, to_x, to_y in self.fixations:
            done = smoothstep((times - start_s) / SACCADE_S)
            x = np.where(done >= 1.0, to_x, x + (to_x - x) * done)
            y = np.where(done >= 1.0, to_y, y + (to_y - y) * done)
        return x, y

    def forget(self, before_s: float) -> None:
        """Drops what rows from `before_s` on cannot show any more."""
        self.blinks = [b for b in self.blinks if b.start_s > before_s - BLINK_S]
        while len(self.fixations) > 1 and self.fixations[1].start_s < before_s - SACCADE_S:
            del self.fixations[0]


def _openings(timeline: Timeline, times_s: Floats) -> tuple[Flags, Flags]:
    """(n,) whether a pause just began, and (n,) whether the mood is changing."""
    at_pause = np.zeros(len(times_s), bool)
    for start_s, _ in timeline.pauses(PAUSE_S):
        at_pause |= (times_s >= start_s) & (times_s < start_s + 0.3)
    at_change = np.zeros(len(times_s), bool)
    for onset_s, _ in timeline.cues[1:]:
        at_change |= (times_s >= onset_s - 0.1) & (times_s < onset_s + 0.3)
    return at_pause, at_change


def look(gaze_x_deg: Floats, gaze_y_deg: Floats) -> dict[str, Floats]:
    """ARKit's eyeLook coefficients, 0..1, for a gaze in degrees (to the person's left, down)."""
    left, right = np.maximum(gaze_x_deg, 0.0) / LOOK_DEG, np.maximum(-gaze_x_deg, 0.0) / LOOK_DEG
    down, up = np.maximum(gaze_y_deg, 0.0) / LOOK_DEG, np.maximum(-gaze_y_deg, 0.0) / LOOK_DEG
    return {
        "eyeLookOutLeft": left, "eyeLookInRight": left, "eyeLookInLeft": right,
        "eyeLookOutRight": right, "eyeLookDownLeft": down, "eyeLookDownRight": down,
        "eyeLookUpLeft": up, "eyeLookUpRight": up,
    }  # fmt: skip
