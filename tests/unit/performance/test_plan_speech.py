"""Lips, emotions, eyes and head of a planned clip."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backends.errors import InputError
from backends.performance import PerformanceOptions, Planner, plan_speech
from backends.performance.visemes import FUNNEL_OPENS, JAW_DROPS, LOWER_DROPS, UPPER_LIFTS
from backends.script.emotions import EMOTIONS, amplitude
from backends.types import (
    COEFFICIENTS,
    NO_CUE,
    Cue,
    Emotion,
    FloatArray,
    Performance,
    Speech,
    SpeechChunk,
)
from tests.unit.performance.spoken_by_hand import SENTENCE, Cues, at, cut, speech, times

FPS = (24, 25, 30, 50, 60)
LEAD_S = 0.035
LONG = " ".join([SENTENCE] * 14)
"""More than a minute."""


def _middles(clip: Speech, names: str) -> list[float]:
    """When the mouth should show these phonemes."""
    wanted = set(names.split())
    return [(a + b) / 2 - LEAD_S for p, a, b in clip.phonemes if p in wanted]


def _gap(plan: Performance) -> FloatArray:
    """Lip gap in eye distances, about as the rig draws it."""
    opening = (
        JAW_DROPS * plan.channel("jawOpen")
        + LOWER_DROPS * plan.channel("mouthLowerDownLeft")
        + UPPER_LIFTS * plan.channel("mouthUpperUpLeft")
        + FUNNEL_OPENS * plan.channel("mouthFunnel")
    )
    gap: FloatArray = opening * (1 - plan.extra["closure"])
    return gap


@pytest.mark.parametrize("fps", FPS)
@pytest.mark.parametrize("each_s", [0.035, 0.06, 0.12])
@pytest.mark.parametrize("cue", [NO_CUE, Cue.of(Emotion.SURPRISED)])
def test_lips_meet_on_every_p_b_m(fps: int, each_s: float, cue: Cue) -> None:
    clip = speech(SENTENCE, ((0.0, cue),), each_s)
    plan = plan_speech(clip, fps)
    for middle in _middles(clip, "p b m"):
        assert plan.extra["closure"][at(plan, middle)] == 1.0
        assert plan.channel("mouthUpperUpLeft")[at(plan, middle)] == 0.0
    jaw, close = plan.channel("jawOpen"), plan.channel("mouthClose")
    np.testing.assert_allclose(close, jaw * plan.extra["closure"], atol=1e-6)


@pytest.mark.parametrize("fps", FPS)
def test_a_closure_lasts_about_a_tenth_of_a_second(fps: int) -> None:
    clip = speech("_:0.5 ˈa:0.2 b:0.06 ˈa:0.2 t ˈa:0.2 p:0.07 ˈa:0.2 _:0.5")
    plan = plan_speech(clip, fps)
    closed = np.flatnonzero(plan.extra["closure"] > 0.65)
    runs = np.split(closed, np.flatnonzero(np.diff(closed) > 1) + 1)
    assert len(runs) == 2, "the mouth opens between them"
    for run in runs:
        assert 0.08 - 0.5 / fps <= len(run) / fps <= 0.125 + 0.5 / fps


@pytest.mark.parametrize("fps", FPS)
def test_a_vowel_between_closures_is_seen(fps: int) -> None:
    clip = speech("_:0.4 m:0.06 ˈɑ:0.09 m:0.06 ˈɑ:0.12 p:0.05 ˈɑ:0.09 _:0.4")
    plan = plan_speech(clip, fps)
    for middle in _middles(clip, "ˈɑ"):
        assert _gap(plan)[at(plan, middle)] > 0.05


@pytest.mark.parametrize("fps", FPS)
def test_f_and_v_bring_the_lip_to_the_teeth(fps: int) -> None:
    clip = speech("_:0.4 f ˈa v ˈi l ˈɔ f t _:0.4")
    plan = plan_speech(clip, fps)
    teeth = plan.extra["teeth"]
    for middle in _middles(clip, "f v"):
        row = at(plan, middle)
        assert teeth[row] == 1.0
        assert plan.channel("mouthRollLower")[row] > 0.3
    assert teeth[at(plan, _middles(clip, "l")[0])] < 0.1


def test_a_wide_smile_leaves_the_teeth_within_the_lower_lips_reach() -> None:
    clip = speech("_:0.4 ˈa f ˈa v ˈa _:0.4", ((0.0, Cue.of(Emotion.EXCITED)),))
    plan = plan_speech(clip, 25)
    vowels = [at(plan, middle) for middle in _middles(clip, "ˈa")]
    for row in (at(plan, middle) for middle in _middles(clip, "f v")):
        assert plan.channel("mouthUpperUpLeft")[row] <= 0.41
        assert plan.channel("jawOpen")[row] < 0.7 * plan.channel("jawOpen")[vowels].max()


def test_vowels_are_told_apart() -> None:
    clip = speech("_:0.4 t ˈɑ:0.15 t ˈi:0.15 t ˈu:0.15 t ˈo:0.15 t w t _:0.4")
    plan, gap = plan_speech(clip, 25), _gap(plan_speech(clip, 25))
    a, i, u, o = (at(plan, _middles(clip, "ˈ" + vowel)[0]) for vowel in "ɑiuo")
    assert gap[a] > 1.6 * gap[i] > 1.5 * gap[u]
    assert plan.channel("mouthPucker")[u] > 0.3 > plan.channel("mouthPucker")[a]
    assert plan.channel("mouthStretchLeft")[i] > 2 * plan.channel("mouthStretchLeft")[u]
    assert gap[a] > gap[o] > gap[u]


def test_neighbours_colour_a_sound_from_both_sides() -> None:
    plans = {
        text: plan_speech(speech(f"_:0.4 {text} _:0.4"), 25)
        for text in ("ˈi t ˈi", "ˈi t ˈu", "ˈu t ˈi")
    }
    middle = at(plans["ˈi t ˈi"], 0.4 + 0.12 - LEAD_S)
    spread, ahead, behind = (p.channel("mouthPucker")[middle] for p in plans.values())
    assert ahead > spread + 0.03 and behind > spread + 0.03


def test_short_pauses_stay_open_and_long_rests_close() -> None:
    clip = speech(
        "t ˈɛ s t _:0.25 t ˈɛ s t _:1.2 t ˈɛ s t _:0.8", ((0.0, Cue.of(Emotion.NEUTRAL)),)
    )
    plan = plan_speech(clip, 25)
    short, long, _ = (at(plan, (a + b) / 2) for p, a, b in clip.phonemes if p == "_")
    assert _gap(plan)[short] > 0.05 and plan.extra["closure"][short] == 0.0
    assert _gap(plan)[long] == 0.0 and plan.extra["closure"][long] == 1.0
    assert plan.extra["closure"][-1] > 0.95


def test_an_uncued_rest_is_the_photo() -> None:
    plan = plan_speech(speech("_:1.0 t ˈɛ s t _:1.0"), 25, 0, PerformanceOptions(blink=0.0))
    assert not any(v[5] for v in plan.extra.values())
    moving = [
        name
        for k, name in enumerate(COEFFICIENTS)
        if plan.coefficients[5, k] > 1e-4 and not name.startswith("eyeLook")
    ]
    assert moving == []


def test_a_happy_rest_keeps_the_lips_apart() -> None:
    plan = plan_speech(speech("t ˈɛ s t _:1.5", ((0.0, Cue.of(Emotion.HAPPY)),)), 25)
    assert plan.extra["closure"][-5] == 0.0 and plan.channel("mouthUpperUpLeft")[-5] > 0.1


@pytest.mark.parametrize("fps", FPS)
@pytest.mark.parametrize("onset", [1.0, 1.37, 2.013])
def test_a_glide_is_half_way_at_its_onset(fps: int, onset: float) -> None:
    cues = ((0.3, Cue.of(Emotion.NEUTRAL)), (onset, Cue.of(Emotion.HAPPY, 0.6)))
    plan = plan_speech(speech(SENTENCE, cues), fps)
    smile = plan.channel("mouthSmileLeft")
    asked = EMOTIONS[Emotion.HAPPY].face.coefficients["mouthSmileLeft"] * amplitude(0.6)
    assert asked - 1e-4 <= smile[at(plan, onset + 0.5)] <= 1.2 * asked, "strongest at first"
    passed = int(np.flatnonzero(smile >= asked / 2)[0])
    assert abs(times(plan)[passed] - onset) <= 1 / fps
    assert smile[at(plan, onset - 0.2)] == 0.0


def test_relax_follows_cues() -> None:
    cues = ((0.3, NO_CUE), (1.0, Cue.of(Emotion.NEUTRAL)), (2.0, NO_CUE))
    plan = plan_speech(speech(SENTENCE, cues), 25)
    relax = plan.extra["relax"]
    assert relax[at(plan, 0.7)] == 0.0 and relax[at(plan, 1.5)] == 1.0
    assert relax[at(plan, 2.5)] == 0.0
    assert 0.2 < relax[at(plan, 1.0)] < 0.8


def test_an_early_first_cue_holds_from_the_first_frame() -> None:
    plan = plan_speech(speech(SENTENCE, ((0.3, Cue.of(Emotion.ANGRY)),)), 25)
    assert plan.channel("browDownLeft")[0] == 1.0


def test_mixtures_add_and_clip() -> None:
    cue = Cue(((Emotion.SURPRISED, 1.0), (Emotion.AMAZED, 1.0), (Emotion.HAPPY, 0.5)))
    plan = plan_speech(speech(SENTENCE, ((0.0, cue),)), 25)
    row = at(plan, 1.0)
    assert plan.channel("browOuterUpLeft")[row] == 1.0
    assert 0.9 < plan.channel("mouthSmileLeft")[row] <= 1.0


def test_confusion_is_lopsided() -> None:
    plan = plan_speech(speech(SENTENCE, ((0.0, Cue.of(Emotion.CONFUSED)),)), 25)
    assert plan.channel("browDownRight")[30] > 2 * plan.channel("browDownLeft")[30]


_EMOTIONS = st.builds(Cue.of, st.sampled_from(list(Emotion)), st.floats(0.0, 1.0)) | st.just(NO_CUE)
_CUES = st.lists(st.tuples(st.floats(0.5, 3.5), _EMOTIONS), max_size=5).map(
    lambda later: [(0.3, NO_CUE), *sorted(later, key=lambda c: c[0])]
)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([f"{SENTENCE} {SENTENCE} m m _:0.1 ˈa", "t ˈa p _:0.4 m i m ˈɑ _:0.7"]),
    st.lists(st.integers(1, 60), max_size=20),
    _CUES,
    st.sampled_from(FPS),
    st.integers(0, 2**63),
)
@example("t ˈa p ˈa", [2], [(0.3, NO_CUE), (0.4, Cue.of(Emotion.HAPPY))], 60, 1)
def test_planned_in_pieces_is_planned_whole(
    text: str, places: list[int], cues: Cues, fps: int, seed: int
) -> None:
    """A cue may lie past the end of the sound: no word is spoken under it."""
    clip = speech(text, cues)
    whole = plan_speech(clip, fps, seed)
    assert len(whole) == round(clip.duration_s * fps)
    planner, row = Planner(fps, seed), 0
    pieces = []
    for chunk in cut(clip, places).chunks:
        piece = planner.push(chunk)
        if piece is not None:
            assert piece.start == row
            row = piece.end
            pieces.append(piece)
        assert row >= int((chunk.end_s - 0.5) * fps), "held back too much"
    pieces.append(planner.finish())
    joined = Performance.join(pieces)
    np.testing.assert_array_equal(joined.coefficients, whole.coefficients)
    np.testing.assert_array_equal(joined.pose, whole.pose)
    np.testing.assert_array_equal(joined.gaze, whole.gaze)
    for name, track in whole.extra.items():
        np.testing.assert_array_equal(joined.extra[name], track)


_PHONEMES = st.lists(
    st.tuples(
        st.sampled_from([*"pbmfvtszkiuoaɹwʃ_", "ˈa", "ˈu", "ts", "?", "ˈ"]), st.floats(0.005, 0.9)
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(_PHONEMES, _CUES, st.sampled_from([12, 25, 60]), st.integers(0, 9))
def test_any_speech_is_within_range(
    spans: list[tuple[str, float]], cues: Cues, fps: int, seed: int
) -> None:
    clip = speech(" ".join(f"{p}:{d}" for p, d in spans), cues)
    options = PerformanceOptions("lively", 2.0, 2.0, 2.0)
    plan = plan_speech(clip, fps, seed, options)
    assert len(plan) == round(clip.duration_s * fps)
    for array in (plan.coefficients, *plan.extra.values()):
        assert array.dtype == np.float32
        assert np.isfinite(array).all() and (array >= 0).all() and (array <= 1).all()
    assert np.isfinite(plan.pose).all() and np.isfinite(plan.gaze).all()
    assert (np.abs(plan.pose[:, :3]) <= [11.0, 8.0, 6.5]).all()
    assert (np.abs(plan.gaze) <= 15.0).all()


def test_still_head_and_open_eyes() -> None:
    cues = ((0.0, Cue.of(Emotion.EXCITED)),)
    plan = plan_speech(speech(LONG, cues), 25, 4, PerformanceOptions(head_motion=0.0, blink=0.0))
    assert not plan.pose.any()
    assert not plan.channel("eyeBlinkLeft").any()


def test_silent_lips_without_articulation() -> None:
    plan = plan_speech(speech(SENTENCE), 25, 0, PerformanceOptions(articulation=0.0))
    assert not plan.channel("jawOpen").any()


def test_seeds_differ_and_repeat() -> None:
    clip = speech(SENTENCE)
    first, again, other = (plan_speech(clip, 25, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.pose, again.pose)
    assert np.abs(first.pose - other.pose).max() > 0.5
    np.testing.assert_array_equal(first.extra["closure"], other.extra["closure"])
    assert np.corrcoef(first.channel("jawOpen"), other.channel("jawOpen"))[0, 1] > 0.5


def test_the_head_moves_as_filmed_heads_within_a_photos_limits() -> None:
    clips = [plan_speech(speech(LONG), 25, seed).pose for seed in range(4)]
    poses = np.concatenate(clips)
    yaw, pitch, roll = poses[:, :3].std(axis=0)
    assert 3.2 < yaw < 5.0 and 2.2 < pitch < 3.8 and 1.7 < roll < 3.2
    assert (np.abs(poses[:, :3].mean(axis=0)) < 1.2).all()
    assert 0.03 < poses[:, 3].std() < 0.08
    speeds = [np.linalg.norm(np.diff(clip[:, :3], axis=0), axis=1) * 25 for clip in clips]
    assert max(speed.max() for speed in speeds) < 100, "degrees a second"
    assert 10 < np.concatenate(speeds).mean() < 30


def test_an_opening_jaw_takes_the_head_back() -> None:
    words = "t ˈa:0.2 t i:0.2 " * 40
    poses = [plan_speech(speech(words), 25, seed) for seed in range(4)]
    jaw = np.concatenate([plan.channel("jawOpen") for plan in poses])
    pitch = np.concatenate([plan.pose[:, 1] for plan in poses])
    quick = [np.diff(track) for track in (jaw, pitch)]
    assert np.corrcoef(*quick)[0, 1] < -0.2


def test_articulation_drifts_within_a_phrase() -> None:
    """Half of a talking mouth's changes are slower than a phrase's syllables."""
    gaps = [_gap(plan_speech(speech("t ˈɛ l i " * 60), 25, seed)) for seed in range(6)]
    smooth = [np.convolve(gap, np.ones(12) / 12, "valid") for gap in gaps]
    assert 0.3 < np.mean([slow.std() / slow.mean() for slow in smooth]) < 0.55
    assert np.mean([slow.mean() for slow in smooth]) > 0.08


def test_openings_follow_sounds_more_than_stress_of_voice() -> None:
    """A loud rounded vowel opens less than a quiet t."""
    plan = plan_speech(speech("_:0.3 t ə t ˈu:0.2 t ə t _:0.3"), 25)
    clip = speech("_:0.3 t ə t ˈu:0.2 t ə t _:0.3")
    u, t = at(plan, _middles(clip, "ˈu")[0]), at(plan, _middles(clip, "t")[1])
    assert _gap(plan)[u] < 0.5 * _gap(plan)[t]


def test_spread_mouths_are_wider_the_more_they_open() -> None:
    gaps, widths = [], []
    for seed in range(4):
        plan = plan_speech(speech(LONG), 25, seed)
        gaps.append(_gap(plan))
        widths.append(plan.channel("mouthStretchLeft") - plan.channel("mouthPucker"))
    assert np.corrcoef(np.concatenate(gaps), np.concatenate(widths))[0, 1] > 0.4


def test_the_head_is_quieter_in_pauses_and_when_sad() -> None:
    text = "_:3 " + LONG + " _:6"
    sad, plain = (
        plan_speech(speech(text, ((0.0, cue),)), 25, 3).pose
        for cue in (Cue.of(Emotion.SAD), Cue.of(Emotion.NEUTRAL))
    )
    speed = np.linalg.norm(np.diff(plain[:, :3], axis=0), axis=1)
    assert speed[-100:].mean() < 0.7 * speed[200:-200].mean()
    assert sad[:, 0].std() < 0.75 * plain[:, 0].std()


def test_stressed_words_get_nods() -> None:
    text = "_:0.5 " + "t ə l ə t ˈa t ə l ə t ə " * 60 + "_:0.5"
    clip = speech(text)
    stressed = [a for p, a, _ in clip.phonemes if p == "ˈa"]
    nods = []
    for seed in range(6):
        plan = plan_speech(clip, 25, seed)
        for onset in stressed[1:-1]:
            row = at(plan, onset)
            nods.append(plan.pose[row - 10 : row + 16, 1] - plan.pose[row, 1])
    mean = np.mean(nods, axis=0)
    lowest = (int(mean.argmax()) - 10) / 25
    assert 0.04 <= lowest <= 0.28
    assert 1.0 < np.ptp(mean) < 5.0


def test_eyes_stay_on_the_camera_while_the_head_turns() -> None:
    plan = plan_speech(speech(LONG), 25, 5)
    slope = np.polyfit(plan.pose[:, 0], plan.gaze[:, 0], 1)[0]
    assert -1.1 < slope < -0.6
    assert np.polyfit(plan.pose[:, 1], plan.gaze[:, 1], 1)[0] < -0.4


def test_eyes_rest_between_jumps_that_can_be_seen() -> None:
    plan = plan_speech(speech(LONG), 25, 5, PerformanceOptions(head_motion=0.0))
    at_rest = np.flatnonzero((np.diff(plan.gaze, axis=0) == 0.0).all(axis=1))
    fixed = np.unique(plan.gaze[at_rest], axis=0, return_index=True)[1]
    jumps = np.diff(plan.gaze[at_rest][np.sort(fixed)], axis=0)
    assert len(jumps) > 10
    assert np.hypot(*jumps.T).min() > 0.49


def test_look_coefficients_follow_the_gaze() -> None:
    plan = plan_speech(speech(LONG), 25, 6)
    left = plan.channel("eyeLookOutLeft") - plan.channel("eyeLookInLeft")
    right = plan.channel("eyeLookInRight") - plan.channel("eyeLookOutRight")
    down = plan.channel("eyeLookDownLeft") - plan.channel("eyeLookUpLeft")
    np.testing.assert_allclose(left, plan.gaze[:, 0] / 30, atol=1e-5)
    np.testing.assert_allclose(left, right, atol=1e-6)
    np.testing.assert_allclose(down, plan.gaze[:, 1] / 30, atol=1e-5)


def _blinks(plan: Performance) -> list[NDArray[np.intp]]:
    lids = plan.channel("eyeBlinkLeft")
    shut = np.flatnonzero(lids > lids.min() + 0.05)
    return [run for run in np.split(shut, np.flatnonzero(np.diff(shut) > 1) + 1) if len(run)]


def test_blinks_come_at_a_human_rate_and_close_the_eyes() -> None:
    minutes, count = 0.0, 0
    for seed in range(5):
        plan = plan_speech(speech(LONG), 50, seed)
        lids = plan.channel("eyeBlinkRight")
        runs = _blinks(plan)
        for run in runs:
            if run[0] > 0 and run[-1] < len(plan) - 1:
                assert lids[run].max() == 1.0
                assert 0.2 < len(run) / 50 < 0.7
                assert int(lids[run].argmax()) < len(run) / 2, "faster shut than open"
        minutes += len(plan) / 50 / 60
        count += len(runs)
    assert 14 < count / minutes < 40


@pytest.mark.parametrize("fps", FPS)
def test_every_blink_shuts_the_eyes_in_some_frame(fps: int) -> None:
    plan = plan_speech(speech(LONG), fps, 2)
    runs = _blinks(plan)
    lids = plan.channel("eyeBlinkLeft")
    assert len(runs) > 5
    assert all(lids[run].max() == 1.0 for run in runs[:-1])


def test_emotions_change_the_rate_of_blinks() -> None:
    def rate(emotion: Emotion) -> int:
        clip = speech(LONG, ((0.0, Cue.of(emotion)),))
        return sum(len(_blinks(plan_speech(clip, 25, seed))) for seed in range(3))

    assert rate(Emotion.FEARFUL) > 1.7 * rate(Emotion.ANGRY)


@pytest.mark.parametrize(
    "wrong",
    [{"style": "wild"}, {"articulation": 2.1}, {"head_motion": -0.1}, {"blink": float("nan")}],
)
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        PerformanceOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("fps", [0, 9, 121, -25])
def test_wrong_frame_rates_are_refused(fps: int) -> None:
    with pytest.raises(InputError, match=str(fps)):
        Planner(fps)


def test_styles_are_ordered() -> None:
    clip = speech(LONG)
    calm, lively = (
        plan_speech(clip, 25, 1, PerformanceOptions(style)) for style in ("calm", "lively")
    )
    assert calm.pose[:, 0].std() < lively.pose[:, 0].std()
    assert calm.channel("jawOpen").mean() < lively.channel("jawOpen").mean()


def test_no_speech_gives_no_rows() -> None:
    assert len(Planner(25).finish()) == 0


def test_sound_without_phonemes_leaves_the_mouth_alone() -> None:
    clip = SpeechChunk(np.zeros(8000, np.float32), 8000, (), (), ())
    plan = plan_speech(Speech((clip,)), 25)
    assert len(plan) == 25 and not plan.channel("jawOpen").any()
