"""Carries out what is measured in processes of its own: rounds in which everything comes once, and engines' limits."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Self

from benchmarks.sweep import plan
from benchmarks.sweep.plan import Scale
from benchmarks.sweep.records import Clip, Made, Records, Row, Talk, Task
from benchmarks.sweep.worker import Failed, Worker
from serve_app.config import tier_names

Tell = Callable[[Task], None]
"""Told before each measurement."""

LANGUAGES = {"espeak": "el", "kokoro": "el"}
"""What an engine is tried with; the others with English."""


@dataclass(slots=True)
class Sweep:
    """Measures what the records lack; every measurement is on disk before the next begins."""

    records: Records
    scale: Scale
    tell: Tell
    _workers: dict[str, Worker] = field(default_factory=dict)
    _gone: dict[str, str] = field(default_factory=dict)
    """Why nothing more is asked of a worker, by its name."""

    @classmethod
    @contextmanager
    def open(cls, records: Records, scale: Scale, tell: Tell) -> Iterator[Self]:
        """Its processes end with the block."""
        with ExitStack() as stack:
            sweep = cls(records, scale, tell)
            stack.callback(sweep._end_all)
            yield sweep

    def rounds(self) -> None:
        tiers = tier_names()
        for number in range(1, self.scale.rounds + 1):
            for tier in tiers:
                if number <= self.scale.cold_rounds:
                    self._cold(tier, number)
            for task, repeat in plan.in_round(self.scale, tiers, number):
                self._measure(task, number, repeat)

    def _cold(self, tier: str, number: int) -> None:
        """In a process that is new, and ends with it."""
        task = plan.cold(tier)
        row = self._measure(task, number)
        self._end(_worker_of(task))
        slow_s = row.found.wall_s if isinstance(row.found, Made) else 0.0
        if row.failure or slow_s > self.scale.slowest_s:
            told = row.failure or f"left out of the quick sweep: a first clip takes {slow_s:.0f} s"
            self._gone[tier] = self._gone[_worker_of(task)] = told

    def limits(self) -> None:
        """Ever longer sentences for each engine, as far as it takes them."""
        for engine in plan.speakers():
            language = LANGUAGES.get(engine, "en")
            lengths = list(self.scale.sentences)
            while lengths:
                characters = lengths.pop(0)
                task = Talk(
                    kind="sentence", engine=engine, language=language, characters=characters
                )
                found = self._measure(task).found
                if not isinstance(found, Made):
                    break
                if not lengths and found.limit and found.limit > characters:
                    lengths.append(found.limit)
            self._end(engine)

    def _measure(self, task: Task, number: int = 1, repeat: int = 1) -> Row:
        self.tell(task)
        if (row := self.records.done(task, number, repeat)) is not None:
            return row
        name = _worker_of(task)
        if name in self._gone:
            return self.records.add(task, None, self._gone[name], number, repeat)
        if name not in self._workers:
            self._workers[name] = Worker()
        found = self._workers[name].measure(task, self.scale.patience_s)
        if not isinstance(found, Failed):
            return self.records.add(task, found, "", number, repeat)
        if found.lasting:
            self._end(name)
            self._gone[name] = found.message
        return self.records.add(task, None, found.message, number, repeat)

    def _end_all(self) -> None:
        for name in tuple(self._workers):
            self._end(name)

    def _end(self, name: str) -> None:
        if worker := self._workers.pop(name, None):
            worker.close()


def _worker_of(task: Task) -> str:
    """Tasks with the same answer are measured in the same process."""
    match task:
        case Clip(kind="cold"):
            return f"cold {task.tier}"
        case Clip():
            return task.tier
        case Talk():
            return task.engine
        case _:
            return "script"
