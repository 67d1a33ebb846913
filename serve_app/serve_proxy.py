"""What Ray Serve's proxy does beside its own: RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH names `middlewares`."""

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

IMPORT_PATH = "serve_app.serve_proxy.middlewares"


class Utf8Headers:
    """ASGI middleware: drops headers that are no UTF-8. The proxy decodes some, and fails with a bare 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "headers" in scope:
            sound = [(name, value) for name, value in scope["headers"] if _utf8(name + value)]
            scope = {**scope, "headers": sound}
        await self._app(scope, receive, send)


def _utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def middlewares() -> list[Middleware]:
    return [Middleware(Utf8Headers)]
