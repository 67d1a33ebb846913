"""The service's answers as pages show them."""

from typing import Any

import pytest

pytest.importorskip("reflex", reason="the web app is not installed; run: make test-web")

from frontend.states.views import (
    WHOLE,
    Seal,
    Voice,
    boxes,
    emotions,
    joined,
    length,
    pieces,
    script_of,
    spans,
    tiers,
    voice_name,
    words_of,
)


def span(text: str, emotion: str) -> dict[str, Any]:
    return {"text": text, "emotion": emotion}


def test_what_is_spoken_is_joined_by_emotion_and_loses_no_word() -> None:
    utterances = [
        {"spans": [span("Hello ", "neutral"), span("everyone!", "happy")]},
        {"spans": [span("I'm ", "happy"), span("excited to share.", "excited")]},
    ]
    found = pieces(utterances, greek=False)
    assert [p.emotion for p in found] == ["neutral", "happy", "excited"]
    assert "".join(p.before + p.text for p in found) == "Hello everyone! I'm excited to share."


def test_a_cue_inside_a_word_does_not_cut_it() -> None:
    found = pieces([{"spans": [span("in", "neutral"), span("credible", "happy")]}], greek=False)
    assert "".join(p.before + p.text for p in found) == "incredible"


def cue(text: str, emotion: str, start: float, end: float, strength: float = 1) -> dict[str, Any]:
    return {"text": text, "emotion": emotion, "start_s": start, "end_s": end, "intensity": strength}


CLIP = {
    "utterances": [
        cue("Hello ", "neutral", 0.2, 0.6),
        cue("everyone!", "happy", 0.6, 1.4),
        cue("Hi.", "happy", 1.6, 1.9),
        cue("Oh.", "sad", 2, 2.5, 0.5),
    ]
}


def test_the_timeline_has_one_span_an_emotion() -> None:
    found = spans(CLIP["utterances"], greek=True)
    assert [(s.emotion, s.start, s.end) for s in found] == [
        ("neutral", 0.2, 0.6),
        ("happy", 0.6, 1.9),
        ("sad", 2, 2.5),
    ]
    assert found[1].label == "χαρούμενα"


def test_a_script_is_written_back_from_what_was_spoken() -> None:
    assert script_of(CLIP) == "Hello [happy] everyone! Hi. [sad:0.5] Oh."
    assert words_of({"clip": CLIP}, {}) == "Hello everyone! Hi. Oh."
    assert words_of({"clip": None}, {}) == ""


def test_faces_are_placed_in_hundredths_of_the_picture() -> None:
    crops = {"source": [0, 0, 200, 200], "9:16": [40, 0, 100, 200]}
    face = {"box": [50, 20, 100, 40], "fit": True, "problem": "", "warnings": [], "crops": crops}
    (found,) = boxes({"width": 200, "height": 200, "faces": [face]}, greek=False)
    assert (found.left, found.top, found.width, found.height) == (25, 10, 50, 20)
    assert found.crops == {"source": WHOLE, "9:16": [20, 0, 50, 100]}


def test_tiers_that_work_come_first_and_others_say_what_is_missing() -> None:
    working = {"name": "b", "available": True, "title": "B", "reason": "", "languages": ["en"]}
    missing = {"name": "a", "available": False, "title": "", "reason": "no GPU", "languages": []}
    offered = [one | {"max_characters": None} for one in (missing, working)]
    found = tiers(offered, {"tiers": [{"name": "b", "queued": 3}]}, greek=False)
    assert [(t.name, t.note, t.waiting) for t in found] == [("b", "B", 3), ("a", "No GPU", 0)]
    assert tiers(offered, {}, greek=False)[0].waiting == 0


@pytest.mark.parametrize("greek", [False, True])
def test_cues_are_offered_in_the_language_of_the_pages(greek: bool) -> None:
    offered = [{"name": "happy", "english": ["happy", "joy"], "greek": ["χαρά"]}]
    (found,) = emotions(offered, greek)
    assert found.cue == ("χαρά" if greek else "happy")
    assert set(found.names) == {"happy", "joy", "χαρά"}


def test_voices_are_called_by_their_names() -> None:
    assert voice_name("en_US-joe-medium") == "Joe"
    assert voice_name("gm_nikolas") == "Nikolas"
    assert voice_name("Heart") == "Heart"
    told = {
        "id": "kokoro:af_heart", "name": "Heart", "language": "en", "gender": "female", "cloned": False,
        "style": "American", "tier": "lightweight", "preview": "/v1/voices/x/preview",
    }  # fmt: skip
    voice = Voice.of(told, greek=False)
    assert (voice.label, voice.group) == ("Heart (American, woman)", "English")
    anybody = Voice.of(told | {"cloned": True}, greek=False)
    assert (anybody.label, anybody.group) == ("A voice from a recording", "Your own")


def test_lengths() -> None:
    assert (length(6.54, False), length(75, False)) == ("6.5 s", "1:15")
    assert length(6.54, True) == "6,5 δ."


@pytest.mark.parametrize("valid", [True, False])
def test_credentials_tell_who_made_it_with_what(valid: bool) -> None:
    told = {
        "valid": valid,
        "trusted": False,
        "signed_by": "a development key",
        "facts": {
            "engines": {"speech": "piper", "animation": "rig"},
            "versions": {"prosopon": "0.1.0"},
            "consent": "anna-7",
        },
        "made_at": "2026-01-02T03:04:05+00:00",
        "source_type": "compositeWithTrainedAlgorithmicMedia",
        "problems": [],
    }
    seal = Seal.of(told, greek=False)
    assert seal.state == ("unchanged" if valid else "changed")
    facts = dict(seal.facts)
    assert facts["made_with"] == "Prosopon 0.1.0 · piper · rig"
    assert facts["signed_by"].startswith("a development key; no authority")
    assert facts["consent"] == "anna-7" and "2 Jan" in facts["made_on"]
    assert "AI" in facts["how"]


def test_credentials_of_another_maker_are_told_as_far_as_they_go() -> None:
    told = {"valid": True, "trusted": True, "signed_by": "Somebody", "facts": {}, "made_at": None}
    seal = Seal.of(told | {"source_type": None, "problems": []}, greek=True)
    assert dict(seal.facts) == {"signed_by": "Somebody"}


def test_the_title_of_an_unfinished_video_is_what_will_be_spoken() -> None:
    utterances = [
        {"spans": [span("I'm ", "neutral"), span("sad to inform you.", "sad")]},
        {"spans": [span("hapy now", "sad")]},
    ]
    draft = {"words": joined(pieces(utterances, greek=False)), "text": "other"}
    assert words_of({"clip": None}, draft) == "I'm sad to inform you. hapy now"
    assert words_of({"clip": CLIP}, draft) == words_of({"clip": CLIP}, {})
