"""What is made on the way to a clip, kept by key: made once, whoever works on the clip and however often it begins."""

import hashlib
import io
import sysconfig
import zipfile
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import TypeAdapter, ValidationError

from backends.errors import StorageError
from backends.types import CueSpan, PhonemeSpan, SpeechChunk, WordSpan
from serve_app.storage import Storage

TEMPORARY = ("segments", "sound", "speech")
"""Folders of a run that are only needed until its clip is there."""


def segment_key(prefix: str, start: int) -> str:
    """Where the segment that begins with frame `start` is kept."""
    return f"{prefix}/segments/{start:07d}.mp4"


def sound_key(prefix: str, start: int) -> str:
    """Where the fragment of the sound that belongs to this segment is kept."""
    return f"{prefix}/sound/{start:07d}.m4s"


def speech_key(prefix: str, index: int) -> str:
    """Where an utterance is kept, as it was spoken."""
    return f"{prefix}/speech/{index:05d}.npz"


class Kept:
    """One run's folder, as this attempt found it and adds to it. Calls block."""

    def __init__(self, storage: Storage, prefix: str) -> None:
        self._storage, self._prefix = storage, prefix
        self._found = {e.key for name in TEMPORARY for e in storage.list(f"{prefix}/{name}")}

    def has_segment(self, start: int) -> bool:
        """Whether an earlier attempt drew it."""
        return segment_key(self._prefix, start) in self._found

    def speech(self, index: int) -> tuple[SpeechChunk, ...] | None:
        """An utterance's chunks, on its own clock, where an earlier attempt spoke it."""
        key = speech_key(self._prefix, index)
        return speech_from(self._storage.get(key)) if key in self._found else None

    def keep_speech(self, index: int, chunks: Sequence[SpeechChunk]) -> tuple[SpeechChunk, ...]:
        """Keeps an utterance and gives what is to be used: where two attempts speak it at once, that of the first."""
        key, data = speech_key(self._prefix, index), speech_bytes(chunks)
        won = self._storage.put_new(key, data)
        return speech_from(data if won else self._storage.get(key))

    def keep_sound(self, start: int, fragment: bytes) -> None:
        key = sound_key(self._prefix, start)
        if key not in self._found:
            self._storage.put(key, fragment)


class _Spans(NamedTuple):
    """A chunk without its samples."""

    samples: int
    sample_rate: int
    start_s: float
    phonemes: tuple[PhonemeSpan, ...]
    words: tuple[WordSpan, ...]
    cues: tuple[CueSpan, ...]


_SPANS = TypeAdapter(tuple[_Spans, ...])


def speech_bytes(chunks: Sequence[SpeechChunk]) -> bytes:
    """Chunks as a NumPy archive: all samples, and the spans as JSON, which gives floats back exactly."""
    spans = tuple(
        _Spans(len(c.samples), c.sample_rate, c.start_s, c.phonemes, c.words, c.cues)
        for c in chunks
    )
    samples = np.concatenate([np.zeros(0, np.float32), *(c.samples for c in chunks)])
    file = io.BytesIO()
    np.savez(file, samples=samples, spans=np.frombuffer(_SPANS.dump_json(spans), np.uint8))
    return file.getvalue()


_DAMAGES = (OSError, ValueError, KeyError, EOFError, RuntimeError)
"""RuntimeError: where a changed bit claims a password, or a kind of archive that nobody writes."""


def speech_from(data: bytes) -> tuple[SpeechChunk, ...]:
    """Raises StorageError where the data is none of `speech_bytes`."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            samples, spans = archive["samples"], _SPANS.validate_json(archive["spans"].tobytes())
    except (*_DAMAGES, zipfile.BadZipFile, ValidationError) as error:
        raise StorageError(f"the speech that was kept is damaged: {error}") from error
    chunks, start = [], 0
    for s in spans:
        piece = samples[start : start + s.samples]
        chunks.append(SpeechChunk(piece, s.sample_rate, s.phonemes, s.words, s.cues, s.start_s))
        start += s.samples
    return tuple(chunks)


@cache
def source_version() -> str:
    """Digest of our modules: what must be the same in all processes that work on one clip."""
    digest = hashlib.sha256()
    for package in ("backends", "serve_app"):
        root = Path(str(resources.files(package)))
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def code_version() -> str:
    """Digest of everything that runs here: our modules, and the names and versions of all that is installed."""
    installed = sorted(p.name for p in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))
    return hashlib.sha256("\n".join([source_version(), *installed]).encode()).hexdigest()
