"""What failed in passing is made again, and a stream goes on where it broke off."""

from collections.abc import AsyncIterator, Callable

import pytest

from backends.errors import InputError, StorageError
from serve_app.patience import Patience
from serve_app.problems import QueueFullError

PATIENCE = Patience(0.0)


def breaking(*at: int, error: Exception | None = None) -> Callable[[], AsyncIterator[int]]:
    """Five items; each time it is begun, it breaks off before the next of these."""
    left = list(at)

    async def begun() -> AsyncIterator[int]:
        end = left.pop(0) if left else None
        for item in range(5):
            if item == end:
                raise error or StorageError("gone")
            yield item

    return begun


@pytest.mark.parametrize("at", [(), (0,), (2,), (2, 2), (1, 4), (4, 0)])
async def test_each_item_comes_once(at: tuple[int, ...]) -> None:
    assert [item async for item in PATIENCE.stream(breaking(*at))] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("given", range(6))
async def test_known_items_are_left_out(given: int) -> None:
    found = [item async for item in PATIENCE.stream(breaking(3), given)]
    assert found == list(range(given, 5))


async def test_what_cannot_pass_is_told_at_once() -> None:
    stream = PATIENCE.stream(breaking(1, error=InputError("no")))
    assert await anext(stream) == 0
    with pytest.raises(InputError):
        await anext(stream)


async def test_three_failures_are_one() -> None:
    with pytest.raises(StorageError):
        [item async for item in PATIENCE.stream(breaking(2, 2, 2))]


async def test_a_full_stage_is_waited_for() -> None:
    begun = breaking(*[1] * 10, error=QueueFullError("full"))
    assert [item async for item in PATIENCE.stream(begun)] == [0, 1, 2, 3, 4]
