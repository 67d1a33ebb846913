"""MediaPipe's graphs: loaded once, quietly, and lent to one thread at a time."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from backends.errors import EngineUnavailableError

_NOISE = re.compile(rb"XNNPACK delegate|absl::InitializeLog|inference_feedback_manager")
_STDERR = threading.Lock()


class Graphs:
    """Idle graphs of one kind. A graph is not thread-safe and takes 0.1 s to build, so it is
    borrowed and given back: there are never more of them than callers at the same time."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._idle: deque[Any] = deque()

    @contextlib.contextmanager
    def borrow(self) -> Iterator[Any]:
        try:
            graph = self._idle.pop()
        except IndexError:
            graph = self.create()
        yield graph  # not given back after an exception: its state is unknown
        self._idle.append(graph)

    def create(self) -> Any:
        """A graph of the caller's own, ready: the models load with the first picture."""
        with _quiet_stderr():
            graph = self._make()
            graph.process(np.zeros((64, 64, 3), np.uint8))
        return graph


def solutions() -> Any:
    """The `mediapipe.solutions` module.

    Raises:
        EngineUnavailableError: mediapipe is not installed.
    """
    warnings.filterwarnings("ignore", message=r"SymbolDatabase\.GetPrototype")
    try:
        with _quiet_stderr():
            from mediapipe.python import solutions as module
    except ImportError as error:
        raise EngineUnavailableError(
            f"mediapipe, which finds faces, cannot be imported ({error}); "
            "run: pip install 'prosopon[rig]'"
        ) from error
    return module


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Leaves out what the C++ side says about itself on standard error; all else goes on."""
    with _STDERR, tempfile.TemporaryFile() as held:
        sys.stderr.flush()
        try:
            kept = os.dup(2)
        except OSError:  # a process without standard error has nothing to keep clean
            yield
            return
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            held.seek(0)
            for line in held:
                if not _NOISE.search(line):
                    os.write(kept, line)
            os.close(kept)
