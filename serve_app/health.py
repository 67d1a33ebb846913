"""Whether the engine of a replica works: Serve asks, and replaces the replica whose engine does not."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from backends.errors import EngineError, InputError

FAILURES = 5
"""In a row, after which an engine counts as broken."""
HANGS_S = 600.0
"""For which one piece of work may last; the longest of a slow engine, two seconds of video, takes a quarter of it."""


class Health:
    """Broken is what failed several times in a row, each time by other than its input, or never ends."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._works = count()
        self._begun: dict[int, float] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around a piece of work."""
        work = next(self._works)
        self._begun[work] = self._clock()
        try:
            yield
        except InputError:
            raise
        except Exception:
            self._failures += 1
            raise
        else:
            self._failures = 0
        finally:
            del self._begun[work]

    def check(self) -> None:
        """
        Raises:
            EngineError: the engine is broken.
        """
        if self._failures >= FAILURES:
            raise EngineError(f"the engine failed {self._failures} times in a row")
        oldest = min(list(self._begun.values()), default=self._clock())
        if self._clock() - oldest > HANGS_S:
            raise EngineError(f"the engine works at one thing for more than {HANGS_S:.0f} s")
