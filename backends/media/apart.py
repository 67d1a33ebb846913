"""Decodes in processes of their own, one a file, with little memory and time, no files and no network.

A server that has the decoders loaded is started once and forks for each file (see `backends.media.server`): what that
costs is a few milliseconds and a copy of what was decoded.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import backends
from backends.errors import (
    EngineUnavailableError,
    InputError,
    MediaTooLargeError,
    UnreadableMediaError,
)
from backends.media.messages import Limits, Part, Request, receive
from backends.speech.recorded import RECORDED_HZ, Recording
from backends.types import FloatArray, ImageArray

if TYPE_CHECKING:
    from backends.faces.video import Footage

_ERRORS: dict[str, type[InputError]] = {
    error.code: error for error in (InputError, UnreadableMediaError, MediaTooLargeError)
}
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # or else each thread claims addresses that it never uses
    "PYTHONDONTWRITEBYTECODE": "1",
}  # fmt: skip
"""All that the server knows of its client's: secrets stay behind."""


class Apart:
    """Thread-safe; the server starts at the first file, or before that with `start`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._starting = Lock()
        self._server: _Server | None = None

    def start(self) -> None:
        """Returns at once; the server gets ready by itself."""
        self._running()

    def close(self) -> None:
        """Ends the server; the next file starts another one."""
        with self._starting:
            server, self._server = self._server, None
        if server is not None:
            server.close()

    def read_image(self, data: bytes, name: str) -> ImageArray:
        pixels: ImageArray | None = next(self.arrays("image", data, name=name), None)
        if pixels is None:
            raise _ended(name)
        return pixels

    def open_video(self, data: bytes, name: str) -> Footage:
        from backends.media.footage import FootageApart

        facts = self._facts("video", data, name)
        width, height = map(int, facts["size"])
        format, fps = str(facts["format"]), float(facts["fps"])
        return FootageApart(data, name, format, (width, height), fps, self)

    def open_recording(self, source: bytes | Path, name: str) -> Recording:
        facts = self._facts("recording", source, name)
        format, seconds, gain = str(facts["format"]), facts["duration_s"], facts["gain"]
        return _RecordingApart(source, name, format, float(seconds), float(gain), self)

    def arrays(self, job: str, source: bytes | Path, name: str, **arguments: Any) -> Iterator[Any]:
        """What a job of the server decodes, as it comes."""
        for part in self._parts(job, source, name, arguments):
            if part.array is not None:
                yield part.array

    def _facts(self, job: str, source: bytes | Path, name: str) -> dict[str, Any]:
        for part in self._parts(job, source, name, {}):
            return part.facts
        raise _ended(name)

    def _parts(
        self, job: str, source: bytes | Path, name: str, arguments: dict[str, Any]
    ) -> Iterator[Part]:
        request = Request(job, self._limits, {"name": name[:200], **arguments})
        with self._asked(request, source, name) as answer:
            if _received(answer, name) is None:
                raise EngineUnavailableError(
                    "the process that decodes media does not start; its own words stand in the log"
                )
            while True:
                part = _received(answer, name)
                if part is None:
                    raise _ended(name)
                if part.error is not None:
                    code, message = part.error
                    raise _ERRORS.get(code, UnreadableMediaError)(message)
                if part.last:
                    return
                yield part

    @contextmanager
    def _asked(self, request: Request, source: bytes | Path, name: str) -> Iterator[socket.socket]:
        """Where the answer to a request comes from."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            with _descriptor(source, name) as file:
                try:
                    self._running().ask(request, theirs.fileno(), file)
                except OSError:  # the server was ended from outside
                    self.close()
                    self._running().ask(request, theirs.fileno(), file)
            theirs.close()
            ours.settimeout(request.limits.silence_s)
            yield ours

    def _running(self) -> _Server:
        with self._starting:
            if self._server is None:
                self._server = _Server()
            return self._server


class _Server:
    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair()
        self._asking = Lock()
        with theirs:
            command = [sys.executable, "-m", "backends.media.server", str(theirs.fileno())]
            self._process = subprocess.Popen(
                command,
                cwd=Path(backends.__path__[0]).parent,
                env=_ENVIRONMENT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def ask(self, request: Request, answer: int, file: int) -> None:
        """Raises OSError where the server is gone."""
        with self._asking:
            socket.send_fds(self._requests, [request.packed()], [answer, file])

    def close(self) -> None:
        self._requests.close()
        self._process.wait()


@dataclass(frozen=True, slots=True)
class _RecordingApart(Recording):
    apart: Apart

    def pieces(self, rate: int = RECORDED_HZ) -> Iterator[FloatArray]:
        facts = {"format": self.format, "duration_s": self.duration_s, "gain": self.gain}
        return self.apart.arrays("pieces", self.source, self.name, rate=rate, **facts)


@contextmanager
def _descriptor(source: bytes | Path, name: str) -> Iterator[int]:
    """Of a file with the content."""
    if isinstance(source, Path):
        try:
            opened = source.open("rb")
        except OSError as error:
            reason = error.strerror or error
            raise UnreadableMediaError(f"{name} cannot be read: {reason}") from error
        with opened:
            yield opened.fileno()
        return
    with tempfile.TemporaryFile() if not hasattr(os, "memfd_create") else _in_memory() as file:
        file.write(source)
        file.seek(0)
        yield file.fileno()


def _received(answer: socket.socket, name: str) -> Part | None:
    try:
        return receive(answer)
    except (OSError, ValueError) as error:
        raise _ended(name) from error


def _in_memory() -> Any:
    return os.fdopen(os.memfd_create("media"), "w+b", buffering=0)


def _ended(name: str) -> UnreadableMediaError:
    return UnreadableMediaError(
        f"{name} cannot be read: what decodes it was ended, since it took too long or too much; "
        "save it again in another format"
    )
