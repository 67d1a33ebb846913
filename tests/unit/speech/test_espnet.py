"""ESPnet's models: tokens without a front end, files that hold no code, every kind of model that is spoken with."""

import json
import os
import pickle
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backends.errors import (
    EngineError,
    InputError,
    UnsupportedLanguageError,
    WeightsMissingError,
)
from backends.speech import load_engine
from backends.speech.engine import SpeechEngine
from backends.speech.espeak import phonemize
from backends.speech.espnet_tokens import alphabet_of, symbols_of, tokens_of
from backends.speech.torch_models import is_installed
from tests.unit.speech.layouts import spread
from tests.unit.speech.sound_files import encoded, said, utterance

full = pytest.mark.skipif(
    not is_installed("espnet2"), reason="the light set is installed; run: make test"
)
LAYOUT = Path(__file__).with_name("espnet_vits_layout.json")
TEXT = "You remembered my birthday, and you even made a cake."
_MARKS = "<blank> <unk> , . ? ! B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
ARPABET = frozenset([*_MARKS.split(), *(v + n for v in _VOWELS.split() for n in "012")])
IPA = frozenset(["aɪ", "ˈaɪ", "tʃ", "iː", "a", "t", "ʃ", "i", "k", ",", "<space>"])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("judge", "JH AH1 JH ."),
        ("the bird's nest", "DH AH0 B ER1 D Z N EH1 S T ."),
        ("measure, church", "M EH1 ZH ER0 , CH ER1 CH ."),
        ("boy, cow thing", "B OY1 , K AW1 TH IH1 NG ."),
        ("little button?", "L IH1 T AH0 L B AH1 T AH0 N ?"),
    ],
)
def test_english_in_arpabet(text: str, tokens: str) -> None:
    """As the CMU dictionary, which models with g2p_en were trained on, has these words."""
    [line] = phonemize([text], "en-us")
    symbols = symbols_of(line, "arpabet", ARPABET)
    assert " ".join(t for s in symbols for t in tokens_of(s, "arpabet", ARPABET)) == tokens
    assert "".join(symbols) == line


def test_the_longest_token_is_taken() -> None:
    symbols = symbols_of("tʃˈaɪ, t ʃiːk", "ipa", IPA)
    assert symbols == ["tʃ", "ˈaɪ", ",", " ", "t", " ", "ʃ", "iː", "k"]
    tokens = [t for s in symbols for t in tokens_of(s, "ipa", IPA)]
    assert tokens == ["tʃ", "ˈaɪ", ",", "<space>", "t", "<space>", "ʃ", "iː", "k"]


@given(st.text(max_size=60))
def test_no_line_loses_a_letter(line: str) -> None:
    for alphabet, tokens in (("ipa", IPA), ("arpabet", ARPABET)):
        symbols = symbols_of(line, alphabet, tokens)  # type: ignore[arg-type]
        assert "".join(symbols) == line
        for symbol in symbols:
            assert set(tokens_of(symbol, alphabet, tokens)) <= tokens  # type: ignore[arg-type]


def test_what_tokens_are_is_seen_from_them() -> None:
    assert alphabet_of(ARPABET, "g2p_en_no_space", "phn") == "arpabet"
    assert alphabet_of(IPA, "espeak_ng_greek", "phn") == "ipa"
    assert alphabet_of(frozenset("abc"), None, "char") == "characters"
    assert alphabet_of(frozenset("abc"), "pyopenjtalk", "phn") is None
    assert alphabet_of(IPA, None, "bpe") is None


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of small models by their kind."""
    from tests.contract import small_espnet as small

    def folder(name: str) -> Path:
        return tmp_path_factory.mktemp(name)

    gst = {
        "use_gst": True,
        "gst_tokens": 4,
        "gst_heads": 2,
        "gst_conv_layers": 2,
        "gst_conv_chans_list": [8, 8],
    }
    return {
        "vits": small.vits(folder("vits"), small.IPA, "espeak_ng_english_us_vits"),
        "arpabet": small.fastspeech2(folder("fs"), small.ARPABET, "g2p_en_no_space"),
        "characters": small.vits(folder("char"), small.CHARACTERS),
        "speakers": small.vits(folder("spk"), small.IPA, "espeak_ng", spks=3, global_channels=8),
        "embedding": small.vits(
            folder("emb"), small.IPA, "espeak_ng", spk_embed_dim=4, global_channels=8
        ),
        "styles": small.fastspeech2(folder("gst"), small.IPA, "espeak_ng", gst_gru_units=8, **gst),
    }


def files(folder: Path, **more: Any) -> dict[str, Any]:
    return {"train_config": folder / "config.yaml", "model_file": folder / "model.pth", **more}


def engine(voice: dict[str, Any]) -> SpeechEngine:
    return load_engine("espnet", {"voices": {"some": voice}, "device": "cpu"})


@full
@pytest.mark.parametrize("kind", ["vits", "arpabet", "characters"])
def test_every_kind_of_model_speaks(models: dict[str, Path], kind: str) -> None:
    voice = engine(files(models[kind]))
    assert voice.info.alignments == ("estimated" if kind == "characters" else "exact")
    [chunk] = voice.synthesize(utterance(TEXT), voice.info.voices[0], 0)
    assert [w.word for w in chunk.words] == TEXT.replace(",", "").replace(".", "").split()
    assert chunk.phonemes[-1].end_s == pytest.approx(chunk.duration_s)
    if kind != "characters":  # the small models hold each token for as long
        frame_s, lengths = 256 / 22_050, [p.end_s - p.start_s for p in chunk.phonemes]
        assert np.median(lengths) == pytest.approx(7 * frame_s, abs=frame_s)


@full
def test_a_vocoder_makes_sound_of_spectrograms(models: dict[str, Path], tmp_path: Path) -> None:
    """One of the ParallelWaveGAN project: config.yml, its checkpoint, and the statistics beside it."""
    import h5py
    import torch

    from backends.speech.torch_models import library, seeded

    HiFiGANGenerator = library("espnet2.gan_tts.hifigan", "espnet").HiFiGANGenerator

    params = {
        "in_channels": 80,
        "channels": 32,
        "upsample_scales": [8, 8, 2, 2],
        "upsample_kernel_sizes": [16, 16, 4, 4],
        "resblock_kernel_sizes": [3],
        "resblock_dilations": [[1, 3]],
    }
    config = {
        "generator_type": "HiFiGANGenerator",
        "sampling_rate": 22_050,
        "generator_params": params,
    }
    vocoder = {"vocoder_config": tmp_path / "config.yml", "vocoder_file": tmp_path / "voc.pkl"}
    vocoder["vocoder_config"].write_text(yaml.safe_dump(config), "utf-8")
    with seeded(0):
        state = {"model": {"generator": HiFiGANGenerator(**params).state_dict()}, "steps": 1}
    torch.save(state, vocoder["vocoder_file"])
    with h5py.File(tmp_path / "stats.h5", "w") as file:
        file["mean"], file["scale"] = np.zeros(80), np.ones(80)
    voice = engine(files(models["arpabet"], **vocoder))
    [chunk] = voice.synthesize(utterance(TEXT), voice.info.voices[0], 0)
    assert chunk.sample_rate == 22_050 and chunk.duration_s > 2
    vocoder["vocoder_file"].write_bytes(pickle.dumps({"model": Evil()}))
    with pytest.raises(EngineError, match="refused"):
        engine(files(models["arpabet"], **vocoder))
    vocoder["vocoder_config"].write_text("generator_type: StyleMelGANGenerator")
    with pytest.raises(EngineError, match="StyleMelGANGenerator"):
        engine(files(models["arpabet"], **vocoder))


@full
def test_speakers_are_voices(models: dict[str, Path]) -> None:
    voice = engine(files(models["speakers"], speakers={"ann": 0, "ben": 2}))
    assert [v.id for v in voice.info.voices] == ["espnet:some:ann", "espnet:some:ben"]
    for one in voice.info.voices:
        assert list(voice.synthesize(utterance("Hello."), one, 0))


@full
def test_a_speakers_embedding_is_read(models: dict[str, Path], tmp_path: Path) -> None:
    vector, wrong = tmp_path / "vector.npy", tmp_path / "wrong.npy"
    np.save(vector, np.ones(4))
    np.save(wrong, np.ones(5))
    voice = engine(files(models["embedding"], speaker_embedding=vector))
    assert list(voice.synthesize(utterance("Hello."), voice.info.voices[0], 0))
    with pytest.raises(EngineError, match="speaker_embedding"):
        engine(files(models["embedding"]))
    with pytest.raises(EngineError, match="5 numbers; the model wants 4"):
        engine(files(models["embedding"], speaker_embedding=wrong))


@full
def test_styles_are_taken_from_speech(models: dict[str, Path], tmp_path: Path) -> None:
    style = tmp_path / "style.wav"
    style.write_bytes(encoded(said(TEXT).samples, 22_050))
    voice = engine(files(models["styles"], style_audio=style, styles={"sad": style}))
    assert list(voice.synthesize(utterance("Hello."), voice.info.voices[0], 0))
    with pytest.raises(EngineError, match="style_audio"):
        engine(files(models["styles"]))


@full
def test_another_language_is_refused(models: dict[str, Path]) -> None:
    voice = engine(files(models["vits"]))
    with pytest.raises(UnsupportedLanguageError):
        list(voice.synthesize(utterance("Γεια", "el"), voice.info.voices[0], 0))


@full
def test_models_that_were_put_into_place_are_found(
    models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROSOPON_HOME", str(tmp_path))
    with pytest.raises(WeightsMissingError, match="train_config"):
        load_engine("espnet")
    place = tmp_path / "weights" / "espnet" / "mine"
    place.parent.mkdir(parents=True)
    place.symlink_to(models["vits"])
    assert [v.id for v in load_engine("espnet").info.voices] == ["espnet:mine"]


@full
def test_the_published_layout_is_what_is_loaded() -> None:
    """A VITS of the recipe for LJSpeech, as `kan-bayashi/ljspeech_vits` was trained by, has the names and shapes that
    are kept beside this test."""
    from backends.speech.torch_models import library, seeded
    from tests.contract.small_espnet import configuration

    kept = json.loads(LAYOUT.read_text("utf-8"))
    config = configuration([str(i) for i in range(kept["tokens"])], None) | {
        "feats_extract": "linear_spectrogram",
        "feats_extract_conf": {"n_fft": 1024, "hop_length": 256, "win_length": None},
        "tts": "vits",
        "tts_conf": {"sampling_rate": 22050, "generator_params": kept["generator_params"]},
    }
    task = library("espnet2.tasks.tts", "espnet").TTSTask
    with seeded(0):
        tts = task.build_model(Namespace(**config)).tts
    shapes = {f"tts.generator.{k}": list(v.shape) for k, v in tts.generator.state_dict().items()}
    assert dict(spread(kept["shapes"])) == shapes


@full
@pytest.mark.skipif(
    "ESPNET_MODEL" not in os.environ,
    reason="wants a trained ESPnet2 model: ESPNET_MODEL=FOLDER with config.yaml and model.pth, English",
)
def test_a_trained_model_speaks() -> None:
    voice = engine(files(Path(os.environ["ESPNET_MODEL"])))
    [chunk] = voice.synthesize(utterance(TEXT), voice.info.voices[0], 0)
    assert 2 < chunk.duration_s < 6 and len(chunk.words) == len(TEXT.split())


class Evil:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.system, ("exit 1",)


def _pickled(folder: Path, good: Path) -> None:
    (folder / "model.pth").write_bytes(pickle.dumps({"a": Evil()}))


def _other(folder: Path, good: Path) -> None:
    import torch

    state = torch.load(good / "model.pth", weights_only=True)
    first = next(iter(state))
    torch.save({k: v for k, v in state.items() if k != first}, folder / "model.pth")


def _shape(folder: Path, good: Path) -> None:
    import torch

    state = torch.load(good / "model.pth", weights_only=True)
    first = next(k for k, v in state.items() if v.dim() == 2)
    torch.save({**state, first: state[first][:-1]}, folder / "model.pth")


def _cut(folder: Path, good: Path) -> None:
    (folder / "model.pth").write_bytes((good / "model.pth").read_bytes()[:5000])


def _config(**changes: Any) -> Callable[[Path, Path], None]:
    def change(folder: Path, good: Path) -> None:
        config = yaml.safe_load((good / "config.yaml").read_text("utf-8")) | changes
        (folder / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")

    return change


@full
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_pickled, "refused"),
        (_other, "Missing key"),
        (_shape, "size mismatch"),
        (_cut, "cannot be read|refused"),
        (_config(tts="none"), "does not fit"),
        (
            _config(g2p="pyopenjtalk", token_list=["<unk>", *map(str, range(200))]),
            "size mismatch",
        ),
        (_config(token_type="bpe"), "bpe"),
        (_config(normalize="global_mvn", normalize_conf={"stats_file": "gone.npz"}), r"gone\.npz"),
        (lambda folder, good: (folder / "config.yaml").write_text("- 1"), "no configuration"),
        (
            lambda folder, good: (folder / "config.yaml").write_text("a: !!python/name:os.system"),
            "YAML",
        ),
    ],
)
def test_files_that_are_no_model_are_refused(
    models: dict[str, Path], tmp_path: Path, spoil: Callable[[Path, Path], Any], reason: str
) -> None:
    for file in models["vits"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    spoil(tmp_path, models["vits"])
    with pytest.raises(EngineError, match=reason):
        engine(files(tmp_path))


@pytest.mark.parametrize(
    ("voice", "error", "reason"),
    [
        (
            {"train_config": "gone.yaml", "model_file": "gone.pth"},
            WeightsMissingError,
            "train_config",
        ),
        ({"train_config": "x", "model_file": "y", "vocoder_file": "z"}, InputError, "together"),
        ({"train_config": "x"}, InputError, "model_file"),
    ],
)
def test_options_are_judged(voice: dict[str, Any], error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        engine(voice)
