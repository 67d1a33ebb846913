"""Who did what, to which thing, when, from which request, and what came of it: a line for each change, and for each
attempt that was refused. Lines hold ids and words of ours, never what callers wrote.

Reading is noted nowhere, unless it is refused. A change is written down before whoever made it is told that it is made.
Refusals are gathered for a few seconds, and those that are alike are one line, so that a flood of them fills no disk.
"""

import asyncio
import logging
import re
import time
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backends.errors import ProsoponError, StorageError
from serve_app.auth import Principal
from serve_app.grants import without_token
from serve_app.problems import UnauthorizedError, problem_of
from serve_app.telemetry import request_id

_log = logging.getLogger(__name__)

DONE = "done"
OPERATOR = "operator"
"""Who acts on the service's own machine, by its command line."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSALS = frozenset({401, 403, 404, 410, 429})
_GATHERED_S = 5.0
_MOST_KINDS = 100
"""Refusals told apart in that time; of more than these the thing asked for is not told."""
_MOST_WAITING = 10_000
"""Lines kept in memory while the store does not take them."""
_ID = re.compile(r"[0-9a-f]{32}")


class Act(NamedTuple):
    action: str
    """As the operations of the HTTP interface are called: "delete_video"."""
    object: str = ""
    """Id of what it was done to; empty where there is none, or nobody may know it."""
    outcome: str = DONE
    """Or the code of the problem that was answered."""


@dataclass(frozen=True, slots=True)
class Line:
    at: float
    """Seconds since the epoch."""
    tenant: str
    """Empty where nobody knows who it was."""
    actor: str
    """Prefix of the API key, "oidc:" and whom a token named, "operator", or empty where no key was asked for."""
    action: str
    object: str
    outcome: str
    request_id: str
    times: int = 1
    """How often the like of it was refused within a few seconds."""
    name: str = ""
    """Of the key; known when the line is read."""


class Page(NamedTuple):
    lines: tuple[Line, ...]
    after: int | None
    """Where the next page begins; None: this is the last."""


class AuditLog(Protocol):
    """Where lines are kept. Blocking calls; they raise StorageError when the store fails."""

    def add(self, lines: Sequence[Line]) -> None: ...

    def read(
        self,
        limit: int,
        after: int | None = None,
        since: float | None = None,
        key: str | None = None,
    ) -> Page:
        """The newest first.

        Args:
            after: of the page before.
            since: seconds since the epoch.
            key: name or prefix of an API key, or an actor as lines name them.
        """
        ...

    def forget(self, before: float) -> None:
        """Drops what is older than that time."""
        ...


@dataclass(slots=True)
class _Exchange:
    """What is known of a request while it is answered."""

    actor: str = ""
    tenant: str = ""
    acts: list[Act] = field(default_factory=list)
    status: int = 0
    code: str = ""
    """Of the problem document that was answered."""


_exchange: ContextVar[_Exchange | None] = ContextVar("audited_exchange", default=None)


def by(who: Principal) -> None:
    """The request that is answered now is theirs."""
    if (exchange := _exchange.get()) is not None:
        exchange.tenant, exchange.actor = who.tenant, who.key


def did(action: str, thing: str = "", outcome: str = DONE) -> None:
    """Something was done for the request that is answered now."""
    if (exchange := _exchange.get()) is not None:
        exchange.acts.append(Act(action, thing, outcome))


def answered(status: int, code: str) -> None:
    """The request that is answered now is answered with a problem."""
    if (exchange := _exchange.get()) is not None:
        exchange.status, exchange.code = status, code


def refused(error: ProsoponError) -> None:
    """Whoever asks now is not let in."""
    document = problem_of(error)
    answered(document.status, document.code)
    exchange = _exchange.get()
    if exchange is not None and isinstance(error, UnauthorizedError):
        exchange.actor = error.key


class Trail:
    """Writes the lines of one process; belongs to one event loop."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log
        self._waiting: list[Line] = []
        self._refused: dict[Act | tuple[str, ...], Line] = {}
        self._later: asyncio.Task[None] | None = None

    async def write(self, lines: Sequence[Line]) -> None:
        """At once. What the store does not take is tried again with the next lines."""
        self._waiting += lines
        await self._flush()

    def later(self, lines: Sequence[Line]) -> None:
        """Within a few seconds; those that are alike become one."""
        for line in lines:
            kind = (line.tenant, line.actor, line.action, line.object, line.outcome)
            if kind not in self._refused and len(self._refused) >= _MOST_KINDS:
                line = replace(line, object="")
                kind = (line.tenant, line.actor, line.action, "", line.outcome)
            known = self._refused.get(kind)
            self._refused[kind] = replace(known, times=known.times + 1) if known else line
        if self._later is None or self._later.done():
            self._later = asyncio.create_task(self._after_a_while())

    async def settle(self) -> None:
        """Writes what was gathered."""
        self._waiting += self._refused.values()
        self._refused.clear()
        await self._flush()

    async def _after_a_while(self) -> None:
        await asyncio.sleep(_GATHERED_S)
        await self.settle()

    async def _flush(self) -> None:
        lines, self._waiting = self._waiting, []
        if not lines:
            return
        try:
            await asyncio.to_thread(self._log.add, lines)
        except StorageError:
            self._waiting = (lines + self._waiting)[:_MOST_WAITING]
            _log.exception("the audit log could not be written; %d lines wait", len(self._waiting))


class Audited:
    """ASGI middleware: notes what requests did, and which were refused."""

    def __init__(self, app: ASGIApp, trail: Trail) -> None:
        self._app = app
        self._trail = trail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        exchange, at = _Exchange(), time.time()

        async def sending(message: Message) -> None:
            if exchange.acts:
                acts, exchange.acts = exchange.acts, []
                await self._trail.write([_line(at, exchange, act) for act in acts])
            await send(message)

        changes = scope.get("method", "") not in READING
        outer = _exchange.set(exchange)
        try:
            await self._app(scope, receive, sending if changes else send)
        except Exception as error:
            answered((document := problem_of(error)).status, document.code)
            raise
        finally:
            _exchange.reset(outer)
            acts = [*exchange.acts, *_refusal(scope, exchange, changes)]
            if acts:
                self._trail.later([_line(at, exchange, act) for act in acts])


def _line(at: float, exchange: _Exchange, act: Act) -> Line:
    return Line(at, exchange.tenant, exchange.actor, *act, request_id=request_id.get())


def _refusal(scope: Scope, exchange: _Exchange, changes: bool) -> list[Act]:
    """What was asked for in vain: of reading only what is kept from whoever asks, which a missing thing is not, and of
    changes also those that failed by our own fault."""
    if changes:
        noted = exchange.status in _REFUSALS or exchange.status >= 500
    else:  # nobody comes to ask for a thing by a link that we never gave
        nobody = exchange.status == 404 and scope["path"] != without_token(scope["path"])
        noted = exchange.status in (401, 403, 429) or (nobody and not exchange.tenant)
    if not noted:
        return []
    action, thing = _asked(scope)
    return [Act(action, thing if exchange.tenant else "", exchange.code)]


def _asked(scope: Scope) -> tuple[str, str]:
    """The operation that a request is for, and the id that its path names."""
    found = {**scope, "path": without_token(scope["path"])}
    routes: Sequence[BaseRoute] = scope["app"].routes
    for route in routes:
        match, more = route.matches(found)
        if match is Match.FULL:
            ids = (v for v in more.get("path_params", {}).values() if _ID.fullmatch(str(v)))
            return str(getattr(route, "name", "")), next(ids, "")
    return "unknown", ""
