"""`prosopon speak --batch`: every row for itself, nothing made twice, one account of it all."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner, Result

from backends.errors import AnimationError, InputError, NoFaceError
from backends.faces.presets import preset
from serve_app.cli import INTERRUPTED
from serve_app.cli.app import app
from serve_app.cli.batch import COLUMNS, read_rows
from serve_app.cli.making import Here, Media, Outputs
from serve_app.config import EngineConfig, TierConfig
from serve_app.schemas import ClipFacts, Report, Stage, VideoRequest

SMALL = ("--size", "128", "--quality", "draft", "--fps", "10")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def table(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    file = folder / "talks.csv"
    file.write_text("\n".join(lines) + "\n", encoding=encoding)
    return file


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def statuses(result: Result) -> list[str]:
    return [row["status"] for row in told(result)["rows"]]


@pytest.fixture(scope="module", autouse=True)
def small_tier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tone voice and the sketch: what makes videos does not matter here."""
    tier = TierConfig(
        tier="lightweight",
        speech=EngineConfig(engine="tone"),
        animation=EngineConfig(engine="sketch"),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROSOPON_HOME", str(tmp_path_factory.mktemp("batch-home")))
        patch.setattr("serve_app.cli.making.read_tier", lambda _: tier)
        yield


class TestTable:
    @pytest.mark.parametrize("mark", [",", ";", "\t"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    def test_what_spreadsheets_write(self, tmp_path: Path, mark: str, encoding: str) -> None:
        lines = [
            ("Text", "--head-motion", "voice "),
            ("Γεια, σας; κι εσύ", "0.5", ""),
            ("", "", ""),
        ]
        written = [mark.join(f'"{cell}"' for cell in line) for line in lines]
        (row,) = read_rows(table(tmp_path, *written, encoding=encoding))
        assert row.cells == {"text": "Γεια, σας; κι εσύ", "head_motion": "0.5"}
        assert row.output == tmp_path / "0001.mp4"
        request = row.request({"voice": "tone:el"})
        assert (request.head_motion, request.voice) == (0.5, "tone:el")

    def test_text_over_several_lines(self, tmp_path: Path) -> None:
        rows = read_rows(table(tmp_path, "text,output", '"One.\nTwo.",a.mp4', "Three.,b.mp4"))
        assert [row.cells["text"] for row in rows] == ["One.\nTwo.", "Three."]

    def test_paths_count_from_the_table(self, tmp_path: Path) -> None:
        (tmp_path / "words.txt").write_text("Prosopon, Pro so pon", encoding="utf-8")
        (tmp_path / "talk.txt").write_text("Hello from a file.", encoding="utf-8")
        head = "text_file,portrait,background,pronounce,driving_video"
        line = "talk.txt,faces/ann.jpg,beach.png,words.txt,me.mp4"
        (row,) = read_rows(table(tmp_path, head, line))
        request = row.request({"portrait": "preset:astronaut"})
        assert request.text == "Hello from a file."
        assert request.portrait == str(tmp_path / "faces/ann.jpg")
        assert request.background == str(tmp_path / "beach.png")
        assert request.driving_video == str(tmp_path / "me.mp4")
        assert request.pronounce == {"Prosopon": "Pro so pon"}

    @pytest.mark.parametrize(
        ("lines", "words"),
        [
            (("text,potrait", "a,b"), "did you mean 'portrait'"),
            (("text,xyzzy", "a,b"), "there is no column 'xyzzy'"),
            (("text,text", "a,b"), "twice"),
            (("text,--Text", "a,b"), "twice"),
            (("text",), "no rows"),
            (("",), "is empty"),
            (("text", '"' + "a" * 200_000 + '"'), "line"),
        ],
    )
    def test_table_that_cannot_be_used(
        self, tmp_path: Path, lines: tuple[str, ...], words: str
    ) -> None:
        result = run("speak", "--batch", table(tmp_path, *lines), "--json")
        assert result.exit_code == 2, result.output
        assert words in told(result)["error"]["message"]

    def test_file_that_is_no_table(self, tmp_path: Path) -> None:
        assert run("speak", "--batch", tmp_path / "none.csv").exit_code == 2
        (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
        assert run("speak", "--batch", tmp_path / "a.csv").exit_code == 2

    @given(st.binary(max_size=300))
    def test_any_bytes_are_a_table_or_the_callers_error(
        self, tmp_path_factory: pytest.TempPathFactory, data: bytes
    ) -> None:
        file = tmp_path_factory.mktemp("any") / "a.csv"
        file.write_bytes(data)
        try:
            rows = read_rows(file)
        except InputError:
            return
        assert rows and all(set(row.cells) <= set(COLUMNS) for row in rows)


class TestFlags:
    @pytest.mark.parametrize(
        "flags",
        [
            ("Hello",),
            ("--text-file", "a.txt"),
            ("--output", "a.mp4"),
            ("--export-performance", "a.json"),
        ],
    )
    def test_what_rows_have_of_their_own(self, tmp_path: Path, flags: tuple[str, ...]) -> None:
        file = table(tmp_path, "text", "a")
        result = run("speak", *flags, "--batch", file, "--json")
        assert result.exit_code == 2 and "--batch" in told(result)["error"]["message"]

    def test_flags_that_are_wrong_are_told_before_any_row(self, tmp_path: Path) -> None:
        result = run("speak", "--batch", table(tmp_path, "text", "a"), "--size", "129", "--json")
        assert result.exit_code == 2 and "--size" in told(result)["error"]["message"]


def test_bad_rows_stop_no_others_and_nothing_is_made_twice(tmp_path: Path) -> None:
    """In this process, from the first run over a repeated one to a changed table."""
    with Image.open(preset("preset:astronaut").path) as face:
        face.convert("RGB").resize((400, 400)).save(tmp_path / "face.jpg")
    (tmp_path / "noise.jpg").write_bytes(b"no picture")
    head = "text,portrait,output,captions,export_performance,head_motion"
    lines = [
        "Hello there.,,a.mp4,srt,a.csv,",
        "Hello.,noise.jpg,b.mp4,,,",
        "Hello.,,c.mp4,,,much",
        ",,d.mp4,,,",
        "Bye [happy] all.,face.jpg,,,,0",
        "Hello.,,a.mp4,,,",
        "Hello.,,e.mp4,,,,one,too,many",
        "Hello.,,f.avi,,,",
    ]
    file = table(tmp_path, head, *lines)
    first = run("speak", "--batch", file, *SMALL, "--json")
    assert first.exit_code == 2, first.output
    assert statuses(first) == [
        "made", "refused", "refused", "refused", "made", "refused", "refused", "refused",
    ]  # fmt: skip
    rows = told(first)["rows"]
    codes = [row["error"]["code"] for row in rows if row["error"]]
    assert codes == [
        "unreadable_media", "invalid_input", "invalid_input",
        "unwritable_output", "invalid_input", "unwritable_output",
    ]  # fmt: skip
    assert "noise.jpg" in rows[1]["error"]["message"]
    assert "head_motion" in rows[2]["error"]["message"]
    assert told(first)["counts"] == {"made": 2, "refused": 6}
    assert rows[0]["clip"]["path"] == rows[0]["output"] == str(tmp_path / "a.mp4")
    made = {"a.mp4", "a.srt", "a.csv", "0005.mp4"}
    given_files = {"talks.csv", "face.jpg", "noise.jpg", "talks.csv.done"}
    assert {path.name for path in tmp_path.iterdir()} == made | given_files

    stamp = (tmp_path / "a.mp4").stat().st_mtime_ns
    (tmp_path / "0005.mp4").unlink()
    lines = [lines[0], lines[4]]
    lines[1] = lines[1].replace("face.jpg,,", "face.jpg,0005.mp4,")
    again = run("speak", "--batch", table(tmp_path, head, *lines), *SMALL, "--json")
    assert (again.exit_code, statuses(again)) == (0, ["kept", "made"])
    assert (tmp_path / "a.mp4").stat().st_mtime_ns == stamp
    assert told(again)["rows"][0]["clip"] == rows[0]["clip"]

    lines[0] = lines[0].replace("Hello there.", "Hello again.")
    changed = run("speak", "--batch", table(tmp_path, head, *lines), *SMALL, "--json")
    assert statuses(changed) == ["made", "kept"]
    with Image.open(tmp_path / "face.jpg") as face:
        face.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "face.jpg")
    with (tmp_path / "talks.csv.done").open("a", encoding="utf-8") as record:
        record.write('{"output": "cut of')
    replaced = run("speak", "--batch", file, *SMALL, "--json")
    assert statuses(replaced) == ["kept", "made"]


class _Maker(Here):
    """Makes nothing, in the ways that rows end."""

    faults: Mapping[str, BaseException] = {}

    def make(
        self, request: VideoRequest, media: Media, files: Outputs, report: Report
    ) -> ClipFacts:
        report(Stage.SPEAKING, 0.5)
        if fault := self.faults.get(request.text):
            raise fault
        files.video.write_bytes(b"video of " + request.text.encode())
        return ClipFacts.model_construct(path="", duration_s=1.0, real_time_factor=0.1)


@pytest.mark.parametrize(
    ("faults", "ended", "code"),
    [
        ({}, ["made", "made", "made"], 0),
        ({"b": NoFaceError("nobody")}, ["made", "refused", "made"], 2),
        ({"b": AnimationError("broken")}, ["made", "failed", "made"], 1),
        ({"a": NoFaceError("x"), "b": RuntimeError("bug")}, ["refused", "failed", "made"], 1),
    ],
)
@pytest.mark.parametrize("parallel", [1, 3])
def test_how_it_ends(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    faults: dict[str, BaseException],
    ended: list[str],
    code: int,
    parallel: int,
) -> None:
    monkeypatch.setattr("serve_app.cli.making.Here", _Maker)
    monkeypatch.setattr(_Maker, "faults", faults)
    monkeypatch.setattr(_Maker, "parallel", parallel)
    result = run("speak", "--batch", table(tmp_path, "text", "a", "b", "c"), "--json")
    assert (statuses(result), result.exit_code) == (ended, code), result.output
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    people = run("speak", "--batch", tmp_path / "talks.csv")
    assert people.exit_code == code and "3 rows" in people.output


def test_interruption_leaves_the_rest_for_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve_app.cli.making.Here", _Maker)
    monkeypatch.setattr(_Maker, "faults", {"b": KeyboardInterrupt()})
    file = table(tmp_path, "text", "a", "b", "c")
    result = run("speak", "--batch", file, "--json")
    assert (statuses(result), result.exit_code) == (["made", "stopped", "stopped"], INTERRUPTED)
    monkeypatch.setattr(_Maker, "faults", {})
    assert run("speak", "--batch", file).exit_code == 0


def test_record_that_cannot_be_written(tmp_path: Path) -> None:
    file = table(tmp_path, "text", "a")
    (tmp_path / "talks.csv.done").mkdir()
    result = run("speak", "--batch", file, "--json")
    assert result.exit_code == 2 and told(result)["error"]["code"] == "unwritable_output"


def test_help_tells_of_it() -> None:
    assert "--batch" in run("speak", "--help").output
