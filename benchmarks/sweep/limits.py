"""docs/limits.md, out of a sweep's results."""

from collections.abc import Iterator, Sequence

from benchmarks.sweep.answers import NOT_MEASURED, answers, spread
from benchmarks.sweep.cost import BUSY, costs, prices
from benchmarks.sweep.findings import Findings
from benchmarks.sweep.plan import BASE
from benchmarks.sweep.serving import TARGET_S
from benchmarks.sweep.survey import Verdicts
from benchmarks.sweep.texts import LANGUAGE_NAMES


def markdown(found: Findings, said: Verdicts | None) -> str:
    """The whole page."""
    sections = (
        _head(found),
        _questions(found, said),
        _lengths(found),
        _paces(found),
        _times(found),
        _tiers(found),
        _service(found),
        _costs(found),
    )
    return "\n".join(line for section in sections for line in (*section, "")).rstrip() + "\n"


def _head(found: Findings) -> Iterator[str]:
    context = found.context
    machine = context.machine
    yield "# Limits, found by testing"
    yield ""
    yield (
        f"Written by `prosopon bench limits` from {found.rows} measurements in {found.rounds} rounds, "
        f"{found.began[:10]}, version {context.versions['prosopon']} ({context.commit or 'no checkout'}), on "
        f"{machine['usable_cores']} cores of {machine['cpu']} with {machine['memory_gib']} GiB of memory and a load of "
        f"{found.load.median:.1f} ({found.load.least:.1f} to {found.load.most:.1f}). Do not edit; measure again: "
        "`make bench`."
    )
    yield ""
    yield (
        "Where a figure has two more in parentheses, it is a median, and they are the least and the most. What others "
        f"are compared with is a clip of {BASE.characters} characters of English by the {BASE.tier} tier, neutral, "
        f"{BASE.size} pixels on its longer side, {BASE.fps} frames a second."
    )


def _questions(found: Findings, said: Verdicts | None) -> Iterator[str]:
    yield "## What was to be determined"
    yield ""
    rows = [(a.group, a.question, a.answer, a.how) for a in answers(found, said)]
    yield from _table(("", "parameter", "answer", "how it is found"), rows)


def _lengths(found: Findings) -> Iterator[str]:
    yield "## Characters"
    yield ""
    rows = [
        (
            limit.engine,
            LANGUAGE_NAMES[limit.language],
            f"{limit.characters:,}" if limit.characters else "none",
            f"{limit.declared:,}" if limit.declared else "",
            f"{limit.peak_mib:.0f} MiB" if limit.characters else "",
            limit.failure,
        )
        for limit in found.limits
    ]
    columns = (
        "engine",
        "tried in",
        "longest sentence spoken whole",
        "takes",
        "memory at most",
        "why not more",
    )
    yield from _table(columns, rows)
    yield ""
    tiers = [(name, f"{n:,}") for name, n in found.context.max_characters.items()]
    yield from _table(("tier", "longest text, characters"), tiers)


def _paces(found: Findings) -> Iterator[str]:
    yield "## Seconds of speech"
    yield ""
    rows = [
        (
            LANGUAGE_NAMES[pace.language],
            pace.emotion,
            spread(pace.seconds_a_character, "{:.4f}"),
            f"{1 / pace.seconds_a_character.median:.1f}",
            f"{pace.to_neutral:.2f}",
        )
        for pace in found.paces
    ]
    columns = ("language", "emotion", "seconds a character", "characters a second", "to neutral")
    yield from _table(columns, rows)


def _times(found: Findings) -> Iterator[str]:
    yield "## Time to make a video"
    yield ""
    for name, line in (("Seconds of work", found.wall_line), ("Processor seconds", found.cpu_line)):
        if line is not None:
            yield (
                f"{name} = {line.fixed:.3f} + {line.each:.5f} × characters "
                f"(R² {line.r2:.4f}, {line.count} clips)."
            )
    yield ""
    rows = [
        (
            case.task.tier,
            LANGUAGE_NAMES[case.task.language],
            str(case.task.characters),
            case.task.emotion,
            str(case.task.size),
            str(case.task.fps),
            spread(case.spread(lambda m: m.wall_s / m.duration_s)),
            spread(case.spread(lambda m: m.cpu_s / m.duration_s)),
            spread(case.to_base) if case.to_base else "",
            spread(case.spread(lambda m: m.first_s or 0.0)),
            f"{case.spread(lambda m: m.peak_mib).most:.0f}",
        )
        for case in found.cases
        if case.made
    ]
    columns = (
        "tier", "language", "characters", "emotion", "size", "frames/s", "seconds a second of video",
        "processor seconds a second of video", "processor time to the base", "first segment s", "MiB at most",
    )  # fmt: skip
    yield from _table(columns, rows)


def _tiers(found: Findings) -> Iterator[str]:
    yield "## Tiers"
    yield ""
    rows = [
        (
            tier.name,
            spread(tier.rtf) if tier.rtf else "",
            spread(tier.cpu_rtf) if tier.cpu_rtf else "",
            spread(tier.cold_s, "{:.1f}") if tier.cold_s else "",
            spread(tier.first_s) if tier.first_s else "",
            f"{tier.peak_mib:.0f}" if tier.peak_mib else "",
            tier.failure,
        )
        for tier in found.tiers
    ]
    columns = (
        "tier", "seconds a second of video", "processor seconds", "first clip of a fresh process s",
        "first segment, warm s", "MiB at most", "",
    )  # fmt: skip
    yield from _table(columns, rows)


def _service(found: Findings) -> Iterator[str]:
    yield "## At once"
    yield ""
    if found.idle is not None and found.idle.first_s:
        yield (
            f"Alone, a request has its first playable second after {found.idle.first_s['p50']:.2f} s. "
            f"The target is {TARGET_S} s for 95 of 100."
        )
        yield ""
    rows = [
        (
            f"{rate.share:.0%}",
            f"{60 * rate.answered.rate:.1f}",
            f"{rate.answered.under_way:.1f}",
            _quantile(rate.answered.first_s, "p50"),
            _quantile(rate.answered.first_s, "p95"),
            _quantile(rate.answered.finished_s, "p50"),
            str(rate.answered.failed),
            "yes" if rate.kept else "no",
        )
        for rate in found.rates
    ]
    columns = (
        "of the capacity", "videos a minute", "under way", "first second s", "... 95 of 100 within s",
        "finished s", "failed", "target met",
    )  # fmt: skip
    yield from _table(columns, rows)


def _quantile(values: dict[str, float], name: str) -> str:
    return f"{values[name]:.2f}" if name in values else ""


def _costs(found: Findings) -> Iterator[str]:
    yield "## Cost"
    yield ""
    yield (
        f"Prices of {prices().checked:%B %Y} (benchmarks/vms.toml). One virtual processor is taken to do as much as "
        f"one here, and to be busy {BUSY:.0%} of the time. Machines with a GPU: {NOT_MEASURED}."
    )
    yield ""
    rows = [
        (
            cost.vm.tier,
            cost.vm.name,
            cost.vm.gpu,
            f"{cost.vm.usd_per_hour:.3f}",
            f"{cost.minutes_an_hour:.0f}" if cost.minutes_an_hour else "",
            f"{100 * cost.usd_a_minute:.3f}" if cost.usd_a_minute else NOT_MEASURED,
            f"retired {cost.vm.retired}" if cost.vm.retired else "",
        )
        for cost in costs(found)
    ]
    columns = (
        "tier",
        "machine",
        "GPU",
        "USD an hour",
        "minutes of video an hour",
        "US cents a minute of video",
        "",
    )
    yield from _table(columns, rows)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        yield f"*{NOT_MEASURED}*"
        return
    yield _row(columns)
    yield _row(["---"] * len(columns))
    for row in rows:
        yield _row(row)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
