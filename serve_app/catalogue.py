"""What there is to choose from: tiers, voices, portraits, emotions; and what a script or a picture would give."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from backends.animation.engine import AnimationInfo
from backends.faces.framing import Aspect
from backends.faces.presets import PRESETS, Preset
from backends.script.emotions import EMOTIONS
from backends.script.parser import estimated_duration_s
from backends.speech.engine import Licence, SpeechInfo, Voice
from backends.types import Emotion, Notice, Script
from serve_app.config import StrictModel
from serve_app.schemas import NoticeModel, Problem

if TYPE_CHECKING:  # imports OpenCV
    from backends.faces.portrait import PortraitReport


@dataclass(frozen=True, slots=True)
class TierFacts:
    """What a tier tells of itself once its engines are loaded."""

    title: str
    speech: SpeechInfo
    animation: AnimationInfo
    max_characters: int


class LicenceModel(StrictModel):
    code: str
    weights: str
    commercial_use: bool
    note: str = ""


class VoiceModel(StrictModel):
    id: str
    name: str
    language: str
    gender: str
    style: str
    """How it speaks or where from: "American"; empty where nothing is known."""
    sample_rate: int
    """In hertz."""
    size_bytes: int
    """Of its model, which other voices may share; 0 where there is none."""
    cloned: bool
    """It is whoever the `reference_audio` of a request is of, and nobody without one."""
    tier: str
    licence: LicenceModel
    preview: str
    """URL path of a WAV in which it introduces itself."""


class TierEngines(StrictModel):
    speech: str
    animation: str


class TierModel(StrictModel):
    name: str
    available: bool
    reason: str = ""
    """Why it is not available; empty when it is."""
    title: str = ""
    engines: TierEngines | None = None
    """This and all below: only known of an available tier."""
    voices: int | None = None
    languages: tuple[str, ...] = ()
    licences: dict[str, LicenceModel] = Field(default_factory=dict)
    """By engine, or by voice where an engine's voices differ."""
    device: str | None = None
    max_characters: int | None = None


class PortraitModel(StrictModel):
    id: str
    """As requests name it: "preset:NAME"."""
    title: str
    credit: str
    licence: str
    image: str
    """URL path of the picture."""


class EmotionModel(StrictModel):
    name: Emotion
    english: tuple[str, ...]
    greek: tuple[str, ...]


class FaceModel(StrictModel):
    box: tuple[float, float, float, float]
    """Left, top, width, height in the picture's pixels."""
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    score: float
    """The detector's confidence, 0..1."""
    visible: float
    """Share of it that lies inside the picture, 0..1."""
    eyes: float
    """Gap between the lids over an eye's width; 0.05 shut, 0.3 open."""
    mouth: float
    """Gap between the lips in eye distances."""
    fit: bool
    problem: str
    """Why it cannot be animated; empty when it can."""
    warnings: tuple[NoticeModel, ...]
    """What should be known of one that can."""
    crops: dict[Aspect, tuple[int, int, int, int]]
    """Left, top, width, height of what a video of each aspect shows, in the picture's pixels; without those that
    would cut the face."""


class PortraitCheck(StrictModel):
    width: int
    height: int
    fit: bool
    problem: str
    faces: tuple[FaceModel, ...]
    """The largest first, numbered from 1 in requests."""


class SpanModel(StrictModel):
    text: str
    emotion: Emotion
    intensity: float
    position: int
    """Of the cue in the source text; -1 where none was written."""


class UtteranceModel(StrictModel):
    text: str
    language: str
    pause_s: float
    spans: tuple[SpanModel, ...]


class ScriptModel(StrictModel):
    text: str
    """What will be spoken."""
    utterances: tuple[UtteranceModel, ...]
    duration_s: float
    """Estimated at normal speed."""
    warnings: tuple[NoticeModel, ...]


class TierLoad(StrictModel):
    """How a tier fares."""

    name: str
    available: bool
    reason: str = ""
    """Why it is not available; empty when it is."""
    replicas: dict[str, int]
    """That run, by deployment."""
    queued: int
    running: int
    oldest_queued_s: float
    """How long the first in line has waited."""


class Failure(StrictModel):
    job: str
    tier: str
    created_at: float
    error: Problem


class SystemModel(StrictModel):
    """The service at a glance."""

    version: str
    tiers: tuple[TierLoad, ...]
    max_queued: int
    """Videos beyond so many waiting ones are refused."""
    failures: tuple[Failure, ...]
    """The latest."""


def tier_model(name: str, facts: TierFacts) -> TierModel:
    speakers: dict[str, list[Voice]] = {}
    for voice in facts.speech.voices:
        speakers.setdefault(voice.id.partition(":")[0], []).append(voice)
    engines = TierEngines(speech=" + ".join(speakers), animation=facts.animation.name)
    licences = {engines.animation: licence_model(facts.animation.licence)}
    for engine, voices in speakers.items():
        if len({voice.licence for voice in voices}) == 1:
            licences[engine] = licence_model(voices[0].licence)
        else:
            licences |= {voice.id: licence_model(voice.licence) for voice in voices}
    return TierModel(
        name=name,
        available=True,
        title=facts.title,
        engines=engines,
        voices=len(facts.speech.voices),
        languages=facts.speech.languages,
        licences=licences,
        device=facts.animation.device,
        max_characters=facts.max_characters,
    )


def voice_models(name: str, facts: TierFacts) -> list[VoiceModel]:
    return [
        VoiceModel(
            id=voice.id,
            name=voice.name,
            language=voice.language,
            gender=voice.gender,
            style=voice.style,
            sample_rate=voice.sample_rate,
            size_bytes=voice.size_bytes,
            cloned=voice.cloned,
            tier=name,
            licence=licence_model(voice.licence),
            preview=f"/v1/voices/{voice.id}/preview",
        )
        for voice in facts.speech.voices
    ]


def licence_model(licence: Licence) -> LicenceModel:
    return LicenceModel(
        code=licence.code,
        weights=licence.weights,
        commercial_use=licence.commercial_use,
        note=licence.note,
    )


def portrait_models() -> list[PortraitModel]:
    return [_portrait_model(preset) for preset in PRESETS.values()]


def _portrait_model(preset: Preset) -> PortraitModel:
    return PortraitModel(
        id=f"preset:{preset.id}",
        title=preset.title,
        credit=preset.credit,
        licence=preset.licence,
        image=f"/v1/portraits/{preset.id}/image",
    )


def portrait_check(report: "PortraitReport") -> PortraitCheck:
    return PortraitCheck(
        width=report.width,
        height=report.height,
        fit=report.fit,
        problem=report.problem,
        faces=tuple(
            FaceModel(
                box=face.box,
                yaw_deg=round(face.angles.yaw, 1),
                pitch_deg=round(face.angles.pitch, 1),
                roll_deg=round(face.angles.roll, 1),
                score=round(face.score, 3),
                visible=round(face.visible, 3),
                eyes=round(face.eyes, 3),
                mouth=round(face.mouth, 3),
                fit=face.fit,
                problem=face.problem,
                warnings=notice_models(face.notices),
                crops=dict(face.crops),
            )
            for face in report.faces
        ),
    )


def emotion_models() -> list[EmotionModel]:
    return [
        EmotionModel(name=emotion, english=spec.english, greek=spec.greek)
        for emotion, spec in EMOTIONS.items()
    ]


def notice_models(notices: Iterable[Notice]) -> tuple[NoticeModel, ...]:
    return tuple(NoticeModel(code=n.code, message=n.message, position=n.position) for n in notices)


def script_model(script: Script) -> ScriptModel:
    return ScriptModel(
        text=script.text,
        utterances=tuple(
            UtteranceModel(
                text=u.text,
                language=u.language,
                pause_s=u.pause_s,
                spans=tuple(
                    SpanModel(
                        text=u.text[s.start : s.end],
                        emotion=s.cue.emotion,
                        intensity=round(s.cue.intensity, 4),
                        position=s.position,
                    )
                    for s in u.spans
                ),
            )
            for u in script.utterances
        ),
        duration_s=round(estimated_duration_s(script), 2),
        warnings=notice_models(script.warnings),
    )
