"""The command line: flags, results, exit codes, and what it leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from backends.composition.probe import probe_media
from backends.performance.exchange import from_csv, from_json
from backends.speech import ENGINES
from backends.types import Emotion
from serve_app.cli import INTERRUPTED
from serve_app.cli.app import app
from serve_app.cli.flags import BY_HAND, PANELS
from serve_app.config import home
from serve_app.schemas import ClipFacts, VideoRequest

HELLO = "Hello [happy] everyone! I'm [excited] to share this news with you."


def run(*arguments: str | Path, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)


def error_of(result: Result) -> dict[str, str]:
    """The one JSON object that standard output holds."""
    error: dict[str, str] = json.loads(result.stdout)["error"]
    return error


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home that no other test works in, so that what stays behind is told."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROSOPON_HOME", str(tmp_path_factory.mktemp("cli-home")))
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A clip with everything beside it, and the facts that `--json` printed."""
    folder = tmp_path_factory.mktemp("made")
    result = run(
        "speak", HELLO, "--size", "256", "--quality", "draft", "--captions", "srt", "--seed", "7",
        "--export-performance", folder / "face.json", "--output", folder / "hello.mp4", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return folder, json.loads(result.stdout)


# Flags


def test_every_field_of_the_request_has_one_flag() -> None:
    fields = [name for names in PANELS.values() for name in names]
    assert len(fields) == len(set(fields))
    assert {*fields, *BY_HAND} == set(VideoRequest.model_fields)


def test_help_shows_each_flag_with_its_meaning_and_the_emotions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("TERMINAL_WIDTH", "300")
    result = run("speak", "--help")
    assert result.exit_code == 0
    for name in {*VideoRequest.model_fields} - BY_HAND:
        description = VideoRequest.model_fields[name].description
        assert f"--{name.replace('_', '-')}" in result.output
        assert description and description in result.output
    for text in ("--text-file", "--portrait", "--pronounce", *Emotion, "[happy]", "Examples"):
        assert text in result.output
    for panel in PANELS:
        assert f"─ {panel} ─" in result.output


@pytest.mark.parametrize("command", ["speak", "voices", "portraits", "tiers", "doctor", "serve"])
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0 and "Usage" in result.output
    assert command in run("--help").output


def test_version() -> None:
    assert run("--version").output.startswith("prosopon 0.")


# What speak makes


def test_speak_writes_the_video_and_what_was_asked_beside_it(
    made: tuple[Path, dict[str, Any]],
) -> None:
    folder, facts = made
    assert files(folder) == ["face.json", "hello.mp4", "hello.srt"]
    media = probe_media(folder / "hello.mp4")
    assert (media.frames, media.fps, list(media.size)) == (facts["frames"], 25, facts["size"])
    assert media.faststart and media.codec == "h264" and media.audio_codec == "aac"
    assert len(from_json((folder / "face.json").read_text("utf-8"))) == facts["frames"]
    assert "Hello everyone!" in (folder / "hello.srt").read_text("utf-8")


def test_json_is_the_contract(made: tuple[Path, dict[str, Any]]) -> None:
    folder, facts = made
    assert set(facts) == set(ClipFacts.model_fields)
    assert facts["path"] == str(folder / "hello.mp4")
    assert facts["duration_s"] == pytest.approx(facts["frames"] / facts["fps"])
    assert facts["tier"] == "lightweight" and facts["seed"] == 7 and facts["language"] == "en"
    assert facts["engines"] == {"speech": "piper", "animation": "rig", "encoder": "libx264"}
    assert facts["warnings"] == []
    spoken = "Hello everyone! I'm excited to share this news with you."
    heard = "".join(
        cue["text"] if cue["text"].endswith(" ") else cue["text"] + " "
        for cue in facts["utterances"]
    )
    assert " ".join(heard.split()) == spoken
    assert [cue["emotion"] for cue in facts["utterances"]][-1] == "excited"
    ends = [(cue["start_s"], cue["end_s"]) for cue in facts["utterances"]]
    assert all(start < end <= facts["duration_s"] for start, end in ends) and ends == sorted(ends)
    assert facts["phonemes"][0]["start_s"] == 0
    assert facts["phonemes"][-1]["end_s"] == pytest.approx(facts["duration_s"], abs=0.05)
    assert set(facts["timings"]) >= {"speaking", "drawing", "composing"}
    assert facts["real_time_factor"] > 0


def test_without_json_the_result_is_one_line_and_warnings_go_to_stderr(tmp_path: Path) -> None:
    portrait = tmp_path / "face.png"
    Image.open(_astronaut()).save(portrait)
    result = run(
        "speak", "--text-file", "-", "--portrait", portrait, "--size", "128", "--fps", "10",
        "--quality", "draft", "--export-performance", tmp_path / "face.csv",
        "--output", tmp_path / "a.mp4", given="[hapy] Yes.",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert (
        result.stdout.startswith(f"{tmp_path / 'a.mp4'}  ") and "128x128, 10 fps" in result.stdout
    )
    assert "unknown_cue" in result.stderr and "[happy]" in result.stderr
    frames = len(from_csv((tmp_path / "face.csv").read_text("utf-8"), 10))
    assert frames == probe_media(tmp_path / "a.mp4").frames


def _astronaut() -> Path:
    from backends.faces.presets import preset

    return preset("astronaut").path


def test_nothing_stays_in_the_home_folder(made: tuple[Path, dict[str, Any]]) -> None:
    assert files(home() / "tmp") == []


# What is wrong with the input: exit code 2, one line, nothing left behind


def bad_text_file(folder: Path) -> list[str | Path]:
    (folder / "text.txt").write_bytes(b"\xff\xfe\x00")
    return ["--text-file", folder / "text.txt"]


def bad_picture(folder: Path) -> list[str | Path]:
    (folder / "face.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    return ["hi", "--portrait", folder / "face.png"]


def no_face(folder: Path) -> list[str | Path]:
    Image.new("RGB", (400, 400), "grey").save(folder / "face.png")
    return ["hi", "--portrait", folder / "face.png"]


def bad_lexicon(folder: Path) -> list[str | Path]:
    (folder / "words.csv").write_text("one,two,three\n", "utf-8")
    return ["hi", "--pronounce", folder / "words.csv"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["", "--seed", "1"], "empty_text", "no words"),
        (["[happy] [sad]"], "empty_text", "no words"),
        (["many words " * 2000], "text_too_long", "characters"),
        (["--tier", "balanced", "many words " * 2000], "text_too_long", "characters"),  # told first
        ([], "invalid_input", "--text-file"),
        (["hi", "--text-file", "text.txt"], "invalid_input", "not both"),
        (["--text-file", "/nowhere/text.txt"], "invalid_input", "/nowhere/text.txt"),
        (bad_text_file, "invalid_input", "UTF-8"),
        (["hi", "--portrait", "/nowhere/face.jpg"], "unreadable_media", "/nowhere/face.jpg"),
        (["hi", "--portrait", "preset:nobody"], "unknown_portrait", "astronaut"),
        (bad_picture, "unreadable_media", "face.png is not a picture"),
        (no_face, "no_face", "face.png ("),
        (["hi", "--face", "9"], "invalid_input", "one face"),
        (["hi", "--voice", "nobody"], "unknown_voice", "nobody"),
        (["hi", "--language", "zu"], "unsupported_language", "zu"),
        (["hi", "--language", "English"], "invalid_input", "--language"),
        (["hi", "--tier", "luxury"], "unknown_tier", "lightweight"),
        (["hi", "--size", "301"], "invalid_input", "--size"),
        (["hi", "--encoder", "vaapi"], "unsupported_encoder", "vaapi"),
        (bad_lexicon, "invalid_input", "words.csv"),
        (["hi", "--export-performance", "face.txt"], "unwritable_output", ".csv"),
        (["hi", "--server", "localhost:8000"], "invalid_input", "http://"),
    ],
    ids=lambda value: value.__name__ if callable(value) else str(value)[:40],
)
def test_bad_input(arguments: Any, code: str, said: str, tmp_path: Path) -> None:
    if callable(arguments):
        arguments = arguments(tmp_path)
    before = files(tmp_path)
    result = run("speak", *arguments, "--output", tmp_path / "out.mp4", "--json")
    assert result.exit_code == 2, result.output
    assert error_of(result)["code"] == code
    assert said in error_of(result)["message"]
    assert result.stderr.startswith(f"{code}: ") and result.stderr.count("\n") == 1
    assert files(tmp_path) == before
    assert not (home() / "tmp").exists() or files(home() / "tmp") == []


@pytest.mark.parametrize(
    "output", ["out.avi", "nowhere/out.mp4", "folder.mp4", "x" * 300 + ".mp4", "/proc/out.mp4"]
)
def test_unwritable_output_is_told_before_any_work(output: str, tmp_path: Path) -> None:
    (tmp_path / "folder.mp4").mkdir()
    result = run("speak", "hi", "--output", tmp_path / output, "--json")
    assert result.exit_code == 2
    assert error_of(result)["code"] == "unwritable_output"
    assert files(tmp_path) == ["folder.mp4"]


def test_an_earlier_video_stays_when_a_new_one_fails(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_bytes(b"precious")
    assert run("speak", "", "--output", tmp_path / "out.mp4").exit_code == 2
    assert (tmp_path / "out.mp4").read_bytes() == b"precious"
    assert files(tmp_path) == ["out.mp4"]


def test_a_background_that_is_none(tmp_path: Path) -> None:
    result = run("speak", "hi", "--background", "purple", "--json", "-o", tmp_path / "a.mp4")
    assert result.exit_code == 2
    error = error_of(result)
    assert error["code"] == "unreadable_media"
    assert "source, blur, #rrggbb" in error["message"]


@pytest.mark.parametrize(
    "arguments",
    [["--emotion", "joyy"], ["--intensity", "2"], ["--speed", "0"], ["--fps", "1000"], ["--wat"]],
)
def test_usage_mistakes(arguments: list[str]) -> None:
    result = run("speak", "hi", *arguments)
    assert result.exit_code == 2
    assert not result.stdout and arguments[0] in result.stderr


def test_an_unreachable_service_is_no_fault_of_the_input(tmp_path: Path) -> None:
    result = run(
        "speak", "hi", "--server", "http://127.0.0.1:9", "--json", "-o", tmp_path / "a.mp4"
    )
    assert result.exit_code == 1
    assert error_of(result)["code"] == "service_unreachable"
    assert "prosopon serve" in error_of(result)["message"]
    assert files(tmp_path) == []


def test_unexpected_errors_are_told_in_json_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(name: str) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("serve_app.cli.making.read_tier", broken)
    result = run("speak", "hi", "--json", "--output", tmp_path / "a.mp4")
    assert result.exit_code == 1
    assert error_of(result) == {"code": "internal", "message": "RuntimeError: a fault of ours"}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(ending: signal.Signals, tmp_path: Path) -> None:
    """The signal comes in the middle of the work: some segments are drawn, most are not."""
    state, output = tmp_path / "home", tmp_path / "out"
    output.mkdir()
    with subprocess.Popen(
        [
            *(sys.executable, "-c", "from serve_app.cli import main; main()", "speak"),
            *("All work and no play. " * 60, "--size", "512", "--output", output / "a.mp4"),
        ],
        env={**os.environ, "PROSOPON_HOME": str(state), "PYTHONPATH": str(Path.cwd())},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            while not list(state.glob("tmp/*/clips/*/segments/*.mp4")) and process.poll() is None:
                time.sleep(0.02)
            process.send_signal(ending)
            _, said = process.communicate()
        finally:
            process.kill()
    assert process.returncode == INTERRUPTED
    assert "Traceback" not in said and "interrupted" in said
    assert files(output) == [] and files(state / "tmp") == []


# What there is


def rows(*arguments: str) -> list[dict[str, Any]]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_voices() -> None:
    found = rows("voices")
    assert "piper:en_US-joe-medium" in [voice["id"] for voice in found]
    assert all(voice["licence"]["weights"] for voice in found)
    assert rows("voices", "--language", "zu") == []
    assert "piper:en_US-joe-medium" in run("voices", "--language", "en").stdout


def test_portraits() -> None:
    found = rows("portraits")
    assert "preset:astronaut" in [portrait["id"] for portrait in found]
    assert all(portrait["licence"] and portrait["credit"] for portrait in found)
    assert "preset:astronaut" in run("portraits").stdout


def test_a_picture_is_checked_before_it_is_used() -> None:
    found = json.loads(run("portraits", "check", "preset:hopper", "--json").stdout)
    assert found["fit"] and (found["width"], found["height"]) == (512, 600)
    (face,) = found["faces"]
    assert face["fit"] and face["visible"] == 1 and face["warnings"] == []
    told = run("portraits", "check", "preset:hopper")
    assert told.exit_code == 0 and "can be animated" in told.stdout


def test_a_picture_that_cannot_be_used_is_told_with_its_name(tmp_path: Path) -> None:
    wall = tmp_path / "wall.png"
    Image.new("RGB", (320, 200), "grey").save(wall)
    result = run("portraits", "check", wall)
    assert result.exit_code == 2
    assert f"{wall} (320 x 200 pixels)" in result.stderr
    assert run("portraits", "check", tmp_path / "none.png").exit_code == 2


def test_tiers() -> None:
    (lightweight,) = (tier for tier in rows("tiers") if tier["name"] == "lightweight")
    assert lightweight["available"] and lightweight["engines"]["animation"] == "rig"
    assert lightweight["engines"]["speech"] == "piper + kokoro + espeak"
    assert {"piper", "rig"} <= lightweight["licences"].keys()
    assert "rig" in run("tiers").stdout


def test_a_tier_that_lacks_something_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = dict.fromkeys(("piper", "kokoro", "espeak"), "no_such_package:Engine")
    monkeypatch.setattr("backends.speech.ENGINES", dict(ENGINES) | missing)
    (lightweight,) = (tier for tier in rows("tiers") if tier["name"] == "lightweight")
    assert not lightweight["available"]
    assert "prosopon[piper]" in lightweight["reason"]


def test_doctor() -> None:
    found = {finding["what"]: finding for finding in rows("doctor")}
    for what in ("Python", "home", "Ray Serve", "speech: piper", "animation: rig", "h264: x264"):
        assert found[what]["state"] == "ok", found[what]
    assert "GPL-3.0-or-later" in found["the whole"]["detail"]


def test_doctor_names_what_mends_a_home_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PROSOPON_HOME", "/proc/prosopon")
    result = run("doctor", "--json")
    assert result.exit_code == 1
    (finding,) = (f for f in json.loads(result.stdout) if f["what"] == "home")
    assert finding["state"] == "broken" and "PROSOPON_HOME" in finding["detail"]
