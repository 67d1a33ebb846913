"""The door of the service: nobody gets past without being somebody, and nobody further than they may."""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import SplitResult, quote, urlsplit

from fastapi import Depends
from fastapi.requests import HTTPConnection
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from backends.errors import ProsoponError
from serve_app import audit
from serve_app.audit import READING
from serve_app.auth import ON_THIS_MACHINE, PERSON, KeyRing, Principal
from serve_app.auth import Scope as May
from serve_app.grants import PREFIX, Grants
from serve_app.limits import Rate
from serve_app.oidc import Tokens
from serve_app.problems import ForbiddenError, NotFoundError, UnauthorizedError
from serve_app.responses import error_response

SUBJECT = "Prosopon-Subject"
_FOR_ALL = frozenset(
    {"/", "/health", "/ready", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"}
)
_OF_ADMINS = frozenset({"/metrics", "/v1/system", "/v1/audit"})
_REFUSED = 1008
"""Closing code of RFC 6455; before a socket is accepted it is HTTP's 403."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Knows who asks.

    Without `required`, whoever is on this machine needs no key: browsers there name it by a loopback address, and no
    page from elsewhere may make them ask for anything.
    """

    grants: Grants
    ring: KeyRing | None = None
    """None: there are no keys."""
    required: bool = False
    """Whether a key is needed."""
    origins: Collection[str] = ()
    """Of web pages that may use the service from a browser on this machine."""
    tokens: Tokens | None = None
    """None: no issuer is trusted."""

    async def of_link(self, token: str) -> Principal:
        """Raises NotFoundError and ExpiredLinkError."""
        holder = self.grants.holder(token)
        if holder.key and not await self._still_holds(holder.key):
            raise NotFoundError("there is nothing at this address any more")
        return holder

    async def _still_holds(self, key: str) -> bool:
        """A link ends with the key behind it; whom a token named is known by their issuer alone."""
        if key.startswith(PERSON):
            return self.tokens is not None
        return self.ring is not None and await self.ring.is_live(key)

    async def of_request(self, headers: Headers, changes: bool) -> Principal:
        """
        Args:
            changes: it may make or delete something.

        Raises:
            UnauthorizedError: a key is missing or wrong.
            ForbiddenError: it comes from elsewhere, or may not act for others.
            InputError: it acts for somebody whose name is none.
        """
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            found = await self._by_key(key.strip())
        else:
            found = self._on_this_machine(headers, changes)
        subject = headers.get(SUBJECT)
        return found if subject is None else found.acting_for(subject)

    async def _by_key(self, key: str) -> Principal:
        if (
            self.tokens and key.count(".") == 2
        ):  # as JSON Web Tokens have them, and our keys have none
            return await self.tokens.principal(key)
        if self.ring is None:
            raise UnauthorizedError("this service has no API keys")
        return await self.ring.principal(key)

    def _on_this_machine(self, headers: Headers, changes: bool) -> Principal:
        if self.required:
            raise UnauthorizedError("send an API key: Authorization: Bearer psp_…")
        host = headers.get("host", "")
        if not is_loopback(_split(f"//{host}").hostname or ""):
            raise UnauthorizedError(
                "without a key the service answers on its own machine only, as localhost or 127.0.0.1"
            )
        origin = headers.get("origin")
        own = origin is None or _split(origin).netloc == host
        if changes and not (own or origin in self.origins or "*" in self.origins):
            raise ForbiddenError("pages of other origins may not use this service")
        return ON_THIS_MACHINE


def _split(address: str) -> SplitResult:
    """Of what is no address, nothing."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def check_allowed(who: Principal, method: str, path: str) -> None:
    """
    Args:
        method: HTTP's; "" for a socket.

    Raises:
        ForbiddenError: whoever asks may not do this.
        NotFoundError: it is none of what a link leads to.
    """
    if path in _OF_ADMINS:
        needed = {May.ADMIN}
    elif method in READING or path == "/v1/grants":
        needed = {May.READ}
    elif path == "/v1/uploads":
        needed = {May.GENERATE, May.UPLOAD}
    else:
        needed = {May.GENERATE}
    if who.scopes.isdisjoint(needed):
        raise ForbiddenError(f"this takes the scope {sorted(needed)[0]}")
    videos = f"/v1/videos/{who.video}"
    if who.video is not None and path != videos and not path.startswith(f"{videos}/"):
        raise NotFoundError("there is nothing at this address")


class Guard:
    """ASGI middleware: finds out who asks, and turns away whoever may not. A signed link's prefix is taken off the
    path: nobody behind ever sees the token."""

    def __init__(self, app: ASGIApp, authority: Authority, changes: Rate | None = None) -> None:
        """
        Args:
            changes: how many requests of each tenant may make or delete something.
        """
        self._app = app
        self._authority = authority
        self._changes = changes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        inner = dict(scope)
        try:
            who = await self._who(inner)
        except ProsoponError as error:
            await _refuse(error, inner, receive, send)
            return
        inner["state"] = {**scope.get("state", {}), "principal": who}
        await self._app(inner, receive, send)

    async def _who(self, scope: Scope) -> Principal | None:
        """Takes a link's prefix off the path; None where everybody may."""
        path, method = scope["path"], scope.get("method", "")
        headers = Headers(scope=scope)
        if path.startswith(PREFIX):
            token, _, rest = path.removeprefix(PREFIX).partition("/")
            scope["path"] = path = f"/{rest}"
            scope["raw_path"] = quote(path).encode()
            who = await self._authority.of_link(token)
            audit.by(who)
            if method not in READING and path != "/v1/uploads":
                raise ForbiddenError("a link is for reading and uploading only")
        elif path in _FOR_ALL:
            return None
        else:
            who = await self._authority.of_request(headers, method not in READING)
            audit.by(who)
        check_allowed(who, method, path)
        if self._changes and method not in READING:
            self._changes.take(who.tenant)
        return who


async def _refuse(error: ProsoponError, scope: Scope, receive: Receive, send: Send) -> None:
    audit.refused(error)
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _REFUSED})
        return
    await error_response(error, scope["path"])(scope, receive, send)


def _principal(connection: HTTPConnection) -> Principal:
    who: Principal = connection.state.principal
    return who


Who = Annotated[Principal, Depends(_principal)]
"""Whoever asks, as a parameter of a route."""
