"""What is made on the way to a clip, kept by key: made once, whoever works on the clip and however often it begins."""

import hashlib
import io
import sysconfig
import zipfile
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


def speech_key(prefix: str, index: int, number: int) -> str:
    """Where a chunk of an utterance is kept, as it was spoken."""
    return f"{prefix}/speech/{index:05d}/{number:03d}.npz"


def end_key(prefix: str, index: int) -> str:
    """What is there once an utterance is spoken to its end."""
    return f"{prefix}/speech/{index:05d}/end"


class Kept:
    """One run's folder, as this attempt found it and adds to it. Calls block."""

    def __init__(self, storage: Storage, prefix: str) -> None:
        self._storage, self._prefix = storage, prefix
        self._found = {e.key for name in TEMPORARY for e in storage.list(f"{prefix}/{name}")}

    def has_segment(self, start: int) -> bool:
        """Whether an earlier attempt drew it."""
        return segment_key(self._prefix, start) in self._found

    def speech(self, index: int) -> tuple[list[SpeechChunk], bool]:
        """What an earlier attempt spoke of an utterance, on its own clock, and whether that is all of it."""
        chunks: list[SpeechChunk] = []
        while (key := speech_key(self._prefix, index, len(chunks))) in self._found:
            chunks.append(speech_from(self._storage.get(key)))
        return chunks, end_key(self._prefix, index) in self._found

    def keep_speech(self, index: int, number: int, chunk: SpeechChunk) -> SpeechChunk:
        """Keeps a chunk and gives what is to be used: where two attempts speak it at once, that of the first."""
        key, data = speech_key(self._prefix, index, number), speech_bytes(chunk)
        won = self._storage.put_new(key, data)
        return speech_from(data if won else self._storage.get(key))

    def end_speech(self, index: int) -> None:
        """All of an utterance is kept."""
        self._storage.put_new(end_key(self._prefix, index), b"")

    def keep_sound(self, start: int, fragment: bytes) -> None:
        key = sound_key(self._prefix, start)
        if key not in self._found:
            self._storage.put(key, fragment)


class _Spans(NamedTuple):
    """A chunk without its samples."""

    sample_rate: int
    start_s: float
    phonemes: tuple[PhonemeSpan, ...]
    words: tuple[WordSpan, ...]
    cues: tuple[CueSpan, ...]


_SPANS = TypeAdapter(_Spans)


def speech_bytes(chunk: SpeechChunk) -> bytes:
    """A NumPy archive: samples, and the spans as JSON, which gives floats back exactly."""
    c = chunk
    spans = _SPANS.dump_json(_Spans(c.sample_rate, c.start_s, c.phonemes, c.words, c.cues))
    file = io.BytesIO()
    np.savez(file, samples=c.samples, spans=np.frombuffer(spans, np.uint8))
    return file.getvalue()


_DAMAGES = (OSError, ValueError, KeyError, EOFError, RuntimeError)
"""RuntimeError: where a changed bit claims a password, or a kind of archive that nobody writes."""


def speech_from(data: bytes) -> SpeechChunk:
    """Raises StorageError where the data is none of `speech_bytes`."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            samples, s = archive["samples"], _SPANS.validate_json(archive["spans"].tobytes())
    except (*_DAMAGES, zipfile.BadZipFile, ValidationError) as error:
        raise StorageError(f"the speech that was kept is damaged: {error}") from error
    return SpeechChunk(samples, s.sample_rate, s.phonemes, s.words, s.cues, s.start_s)


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
