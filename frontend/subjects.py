"""Each browser is its own subject: an opaque id in a signed cookie that scripts cannot read. Whoever signed in is
the same one in all their browsers."""

import hashlib
import hmac
import os
import secrets
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "prosopon_browser"
_A_YEAR_S = 365 * 24 * 3600


class Subjects:
    """Makes ids and tells genuine ones."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self) -> str:
        """A cookie's value for a new browser."""
        subject = secrets.token_hex(16)
        return f"{subject}.{self._signature(subject)}"

    def of(self, cookies: str) -> str | None:
        """The subject that a Cookie header names; None where there is none, or a forged one."""
        try:
            morsel = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            return None
        subject, _, signature = morsel.value.partition(".") if morsel else ("", "", "")
        genuine = hmac.compare_digest(signature.encode(), self._signature(subject).encode())
        return subject if subject and genuine else None

    def of_user(self, user: str) -> str:
        """Of somebody who signed in: an id that tells nothing of the name."""
        return self._signature(f"user {user}")[:32]

    def _signature(self, subject: str) -> str:
        return hmac.new(self._secret, subject.encode(), hashlib.sha256).hexdigest()


def kept_secret(folder: Path) -> bytes:
    """What cookies are signed with: PROSOPON_SECRET, or one made once that only this user can read."""
    if given := os.environ.get("PROSOPON_SECRET"):
        return hashlib.sha256(b"prosopon web\0" + given.encode()).digest()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secret"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    return path.read_bytes()


class BrowserCookie:
    """ASGI middleware: whoever comes without a genuine cookie is given one; every page gets its security headers."""

    def __init__(self, app: ASGIApp, subjects: Subjects, policy: str) -> None:
        self._app, self._subjects, self._policy = app, subjects, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        known = self._subjects.of(headers.get(b"cookie", b"").decode("latin-1"))
        secure = "; Secure" if scope.get("scheme") == "https" else ""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = MutableHeaders(scope=message)
                if own.get("content-type", "").startswith("text/html"):
                    own["Content-Security-Policy"] = self._policy
                    own["Cache-Control"] = "no-cache"
                    if known is None:
                        value = self._subjects.issue()
                        own.append(
                            "Set-Cookie",
                            f"{COOKIE}={value}; Path=/; Max-Age={_A_YEAR_S}; HttpOnly; SameSite=Lax{secure}",
                        )
                elif scope["path"].startswith("/assets/"):  # named by their content
                    own["Cache-Control"] = "max-age=31536000, immutable"
                own["X-Content-Type-Options"] = "nosniff"
                own["Referrer-Policy"] = "no-referrer"
            await send(message)

        await self._app(scope, receive, answer)
