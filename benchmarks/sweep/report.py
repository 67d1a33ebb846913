"""The report of a sweep: one HTML file that needs nothing else. Needs the extra `bench`."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from backends.errors import EngineUnavailableError
from benchmarks.sweep.answers import answers, spread
from benchmarks.sweep.findings import Findings
from benchmarks.sweep.plan import BASE, difference
from benchmarks.sweep.survey import Verdicts, tables
from benchmarks.sweep.texts import LANGUAGE_NAMES

_GRAPH = Path(__file__).parents[1] / "results" / "graph.json"


@dataclass(frozen=True, slots=True)
class Fact:
    value: str
    unit: str
    what: str


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""


def html(found: Findings, said: Verdicts | None) -> str:
    """The page.

    Raises:
        EngineUnavailableError: the extra `bench` is not installed.
    """
    try:
        from jinja2 import Environment, select_autoescape

        from benchmarks.sweep.plots import plots
    except ImportError as error:
        raise EngineUnavailableError(
            "the report needs packages that are not installed; run: pip install 'prosopon[bench]'"
        ) from error
    source = resources.files("benchmarks.sweep").joinpath("report.html").read_text("utf-8")
    environment = Environment(autoescape=select_autoescape(default=True, default_for_string=True))
    environment.filters["code"] = _code
    machine = found.context.machine
    return environment.from_string(source).render(
        machine=f"{machine['usable_cores']} cores of {machine['cpu']}, {machine['memory_gib']} GiB of memory",
        version=f"{found.context.versions['prosopon']} {found.context.commit}".strip(),
        began=found.began[:16].replace("T", " "),
        ended=found.ended[11:16],
        rows=found.rows,
        rounds=found.rounds,
        load=spread(found.load, "{:.1f}"),
        facts=list(_facts(found)),
        answers=answers(found, said),
        base=(
            f"{BASE.characters} characters of {LANGUAGE_NAMES[BASE.language]} by the {BASE.tier} tier, {BASE.emotion}, "
            f"{BASE.size} pixels on its longer side, {BASE.fps} frames a second"
        ),
        plots=plots(found),
        tables=[*_tables(found), *_said(said), *_scaling()],
    )


def _code(text: str) -> str:
    """What stands between backticks, as HTML has it."""
    from markupsafe import Markup

    parts = text.split("`")
    shown = [Markup("<code>{}</code>").format(p) if i % 2 else p for i, p in enumerate(parts)]
    return Markup("").join(shown)


def _facts(found: Findings) -> Iterator[Fact]:
    base = found.base
    if base is not None:
        rtf = base.spread(lambda m: m.wall_s / m.duration_s).median
        yield Fact(f"{rtf:.2f}", "s", "of work for a second of video")
        first = base.spread(lambda m: m.first_s or 0.0).median
        yield Fact(f"{first:.2f}", "s", "until a video can be watched, in process")
    if found.idle is not None and found.idle.first_s:
        yield Fact(f"{found.idle.first_s['p50']:.2f}", "s", "... through an idle service")
    if found.best_rate is not None:
        answered = found.best_rate.answered
        yield Fact(f"{60 * answered.rate:.1f}", "a minute", "videos while the latency target holds")
    if found.cpu_line is not None:
        yield Fact(f"{1000 * found.cpu_line.each:.0f}", "ms", "of processor time a character")


def _tables(found: Findings) -> Iterator[Table]:
    rows = [
        (
            difference(case.task),
            str(len(case.made)),
            spread(case.spread(lambda m: m.wall_s)),
            spread(case.spread(lambda m: m.cpu_s)),
            spread(case.to_base) if case.to_base else "",
            spread(case.spread(lambda m: m.duration_s), "{:.1f}"),
            f"{case.spread(lambda m: m.peak_mib).most:.0f}",
        )
        for case in found.cases
        if case.made
    ]
    columns = ("", "clips", "time s", "processor s", "to the base", "video s", "MiB")
    yield Table("Every clip", columns, rows, "Median, and least to most, of all rounds.")
    failed = [(difference(case.task), case.failure) for case in found.cases if case.failure]
    failed += [(f"{x.engine}, sentence", x.failure) for x in found.limits if x.failure]
    if failed:
        yield Table("What could not be measured here", ("", "reason"), failed)


def _said(said: Verdicts | None) -> Iterator[Table]:
    if said is not None:
        for title, columns, rows in tables(said):
            yield Table(title, columns, rows)


def _scaling() -> Iterator[Table]:
    """What `python -m benchmarks.graph` found, where it was run."""
    if not _GRAPH.exists():
        return
    graph = json.loads(_GRAPH.read_text("utf-8"))
    rows = [
        (
            str(each["replicas"]),
            f"{each['efficiency']:.0%}",
            f"{60 * each['replicas'] * each['efficiency'] / graph['service_s']:.1f}",
        )
        for each in graph.get("scaling", [])
    ]
    note = (
        f"With an engine that takes {graph['service_s']:.0f} s a segment and computes nothing, on {graph['nodes']} "
        f"local nodes ({graph['at'][:10]}, python -m benchmarks.graph): what the graph itself lets through."
    )
    if rows:
        yield Table("Replicas", ("replicas", "busy", "segments a minute"), rows, note)
