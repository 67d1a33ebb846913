"""Sweeps that were never run: rows with figures that are known."""

from collections.abc import Iterator

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

CONTEXT = Context(
    machine={"cpu": "Abacus <b>9</b>", "cores": 2, "usable_cores": 2, "memory_gib": 8.0},
    versions={"prosopon": "1.2.3"},
    commit="abc1234",
    code="0" * 12,
    configs={},
    max_characters={"lightweight": 10_000, "premium": 5_000},
)
FIXED_S, EACH_S = 0.5, 0.02
"""Processor time of a clip in itself, and of a character."""


def row(task: Task, found: Made | Read | Answered | None, number: int = 1, **more: object) -> Row:
    return Row.model_validate(
        {
            "task": task,
            "round": number,
            "at": "2026-01-02T03:04:05+00:00",
            "load": 0.5,
            "found": found,
        }
        | more
    )


def made(characters: int, factor: float = 1.0, **more: object) -> Made:
    """A clip by the line above, `factor` times as dear, spoken at 15 characters a second."""
    cpu_s = factor * (FIXED_S + EACH_S * characters)
    facts = {
        "characters": characters,
        "wall_s": 0.6 * cpu_s,
        "cpu_s": cpu_s,
        "duration_s": characters / 15,
        "peak_mib": 500.0,
        "first_s": 0.4,
        "stages": {
            "preparing": 0.01,
            "speaking": 1.0,
            "planning": 0.1,
            "drawing": 3.0,
            "composing": 0.1,
        },
    }
    return Made.model_validate(facts | more)


def clip(**other: object) -> Clip:
    """The base, but for what is given."""
    return plan.BASE.model_copy(update=other)


def rows(factor: float = 1.0) -> Iterator[Row]:
    """A whole sweep; round 2 was made while the machine was half as fast."""
    for number, slow in ((1, 1.0), (2, 2.0), (3, 1.0)):
        dear = factor * slow
        yield row(plan.cold("lightweight"), made(60, 8 * dear), number)
        yield row(plan.BASE, made(180, dear), number)
        yield row(plan.BASE, made(180, dear), number, repeat=2)
        for characters in (60, 360, 720):
            yield row(clip(characters=characters), made(characters, dear), number)
        yield row(clip(emotion="changing"), made(180, 1.1 * dear), number)
        yield row(clip(size=720), made(180, 1.5 * dear), number)
        yield row(clip(language="el"), made(180, 4 * dear), number)
        yield row(plan.of_tier("lightweight"), made(60, 0.5 * dear), number)
        yield row(plan.of_tier("premium"), None, number, failure="its weights are missing")
        for emotion, longer in (("neutral", 1.0), ("happy", 0.9)):
            talk = Talk(
                kind="speech", engine="polyglot", language="en", characters=150, emotion=emotion
            )
            yield row(talk, made(150, duration_s=10 * longer), number)
        yield row(
            Parsing(kind="parsing", characters=1000),
            Read(characters=990, cues=18, cpu_s=0.003),
            number,
        )
    yield from sentences()
    yield from served()


def sentences() -> Iterator[Row]:
    """`piper` takes what it says, `kokoro` swallows the end of a long one, `xtts` is not there."""
    for engine, characters, duration_s in (
        ("piper", 100, 6.0), ("piper", 1000, 59.0), ("kokoro", 100, 7.0), ("kokoro", 400, 12.0),
    ):  # fmt: skip
        talk = Talk(kind="sentence", engine=engine, language="en", characters=characters)
        yield row(talk, made(characters, duration_s=duration_s, limit=1000))
    gone = Talk(kind="sentence", engine="xtts", language="en", characters=100)
    yield row(gone, None, failure="no weights")


def served() -> Iterator[Row]:
    def answered(rate: float, p95: float, under_way: float) -> Answered:
        first = {"p50": p95 / 2, "p95": p95, "max": p95, "count": 20}
        return Answered(
            rate=rate, videos=20, failed=0, first_s=first, finished_s=first, under_way=under_way
        )

    yield row(Served(kind="served", step="idle"), answered(0.0, 0.8, 1.0))
    yield row(Served(kind="served", step="capacity"), Answered(rate=0.4, videos=8, failed=0))
    for share, p95 in ((0.5, 1.0), (1.0, 2.0), (1.5, 9.0)):
        task = Served(kind="served", step="load", share=share, seconds=20)
        yield row(task, answered(0.4 * share, p95, 4 * share))
