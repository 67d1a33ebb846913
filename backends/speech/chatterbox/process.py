"""A worker process behind two pipes: one request at a time, started again after it died."""

import json
import os
import select
import subprocess
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from typing import IO, Any

from backends.errors import EngineError, SynthesisError
from backends.speech.chatterbox.worker import LENGTHS, Frame, lengths, packed

_FORGOTTEN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
_LAST_LINES = 12
_AT_ONCE = 1 << 16
_END_S = 5.0


class Worker:
    """Safe to call from several threads, which wait for one another."""

    def __init__(self, command: Sequence[str], start_timeout_s: float, timeout_s: float) -> None:
        """Starts it and waits until it is ready.

        Raises:
            EngineError: it ended, or was not ready in time.
        """
        self._command, self._start_timeout_s, self._timeout_s = (
            tuple(command),
            start_timeout_s,
            timeout_s,
        )
        self._lock = threading.Lock()
        self._running = self._started()

    @property
    def facts(self) -> Mapping[str, Any]:
        """What it told of itself."""
        return self._running.facts

    def ask(self, head: dict[str, Any], body: bytes = b"") -> Frame:
        """Its answer.

        Raises:
            SynthesisError: it could not, did not in time, or died; the next request has a new one.
        """
        with self._lock:
            try:
                if self._running.ended:
                    self._running = self._started()
                answer, sound = self._running.ask(packed(head, body), self._timeout_s)
            except (EngineError, OSError, ValueError, KeyError) as error:
                self._running.end()
                raise SynthesisError(f"Chatterbox's process failed: {error}") from error
        if "error" in answer:
            raise SynthesisError(f"Chatterbox failed: {answer['error']}")
        return answer, sound

    def _started(self) -> "_Running":
        return _Running(self._command, self._start_timeout_s)


class _Running:
    def __init__(self, command: Sequence[str], timeout_s: float) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in _FORGOTTEN}
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=kept | _OFFLINE,
                bufsize=0,
            )
        except OSError as error:
            raise EngineError(f"{command[0]} cannot be run: {error.strerror}") from error
        self.end = weakref.finalize(self, _end, self._process)  # also as the interpreter exits
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        assert self._process.stderr is not None
        self._listener = threading.Thread(
            target=_listen, args=(self._process.stderr, self._last_lines), daemon=True
        )
        self._listener.start()
        try:
            self.facts, _ = self._received(time.monotonic() + timeout_s)
        except (EngineError, ValueError) as error:
            self.end()
            raise EngineError(f"Chatterbox does not start: {error}") from error

    @property
    def ended(self) -> bool:
        return not self.end.alive or self._process.poll() is not None

    def ask(self, request: bytes, timeout_s: float) -> Frame:
        assert self._process.stdin is not None
        view = memoryview(request)
        while view:  # an unbuffered pipe takes what it has room for
            view = view[self._process.stdin.write(view) or 0 :]
        return self._received(time.monotonic() + timeout_s)

    def _received(self, until: float) -> Frame:
        head, body = lengths(self._read(LENGTHS.size, until))
        return json.loads(self._read(head, until)), self._read(body, until)

    def _read(self, size: int, until: float) -> bytes:
        """So many bytes.

        Raises:
            EngineError: it ended, or the time did.
        """
        assert self._process.stdout is not None
        pipe, parts = self._process.stdout.fileno(), []
        while size:
            if not select.select([pipe], [], [], max(0.0, until - time.monotonic()))[0]:
                raise EngineError("it did not answer in time")
            part = os.read(pipe, min(size, _AT_ONCE))
            if not part:
                self._listener.join(_END_S)
                raise EngineError("it ended: " + (" ".join(self._last_lines) or "without a word"))
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _listen(pipe: IO[bytes], last_lines: deque[str]) -> None:
    for line in pipe:
        last_lines.append(line.decode("utf-8", "replace").strip()[:200])


def _end(process: "subprocess.Popen[bytes]") -> None:
    """It ends as its input does; else it is ended."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stderr is not None:
        process.stderr.close()
