"""How five people move who were filmed while they talk (66 s), and tables that hold clips against it.

Lengths are in io, the distance between the outer corners of the eyes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from rich.table import Table


class Bar(NamedTuple):
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


AT_LEAST_98, AT_LEAST_90 = Bar(0.98, 1.0), Bar(0.90, 1.0)
BARS: Mapping[str, Bar] = {
    "gap std (io)": Bar(0.042, 0.070),
    "gap 95th percentile (io)": Bar(0.133, 0.272),
    "share of time closed": Bar(0.10, 0.34),
    "gap in short pauses (io)": Bar(0.04, 0.11),
    "upper lip lift 95th percentile (io)": Bar(0.055, 0.096),
    "r(width, gap)": Bar(0.39, 0.76),
    "r(gap, loudness)": Bar(-0.29, 0.35),
    "share of gap below 1 Hz": Bar(0.31, 0.48),
    "p b m closed": AT_LEAST_98,
    "p b m closed, ms": Bar(90, 130),
    "f v lip to teeth": AT_LEAST_90,
    "r(opening planned, found)": Bar(0.95, 1.0),
    "lag of the opening, ms": Bar(-20, 20),
    "head yaw std (deg)": Bar(3.0, 10.6),
    "head pitch std (deg)": Bar(2.0, 5.7),
    "head roll std (deg)": Bar(1.5, 6.9),
    "share of yaw below 2 Hz, planned": Bar(0.92, 1.0),
    "share of pitch below 2 Hz, planned": Bar(0.90, 1.0),
    "eyes against yaw (io/deg)": Bar(0.0010, 0.0020),
    "nose bridge, rms second difference (io)": Bar(0.012, 0.018),
    "blinks a minute": Bar(6, 60),
    "blink closing, ms": Bar(40, 75),
    "blink held, ms": Bar(60, 97),
    "blink opening, ms": Bar(132, 232),
    "nose bridge std, head motion 0 (io)": Bar(0.0, 0.004),
}
"""What five talkers' clips span; closures, correlations and stillness are demands."""
LASTING = ("closed, ms", "closing, ms", "held, ms", "opening, ms")
VISEMES: Mapping[str, tuple[float, float]] = {
    "p b m": (0.03, -0.049), "f v": (0.20, -0.011), "θ ð": (0.40, 0.002), "t d n l": (0.44, 0.022),
    "s z": (0.39, 0.030), "ʃ ʒ": (0.50, -0.030), "k g": (0.52, 0.0), "ɹ": (0.35, -0.065),
    "w": (0.10, -0.138), "a": (0.56, 0.020), "e": (0.63, 0.025), "i": (0.45, 0.028),
    "o": (0.26, -0.070), "u": (0.14, -0.068), "ə": (0.39, 0.033),
}  # fmt: skip
"""Talkers' medians at a phoneme's middle: gap over the speaker's 95th percentile, and width less the
speaker's median."""
WELL_MEASURED = ("t d n l", "s z", "i", "a", "ɹ")
"""Classes with enough phones for a bar of ± 30 %; p, b, m are judged by their closures."""


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Per bar: mean over the clips, spread of the portraits' means, and whether the mean holds.

    Of lasting times the median stands for the mean: a closure next to a rounded vowel runs on.
    """
    found = {}
    for name, bar in BARS.items():
        values = [(r["portrait"], r[name]) for r in rows if name in r]
        if not values:
            continue
        middle = np.median if name.endswith(LASTING) else np.mean
        means = [middle([v for p, v in values if p == one]) for one in {p for p, _ in values}]
        mean = float(middle([v for _, v in values]))
        mesh = [r["mesh"][name] for r in rows if name in r.get("mesh", {})]
        found[name] = {
            "bar": list(bar),
            "mean": mean,
            "portraits": [float(min(means)), float(max(means))],
            "clips_inside": float(np.mean([bar.holds(v) for _, v in values])),
            "mesh_mean": float(middle(mesh)) if mesh else None,
            "holds": bar.holds(mean),
        }
    return found


def table(found: Mapping[str, Mapping[str, Any]]) -> Table:
    out = Table("measure", "bar", "mean", "portraits", "clips inside", "by the mesh", "")
    for name, row in found.items():
        mesh = "" if row["mesh_mean"] is None else f"{row['mesh_mean']:.3f}"
        out.add_row(
            name, "{:g} … {:g}".format(*row["bar"]), f"{row['mean']:.4f}",
            "{:.3f} … {:.3f}".format(*row["portraits"]), f"{row['clips_inside']:.0%}", mesh,
            "ok" if row["holds"] else "OUT",
        )  # fmt: skip
    return out


def viseme_table(found: Mapping[str, tuple[int, float, float]]) -> Table:
    out = Table("class", "phones", "gap", "talkers", "width", "talkers", "")
    for name, (count, gap, width) in found.items():
        real_gap, real_width = VISEMES[name]
        near = abs(gap / real_gap - 1) <= 0.3
        verdict = ("ok" if near else "OUT") if name in WELL_MEASURED else ""
        out.add_row(
            name, str(count), f"{gap:.2f}", f"{real_gap:.2f}", f"{width:+.3f}", f"{real_width:+.3f}", verdict
        )  # fmt: skip
    return out
