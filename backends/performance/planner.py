"""Speech to performance, sentence by sentence: rows are final once they are handed out."""

import numpy as np

from backends.errors import InputError
from backends.performance.emotion import Mood, mood
from backends.performance.eyes import (
    COUNTER_PITCH,
    COUNTER_YAW,
    GAZE_LIMIT_DEG,
    Eyes,
    look,
)
from backends.performance.head import Head
from backends.performance.noise import Floats, soft_limit
from backends.performance.options import PerformanceOptions
from backends.performance.speech import Mouth, mouth
from backends.performance.timeline import LOOKAHEAD_S, Frames, Timeline
from backends.types import INDEX, Performance, Speech, SpeechChunk

FPS_RANGE = (10, 120)
SMILE_NARROWS_STRETCH, SMILE_NARROWS_ROUNDING = 0.35, 0.40
"""What a full smile takes of the lips' spreading and rounding."""
BEAT_BROWS = {"browInnerUp": 0.10, "browOuterUpLeft": 0.14, "browOuterUpRight": 0.14}
LIPS_FOLD = {
    "mouthRollUpper": 0.14, "mouthRollLower": 0.18, "mouthPressLeft": 0.15, "mouthPressRight": 0.15,
}  # fmt: skip
"""Lips that meet in speech."""
TEETH_ROLL, TEETH_LIFT, TEETH_JAW = 0.45, 0.40, 0.5
"""Of f and v: mouthRollLower, the most of mouthUpperUp, so that the upper teeth stay in the lower lip's
reach, and what is left of jawOpen."""
BOTH = {
    "lower": ("mouthLowerDownLeft", "mouthLowerDownRight"),
    "upper": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "stretch": ("mouthStretchLeft", "mouthStretchRight"),
    "pucker": ("mouthPucker",),
    "funnel": ("mouthFunnel",),
    "jaw": ("jawOpen",),
}
APART = (*BOTH["lower"], *BOTH["upper"])
GAPES, SHUT_JAW = ("jawOpen", "mouthFunnel"), 0.5
"""What an emotion opens the mouth with, and the share of it that lips which meet in speech leave: all of it would draw
the closed mouth long."""


class Planner:
    """Plans a clip's frames as its speech comes in; the state of one clip, not shared.

    However the speech is cut, the rows are the same: a row depends on speech up to `LOOKAHEAD_S`
    after it, and random motion is counted from the seed.

    Args:
        fps: Frames a second, 10..120.
        seed: Of the random motion of head and eyes.
        options: How lively the face is.

    Raises:
        InputError: fps outside its range.
    """

    def __init__(self, fps: int, seed: int = 0, options: PerformanceOptions | None = None) -> None:
        if not FPS_RANGE[0] <= fps <= FPS_RANGE[1]:
            raise InputError(
                f"{fps} frames a second cannot be planned: choose {FPS_RANGE[0]} to {FPS_RANGE[1]}."
            )
        gains = (options or PerformanceOptions()).gains
        self._fps, self._seed = fps, seed
        self._articulation = gains.articulation
        self._timeline = Timeline()
        self._head = Head(seed, gains.head)
        self._eyes = Eyes(seed, gains.blink)
        self._next = 0

    def push(self, chunk: SpeechChunk) -> Performance | None:
        """Takes the next stretch of speech, on the clip's clock; gives the rows now certain.

        At most half a second of rows is held back; None where no row is certain yet.
        """
        self._timeline.add(chunk)
        certain = int(np.floor((self._timeline.end_s - LOOKAHEAD_S) * self._fps + 0.5))
        return self._plan(certain) if certain > self._next else None

    def finish(self) -> Performance:
        """The rest of the rows: the clip has round(duration · fps) of them in all."""
        rows = round(round(self._timeline.end_s * self._fps, 6))  # sums of chunks end a hair off
        end_s = rows / self._fps
        self._timeline.close()
        self._eyes.advance(self._timeline, end_s)
        self._eyes.stay_open(end_s)
        return self._plan(max(rows, self._next))

    def _plan(self, end: int) -> Performance:
        frames = Frames(self._next, end, self._fps)
        times = frames.times_s
        timeline, head, eyes = self._timeline, self._head, self._eyes
        head.advance(timeline)
        eyes.advance(timeline, end / self._fps)
        feeling = mood(timeline.cues, times)
        lips = mouth(timeline, frames, self._seed)
        jaw = lips.shape["jaw"] * (1.0 - lips.rest)
        pose = head.pose(timeline, frames, feeling, jaw)
        gaze = _gaze(eyes, frames, feeling, pose)
        closure = np.maximum(
            lips.closure, lips.rest * feeling.relax * np.clip(1.0 - feeling.sum("parted"), 0.0, 1.0)
        )
        table = feeling.face(lips.rest)
        _lay_speech(table, lips, feeling, closure, self._articulation)
        _lay_upper_face(table, eyes.lids(frames), head.brows(frames), gaze)
        self._next = end
        start_s = end / self._fps
        for part in (timeline, head, eyes):
            part.forget(start_s)
        return Performance(
            coefficients=np.clip(table, 0.0, 1.0).astype(np.float32),
            pose=pose.astype(np.float32),
            gaze=gaze.astype(np.float32),
            extra={
                "closure": closure.astype(np.float32),
                "tongue": np.clip(lips.shape["tongue"] * (1 - lips.rest), 0, 1).astype(np.float32),
                "teeth": lips.teeth.astype(np.float32),
                "relax": feeling.relax.astype(np.float32),
            },
            fps=self._fps,
            start=frames.first,
        )


def plan_speech(
    speech: Speech, fps: int, seed: int = 0, options: PerformanceOptions | None = None
) -> Performance:
    """The whole clip's performance: round(duration · fps) rows.

    Raises:
        InputError: fps outside its range.
    """
    planner = Planner(fps, seed, options)
    pieces = [planner.push(chunk) for chunk in speech.chunks]
    return Performance.join([*(p for p in pieces if p is not None), planner.finish()])


def _gaze(eyes: Eyes, frames: Frames, feeling: Mood, pose: Floats) -> Floats:
    """(n, 2) degrees: fixations and mood, with the head's turn taken back."""
    x, y = eyes.gaze(frames)
    mood_x, mood_y = feeling.gaze()
    x = x + mood_x - COUNTER_YAW * pose[:, 0]
    y = y + mood_y - COUNTER_PITCH * pose[:, 1]
    return np.stack([soft_limit(x, GAZE_LIMIT_DEG), soft_limit(y, GAZE_LIMIT_DEG)], axis=1)


def _lay_speech(
    table: Floats, lips: Mouth, feeling: Mood, closure: Floats, articulation: float
) -> None:
    """Adds the mouth of speech to the emotion's coefficients, in place; contacts win over both."""
    for name in GAPES:
        table[:, INDEX[name]] *= 1.0 - (1.0 - SHUT_JAW) * lips.closure
    smile = (table[:, INDEX["mouthSmileLeft"]] + table[:, INDEX["mouthSmileRight"]]) / 2
    smile = np.clip(smile, 0.0, 1.0)
    open_lips = np.maximum(feeling.sum("jaw_gain", 1.0), 0.0)
    spread = np.maximum(feeling.sum("stretch_gain", 1.0), 0.0)
    gains = {
        "jaw": open_lips,
        "lower": open_lips,
        "upper": open_lips * np.maximum(feeling.sum("upper_gain", 1.0), 0.0),
        "stretch": spread * (1.0 - SMILE_NARROWS_STRETCH * smile),
        "pucker": 1.0 - SMILE_NARROWS_ROUNDING * smile,
        "funnel": 1.0 - SMILE_NARROWS_ROUNDING * smile,
    }
    speaking = articulation * (1.0 - lips.rest)
    for channel, names in BOTH.items():
        value = lips.shape[channel] * gains[channel] * speaking
        for name in names:
            table[:, INDEX[name]] += value
    np.clip(table, 0.0, 1.0, out=table)
    for name, amount in LIPS_FOLD.items():
        table[:, INDEX[name]] += amount * lips.closure
    for name in APART:
        table[:, INDEX[name]] *= 1.0 - closure
    for name in BOTH["lower"]:
        table[:, INDEX[name]] *= 1.0 - 0.8 * lips.teeth
    for name in BOTH["upper"]:
        table[:, INDEX[name]] -= lips.teeth * np.maximum(table[:, INDEX[name]] - TEETH_LIFT, 0.0)
    table[:, INDEX["jawOpen"]] *= 1.0 - (1.0 - TEETH_JAW) * lips.teeth
    table[:, INDEX["mouthRollLower"]] += TEETH_ROLL * lips.teeth
    table[:, INDEX["mouthClose"]] = closure * table[:, INDEX["jawOpen"]]


def _lay_upper_face(table: Floats, lids: Floats, brows: Floats, gaze: Floats) -> None:
    """Adds blinks, the brows' beats and the eyes' direction, in place."""
    for side in ("Left", "Right"):
        half_shut = np.clip(table[:, INDEX["eyeBlink" + side]], 0.0, 1.0)
        table[:, INDEX["eyeBlink" + side]] = half_shut + (1.0 - half_shut) * lids
        table[:, INDEX["eyeWide" + side]] *= 1.0 - lids
    for name, amount in BEAT_BROWS.items():
        table[:, INDEX[name]] += amount * brows
    for name, value in look(gaze[:, 0], gaze[:, 1]).items():
        table[:, INDEX[name]] = value
