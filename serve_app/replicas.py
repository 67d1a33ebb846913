"""The stages as they stand on replicas: they find storage where their environment says it is.

Apart from `serve_app.app`, so that their processes import no more than they use.
"""

import inspect
import os
from collections.abc import AsyncIterator, Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from backends.media.apart import Apart
from serve_app import deployments
from serve_app.config import EngineConfig, storage_url
from serve_app.logs import set_up_replica_logs
from serve_app.storage import open_storage
from serve_app.telemetry import carrying
from serve_app.tracing import span, tracer

ClassT = TypeVar("ClassT", bound=type)
_SPEAKS, _DRAWS = 5, 10
"""A third and a tenth of the others' weight with Linux' scheduler: nothing is drawn before it is spoken."""


def replica(stage: ClassT) -> ClassT:
    """Its public asynchronous methods take `carried`, which `serve_app.handles` sends along with every call: log lines
    and spans then tell whose work it is."""
    for name in dir(stage):
        method = getattr(stage, name)
        if name.startswith("_"):
            continue
        if inspect.iscoroutinefunction(method):
            setattr(stage, name, _bearing(method))
        elif inspect.isasyncgenfunction(method):
            setattr(stage, name, _bearing_stream(method))
    return stage


def _bearing(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    async def called(self: object, *args: Any, carried: Mapping[str, str] | None = None) -> Any:
        if carried is None:
            return await method(self, *args)
        with carrying(carried), span(method.__qualname__):
            return await method(self, *args)

    return called


def _bearing_stream(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    async def called(
        self: object, *args: Any, carried: Mapping[str, str] | None = None
    ) -> AsyncIterator[Any]:
        # Each step of the stream may run in a context of its own: it is entered for a step and left before the next.
        items = aiter(method(self, *args))
        while True:
            with carrying(carried or {}), span(method.__qualname__):
                try:
                    item = await anext(items)
                except StopAsyncIteration:
                    return
            yield item

    return called


def set_up(nice: int = 0) -> None:
    """What every replica does first; raises EngineUnavailableError where traces are wanted and cannot be sent.

    Args:
        nice: what computes gives way to what answers and orders the work, which takes little and is waited for.
    """
    os.nice(nice)
    set_up_replica_logs()
    tracer()


@replica
class Parser(deployments.Parser):
    def __init__(self) -> None:
        set_up()


@replica
class Speech(deployments.Speech):
    def __init__(self, config: EngineConfig) -> None:
        set_up(_SPEAKS)
        super().__init__(config, open_storage(storage_url()), Apart())
        self.warm_up()


@replica
class Animation(deployments.Animation):
    def __init__(self, config: EngineConfig) -> None:
        set_up(_DRAWS)
        apart = Apart()
        apart.start()  # portraits of others come sooner or later, and then it is there
        super().__init__(config, open_storage(storage_url()), media=apart)
        self.warm_up()


@replica
class Composition(deployments.Composition):
    def __init__(self) -> None:
        set_up(_SPEAKS)
        super().__init__(open_storage(storage_url()))
        self.warm_up()
