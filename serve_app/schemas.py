"""What comes in and goes out at the edges: one request, one job, one clip's facts.

The same models serve the command line (`--json`), HTTP and the job store; a field is named as the flag.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from backends.types import Emotion
from serve_app.config import StrictModel

if TYPE_CHECKING:  # help texts and clients need the fields alone, and quickly
    from backends.faces.framing import Framing
    from backends.performance import PerformanceOptions
    from backends.script import ScriptOptions

LanguageCode = Annotated[str, StringConstraints(pattern=r"^(auto|[a-z]{2,3})$")]
_CONSENT = r"^[A-Za-z0-9._:/-]{1,200}$"


class VideoRequest(StrictModel):
    """Everything that decides how a clip turns out, apart from the portrait's bytes."""

    text: str = ""
    """What to say, with cues; may be left out where there is a driving video."""
    portrait: str = "preset:astronaut"
    """Who says it: a picture, a video of up to 60 seconds, or "preset:NAME"."""
    driving_video: str | None = None
    """A video of up to 60 seconds whose head, gaze, blinks and brows the portrait follows while it speaks; without a
    text, its mouth and its sound too."""
    audio: str | None = None
    """A recording of speech, half a second to an hour, that is heard and moves the lips instead of a text."""
    transcript: str = ""
    """What is said in the audio, with cues for the face; without it the sounds are recognised by ear."""
    face: int = Field(default=1, ge=1, le=100)
    """Which face of the picture: 1 is the largest, 2 the next."""

    voice: str = "auto"
    """A voice's id, as `voices` lists them; auto takes one of the text's language."""
    reference_audio: str | None = None
    """A recording of at least 6 seconds of one person, whose voice is to speak; for tiers that clone voices."""
    language: LanguageCode = "auto"
    """ISO 639-1 code; auto follows the letters of each sentence."""
    emotion: Emotion | None = None
    """Held until the first cue; without it the photo keeps its own expression."""
    intensity: float = Field(default=1.0, ge=0, le=1)
    """Scales every cue."""
    speed: float = Field(default=1.0, ge=0.5, le=2)
    """Of speech; 1.2 is a fifth faster."""
    speak_cues: Literal["auto", "always", "never"] = "auto"
    """Whether a cue's own word is spoken; auto: where the sentence needs it ("I'm [excited] to …")."""
    cue_style: Literal["brackets", "stars", "both"] = "brackets"
    """What marks a cue: [happy], *happy*, or both."""
    pronounce: dict[str, str] = Field(default_factory=dict, max_length=1000)
    """Respellings of words: word and respelling."""

    style: Literal["calm", "natural", "lively"] = "natural"
    """How much the face moves beside speech."""
    articulation: float = Field(default=1.0, ge=0, le=2)
    """How far the mouth opens."""
    head_motion: float = Field(default=1.0, ge=0, le=2)
    """How far the head moves; 0 holds it still."""
    blink: float = Field(default=1.0, ge=0, le=2)
    """How often the eyes blink; 0 never."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """The same seed gives the same clip."""

    size: int = Field(default=720, ge=128, le=3840, multiple_of=2)
    """Longer side in pixels, even; never more than twice the picture's own resolution."""
    aspect: Literal["source", "1:1", "9:16", "16:9"] = "source"
    """Shape of the clip; source keeps the picture's."""
    background: str = Field(default="source", min_length=1, max_length=1000)
    """Behind the person: source (the picture's own), blur, #rrggbb, or a picture that covers the frame."""
    fps: int = Field(default=25, ge=10, le=60)
    """Frames a second."""
    captions: Literal["none", "srt", "vtt", "burn"] = "none"
    """Subtitles: a file beside the video, or burned into the picture."""
    label: Literal["off", "corner", "end"] = "off"
    """A visible "AI-generated": in a corner of the picture, or on a card of two seconds at the end."""
    codec: Literal["h264", "h265"] = "h264"
    """Of the video track."""
    quality: Literal["draft", "good", "best"] = "good"
    """Of the picture, against size and time."""
    encoder: Literal["auto", "x264", "nvenc", "qsv", "vaapi"] = "auto"
    """What encodes; auto takes the first that works where frames are drawn."""

    tier: str = "lightweight"
    """Which set of engines, as `tiers` lists them; a service without a lightweight tier takes its first that works."""
    consent: str | None = Field(default=None, pattern=_CONSENT)
    """The person's consent, told in the content credentials: any reference; a service wants one recorded there."""

    def script_options(self, max_characters: int) -> "ScriptOptions":
        from backends.script import ScriptOptions

        return ScriptOptions(
            language=self.language,
            emotion=self.emotion,
            intensity=self.intensity,
            speak_cues=self.speak_cues,
            cue_style=self.cue_style,
            lexicon=self.pronounce,
            max_characters=max_characters,
        )

    def framing(self) -> "Framing":
        from backends.faces.framing import Framing

        return Framing(
            size=self.size, aspect=self.aspect, face=self.face, background=self.background
        )

    def performance_options(self) -> "PerformanceOptions":
        from backends.performance import PerformanceOptions

        return PerformanceOptions(
            style=self.style,
            articulation=self.articulation,
            head_motion=self.head_motion,
            blink=self.blink,
        )


class VideoOrder(VideoRequest):
    """A request to the service, with what only a service does."""

    webhook_url: str | None = Field(default=None, max_length=2000, pattern=r"^https?://[!-~]+$")
    """Is sent the job when it ends, signed as Standard Webhooks say."""

    def request(self) -> VideoRequest:
        named = self.model_dump(exclude={"webhook_url"}, exclude_unset=True)
        return VideoRequest.model_validate(named)


class PortraitRequest(StrictModel):
    portrait: str = "preset:astronaut"
    """ "preset:NAME" or the id of an upload."""
    tier: str = "lightweight"


class SpeechRequest(StrictModel):
    """Speech alone: the fields of OpenAI's speech endpoint, and a few of ours."""

    model: str = "lightweight"
    """A tier's name; OpenAI's own model names stand for the first tier that works."""
    input: str
    """What to say, with cues."""
    voice: str = "auto"
    """A voice's id, as /v1/voices lists them; auto, and OpenAI's own names, take one of the text's language."""
    reference_audio: str | None = None
    """Id of an upload: a recording of at least 6 seconds of one person, whose voice is to speak; for tiers that clone
    voices."""
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    """Mono, 24 kHz; opus in Ogg, aac in ADTS, pcm as headerless 16-bit little-endian samples."""
    speed: float = Field(default=1.0, ge=0.25, le=4)
    """1.2 is a fifth faster."""
    language: LanguageCode = "auto"
    """ISO 639-1 code; auto follows the letters of each sentence."""
    emotion: Emotion | None = None
    """Held until the first cue."""
    intensity: float = Field(default=1.0, ge=0, le=1)
    """Scales every cue."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    stream: bool = False
    """Whether mp3, wav and flac are sent while they are spoken, as opus, aac and pcm always are; otherwise they come as
    whole files, which hold content credentials."""
    consent: str | None = Field(default=None, pattern=_CONSENT)
    """The id of the person's recorded consent, told in the content credentials."""

    def script_options(self, max_characters: int) -> "ScriptOptions":
        from backends.script import ScriptOptions

        return ScriptOptions(
            language=self.language,
            emotion=self.emotion,
            intensity=self.intensity,
            max_characters=max_characters,
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
    first_segment_s: float | None = None
    """Seconds of work until the first segment could be played."""


class Stage(StrEnum):
    PARSING = "parsing"
    SPEAKING = "speaking"
    DRAWING = "drawing"
    COMPOSING = "composing"


Report = Callable[[Stage, float], None]
"""Told of every step: the stage that is furthest behind, and the share of the work that is done (0..1)."""


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
    instance: str | None = None
    """URL path of the request that met it; only in its answer."""
    request_id: str | None = None
    """Of that request, as the service's log has it."""


class Job(StrictModel):
    id: str
    tier: str
    status: JobStatus
    stage: Stage | None = None
    """Where a running job is."""
    progress: float = Field(default=0.0, ge=0, le=1)
    queue_position: int | None = None
    """1: the next of its tier; only while queued."""
    eta_s: float | None = None
    """Seconds that the work will still take, once enough is done to tell."""
    attempts: int = 0
    """How often the work was begun."""
    created_at: float
    """Seconds since the epoch."""
    warnings: tuple[NoticeModel, ...] = ()
    error: Problem | None = None
    clip: ClipFacts | None = None
    run: str | None = Field(default=None, exclude=True)
    """Under which name its files are kept; nobody outside is told."""
