"""Turns at a stage that serves several clips: what a viewer needs soonest is made first."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from threading import Lock


class Turns:
    """A number of places, given to whoever is due first.

    Due is when a viewer who plays a clip from the moment it was begun comes to what is made (earliest deadline first;
    Liu and Layland, J. ACM 20(1), 1973): a new clip's first seconds go before a long clip's end, and no clip waits for
    ever, since those that come later are due later. For any number of event loops.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._lock = Lock()

    @asynccontextmanager
    async def place(self, due_s: float) -> AsyncIterator[None]:
        """One's own as long as the block runs.

        Args:
            due_s: on one clock for all.
        """
        await self._take(due_s)
        try:
            yield
        finally:
            self._leave()

    async def _take(self, due_s: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = (due_s, next(self._numbers), turn)
            heapq.heappush(self._waiting, mine)
        try:
            await turn
        except BaseException:
            with self._lock:
                waited = mine in self._waiting
                if waited:
                    self._waiting.remove(mine)
                    heapq.heapify(self._waiting)
            if not waited:  # the turn came in the same moment
                self._leave()
            raise

    def _leave(self) -> None:
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            _, _, turn = heapq.heappop(self._waiting)
        turn.get_loop().call_soon_threadsafe(_give, turn)


def _give(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_result(None)
