"""The command line through a service."""

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from backends.composition.probe import probe_media
from backends.errors import NoFaceError, ProsoponError
from backends.faces.presets import preset
from backends.performance.exchange import from_csv
from serve_app.cli.app import app
from serve_app.remote import RemoteService
from serve_app.schemas import Stage, VideoRequest
from tests.serve.conftest import Running

pytestmark = pytest.mark.timeout(300)


def speak(running: Running, *arguments: str | Path) -> Result:
    quick = ("--server", running.service.url, "--tier", "test", "--size", "128", "--json")
    return CliRunner().invoke(app, ["speak", *map(str, arguments), *quick])


def test_everything_that_is_asked_for_is_fetched(running: Running, tmp_path: Path) -> None:
    portrait = tmp_path / "face.png"
    Image.open(preset("astronaut").path).save(portrait)
    words = tmp_path / "words.csv"
    words.write_text("everyone,evrywun\n", "utf-8")
    result = speak(
        running, "Hello [hapy] everyone!", "--portrait", portrait, "--pronounce", words,
        "--captions", "vtt", "--emotion", "calm", "--output", tmp_path / "a.mp4",
        "--export-performance", tmp_path / "face.csv",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert facts["path"] == str(tmp_path / "a.mp4") and facts["tier"] == "test"
    assert [warning["code"] for warning in facts["warnings"]] == ["unknown_cue"]
    assert "evrywun" in "".join(cue["text"] for cue in facts["utterances"])
    assert probe_media(tmp_path / "a.mp4").frames == facts["frames"]
    assert len(from_csv((tmp_path / "face.csv").read_text("utf-8"), 25)) == facts["frames"]
    assert (tmp_path / "a.vtt").read_text("utf-8").startswith("WEBVTT")


def test_the_services_refusal_is_the_command_lines(running: Running, tmp_path: Path) -> None:
    portrait = tmp_path / "grey.png"
    Image.new("RGB", (300, 300), "grey").save(portrait)
    result = speak(running, "Hi.", "--portrait", portrait, "--output", tmp_path / "a.mp4")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == NoFaceError.code
    assert [path.name for path in tmp_path.iterdir()] == ["grey.png"]


def test_breaking_off_cancels_the_job(running: Running) -> None:
    def impatient(stage: Stage, done: float) -> None:
        raise KeyboardInterrupt

    request = VideoRequest(text="All work and no play. " * 50, tier="test", size=128)
    with RemoteService(running.service.url) as service, pytest.raises(KeyboardInterrupt):
        service.make(request, {}, impatient)
    newest = running.http.get("/v1/videos", params={"limit": 1}).json()["videos"][0]
    assert running.finish(newest["id"])["status"] == "cancelled"


def test_an_address_that_has_no_service(running: Running) -> None:
    request = VideoRequest(text="Hi.")
    with (
        RemoteService(f"{running.service.url}/docs") as service,
        pytest.raises(ProsoponError, match="Not Found"),
    ):
        service.make(request, {}, lambda stage, done: None)
