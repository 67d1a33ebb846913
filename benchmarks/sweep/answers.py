"""The parameters that are to be determined by testing, each with its number, or with what will find it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.sweep.cost import BUSY, costs
from benchmarks.sweep.findings import Findings, Limit, Tier
from benchmarks.sweep.plan import BASE
from benchmarks.sweep.serving import TARGET_S
from benchmarks.sweep.stats import Spread
from benchmarks.sweep.survey import Verdicts
from benchmarks.sweep.texts import LANGUAGE_NAMES

NOT_ASKED = "not yet asked"
NOT_MEASURED = "not yet measured"


@dataclass(frozen=True, slots=True)
class Answer:
    group: str
    question: str
    answer: str
    how: str
    """The measurement that it comes from, or the instrument that will find it."""


def answers(found: Findings, said: Verdicts | None) -> list[Answer]:
    """One for each parameter, in the order in which they were asked for."""
    return [
        *_of("Text input limits", found, _LIMITS),
        *_of("Processing performance", found, _PERFORMANCE),
        *_people(found, said),
    ]


def spread(s: Spread, form: str = "{:.2f}") -> str:
    """Median, and what it lies between."""
    low, high, middle = (form.format(v) for v in (s.least, s.most, s.median))
    return middle if low == high else f"{middle} ({low} to {high})"


Writer = Callable[[Findings], tuple[str, str]]


def _of(group: str, found: Findings, writers: dict[str, Writer]) -> Iterator[Answer]:
    for question, write in writers.items():
        answer, how = write(found)
        yield Answer(group, question, answer or NOT_MEASURED, how)


def _characters(found: Findings) -> tuple[str, str]:
    told = [f"{limit.engine}: {limit_of(limit)}" for limit in found.limits]
    if found.longest_text:
        told.append(f"texts of up to {found.longest_text:,} characters became videos")
    return "; ".join(told), (
        "ever longer sentences without a full stop, in a fresh process for each engine; whole is what takes as long a "
        "character as a short sentence. Longer texts are spoken sentence by sentence: a tier's own limit stands in its "
        "configuration (max_characters) and in /v1/tiers"
    )


def limit_of(limit: Limit) -> str:
    if not limit.characters:
        return "not here"
    if limit.characters == limit.declared:
        return f"sentences of {limit.characters:,} characters whole, all that it takes"
    return f"sentences of {limit.characters:,} characters whole, longer ones not ({limit.failure or 'not tried'})"


def _cues(found: Findings) -> tuple[str, str]:
    how = "texts with another cue before every sentence: parsed alone, and made into videos beside the plain text"
    if not found.parsing:
        return "", how
    characters, cues, cpu_s = found.parsing[-1]
    told = [f"{cpu_s * 1000:.1f} ms for {characters:,} characters with {cues} cues"]
    changing = found.case(BASE.model_copy(update={"emotion": "changing"}))
    if changing is not None and changing.to_base is not None:
        told.append(f"a video with them costs {spread(changing.to_base)} times the plain one")
    return "; ".join(told), how


def _time(found: Findings) -> tuple[str, str]:
    how = f"least squares over the lengths of the {BASE.tier} tier at {BASE.size} pixels, {BASE.fps} frames a second"
    cpu, wall = found.cpu_line, found.wall_line
    if cpu is None or wall is None:
        return "", how
    return (
        f"{wall.fixed:.2f} s + {1000 * wall.each:.1f} ms a character (R² {wall.r2:.3f}); "
        f"processor time {cpu.fixed:.2f} s + {1000 * cpu.each:.1f} ms a character (R² {cpu.r2:.3f})"
    ), how


def _duration(found: Findings) -> tuple[str, str]:
    lines = [
        f"{LANGUAGE_NAMES[language]} {1000 * line.each:.0f} ms a character (R² {line.r2:.3f})"
        for language, line in sorted(found.duration_lines.items(), reverse=True)
    ]
    moods = [p for p in found.paces if p.emotion != "neutral"]
    if moods:
        least, most = min(moods, key=lambda p: p.to_neutral), max(moods, key=lambda p: p.to_neutral)
        lines.append(
            f"by emotion {least.to_neutral:.2f} ({_of_pace(least.language, least.emotion)}) to "
            f"{most.to_neutral:.2f} ({_of_pace(most.language, most.emotion)}) times as long as neutral"
        )
    return "; ".join(lines), "speech of every length and emotion, pauses between sentences included"


def _of_pace(language: str, emotion: str) -> str:
    return f"{LANGUAGE_NAMES[language]}, {emotion}"


def _hardware(found: Findings) -> tuple[str, str]:
    facts, rtf = found.context.machine, found.cpu_rtf
    how = (
        "run `prosopon bench` on each machine and `prosopon bench compare` the files; until then, what a machine makes "
        f"is its processors times {BUSY:.0%} over the processor time measured here"
    )
    if rtf is None:
        return "", how
    vms = [
        f"{c.vm.name} would make {c.minutes_an_hour:.0f} minutes of video an hour"
        for c in costs(found)
        if c.minutes_an_hour is not None and c.vm.replaces
    ]
    here = f"{facts['usable_cores']} cores of {facts['cpu']}: {rtf:.2f} processor seconds a second of video"
    return "; ".join([here, *vms]), how


def _tiers(found: Findings) -> tuple[str, str]:
    told = [f"{tier.name}: {of_tier(tier)}" for tier in found.tiers]
    return "; ".join(told), "the same short text at 256 pixels by every tier that works here, warm"


def of_tier(tier: Tier) -> str:
    if tier.rtf is None:
        return tier.failure or NOT_MEASURED
    return f"{spread(tier.rtf)} seconds of work for a second of video"


def _users(found: Findings) -> tuple[str, str]:
    how = (
        "requests at a rate that rises in steps, whether or not the ones before are done, until 5 of 100 wait longer "
        f"than {TARGET_S} s for their first second; times count from when a request was due"
    )
    best = found.best_rate
    if best is None:
        late = found.rates and f"fewer than {found.rates[0].answered.rate * 60:.1f} videos a minute"
        return late or "", how
    a = best.answered
    return (
        f"{a.under_way:.1f} videos under way at once, {60 * a.rate:.1f} a minute, with the first second after "
        f"{a.first_s['p50']:.2f} s (95 of 100 within {a.first_s['p95']:.2f} s)"
    ), how


_LIMITS: dict[str, Writer] = {
    "Character limit": _characters,
    "Emotion cue processing": _cues,
    "Processing time against text length": _time,
    "Speech duration": _duration,
}
_PERFORMANCE: dict[str, Writer] = {
    "Hardware benchmarks": _hardware,
    "Configuration comparison": _tiers,
    "Scalability limits": _users,
}


def _people(found: Findings, said: Verdicts | None) -> Iterator[Answer]:
    group, ask = "Quality against speed", "`prosopon bench survey make`"
    opinions = said.opinions if said else ()
    accepted = [
        f"{o.variant}: {o.acceptable.value:.0%} would use it ({o.acceptable.low:.0%} to "
        f"{o.acceptable.high:.0%}), natural {o.natural.value:.1f} of 5"
        for o in opinions
    ]
    yield Answer(
        group,
        "User acceptance",
        "; ".join(accepted) or NOT_ASKED,
        f"{ask} makes a page of your clips to rate, and to choose between blindly",
    )
    waits = [
        f"{p.use}: half have gone after {p.half_s:.0f} s"
        if p.half_s is not None
        else f"{p.use}: most wait {p.still_there[-1][0] if p.still_there else 0:.0f} s and longer"
        for p in (said.patience if said else ())
    ]
    yield Answer(
        group,
        "Processing time tolerance",
        "; ".join(waits) or NOT_ASKED,
        f"{ask}: the page makes people wait, of different lengths, and lets them go",
    )
    lengths = [f"{x.use}: up to {x.median_s:.0f} s" for x in (said.lengths if said else ())]
    thrifty = found.thrifty_s
    cheap = (
        ""
        if thrifty is None
        else (
            f"; from {thrifty:.0f} s on, what a video costs in any case is less than a tenth of its cost"
        )
    )
    yield Answer(
        group,
        "Output video length",
        ("; ".join(lengths) or f"by people: {NOT_ASKED}") + cheap,
        f"{ask} asks for it by use; the cost by the line of processor time against length",
    )
