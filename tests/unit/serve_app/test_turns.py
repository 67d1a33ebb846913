"""Who gets a place first, and that none is lost."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from serve_app.turns import Turns

pytestmark = pytest.mark.timeout(60)


async def test_who_is_due_first_goes_first() -> None:
    turns, order = Turns(1), list[float]()

    async def work(due_s: float) -> None:
        async with turns.place(due_s):
            order.append(due_s)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        for due_s in (5.0, 9.0, 1.0, 7.0, 3.0):
            tasks.create_task(work(due_s))
    assert order == [5.0, 1.0, 3.0, 7.0, 9.0]  # the first found a free place


async def test_no_more_at_a_time_than_there_are_places() -> None:
    turns, inside, most = Turns(3), 0, 0

    async def work(due_s: float) -> None:
        nonlocal inside, most
        async with turns.place(due_s):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work(float(n)) for n in range(20)))
    assert most == 3 and inside == 0


@pytest.mark.parametrize("late", [False, True])
async def test_who_gives_up_leaves_the_place_to_the_next(late: bool) -> None:
    """Also when the turn comes in the very moment."""
    turns, leave = Turns(1), asyncio.Event()

    async def hold() -> None:
        async with turns.place(0.0):
            await leave.wait()

    async def wait(due_s: float) -> str:
        async with turns.place(due_s):
            return "had it"

    holder = asyncio.create_task(hold())
    await asyncio.sleep(0)
    impatient, patient = asyncio.create_task(wait(1.0)), asyncio.create_task(wait(2.0))
    await asyncio.sleep(0)
    if late:
        leave.set()
        await asyncio.wait({holder})
    impatient.cancel()
    leave.set()
    with suppress(asyncio.CancelledError):
        await impatient
    assert await patient == "had it"
    async with asyncio.timeout(10), turns.place(3.0):
        pass


def test_places_are_shared_by_event_loops() -> None:
    turns, inside = Turns(2), list[int]()

    async def work() -> None:
        for due in range(50):
            async with turns.place(float(due)):
                inside.append(1)
                assert len(inside) <= 2
                await asyncio.sleep(0)
                inside.pop()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(asyncio.run, work()) for _ in range(4)]:
            done.result(30)
    assert not inside
