"""The HTTP interface over a real tier in this process, without Ray."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from backends.errors import ProsoponError
from serve_app.jobs import job_files
from tests.unit.serve_app.http_service import MAX_UPLOAD, TEXT, Service, refused


def picture(width: int = 64, height: int = 64) -> bytes:
    """Noise, in which there is no face."""
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def form(**fields: str) -> dict[str, str]:
    return {"text": TEXT, "tier": "test", "size": "128", "quality": "draft"} | fields


async def astronaut(service: Service) -> bytes:
    image = await service.get("/v1/portraits/astronaut/image")
    with Image.open(io.BytesIO(image.content)) as loaded:
        file = io.BytesIO()
        loaded.convert("RGB").resize((400, 400)).save(file, "jpeg")
    return file.getvalue()


class TestVideos:
    async def test_posted_request_becomes_a_video(self, service: Service) -> None:
        job = await service.make(captions="srt")
        assert job["status"] == "succeeded", job["error"]
        clip = job["clip"]
        assert clip["tier"] == "test" and clip["voice"] == "tone:en"
        assert " ".join(u["text"].strip() for u in clip["utterances"]) == "Hello everyone!"
        content = await service.get(clip["path"])
        assert content.headers["content-type"] == "video/mp4"
        assert content.content[4:8] == b"ftyp"
        part = await service.get(clip["path"], headers={"range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")
        captions = await service.get(f"/v1/videos/{job['id']}/captions.srt")
        assert "Hello everyone!" in captions.text
        rows = await service.get(f"/v1/videos/{job['id']}/performance.json")
        assert rows.json()
        vtt = await service.get(f"/v1/videos/{job['id']}/captions.vtt")
        assert vtt.text.startswith("WEBVTT") and "Hello everyone!" in vtt.text

    async def test_events_tell_every_change_and_go_on_where_they_were_left(
        self, service: Service
    ) -> None:
        posted = await service.post()
        path = posted.headers["location"] + "/events"
        running = asyncio.create_task(service.tier.run())
        try:
            told = await service.get(path)
        finally:
            running.cancel()
            await asyncio.wait({running})
        assert told.headers["content-type"].startswith("text/event-stream")
        events = [dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
                  for block in told.text.strip().split("\n\n")]  # fmt: skip
        jobs = [json.loads(event["data"]) for event in events if "data" in event]
        assert jobs[0]["status"] in ("queued", "running") and jobs[-1]["status"] == "succeeded"
        assert len({event["id"] for event in events if "id" in event}) == len(jobs)
        progress = [job["progress"] for job in jobs]
        assert progress == sorted(progress)
        last = {"last-event-id": events[-1]["id"]}
        assert "data:" not in (await service.get(path, headers=last)).text
        again = await service.get(path, headers={"last-event-id": events[0]["id"]})
        assert again.text.count("data:") == 1 and "succeeded" in again.text

    async def test_events_of_an_unknown_job(self, service: Service) -> None:
        refused(await service.get(f"/v1/videos/{'0' * 32}/events"), 404, "not_found")

    async def test_generate_answers_with_the_video_or_with_the_job(self, service: Service) -> None:
        running = asyncio.create_task(service.tier.run())
        try:
            video = await service.http.post("/generate", json=form())
        finally:
            running.cancel()
            await asyncio.wait({running})
        assert (video.status_code, video.headers["content-type"]) == (200, "video/mp4")
        assert video.content[4:8] == b"ftyp"
        job = (await service.get(video.headers["location"])).json()
        assert job["status"] == "succeeded"
        patience = {"generate_wait_s": 0.1}
        service.gateway.config = service.gateway.config.model_copy(update=patience)
        waiting = await service.http.post("/generate", json=form())  # nobody works on it
        assert (waiting.status_code, waiting.json()["status"]) == (202, "queued")
        assert waiting.headers["location"] == f"/v1/videos/{waiting.json()['id']}"
        refused(await service.http.post("/generate", json=form(text="")), 422, "empty_text")

    async def test_request_sent_again_under_its_key_makes_no_second_video(
        self, service: Service
    ) -> None:
        key = {"idempotency-key": "order-17"}
        files = {"portrait": ("face.jpg", await astronaut(service), "image/jpeg")}

        async def send(text: str) -> httpx.Response:
            return await service.http.post(
                "/v1/videos", data=form(text=text), files=files, headers=key
            )

        first, *others = await asyncio.gather(*(send("Hello.") for _ in range(3)))
        assert first.status_code == 202, first.text
        assert {o.json()["id"] for o in others} == {first.json()["id"]}
        assert len(service.jobs.list().jobs) == 1
        assert service.stored() == [f"{job_files(first.json()['id'])}/portrait"]
        refused(await send("Goodbye."), 422, "idempotency_key_reused", "order-17")
        key["idempotency-key"] = "with a space"
        refused(await send("Hello."), 422, "invalid_input")

    async def test_webhook_without_a_secret_to_sign_it(self, service: Service) -> None:
        posted = await service.post(webhook_url="https://example.org/hook")
        refused(posted, 422, "invalid_input", "PROSOPON_WEBHOOK_SECRET")
        refused(await service.post(webhook_url="file:///etc/passwd"), 422, "invalid_input")

    async def test_job_tells_its_place_and_warnings_at_once(self, service: Service) -> None:
        posted = await service.post(text="Hello [hapy] there.")
        assert posted.status_code == 202
        job = posted.json()
        assert posted.headers["location"] == f"/v1/videos/{job['id']}"
        assert (job["status"], job["queue_position"], job["tier"]) == ("queued", 1, "test")
        assert job["warnings"] and "hapy" in job["warnings"][0]["message"]

    async def test_portrait_as_a_file_is_kept_with_the_job(self, service: Service) -> None:
        files = {"portrait": ("face.jpg", await astronaut(service), "image/jpeg")}
        fields = form(pronounce='{"Prosopon": "Pro so pon"}', seed="5")
        posted = await service.http.post("/v1/videos", data=fields, files=files)
        assert posted.status_code == 202, posted.text
        job = posted.json()["id"]
        assert service.stored() == [f"{job_files(job)}/portrait"]
        assert (await service.http.delete(f"/v1/videos/{job}")).json()["status"] == "cancelled"
        assert (await service.http.delete(f"/v1/videos/{job}")).status_code == 204
        assert service.stored() == []

    async def test_backgrounds(self, service: Service) -> None:
        refused(await service.post(background="blur"), 422, "invalid_input", "engine sketch")
        unknown = await service.post(background="../portrait")
        refused(unknown, 422, "invalid_input", "nor the id of an upload")
        assert (await service.post(background="source")).status_code == 202

    async def test_a_driving_video_is_an_upload(self, service: Service) -> None:
        unknown = await service.post(driving_video="../portrait")
        refused(unknown, 422, "invalid_input", "driving_video '../portrait' is not the id")
        file = {"file": b"no video"}
        upload = (await service.http.post("/v1/uploads", files=file)).json()["id"]
        bad = await service.post(driving_video=upload)
        refused(bad, 422, "unreadable_media", "the driving video is not a video")

    async def test_upload_serves_several_videos(self, service: Service) -> None:
        file = {"file": await astronaut(service)}
        upload = (await service.http.post("/v1/uploads", files=file)).json()["id"]
        assert [(await service.post(portrait=upload)).status_code for _ in range(2)] == [202, 202]
        assert (await service.http.delete(f"/v1/uploads/{upload}")).status_code == 204
        refused(await service.post(portrait=upload), 422, "unknown_portrait", upload)
        refused(await service.http.delete(f"/v1/uploads/{upload}"), 404, "not_found")

    async def test_list(self, service: Service) -> None:
        ids = [(await service.post()).json()["id"] for _ in range(3)]
        await service.http.delete(f"/v1/videos/{ids[0]}")
        listed = (await service.get("/v1/videos")).json()["videos"]
        assert [job["id"] for job in listed] == ids[::-1]
        first = (await service.get("/v1/videos", params={"limit": 1})).json()
        assert [job["id"] for job in first["videos"]] == [ids[2]]
        after = {"limit": 5, "after": first["next"]}
        page = (await service.get("/v1/videos", params=after)).json()
        assert [job["id"] for job in page["videos"]] == [ids[1], ids[0]]
        assert page["next"] is None
        queued = (await service.get("/v1/videos", params={"status": "queued"})).json()["videos"]
        assert [job["id"] for job in queued] == [ids[2], ids[1]]

    async def test_finished_video_is_deleted_with_its_files(self, service: Service) -> None:
        job = await service.make()
        assert service.stored()
        assert (await service.http.delete(f"/v1/videos/{job['id']}")).status_code == 204
        assert service.stored() == []
        refused(await service.get(f"/v1/videos/{job['id']}"), 404, "not_found", job["id"])

    async def test_unfinished_video_has_no_content(self, service: Service) -> None:
        job = (await service.post()).json()["id"]
        refused(await service.get(f"/v1/videos/{job}/content"), 409, "not_ready", "queued")

    async def test_full_queue(self, service: Service) -> None:
        for _ in range(3):
            assert (await service.post()).status_code == 202
        full = await service.post()
        refused(full, 503, "queue_full")
        assert int(full.headers["retry-after"]) > 0


class TestRefusals:
    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"text": ""}, "empty_text"),
            ({"text": "[happy] [pause:1]"}, "empty_text"),
            ({"text": "word " * 50}, "text_too_long"),
            ({"voice": "tone:xx"}, "unknown_voice"),
            ({"language": "fr"}, "unsupported_language"),
            ({"portrait": "preset:nobody"}, "unknown_portrait"),
            ({"portrait": "jobs/x/clip.mp4"}, "unknown_portrait"),
            ({"portrait": "../../etc/passwd"}, "unknown_portrait"),
            ({"portrait": "0" * 32}, "unknown_portrait"),
            ({"tier": "luxury"}, "unknown_tier"),
            ({"face": 2}, "invalid_input"),
        ],
    )
    async def test_request_that_cannot_be_carried_out(
        self, service: Service, fields: dict[str, Any], code: str
    ) -> None:
        refused(await service.post(**fields), 422, code)
        assert service.jobs.list().jobs == ()
        assert service.stored() == []

    @pytest.mark.parametrize(
        ("fields", "word"),
        [
            ({"size": 99}, "size"),
            ({"size": "large"}, "size"),
            ({"size": 513}, "size"),
            ({"fps": 0}, "fps"),
            ({"intensity": float("nan")}, "JSON"),
            ({"intensity": 1.5}, "intensity"),
            ({"seed": -1}, "seed"),
            ({"seed": 2**40}, "seed"),
            ({"emotion": "hungry"}, "emotion"),
            ({"text": None}, "text"),
            ({"text": ["a"]}, "text"),
            ({"text": "a \ud800 b"}, "JSON"),
            ({"sise": 512}, "sise"),
            ({"captions": "txt"}, "captions"),
            ({"pronounce": {"a": 1}}, "pronounce"),
            ({"pronounce": "not json"}, "pronounce"),
        ],
    )
    async def test_fault_is_named_by_its_field(
        self, service: Service, fields: dict[str, Any], word: str
    ) -> None:
        body = {"text": TEXT, "tier": "test"} | fields
        sent = json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        response = await service.http.post("/v1/videos", content=sent, headers=headers)
        refused(response, 422, "invalid_input", word)

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (picture(), "no_face"),
            (b"this is no picture", "unreadable_media"),
            (picture()[:200], "unreadable_media"),
            (b"", "unreadable_media"),
        ],
    )
    async def test_picture_that_cannot_be_animated(
        self, service: Service, content: bytes, code: str
    ) -> None:
        files = {"portrait": ("face.png", content)}
        refused(await service.http.post("/v1/videos", data=form(), files=files), 422, code)
        assert service.stored() == []
        assert service.jobs.list().jobs == ()

    async def test_file_that_is_too_large_is_not_kept(self, service: Service) -> None:
        files = {"portrait": ("face.png", bytes(MAX_UPLOAD + 1))}
        response = await service.http.post("/v1/videos", data=form(), files=files)
        refused(response, 413, "request_too_large", str(MAX_UPLOAD))
        assert service.stored() == []

    async def test_body_that_does_not_end_is_not_read_on(self, service: Service) -> None:
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            head = b'--x\r\nContent-Disposition: form-data; name="portrait"; filename="a"\r\n\r\n'
            yield head
            while True:
                sent += 65_536
                yield bytes(65_536)

        headers = {"content-type": "multipart/form-data; boundary=x"}
        response = await service.http.post("/v1/videos", content=endless(), headers=headers)
        refused(response, 413, "request_too_large")
        assert sent < 2 * MAX_UPLOAD + 2 * 2**20
        assert service.stored() == []

    @pytest.mark.parametrize(
        ("content_type", "content", "status", "code"),
        [
            ("application/json", b"{", 422, "invalid_input"),
            ("application/json", b"[" * 100_000, 422, "invalid_input"),
            ("application/json", b"[]", 422, "invalid_input"),
            ("application/json", b"\xff", 422, "invalid_input"),
            ("application/json", b" " * (2**20 + 1), 413, "request_too_large"),
            ("text/plain", b"Hello", 415, "unsupported_body"),
            ("", b"Hello", 415, "unsupported_body"),
            ("multipart/form-data; boundary=x", b"no form", 400, "invalid_input"),
            ("multipart/form-data", b"no boundary", 400, "invalid_input"),
        ],
    )
    async def test_body_that_is_not_what_it_says(
        self, service: Service, content_type: str, content: bytes, status: int, code: str
    ) -> None:
        headers = {"content-type": content_type} if content_type else {}
        response = await service.http.post("/v1/videos", content=content, headers=headers)
        refused(response, status, code)

    async def test_form_with_strange_parts(self, service: Service) -> None:
        twice = [("text", (None, "a")), ("text", (None, "b"))]
        refused(await service.http.post("/v1/videos", files=twice), 422, "invalid_input", "text")
        elsewhere = {"text": ("a.txt", b"Hello")}
        refused(await service.http.post("/v1/videos", files=elsewhere), 422, "invalid_input")
        refused(await service.http.post("/v1/uploads", data={"a": "b"}), 415, "unsupported_body")

    @pytest.mark.parametrize(
        ("method", "path", "status", "code"),
        [
            ("GET", "/v1/videos/unknown", 404, "not_found"),
            ("DELETE", "/v1/videos/unknown", 404, "not_found"),
            ("GET", "/v1/videos/unknown/content", 404, "not_found"),
            ("GET", "/v1/nothing", 404, "not_found"),
            ("GET", "/v1/portraits/nobody/image", 404, "not_found"),
            ("PUT", "/v1/videos", 405, "method_not_allowed"),
            ("GET", "/v1/videos?limit=0", 422, "invalid_input"),
            ("GET", "/v1/videos?after=-1", 422, "invalid_input"),
            ("GET", "/v1/videos?status=lost", 422, "invalid_input"),
            ("GET", "/v1/videos/x/captions.doc", 422, "invalid_input"),
        ],
    )
    async def test_every_error_is_a_problem_document(
        self, service: Service, method: str, path: str, status: int, code: str
    ) -> None:
        refused(await service.http.request(method, path), status, code)

    async def test_surprise_tells_nothing_of_the_inside(
        self, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def surprise(*_: object) -> None:
            raise KeyError("/root/.secret")

        monkeypatch.setattr(service.jobs, "get", surprise)
        response = await service.get("/v1/videos/x")
        refused(response, 500, "internal_error")
        assert "secret" not in response.text


class TestChoices:
    async def test_about_and_health(self, service: Service) -> None:
        about = (await service.get("/")).json()
        assert about["name"] == "prosopon" and about["version"]
        for path in about["links"].values():
            assert (await service.get(path)).status_code == 200
        assert (await service.get("/health")).json() == {"status": "ok"}

    async def test_missing_tier_is_told_and_stops_no_other(self, service: Service) -> None:
        tiers = {tier["name"]: tier for tier in (await service.get("/v1/tiers")).json()}
        assert list(tiers) == ["test", "premium"]
        assert tiers["test"]["available"] and tiers["test"]["reason"] == ""
        assert tiers["test"]["engines"] == {"speech": "tone", "animation": "sketch"}
        assert tiers["test"]["languages"] == ["en", "el"] and tiers["test"]["voices"] == 2
        assert {name: x["commercial_use"] for name, x in tiers["test"]["licences"].items()} == {
            "tone": True,
            "sketch": True,
        }
        assert not tiers["premium"]["available"]
        assert "prosopon models pull" in tiers["premium"]["reason"]
        assert (await service.get("/ready")).json() == {"tiers": ["test"]}
        refused(await service.post(tier="premium"), 503, "tier_unavailable", "models pull")

    async def test_not_ready_without_any_tier(self, service: Service) -> None:
        service.tiers.broken["test"] = "it burns"
        response = await service.get("/ready")
        refused(response, 503, "tier_unavailable", "it burns", "models pull")
        assert "retry-after" in response.headers
        assert (await service.get("/health")).status_code == 200

    async def test_tier_that_does_not_describe_itself_is_not_available(
        self, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail() -> None:
            raise ProsoponError("its engine is gone")

        monkeypatch.setattr(service.tier, "describe", fail)
        tiers = (await service.get("/v1/tiers")).json()
        assert (tiers[0]["available"], tiers[0]["reason"]) == (False, "its engine is gone")
        assert (await service.get("/v1/voices")).json() == []

    async def test_voices(self, service: Service) -> None:
        voices = (await service.get("/v1/voices")).json()
        assert [voice["id"] for voice in voices] == ["tone:en", "tone:el"]
        assert {voice["tier"] for voice in voices} == {"test"}

    async def test_portraits(self, service: Service) -> None:
        portraits = (await service.get("/v1/portraits")).json()
        assert "preset:astronaut" in [portrait["id"] for portrait in portraits]
        for portrait in portraits:
            assert portrait["credit"] and portrait["licence"]
            image = await service.get(portrait["image"])
            assert image.headers["content-type"].startswith("image/")
            Image.open(io.BytesIO(image.content)).close()

    async def test_emotions_have_names_in_both_languages(self, service: Service) -> None:
        emotions = {e["name"]: e for e in (await service.get("/v1/emotions")).json()}
        assert len(emotions) == 14
        assert "joyful" in emotions["happy"]["english"] and "χαρά" in emotions["happy"]["greek"]

    async def test_documentation_knows_the_bodies(self, service: Service) -> None:
        spec = (await service.get("/openapi.json")).json()
        bodies = spec["paths"]["/v1/videos"]["post"]["requestBody"]["content"]
        schemas = spec["components"]["schemas"]
        assert bodies["application/json"]["schema"]["$ref"].endswith("/VideoOrder")
        assert bodies["multipart/form-data"]["schema"]["$ref"].endswith("/VideoOrderForm")
        assert "size" in schemas["VideoOrder"]["properties"]
        file = schemas["VideoOrderForm"]["properties"]["portrait"]
        assert file["format"] == "binary"

        def references(value: Any) -> set[str]:
            if isinstance(value, dict):
                found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
                return found.union(*map(references, value.values()))
            return set().union(*map(references, value)) if isinstance(value, list) else set()

        prefix = "#/components/schemas/"
        named = {r.removeprefix(prefix) for r in references(spec) if r.startswith(prefix)}
        assert named and named <= set(schemas)


class TestPreviews:
    async def test_script(self, service: Service) -> None:
        body = {"text": "I'm [sad:0.5] to say 3 [hapy] things.", "tier": "test"}
        script = (await service.http.post("/v1/scripts/parse", json=body)).json()
        assert "three" in script["text"]
        spans = [span for u in script["utterances"] for span in u["spans"]]
        assert [(s["emotion"], s["intensity"]) for s in spans if s["position"] >= 0] == [
            ("sad", 0.5)
        ]
        assert script["warnings"][0]["position"] == body["text"].index("[hapy]")
        assert 1 < script["duration_s"] < 10

    async def test_script_without_words(self, service: Service) -> None:
        body = {"text": "[happy]", "tier": "test"}
        refused(await service.http.post("/v1/scripts/parse", json=body), 422, "empty_text")

    async def test_portrait_with_a_face(self, service: Service) -> None:
        body = {"portrait": "preset:astronaut", "tier": "test"}
        check = (await service.http.post("/v1/portraits/check", json=body)).json()
        assert check["fit"] and check["problem"] == ""
        (face,) = check["faces"]
        assert face["fit"] and set(face["crops"]) == {"source", "1:1", "9:16", "16:9"}
        left, top, width, height = face["crops"]["9:16"]
        assert min(left, top) >= 0
        assert left + width <= check["width"] and top + height <= check["height"]

    async def test_picture_without_a_face(self, service: Service) -> None:
        files = {"portrait": ("noise.png", picture())}
        response = await service.http.post(
            "/v1/portraits/check", data={"tier": "test"}, files=files
        )
        check = response.json()
        assert not check["fit"] and "face" in check["problem"] and check["faces"] == []
        assert service.stored() == []

    async def test_file_that_is_no_picture(self, service: Service) -> None:
        files = {"portrait": ("noise.png", b"nothing")}
        response = await service.http.post(
            "/v1/portraits/check", data={"tier": "test"}, files=files
        )
        refused(response, 422, "unreadable_media")
        assert service.stored() == []
