"""When a replica asks to be replaced."""

import pytest

from backends.errors import AnimationError, EngineError, NoFaceError
from serve_app.health import FAILURES, HANGS_S, Health


def fail(health: Health, error: Exception) -> None:
    with pytest.raises(type(error)), health.watching():
        raise error


def test_engine_that_fails_again_and_again_is_broken() -> None:
    health = Health()
    for _ in range(FAILURES - 1):
        fail(health, AnimationError("x"))
    health.check()
    fail(health, MemoryError())
    with pytest.raises(EngineError, match=str(FAILURES)):
        health.check()


def test_success_in_between_and_wrong_input_count_for_it() -> None:
    health = Health()
    for _ in range(2 * FAILURES):
        fail(health, AnimationError("x"))
        with health.watching():
            pass
        fail(health, NoFaceError("x"))
    health.check()


def test_engine_that_hangs_is_broken() -> None:
    now = 0.0
    health = Health(lambda: now)
    with health.watching():
        now = HANGS_S
        health.check()
        now += 1
        with health.watching(), pytest.raises(EngineError, match="one thing"):
            health.check()
    health.check()
