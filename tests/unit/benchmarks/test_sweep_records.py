"""The file of a sweep, the texts that it is made with, and the plan of what is measured."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.errors import InputError
from backends.script import ScriptOptions, parse
from benchmarks.sweep import plan
from benchmarks.sweep.records import Clip, Context, Made, Records, read
from benchmarks.sweep.texts import CHANGING, SENTENCES, one_sentence, text_of
from tests.unit.benchmarks import sweeps

LANGUAGES = st.sampled_from(sorted(SENTENCES))


@given(LANGUAGES, st.integers(30, 3000))
def test_texts_are_as_long_as_asked_for_but_for_a_word(language: str, characters: int) -> None:
    text = text_of(language, characters)
    assert characters - 20 <= len(text) <= characters
    assert text.endswith(".")
    assert parse(text, ScriptOptions(language=language)).text == text


@given(LANGUAGES, st.integers(30, 1500))
def test_one_sentence_is_one(language: str, characters: int) -> None:
    text = one_sentence(language, characters)
    assert text.count(".") == 1 and characters - 20 <= len(text) <= characters


def test_changing_texts_have_a_cue_a_sentence_and_the_same_words() -> None:
    plain, changing = text_of("en", 600), parse(text_of("en", 600, changing=True))
    assert changing.text == plain and not changing.warnings
    emotions = [u.spans[0].cue.emotion for u in changing.utterances]
    assert [str(e) for e in emotions[: len(CHANGING)]] == list(CHANGING)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results" / "sweep.jsonl"


def found(characters: int = 180) -> Made:
    return sweeps.made(characters)


def test_what_is_written_is_read_again(path: Path) -> None:
    records = Records(path, sweeps.CONTEXT)
    for row in sweeps.rows():
        records.add(row.task, row.found, row.failure, row.round, row.repeat)
    context, rows = read(path)
    assert context == sweeps.CONTEXT and rows == records.rows


def test_a_second_run_goes_on_without_what_failed_or_broke_off(path: Path) -> None:
    records = Records(path, sweeps.CONTEXT)
    records.add(plan.BASE, found())
    records.add(plan.cold("premium"), None, "its weights are missing")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"task":{"kind":"warm","ti')
    again = Records(path, sweeps.CONTEXT)
    assert [row.task for row in again.rows] == [plan.BASE]
    assert again.done(plan.BASE) is not None and again.done(plan.BASE, 2) is None
    assert again.done(plan.cold("premium")) is None
    again.add(plan.BASE, found(), round=2)
    assert len(read(path)[1]) == 2


def test_results_of_another_version_move_aside(path: Path) -> None:
    Records(path, sweeps.CONTEXT).add(plan.BASE, found())
    other = sweeps.CONTEXT.model_copy(update={"code": "f" * 12})
    records = Records(path, other)
    assert records.rows == [] and records.moved is not None
    assert read(records.moved)[0] == sweeps.CONTEXT and len(read(records.moved)[1]) == 1
    assert read(path)[0] == other


def test_a_commit_alone_makes_no_other_version(path: Path) -> None:
    Records(path, sweeps.CONTEXT).add(plan.BASE, found())
    records = Records(path, sweeps.CONTEXT.model_copy(update={"commit": "abc1234-dirty"}))
    assert records.moved is None and len(records.rows) == 1


def test_nobodys_home_stands_in_results(path: Path) -> None:
    row = Records(path, sweeps.CONTEXT).add(plan.BASE, None, f"put it into {Path.home()}/weights")
    assert row.failure == "put it into ~/weights"


GOOD = sweeps.CONTEXT.model_dump_json().join(('{"context":', "}\n"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "does not begin with the context"),
        ("hello\n", "does not begin"),
        ('{"context": 5}\n', "does not begin"),
        ("[1, 2]\n", "does not begin"),
        (GOOD + "{}\n", "line 2"),
        (GOOD + "\n", "line 2"),
        (GOOD + '{"task":{"kind":"lukewarm"}}\n', "line 2"),
        (GOOD + "[" * 100_000 + "\n", "line 2"),
    ],
)
def test_what_is_no_sweep_is_refused(path: Path, text: str, told: str) -> None:
    path.parent.mkdir()
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=told):
        read(path)


def test_bytes_and_missing_files_are_refused(path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read(path)
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        read(path)


@pytest.mark.parametrize("scale", [plan.QUICK, plan.FULL], ids=["quick", "full"])
def test_a_round_has_everything_once_and_the_base_around_every_clip(scale: plan.Scale) -> None:
    first, second = (list(plan.in_round(scale, ("lightweight",), n)) for n in (1, 2))
    others = [task for task, _ in first if task != plan.BASE]
    assert len(others) == len(set(others))
    assert set(first) == set(second) and first != second
    tasks = [task for task, _ in first]
    for at, task in enumerate(tasks):
        if isinstance(task, Clip) and task != plan.BASE:
            assert tasks[at - 1] == tasks[at + 1] == plan.BASE


def test_every_axis_is_there() -> None:
    tasks = plan.clips(plan.FULL)
    for axis in ("language", "characters", "emotion", "size", "fps"):
        assert any(getattr(task, axis) != getattr(plan.BASE, axis) for task in tasks), axis
    lengths = {task.characters for task in tasks}
    assert 60 in lengths and 4000 in lengths and 10_000 in lengths


def test_contexts_with_what_nobody_knows_are_refused() -> None:
    with pytest.raises(ValueError, match="extra"):
        Context.model_validate(sweeps.CONTEXT.model_dump() | {"weather": "fine"})
