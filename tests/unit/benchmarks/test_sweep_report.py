"""The report, the page of limits, and the commands that write them."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.sweep import records
from benchmarks.sweep.answers import answers
from benchmarks.sweep.findings import Findings, findings
from benchmarks.sweep.limits import markdown
from benchmarks.sweep.plots import plots
from benchmarks.sweep.report import html
from serve_app.cli.app import app
from tests.unit.benchmarks import sweeps

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "benchmarks" / "results" / records.FILE
PLOTS = (
    "Processing time against text length", "Length of the video against text length",
    "Time to the first playable second", "Throughput and latency against concurrency", "What each choice costs",
    "Where the time goes", "Tiers", "Speech by emotion", "Memory", "Cost",
)  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Findings:
    return findings(sweeps.CONTEXT, list(sweeps.rows()))


@pytest.fixture(scope="module")
def page(found: Findings) -> str:
    return html(found, None)


class Seen(HTMLParser):
    """Tags that stay open, and what a page would fetch."""

    EMPTY = frozenset({"meta", "br", "use", "path", "link", "img", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.EMPTY:
            self.open.append(tag)
        self.fetched += [v or "" for name, v in attrs if name in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            assert self.open.pop() == tag


def test_the_report_is_one_whole_page_that_fetches_nothing(page: str) -> None:
    seen = Seen()
    seen.feed(page)
    assert not seen.open
    assert all(target.startswith("#") for target in seen.fetched)
    assert not seen.tags & {"script", "img", "link", "iframe"}
    assert not re.search(r"url\((?!#)|@import", page)


def test_the_report_is_small(page: str) -> None:
    assert len(page.encode()) < 400_000


def test_everything_is_drawn(found: Findings, page: str) -> None:
    assert tuple(plot.title for plot in plots(found)) == PLOTS
    assert page.count("<svg") == len(PLOTS)
    assert all(f"<h3>{title}</h3>" in page for title in PLOTS)


def test_plots_take_their_colours_from_the_page(found: Findings, page: str) -> None:
    for plot in plots(found):
        assert not set(re.findall(r"#[0-9a-f]{6}", plot.svg)) - {"#000000"}, plot.title
        for name in re.findall(r"var\(--(\w+)\)", plot.svg):
            assert f"--{name}:" in page


def test_every_answer_stands_in_the_report(found: Findings, page: str) -> None:
    assert all(f"<td>{answer.question}</td>" in page for answer in answers(found, None))
    assert page.count("<em>") >= 3  # what was not asked yet


def test_what_a_machine_calls_itself_is_text(page: str) -> None:
    assert "Abacus &lt;b&gt;9" in page and "Abacus <b>" not in page


def test_a_report_of_nothing_is_a_page() -> None:
    seen = Seen()
    seen.feed(html(findings(sweeps.CONTEXT, []), None))
    assert not seen.open


def test_the_committed_page_of_limits_is_what_the_committed_results_say() -> None:
    written = (ROOT / "docs" / "limits.md").read_text("utf-8")
    assert written == markdown(findings(*records.read(RESULTS)), None), "run: prosopon bench limits"


def test_the_committed_results_are_small() -> None:
    assert RESULTS.stat().st_size < 200_000


def command(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["bench", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands_write_and_compare(tmp_path: Path) -> None:
    for name, factor in (("a", 1.0), ("b", 1.5)):
        folder = tmp_path / name
        folder.mkdir()
        records.write(folder / records.FILE, sweeps.CONTEXT, sweeps.rows(factor))
    command("report", tmp_path / "a")
    assert "<svg" in (tmp_path / "a" / "report.html").read_text("utf-8")
    command("limits", tmp_path / "a", "--output", tmp_path / "docs" / "limits.md")
    assert "# Limits" in (tmp_path / "docs" / "limits.md").read_text("utf-8")
    told = command("compare", tmp_path / "a", tmp_path / "b" / records.FILE)
    assert re.search(r"720 characters\s+processor time\s+1\.50", told), told


def test_a_folder_without_results_is_the_callers_fault(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["bench", "report", str(tmp_path)])
    assert result.exit_code == 2 and "cannot be read" in result.output


def test_bench_is_listed_and_help_loads_neither_engines_nor_drawing() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom serve_app.cli.app import app\n"
        "told = CliRunner().invoke(app, ['--help']).output\n"
        "assert 'bench' in told, told\n"
        "heavy = {'ray', 'cv2', 'onnxruntime', 'mediapipe', 'matplotlib', 'jinja2', 'httpx', 'scipy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_unknown_command_is_told() -> None:
    result = CliRunner().invoke(app, ["benhc"])
    assert result.exit_code == 2 and "benhc" in result.output
