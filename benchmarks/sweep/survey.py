"""What people say: their answers to the page of `survey_page`, checked and counted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError

from backends.errors import InputError
from benchmarks.sweep.stats import mean_interval, share_interval, survival
from serve_app.config import StrictModel

KEY = "survey-key.json"
FILE = "survey.json"
USES = ("a message", "teaching", "news", "advertising", "customer service", "entertainment")
LENGTHS_S = (15, 30, 60, 120, 300, 900)
WAITS_S = (2.0, 5.0, 12.0, 30.0)
_LARGEST = 2**20

Name = Annotated[str, Field(min_length=1, max_length=200)]
Mark = Annotated[int, Field(ge=1, le=5)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class Shown(StrictModel):
    """A clip of the page: the page knows only its number."""

    id: Name
    item: Name
    """What is said in it; clips of one item are compared."""
    variant: Name
    """What made it."""


class Key(StrictModel):
    """Who is who; kept back from those who answer."""

    survey: Name
    clips: Annotated[tuple[Shown, ...], Field(max_length=1000)]


class Rating(StrictModel):
    clip: Name
    natural: Mark
    lips: Mark
    voice: Mark
    acceptable: bool


class Choice(StrictModel):
    first: Name
    second: Name
    chosen: Literal["first", "second", "even"]


class Wait(StrictModel):
    offered_s: Seconds
    """How long the page would have made wait."""
    waited_s: Seconds
    left: bool
    """Gave up."""


class Answers(StrictModel):
    """One person's."""

    survey: Name
    person: Name
    use: Name
    longest_s: Seconds
    """The longest video that they would watch."""
    ratings: Annotated[tuple[Rating, ...], Field(max_length=1000)]
    choices: Annotated[tuple[Choice, ...], Field(max_length=10_000)]
    waits: Annotated[tuple[Wait, ...], Field(max_length=1000)]


class Interval(StrictModel):
    """A mean or share with its 95 % interval."""

    value: float
    low: float
    high: float


class Opinion(StrictModel):
    variant: str
    ratings: int
    natural: Interval
    lips: Interval
    voice: Interval
    acceptable: Interval


class Preference(StrictModel):
    """How often one was preferred to another; who found them even counts half for each."""

    first: str
    second: str
    choices: int
    share: Interval
    """Of the first."""


class Patience(StrictModel):
    use: str
    waits: int
    still_there: tuple[tuple[float, float], ...]
    """Seconds, and the share that is still waiting after them (Kaplan and Meier)."""
    half_s: float | None
    """When half have gone; None: more than half stayed as long as was tried."""


class Length(StrictModel):
    use: str
    people: int
    median_s: float


class Verdicts(StrictModel):
    people: int
    opinions: tuple[Opinion, ...]
    preferences: tuple[Preference, ...]
    patience: tuple[Patience, ...]
    """The first is of all uses together."""
    lengths: tuple[Length, ...]


M = TypeVar("M", bound=StrictModel)


def read_json(path: Path, model: type[M]) -> M:
    """Raises InputError where a file is too large, cannot be read, or holds something else."""
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path}: larger than {_LARGEST} bytes, so no file of this survey")
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise InputError(f"{path}: {where}: {first['msg']}") from error


def count(key: Key, given: Iterable[Answers]) -> Verdicts:
    """All answers together; a person who answered twice counts with the last.

    Raises:
        InputError: answers belong to another survey, or name a clip that it does not have.
    """
    people = {answers.person: _checked(key, answers) for answers in given}
    variants = {clip.id: clip.variant for clip in key.clips}
    every = list(people.values())
    return Verdicts(
        people=len(every),
        opinions=tuple(_opinions(variants, every)),
        preferences=tuple(_preferences(variants, every)),
        patience=tuple(_patience(every)),
        lengths=tuple(
            Length(use=use, people=len(group), median_s=median(a.longest_s for a in group))
            for use, group in sorted(_by_use(every).items())
        ),
    )


def _checked(key: Key, answers: Answers) -> Answers:
    if answers.survey != key.survey:
        raise InputError(f"answers of {answers.person!r} are to survey {answers.survey!r}")
    known = {clip.id for clip in key.clips}
    named = {r.clip for r in answers.ratings}
    named |= {clip for choice in answers.choices for clip in (choice.first, choice.second)}
    if unknown := sorted(named - known):
        raise InputError(
            f"answers of {answers.person!r} name a clip {unknown[0]!r} that is not in it"
        )
    return answers


def _opinions(variants: dict[str, str], people: Sequence[Answers]) -> Iterable[Opinion]:
    grouped: dict[str, list[Rating]] = defaultdict(list)
    for answers in people:
        for rating in answers.ratings:
            grouped[variants[rating.clip]].append(rating)
    for variant, ratings in sorted(grouped.items()):
        yes = sum(rating.acceptable for rating in ratings)
        yield Opinion(
            variant=variant,
            ratings=len(ratings),
            natural=_interval(mean_interval([r.natural for r in ratings])),
            lips=_interval(mean_interval([r.lips for r in ratings])),
            voice=_interval(mean_interval([r.voice for r in ratings])),
            acceptable=_interval(share_interval(yes, len(ratings))),
        )


_WON = {"first": 1.0, "even": 0.5, "second": 0.0}


def _preferences(variants: dict[str, str], people: Sequence[Answers]) -> Iterable[Preference]:
    """Of each pair of variants, the first by name to the other, whichever was shown first."""
    grouped: dict[tuple[str, str], list[float]] = defaultdict(list)
    for choice in (choice for answers in people for choice in answers.choices):
        first, second = variants[choice.first], variants[choice.second]
        won = _WON[choice.chosen]
        if first <= second:
            grouped[first, second].append(won)
        else:
            grouped[second, first].append(1 - won)
    for (first, second), shares in sorted(grouped.items()):
        share = _interval(mean_interval(shares))
        yield Preference(first=first, second=second, choices=len(shares), share=share)


def _patience(people: Sequence[Answers]) -> Iterable[Patience]:
    groups = {"all": list(people), **_by_use(people)}
    for use, group in groups.items():
        waits = [wait for answers in group for wait in answers.waits]
        if not waits:
            continue
        steps = survival([w.waited_s for w in waits], [w.left for w in waits])
        half = next((s for s, share in steps if share <= 0.5), None)
        yield Patience(use=use, waits=len(waits), still_there=tuple(steps), half_s=half)


def _by_use(people: Sequence[Answers]) -> dict[str, list[Answers]]:
    grouped: dict[str, list[Answers]] = defaultdict(list)
    for answers in people:
        grouped[answers.use].append(answers)
    return dict(sorted(grouped.items()))


def _interval(found: tuple[float, float, float]) -> Interval:
    value, low, high = (round(each, 3) for each in found)
    return Interval(value=value, low=low, high=high)


Rows = Sequence[tuple[str, ...]]


def tables(found: Verdicts) -> Iterator[tuple[str, tuple[str, ...], Rows]]:
    """What was said, as titles, columns and rows."""
    yield (
        f"Ratings by {found.people} people (of 5, with 95 % intervals)",
        ("variant", "ratings", "natural", "lips", "voice", "would use it"),
        [
            (
                o.variant,
                str(o.ratings),
                _told(o.natural),
                _told(o.lips),
                _told(o.voice),
                _told(o.acceptable),
            )
            for o in found.opinions
        ],
    )
    yield (
        "Preference",
        ("of", "to", "choices", "share"),
        [(p.first, p.second, str(p.choices), _told(p.share)) for p in found.preferences],
    )
    yield (
        "Patience",
        ("use", "waits", "half have gone after s"),
        [
            (p.use, str(p.waits), "longer than tried" if p.half_s is None else f"{p.half_s:.1f}")
            for p in found.patience
        ],
    )
    yield (
        "Longest video that would be watched",
        ("use", "people", "median s"),
        [(x.use, str(x.people), f"{x.median_s:.0f}") for x in found.lengths],
    )


def _told(interval: Interval) -> str:
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f})"
