"""Making again what failed in a way that may pass, so that it costs a job none of its attempts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from backends.errors import ProsoponError
from serve_app.problems import OtherVersionError, QueueFullError

T = TypeVar("T")

_TRIES = 3
"""How often an utterance or a segment is made that fails in a way that may pass."""


class Patience:
    """Waits while a stage is full or is being updated, and asks again where it failed."""

    def __init__(self, pause_s: float) -> None:
        """
        Args:
            pause_s: before something is made again that failed; then twice as long.
        """
        self._pause_s = pause_s

    async def call(self, call: Callable[[], Awaitable[T]]) -> T:
        tries = 1
        while True:
            try:
                return await call()
            except (QueueFullError, OtherVersionError):
                pass
            except ProsoponError as error:
                if not error.retryable or tries == _TRIES:
                    raise
                tries += 1
            await asyncio.sleep(self._pause_s * tries)

    async def stream(
        self, begin: Callable[[], AsyncIterator[T]], given: int = 0
    ) -> AsyncIterator[T]:
        """The items of a stream that is the same whenever it is begun, each once, however often it breaks off.

        Args:
            given: items that are known already, and are left out.
        """
        items: AsyncIterator[T] | None = None

        async def following() -> tuple[T, ...]:
            """The next one, or none."""
            nonlocal items
            try:
                if items is None:
                    items = begin()
                    for _ in range(given):
                        await anext(items, None)
                return (await anext(items),)
            except StopAsyncIteration:
                return ()
            except BaseException:
                items = None
                raise

        while item := await self.call(following):
            yield item[0]
            given += 1
