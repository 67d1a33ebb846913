"""Each browser is itself: cookies, and the middleware that gives them out."""

import stat
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from frontend.subjects import COOKIE, BrowserCookie, Subjects, kept_secret

SUBJECTS = Subjects(b"secret")


def test_an_issued_cookie_is_known_again() -> None:
    value = SUBJECTS.issue()
    assert SUBJECTS.of(f"theme=dark; {COOKIE}={value}") == value.partition(".")[0]


def test_no_two_browsers_are_the_same() -> None:
    assert SUBJECTS.issue() != SUBJECTS.issue()


def test_another_secret_knows_nobody() -> None:
    assert Subjects(b"other").of(f"{COOKIE}={SUBJECTS.issue()}") is None


@given(st.text(max_size=200))
def test_nobody_gets_in_by_guessing(cookies: str) -> None:
    assert SUBJECTS.of(cookies) is None
    assert SUBJECTS.of(f"{COOKIE}={cookies}") is None


def test_a_changed_subject_is_forged() -> None:
    subject, _, signature = SUBJECTS.issue().partition(".")
    other = "0" * len(subject)
    assert SUBJECTS.of(f"{COOKIE}={other}.{signature}") is None


def test_whoever_signed_in_is_the_same_everywhere_and_nobody_elses_cookie() -> None:
    anna = SUBJECTS.of_user("anna@example.org")
    assert anna == SUBJECTS.of_user("anna@example.org") != SUBJECTS.of_user("ben@example.org")
    assert "anna" not in anna and anna != Subjects(b"other").of_user("anna@example.org")
    assert SUBJECTS.of(f"{COOKIE}={anna}.{anna}") is None


def test_the_secret_is_made_once_and_for_this_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROSOPON_SECRET", raising=False)
    folder = tmp_path / "web"
    assert kept_secret(folder) == kept_secret(folder)
    assert stat.S_IMODE((folder / "secret").stat().st_mode) == 0o600


def test_a_secret_can_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROSOPON_SECRET", "of all replicas")
    assert kept_secret(tmp_path / "a") == kept_secret(tmp_path / "b")
    assert b"of all replicas" not in kept_secret(tmp_path / "a")


async def browser() -> httpx.AsyncClient:
    async def page(request: object) -> HTMLResponse:
        return HTMLResponse("<p>hello")

    async def file(request: object) -> PlainTextResponse:
        return PlainTextResponse("body {}")

    routes = [Route("/", page), Route("/assets/style-1.css", file)]
    app = BrowserCookie(Starlette(routes=routes), SUBJECTS, "default-src 'self'")
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://studio")


async def test_a_new_browser_is_given_a_cookie_that_scripts_cannot_read() -> None:
    async with await browser() as http:
        told = (await http.get("/")).headers["set-cookie"]
        assert "HttpOnly" in told and "SameSite=Lax" in told
        assert SUBJECTS.of(told.partition(";")[0])


async def test_a_known_browser_keeps_its_own() -> None:
    async with await browser() as http:
        await http.get("/")
        assert "set-cookie" not in (await http.get("/")).headers


async def test_a_forged_cookie_is_replaced() -> None:
    async with await browser() as http:
        http.cookies.set(COOKIE, "me.me")
        assert "set-cookie" in (await http.get("/")).headers


async def test_pages_say_what_they_may_load() -> None:
    async with await browser() as http:
        page = await http.get("/")
        assert page.headers["content-security-policy"] == "default-src 'self'"
        assert page.headers["x-content-type-options"] == "nosniff"


async def test_files_named_by_their_content_are_kept_by_browsers() -> None:
    async with await browser() as http:
        assert "immutable" in (await http.get("/assets/style-1.css")).headers["cache-control"]
