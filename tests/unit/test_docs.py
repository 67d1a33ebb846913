"""What the documents promise: commands that parse, code that runs, files and verbs that exist."""

import ast
import re
import shlex
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.markup import render
from typer.testing import CliRunner

from backends.script import ScriptOptions, parse
from backends.types import Emotion
from serve_app.cli.app import app
from serve_app.cli.batch import read_rows
from serve_app.cli.speak import EXAMPLES
from serve_app.config import tier_names
from serve_app.schemas import VideoRequest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def table(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its header."""
    rows = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in rows.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def commands(program: str, text: str) -> list[str]:
    """Command lines of a program, without its name; what a shell would redirect is left out."""
    found = re.findall(rf"^(?:\S*/)?{program} (.*)$", text, flags=re.MULTILINE)
    return [command.partition(" < ")[0] for command in found]


IN_README = commands("prosopon", "\n".join(blocks("console")))
IN_HELP = commands("prosopon", str(render(EXAMPLES)))


def test_there_are_examples() -> None:
    assert len(IN_README) > 8 and len(IN_HELP) > 3


@pytest.mark.parametrize("command", [*IN_README, *IN_HELP])
def test_every_command_is_one(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`speak` goes as far as the finished request; of the others the flags are read."""
    monkeypatch.chdir(tmp_path)
    for name in ("face.jpg", "talk.txt", "clip.mp4", "me.mp4", "speech.mp3", "voice.wav"):
        (tmp_path / name).write_text("Hello.", "utf-8")
    asked: list[VideoRequest] = []

    def make(request: VideoRequest, *_: Any) -> None:
        asked.append(request)
        raise KeyboardInterrupt

    def make_batch(table: Path, defaults: dict[str, Any], *_: str | None) -> None:
        (first, *_) = [row.request(defaults) for row in read_rows(table)]
        make(first)

    (tmp_path / "talks.csv").write_text(*blocks("csv"), encoding="utf-8")
    monkeypatch.setattr("serve_app.cli.speak.make", make)
    monkeypatch.setattr("serve_app.cli.batch.run_batch", make_batch)
    name, *arguments = shlex.split(command)
    if name == "speak" and arguments != ["--help"]:
        CliRunner().invoke(app, [name, *arguments], input="Hello.", catch_exceptions=False)
        (request,) = asked
        said = request.text or request.transcript
        if said or not (request.driving_video or request.audio):
            assert parse(said, request.script_options(10_000)).warnings == ()
        assert request.tier in tier_names()
    else:
        arguments = [*arguments, "--help"]
        assert CliRunner().invoke(app, [name, *arguments]).exit_code == 0


def test_the_spoken_table_is_what_the_parser_does() -> None:
    section = README.partition("the others are not:")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if "[" in line]
    assert len(rows) == 3
    for source, spoken in rows:
        assert parse(source, ScriptOptions()).text == spoken


def test_the_cues_table_parses_without_warnings() -> None:
    cells = [row[0] for row in table("Cues")]
    cues = [cue for cell in cells for cue in re.findall(r"`(\[[^`]+\])`", cell)]
    assert len(cues) >= 7
    for cue in cues:
        assert parse(f"{cue} word", ScriptOptions()).warnings == (), cue
    named = README.partition("There are ")[2].partition(".")[0]
    assert set(re.split(r",\s+|\s+and\s+", named)) == {str(emotion) for emotion in Emotion}


def test_python_examples_run_up_to_the_heavy_part() -> None:
    """Imports resolve and calls have the right names; the clip itself is made in other tests."""
    for block in blocks("python"):
        tree = ast.parse(block)
        light = [node for node in tree.body if not isinstance(node, ast.With)]
        scope: dict[str, Any] = {}
        exec(compile(ast.Module(light, []), "README.md", "exec"), scope)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                assert node.id in {*scope, "here", "None"}, node.id


def test_tiers_that_work_are_the_shipped_ones() -> None:
    rows = table("Tiers")
    assert {row[0] for row in rows if row[-1] == "works"} == set(tier_names())


def test_every_verb_of_the_makefile_is_told_and_every_told_verb_exists() -> None:
    verbs = set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, flags=re.MULTILINE))
    told = set(re.findall(r"`make ([a-z-]+)", README))
    assert told == verbs - {"help", "format"}


def test_relative_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_every_folder_named_exists() -> None:
    folders = re.findall(r"^\| `(\w+)/` \|", README, flags=re.MULTILINE)
    assert len(folders) >= 5
    assert all((ROOT / folder).is_dir() for folder in folders)


ATTACKS = (
    "SSRF|fetch an address", "huge decoded", "path traversal", "another tenant", "replay", "time that comparing takes",
    "of the other|at the same time", "code in checkpoints", "playlists", "logs, traces and metrics",
)  # fmt: skip
"""That must have a row, beside each item of OWASP's list."""


@cache
def defined(path: str) -> set[str]:
    """Tests of a file, and their classes, as tables name them."""
    found: set[str] = set()
    for node in ast.parse((ROOT / path).read_text("utf-8")).body:
        for inner in getattr(node, "body", ()) if isinstance(node, ast.ClassDef) else ():
            found.add(f"{node.name}::{getattr(inner, 'name', '')}")  # type: ignore[attr-defined]
        found.add(str(getattr(node, "name", "")))
    return found


def test_the_attacks_are_tried_by_tests_that_are_there() -> None:
    table = (ROOT / "docs" / "security.md").read_text("utf-8").partition("## Attacks")[2]
    named = re.findall(r"`(tests/\S+\.py)(?:::(\S+?))?`", table)
    assert len(named) > 45
    for path, name in named:
        assert name in defined(path) or (not name and (ROOT / path).exists()), f"{path}::{name}"
    rows = [line for line in table.splitlines() if line.startswith("| ")][2:]
    assert all("`tests/" in row for row in rows)
    for item in range(1, 11):
        assert any(re.search(rf"\bAPI{item}\b", row) for row in rows), f"API{item} has no row"
    for attack in ATTACKS:
        assert re.search(attack, table), f"no row tells of: {attack}"


def test_the_changelog_has_this_version() -> None:
    assert f"## [{version('prosopon')}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_service_example_names_the_shipped_port() -> None:
    config = yaml.safe_load((ROOT / "configs" / "lightweight.yaml").read_text("utf-8"))
    port = config["http_options"]["port"]
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", README)) == {str(port)}


def test_the_licence_files_say_what_the_project_says() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert "GPL-3.0-or-later" in notice
    for path in re.findall(r"^  (backends/\S+)$", notice, flags=re.MULTILINE):
        assert (ROOT / path).exists(), path
