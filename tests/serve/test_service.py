"""The whole service on a real Ray cluster, over HTTP."""

import asyncio
import io
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import httpx
import psutil
import pytest
from PIL import Image

from backends.errors import EngineError, InputError
from backends.faces.presets import preset
from benchmarks.boxes import unsigned
from serve_app.config import read_serve_config
from serve_app.local import Studio
from serve_app.schemas import VideoRequest
from serve_app.service import LocalService
from tests.serve.conftest import MAX_UPLOAD, PATIENCE_S, Running, wait_for

pytestmark = pytest.mark.timeout(900)

TEXT = "Hello [happy] everyone! I'm [excited] to share this news with you."
LONG_TEXT = " ".join(
    f"This is sentence number {n} of a text that is long enough to be interrupted."
    for n in range(20)
)


def video_packets(mp4: bytes) -> list[bytes]:
    with av.open(io.BytesIO(mp4)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def check_mp4(mp4: bytes, clip: dict[str, Any]) -> None:
    """What every clip promises: codecs, size, frames, sound as long as the picture, ready to stream."""
    assert mp4.index(b"moov") < mp4.index(b"mdat")
    with av.open(io.BytesIO(mp4)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert audio.codec_context.name == "aac"
        assert [video.width, video.height] == clip["size"]
        assert video.average_rate == clip["fps"]
        assert sum(1 for _ in container.decode(video=0)) == clip["frames"]
        assert clip["duration_s"] == pytest.approx(clip["frames"] / clip["fps"])
        video_s = float(video.duration * video.time_base)
        audio_s = float(audio.duration * audio.time_base)
        assert abs(video_s - audio_s) <= 1 / clip["fps"]


def drawing_replicas(running: Running) -> set[str]:
    """The Animation replicas of the test tier that logged a drawn segment."""
    logs = running.service.logs.glob("replica_test_Animation_*.log")
    return {log.name for log in logs if re.search(r"CALL draw OK", log.read_text())}


CLIP_FILES = {"clip.mp4", "captions.srt", "captions.vtt", "performance.json"}


def files_of(running: Running, job: str) -> set[str]:
    """What is stored of a job, without the name of the run."""
    return {n.split("/", 3)[-1] for n in running.stored() if n.startswith(f"jobs/{job}/")}


def calls(running: Running, deployment: str, method: str) -> int:
    """How often replicas of the test tier logged such a call as done."""
    logs = running.service.logs.glob(f"replica_test_{deployment}_*.log")
    return sum(len(re.findall(rf"CALL {method} OK", log.read_text())) for log in logs)


def test_lightweight_makes_a_video(running: Running) -> None:
    job = running.make(text=TEXT, tier="lightweight", size=256)
    clip = job["clip"]
    assert clip["engines"] == {"speech": "piper", "animation": "rig", "encoder": "libx264"}
    spoken = "".join(cue["text"] for cue in clip["utterances"])
    assert spoken.replace(" ", "") == "Helloeveryone!I'mexcitedtosharethisnewswithyou."
    assert {cue["emotion"] for cue in clip["utterances"]} >= {"happy", "excited"}
    check_mp4(running.http.get(clip["path"]).content, clip)


def test_progress_goes_up_to_a_video_that_keeps_its_promises(running: Running) -> None:
    job = running.begin(text=LONG_TEXT, captions="vtt")
    seen: list[dict[str, Any]] = []

    def ended() -> bool:
        seen.append(running.job(job))
        return seen[-1]["status"] not in ("queued", "running")

    wait_for("the end", ended)
    done = seen[-1]
    assert done["status"] == "succeeded", done
    assert (done["progress"], done["attempts"]) == (1.0, 1)
    progress = [s["progress"] for s in seen if s["status"] == "running"]
    assert progress == sorted(progress)
    assert len(set(progress)) > 2
    assert {s["stage"] for s in seen} & {"speaking", "drawing"}
    check_mp4(running.http.get(done["clip"]["path"]).content, done["clip"])
    assert running.http.get(f"/v1/videos/{job}/captions.vtt").text.startswith("WEBVTT")
    wait_for("the tidying", lambda: files_of(running, job) == CLIP_FILES)


def test_segments_of_a_clip_are_drawn_by_all_replicas(running: Running) -> None:
    running.make(text=LONG_TEXT)
    assert len(running.replicas("test:Animation")) == 2
    assert len(drawing_replicas(running)) == 2


def test_video_stream_is_the_same_as_in_one_process(running: Running, tmp_path: Path) -> None:
    request = {"text": TEXT + " " + TEXT, "seed": 7, "captions": "burn"}
    clip = running.make(**request)["clip"]
    studio = Studio(running.tier, tmp_path / "work")
    whole = VideoRequest(tier="test", size=128, quality="draft", **request)
    output = tmp_path / "clip.mp4"
    local = asyncio.run(studio.make(whole, output, lambda *_: None))
    assert local.facts.frames == clip["frames"] > 3 * 25
    served = running.http.get(clip["path"]).content
    assert video_packets(served) == video_packets(output.read_bytes())
    assert unsigned(served) == unsigned(output.read_bytes())


def test_portrait_is_sent_along(running: Running) -> None:
    files = {"portrait": ("face.png", preset("astronaut").path.read_bytes())}
    fields = {"text": "Hi.", "tier": "test", "size": "128"}
    posted = running.http.post("/v1/videos", data=fields, files=files)
    assert posted.status_code == 202, posted.text
    assert running.finish(posted.json()["id"])["status"] == "succeeded"


def grey(side: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), "grey").save(file, "png")
    return file.getvalue()


@pytest.mark.parametrize(
    ("fields", "picture", "status", "code"),
    [
        ({"text": ""}, None, 422, "empty_text"),
        ({"text": "[happy] [sad]"}, None, 422, "empty_text"),
        ({"text": "word " * 3000}, None, 422, "text_too_long"),
        ({"voice": "nobody"}, None, 422, "unknown_voice"),
        ({"language": "ja"}, None, 422, "unsupported_language"),
        ({"portrait": "preset:nobody"}, None, 422, "unknown_portrait"),
        ({"tier": "other"}, None, 422, "unknown_tier"),
        ({"tier": "luxury"}, None, 503, "tier_unavailable"),
        ({"size": "1"}, None, 422, "invalid_input"),
        ({}, grey(300), 422, "no_face"),
        ({}, b"GIF89a, or so it says", 422, "unreadable_media"),
        ({}, grey(300)[:100], 422, "unreadable_media"),
        ({}, grey(20_000), 413, "media_too_large"),
        ({}, bytes(MAX_UPLOAD + 10), 413, "request_too_large"),
    ],
    ids=lambda value: "picture" if isinstance(value, bytes) else None,
)
def test_bad_input_is_told_at_once_and_leaves_nothing(
    running: Running, fields: dict[str, str], picture: bytes | None, status: int, code: str
) -> None:
    before = running.stored()
    body = {"text": "Hello.", "tier": "test", "size": "128"} | fields
    files = {"portrait": ("face.png", picture)} if picture else None
    if files:
        response = running.http.post("/v1/videos", data=body, files=files)
    else:
        response = running.http.post("/v1/videos", json=body)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"]
    assert running.stored() == before


def test_missing_tier_is_told_and_stops_no_other(running: Running) -> None:
    tiers = {tier["name"]: tier for tier in running.http.get("/v1/tiers").json()}
    assert {name: tier["available"] for name, tier in tiers.items()} == {
        "test": True,
        "lightweight": True,
        "premium": False,
        "luxury": False,
    }
    assert "voices_dir" in tiers["premium"]["reason"], "what is missing, and what mends it"
    assert "Traceback" not in tiers["premium"]["reason"]
    assert tiers["luxury"]["reason"]
    assert running.http.get("/ready").json()["tiers"] == ["test", "lightweight"]


def test_cancelled_video_stops_and_leaves_nothing(running: Running) -> None:
    job = running.begin(text=LONG_TEXT)
    wait_for("the drawing", lambda: running.job(job)["progress"] > 0.05)
    cancelled = running.http.delete(f"/v1/videos/{job}")
    assert (cancelled.status_code, cancelled.json()["status"]) == (202, "cancelled")
    wait_for("the clearing", lambda: not any(job in name for name in running.stored()))
    assert running.http.delete(f"/v1/videos/{job}").status_code == 204
    assert running.http.get(f"/v1/videos/{job}").status_code == 404


def test_video_survives_the_death_of_a_replica_that_draws(running: Running) -> None:
    job = running.begin(text=LONG_TEXT)
    wait_for("the drawing", lambda: running.job(job)["progress"] > 0.1)
    running.replicas("test:Animation")[0].kill()
    done = running.finish(job)
    assert (done["status"], done["attempts"]) == ("succeeded", 1), done


def test_video_survives_the_death_of_its_director(running: Running) -> None:
    before = calls(running, "Speech", "speak")
    job = running.begin(text=LONG_TEXT)
    wait_for("the drawing", lambda: running.job(job)["progress"] > 0.1)
    (director,) = running.replicas("test:Director")
    director.kill()
    done = running.finish(job)
    assert (done["status"], done["attempts"]) == ("succeeded", 2), done
    wait_for("the tidying", lambda: files_of(running, job) == CLIP_FILES)
    sentences = LONG_TEXT.count(".")
    assert calls(running, "Speech", "speak") - before <= sentences + 1, "one may have been lost"
    assert wait_for("the tier", lambda: running.post(text="Hi.").status_code == 202)


def test_taken_port_is_refused(running: Running) -> None:
    port = int(running.service.url.rpartition(":")[2])
    with pytest.raises(InputError, match=str(port)):
        LocalService(read_serve_config("lightweight"), port=port)


def test_second_service_in_one_process_is_refused(running: Running, tmp_path: Path) -> None:
    with (
        pytest.raises(EngineError, match="Ray already"),
        LocalService(read_serve_config("lightweight"), port=0, folder=tmp_path),
    ):
        pass
    assert running.http.get("/ready").status_code == 200


def test_service_that_fails_or_is_interrupted_leaves_nothing(
    running: Running, tmp_path: Path
) -> None:
    """Beside another Ray, twice in one process: once a start that fails, once an interrupt."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.serve.lifecycle", tmp_path], stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            failure = json.loads(process.stdout.readline())
            assert "nonsense" in failure["error"], failure
            assert failure["left"] == []
            started = json.loads(process.stdout.readline())
            assert httpx.get(f"{started['url']}/ready", trust_env=False).is_success
            ours = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 130
        finally:
            process.kill()
    assert [child for child in ours if child.is_running()] == []
    assert not any(Path(folder).exists() for folder in (failure["folder"], started["folder"]))
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{started['url']}/ready", trust_env=False)
    assert running.http.get("/ready").json()["tiers"] == ["test", "lightweight"]
