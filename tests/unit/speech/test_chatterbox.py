"""Chatterbox's process: found or told of, spoken with, and started again."""

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backends.errors import (
    EngineError,
    EngineUnavailableError,
    InputError,
    SynthesisError,
    WeightsMissingError,
)
from backends.speech import find_voice, load_engine
from backends.speech.chatterbox.engine import ChatterboxEngine
from backends.speech.chatterbox.worker import LENGTHS, lengths, packed
from backends.speech.engine import VoiceReference
from backends.types import NO_CUE, SpeechChunk, TextSpan, Utterance
from tests.contract.small_chatterbox import chatterbox
from tests.unit.speech.sound_files import encoded


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return chatterbox(tmp_path_factory.mktemp("chatterbox"))


@pytest.fixture(scope="module")
def engine(options: dict[str, object]) -> Iterator[ChatterboxEngine]:
    engine = load_engine("chatterbox", {**options, "timeout_s": 60})
    assert isinstance(engine, ChatterboxEngine)
    yield engine


def said(
    engine: ChatterboxEngine, text: str, reference: VoiceReference | None = None
) -> SpeechChunk:
    what = Utterance(text, (TextSpan(0, len(text), NO_CUE, -1),), "el")
    [chunk] = engine.synthesize(what, find_voice(engine, None, "el", reference), seed=1)
    return chunk


def reference(seconds: float) -> VoiceReference:
    samples = 0.1 * np.sin(np.arange(round(seconds * 24_000)) / 30)
    return VoiceReference(str(seconds), encoded(samples.astype(np.float32), 24_000))


def test_greek_reaches_the_model_with_its_accents_apart(engine: ChatterboxEngine) -> None:
    text = unicodedata.normalize("NFC", "Καλημέρα, τι κάνεις;")  # the stand-in refuses it composed
    assert [word.word for word in said(engine, text).words] == ["Καλημέρα", "τι", "κάνεις"]


def test_speakers_do_not_meet(engine: ChatterboxEngine) -> None:
    """A reference is learnt once, by its key, and the model's own voice stays its own."""
    one, other = reference(6.0), reference(6.001)
    first = [said(engine, "Καλημέρα", who).samples for who in (None, one, other)]
    again = [said(engine, "Καλημέρα", who).samples for who in (other, one, None)][::-1]
    for before, after in zip(first, again, strict=True):
        np.testing.assert_array_equal(before, after)
    assert not np.array_equal(first[0], first[1]) and not np.array_equal(first[1], first[2])


def test_what_the_library_refuses_is_told_and_forgotten(engine: ChatterboxEngine) -> None:
    with pytest.raises(SynthesisError, match="no such text"):
        said(engine, "refuse this")
    assert said(engine, "Καλημέρα").duration_s > 0.3


def test_a_process_that_dies_is_started_again(engine: ChatterboxEngine) -> None:
    with pytest.raises(SynthesisError, match="ended"):
        said(engine, "die now")
    assert said(engine, "Καλημέρα").duration_s > 0.3


def test_what_is_missing_is_named(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(EngineUnavailableError, match=r"docs/voices\.md"):
        load_engine("chatterbox", {**options, "python": tmp_path / "python"})
    with pytest.raises(InputError, match="zh is not among el, en"):
        load_engine("chatterbox", {**options, "languages": ["el", "zh"]})
    with pytest.raises(WeightsMissingError, match=r"s3gen.pt.*hf download"):
        load_engine("chatterbox", {**options, "checkpoint": tmp_path})


def test_a_process_that_does_not_start_says_why(tmp_path: Path, options: dict[str, object]) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such library >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(EngineError, match="no such library"):
        load_engine("chatterbox", {**options, "python": python})
    python.write_text("#!/bin/sh\nread line\n")
    with pytest.raises(EngineError, match="in time"):
        load_engine("chatterbox", {**options, "python": python, "start_timeout_s": 0.2})


def test_its_licence_is_told(engine: ChatterboxEngine) -> None:
    voice = find_voice(engine, None, "el")
    assert voice.licence.weights == "MIT" and voice.licence.commercial_use
    assert "watermark" in voice.licence.note
    with pytest.raises(InputError, match="reference audio"):
        [*engine.synthesize(
            Utterance("Γεια", (TextSpan(0, 4, NO_CUE, -1),), "el"),
            replace(find_voice(engine, None, "el", reference(6.0)), reference=None),
            0,
        )]  # fmt: skip


def test_frames_have_an_end() -> None:
    frame = packed({"text": "ά"}, b"1234")
    head, body = lengths(frame[: LENGTHS.size])
    assert len(frame) == LENGTHS.size + head + body and frame[-body:] == b"1234"
    with pytest.raises(ValueError, match="frame"):
        lengths(b"\xff" * LENGTHS.size)
