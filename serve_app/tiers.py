"""The tiers as the gateway finds them on a Ray cluster."""

import asyncio
import time
from collections.abc import Iterable, Mapping

from ray import serve
from ray.serve.exceptions import RayServeException
from ray.serve.schema import ApplicationStatus, ApplicationStatusOverview

from serve_app.clients import TierClient, TierState
from serve_app.handles import TierHandle
from serve_app.problems import TierUnavailableError

_RUNNING = "RUNNING"
"""Among the states of replicas, which are strings by nature."""
_FRESH_S = 1.0
_OLD_S = 10.0
"""To ask takes a tenth of a second: so long, tiers that were well are told as they were, and asked after meanwhile."""
_PATIENCE_S = 5.0
_LONGEST_REASON = 500


class ServeTiers:
    """Tiers that are Ray Serve applications of the same names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._clients: dict[str, TierClient] = {}
        self._states: Mapping[str, TierState] = {}
        self._asked = float("-inf")
        self._asking = asyncio.Lock()
        self._meanwhile: asyncio.Task[None] | None = None

    async def states(self) -> Mapping[str, TierState]:
        age_s = time.monotonic() - self._asked
        if age_s > _OLD_S or not all(state.available for state in self._states.values()):
            await self._refresh()
        elif age_s > _FRESH_S and (self._meanwhile is None or self._meanwhile.done()):
            self._meanwhile = asyncio.create_task(self._refresh())
        return self._states

    async def _refresh(self) -> None:
        async with self._asking:
            if time.monotonic() - self._asked > _FRESH_S:
                self._states = await self._ask()
                self._asked = time.monotonic()

    async def client(self, name: str) -> TierClient:
        if name not in self._clients:
            try:
                handle = await asyncio.to_thread(serve.get_app_handle, name)
            except RayServeException as error:
                raise TierUnavailableError(f"tier {name!r} is not there: {error}") from error
            self._clients[name] = TierHandle(handle)
        return self._clients[name]

    async def _ask(self) -> Mapping[str, TierState]:
        try:
            status = await asyncio.wait_for(asyncio.to_thread(serve.status), _PATIENCE_S)
        except TimeoutError:
            silent = TierState(False, "Ray Serve's controller does not answer")
            return dict.fromkeys(self._names, silent)
        return {name: tier_state(status.applications.get(name)) for name in self._names}


def tier_state(application: ApplicationStatusOverview | None) -> TierState:
    """A tier can take work when every deployment of it has a replica, also while it is updated or one is replaced."""
    if application is None:
        return TierState(False, "no application of this name is deployed")
    deployments = application.deployments.values()
    running = {
        name: sum(n for state, n in deployment.replica_states.items() if state == _RUNNING)
        for name, deployment in application.deployments.items()
    }
    if application.status == ApplicationStatus.RUNNING or (
        deployments and all(_RUNNING in d.replica_states for d in deployments)
    ):
        return TierState(True, replicas=running)
    told = [application.message, *(d.message for d in deployments)]
    reason = " ".join(last_line(message) for message in told if message.strip())
    return TierState(False, f"{application.status.value}: {reason}"[:_LONGEST_REASON], running)


def last_line(message: str) -> str:
    """Of a traceback that is the error itself."""
    return message.strip().splitlines()[-1].strip()
