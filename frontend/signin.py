"""Signing in at an OpenID Connect issuer, as Entra ID is one: the authorization code flow (OpenID Connect Core 1.0,
section 3.1) with PKCE (RFC 7636). Whoever has not signed in sees nothing of the app, and reaches nothing of it."""

import asyncio
import base64
import hashlib
import hmac
import html
import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import jwt
from starlette.requests import HTTPConnection, cookie_parser
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from frontend.settings import Issuer
from frontend.subjects import Subjects
from frontend.words import said

BACK, OUT = "/signed-in", "/sign-out"
_PERSON, _GOING = "prosopon_person", "prosopon_going"
_STAY_S = 12 * 3600
_GOING_S = 600
_LEEWAY_S = 60
_OPEN = frozenset({"/ping", "/style.css", "/mark.svg"})
"""For probes, and for the page that tells why somebody is not let in."""
_LONGEST = 8192
_WRONG = (httpx.HTTPError, httpx.InvalidURL, jwt.PyJWTError, KeyError, TypeError, ValueError)
"""What an issuer's answers that are none end in."""

_LOOK = """
const system = matchMedia("(prefers-color-scheme: dark)")
function look() {
  try { var kept = localStorage.getItem("theme") } catch {}
  const dark = kept === "dark" || (kept !== "light" && system.matches)
  document.documentElement.className = dark ? "dark" : "light"
}
system.onchange = look
look()
"""
"""Light or dark as the app is: as chosen there, or as the system is."""
_ONLY_LOOK = base64.b64encode(hashlib.sha256(_LOOK.encode()).digest()).decode()

_log = logging.getLogger(__name__)


class People:
    """Signed cookies: who somebody is and until when, and what is remembered of whoever is on the way to the issuer."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"signing in", hashlib.sha256)

    def sealed(self, kind: str, life_s: float, **told: Any) -> str:
        claims = {**told, "aud": kind, "exp": int(time.time() + life_s)}
        return jwt.encode(claims, self._key, "HS256")

    def opened(self, kind: str, cookies: str) -> Mapping[str, Any]:
        """What the cookie of that name holds; nothing where it is none of ours, or too old."""
        try:
            value = cookie_parser(cookies).get(kind, "")[:_LONGEST]
            options: Any = {"require": ["exp", "aud"]}
            return dict(jwt.decode(value, self._key, ["HS256"], options, audience=kind))
        except (jwt.PyJWTError, ValueError):
            return {}

    def of(self, cookies: str) -> tuple[str, float]:
        """The subject that a Cookie header names, and the end of the stay in seconds since 1970; empty where it names
        nobody."""
        found = self.opened(_PERSON, cookies)
        return str(found.get("sub", "")), float(found.get("exp", 0))


class SignIn:
    """ASGI middleware around the whole app."""

    def __init__(
        self, app: ASGIApp, issuer: Issuer, secret: bytes, http: httpx.AsyncClient | None = None
    ) -> None:
        self._app, self._issuer = app, issuer
        self._http = http or httpx.AsyncClient(timeout=10)
        self._people, self._subjects = People(secret), Subjects(secret)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"] in _OPEN:
            await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        subject, until = self._people.of(asked.headers.get("cookie", ""))
        if scope["type"] == "websocket":
            await self._talk(until - time.time(), scope, receive, send)
        elif subject and scope["path"] not in (BACK, OUT):
            await self._app(scope, receive, send)
        else:
            await (await self._answer(asked))(scope, receive, send)

    async def _talk(self, left_s: float, scope: Scope, receive: Receive, send: Send) -> None:
        """An event socket ends with the stay of whoever opened it."""
        if left_s > 0:
            try:
                async with asyncio.timeout(left_s):
                    await self._app(scope, receive, send)
                    return
            except TimeoutError:
                pass
        await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, asked: HTTPConnection) -> Response:
        path = asked.url.path
        if path not in (BACK, OUT) and "text/html" not in asked.headers.get("accept", ""):
            return Response(status_code=401)
        try:
            if path == OUT:
                return self._out(asked)
            return await (self._back(asked) if path == BACK else self._away(asked))
        except _WRONG as error:
            _log.warning("signing in failed: %s: %s", type(error).__name__, error)
            return _told(asked, "sign_in_failed", 502)

    async def _away(self, asked: HTTPConnection) -> Response:
        """To the issuer."""
        about = await self._about()
        verifier, state, nonce = (secrets.token_urlsafe(32) for _ in range(3))
        digest = hashlib.sha256(verifier.encode()).digest()
        question = {
            "response_type": "code",
            "scope": "openid",
            "client_id": self._issuer.client,
            "redirect_uri": self._issuer.app + BACK,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        address = httpx.URL(about["authorization_endpoint"]).copy_merge_params(question)
        answer = RedirectResponse(str(address), 303)
        wanted = asked.url.path + (f"?{asked.url.query}" if asked.url.query else "")
        going = {"verifier": verifier, "state": state, "nonce": nonce, "wanted": wanted[:1024]}
        self._keep(answer, _GOING, _GOING_S, **going)
        return answer

    async def _back(self, asked: HTTPConnection) -> Response:
        """From the issuer, who is asked whom the code is of."""
        going = self._people.opened(_GOING, asked.headers.get("cookie", ""))
        told = asked.query_params
        same = hmac.compare_digest(told.get("state", "").encode(), going.get("state", "").encode())
        if not going or not same or "code" not in told:
            return _told(asked, "sign_in_failed", 403)
        about = await self._about()
        claims = await self._claims(about, await self._token(about, told["code"], going))
        if not hmac.compare_digest(str(claims.get("nonce")).encode(), going["nonce"].encode()):
            raise ValueError("the token is for another visit")
        answer = RedirectResponse(self._issuer.app + going["wanted"], 303)
        subject = self._subjects.of_user(f"{self._issuer.url} {claims['sub']}")
        self._keep(answer, _PERSON, _STAY_S, sub=subject)
        answer.delete_cookie(_GOING)
        return answer

    def _out(self, asked: HTTPConnection) -> Response:
        """Here, and not at the issuer, where other apps may need the stay."""
        answer = _told(asked, "signed_out", 200)
        answer.delete_cookie(_PERSON)
        return answer

    async def _about(self) -> Mapping[str, Any]:
        found = await self._json("GET", f"{self._issuer.url}/.well-known/openid-configuration")
        if str(found["issuer"]).rstrip("/") != self._issuer.url:
            raise ValueError("the document is of another issuer")
        return found

    async def _token(self, about: Mapping[str, Any], code: str, going: Mapping[str, Any]) -> str:
        """The signed statement about whoever has the code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._issuer.app + BACK,
            "client_id": self._issuer.client,
            "code_verifier": going["verifier"],
        }
        client, secret = self._issuer.client, self._issuer.secret
        sent: dict[str, Any] = {"data": form}
        if secret and "client_secret_post" in about.get(
            "token_endpoint_auth_methods_supported", ()
        ):
            form["client_secret"] = secret
        elif secret:  # as RFC 6749, section 2.3.1, writes them
            sent["auth"] = (quote(client, safe=""), quote(secret, safe=""))
        return str((await self._json("POST", about["token_endpoint"], **sent))["id_token"])

    async def _claims(self, about: Mapping[str, Any], token: str) -> Mapping[str, Any]:
        """Of a token that one of the issuer's keys signed, for us, now."""
        keys = jwt.PyJWKSet.from_dict(dict(await self._json("GET", about["jwks_uri"])))
        key = keys[jwt.get_unverified_header(token)["kid"]]
        if key.algorithm_name not in ("RS256", "ES256"):
            raise ValueError("the token is signed by a key of another kind")
        return dict(
            jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm_name],
                audience=self._issuer.client,
                issuer=about["issuer"],
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        )

    async def _json(self, method: str, url: str, **sent: Any) -> Mapping[str, Any]:
        answer = await self._http.request(method, url, **sent)
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict):
            raise ValueError("the issuer's answer is no JSON object")
        return found

    def _keep(self, answer: Response, kind: str, life_s: int, **told: Any) -> None:
        answer.set_cookie(
            kind,
            self._people.sealed(kind, life_s, **told),
            max_age=life_s,
            httponly=True,
            samesite="lax",
            secure=self._issuer.app.startswith("https:"),
        )


def _told(asked: HTTPConnection, word: str, status: int) -> Response:
    """A page of its own: those of the app are for whoever has signed in."""
    greek = asked.headers.get("accept-language", "").lower().startswith("el")
    title, link = html.escape(said(word, greek)), html.escape(said("sign_in", greek))
    return HTMLResponse(
        f"<!doctype html><html lang={'el' if greek else 'en'}><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'><meta name=color-scheme content='light dark'>"
        f"<title>Prosopon</title><script>{_LOOK}</script>"
        "<link rel=icon href=/mark.svg><link rel=stylesheet href=/style.css>"
        f"<main class=empty><h1>{title}</h1><a class=primary href=/>{link}</a></main>",
        status,
        {
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
            f"script-src 'sha256-{_ONLY_LOOK}'",
        },
    )
