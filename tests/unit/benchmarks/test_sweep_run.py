"""Measuring itself, in real processes: with engines that compute nothing, and texts."""

import multiprocessing
from pathlib import Path

import pytest

from benchmarks.sweep import plan
from benchmarks.sweep.records import Made, Parsing, Read, Records, Talk, Task
from benchmarks.sweep.run import Sweep
from benchmarks.sweep.worker import Failed, Worker
from tests.unit.benchmarks import sweeps


def talk(characters: int = 60, engine: str = "tone") -> Talk:
    return Talk(kind="speech", engine=engine, language="en", characters=characters)


def test_a_worker_measures_tells_what_fails_and_goes_on() -> None:
    with Worker() as worker:
        read = worker.measure(Parsing(kind="parsing", characters=2000), 60)
        assert isinstance(read, Read)
        assert 1900 < read.characters <= 2000 and read.cues > 20 and read.cpu_s > 0
        made = worker.measure(talk(), 60)
        assert isinstance(made, Made)
        assert made.characters <= 60 and made.duration_s > 1 and made.limit == 1000
        assert made.cpu_s > 0 and made.peak_mib > 10
        unknown = worker.measure(talk(engine="nobody"), 60)
        assert isinstance(unknown, Failed) and "nobody" in unknown.message and not unknown.lasting
        assert isinstance(worker.measure(talk(), 60), Made)
    assert not multiprocessing.active_children()


def test_who_takes_too_long_is_ended() -> None:
    with Worker() as worker:
        late = worker.measure(talk(), 0.0)
        assert isinstance(late, Failed) and late.lasting and "longer than" in late.message
    assert not multiprocessing.active_children()


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "sweep.jsonl", sweeps.CONTEXT)


def test_limits_are_looked_for_up_to_what_an_engine_takes_and_not_again(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "speakers", lambda: ["tone", "nobody"])
    told: list[Task] = []
    with Sweep.open(records, plan.QUICK, told.append) as sweep:
        sweep.limits()
    asked = [(r.task.engine, r.task.characters) for r in records.rows if isinstance(r.task, Talk)]
    assert asked == [("tone", 100), ("tone", 1000), ("nobody", 100)]
    assert records.rows[-1].failure and not records.rows[0].failure
    assert told == [row.task for row in records.rows]
    again = Records(records.path, sweeps.CONTEXT)
    with Sweep.open(again, plan.QUICK, told.append) as sweep:
        sweep.limits()
    assert len(again.rows) == 3


def test_an_interruption_keeps_what_was_measured_and_leaves_no_process(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "speakers", lambda: ["tone"])

    def tell(task: Task) -> None:
        if records.rows:
            raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        Sweep.open(records, plan.QUICK, tell) as sweep,
    ):
        sweep.limits()
    assert not multiprocessing.active_children()
    assert len(Records(records.path, sweeps.CONTEXT).rows) == 1
