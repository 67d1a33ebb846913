"""What a speech engine is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from backends.errors import (
    EmptyTextError,
    InputError,
    TextTooLongError,
    UnknownVoiceError,
    UnsupportedLanguageError,
)
from backends.types import SpeechChunk, Utterance

SLOWEST, FASTEST = 0.25, 4.0
"""Range of `speed`."""


@dataclass(frozen=True, slots=True)
class Licence:
    code: str
    """SPDX identifier of the engine's code."""
    weights: str
    """SPDX identifier, or the licence's name, of the model's weights; "none" where there are none."""
    commercial_use: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class VoiceReference:
    """Recorded speech of one person, whose voice is to speak; see `backends.speech.cloning.read_reference`."""

    key: str
    """Of its content."""
    sound: bytes = field(repr=False)
    """FLAC, mono."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that an engine offers."""

    id: str
    """Unique over all engines: "piper:en_US-joe-medium"."""
    name: str
    language: str
    """ISO 639-1."""
    gender: str
    """"female", "male" or "" where the voice's card does not say."""
    sample_rate: int
    licence: Licence
    speaker: int | None = None
    """Speaker index of a multi-speaker model."""
    style: str = ""
    """How it speaks or where from, in a word or two: "American"."""
    size_bytes: int = 0
    """Of the file with its model, which voices may share; 0 where there is none."""
    advice: str = ""
    """What whoever hears it should be told, as that there is a better voice and how to get it."""
    languages: tuple[str, ...] = ()
    """Further ones that it speaks as its own."""
    cloned: bool = False
    """It is whose `reference` it is given, and nobody without one."""
    reference: VoiceReference | None = None


@dataclass(frozen=True, slots=True)
class SpeechInfo:
    name: str
    voices: tuple[Voice, ...]
    languages: tuple[str, ...]
    """What the engine speaks well enough to be asked for, ISO 639-1."""
    alignments: str
    """How phoneme times come about: "exact" (the model's own durations) or "estimated"."""
    deterministic: bool
    """The same utterance, voice and seed give the same samples."""
    emotions: bool
    """The voice follows cues: pitch, pace and energy go with their recipes, at the word."""
    cloning: bool
    max_characters: int
    """Longest utterance that it takes."""


class SpeechEngine(Protocol):
    """Holds weights and nothing of a request; safe to call from several threads."""

    @property
    def info(self) -> SpeechInfo: ...

    def synthesize(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float = 1.0
    ) -> Iterator[SpeechChunk]:
        """Speaks one utterance, on the utterance's own clock (the first chunk starts at 0).

        The phonemes cover each chunk without gaps; words and cues lie on the same clock. Speed 1.2
        is a fifth faster.

        Raises:
            UnknownVoiceError: the voice is not this engine's.
            UnsupportedLanguageError: the voice cannot speak the utterance's language.
            EmptyTextError: the text is empty; one without words ("...") is spoken as a short
                silence.
            TextTooLongError: beyond `info.max_characters`.
            InputError: speed outside SLOWEST..FASTEST.
            SynthesisError: the model failed.
        """
        ...


def check_request(info: SpeechInfo, utterance: Utterance, voice: Voice, speed: float) -> None:
    """What every engine asks of a request.

    Raises:
        UnknownVoiceError, UnsupportedLanguageError, EmptyTextError, TextTooLongError, InputError: as
            `SpeechEngine.synthesize` says.
    """
    if all(voice.id != known.id for known in info.voices):
        raise UnknownVoiceError(f"speech engine {info.name!r} has no voice {voice.id!r}")
    if voice.cloned and voice.reference is None:
        raise InputError(
            f"voice {voice.id!r} needs reference audio: a recording of who shall speak"
        )
    if utterance.language not in info.languages:
        raise UnsupportedLanguageError(
            f"speech engine {info.name!r} does not speak {utterance.language!r}; "
            f"it speaks {', '.join(info.languages)}"
        )
    if not utterance.text.strip():
        raise EmptyTextError("the utterance has no text")
    if len(utterance.text) > info.max_characters:
        raise TextTooLongError(
            f"a sentence of {len(utterance.text)} characters is beyond this engine's {info.max_characters}; split it"
        )
    if not SLOWEST <= speed <= FASTEST:
        raise InputError(f"speed {speed} is outside {SLOWEST}..{FASTEST}")
