"""XTTS: its licence, its files, cloned voices, long texts, and the published checkpoint's layout."""

import json
import os
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.errors import (
    EngineError,
    InputError,
    LicenceError,
    UnsupportedLanguageError,
    WeightsMissingError,
)
from backends.speech import find_voice, load_engine
from backends.speech.cloning import read_reference
from backends.speech.engine import SpeechEngine, Voice, VoiceReference
from backends.speech.torch_models import is_installed
from backends.speech.xtts_model import _cut
from backends.speech.xtts_voices import LANGUAGES, V2
from backends.types import Cue, Emotion, SpeechChunk, TextSpan, Utterance
from tests.unit.speech.layouts import spread
from tests.unit.speech.sound_files import encoded, said, utterance

full = pytest.mark.skipif(
    not is_installed("TTS"), reason="the light set is installed; run: make test"
)
LAYOUT = Path(__file__).with_name("xtts_v2_layout.json")
STORY = (
    "She asked whether the board of the company had seen it. "
    "Nobody answered, and the rain went on falling on the roof of the house, "
    "until somebody opened the door and asked for the way to the station."
)


@cache
def reference(pitch: float = 1.0) -> VoiceReference:
    chunk = said(STORY)
    return read_reference(encoded(chunk.samples, round(chunk.sample_rate * pitch)))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.contract.small_xtts import narrow_vocoder, xtts

    with narrow_vocoder():
        return xtts(tmp_path_factory.mktemp("xtts"))


def load(folder: Path, **options: Any) -> SpeechEngine:
    from tests.contract.small_xtts import narrow_vocoder

    with narrow_vocoder():
        return load_engine("xtts", {"checkpoint": folder, "accept_licence": True, **options})


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> Iterator[SpeechEngine]:
    yield load(checkpoint)


def speak(engine: SpeechEngine, voice: Voice, what: Utterance) -> SpeechChunk:
    [chunk] = engine.synthesize(what, voice, 0)
    return chunk


def cloned(engine: SpeechEngine, pitch: float = 1.0) -> Voice:
    return find_voice(engine, None, "en", reference(pitch))


def test_without_its_licence_accepted_nothing_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(LicenceError, match=r"non-commercial.*accept_licence: true"):
        load_engine("xtts", {"checkpoint": tmp_path})


def test_a_missing_checkpoint_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="prosopon models pull xtts:v2"):
        load_engine("xtts", {"accept_licence": True})
    with pytest.raises(WeightsMissingError, match=r"config\.json, vocab\.json, model\.pth"):
        load_engine("xtts", {"checkpoint": tmp_path, "accept_licence": True})


def test_what_is_pulled_is_pinned() -> None:
    assert len(V2.revision) == 40 and V2.licence == "CPML-1.0"
    assert all(
        f.checksum.startswith("sha256:") and len(f.checksum) == 71 and f.size for f in V2.files
    )


@full
def test_voices_and_languages(engine: SpeechEngine) -> None:
    info = engine.info
    assert [v.id for v in info.voices] == ["xtts:Ann Other", "xtts:Ben Other", "xtts:cloned"]
    assert info.cloning and set(info.languages) <= set(LANGUAGES) and len(info.languages) >= 15
    assert not any(v.licence.commercial_use for v in info.voices)
    assert find_voice(engine, None, "fr").id == "xtts:Ann Other"
    with pytest.raises(UnsupportedLanguageError, match="'el'"):
        find_voice(engine, None, "el")


@full
def test_a_cloned_voice_is_its_references(engine: SpeechEngine) -> None:
    """Another speaker sounds otherwise, and the same one the same, whoever spoke in between."""
    ann, ben = cloned(engine), cloned(engine, 1.2)
    assert ann.id == ben.id == "xtts:cloned"
    asked = [
        (voice, utterance(text))
        for text in ("Good morning.", "Good night.")
        for voice in (ann, ben)
    ]
    alone = [speak(engine, *job) for job in asked]
    assert not np.array_equal(alone[0].samples, alone[1].samples)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda job: speak(engine, *job), asked))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one.samples, other.samples) and one.phonemes == other.phonemes


@full
def test_forgotten_speakers_are_learnt_again(checkpoint: Path, engine: SpeechEngine) -> None:
    small = load(checkpoint, kept_speakers=1)
    first = speak(small, cloned(small), utterance("Hello."))
    speak(small, cloned(small, 1.2), utterance("Hello."))
    again = speak(small, cloned(small), utterance("Hello."))
    assert np.array_equal(first.samples, again.samples)


@full
def test_reference_and_voice_belong_together(engine: SpeechEngine) -> None:
    with pytest.raises(InputError, match="somebody already"):
        find_voice(engine, "Ann Other", "en", reference())
    with pytest.raises(InputError, match="reference audio"):
        find_voice(engine, "cloned", "en")
    with pytest.raises(InputError, match="reference audio"):
        speak(engine, engine.info.voices[-1], utterance("Hello."))
    assert find_voice(engine, "xtts:cloned", "en", reference()).reference == reference()


@full
def test_voices_of_the_options(checkpoint: Path, tmp_path: Path) -> None:
    calm, sad, short = (tmp_path / name for name in ("calm.wav", "sad.wav", "short.wav"))
    chunk = said(STORY)
    calm.write_bytes(encoded(chunk.samples, chunk.sample_rate))
    sad.write_bytes(encoded(chunk.samples, round(chunk.sample_rate * 0.9)))
    short.write_bytes(encoded(chunk.samples[: chunk.sample_rate], chunk.sample_rate))
    engine = load(checkpoint, references={"me": {"audio": calm, "emotions": {"sad": sad}}})
    voice = find_voice(engine, "me", "en")
    assert engine.info.voices[0] == replace(voice, reference=None)
    text = "We did it again."
    mood = Utterance(text, (TextSpan(0, len(text), Cue.of(Emotion.SAD), -1),), "en")
    plain, felt = speak(engine, voice, utterance(text)), speak(engine, voice, mood)
    assert not np.array_equal(plain.samples, felt.samples)
    assert felt.cues[0].cue == Cue.of(Emotion.SAD)
    with pytest.raises(InputError, match=r"short\.wav is 1\.0 s"):
        load(checkpoint, references={"me": {"audio": short}})


@full
def test_a_long_text_is_one_utterance(engine: SpeechEngine) -> None:
    text = ", ".join(["it rained on the roof of the house"] * 14)
    assert len(text) > 400
    chunk = speak(engine, find_voice(engine, None, "en"), utterance(text))
    assert [w.word for w in chunk.words] == text.replace(",", "").split()
    assert chunk.duration_s > 7.5  # four pieces or more of the small model's 2.3 s
    assert np.abs(np.diff(chunk.samples)).max() < 0.5


@pytest.mark.parametrize(
    "text", ["", "a", "One. Two, three four.", "x" * 500, "word " * 100, "a, " * 200]
)
def test_a_cut_loses_nothing(text: str) -> None:
    pieces = list(_cut(text, lambda piece: len(piece) <= 50))
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(len(piece) <= 50 for piece in pieces)


def test_a_cut_is_at_the_strongest_mark() -> None:
    assert list(_cut("One and two, three. Four and five", lambda p: len(p) < 25)) == [
        "One and two, three.",
        "Four and five",
    ]


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("exit 1",)


@full
@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("model.pth", pickle.dumps({"model": Evil()}), "refused"),
        ("model.pth", b"PK", "refused"),
        ("speakers_xtts.pth", pickle.dumps({"a": Evil()}), "refused"),
        ("config.json", b"{", "no configuration"),
        ("config.json", b"[]", "no configuration"),
        ("vocab.json", b"{}", "does not fit"),
    ],
)
def test_files_that_are_no_checkpoint_are_refused(
    checkpoint: Path, tmp_path: Path, file: str, content: bytes, reason: str
) -> None:
    for path in checkpoint.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / file).unlink()
    (tmp_path / file).write_bytes(content)
    with pytest.raises(EngineError, match=reason):
        load(tmp_path)


@full
def test_a_checkpoint_as_it_was_published_is_read(checkpoint: Path, tmp_path: Path) -> None:
    """With its configuration as objects of the library's old modules, the trainer's prefix, the generator's doubles."""
    import torch
    from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig

    state = torch.load(checkpoint / "model.pth", weights_only=True)["model"]
    state = {f"xtts.{name}": value for name, value in state.items()}
    state |= {
        "xtts.gpt.gpt_inference.lm_head.1.weight": torch.ones(2),
        "dvae.codebook.embed": torch.ones(2),
    }
    for path in checkpoint.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "model.pth").unlink()
    module, XttsArgs.__module__ = XttsArgs.__module__, "TTS.tts.models.xtts"
    try:
        with pytest.MonkeyPatch.context() as patch:
            import TTS.tts.models.xtts as old

            patch.setattr(old, "XttsArgs", XttsArgs, raising=False)
            torch.save({"model": state, "config": XttsConfig()}, tmp_path / "model.pth")
    finally:
        XttsArgs.__module__ = module
    assert load(tmp_path).info.voices


@full
def test_the_published_layout_is_what_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published model's sizes, built on no memory, have the names and shapes that are kept beside this test."""
    from backends.speech.torch_models import library, torch

    kept = json.loads(LAYOUT.read_text("utf-8"))
    config = library("TTS.tts.configs.xtts_config", "xtts").XttsConfig()
    for name, value in kept["model_args"].items():
        setattr(config.model_args, name, value)
    module = library("TTS.tts.models.xtts", "xtts")

    def decoder(**sizes: Any) -> Any:
        with torch().device("cpu"):  # its filters are numbers that are computed
            return HifiDecoder(**sizes)

    HifiDecoder = module.HifiDecoder
    monkeypatch.setattr(module, "HifiDecoder", decoder)
    with torch().device("meta"):
        model = module.Xtts(config)
    shapes = {name: list(value.shape) for name, value in model.state_dict().items()}
    assert dict(spread(kept["shapes"])) == shapes


@full
@pytest.mark.skipif(
    not V2.here, reason="wants XTTS v2's own weights (1.9 GB, CPML): prosopon models pull xtts:v2"
)
def test_the_published_checkpoint_speaks() -> None:
    engine = load_engine("xtts", {"accept_licence": True})
    chunk = speak(engine, find_voice(engine, None, "en"), utterance(STORY))
    assert 6 < chunk.duration_s < 25 and len(chunk.words) == len(STORY.split())
