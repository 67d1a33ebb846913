"""Text to IPA with the espeak-ng that comes inside piper-tts.

espeak-ng keeps its state in the process (one current voice, one text buffer), so every call here
holds one lock.
"""

import ctypes
import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

from backends.errors import EngineUnavailableError, SynthesisError, UnsupportedLanguageError

PUNCTUATION = frozenset(".,;:!?")
"""The marks with which espeak-ng ends a clause."""

_LOCK = threading.Lock()
_LANGUAGE_FLAG = re.compile(r"\([a-z][a-z0-9-]*\)")
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_INITIAL = re.compile(r"(?<!\w)([A-ZΑ-Ω]|eh)\.(?=\s[A-ZΑ-ΩΆ-Ώ])")
_LETTER_A = re.compile(r"(?<=[A-Za-z]\s)A(?=\s?[,;:!?)]|\s?\.?\Z|\s[a-z])|(?<!\w)A(?=\.\s[A-Z])")
"""Vitamin A is, A. Clarke."""
_SHOUTED = re.compile(r"\b(?:IT|US)\b")
"""Words that espeak-ng takes for initials in capitals."""
_LATIN = re.compile(r"[A-Za-z]")
_GREEK = re.compile(r"([\u0370-\u03ff\u1f00-\u1fff]+(?:[ '’-]+[\u0370-\u03ff\u1f00-\u1fff]+)*)")
_GREEK_PUNCTUATION = str.maketrans({";": "?", "\u037e": "?", "\u00b7": ";", "\u0387": ";"})


def phonemize(texts: Iterable[str], voice: str) -> list[str]:
    """One line of IPA for each text: words parted by spaces, clauses by their mark and a space, "."
    at the end.

    A break without a mark of its own (a line's end, an ellipsis) becomes a comma. Code points are
    decomposed (NFD), as Piper's phoneme tables have them. "" where there is nothing to say.

    Args:
        texts: Sentences or words, each by itself.
        voice: espeak-ng's name of language and accent: "en-us", "el", …

    Raises:
        EngineUnavailableError: piper-tts is not installed.
        UnsupportedLanguageError: espeak-ng has no such voice.
        SynthesisError: espeak-ng failed.
    """
    with _LOCK:
        return [_word(t, voice) if t.isalpha() else _phonemized(t, voice) for t in texts]


def _phonemized(text: str, voice: str) -> str:
    text = readable(text, voice)
    parts = [text] if voice.split("-")[0] == "el" else _GREEK.split(text)
    return _mixed(parts, voice) if len(parts) > 1 else _closed(_line(text.lstrip(), voice, "."))


_word = lru_cache(maxsize=8192)(_phonemized)
"""Most words of a text come often."""


def _mixed(parts: list[str], voice: str) -> str:
    """A line of a text, each second part of it Greek and read as Greek: espeak-ng spells it out elsewhere."""
    lines: list[str] = []
    for i, part in enumerate(parts):
        bare = part.lstrip()
        if lines and bare[:1] in PUNCTUATION:
            lines[-1] += bare[:1]
            bare = bare[1:]
        if any(map(str.isalnum, bare)):
            closing = "." if i == len(parts) - 1 else ""
            lines.append(_line(bare, "el" if i % 2 else voice, closing))
    return _closed(" ".join(filter(None, lines)))


def _closed(line: str) -> str:
    return line if not line or line[-1] in PUNCTUATION else line + "."


@contextmanager
def speaking_as(voice: str) -> Iterator[Any]:
    """espeak-ng's C interface, set to a voice, for one at a time; errors as `phonemize`."""
    with _LOCK:
        _set_voice(voice)
        _forget(voice)
        yield library()


@cache
def library() -> Any:
    """The C interface of the espeak-ng inside piper-tts, ready.

    Raises:
        EngineUnavailableError: piper-tts is not installed.
    """
    _start()
    from piper import espeakbridge

    return ctypes.PyDLL(espeakbridge.__file__)


def readable(text: str, voice: str) -> str:
    """A text as espeak-ng reads it rightly.

    Control characters become spaces (the C interface stops at NUL), Greek marks become what they mean, initials do not
    end a clause, and an English A that is a letter's name is no article.
    """
    text = _UNREADABLE.sub(" ", text)
    language = voice.split("-")[0]
    if language == "el":
        text = text.translate(_GREEK_PUNCTUATION)
    if language == "en":
        if text.isupper() and text.count(" ") > 1:
            text = _SHOUTED.sub(lambda word: word.group().lower(), text)
        text = _LETTER_A.sub("eh", text)
    return _INITIAL.sub(r"\1", text)


def _forget(voice: str) -> None:
    """Makes another language's English words sound as they do in a first text.

    Whether "use" and "live" are nouns hangs on the English word before, be it one of the text that was read last.
    """
    from piper import espeakbridge

    if not voice.startswith("en"):
        espeakbridge.get_phonemes("the")


@cache
def _start() -> None:
    try:
        from piper import espeakbridge
        from piper.phonemize_espeak import ESPEAK_DATA_DIR
    except ImportError as error:
        raise EngineUnavailableError(
            'espeak-ng comes with piper-tts, which is not installed: pip install "prosopon[piper]"'
        ) from error
    espeakbridge.initialize(str(ESPEAK_DATA_DIR))


class _Voice(ctypes.Structure):
    """The beginning of espeak_VOICE of speak_lib.h, espeak-ng 1.52."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
    )


_IDENTIFIERS: dict[str, bytes] = {}
"""What espeak-ng itself calls the voices that were set, by the name they were set by."""


def _set_voice(voice: str) -> None:
    """Sets a voice that is not set: that takes as long as a short sentence."""
    if _IDENTIFIERS.get(voice, b"") == _current():
        return
    from piper import espeakbridge

    try:
        espeakbridge.set_voice(voice)
    except RuntimeError as error:
        raise UnsupportedLanguageError(f"espeak-ng has no voice {voice!r}") from error
    _IDENTIFIERS[voice] = _current()


def _current() -> bytes:
    current = library().espeak_GetCurrentVoice
    current.restype = ctypes.POINTER(_Voice)
    found = current()
    return bytes(found.contents.identifier or b"-") if found else b"-"


def _clauses(text: str, voice: str) -> list[tuple[str, str, bool]]:
    _set_voice(voice)
    from piper import espeakbridge

    try:
        if _LATIN.search(text):
            _forget(voice)
        return list(espeakbridge.get_phonemes(text))
    except (RuntimeError, ValueError) as error:
        raise SynthesisError(f"espeak-ng could not read the text: {error}") from error


def _line(text: str, voice: str, closing: str) -> str:
    clauses = _clauses(text, voice)
    spoken = [(_LANGUAGE_FLAG.sub("", phonemes).strip(), mark) for phonemes, mark, _ in clauses]
    spoken = [(phonemes, mark) for phonemes, mark in spoken if phonemes]
    if not spoken:
        return ""
    *inner, (last, end) = spoken
    line = (
        "".join(f"{phonemes}{mark or ','} " for phonemes, mark in inner) + last + (end or closing)
    )
    return unicodedata.normalize("NFD", line)
