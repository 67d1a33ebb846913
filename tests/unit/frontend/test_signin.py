"""Signing in: to the issuer and back, and every way in that is none."""

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from frontend.settings import Issuer, Settings
from frontend.signin import People, SignIn
from frontend.subjects import Subjects
from tests.unit.serve_app.issuer import RSA, STRANGER, published
from tests.unit.serve_app.issuer import Issuer as Signer

SECRET = b"secret"
PEOPLE, SUBJECTS = People(SECRET), Subjects(SECRET)
APP, ISSUER, CLIENT = "https://studio", "https://issuer", "studio of ours"
ABOUT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize?directory=acme",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}


@dataclass
class Provider:
    """An issuer at which somebody has signed in already, and who checks what it is asked."""

    about: dict[str, Any] = field(default_factory=lambda: dict(ABOUT))
    claims: dict[str, Any] = field(default_factory=dict)
    """Other than the right ones."""
    key: Any = RSA
    asked: list[dict[str, Any]] = field(default_factory=list)
    secret: str = ""
    how: str = ""
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    async def authorize(self, request: Request) -> Response:
        question = dict(request.query_params)
        self.asked.append(question)
        assert question["response_type"] == "code" and question["directory"] == "acme"
        code = secrets.token_hex(8)
        self._codes[code] = question
        back = httpx.URL(
            question["redirect_uri"], params={"code": code, "state": question["state"]}
        )
        return RedirectResponse(str(back), 302)

    async def token(self, request: Request) -> Response:
        form = dict(await request.form())
        asked = self._codes.pop(str(form.get("code")), {})
        digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        right = {
            "challenge": asked.get("code_challenge") == challenge,
            "address": asked.get("redirect_uri") == form.get("redirect_uri"),
            "client": asked.get("client_id") == form.get("client_id") == CLIENT,
            "secret": self._knows(form, request.headers.get("authorization", "")),
        }
        if not all(right.values()):
            return JSONResponse({"error": "invalid_grant", "told": right}, 400)
        claims = {"aud": CLIENT, "nonce": asked["nonce"]} | self.claims
        return JSONResponse({"id_token": Signer(ISSUER).token(self.key, **claims)})

    def _knows(self, form: dict[str, Any], header: str) -> bool:
        by_header = base64.b64encode(f"studio%20of%20ours:{self.secret}".encode()).decode()
        return {
            "": "client_secret" not in form and not header,
            "client_secret_post": form.get("client_secret") == self.secret and not header,
            "client_secret_basic": header == f"Basic {by_header}",
        }[self.how]

    async def tell(self, request: Request) -> Response:
        return JSONResponse(self.about)

    async def keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [published(RSA, "rsa")]})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.tell),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.keys),
            ]
        )


class Web:
    """The app behind its sign-in, the issuer, and browsers before both."""

    def __init__(self, provider: Provider, issuer: Issuer) -> None:
        async def page(request: Request) -> PlainTextResponse:
            return PlainTextResponse(PEOPLE.of(request.headers.get("cookie", ""))[0])

        site = Starlette(routes=[Route("/{rest:path}", page, methods=["GET", "POST"])])
        theirs = httpx.ASGITransport(app=provider.app())
        self.app = SignIn(site, issuer, SECRET, httpx.AsyncClient(transport=theirs))
        self._to = {APP: httpx.ASGITransport(app=self.app), ISSUER: theirs}

    def browser(self, **more: Any) -> httpx.AsyncClient:
        usual = {"headers": {"accept": "text/html"}, "follow_redirects": True, "base_url": APP}
        return httpx.AsyncClient(mounts=self._to, **usual | more)


OURS = Issuer(ISSUER, CLIENT, None, APP)


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def web(provider: Provider) -> Web:
    return Web(provider, OURS)


@pytest.fixture
async def browser(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    async with web.browser() as http:
        yield http


def outside(http: httpx.AsyncClient) -> bool:
    return "prosopon_person" not in http.cookies


async def test_whoever_comes_signs_in_and_is_shown_what_they_wanted(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    found = await browser.get("/video?id=7")
    assert str(found.url) == f"{APP}/video?id=7"
    assert found.text == SUBJECTS.of_user(f"{ISSUER} person-1")
    await browser.get("/")
    assert len(provider.asked) == 1, "asked to sign in again"


async def test_a_person_is_the_same_in_every_browser_and_nobody_else(
    web: Web, provider: Provider
) -> None:
    seen = []
    for person in ("anna", "anna", "ben"):
        provider.claims = {"sub": person}
        async with web.browser() as http:
            seen.append((await http.get("/")).text)
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.parametrize("how", ["client_secret_post", "client_secret_basic"])
async def test_an_app_with_a_secret_shows_it(provider: Provider, how: str) -> None:
    provider.secret, provider.how = "s3cret", how
    provider.about["token_endpoint_auth_methods_supported"] = [how]
    async with Web(provider, replace(OURS, secret="s3cret")).browser() as http:
        assert (await http.get("/")).text == SUBJECTS.of_user(f"{ISSUER} person-1")


async def test_cookies_are_not_for_scripts_and_go_over_tls_alone(
    browser: httpx.AsyncClient,
) -> None:
    steps = (await browser.get("/")).history
    told = [step.headers["set-cookie"] for step in steps if "set-cookie" in step.headers]
    assert len(told) == 2
    assert all(all(w in one for w in ("HttpOnly", "SameSite=lax", "Secure")) for one in told)


@pytest.mark.parametrize("path", ["/", "/_event", "/assets/a.js", "/_upload"])
async def test_nothing_is_reached_without_signing_in(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.post(path, headers={"accept": "*/*"})).status_code == 401
    assert (await browser.get(path, headers={"accept": "*/*"})).status_code == 401


async def test_probes_need_nobody(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/ping", headers={"accept": "*/*"})).status_code == 200


async def talk(web: Web, cookie: str) -> list[str]:
    """What an event socket is told, that is opened with this cookie and says nothing."""
    told: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        told.append(message["type"])

    headers = [(b"cookie", cookie.encode())]
    scope = {"type": "websocket", "path": "/_event", "headers": headers, "query_string": b""}
    await web.app(scope, receive, send)
    return told


async def test_event_sockets_are_for_whoever_signed_in(web: Web) -> None:
    for cookie in ("", "prosopon_person=me", _person(SECRET, -1), _person(b"other", 60)):
        assert await talk(web, cookie) == ["websocket.close"]


def _person(secret: bytes, life_s: float) -> str:
    kind = "prosopon_person"
    return f"{kind}={People(secret).sealed(kind, life_s, sub='me')}"


@pytest.mark.parametrize("life_s", [1, -1])
def test_a_stay_ends(life_s: float) -> None:
    subject, until = PEOPLE.of(_person(SECRET, life_s))
    assert (subject, until > 0) == (("me", True) if life_s > 0 else ("", False))


def test_whoever_is_on_the_way_is_not_there_yet() -> None:
    going = PEOPLE.sealed("prosopon_going", 60, sub="me")
    assert PEOPLE.of(f"prosopon_person={going}") == ("", 0)


@given(st.text(max_size=200))
def test_nobody_gets_in_by_guessing(cookies: str) -> None:
    assert PEOPLE.of(cookies) == PEOPLE.of(f"prosopon_person={cookies}") == ("", 0)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another app"},
        {"iss": "https://elsewhere"},
        {"exp": 1},
        {"nonce": "of another visit"},
        {"nonce": None},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_this_visit(
    browser: httpx.AsyncClient, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    assert (await browser.get("/")).status_code == 502
    assert outside(browser)


async def test_a_token_that_somebody_else_signed(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    provider.key = STRANGER
    assert (await browser.get("/")).status_code == 502
    assert outside(browser)


async def way_back(http: httpx.AsyncClient) -> str:
    """The address with the code, to which the issuer has just sent a browser that has not opened it yet."""
    there = await http.get("/", follow_redirects=False)
    back = await http.get(there.headers["location"], follow_redirects=False)
    return str(back.headers["location"])


async def test_a_code_is_of_use_once_and_in_its_own_browser(web: Web) -> None:
    async with web.browser() as mine, web.browser() as other, web.browser() as third:
        back = await way_back(mine)
        await way_back(third)
        for stranger in (other, third):
            assert (await stranger.get(back)).status_code == 403
            assert outside(stranger), "somebody was signed in as another"
        assert (await mine.get(back)).status_code == 200
        assert (await mine.get(back)).status_code == 403


@pytest.mark.parametrize("query", ["", "?error=access_denied", "?code=1", "?code=1&state="])
async def test_whoever_comes_back_without_a_code_stays_outside(
    browser: httpx.AsyncClient, query: str
) -> None:
    await way_back(browser)
    assert (await browser.get(f"/signed-in{query}")).status_code == 403
    assert outside(browser)


async def test_an_issuer_that_is_none_is_told_in_the_readers_language(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    for about in ({}, {"issuer": "https://elsewhere"}, {"issuer": 7}):
        provider.about = about
        found = await browser.get("/", headers={"accept-language": "el-GR,en"})
        assert found.status_code == 502 and "Η σύνδεση δεν πέτυχε" in found.text


async def test_one_is_sent_back_to_the_app_and_nowhere_else(web: Web) -> None:
    http = web.browser(follow_redirects=False)
    address = "https://studio//elsewhere.example/x"
    for _ in range(3):
        address = (await http.get(address)).headers["location"]
    assert address.startswith(f"{APP}//")
    await http.aclose()


async def test_signing_out_ends_it(browser: httpx.AsyncClient, provider: Provider) -> None:
    await browser.get("/")
    assert "signed out" in (await browser.get("/sign-out")).text
    assert outside(browser)
    await browser.get("/")
    assert len(provider.asked) == 2


async def test_the_page_outside_is_light_or_dark_by_a_script_that_it_lets_run(
    browser: httpx.AsyncClient,
) -> None:
    told = await browser.get("/sign-out")
    script = told.text.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert "prefers-color-scheme: dark" in script
    assert f"script-src 'sha256-{digest}'" in told.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROSOPON_OIDC_CLIENT_ID", ""),
        ("PROSOPON_WEB_URL", ""),
        ("PROSOPON_OIDC_ISSUER", "http://issuer.example"),
        ("PROSOPON_USER_HEADER", "X-Forwarded-User"),
    ],
)
def test_what_cannot_work_is_told_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    right = {"OIDC_ISSUER": f"{ISSUER}/", "OIDC_CLIENT_ID": CLIENT, "WEB_URL": f"{APP}/"}
    for key, good in right.items():
        monkeypatch.setenv(f"PROSOPON_{key}", good)
    assert Settings.read().issuer == OURS
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="PROSOPON_"):
        Settings.read()


def test_signing_out_is_no_page_of_the_apps_router() -> None:
    """It would look for one, find none, and keep who is signed in."""
    from frontend.pages.shell import page

    before = str(page("studio")).partition('to:"/sign-out"')[0]
    assert "reloadDocument:true" in before.rpartition("ReactRouterLink")[2]
