"""Two sweeps side by side: what got better or worse, and how sure that is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.sweep.findings import Findings
from benchmarks.sweep.records import Clip, Made
from benchmarks.sweep.stats import Ratio, ratio_of_medians

NOTICED = 0.05
"""A smaller change is none: two runs of the same code differ by as much."""
MEASURES: dict[str, Callable[[Made], float]] = {
    "processor time": lambda made: made.cpu_s,
    "time": lambda made: made.wall_s,
    "memory": lambda made: made.peak_mib,
}


@dataclass(frozen=True, slots=True)
class Change:
    """Of one measure of one clip; all of these are better when less."""

    task: Clip
    measure: str
    ratio: Ratio
    """The second sweep's to the first's."""
    counts: tuple[int, int]

    @property
    def verdict(self) -> str:
        """Better or worse where the interval leaves out 1 and the change is worth a word."""
        if self.ratio.high < 1 and self.ratio.value < 1 - NOTICED:
            return "better"
        if self.ratio.low > 1 and self.ratio.value > 1 + NOTICED:
            return "worse"
        return "no difference"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well the two agree on what a clip costs, measured by the base beside it."""

    task: Clip
    first: float
    second: float

    @property
    def off(self) -> float:
        return abs(self.second / self.first - 1)


def changes(a: Findings, b: Findings) -> Iterator[Change]:
    """Of all clips that both have."""
    for task, first, second in _both(a, b):
        for measure, of in MEASURES.items():
            values = [of(made) for made in first], [of(made) for made in second]
            counts = len(values[0]), len(values[1])
            yield Change(task, measure, ratio_of_medians(*values), counts)


def _both(a: Findings, b: Findings) -> Iterator[tuple[Clip, Sequence[Made], Sequence[Made]]]:
    for case in a.cases:
        other = b.case(case.task)
        if case.made and other is not None:
            yield case.task, case.made, other.made


def agreements(a: Findings, b: Findings) -> list[Agreement]:
    """Of the processor time to the base's: what should hold whatever else the machines were doing."""
    found = []
    for case in a.cases:
        other = b.case(case.task)
        if case.to_base is not None and other is not None and other.to_base is not None:
            found.append(Agreement(case.task, case.to_base.median, other.to_base.median))
    return found


def worst(found: Sequence[Agreement]) -> tuple[float, float]:
    """Median and largest disagreement; nothing to compare is none."""
    off = [agreement.off for agreement in found] or [0.0]
    return median(off), max(off)
