"""Drawing for a page: SVG in the page's own colours and font. Needs the extra `bench`."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.sweep.records import Made
from benchmarks.sweep.stats import Line, Spread

INK, MUTED, GRID, PAPER = "#1c2331", "#67707f", "#e3e6eb", "#ffffff"
FIRST, SECOND, THIRD, FOURTH, FIFTH = "#0f766e", "#c2580a", "#4854c8", "#b0285e", "#7a8699"
COLOURS = {
    INK: "ink", MUTED: "muted", GRID: "grid", PAPER: "paper",
    FIRST: "first", SECOND: "second", THIRD: "third", FOURTH: "fourth", FIFTH: "fifth",
}  # fmt: skip
"""What stands in the SVG, and the page's name of it."""
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "prosopon",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelsize": 9.5,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
    "figure.facecolor": "none",
    "lines.markersize": 5.0,
}
_WIDTH, HEIGHT = 5.6, 3.3
"""Inches, as matplotlib counts them; the page scales."""


@dataclass(slots=True)
class Canvas:
    axes: list[Axes]
    """One above the other, with one x axis for all."""
    svg: str = ""
    """What was drawn, afterwards."""

    @property
    def only(self) -> Axes:
        return self.axes[0]


@contextmanager
def drawing(height: float = HEIGHT, parts: int = 1) -> Iterator[Canvas]:
    """Axes to draw on, `height` inches high in all."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        axes = figure.subplots(parts, 1, sharex=True, squeeze=False)[:, 0]
        canvas = Canvas(list(axes))
        yield canvas
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    canvas.svg = _for_a_page(file.getvalue())


def _for_a_page(svg: str) -> str:
    """The element alone, without a size of its own, in the page's colours and font."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", svg)
    for colour, name in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg


def points(
    axes: Axes, made: Sequence[Made], of: Callable[[Made], float], colour: str, name: str
) -> None:
    """One for each clip, against its characters."""
    axes.plot(
        [m.characters for m in made],
        [of(m) for m in made],
        "o",
        color=colour,
        alpha=0.75,
        markeredgewidth=0,
        label=name,
    )


def straight(axes: Axes, line: Line, end: float, colour: str) -> None:
    """The line from 0 to `end`."""
    axes.plot([0.0, end], [line.fixed, line.at(end)], color=colour, linewidth=1.3)


def ranges(axes: Axes, spreads: Sequence[Spread], colour: str) -> None:
    """A dot at the median and a line from the least to the most, one row each."""
    for row, spread in enumerate(spreads):
        axes.plot([spread.least, spread.most], [row, row], color=colour, linewidth=2.2, alpha=0.45)
    rows = range(len(spreads))
    axes.plot([s.median for s in spreads], rows, "o", color=colour, markeredgewidth=0)
    axes.grid(axis="y", visible=False)


def legend_above(axes: Axes) -> None:
    """A row of names over the axes."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.05, 1),
        ncols=5,
        handlelength=0.8,
        handletextpad=0.4,
        columnspacing=0.9,
        fontsize=8.5,
    )
