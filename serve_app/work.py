"""A clip in the making: what is asked for, what it gathers on its way, and what is told of it at the end."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from backends.animation.engine import AnimationInfo
from backends.composition.captions import CaptionLine, caption_lines, until
from backends.composition.fragments import SoundFragments
from backends.composition.label import Label
from backends.composition.settings import EncoderSettings
from backends.performance.driving import Driving
from backends.speech import speaks_natively
from backends.speech.engine import Voice
from backends.speech.recorded import Recording
from backends.types import (
    CueSpan,
    Notice,
    Performance,
    PhonemeSpan,
    Script,
    SpeechChunk,
    Utterance,
    WordSpan,
    joined_silences,
)
from serve_app.clients import Prepared
from serve_app.kept import Kept
from serve_app.schemas import (
    ClipFacts,
    Engines,
    NoticeModel,
    Report,
    SpokenCue,
    SpokenPhoneme,
    Stage,
    VideoRequest,
)
from serve_app.tracing import span


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that can be carried out."""

    request: VideoRequest
    script: Script
    voice: Voice | None
    """None: nothing is spoken, the recording or the driving video has its own sound."""
    portrait: Prepared
    driving: Driving | None = None
    voices: Mapping[str, Voice] = field(default_factory=dict)
    """Who speaks each language of the script (ISO 639-1), the main one first, whose voice is `voice`."""
    recording: Recording | None = None
    """What is heard instead of a voice; the script, where there is one, is what is said in it."""

    @property
    def language(self) -> str:
        """ISO 639-1 of most of what is said; "und" where nobody knows."""
        if self.script.utterances:
            return main_language(self.script)
        asked = self.request.language
        return "und" if self.recording is None or asked == "auto" else asked


@dataclass(frozen=True, slots=True)
class Order:
    """Everything that decides how a clip turns out."""

    checked: Checked
    settings: EncoderSettings
    began: float
    """When work on it began, on the clock of `time.perf_counter`."""


@dataclass(frozen=True, slots=True)
class Clip:
    facts: ClipFacts
    video: str
    """Storage key of the MP4."""
    performance: Performance
    captions: tuple[CaptionLine, ...]
    """Of all that is said, none beyond the clip's end."""


@dataclass(slots=True)
class Work:
    """What one clip gathers on its way."""

    checked: Checked
    prefix: str
    settings: EncoderSettings
    report: Report
    expected_frames: int
    sound: SoundFragments
    kept: Kept
    source: str
    """Version of the modules that make it, see `kept.source_version`."""
    label: Label = "off"
    timings: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    phonemes: list[PhonemeSpan] = field(default_factory=list)
    """Of all that is heard, on the clip's clock."""
    rows: list[Performance] = field(default_factory=list)
    said: list[tuple[str, list[WordSpan]]] = field(default_factory=list)
    """Utterances that are spoken, with their words on the clip's clock."""
    cues: list[CueSpan] = field(default_factory=list)
    """All of them; joined, their texts are what is spoken, with a space between sentences."""
    notices: list[Notice] = field(default_factory=list)
    """What came up on the way, that the user should know."""
    segments: list[str] = field(default_factory=list)
    card_from: int | None = None
    """The frame with which the card at the end begins, once that is known."""
    drawn_segments: int = 0
    drawn_frames: int = 0
    drew: asyncio.Event = field(default_factory=asyncio.Event)
    began: float = field(default_factory=time.perf_counter)
    first_segment_s: float | None = None
    spoken: float = 0.0
    """Share of the text, 0..1."""
    told: float = 0.0
    """Share of the work, as told last: it stays when the clip turns out longer than expected."""

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            with span(stage):
                yield
        finally:
            self.timings[stage] += time.perf_counter() - began

    @property
    def planned_frames(self) -> int:
        return self.rows[-1].end if self.rows else 0

    def tell_said(self, utterance: Utterance, chunks: Sequence[SpeechChunk]) -> None:
        """An utterance is spoken, by these chunks on the clip's clock."""
        self.said.append((utterance.text, [word for c in chunks for word in c.words]))
        if self.cues:
            self.cues[-1] = self.cues[-1]._replace(text=self.cues[-1].text + " ")
        self.cues += [cue for c in chunks for cue in c.cues]

    async def draw_after(self, segments: int) -> None:
        """Waits while more than these are still to be drawn: to speak far ahead of them would only keep other clips
        waiting."""
        while len(self.segments) - self.drawn_segments > segments:
            self.drew.clear()
            await self.drew.wait()

    def tell_drawn(self, frames: int) -> None:
        """A segment of so many is drawn."""
        self.drawn_segments += 1
        self.drawn_frames += frames
        self.drew.set()
        self.tell()

    def tell(self) -> None:
        stage = Stage.SPEAKING if self.spoken < 1 else Stage.DRAWING
        total = max(self.expected_frames, self.planned_frames)
        self.told = max(self.told, 0.02 + 0.23 * self.spoken + 0.7 * self.drawn_frames / total)
        self.report(stage, self.told)


def clip_of(work: Work, video: str, tier: str, animation: AnimationInfo) -> Clip:
    """The finished clip that lies at the key `video`."""
    request, voice = work.checked.request, work.checked.voice
    elapsed_s = time.perf_counter() - work.began
    facts = ClipFacts(
        path=video,
        duration_s=round(work.planned_frames / request.fps, 6),
        frames=work.planned_frames,
        fps=request.fps,
        size=work.checked.portrait.size,
        tier=tier,
        engines=Engines(
            speech=speakers(work.checked),
            animation=animation.name,
            encoder=work.settings.encoder.name,
        ),
        voice=voice.id if voice else "none",
        language=work.checked.language,
        seed=request.seed,
        utterances=tuple(
            SpokenCue(
                text=c.text,
                emotion=c.cue.emotion,
                intensity=c.cue.intensity,
                language=c.language,
                start_s=round(c.start_s, 4),
                end_s=round(c.end_s, 4),
            )
            for c in work.cues
        ),
        phonemes=tuple(
            SpokenPhoneme(phoneme=p, start_s=round(a, 4), end_s=round(b, 4))
            for p, a, b in joined_silences(work.phonemes)
        ),
        warnings=(*notices(work.checked), *map(_model, work.notices)),
        timings={stage: round(s, 4) for stage, s in work.timings.items()},
        real_time_factor=round(elapsed_s * request.fps / work.planned_frames, 4),
        first_segment_s=work.first_segment_s and round(work.first_segment_s, 4),
    )
    lines = until(caption_lines(work.said), facts.duration_s)
    return Clip(facts, video, Performance.join(work.rows), lines)


def speakers(checked: Checked) -> str:
    """Names of the engines that speak; where none does, whether something was recorded."""
    names = dict.fromkeys(voice.id.partition(":")[0] for voice in checked.voices.values())
    return "+".join(names) or ("none" if checked.recording is None else "recorded")


def main_language(script: Script) -> str:
    """The language that most of the text is in."""
    return languages(script)[0]


def languages(script: Script) -> list[str]:
    """Those of the text, by how much of it is in them, most first."""
    length: dict[str, int] = defaultdict(int)
    for utterance in script.utterances:
        length[utterance.language] += len(utterance.text)
    return sorted(length, key=lambda language: -length[language])


def notices(checked: Checked) -> tuple[NoticeModel, ...]:
    """The parser's, what is to be known of the voice of each language, the portrait's."""
    told = [note for item in checked.voices.items() for note in _of_voice(*item)]
    if len({voice.id for voice in checked.voices.values()}) > 1:
        each = ", ".join(f"{language!r} by {v.id}" for language, v in checked.voices.items())
        told.append(Notice("several_voices", f"the text is in several languages: {each}"))
    return tuple(map(_model, (*checked.script.warnings, *told, *checked.portrait.notices)))


def _model(notice: Notice) -> NoticeModel:
    return NoticeModel(code=notice.code, message=notice.message, position=notice.position)


def _of_voice(language: str, voice: Voice) -> list[Notice]:
    told = []
    if not speaks_natively(voice, language):
        text = (
            f"{voice.id} is a voice for {voice.language!r}; it speaks {language!r} with an accent"
        )
        told.append(Notice("foreign_voice", text))
    if voice.advice:
        told.append(Notice("voice_advice", voice.advice))
    return told
