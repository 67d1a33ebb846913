"""What people are asked, and what is made of their answers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backends.errors import InputError
from benchmarks.sweep import survey, survey_page
from benchmarks.sweep.answers import NOT_ASKED, answers
from benchmarks.sweep.findings import findings
from benchmarks.sweep.survey import Answers, Key, Verdicts, count, read_json
from serve_app.cli.app import app
from tests.unit.benchmarks import sweeps

KEY = Key.model_validate(
    {
        "survey": "s1",
        "clips": [
            {"id": "1", "item": "hello", "variant": "rig"},
            {"id": "2", "item": "hello", "variant": "wav2lip"},
        ],
    }
)


def said(person: str, **other: object) -> Answers:
    """One who finds the rig better, and leaves after 8 s of 12."""

    def rating(clip: str, mark: int, acceptable: bool) -> dict[str, object]:
        marks = dict.fromkeys(("natural", "lips", "voice"), mark)
        return {"clip": clip, **marks, "acceptable": acceptable}

    given: dict[str, Any] = {
        "survey": "s1",
        "person": person,
        "use": "teaching",
        "longest_s": 60,
        "ratings": [rating("1", 4, True), rating("2", 2, False)],
        "choices": [{"first": "2", "second": "1", "chosen": "second"}],
        "waits": [
            {"offered_s": 2, "waited_s": 2, "left": False},
            {"offered_s": 12, "waited_s": 8, "left": True},
        ],
    }
    return Answers.model_validate(given | other)


def test_answers_become_a_table() -> None:
    found = count(KEY, [said("a"), said("b", use="news", longest_s=30), said("c")])
    assert found.people == 3
    rig, wav2lip = found.opinions
    assert (rig.variant, rig.natural.value, rig.acceptable.value) == ("rig", 4, 1)
    assert (wav2lip.variant, wav2lip.acceptable.value) == ("wav2lip", 0)
    assert rig.acceptable.low > 0.4 and wav2lip.acceptable.high < 0.6  # three are few
    (preference,) = found.preferences
    assert (preference.first, preference.share.value) == ("rig", 1)
    everybody, news, teaching = found.patience
    assert (everybody.use, everybody.half_s, everybody.waits) == ("all", 8, 6)
    assert (news.use, teaching.use) == ("news", "teaching")
    assert {x.use: x.median_s for x in found.lengths} == {"news": 30, "teaching": 60}


def test_who_answers_twice_counts_once_and_who_finds_them_even_halves() -> None:
    even = said("a", choices=[{"first": "1", "second": "2", "chosen": "even"}])
    found = count(KEY, [said("a"), even])
    assert found.people == 1 and found.preferences[0].share.value == 0.5


def test_people_answer_what_was_not_yet_asked() -> None:
    nothing = findings(sweeps.CONTEXT, [])
    told = {a.question: a.answer for a in answers(nothing, count(KEY, [said("a")]))}
    assert "100% would use it" in told["User acceptance"]
    assert "after 8 s" in told["Processing time tolerance"]
    assert "teaching: up to 60 s" in told["Output video length"]
    before = [a.answer for a in answers(nothing, None) if a.group == "Quality against speed"]
    assert all(NOT_ASKED in answer for answer in before)


@pytest.mark.parametrize(
    "wrong",
    [
        {"survey": "s2"},
        {"ratings": [{"clip": "9", "natural": 1, "lips": 1, "voice": 1, "acceptable": True}]},
        {"choices": [{"first": "1", "second": "<b>", "chosen": "even"}]},
    ],
)
def test_answers_to_something_else_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="'a'"):
        count(KEY, [said("a", **wrong)])


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "[]",
        "null",
        "[" * 100_000,
        '{"survey": "s1"}',
        said("a").model_dump_json().replace('"natural":4', '"natural":6'),
        said("a").model_dump_json().replace('"waited_s":8.0', '"waited_s":-1'),
        said("a").model_dump_json().replace('"waited_s":8.0', '"waited_s":NaN'),
        said("a").model_dump_json()[:-1] + ', "more": 1}',
        " " * (2**20 + 1),
    ],
)
def test_files_that_are_no_answers_are_refused(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "answers.json"
    path.write_text(wrong, "utf-8")
    with pytest.raises(InputError, match=r"answers\.json"):
        read_json(path, Answers)


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    folder.mkdir()
    for name in ("hello@rig", "hello@wav2lip", "bye"):
        (folder / f"{name}.mp4").write_bytes(name.encode())
    return folder


def embedded(page: Path) -> dict[str, Any]:
    found = re.search(r'id="survey">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_the_page_holds_the_clips_and_tells_nobody_which_is_which(
    clips: Path, tmp_path: Path
) -> None:
    page = tmp_path / "survey.html"
    path = survey_page.make_page(clips, page)
    key, data = read_json(path, Key), embedded(page)
    assert path.name == survey.KEY
    assert [(clip.item, clip.variant) for clip in key.clips] == [
        ("bye", "bye"), ("hello", "rig"), ("hello", "wav2lip"),
    ]  # fmt: skip
    assert [clip["id"] for clip in data["clips"]] == [clip.id for clip in key.clips]
    assert [clip["item"] for clip in data["clips"]] == [0, 1, 1]
    text = page.read_text("utf-8")
    assert "wav2lip" not in text and "hello@" not in text
    assert "http://" not in text and "https://" not in text and " src=" not in text


def test_two_pages_are_two_surveys(clips: Path, tmp_path: Path) -> None:
    keys = [
        read_json(survey_page.make_page(clips, tmp_path / "survey.html"), Key) for _ in range(2)
    ]
    assert keys[0].survey != keys[1].survey
    assert {c.id for c in keys[0].clips}.isdisjoint(c.id for c in keys[1].clips)


def test_no_clips_and_too_many_are_told(clips: Path, tmp_path: Path, monkeypatch: Any) -> None:
    with pytest.raises(InputError, match=r"no \.mp4"):
        survey_page.make_page(tmp_path, tmp_path / "page.html")
    monkeypatch.setattr(survey_page, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="more than a page can hold"):
        survey_page.make_page(clips, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_the_commands_make_a_page_and_count(clips: Path, tmp_path: Path) -> None:
    page = tmp_path / "survey.html"
    run = CliRunner().invoke(app, ["bench", "survey", "make", str(clips), "-o", str(page)])
    assert run.exit_code == 0, run.output
    key = read_json(tmp_path / survey.KEY, Key)
    bye, rig, wav2lip = (clip.id for clip in key.clips)
    given = said("a", survey=key.survey, choices=[], ratings=[])
    given = given.model_copy(
        update={"choices": (survey.Choice(first=rig, second=wav2lip, chosen="first"),)}
    )
    file = tmp_path / "answers.json"
    file.write_text(given.model_dump_json(), "utf-8")
    out = tmp_path / "bench"
    arguments = ["bench", "survey", "read", str(tmp_path / survey.KEY), str(file), "-o", str(out)]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 0, run.output
    assert "wav2lip" in run.output and bye not in run.output
    assert read_json(out / survey.FILE, Verdicts).people == 1
