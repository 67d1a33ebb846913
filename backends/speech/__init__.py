"""Utterances become timed sound: the table of engines, and how to get an engine and a voice."""

import difflib
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from backends.engines import make_engine
from backends.errors import InputError, UnknownVoiceError, UnsupportedLanguageError
from backends.speech.engine import SpeechEngine, SpeechInfo, Voice, VoiceReference

ENGINES: Mapping[str, str] = MappingProxyType(
    {
        "chatterbox": "backends.speech.chatterbox.engine:ChatterboxEngine",
        "espeak": "backends.speech.formant:FormantEngine",
        "espnet": "backends.speech.espnet:EspnetEngine",
        "kokoro": "backends.speech.kokoro:KokoroEngine",
        "openai": "backends.speech.openai:OpenAiEngine",
        "piper": "backends.speech.piper:PiperEngine",
        "polyglot": "backends.speech.polyglot:PolyglotEngine",
        "tone": "backends.speech.tone:ToneEngine",
        "xtts": "backends.speech.xtts:XttsEngine",
    }
)


def load_engine(name: str, options: Mapping[str, object] | None = None) -> SpeechEngine:
    """The speech engine of that name; arguments and errors as `backends.engines.make_engine`."""
    engine: SpeechEngine = make_engine("speech", ENGINES, name, options)
    return engine


def find_voice(
    engine: SpeechEngine,
    voice_id: str | None,
    language: str,
    reference: VoiceReference | None = None,
) -> Voice:
    """The voice that is meant.

    Args:
        voice_id: "piper:en_US-joe-medium" or, without the engine, "en_US-joe-medium"; None and
            "auto" mean the engine's first voice of the language, else its first that speaks it with
            an accent.
        language: ISO 639-1, of the text.
        reference: who shall speak, by a voice of the engine that can be anybody's.

    Raises:
        UnknownVoiceError: the engine has no such voice, or none that could be the reference's.
        UnsupportedLanguageError: the engine does not speak the language.
        InputError: a reference is given and the voice is somebody already, or the other way round.
    """
    info = engine.info
    if language not in info.languages:
        raise UnsupportedLanguageError(
            f"speech engine {info.name!r} does not speak {language!r}; it speaks {', '.join(info.languages)}"
        )
    asked = [voice for voice in info.voices if voice.cloned == (reference is not None)]
    if reference is not None and not asked:
        raise UnknownVoiceError(
            f"speech engine {info.name!r} cannot clone a voice; leave the reference audio out, or "
            "take a tier whose engine can (xtts)"
        )
    if voice_id is None or voice_id == "auto":
        native = (voice for voice in asked if speaks_natively(voice, language))
        found = next(native, asked[0] if asked else info.voices[0])
    else:
        found = _named(info, voice_id)
    if found.cloned != (reference is not None):
        raise InputError(
            f"voice {found.id!r} needs reference audio: a recording of who shall speak"
            if found.cloned
            else f"voice {found.id!r} is somebody already: leave the voice out, or the reference audio"
        )
    return replace(found, reference=reference)


def _named(info: SpeechInfo, voice_id: str) -> Voice:
    known = {voice.id: voice for voice in info.voices}
    known |= {voice.id.partition(":")[2]: voice for voice in reversed(info.voices)}
    if voice_id in known:
        return known[voice_id]
    near = difflib.get_close_matches(voice_id, known, n=1, cutoff=0.3)
    hint = f"did you mean {known[near[0]].id!r}?" if near else f"the first is {info.voices[0].id!r}"
    raise UnknownVoiceError(f"speech engine {info.name!r} has no voice {voice_id!r}; {hint}")


def speaks_natively(voice: Voice, language: str) -> bool:
    """Whether a voice speaks a language as its own; otherwise it has an accent, which the user should be told."""
    return language == voice.language or language in voice.languages
