"""What the Director asks of the other stages.

The plain stage classes of `serve_app.deployments` satisfy these protocols by themselves, which is how the command line
runs; in the Serve graph they are reached through the handles of `serve_app.handles`.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from backends.animation.engine import AnimationInfo
from backends.composition.captions import CaptionLine
from backends.composition.credentials import Statement
from backends.composition.label import Mark
from backends.composition.settings import EncoderSettings
from backends.faces.framing import Framing
from backends.performance.driving import Driving
from backends.script import ScriptOptions
from backends.speech.engine import SpeechInfo, Voice
from backends.speech.listening import Followed
from backends.types import FloatArray, Notice, Performance, Script, Speech, SpeechChunk, Utterance
from serve_app.catalogue import PortraitCheck, TierFacts
from serve_app.schemas import ClipFacts, NoticeModel, SpeechRequest, VideoRequest


@dataclass(frozen=True, slots=True)
class DrawTask:
    """One segment to draw and encode, wherever there is room."""

    portrait: str
    """"preset:NAME" or a storage key."""
    framing: Framing
    performance: Performance
    """Rows of the segment's frames and no others."""
    settings: EncoderSettings
    captions: tuple[CaptionLine, ...]
    """Lines to burn into the picture; empty when none are."""
    key: str
    """Where the encoded segment goes."""
    plan: Any = None
    """What these frames are drawn from, for an engine that plans clips as a whole."""
    speech: Speech | None = None
    """What they are planned from, for one that hears only what is near them."""
    seed: int = 0
    source: str = ""
    """Version of the modules that may draw it, see `kept.source_version`; empty: any."""
    label: Mark | None = None
    """What tells viewers that a model made the picture."""


@dataclass(frozen=True, slots=True)
class ComposeTask:
    """A finished clip's parts."""

    segments: tuple[str, ...]
    """Storage keys in order."""
    sound: str
    """Storage key of an MP4 with the whole sound."""
    samples: int
    """Of it, at 48 kHz."""
    settings: EncoderSettings
    frames: int
    title: str
    statement: Statement
    """For its content credentials."""
    key: str
    """Where the MP4 goes."""


class Prepared(NamedTuple):
    """A reference that can be drawn."""

    size: tuple[int, int]
    """Width and height of the clip."""
    notices: tuple[Notice, ...] = ()
    """What the user should know of the portrait."""


class ParserClient(Protocol):
    async def parse(self, text: str, options: ScriptOptions) -> Script: ...


class SpeechClient(Protocol):
    async def describe(self) -> SpeechInfo: ...

    async def find_voice(
        self, voice: str | None, language: str, reference: str | None = None
    ) -> Voice:
        """See `backends.speech.find_voice`; the reference is a stored recording."""
        ...

    def speak(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float
    ) -> AsyncIterator[SpeechChunk]: ...

    async def follow(self, audio: str, utterances: tuple[Utterance, ...]) -> Followed:
        """What is said in a stored recording, and when; see `backends.speech.listening.follow`."""
        ...


class AnimationClient(Protocol):
    async def describe(self) -> AnimationInfo: ...

    async def prepare(self, portrait: str, framing: Framing) -> Prepared:
        """Makes sure that the avatar can be drawn."""
        ...

    async def encoder(
        self, codec: str, encoder: str, quality: str, fps: int, size: tuple[int, int]
    ) -> EncoderSettings:
        """What the clip's segments are encoded with, probed where they will be."""
        ...

    async def capture(self, video: str, fps: int) -> Driving:
        """What the face in a stored video does, at the clip's rate."""
        ...

    async def plan(
        self, portrait: str, framing: Framing, speech: Speech, performance: Performance, seed: int
    ) -> Any:
        """A whole clip's plan by the engine."""
        ...

    async def draw(self, task: DrawTask) -> None: ...

    async def examine(self, portrait: str) -> PortraitCheck:
        """What faces a picture holds, and whether they can be animated."""
        ...


class CompositionClient(Protocol):
    async def compose(self, task: ComposeTask) -> None: ...


@dataclass(frozen=True, slots=True)
class Stages:
    parser: ParserClient
    speech: SpeechClient
    animation: AnimationClient
    composition: CompositionClient


@dataclass(frozen=True, slots=True)
class SpokenPiece:
    """A stretch of speech, ready to be heard behind the one before."""

    samples: FloatArray
    """(n,) mono in [-1, 1]."""
    sample_rate: int
    voice: str
    """Id of whose it is."""


@dataclass(frozen=True, slots=True)
class LivePiece:
    """A track's header, or a fragment to be played behind the one before."""

    track: Literal["video", "audio"]
    data: bytes
    start_s: float | None
    """Of a fragment; None: it is the header."""
    media_type: str = ""
    """Of a header: with the codecs, as browsers want it for a source buffer."""


@dataclass(frozen=True, slots=True)
class LiveEnd:
    """All is said and drawn."""

    facts: ClipFacts


class TierClient(Protocol):
    """A tier, as the gateway knows it."""

    async def describe(self) -> TierFacts: ...

    async def check(self, request: VideoRequest) -> tuple[NoticeModel, ...]:
        """What the user should know before the work begins.

        Raises:
            InputError: the request cannot be carried out, with the reason.
        """
        ...

    async def parse(self, text: str, options: ScriptOptions) -> Script: ...

    async def examine(self, portrait: str) -> PortraitCheck: ...

    def speak(self, request: SpeechRequest) -> AsyncIterator[SpokenPiece]:
        """The text sentence by sentence, with the silences between.

        Raises:
            InputError: it cannot be spoken, told before the first piece.
        """
        ...

    def converse(
        self, request: VideoRequest, session: str
    ) -> AsyncGenerator[LivePiece | LiveEnd, None]:
        """What a live session's text becomes, see `serve_app.live`."""
        ...

    async def wake(self) -> None:
        """There is a new job in the store."""
        ...


@dataclass(frozen=True, slots=True)
class TierState:
    available: bool
    reason: str = ""
    """Why not; empty when it is."""
    replicas: Mapping[str, int] = field(default_factory=dict)
    """That run, by deployment."""


class Tiers(Protocol):
    """The tiers that the gateway knows."""

    async def states(self) -> Mapping[str, TierState]:
        """Of every configured tier, in the order of preference."""
        ...

    async def client(self, name: str) -> TierClient:
        """Of a tier that is available."""
        ...
