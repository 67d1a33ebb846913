"""What may stand in brackets, and what becomes of it."""

import pytest

from backends.script import IncrementalParser, ScriptOptions, parse
from backends.script.cues import MAX_PAUSE_S, fold, names
from backends.script.emotions import EMOTIONS
from backends.types import NO_CUE, Cue, Emotion, Pause, Script


def cue_of(source: str, options: ScriptOptions | None = None) -> Cue:
    return parse(source, options).utterances[-1].spans[-1].cue


def codes(script: Script) -> list[str]:
    return [notice.code for notice in script.warnings]


@pytest.mark.parametrize(
    ("written", "emotion"),
    [
        ("happy", Emotion.HAPPY),
        ("Surprised", Emotion.SURPRISED),
        (" SAD ", Emotion.SAD),
        ("joyful", Emotion.HAPPY),
        ("angrily", Emotion.ANGRY),
        ("sadder", Emotion.SAD),
        ("surprising", Emotion.SURPRISED),
        ("χαρά", Emotion.HAPPY),
        ("χαρα", Emotion.HAPPY),
        ("ΧΑΡΑ", Emotion.HAPPY),
        ("χαρούμενη", Emotion.HAPPY),
        ("θυμωμένος", Emotion.ANGRY),
        ("θυμωμένοσ", Emotion.ANGRY),
        ("ΘΥΜΩΜΕΝΟΣ", Emotion.ANGRY),
        ("θυμωμένους", Emotion.ANGRY),
        ("λυπημένη", Emotion.SAD),
        ("λύπης", Emotion.SAD),
        ("έκπληξη", Emotion.SURPRISED),
        ("neutral", Emotion.NEUTRAL),
        ("ha\u200bppy", Emotion.HAPPY),
        ("happy 😀", Emotion.HAPPY),
    ],
)
def test_names(written: str, emotion: Emotion) -> None:
    assert cue_of(f"[{written}] Hello there") == Cue.of(emotion)


@pytest.mark.parametrize("emotion", list(Emotion))
def test_every_name_in_the_table_is_its_own_cue(emotion: Emotion) -> None:
    for name in (emotion.value, *EMOTIONS[emotion].english, *EMOTIONS[emotion].greek):
        assert names()[fold(name)] == emotion


@pytest.mark.parametrize(
    ("written", "weights"),
    [
        ("sad:0.6", [(Emotion.SAD, 0.6)]),
        ("sad: .5", [(Emotion.SAD, 0.5)]),
        ("λύπη:0,6", [(Emotion.SAD, 0.6)]),
        ("sad=60%", [(Emotion.SAD, 0.6)]),
        ("sad:0", [(Emotion.SAD, 0.0)]),
        ("happy:0.6 surprised:0.3", [(Emotion.HAPPY, 0.6), (Emotion.SURPRISED, 0.3)]),
        ("happy:0.6, surprised:0.3", [(Emotion.HAPPY, 0.6), (Emotion.SURPRISED, 0.3)]),
        ("happy:0.6,surprised:0.3", [(Emotion.HAPPY, 0.6), (Emotion.SURPRISED, 0.3)]),
        ("χαρά:0,6 έκπληξη:0,3", [(Emotion.HAPPY, 0.6), (Emotion.SURPRISED, 0.3)]),
        ("happy and sad:0.5", [(Emotion.HAPPY, 1.0), (Emotion.SAD, 0.5)]),
        ("happy:0.2 joyful:0.7", [(Emotion.HAPPY, 0.7)]),
    ],
)
def test_intensities_and_mixtures(written: str, weights: list[tuple[Emotion, float]]) -> None:
    script = parse(f"[{written}] Hello")
    assert script.utterances[0].spans[0].cue.weights == tuple(weights)
    assert script.warnings == ()


@pytest.mark.parametrize(
    ("written", "weight", "code"),
    [
        ("sad:1.5", 1.0, "intensity_clipped"),
        ("sad:-1", 0.0, "intensity_clipped"),
        ("sad:200%", 1.0, "intensity_clipped"),
        ("sad:very", 1.0, "bad_intensity"),
        ("sad:", 1.0, "bad_intensity"),
        ("sad:1e9", 1.0, "bad_intensity"),
        ("sad:nan", 1.0, "bad_intensity"),
        ("sad:99999999999999999999", 1.0, "bad_intensity"),
    ],
)
def test_strange_intensities_are_told(written: str, weight: float, code: str) -> None:
    script = parse(f"Well [{written}] hello")
    assert script.utterances[0].spans[1].cue == Cue.of(Emotion.SAD, weight)
    assert [(n.code, n.position) for n in script.warnings] == [(code, 5)]


@pytest.mark.parametrize(
    ("written", "near"),
    [("hapy", "[happy]"), ("Suprised", "[surprised]"), ("χαρουμνη", "[χαρούμενη]"), ("qqqq", None)],
)
def test_an_unknown_cue_is_spoken_and_told(written: str, near: str | None) -> None:
    script = parse(f"Well [{written}] hello")
    assert script.text == f"Well {written} hello"
    (notice,) = script.warnings
    assert (notice.code, notice.position) == ("unknown_cue", 5)
    assert f"[{written}]" in notice.message
    assert (near or "did you mean") in notice.message if near else "did you" not in notice.message


def test_words_beside_known_names_make_a_cue_unknown() -> None:
    script = parse("I'm [my happy] to be here")
    assert script.text == "I'm my happy to be here"
    assert codes(script) == ["unknown_cue"]


@pytest.mark.parametrize(
    ("written", "cue"),
    [
        ("[happy 0.5]", Cue.of(Emotion.HAPPY, 0.5)),
        ("[happy (50%)]", Cue.of(Emotion.HAPPY, 0.5)),
        ("[χαρά 0,5]", Cue.of(Emotion.HAPPY, 0.5)),
        ("[very happy]", Cue.of(Emotion.HAPPY)),
        ("[slightly sad]", Cue.of(Emotion.SAD, 0.4)),
        ("[λίγο λυπημένη]", Cue.of(Emotion.SAD, 0.4)),
        ("[a little sad:0.9]", Cue.of(Emotion.SAD, 0.9)),
        ("[happy!]", Cue.of(Emotion.HAPPY)),
        ("[[happy]]", Cue.of(Emotion.HAPPY)),
        ("[happy].", Cue.of(Emotion.HAPPY)),
        ("[happy/sad]", Cue(((Emotion.HAPPY, 1.0), (Emotion.SAD, 1.0)))),
    ],
)
def test_cues_as_people_write_them(written: str, cue: Cue) -> None:
    script = parse(f"{written} Well then")
    assert script.text == "Well then"
    assert [span.cue for span in script.utterances[0].spans] == [cue]
    assert not script.warnings


def test_a_pause_needs_no_colon() -> None:
    assert [p.seconds for p in parse("One [pause 2s] two").utterances[0].pauses] == [2.0]


def test_a_degree_is_spoken_with_its_word() -> None:
    script = parse("I'm [very happy] to be here")
    assert script.text == "I'm very happy to be here"
    assert not script.warnings


def test_a_closing_mark_gives_back_what_held_before_all_cues() -> None:
    def cues(options: ScriptOptions) -> list[Cue]:
        script = parse("[happy]Hello[/happy] there", options)
        assert script.text == "Hello there"
        return [span.cue for span in script.utterances[0].spans]

    assert cues(ScriptOptions()) == [Cue.of(Emotion.HAPPY), NO_CUE]
    assert cues(ScriptOptions(emotion=Emotion.SAD)) == [Cue.of(Emotion.HAPPY), Cue.of(Emotion.SAD)]


@pytest.mark.parametrize(
    ("source", "spoken", "told"),
    [
        (r"\[happy] hello", "[happy] hello", []),
        (r"\[happy\] hello", "[happy] hello", []),
        ("Hello [happy", "Hello happy", ["unclosed_cue"]),
        ("Hello [happy\nthere] you", "Hello happy there] you", ["unclosed_cue"]),
        ("Hello [] you", "Hello you", ["unknown_cue"]),
        ("Hello [" + "a" * 200 + "]", "Hello " + "a" * 200 + "]", ["unclosed_cue"]),
        ("colou[r]", "colour", ["unknown_cue"]),
    ],
)
def test_brackets_that_are_not_cues(source: str, spoken: str, told: list[str]) -> None:
    script = parse(source)
    assert (script.text, codes(script)) == (spoken, told)


@pytest.mark.parametrize(
    ("style", "source", "spoken", "emotion"),
    [
        ("stars", "Stop *anger* now", "Stop now", Emotion.ANGRY),
        ("stars", "Stop [anger] now", "Stop [anger] now", Emotion.NEUTRAL),
        ("both", "Stop *anger:0.5* now", "Stop now", Emotion.ANGRY),
        ("both", "Stop [anger] now", "Stop now", Emotion.ANGRY),
        ("brackets", "Stop *anger* now", "Stop anger now", Emotion.NEUTRAL),
        ("stars", r"Stop \*anger\* now", "Stop anger now", Emotion.NEUTRAL),
        ("stars", "2 * 3 * 4", "Two three four", Emotion.NEUTRAL),
    ],
)
def test_cue_styles(style: str, source: str, spoken: str, emotion: Emotion) -> None:
    script = parse(source, ScriptOptions(cue_style=style))  # type: ignore[arg-type]
    assert script.text == spoken
    assert script.utterances[-1].spans[-1].cue.emotion == emotion


@pytest.mark.parametrize(
    ("written", "seconds", "told"),
    [
        ("pause:0.5", 0.5, []),
        ("παύση:0,5", 0.5, []),
        ("ΠΑΥΣΗ:2", 2.0, []),
        ("pause", 0.5, []),
        ("pause:250ms", 0.25, []),
        ("pause: 2 s", 2.0, []),
        ("pause:60", MAX_PAUSE_S, ["pause_clipped"]),
        ("pause:-1", 0.0, ["pause_clipped"]),
        ("pause:long", 0.5, ["bad_pause"]),
    ],
)
def test_pauses(written: str, seconds: float, told: list[str]) -> None:
    script = parse(f"Wait [{written}] here. Then go.")
    assert script.utterances[0].text == "Wait here."
    assert script.utterances[0].pauses == (Pause(5, seconds),)
    assert codes(script) == told


@pytest.mark.parametrize(
    "source",
    [
        "One. [pause:2] Two.",
        "One [pause:2]. Two.",
        "One.[pause:2]Two.",
        "One. [sad] [pause:2] Two.",
    ],
)
def test_a_pause_at_the_end_of_a_sentence_follows_it(source: str) -> None:
    one, two = parse(source).utterances
    assert (one.text, one.pause_s, one.pauses) == ("One.", 2.0, ())
    assert (two.text, two.pause_s, two.pauses) == ("Two.", 0.0, ())


def test_pauses_at_the_very_beginning_and_end() -> None:
    (utterance,) = parse("[pause:1] Hello [pause:3]").utterances
    assert (utterance.pauses, utterance.pause_s) == ((Pause(0, 1.0),), 3.0)


def test_pauses_in_one_place_add_up_within_bounds() -> None:
    (utterance,) = parse("Hello [pause:8] [pause:8] there").utterances
    assert utterance.pauses == (Pause(6, MAX_PAUSE_S),)


def test_a_cue_holds_across_sentences_until_the_next() -> None:
    script = parse("Well. [sad] One. Two. [happy] Three.")
    emotions = [u.spans[0].cue.emotion for u in script.utterances]
    assert emotions == [Emotion.NEUTRAL, Emotion.SAD, Emotion.SAD, Emotion.HAPPY]
    assert script.utterances[0].spans[0].cue == Cue()
    assert [u.spans[0].position for u in script.utterances] == [-1, 6, 6, 22]


def test_cues_without_words_are_told() -> None:
    script = parse("One. [sad] [happy] Two. [angry]")
    assert [(n.code, n.position) for n in script.warnings] == [
        ("unused_cue", 5),
        ("unused_cue", 24),
    ]


def test_base_emotion_and_intensity() -> None:
    options = ScriptOptions(emotion=Emotion.CALM, intensity=0.5)
    script = parse("Hello. [sad:0.8] You.", options)
    assert [u.spans[0].cue for u in script.utterances] == [
        Cue.of(Emotion.CALM, 0.5),
        Cue.of(Emotion.SAD, 0.4),
    ]
    assert script.utterances[0].spans[0].position == -1


def test_intensity_scales_up_to_one() -> None:
    assert cue_of("[sad:0.8] You.", ScriptOptions(intensity=2)) == Cue.of(Emotion.SAD, 1.0)


def test_no_cue_means_nothing_was_asked() -> None:
    assert cue_of("Hello.") == Cue()


@pytest.mark.parametrize(
    ("source", "spoken"),
    [
        ("Hello [happy] everyone!", "Hello everyone!"),
        ("Hello[happy] everyone!", "Hello everyone!"),
        ("Hello[happy]everyone!", "Hello everyone!"),
        ("Hello everyone [happy]!", "Hello everyone!"),
        ("Hello [happy], everyone", "Hello, everyone"),
        ("Hello, [happy] everyone", "Hello, everyone"),
        ("[happy], hello", "hello"),
        ("[happy] ... hello", "... hello"),
        ('"[happy] Hello," she said', '"Hello," she said'),
        ('She said "hello [happy]" twice', 'She said "hello" twice'),
        ("(happy?) ([happy] yes)", "(happy?) (yes)"),
        ("«[χαρά] Ναι» είπε", "«Ναι» είπε"),
        ("Wait [happy] — what", "Wait — what"),
        ("Wait [happy]— what", "Wait— what"),
        ("One [happy]\n\nTwo", "One Two"),
        ("[happy][sad]One", "One"),
    ],
)
def test_blanks_and_punctuation_close_up(source: str, spoken: str) -> None:
    assert parse(source).text == spoken


def test_many_unknown_cues_stay_cheap() -> None:
    script = parse("".join(f"[{chr(97 + i % 26)}q{i}] x " for i in range(900)))
    assert len(script.warnings) == 900


def test_an_open_bracket_does_not_hold_sentences_back_for_ever() -> None:
    parser = IncrementalParser()
    assert parser.push("One. [never closed ") == []
    assert [u.text for u in parser.push("x" * 130 + " Two ")] == ["One."]
