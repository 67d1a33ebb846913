"""The command that judges clips, and what it makes of clips and facts of all kinds."""

import json
from pathlib import Path

import numpy as np
import pytest

from backends.types import Emotion
from benchmarks.quality.__main__ import clip_files, main
from benchmarks.quality.film import open_film, read_facts
from benchmarks.quality.scores import MEASURES, Scores, table
from tests.unit.quality.conftest import SIZE, Films, save

GREY = np.full((SIZE, SIZE, 3), 128, np.uint8)


@pytest.mark.judge
def test_clips_are_judged_beside_filmed_people(
    films: Films, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = tmp_path / "found.json"
    short, truth = films["surprised"].path, films["happy"].path
    bad = save(tmp_path / "nobody.mp4", [GREY] * 5)
    arguments = [str(short), str(bad), "--truth", str(truth), "--portrait", "preset:astronaut"]
    said = ["--text", "What a day it was.", "--emotion", "surprised", "--json", str(found)]
    assert main([*arguments, *said]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "left out" in out and "no face in the clip's first frame" in out
    assert "No ground truth" not in out
    result = json.loads(found.read_text("utf-8"))
    [clip], [filmed] = result["clips"], result["truth"]
    assert set(clip) == {"clip", *MEASURES} == set(filmed)
    assert clip["emotion_share"] == 1 and clip["word_error"] is not None
    assert clip["lse_c"] is None  # its weights come in no package
    assert clip["identity_distance"] < 0.6
    assert filmed["word_error"] is None  # nobody said what is spoken there


@pytest.mark.judge
def test_nothing_to_judge(tmp_path: Path) -> None:
    assert main([str(save(tmp_path / "nobody.mp4", [GREY] * 5))]) == 2
    assert main([str(tmp_path / "missing.mp4")]) == 2


def test_what_is_no_clip(tmp_path: Path) -> None:
    for name, content in (("a.mp4", b"<html>"), ("b.mp4", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} is not a video"):
            open_film(tmp_path / name)


def test_folders_stand_for_their_clips(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.MOV", "a.json", "notes.txt"):
        (tmp_path / name).touch()
    assert [p.name for p in clip_files([tmp_path])] == ["a.MOV", "b.mp4"]
    assert clip_files([tmp_path / "notes.txt"]) == [tmp_path / "notes.txt"]


def test_facts_are_what_the_command_line_prints(tmp_path: Path) -> None:
    known = {
        "language": "en",
        "utterances": [
            {"text": "Hello ", "emotion": "neutral", "start_s": 0.0, "end_s": 0.5},
            {"text": "everyone!", "emotion": "happy", "start_s": 0.5, "end_s": 1.25},
        ],
        "phonemes": [{"phoneme": "h", "start_s": 0.0, "end_s": 0.1}],
    }
    path = tmp_path / "clip.json"
    path.write_text(json.dumps(known), encoding="utf-8")
    facts = read_facts(path)
    assert facts.text == "Hello everyone!" and facts.language == "en"
    assert facts.emotions[1] == (Emotion.HAPPY, 0.5, 1.25)
    assert facts.phonemes[0].phoneme == "h"


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"utterances": 3}', '{"utterances": [{"text": null}]}']
)
def test_facts_of_something_else(content: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"clip.json is not what `prosopon speak --json` prints"):
        read_facts(path)


def scores(name: str, **values: float | str) -> Scores:
    return Scores(name, dict.fromkeys(MEASURES) | values)


def test_the_table_says_when_it_has_no_ground_truth() -> None:
    alone = table([], [scores("a", agreement=0.5)])
    assert "No ground truth" in str(alone.caption) and alone.row_count == 1
    beside = table([scores("t", agreement=0.4, emotion="sad")], [scores("a", agreement=0.5)])
    assert beside.caption is None and beside.row_count == 2
