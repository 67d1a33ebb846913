"""What every HTTP exchange passes through: its id, and the promise that every error is a problem document."""

import logging
import re
import secrets
from http import HTTPStatus
from urllib.parse import quote_from_bytes

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backends.errors import InputError
from serve_app.grants import without_token
from serve_app.problems import MEDIA_TYPE, problem, problem_of
from serve_app.responses import problem_response
from serve_app.telemetry import carrying

_log = logging.getLogger(__name__)

HEADER = "X-Request-ID"
_GIVEN = re.compile(r"[A-Za-z0-9._~+/=:@-]{1,128}", re.ASCII)
_ASCII = "".join(map(chr, range(128)))
_CODES = {404: "not_found", 405: "method_not_allowed", 416: "range_not_satisfiable"}


def http_problem_code(status: int) -> str:
    """Of an error that the framework tells by its status alone."""
    return _CODES.get(status, InputError.code if status < 500 else "internal_error")


class RequestIds:
    """ASGI middleware: the caller's X-Request-ID, or a new one, in every answer and in all that is logged and told
    meanwhile. What fails unforeseen, or is refused by the framework in plain text, becomes a problem document."""

    def __init__(self, app: ASGIApp, proxied: bool = False) -> None:
        """
        Args:
            proxied: Ray Serve's proxy stands before us, and adds the header to answers itself.
        """
        self._app = app
        self._proxied = proxied

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        name = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
        if not scope["query_string"].isascii():  # no text for whoever makes an address of it again
            query = quote_from_bytes(scope["query_string"], safe=_ASCII)
            scope = {**scope, "query_string": query.encode()}
        exchange = _Exchange(scope, receive, send, None if self._proxied else name)
        with carrying({"request_id": name}):
            try:
                await self._app(scope, receive, exchange.send)
            except Exception as error:
                if exchange.begun or scope["type"] != "http":
                    raise
                path = without_token(scope["path"])
                _log.exception("%s %s failed", scope["method"], path)
                answer = problem_response(problem_of(error), path)
                await answer(scope, receive, exchange.send)


class _Exchange:
    def __init__(self, scope: Scope, receive: Receive, send: Send, name: str | None) -> None:
        self._scope, self._receive, self._send, self._name = scope, receive, send, name
        self.begun = False
        self._replaced = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            if self._name is not None:
                headers[HEADER] = self._name
            if message["status"] >= 400 and headers.get("content-type") != MEDIA_TYPE:
                self._replaced = True
                await self._replace(message["status"], headers)
                return
        if not self._replaced:
            await self._send(message)

    async def _replace(self, status: int, headers: MutableHeaders) -> None:
        for name in ("content-type", "content-length"):
            del headers[name]
        document = problem(status, http_problem_code(status), HTTPStatus(status).phrase)
        answer = problem_response(document, without_token(self._scope["path"]), headers)
        await answer(self._scope, self._receive, self._send)
