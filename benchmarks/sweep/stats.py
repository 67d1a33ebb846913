"""Medians, spreads, lines and how sure they are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

_RESAMPLES = 4000


@dataclass(frozen=True, slots=True)
class Spread:
    """Median of several values, with the least and the most."""

    median: float
    least: float
    most: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        ordered = np.sort(np.asarray(values, float))
        return cls(float(np.median(ordered)), float(ordered[0]), float(ordered[-1]), len(ordered))


@dataclass(frozen=True, slots=True)
class Line:
    """y = fixed + each * x, by least squares."""

    fixed: float
    each: float
    r2: float
    """Share of the variance that it explains."""
    count: int

    def at(self, x: float) -> float:
        return self.fixed + self.each * x


def line(x: Sequence[float], y: Sequence[float]) -> Line | None:
    """None where there are fewer than three points, or all lie at one x."""
    if len(x) < 3 or len(set(x)) < 2:
        return None
    xs, ys = np.asarray(x, float), np.asarray(y, float)
    each, fixed = np.polyfit(xs, ys, 1)
    whole = float(((ys - ys.mean()) ** 2).sum())
    rest = float(((ys - fixed - each * xs) ** 2).sum())
    return Line(float(fixed), float(each), 1 - rest / whole if whole else 1.0, len(xs))


@dataclass(frozen=True, slots=True)
class Ratio:
    """Of the medians of two groups, b to a, with its 95 % interval."""

    value: float
    low: float
    high: float


def ratio_of_medians(a: Sequence[float], b: Sequence[float], seed: int = 0) -> Ratio:
    """Percentile bootstrap: both groups are drawn again, with replacement (Efron and Tibshirani, An Introduction to the
    Bootstrap, chapter 13). With fewer than about five values a side the interval is too narrow.
    """
    first, second = np.asarray(a, float), np.asarray(b, float)
    chance = np.random.default_rng(seed)

    def medians(values: np.ndarray) -> np.ndarray:
        picked = chance.integers(0, len(values), (_RESAMPLES, len(values)))
        return np.asarray(np.median(values[picked], axis=1))

    ratios = medians(second) / medians(first)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return Ratio(float(np.median(second) / np.median(first)), float(low), float(high))


def mean_interval(values: ArrayLike, seed: int = 0) -> tuple[float, float, float]:
    """Mean, and its 95 % interval by the same bootstrap."""
    given = np.asarray(values, float)
    picked = np.random.default_rng(seed).integers(0, len(given), (_RESAMPLES, len(given)))
    low, high = np.quantile(given[picked].mean(axis=1), (0.025, 0.975))
    return float(given.mean()), float(low), float(high)


def share_interval(yes: int, count: int) -> tuple[float, float, float]:
    """Share, and its 95 % interval after Wilson (Journal of the American Statistical Association 22, 1927)."""
    z = NormalDist().inv_cdf(0.975)
    share = yes / count
    middle = share + z * z / (2 * count)
    reach = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    whole = 1 + z * z / count
    return share, (middle - reach) / whole, (middle + reach) / whole


def survival(times: Sequence[float], ended: Sequence[bool]) -> list[tuple[float, float]]:
    """Share that is still there after each time at which somebody left, by Kaplan and Meier's product (Journal of the
    American Statistical Association 53, 1958).

    Args:
        times: How long each was watched.
        ended: Whether they left then; otherwise they would have stayed longer.
    """
    share, steps = 1.0, []
    for time in sorted({t for t, left in zip(times, ended, strict=True) if left}):
        there = sum(t >= time for t in times)
        gone = sum(t == time and left for t, left in zip(times, ended, strict=True))
        share *= 1 - gone / there
        steps.append((time, share))
    return steps
