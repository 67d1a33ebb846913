"""What must not grow: the cost of a text with its square, the cost of a frame with its number. Ratios of processor time
and counts only, in bands that hold on any machine."""

import statistics
import time
from collections.abc import Callable

import numpy as np

from backends.animation import load_engine as load_animation_engine
from backends.faces.framing import Framing
from backends.faces.portrait import load_portrait
from backends.performance import plan_speech
from backends.script import ScriptOptions, parse
from backends.speech import find_voice
from backends.speech import load_engine as load_speech_engine
from backends.speech.timeline import Timeline
from backends.types import Performance, Speech
from benchmarks.sweep.texts import text_of

ROUNDS = 6


def cpu_s(call: Callable[[], object]) -> float:
    began = time.thread_time()
    call()
    return time.thread_time() - began


def ratio(longer: Callable[[], object], shorter: Callable[[], object]) -> float:
    """Of the processor time of both, by turns, so that a slow moment meets both; the least of each counts, as others
    can only make it more."""
    shorter()
    pairs = [(cpu_s(longer), cpu_s(shorter)) for _ in range(ROUNDS)]
    return min(a for a, _ in pairs) / min(b for _, b in pairs)


def parsed(characters: int) -> Callable[[], object]:
    text = text_of("en", characters, changing=True)
    return lambda: parse(text, ScriptOptions(max_characters=10**6))


def test_parsing_twice_the_text_takes_about_twice_as_long() -> None:
    assert ratio(parsed(16_000), parsed(8_000)) < 3.0


def test_greek_as_well() -> None:
    texts = [text_of("el", characters) for characters in (8_000, 4_000)]
    assert ratio(*(lambda text=text: parse(text) for text in texts)) < 3.0


def spoken(text: str) -> Speech:
    engine, timeline = load_speech_engine("tone"), Timeline(25)
    voice = find_voice(engine, None, "en")
    utterances = parse(text).utterances
    chunks = [timeline.place(u, c) for u in utterances for c in engine.synthesize(u, voice, 0)]
    return Speech((*chunks, timeline.finish()))


def test_speaking_and_planning_twice_the_text_takes_about_twice_as_long() -> None:
    short, long = (text_of("en", characters) for characters in (300, 600))

    def performed(text: str) -> Performance:
        return plan_speech(spoken(text), 25, 0)

    assert ratio(lambda: performed(long), lambda: performed(short)) < 3.0
    assert 1.9 < len(performed(long)) / len(performed(short)) < 2.1


def test_a_late_frame_costs_what_an_early_one_does() -> None:
    """Drawing knows nothing of what came before."""
    engine = load_animation_engine("rig")
    avatar = engine.prepare(load_portrait("preset:astronaut", Framing(size=256), "astronaut"))
    rows = plan_speech(spoken(text_of("en", 700)), 25, 0)
    early, late = rows.slice(0, 30), rows.slice(len(rows) - 30, len(rows))
    # The same face at both ends, so that only the number of the frame differs.
    late = Performance(
        early.coefficients, early.pose, early.gaze, early.extra, early.fps, late.start
    )

    def drawn(part: Performance) -> Callable[[], object]:
        frames = range(part.start, part.end)
        return lambda: [b.frames.sum() for b in engine.animate(avatar, part, frames)]

    assert late.start > 500
    assert 0.7 < ratio(drawn(late), drawn(early)) < 1.4


def test_rows_are_as_many_as_frames_however_long_the_text() -> None:
    for characters in (100, 400):
        speech = spoken(text_of("en", characters))
        rows = plan_speech(speech, 25, 0)
        samples = sum(len(chunk.samples) for chunk in speech.chunks)
        assert len(rows) == round(samples * 25 / speech.chunks[0].sample_rate)
        assert np.isfinite(rows.coefficients).all()
        assert statistics.fmean(rows.coefficients.max(axis=1)) > 0
