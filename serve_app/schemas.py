"""What comes in and goes out at the edges: one request, one job, one clip's facts.

The same models serve the command line (`--json`), HTTP and the job store; a field is named as the flag.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints

from backends.faces.portrait import Framing
from backends.performance import PerformanceOptions
from backends.script import ScriptOptions
from backends.types import Emotion
from serve_app.config import StrictModel

LanguageCode = Annotated[str, StringConstraints(pattern=r"^(auto|[a-z]{2,3})$")]


class VideoRequest(StrictModel):
    """Everything that decides how a clip turns out, apart from the portrait's bytes."""

    text: str
    """What to say, with cues."""
    portrait: str = "preset:astronaut"
    """ "preset:NAME", or the id of an upload."""
    tier: str = "lightweight"
    face: int = Field(default=0, ge=0, le=100)
    """Which face: 0 the largest, 1, 2, … by size."""

    voice: str = "auto"
    language: LanguageCode = "auto"
    emotion: Emotion | None = None
    """For text before the first cue."""
    intensity: float = Field(default=1.0, ge=0, le=1)
    """Scales every cue."""
    speed: float = Field(default=1.0, ge=0.5, le=2)
    speak_cues: Literal["auto", "always", "never"] = "auto"
    cue_style: Literal["brackets", "stars", "both"] = "brackets"
    pronounce: dict[str, str] = Field(default_factory=dict, max_length=1000)
    """Respellings by word."""

    style: Literal["calm", "natural", "lively"] = "natural"
    articulation: float = Field(default=1.0, ge=0, le=2)
    head_motion: float = Field(default=1.0, ge=0, le=2)
    blink: float = Field(default=1.0, ge=0, le=2)
    seed: int = Field(default=0, ge=0, lt=2**32)

    size: int = Field(default=720, ge=128, le=3840, multiple_of=2)
    """Longer side in pixels; never more than twice the source's own resolution."""
    aspect: Literal["source", "1:1", "9:16", "16:9"] = "source"
    fps: int = Field(default=25, ge=10, le=60)
    captions: Literal["none", "srt", "vtt", "burn"] = "none"
    codec: Literal["h264", "h265"] = "h264"
    quality: Literal["draft", "good", "best"] = "good"
    encoder: Literal["auto", "x264", "nvenc", "qsv", "vaapi"] = "auto"

    def script_options(self, max_characters: int) -> ScriptOptions:
        return ScriptOptions(
            language=self.language,
            emotion=self.emotion,
            intensity=self.intensity,
            speak_cues=self.speak_cues,
            cue_style=self.cue_style,
            lexicon=self.pronounce,
            max_characters=max_characters,
        )

    def framing(self) -> Framing:
        return Framing(size=self.size, aspect=self.aspect, face=self.face)

    def performance_options(self) -> PerformanceOptions:
        return PerformanceOptions(
            style=self.style,
            articulation=self.articulation,
            head_motion=self.head_motion,
            blink=self.blink,
        )


class Engines(StrictModel):
    speech: str
    animation: str
    encoder: str


class SpokenCue(StrictModel):
    """One stretch of speech under one cue; joined, their texts are what is spoken."""

    text: str
    emotion: Emotion
    intensity: float
    language: str
    start_s: float
    end_s: float


class SpokenPhoneme(StrictModel):
    phoneme: str
    start_s: float
    end_s: float


class NoticeModel(StrictModel):
    code: str
    message: str
    position: int | None = None


class ClipFacts(StrictModel):
    """What a finished clip is; what `--json` prints."""

    path: str
    """Where the MP4 is: a file on the command line, a URL path over HTTP."""
    duration_s: float
    frames: int
    fps: int
    size: tuple[int, int]
    """Width and height in pixels."""
    tier: str
    engines: Engines
    voice: str
    language: str
    seed: int
    utterances: tuple[SpokenCue, ...]
    phonemes: tuple[SpokenPhoneme, ...]
    warnings: tuple[NoticeModel, ...]
    timings: dict[str, float]
    """Seconds by stage; stages overlap, so they do not add up to the whole."""
    real_time_factor: float
    """Seconds of work for a second of video, from request to finished file."""


class Stage(StrEnum):
    PARSING = "parsing"
    SPEAKING = "speaking"
    DRAWING = "drawing"
    COMPOSING = "composing"


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED)


class Problem(StrictModel):
    """RFC 9457 problem document; `code` is stable, `detail` is for people."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str


class Job(StrictModel):
    id: str
    status: JobStatus
    stage: Stage | None = None
    progress: float = Field(default=0.0, ge=0, le=1)
    queue_position: int | None = None
    attempts: int = 0
    created_at: float
    """Seconds since the epoch."""
    error: Problem | None = None
    clip: ClipFacts | None = None

    def with_changes(self, **changes: object) -> Self:
        return self.model_copy(update=changes)
