"""The studio's state, without a browser: a small gateway answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

pytest.importorskip("reflex", reason="the web app is not installed; run: make test-web")

from reflex.istate.data import HeaderData

from frontend.problems import PROBLEMS
from frontend.service import Service, ServiceError
from frontend.settings import Settings
from frontend.signin import People
from frontend.states.drafts import kept
from frontend.states.session import Session
from frontend.states.studio import Studio
from frontend.states.views import Piece, Tier, Voice
from frontend.subjects import kept_secret
from frontend.words import WORDS

Asked = list[tuple[str, str, dict[str, Any]]]


def gateway(asked: Asked) -> Starlette:
    def problem(status: int, code: str) -> Response:
        return JSONResponse({"code": code, "detail": f"in the service's words: {code}"}, status)

    async def parse(request: Request) -> Response:
        body = await request.json()
        asked.append(("parse", request.headers["prosopon-subject"], body))
        if len(body["text"]) > 100:
            return problem(422, "text_too_long")
        spans = [{"text": body["text"], "emotion": "happy"}]
        warnings = [{"code": "w", "message": "did you mean [happy]?"}]
        told = {"utterances": [{"spans": spans}], "duration_s": 4, "warnings": warnings}
        return JSONResponse(told)

    async def check(request: Request) -> Response:
        body = await request.json()
        asked.append(("check", request.headers["prosopon-subject"], body))
        if body["portrait"] == "wall":
            return problem(422, "no_face")
        faces = [
            {
                "box": [0, 0, 9, 9],
                "fit": fit,
                "problem": "" if fit else "too small",
                "warnings": [],
                "crops": {"source": [0, 0, 10, 20], "1:1": [0, 5, 10, 10]} if fit else {},
            }
            for fit in (True, False)
        ]
        told = {"width": 10, "height": 20, "fit": True, "problem": "", "faces": faces}
        return JSONResponse(told)

    async def make(request: Request) -> Response:
        body = await request.json()
        asked.append(("make", request.headers["prosopon-subject"], body))
        if body["text"] == "full":
            return problem(503, "queue_full")
        return JSONResponse({"id": "job1"}, 202)

    async def agree(request: Request) -> Response:
        return JSONResponse({"id": "consent1"}, 201)

    routes = [
        ("/v1/consents", agree),
        ("/v1/scripts/parse", parse),
        ("/v1/portraits/check", check),
        ("/v1/videos", make),
    ]
    return Starlette(routes=[Route(path, call, methods=["POST"]) for path, call in routes])


@pytest.fixture
def asked() -> Asked:
    return []


@pytest.fixture
def studio(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> Studio:
    transport = httpx.ASGITransport(app=gateway(asked))

    def service(state: Studio) -> Service:
        return Service(httpx.AsyncClient(transport=transport, base_url="http://gateway"), "me")

    monkeypatch.setattr(Studio, "_service", service)
    return Studio(_reflex_internal_init=True)


async def events(handler: AsyncIterator[Any]) -> list[Any]:
    return [event async for event in handler]


def call(name: str) -> Callable[..., Any]:
    """The function behind an event of the studio."""
    return Studio.event_handlers[name].fn  # type: ignore[no-any-return]


async def test_what_is_written_is_parsed_for_this_browser(studio: Studio, asked: Asked) -> None:
    await call("write")(studio, "Hello")
    assert [piece.text for piece in studio.spoken] == ["Hello"]
    assert studio.warnings == ["Did you mean [happy]?"]
    assert studio.estimate == "4"
    assert asked == [("parse", "me", {"text": "Hello", "tier": "lightweight", "language": "auto"})]


async def test_whoever_comes_back_is_told_of_the_portrait_without_another_look(
    studio: Studio, asked: Asked
) -> None:
    for _ in range(2):
        await studio._know_portrait()
    assert studio.fit and len(asked) == 1
    studio.lang = "el"
    await studio._know_portrait()
    assert len(asked) == 2, "told in the language before"


async def test_an_empty_text_asks_nobody(studio: Studio, asked: Asked) -> None:
    await call("write")(studio, "  ")
    assert not asked and not studio.spoken and studio.estimate == ""


@pytest.mark.parametrize("lang", ["en", "el"])
async def test_a_refused_text_is_told_in_the_language_of_the_pages(
    studio: Studio, lang: str
) -> None:
    studio.lang = lang
    await call("write")(studio, "a" * 101)
    assert studio.text_problem == PROBLEMS["text_too_long"][lang == "el"]
    await call("write")(studio, "shorter")
    assert studio.text_problem == ""


async def test_a_portrait_is_looked_at_when_it_is_chosen(studio: Studio) -> None:
    await events(call("choose_portrait")(studio, "a" * 32))
    assert studio.fit and not studio.checking and studio.shape == [10, 20]
    call("choose_face")(studio, 2)
    assert not studio.fit and studio.portrait_problem == "Too small"


async def test_what_the_video_shows_of_the_picture_is_told(studio: Studio) -> None:
    await events(call("choose_portrait")(studio, "a" * 32))
    assert studio.crop == [], "all of it"
    call("tune")(studio, "aspect", "1:1")
    assert studio.crop == [0, 25, 100, 50] and studio.fit
    call("tune")(studio, "aspect", "16:9")
    assert not studio.fit and studio.portrait_problem == WORDS["shape_cuts"][0]
    call("tune")(studio, "aspect", "source")
    assert studio.fit and studio.portrait_problem == ""


async def test_a_picture_without_a_face_says_so(studio: Studio) -> None:
    await events(call("choose_portrait")(studio, "wall"))
    assert not studio.fit and studio.portrait_problem == PROBLEMS["no_face"][0]


async def test_a_video_is_asked_for_with_everything_that_was_chosen(
    studio: Studio, asked: Asked
) -> None:
    studio.text, studio.spoken = "[sad] Hello", [Piece(text="Hello", emotion="sad")]
    call("tune")(studio, "head_motion", 0.5)
    call("tune")(studio, "size", "480")
    call("tune")(studio, "seed", "7")
    told = await events(call("make")(studio))
    assert "/video?id=job1" in str(told[-1])
    ((_, subject, order),) = asked
    assert subject == "me"
    assert (order["head_motion"], order["size"], order["seed"]) == (0.5, 480, 7)
    assert kept(studio.drafts, "job1")["words"] == "Hello" and not studio.busy


async def test_no_other_field_can_be_tuned(studio: Studio) -> None:
    call("tune")(studio, "base", "http://elsewhere")
    assert studio.base == ""


async def test_without_a_text_nothing_is_asked_for(studio: Studio, asked: Asked) -> None:
    await events(call("make")(studio))
    assert not asked and studio.problem == WORDS["need_text"][0]


async def test_a_refusal_leaves_everything_as_it_was(studio: Studio) -> None:
    studio.text = "full"
    await events(call("make")(studio))
    assert studio.problem == PROBLEMS["queue_full"][0]
    assert studio.text == "full" and not studio.busy and studio.drafts == "{}"


async def test_a_second_click_makes_no_second_video(studio: Studio, asked: Asked) -> None:
    studio.text, studio.busy = "Hello", True
    await events(call("make")(studio))
    assert not asked


async def test_a_service_that_is_away_is_told_and_loses_nothing(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(state: Studio) -> Service:
        return Service(httpx.AsyncClient(base_url="http://127.0.0.1:9", trust_env=False), "me")

    monkeypatch.setattr(Studio, "_service", nobody)
    await call("write")(studio, "Hello")
    await events(call("make")(studio))
    assert studio.offline and studio.text == "Hello" and not studio.busy


async def test_a_tier_that_is_missing_gives_way(studio: Studio) -> None:
    studio.all_tiers = [
        Tier(name="premium", available=True, languages=["en"], max_characters=50),
        Tier(name="lightweight", available=False),
    ]
    studio.all_voices = [Voice(id="v", tier="premium", language="en", group="English")]
    studio.voice, studio.language = "gone", "el"
    studio._choose_tier()
    assert (studio.tier, studio.voice, studio.language) == ("premium", "auto", "auto")
    assert studio.max_characters == 50 and studio.voice_groups == ["English"]


def test_what_is_no_problem_document_counts_as_away() -> None:
    async def answer(request: Request) -> Response:
        return Response("no application", 503)

    async def ask() -> None:
        app = Starlette(routes=[Route("/v1/tiers", answer)])
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway")
        await Service(http, "").get("/v1/tiers")

    with pytest.raises(ServiceError) as told:
        asyncio.run(ask())
    assert told.value.code == "unreachable"


def test_whoever_comes_without_a_name_is_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROSOPON_HOME", str(tmp_path))
    one, other = (Session(_reflex_internal_init=True) for _ in range(2))
    assert one._service().subject == one._service().subject != other._service().subject
    assert one._service().subject, "the app's own videos are shown"
    monkeypatch.setenv("PROSOPON_USER_HEADER", "X-Forwarded-User")
    before = one._service().subject
    name = HeaderData(raw_headers={"x-forwarded-user": "anna"})
    for state in (one, other):
        state.router = replace(state.router, headers=name)
    assert one._service().subject == other._service().subject != before


def test_whoever_signed_in_is_the_one_whom_the_issuer_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ISSUER", "https://issuer"), ("CLIENT_ID", "studio")):
        monkeypatch.setenv(f"PROSOPON_OIDC_{name}", value)
    monkeypatch.setenv("PROSOPON_WEB_URL", "https://studio")
    monkeypatch.setenv("PROSOPON_HOME", str(tmp_path))
    stay = People(kept_secret(Settings.read().folder)).sealed("prosopon_person", 60, sub="anna")
    state = Session(_reflex_internal_init=True)
    stranger = state._service().subject
    for cookie, subject in ((f"prosopon_person={stay}", "anna"), (f"other={stay}", stranger)):
        state.router = replace(state.router, headers=HeaderData(cookie=cookie))
        assert state._service().subject == subject != ""


async def test_where_it_is_required_an_own_picture_needs_an_agreement(
    studio: Studio, asked: Asked
) -> None:
    studio.must_agree, studio.text = True, "Hello"
    await events(call("make")(studio))
    assert [kind for kind, _, _ in asked] == ["make"], "presets need none"
    await events(call("choose_portrait")(studio, "a" * 32))
    asked.clear()
    await events(call("make")(studio))
    assert not asked and studio.problem == WORDS["need_agreement"][0]
    call("agree")(studio, True)
    await events(call("make")(studio))
    assert asked[-1][2]["consent"] == "consent1"


async def test_a_voice_from_a_recording_needs_one_and_an_agreement(
    studio: Studio, asked: Asked
) -> None:
    studio.all_voices = [Voice(id="xtts:cloned", tier="lightweight", language="en", cloned=True)]
    studio.text = "Hello"
    call("choose_recording")(studio, "b" * 32)
    await events(call("make")(studio))
    assert asked.pop()[2]["reference_audio"] is None, "another voice speaks"
    call("choose_voice")(studio, "xtts:cloned")
    call("choose_recording")(studio, "")
    await events(call("make")(studio))
    assert not asked and studio.problem == WORDS["need_recording"][0]
    call("choose_recording")(studio, "b" * 32)
    assert studio.agreement == "voice"
    await events(call("make")(studio))
    assert not asked and studio.problem == WORDS["need_agreement"][0]
    call("agree")(studio, True)
    await events(call("make")(studio))
    order = asked.pop()[2]
    assert (order["voice"], order["reference_audio"]) == ("xtts:cloned", "b" * 32)
    assert order["consent"] == "consent1"
    call("choose_recording")(studio, "c" * 32)
    assert not studio.agreed, "it may be somebody else"
