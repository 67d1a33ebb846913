"""What a sweep measures: each axis by itself around one clip, the base."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backends import speech
from backends.types import Emotion
from benchmarks.sweep.records import Clip, Parsing, Talk, Task
from benchmarks.sweep.texts import LANGUAGE_NAMES
from serve_app.config import read_tier

BASE = Clip(kind="warm", tier="lightweight")
_OTHER_TIERS_CHARACTERS = 60
"""Of clips that compare tiers: one of them may take a hundred times as long as another."""
_ROUTERS = ("polyglot", "tone")
"""Engines that only pass on to others, or speak no words."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    rounds: int
    cold_rounds: int
    characters: tuple[int, ...]
    """Lengths of text; the tier's own limit is added where `whole_limit`."""
    whole_limit: bool
    emotions: tuple[str, ...]
    sizes: tuple[int, ...]
    rates: tuple[int, ...]
    """Frames a second."""
    spoken: int
    """Characters of speech that is only spoken."""
    sentences: tuple[int, ...]
    """Lengths of one utterance that are tried before the engine's own limit, in characters."""
    patience_s: float
    """For one measurement."""
    slowest_s: float
    """A tier whose cold clip takes longer is not measured warm."""
    load_s: float
    """At each rate of requests."""
    saturating: int
    """Videos to measure the service's capacity by."""
    idle: int
    shares: tuple[float, ...]
    """Of the capacity, at which requests come, until the target breaks."""
    served_size: int


ALL_EMOTIONS = tuple(str(emotion) for emotion in Emotion)
QUICK = Scale(
    rounds=3,
    cold_rounds=2,
    characters=(60, 360, 720),
    whole_limit=False,
    emotions=("happy", "changing"),
    sizes=(256, 720),
    rates=(50,),
    spoken=80,
    sentences=(100,),
    patience_s=90.0,
    slowest_s=30.0,
    load_s=20.0,
    saturating=8,
    idle=3,
    shares=(0.5, 1.0, 1.5),
    served_size=256,
)
FULL = Scale(
    rounds=7,
    cold_rounds=5,
    characters=(60, 120, 250, 500, 1000, 2000, 4000),
    whole_limit=True,
    emotions=(*(e for e in ALL_EMOTIONS if e != "neutral"), "changing"),
    sizes=(256, 720, 1080),
    rates=(15, 50),
    spoken=480,
    sentences=(100, 200, 400, 800),
    patience_s=1800.0,
    slowest_s=1800.0,
    load_s=180.0,
    saturating=24,
    idle=10,
    shares=(0.25, 0.5, 0.75, 1.0, 1.25, 1.5),
    served_size=512,
)


def cold(tier: str) -> Clip:
    """The first clip of a fresh process."""
    return Clip(kind="cold", tier=tier, characters=_OTHER_TIERS_CHARACTERS, size=256)


def of_tier(tier: str) -> Clip:
    """The same of a warm one: what compares tiers."""
    return cold(tier).model_copy(update={"kind": "warm"})


def clips(scale: Scale) -> list[Clip]:
    """Around the base; the base itself is not among them."""

    def off(**other: object) -> Clip:
        return BASE.model_copy(update=other)

    lengths = list(scale.characters)
    if scale.whole_limit:
        lengths.append(read_tier(BASE.tier).max_characters)
    return [
        *(off(characters=n) for n in lengths),
        off(language="el"),
        *(off(emotion=emotion) for emotion in scale.emotions),
        *(off(size=size) for size in scale.sizes),
        *(off(fps=fps) for fps in scale.rates),
    ]


def difference(task: Clip) -> str:
    """What a clip has that the base has not."""
    facts = {
        "tier": task.tier,
        "characters": f"{task.characters:,} characters",
        "language": LANGUAGE_NAMES.get(task.language, task.language),
        "emotion": task.emotion,
        "size": f"{task.size} px",
        "fps": f"{task.fps} frames/s",
    }
    told = (text for f, text in facts.items() if getattr(task, f) != getattr(BASE, f))
    return ", ".join(told) or "base"


def talks(scale: Scale) -> list[Talk]:
    """What is only spoken, by the engine that the base tier has: English with every emotion, Greek with those of the
    scale, as it takes longer."""
    engine = read_tier(BASE.tier).speech.engine
    greek = ("neutral", *(e for e in scale.emotions if e != "changing"))
    return [
        Talk(
            kind="speech",
            engine=engine,
            language=language,
            characters=scale.spoken,
            emotion=emotion,
        )
        for language, emotions in (("en", ALL_EMOTIONS), ("el", greek))
        for emotion in emotions
    ]


def parsings() -> list[Parsing]:
    return [Parsing(kind="parsing", characters=n) for n in (1000, 2000, 4000, 8000)]


def in_round(scale: Scale, tiers: Sequence[str], number: int) -> Iterator[tuple[Task, int]]:
    """The tasks of a round in an order of its own, each with which of its kind it is. The base comes before and behind
    every clip, since a machine with neighbours is faster in one minute than in the next."""
    chance = random.Random(number)
    made: list[Clip] = [*map(of_tier, tiers), *clips(scale)]
    others: list[Task] = [*talks(scale), *parsings()]
    chance.shuffle(made)
    chance.shuffle(others)
    yield BASE, 1
    for bases, clip in enumerate(made, 2):
        yield clip, 1
        yield BASE, bases
    yield from ((task, 1) for task in others)


def speakers() -> list[str]:
    """Engines whose limits are looked for."""
    return [name for name in speech.ENGINES if name not in _ROUTERS]


def steps(scale: Scale, tiers: Sequence[str]) -> int:
    """About how many measurements a sweep has."""
    in_rounds = sum(1 for number in range(scale.rounds) for _ in in_round(scale, tiers, number))
    limits = len(speakers()) * (len(scale.sentences) + 1)
    return in_rounds + scale.cold_rounds * len(tiers) + limits + len(scale.shares) + 2
