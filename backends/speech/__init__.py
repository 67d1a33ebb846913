"""Utterances become timed sound: the table of engines, and how to get an engine and a voice.

An engine is named here, or by an installed package in the entry-point group `prosopon.speech_engines`, as
"module:class". The class has its options as a pydantic model in `Options` and takes one of them.
"""

import difflib
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from backends.errors import (
    EngineUnavailableError,
    InputError,
    UnknownEngineError,
    UnknownVoiceError,
    UnsupportedLanguageError,
)
from backends.speech.engine import SpeechEngine, Voice

ENGINES: Mapping[str, str] = MappingProxyType(
    {
        "piper": "backends.speech.piper:PiperEngine",
        "tone": "backends.speech.tone:ToneEngine",
    }
)
ENTRY_POINTS = "prosopon.speech_engines"


def load_engine(name: str, options: Mapping[str, Any] | None = None) -> SpeechEngine:
    """An engine with its weights loaded.

    Args:
        name: Of the table, or of an entry point.
        options: Fields of the engine's `Options`.

    Raises:
        UnknownEngineError: no engine has that name.
        EngineUnavailableError: its packages are not installed.
        InputError: the options are not the engine's.
        EngineError: it does not load; the message says why.
    """
    try:
        factory = _factory(name)
        chosen = factory.Options.model_validate(dict(options or {}))
        engine: SpeechEngine = factory(chosen)
    except ImportError as error:
        raise EngineUnavailableError(
            f"speech engine {name!r} wants a package that is not installed ({error}); "
            f'pip install "prosopon[{name}]"'
        ) from error
    except ValidationError as error:
        raise InputError(f"options of speech engine {name!r}: {error}") from error
    return engine


def find_voice(engine: SpeechEngine, voice_id: str | None, language: str) -> Voice:
    """The voice that is meant.

    Args:
        voice_id: "piper:en_US-joe-medium" or, without the engine, "en_US-joe-medium"; None and "auto" mean the engine's
            first voice of the language, else its first that speaks it with an accent.
        language: ISO 639-1, of the text.

    Raises:
        UnknownVoiceError: the engine has no such voice.
        UnsupportedLanguageError: the engine does not speak the language.
    """
    info = engine.info
    if language not in info.languages:
        raise UnsupportedLanguageError(
            f"speech engine {info.name!r} does not speak {language!r}; it speaks {', '.join(info.languages)}"
        )
    if voice_id is None or voice_id == "auto":
        native = (voice for voice in info.voices if speaks_natively(voice, language))
        return next(native, info.voices[0])
    known = {voice.id: voice for voice in info.voices}
    known |= {voice.id.removeprefix(f"{info.name}:"): voice for voice in info.voices}
    if voice_id in known:
        return known[voice_id]
    near = difflib.get_close_matches(voice_id, known, n=1, cutoff=0.3)
    hint = f"did you mean {known[near[0]].id!r}?" if near else f"the first is {info.voices[0].id!r}"
    raise UnknownVoiceError(f"speech engine {info.name!r} has no voice {voice_id!r}; {hint}")


def speaks_natively(voice: Voice, language: str) -> bool:
    """Whether a voice speaks a language as its own; otherwise it has an accent, which the user should be told."""
    return voice.language == language


def _factory(name: str) -> Any:
    outside: dict[str, EntryPoint] = {
        point.name: point for point in entry_points(group=ENTRY_POINTS)
    }
    if name in ENGINES:
        module, _, attribute = ENGINES[name].partition(":")
        return getattr(import_module(module), attribute)
    if name in outside:
        return outside[name].load()
    known = ", ".join(sorted({*ENGINES, *outside}))
    raise UnknownEngineError(f"there is no speech engine {name!r}; known are {known}")
