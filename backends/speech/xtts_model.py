"""Coqui's XTTS: text and a speaker's latents in, sound out, without its files being able to run anything."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backends.errors import EngineError, InputError, SynthesisError
from backends.speech.cloning import reference_samples
from backends.speech.engine import VoiceReference
from backends.speech.torch_models import library, load_strictly, read_weights, seeded, torch
from backends.speech.xtts_voices import LANGUAGES, weights_in
from backends.types import FloatArray

_LEGACY = "TTS.tts.models.xtts"
"""Where the classes of the published checkpoint's own configuration were once."""
_TRAINING = ("torch_mel_spectrogram_style_encoder", "torch_mel_spectrogram_dvae", "dvae")
_DERIVED = ("gpt.gpt_inference.", "gpt.gpt.wte.")
"""Entries that are others' again, or of training alone."""
_REFERENCE_HZ = 22_050
_MOST_CHARACTERS = 250
_CLAUSES, _WEAKER = ".!?;:…。！？；：", ",،、，—"


@dataclass(frozen=True, slots=True)
class Speaker:
    """What the model knows of a voice."""

    style: Any
    """(1, latents, width) tensor that the language model is told."""
    timbre: Any
    """(1, 512, 1) tensor that the vocoder is told."""


class XttsModel:
    """Weights and nothing of a request; calls from several threads run one after another."""

    def __init__(self, folder: Path, device: str, half: bool, temperature: float | None) -> None:
        """
        Raises:
            EngineUnavailableError: coqui-tts is not installed.
            EngineError: the files are not an XTTS checkpoint.
        """
        self._device, self._half = device, half
        config = _config(folder)
        self._model = _built(config, folder)
        self._tokenizer = self._model.tokenizer
        self._temperature = temperature or float(config.temperature)
        self._config = config
        self.sample_rate = int(self._model.args.output_sample_rate)
        self.languages = tuple(filter(self._reads, LANGUAGES))
        self._model.to(device)
        self._model.gpt.to(torch().float16 if half else torch().float32)

    def speakers(self, folder: Path) -> dict[str, Speaker]:
        """The voices that come with the checkpoint."""
        path = folder / "speakers_xtts.pth"
        found = read_weights(path) if path.is_file() else {}
        try:
            return {
                str(name): Speaker(latents["gpt_cond_latent"], latents["speaker_embedding"])
                for name, latents in found.items()
            }
        except (KeyError, TypeError) as error:
            raise EngineError(f"{path} is no list of XTTS's speakers: {error}") from error

    def speaker(self, reference: VoiceReference) -> Speaker:
        """The latents of recorded speech.

        Raises:
            SynthesisError: the model failed.
        """
        config = self._config
        samples = torch().from_numpy(reference_samples(reference, _REFERENCE_HZ))[None]
        with seeded(0, self._device):
            try:
                self._model.gpt.float()
                style = self._model.get_gpt_cond_latents(
                    samples, _REFERENCE_HZ, config.gpt_cond_len, config.gpt_cond_chunk_len
                )
                timbre = self._model.get_speaker_embedding(samples, _REFERENCE_HZ)
            except (RuntimeError, ValueError) as error:
                raise SynthesisError(f"XTTS could not learn the voice: {error}") from error
            finally:
                self._model.gpt.to(torch().float16 if self._half else torch().float32)
        return Speaker(style.cpu(), timbre.cpu())

    def pieces(self, text: str, language: str) -> list[str]:
        """The text, cut where it is longer than the model takes, where it may be with the least harm."""
        limits: dict[str, int] = self._tokenizer.char_limits
        characters = min(limits.get(language, _MOST_CHARACTERS), _MOST_CHARACTERS)
        tokens = int(self._model.args.gpt_max_text_tokens)

        def fits(piece: str) -> bool:
            return len(piece) <= characters and len(self._encoded(piece, language)) < tokens

        return list(_cut(text.strip(), fits))

    def run(self, text: str, language: str, speaker: Speaker, seed: int) -> FloatArray:
        """(n,) samples of a text that `pieces` leaves whole.

        Raises:
            SynthesisError: the model failed, or made nothing.
        """
        with seeded(seed, self._device):
            try:
                samples = self._spoken(text, language, speaker).float().cpu().numpy().reshape(-1)
            except (RuntimeError, ValueError, IndexError, AssertionError) as error:
                raise SynthesisError(f"XTTS failed: {error}") from error
        if not len(samples) or not np.isfinite(samples).all():
            raise SynthesisError("XTTS made no sound of the text")
        return np.asarray(samples, np.float32)

    def _spoken(self, text: str, language: str, speaker: Speaker) -> Any:
        """The language model's codes for the text, its latents of them, and their sound."""
        module, config, gpt = torch(), self._config, self._model.gpt
        style = speaker.style.to(self._device, next(gpt.parameters()).dtype)
        tokens = module.tensor([self._encoded(text, language)], device=self._device)
        codes = gpt.generate(
            cond_latents=style,
            text_inputs=tokens,
            do_sample=True,
            top_p=config.top_p,
            top_k=config.top_k,
            temperature=self._temperature,
            num_return_sequences=1,
            num_beams=1,
            length_penalty=float(config.length_penalty),
            repetition_penalty=float(config.repetition_penalty),
            output_attentions=False,
        )
        lengths = [module.tensor([n], device=self._device) for n in (
            tokens.shape[-1], codes.shape[-1] * gpt.code_stride_len,
        )]  # fmt: skip
        latents = gpt(
            tokens, lengths[0], codes, lengths[1], cond_latents=style,
            return_attentions=False, return_latent=True,
        )  # fmt: skip
        return self._model.hifigan_decoder(latents.float(), g=speaker.timbre.to(self._device))

    def _encoded(self, text: str, language: str) -> list[int]:
        """Raises InputError where the library cannot read something of the text."""
        try:
            ids: list[int] = self._tokenizer.encode(text.strip().lower(), lang=language)
        except (
            NotImplementedError
        ) as error:  # by num2words, which knows not every language's numbers
            raise InputError(
                f"XTTS cannot read {text[:40]!r} in {language!r}: write numbers out as words"
            ) from error
        return ids

    def _reads(self, language: str) -> bool:
        """Whether what the language's text needs is installed."""
        try:
            self._encoded("a", language)
        except (ImportError, RuntimeError, InputError):
            return False
        return True


def _config(folder: Path) -> Any:
    path = folder / "config.json"
    try:
        fields = json.loads(path.read_text("utf-8"))
        config = library("TTS.tts.configs.xtts_config", "xtts").XttsConfig()
        config.from_dict(fields)
    except (OSError, ValueError, TypeError, AttributeError, KeyError, AssertionError) as error:
        raise EngineError(f"{path} is no configuration of XTTS: {error}") from error
    return config


def _built(config: Any, folder: Path) -> Any:
    xtts = library(_LEGACY, "xtts")
    with seeded(0):
        try:
            model = xtts.Xtts(config)
            model.tokenizer = xtts.VoiceBpeTokenizer(vocab_file=str(folder / "vocab.json"))
            model.init_models()
        except Exception as error:  # tokenizers raises bare exceptions
            raise EngineError(f"{folder} does not fit the installed coqui-tts: {error}") from error
    path = weights_in(folder)
    load_strictly(model, _state(path), path)
    model.eval()
    return model


def _state(path: Path) -> dict[str, Any]:
    """The weights under the model's names."""
    configs = library("TTS.tts.configs.xtts_config", "xtts")
    shared = library("TTS.config.shared_configs", "xtts")
    harmless = [
        (configs.XttsArgs, f"{_LEGACY}.XttsArgs"),
        (configs.XttsAudioConfig, f"{_LEGACY}.XttsAudioConfig"),
        configs.XttsArgs, configs.XttsAudioConfig, configs.XttsConfig, shared.BaseDatasetConfig,
    ]  # fmt: skip
    found = read_weights(path, harmless)
    state = {k.removeprefix("xtts."): v for k, v in found.get("model", found).items()}
    return {
        name: value
        for name, value in state.items()
        if name.split(".")[0] not in _TRAINING and not name.startswith(_DERIVED)
    }


def _cut(text: str, fits: Any) -> Iterator[str]:
    """Halves of halves, each cut behind the strongest mark nearest to its middle."""
    if fits(text) or len(text) < 2:
        yield text
        return
    middle = len(text) / 2
    for marks in (_CLAUSES, _WEAKER, " ", ""):
        places = [
            i + 1
            for i, char in enumerate(text[:-1])
            if (not marks or char in marks) and 0.2 < (i + 1) / len(text) < 0.8
        ]
        if places:
            at = min(places, key=lambda place: abs(place - middle))
            break
    else:
        at = len(text) // 2
    for half in (text[:at].strip(), text[at:].strip()):
        yield from _cut(half, fits) if half else ()
