"""The report's plots. Needs the extra `bench`."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.sweep.cost import costs
from benchmarks.sweep.drawing import (
    FIFTH,
    FIRST,
    FOURTH,
    INK,
    MUTED,
    SECOND,
    THIRD,
    drawing,
    legend_above,
    points,
    ranges,
    straight,
)
from benchmarks.sweep.findings import Case, Findings
from benchmarks.sweep.plan import BASE, difference
from benchmarks.sweep.serving import TARGET_S
from benchmarks.sweep.texts import LANGUAGE_NAMES

STAGES = ("preparing", "speaking", "planning", "drawing", "composing")


@dataclass(frozen=True, slots=True)
class Plot:
    title: str
    note: str
    """What is to be seen, in a sentence."""
    svg: str


def plots(found: Findings) -> list[Plot]:
    """Those for which there is something to show."""
    return [plot for draw in _ALL if (plot := draw(found)) is not None]


def _time(found: Findings) -> Plot | None:
    cpu, wall = found.cpu_line, found.wall_line
    if cpu is None or wall is None:
        return None
    made = [m for case in found.lengths for m in case.made]
    with drawing() as canvas:
        axes = canvas.only
        points(axes, made, lambda m: m.wall_s, FIRST, "time")
        points(axes, made, lambda m: m.cpu_s, SECOND, "processor time")
        for line, colour in ((wall, FIRST), (cpu, SECOND)):
            straight(axes, line, max(m.characters for m in made), colour)
        axes.set(xlabel="characters", ylabel="seconds", xlim=(0, None), ylim=(0, None))
        axes.legend()
    note = f"{wall.fixed:.2f} s and {1000 * wall.each:.1f} ms a character (R² {wall.r2:.3f}); each point is a clip."
    return Plot("Processing time against text length", note, canvas.svg)


def _durations(found: Findings) -> Plot | None:
    if not found.duration_lines:
        return None
    told = []
    with drawing() as canvas:
        for colour, (language, line) in zip(
            (FIRST, SECOND, THIRD), sorted(found.duration_lines.items(), reverse=True), strict=False
        ):
            made = [
                m
                for case in found.cases
                if case.task.language == language and case.task.emotion == "neutral"
                for m in case.made
            ]
            points(canvas.only, made, lambda m: m.duration_s, colour, LANGUAGE_NAMES[language])
            straight(canvas.only, line, max((m.characters for m in made), default=100), colour)
            told.append(f"{LANGUAGE_NAMES[language]} {1000 * line.each:.0f} ms a character")
        canvas.only.set(
            xlabel="characters", ylabel="seconds of video", xlim=(0, None), ylim=(0, None)
        )
        canvas.only.legend(loc="upper left")
    return Plot("Length of the video against text length", "; ".join(told) + ".", canvas.svg)


def _axes_of(found: Findings) -> Plot | None:
    shown = sorted(
        ((difference(c.task), c.to_base) for c in found.around_base if c.to_base is not None),
        key=lambda pair: pair[1].median,
    )
    if not shown:
        return None
    with drawing(0.9 + 0.3 * len(shown)) as canvas:
        axes = canvas.only
        axes.axvline(1, color=MUTED, linewidth=1)
        ranges(axes, [spread for _, spread in shown], FIRST)
        axes.set_yticks(range(len(shown)), [name for name, _ in shown])
        axes.set(xlabel="processor time, as a multiple of the base's beside it", xlim=(0, None))
    note = "One thing changed at a time; the line is what it lay between over the rounds."
    return Plot("What each choice costs", note, canvas.svg)


def _stages(found: Findings) -> Plot | None:
    base = found.base
    if base is None:
        return None
    cases = [*found.around_base[::-1], base]
    colours = dict(zip(STAGES, (FIFTH, SECOND, FOURTH, FIRST, THIRD), strict=True))
    with drawing(1.3 + 0.3 * len(cases)) as canvas:
        axes = canvas.only
        left = [0.0] * len(cases)
        for stage in STAGES:
            shares = [_share(case, stage) for case in cases]
            axes.barh(
                range(len(cases)), shares, left=left, color=colours[stage], height=0.62, label=stage
            )
            left = [a + b for a, b in zip(left, shares, strict=True)]
        axes.set_yticks(range(len(cases)), [difference(case.task) for case in cases])
        axes.set(xlim=(0, 1), xlabel="share of the seconds in stages")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.grid(axis="y", visible=False)
        legend_above(axes)
    note = f"Drawing has {_share(base, 'drawing'):.0%} of the base; stages overlap."
    return Plot("Where the time goes", note, canvas.svg)


def _share(case: Case, stage: str) -> float:
    return case.spread(lambda m: m.stages.get(stage, 0.0) / sum(m.stages.values())).median


def _tiers(found: Findings) -> Plot | None:
    shown = [(t.name, t.rtf) for t in found.tiers if t.rtf is not None]
    if not shown:
        return None
    missing = [f"{t.name}: {t.failure}" for t in found.tiers if t.failure]
    with drawing(1.1 + 0.4 * len(shown)) as canvas:
        axes = canvas.only
        axes.axvline(1, color=MUTED, linewidth=1)
        axes.barh(range(len(shown)), [s.median for _, s in shown], color=FIRST, height=0.5)
        for row, (_, s) in enumerate(shown):
            axes.plot([s.least, s.most], [row, row], color=INK, linewidth=1.4)
            axes.annotate(
                f"{s.median:.2f}", (s.most, row), (6, 0), textcoords="offset points", va="center"
            )
        axes.set_yticks(range(len(shown)), [name for name, _ in shown])
        axes.set(xlabel="seconds of work for a second of video (below 1: faster than it plays)")
        axes.set_xlim(0, max(1.1, 1.2 * max(s.most for _, s in shown)))
        axes.grid(axis="y", visible=False)
    note = "The same short clip of 256 pixels, warm. " + " ".join(f"{m}." for m in missing)
    return Plot("Tiers", note.strip(), canvas.svg)


def _first(found: Findings) -> Plot | None:
    made = [m for case in found.lengths for m in case.made if m.first_s is not None]
    if not made:
        return None
    cold = next((t.cold_s for t in found.tiers if t.name == BASE.tier), None)
    with drawing() as canvas:
        axes = canvas.only
        points(axes, made, lambda m: m.first_s or 0.0, FIRST, "in this process, warm")
        if found.idle is not None and "p50" in found.idle.first_s:
            value = found.idle.first_s["p50"]
            axes.axhline(value, color=SECOND, linewidth=1.3, label="through the service, alone")
        axes.axhline(
            TARGET_S, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="target under load"
        )
        axes.set(xlabel="characters", ylabel="seconds", xlim=(0, None))
        axes.set_ylim(0, max(1.25 * TARGET_S, *(1.1 * (m.first_s or 0) for m in made)))
        axes.legend()
    note = "Until the first second can be played, whatever the length."
    if cold is not None:
        note += f" The first clip of a fresh process takes {cold.median:.1f} s in all."
    return Plot("Time to the first playable second", note, canvas.svg)


def _load(found: Findings) -> Plot | None:
    rates = [rate for rate in found.rates if rate.answered.first_s]
    if not rates:
        return None
    with drawing(4.2, parts=2) as canvas:
        above, below = canvas.axes
        x = [rate.answered.under_way for rate in rates]
        for name, colour in (("p50", FIRST), ("p95", SECOND)):
            y = [rate.answered.first_s[name] for rate in rates]
            label = {"p50": "median", "p95": "95 of 100"}[name]
            above.plot(x, y, "o-", color=colour, linewidth=1.3, label=label)
        above.axhline(TARGET_S, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="target")
        above.set(ylabel="first second after s", ylim=(0, None))
        above.legend(ncols=3)
        below.plot(
            x,
            [60 * r.answered.rate for r in rates],
            "o-",
            color=THIRD,
            linewidth=1.3,
            label="asked for",
        )
        if found.capacity is not None:
            below.axhline(60 * found.capacity, color=MUTED, linewidth=1, label="capacity")
        below.set(
            xlabel="videos under way at once",
            ylabel="videos a minute",
            xlim=(0, None),
            ylim=(0, None),
        )
        below.legend(ncols=2, loc="lower right")
    best = found.best_rate
    note = (
        f"The target holds up to {60 * best.answered.rate:.1f} videos a minute."
        if best
        else "The target is missed at every rate that was tried."
    )
    return Plot("Throughput and latency against concurrency", note, canvas.svg)


def _moods(found: Findings) -> Plot | None:
    languages = list(dict.fromkeys(p.language for p in found.paces))
    emotions = list(dict.fromkeys(p.emotion for p in found.paces if p.emotion != "neutral"))
    if not emotions:
        return None
    ratio = {(p.language, p.emotion): p.to_neutral for p in found.paces}
    with drawing(1.3 + 0.28 * len(emotions)) as canvas:
        axes = canvas.only
        axes.axvline(1, color=MUTED, linewidth=1)
        for colour, language in zip((SECOND, FIRST, THIRD), languages, strict=False):
            pairs = [
                (ratio[language, e], row)
                for row, e in enumerate(emotions)
                if (language, e) in ratio
            ]
            axes.plot(*zip(*pairs, strict=True), "o", color=colour, label=LANGUAGE_NAMES[language])
        axes.set_yticks(range(len(emotions)), emotions)
        axes.margins(0.15, 0.25)
        axes.set(xlabel="length of speech, as a multiple of neutral")
        axes.grid(axis="y", visible=False)
        legend_above(axes)
    return Plot(
        "Speech by emotion", "How much longer or shorter the same words are said.", canvas.svg
    )


def _memory(found: Findings) -> Plot | None:
    bars = [
        (difference(case.task), case.spread(lambda m: m.peak_mib).most, FIRST)
        for case in (*([found.base] if found.base else []), *found.around_base)
    ]
    bars += [(f"{x.engine} alone", x.peak_mib, SECOND) for x in found.limits if x.characters]
    bars += [
        (f"{t.name}, short clip", t.peak_mib, THIRD)
        for t in found.tiers
        if t.peak_mib and t.name != BASE.tier
    ]
    if not bars:
        return None
    with drawing(0.9 + 0.27 * len(bars)) as canvas:
        axes = canvas.only
        names, values, colours = zip(*reversed(bars), strict=True)
        axes.barh(range(len(bars)), values, color=colours, height=0.6)
        axes.set_yticks(range(len(bars)), names)
        axes.set(xlabel="MiB, largest resident memory of the process")
        axes.grid(axis="y", visible=False)
    note = "Clips share one process, which keeps its engines and voices; engines alone speak their longest sentence."
    return Plot("Memory", note, canvas.svg)


def _cost(found: Findings) -> Plot | None:
    shown = [c for c in costs(found) if c.usd_a_minute is not None]
    if not shown:
        return None
    with drawing(1.0 + 0.4 * len(shown)) as canvas:
        axes = canvas.only
        values = [100 * (c.usd_a_minute or 0) for c in shown]
        colours = [FIFTH if c.vm.retired else FIRST for c in shown]
        axes.barh(range(len(shown)), values, color=colours, height=0.5)
        for row, value in enumerate(values):
            axes.annotate(
                f"{value:.3f}", (value, row), (6, 0), textcoords="offset points", va="center"
            )
        axes.set_yticks(range(len(shown)), [c.vm.name for c in shown])
        axes.set(xlabel="US cents for a minute of finished video", xlim=(0, 1.2 * max(values)))
        axes.grid(axis="y", visible=False)
    note = "From what it costs here in processor time. What needs a GPU was not measured on one."
    return Plot("Cost", note, canvas.svg)


_ALL: tuple[Callable[[Findings], Plot | None], ...] = (
    _time, _durations, _first, _load, _axes_of, _stages, _tiers, _moods, _memory, _cost,
)  # fmt: skip
