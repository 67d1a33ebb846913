"""What the measurements of a sweep say: every number of the report and of docs/limits.md is computed here."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, median

from benchmarks.sweep import plan
from benchmarks.sweep.records import (
    Answered,
    Clip,
    Context,
    Made,
    Parsing,
    Read,
    Row,
    Served,
    Talk,
    Task,
)
from benchmarks.sweep.serving import broken
from benchmarks.sweep.stats import Line, Spread, line

_WHOLE = 0.25
"""How far the seconds a character of a long sentence may be from those of a short one that is spoken whole."""
_OVERHEAD = 0.1


@dataclass(frozen=True, slots=True)
class Case:
    """One clip of the plan, over its rounds."""

    task: Clip
    made: tuple[Made, ...]
    to_base: Spread | None
    """Processor time, as a multiple of the base's that were made before and behind."""
    failure: str = ""

    def spread(self, of: Callable[[Made], float]) -> Spread:
        return Spread.of([of(made) for made in self.made])


@dataclass(frozen=True, slots=True)
class Tier:
    """What compares tiers: the same short clip by each."""

    name: str
    rtf: Spread | None
    """Seconds of work, with all cores, for a second of video."""
    cpu_rtf: Spread | None
    """Processor seconds for a second of video."""
    cold_s: Spread | None
    """From an empty process to the first clip."""
    first_s: Spread | None
    """Until the first segment can be played, warm."""
    peak_mib: float | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a text takes to say."""

    language: str
    emotion: str
    seconds_a_character: Spread
    to_neutral: float


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a sentence an engine speaks whole."""

    engine: str
    language: str
    characters: int
    """Of the longest that it spoke whole; 0: none."""
    declared: int | None
    peak_mib: float
    failure: str
    """Why not longer; empty where it took as many as it says."""


@dataclass(frozen=True, slots=True)
class Rate:
    """The service while requests came at one rate."""

    share: float
    answered: Answered
    kept: bool
    """Whether the latency target held."""


@dataclass(frozen=True, slots=True)
class Findings:
    context: Context
    rows: int
    began: str
    ended: str
    rounds: int
    load: Spread
    cases: tuple[Case, ...]
    tiers: tuple[Tier, ...]
    cpu_line: Line | None
    """Processor seconds against characters, of the base and its lengths."""
    wall_line: Line | None
    duration_lines: dict[str, Line]
    """Seconds of video against characters, by language."""
    paces: tuple[Pace, ...]
    limits: tuple[Limit, ...]
    parsing: tuple[tuple[int, int, float], ...]
    """Characters, cues and median processor seconds."""
    idle: Answered | None
    capacity: float | None
    """Videos a second, when there is always one waiting."""
    rates: tuple[Rate, ...]

    @property
    def base(self) -> Case | None:
        return self.case(plan.BASE)

    def case(self, task: Clip) -> Case | None:
        return next((c for c in self.cases if c.task == task and c.made), None)

    @property
    def around_base(self) -> list[Case]:
        """Clips that differ from the base in one thing, sorted by what that is."""
        found = [c for c in self.cases if c.made and len(_differences(c.task)) == 1]
        return sorted(found, key=lambda c: [_order(getattr(c.task, f)) for f in Clip.model_fields])

    @property
    def lengths(self) -> list[Case]:
        """The base and clips that differ from it in the length of the text, the shortest first."""
        found = [c for c in self.cases if c.made and _differences(c.task) <= {"characters"}]
        return sorted(found, key=lambda c: c.task.characters)

    @property
    def longest_text(self) -> int:
        """Characters of the longest text that became a video."""
        return max((c.task.characters for c in self.lengths), default=0)

    @property
    def cpu_rtf(self) -> float | None:
        """Processor seconds for a second of the base."""
        return median(m.cpu_s / m.duration_s for m in self.base.made) if self.base else None

    @property
    def best_rate(self) -> Rate | None:
        """The highest rate at which the latency target held."""
        return max((r for r in self.rates if r.kept), key=lambda r: r.share, default=None)

    @property
    def thrifty_s(self) -> float | None:
        """Length of video from which on a clip's fixed cost is less than a tenth of the rest."""
        video = self.duration_lines.get(plan.BASE.language)
        if self.cpu_line is None or video is None or self.cpu_line.each <= 0:
            return None
        characters = max(0.0, self.cpu_line.fixed) / (_OVERHEAD * self.cpu_line.each)
        return max(0.0, video.at(characters))


def _differences(task: Clip) -> set[str]:
    """Fields in which a clip is not as the base."""
    return {f for f in Clip.model_fields if getattr(task, f) != getattr(plan.BASE, f)}


def _order(value: str | int) -> tuple[int, str]:
    return (value, "") if isinstance(value, int) else (0, value)


def findings(context: Context, rows: Sequence[Row]) -> Findings:
    """Of a file's measurements, see `records.read`; of none, nothing but the context."""
    cases = _cases(rows)
    lengths = [m for c in cases if _differences(c.task) <= {"characters"} for m in c.made]
    characters = [float(made.characters) for made in lengths]
    times = sorted(row.at for row in rows) or [""]
    served = {r.task: r.found for r in rows if isinstance(r.found, Answered)}
    steps = {task: found for task, found in served.items() if isinstance(task, Served)}
    return Findings(
        context=context,
        rows=len(rows),
        began=times[0],
        ended=times[-1],
        rounds=max((row.round for row in rows if not row.failure), default=0),
        load=Spread.of([row.load for row in rows] or [0.0]),
        cases=cases,
        tiers=_tiers(rows),
        cpu_line=line(characters, [made.cpu_s for made in lengths]),
        wall_line=line(characters, [made.wall_s for made in lengths]),
        duration_lines=_duration_lines(rows),
        paces=_paces(rows),
        limits=_limits(rows),
        parsing=_parsing(rows),
        idle=next((a for t, a in steps.items() if t.step == "idle"), None),
        capacity=next((a.rate for t, a in steps.items() if t.step == "capacity"), None),
        rates=tuple(
            Rate(t.share, a, not broken(t, a)) for t, a in steps.items() if t.step == "load"
        ),
    )


def _cases(rows: Sequence[Row]) -> tuple[Case, ...]:
    """Of the warm clips."""
    grouped: dict[Clip, list[Row]] = defaultdict(list)
    for row in rows:
        if isinstance(row.task, Clip) and row.task.kind == "warm":
            grouped[row.task].append(row)
    ratios, cases = _to_base(rows), []
    for task, group in grouped.items():
        made = tuple(row.found for row in group if isinstance(row.found, Made))
        failure = "" if made else next((row.failure for row in group), "")
        own = ratios.get(task)
        cases.append(Case(task, made, Spread.of(own) if own else None, failure))
    return tuple(cases)


def _to_base(rows: Sequence[Row]) -> dict[Clip, list[float]]:
    """Processor time of warm clips, as multiples of what the base took next to them: before, behind, or both."""
    made = [
        (row.task, row.round, row.found.cpu_s)
        for row in rows
        if isinstance(row.task, Clip) and row.task.kind == "warm" and isinstance(row.found, Made)
    ]
    ratios: dict[Clip, list[float]] = defaultdict(list)
    for at, (task, number, cpu_s) in enumerate(made):
        sides = (reversed(made[:at]), made[at + 1 :])
        nearest = (
            next((s for of, n, s in side if of == plan.BASE and n == number), None)
            for side in sides
        )
        if beside := [seconds for seconds in nearest if seconds is not None]:
            ratios[task].append(cpu_s / mean(beside))
    return ratios


def _tiers(rows: Sequence[Row]) -> tuple[Tier, ...]:
    names = dict.fromkeys(r.task.tier for r in rows if isinstance(r.task, Clip))
    return tuple(_tier(name, rows) for name in names)


def _tier(name: str, rows: Sequence[Row]) -> Tier:
    warm, cold = ([r for r in rows if r.task == t] for t in (plan.of_tier(name), plan.cold(name)))
    made = [r.found for r in warm if isinstance(r.found, Made)]
    fresh = [r.found for r in cold if isinstance(r.found, Made)]
    either = made or fresh
    return Tier(
        name=name,
        rtf=_spread([m.wall_s / m.duration_s for m in made]),
        cpu_rtf=_spread([m.cpu_s / m.duration_s for m in made]),
        cold_s=_spread([m.wall_s for m in fresh]),
        first_s=_spread([m.first_s for m in made if m.first_s is not None]),
        peak_mib=max(m.peak_mib for m in either) if either else None,
        failure="" if made else next((r.failure for r in (*warm, *cold) if r.failure), ""),
    )


def _spread(values: Sequence[float]) -> Spread | None:
    return Spread.of(values) if values else None


def _duration_lines(rows: Sequence[Row]) -> dict[str, Line]:
    """Of all that was spoken plainly, as a clip or alone."""
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        if isinstance(row.found, Made) and (language := _plain(row.task)):
            points[language].append((row.found.characters, row.found.duration_s))
    lines = {
        language: line([x for x, _ in each], [y for _, y in each])
        for language, each in points.items()
    }
    return {language: found for language, found in lines.items() if found}


def _plain(task: Task) -> str:
    """The language of a warm clip of the base tier, or of speech, that has no emotion; of others nothing."""
    match task:
        case Clip(kind="warm", tier=plan.BASE.tier, emotion="neutral"):
            return task.language
        case Talk(kind="speech", emotion="neutral"):
            return task.language
        case _:
            return ""


def _paces(rows: Sequence[Row]) -> tuple[Pace, ...]:
    grouped: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        if isinstance(row.task, Talk) and row.task.kind == "speech" and isinstance(row.found, Made):
            pace = row.found.duration_s / row.found.characters
            grouped[row.task.language, row.task.emotion].append(pace)
    return tuple(
        Pace(language, emotion, Spread.of(paces), median(paces) / median(neutral))
        for (language, emotion), paces in sorted(grouped.items(), key=lambda item: _place(item[0]))
        if (neutral := grouped.get((language, "neutral")))
    )


def _place(key: tuple[str, str]) -> tuple[str, int]:
    language, emotion = key
    return language, plan.ALL_EMOTIONS.index(emotion)


def _limits(rows: Sequence[Row]) -> tuple[Limit, ...]:
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if isinstance(row.task, Talk) and row.task.kind == "sentence":
            grouped[row.task.engine, row.task.language].append(row)
    return tuple(_limit(*key, group) for key, group in sorted(grouped.items()))


def _limit(engine: str, language: str, rows: Sequence[Row]) -> Limit:
    """Spoken whole is what takes as long a character as the shortest sentence: what is cut off is quicker, what babbles
    is slower."""
    tried = sorted(
        ((r.task.characters, r) for r in rows if isinstance(r.task, Talk)), key=lambda t: t[0]
    )
    longest, peak_mib, pace = 0, 0.0, 0.0
    declared: int | None = None
    for asked, row in tried:
        made = row.found
        if not isinstance(made, Made):
            return Limit(engine, language, longest, declared, peak_mib, row.failure)
        declared, here = made.limit, made.duration_s / made.characters
        pace = pace or here
        if abs(here / pace - 1) > _WHOLE:
            told = f"of {asked} characters a character takes {here / pace:.2f} times as long"
            return Limit(engine, language, longest, declared, peak_mib, told)
        longest, peak_mib = asked, max(peak_mib, made.peak_mib)
    return Limit(engine, language, longest, declared, peak_mib, "")


def _parsing(rows: Sequence[Row]) -> tuple[tuple[int, int, float], ...]:
    grouped: dict[int, list[Read]] = defaultdict(list)
    for row in rows:
        if isinstance(row.task, Parsing) and isinstance(row.found, Read):
            grouped[row.task.characters].append(row.found)
    return tuple(
        (group[0].characters, group[0].cues, median(read.cpu_s for read in group))
        for _, group in sorted(grouped.items())
    )
