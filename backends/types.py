"""What flows through the pipeline.

Frozen, slotted dataclasses; arrays are never written to after construction (those that come out of Ray's object store
are read-only anyway). Times are seconds on the clip's clock unless a field says otherwise; images are RGB, row-major,
origin top left. "Eye distance" is the distance between the two eye centres of the portrait.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
ImageArray = NDArray[np.uint8]


class Emotion(StrEnum):
    """What a cue can ask for. Recipes and names: `backends.script.emotions`."""

    NEUTRAL = "neutral"
    HAPPY = "happy"
    EXCITED = "excited"
    AMAZED = "amazed"
    SURPRISED = "surprised"
    SAD = "sad"
    SERIOUS = "serious"
    ANGRY = "angry"
    FEARFUL = "fearful"
    DISGUSTED = "disgusted"
    CALM = "calm"
    TENDER = "tender"
    CONFUSED = "confused"
    PROUD = "proud"


@dataclass(frozen=True, slots=True)
class Cue:
    """An emotion, or a mixture of them, each with its intensity in 0..1.

    No weights at all means that nothing was asked: the face keeps the photo's own expression. An explicit neutral
    (`Cue.of(Emotion.NEUTRAL)`) relaxes it.
    """

    weights: tuple[tuple[Emotion, float], ...] = ()

    @classmethod
    def of(cls, emotion: Emotion, intensity: float = 1.0) -> Cue:
        return cls(((emotion, intensity),))

    @property
    def emotion(self) -> Emotion:
        """The strongest emotion; neutral when nothing was asked."""
        return max(self.weights, key=lambda w: w[1])[0] if self.weights else Emotion.NEUTRAL

    @property
    def intensity(self) -> float:
        """Of the strongest emotion, 0..1; 0 when nothing was asked."""
        return max((w for _, w in self.weights), default=0.0)


NO_CUE = Cue()


class TextSpan(NamedTuple):
    """A stretch of an utterance's text under one cue."""

    start: int
    """First character in `Utterance.text`."""
    end: int
    """One past the last character."""
    cue: Cue
    position: int
    """Where the cue stands in the source text (its bracket); -1 where no cue was written."""


class Pause(NamedTuple):
    """Silence asked for inside an utterance, at a word boundary."""

    at: int
    """Character of `Utterance.text` before which the silence lies."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """One sentence as it will be spoken: the unit of synthesis, whatever cues it holds."""

    text: str
    """Words to speak: cues removed, numbers and abbreviations written out, NFC."""
    spans: tuple[TextSpan, ...]
    """In order, without gaps or overlaps, from 0 to len(text)."""
    language: str
    """ISO 639-1: "en", "el", …"""
    pause_s: float = 0.0
    """Silence asked for after this utterance, beyond the natural gap between sentences."""
    pauses: tuple[Pause, ...] = ()
    """Silences asked for inside it."""
    position: int = 0
    """Where it begins in the source text."""


class Notice(NamedTuple):
    """Something the user should know, that did not stop the work."""

    code: str
    message: str
    position: int | None = None
    """Character in the source text, where there is one."""


@dataclass(frozen=True, slots=True)
class Script:
    utterances: tuple[Utterance, ...]
    warnings: tuple[Notice, ...] = ()

    @property
    def text(self) -> str:
        """The spoken text, sentences joined by a space."""
        return " ".join(u.text for u in self.utterances)


class PhonemeSpan(NamedTuple):
    phoneme: str
    """One IPA segment with its diacritics ("t", "ɛ", "aɪ" never: diphthongs are two spans); "_" is silence.
    Stressed vowels carry the IPA stress mark in front ("ˈɛ", "ˌɑ"); length marks stay behind ("iː")."""
    start_s: float
    end_s: float


class WordSpan(NamedTuple):
    word: str
    start_s: float
    end_s: float
    char_start: int
    """First character of the word in its utterance's text."""
    char_end: int


class CueSpan(NamedTuple):
    cue: Cue
    start_s: float
    """Onset of the first word under the cue (for the first span: the start of the utterance's sound)."""
    end_s: float
    text: str
    """The words spoken under this cue, exactly as in the utterance."""
    language: str


@dataclass(frozen=True, slots=True)
class SpeechChunk:
    """A stretch of speech with its timings: the only thing that animation learns of the voice."""

    samples: FloatArray
    """(n,) mono in [-1, 1]."""
    sample_rate: int
    """Hertz."""
    phonemes: tuple[PhonemeSpan, ...]
    """Contiguous from start_s to end_s, silences included as "_"."""
    words: tuple[WordSpan, ...]
    cues: tuple[CueSpan, ...]
    start_s: float = 0.0
    """Where the chunk begins on its clock: the utterance's as an engine yields it, the clip's once placed."""

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s

    def shifted(self, by_s: float) -> SpeechChunk:
        """The same chunk `by_s` later on its clock."""
        return replace(
            self,
            start_s=self.start_s + by_s,
            phonemes=tuple(PhonemeSpan(p, a + by_s, b + by_s) for p, a, b in self.phonemes),
            words=tuple(
                w._replace(start_s=w.start_s + by_s, end_s=w.end_s + by_s) for w in self.words
            ),
            cues=tuple(
                c._replace(start_s=c.start_s + by_s, end_s=c.end_s + by_s) for c in self.cues
            ),
        )


@dataclass(frozen=True, slots=True)
class Speech:
    """A clip's chunks in order, one sample rate, contiguous on the clip's clock from 0."""

    chunks: tuple[SpeechChunk, ...]

    @property
    def sample_rate(self) -> int:
        return self.chunks[0].sample_rate

    @property
    def samples(self) -> FloatArray:
        return np.concatenate([c.samples for c in self.chunks])

    @property
    def duration_s(self) -> float:
        return self.chunks[-1].end_s

    @property
    def phonemes(self) -> tuple[PhonemeSpan, ...]:
        """Silences that touch, as at the joins of chunks, are one."""
        return joined_silences(p for c in self.chunks for p in c.phonemes)

    @property
    def words(self) -> tuple[WordSpan, ...]:
        return tuple(w for c in self.chunks for w in c.words)

    @property
    def cues(self) -> tuple[CueSpan, ...]:
        return tuple(s for c in self.chunks for s in c.cues)


def joined_silences(phonemes: Iterable[PhonemeSpan]) -> tuple[PhonemeSpan, ...]:
    """The same spans, with silences that touch as one."""
    spans: list[PhonemeSpan] = []
    for span in phonemes:
        if spans and spans[-1].phoneme == span.phoneme == "_":
            spans[-1] = spans[-1]._replace(end_s=span.end_s)
        else:
            spans.append(span)
    return tuple(spans)


class Box(NamedTuple):
    """Pixels: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float


Backdrop = Literal["source", "blur"] | ImageArray
"""What is behind the person: the picture's own background, that blurred, or (h, w, 3) RGB of the clip's size."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A photo, framed for the clip: what the background and the head look like when nobody moves."""

    pixels: ImageArray
    """(h, w, 3) RGB at the clip's size (both even), orientation applied."""
    face: Box
    """The face to animate, in these pixels."""
    notices: tuple[Notice, ...] = ()
    """What the user should know of the face, as that its eyes are closed."""
    backdrop: Backdrop = "source"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]


@dataclass(frozen=True, slots=True)
class ReferenceVideo:
    """A short video, framed for the clip: it keeps its own head, body and light, and is looped.

    Its frames stay compressed; `backends.faces.clip.unpack` decodes one where it is drawn.
    """

    key: str
    """Of its content."""
    fps: float
    size: tuple[int, int]
    """Width and height of every frame, both even."""
    frames: tuple[bytes, ...]
    """JPEG, upright."""
    face: Box
    """The face to animate, in some of the first frames."""
    notices: tuple[Notice, ...] = ()
    """What the user should know of it."""


Reference = Portrait | ReferenceVideo

COEFFICIENTS: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel",
    "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft",
    "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""Apple's 52 ARKit blendshape names in Apple's order; left and right are the person's own."""
INDEX: Mapping[str, int] = {name: i for i, name in enumerate(COEFFICIENTS)}

POSE: tuple[str, ...] = ("yaw_deg", "pitch_deg", "roll_deg", "x", "y", "z")
"""Head pose channels. Yaw > 0 turns to the person's left (picture right), pitch > 0 nods down, roll > 0 tilts the head
clockwise as seen in the picture; x right, y down, z away from the camera, in eye distances."""


@dataclass(frozen=True, slots=True)
class Performance:
    """What the face does, a row a frame: coefficients, head pose, gaze and named extras."""

    coefficients: FloatArray
    """(n, 52) in 0..1, columns as in COEFFICIENTS. Emotion and speech together, lips' closure included."""
    pose: FloatArray
    """(n, 6), columns as in POSE; 0 is the portrait's own pose."""
    gaze: FloatArray
    """(n, 2) degrees: > 0 to the person's left (picture right) · > 0 down; 0 is the portrait's own gaze."""
    extra: Mapping[str, FloatArray] = field(default_factory=dict)
    """(n,) each, 0..1: "closure" (1: lips touch, whatever jaw and emotion do), "tongue" (tip up behind the teeth),
    "teeth" (lower lip at the upper teeth, for f and v), "relax" (1: the photo's own expression is undone, as any
    cue asks; 0: kept)."""
    fps: int = 25
    start: int = 0
    """Frame of the clip that the first row is."""

    def __len__(self) -> int:
        return len(self.coefficients)

    @property
    def end(self) -> int:
        return self.start + len(self)

    def channel(self, name: str) -> FloatArray:
        """(n,) one ARKit coefficient by name."""
        return self.coefficients[:, INDEX[name]]

    def slice(self, start: int, end: int) -> Performance:
        """Rows of the clip's frames [start, end); they must lie inside."""
        if not self.start <= start <= end <= self.end:
            raise IndexError(f"frames {start}..{end} outside {self.start}..{self.end}")
        a, b = start - self.start, end - self.start
        return replace(
            self,
            coefficients=self.coefficients[a:b],
            pose=self.pose[a:b],
            gaze=self.gaze[a:b],
            extra={k: v[a:b] for k, v in self.extra.items()},
            start=start,
        )

    @staticmethod
    def join(pieces: list[Performance]) -> Performance:
        """Consecutive pieces as one."""
        first = pieces[0]
        return replace(
            first,
            coefficients=np.concatenate([p.coefficients for p in pieces]),
            pose=np.concatenate([p.pose for p in pieces]),
            gaze=np.concatenate([p.gaze for p in pieces]),
            extra={k: np.concatenate([p.extra[k] for p in pieces]) for k in first.extra},
        )


@dataclass(frozen=True, slots=True)
class FrameBatch:
    frames: ImageArray
    """(n, h, w, 3) RGB; valid until the next batch is asked for (engines may draw into the same memory again)."""
    start: int
    """Index of the first frame in the clip."""


def segment_grid(total: int, fps: int) -> Iterator[range]:
    """The fixed grid that every clip is drawn and encoded on: one second, then two at a time."""
    start, end = 0, fps
    while start < total:
        yield range(start, min(end, total))
        start, end = end, end + 2 * fps


@dataclass(frozen=True, slots=True)
class Segment:
    """Encoded video of frames [start, start + frames), closed GOP, decodable by itself."""

    data: bytes
    """An MP4 with one video track, whose packets are joined as they are."""
    start: int
    frames: int
