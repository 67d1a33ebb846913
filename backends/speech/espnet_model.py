"""An ESPnet2 text-to-speech model with its vocoder, loaded without running anything that files hold."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backends.errors import EngineError, SynthesisError
from backends.speech.espnet_tokens import Alphabet, alphabet_of
from backends.speech.espnet_voices import EspnetVoice, read_config, read_yaml
from backends.speech.torch_models import library, load_strictly, read_weights, seeded, torch
from backends.types import FloatArray

_UNKNOWN = "<unk>"
_VOCODERS = {
    "HiFiGANGenerator": "espnet2.gan_tts.hifigan:HiFiGANGenerator",
    "ParallelWaveGANGenerator": "espnet2.gan_tts.parallel_wavegan:ParallelWaveGANGenerator",
}
"""Of the ParallelWaveGAN project, whose classes ESPnet has too."""
_LONGEST_TOKENS = 1000
_TRAINING = ("discriminator", "mel_loss")
"""Parts of a model that only training needs."""


@dataclass(frozen=True, slots=True)
class Spoken:
    samples: FloatArray
    """(n,) as the model made them."""
    ends: tuple[int, ...] | None
    """For each token the sample behind it, the last one's n; None where the model does not tell."""


class EspnetModel:
    """Weights and nothing of a request; `run` is for several threads, one after another."""

    def __init__(self, voice: EspnetVoice, device: str) -> None:
        """
        Raises:
            EngineUnavailableError: ESPnet is not installed.
            EngineError: the files are not a model that can be used.
        """
        config = read_config(voice.train_config)
        self._device = device
        self._model = _built(config, voice)
        self._tts = self._model.tts
        self._vocoder = _vocoder(voice, self._model, device) if self._tts.require_vocoder else None
        self.sample_rate = int(_rate(self._vocoder) or _rate(self._tts) or 0)
        if not self.sample_rate:
            raise EngineError(f"{voice.train_config} does not tell the model's sample rate")
        tokens = _tokens(config)
        self._ids = {token: i for i, token in enumerate(tokens)}
        self.alphabet = _alphabet(voice, config, frozenset(tokens))
        self.timed = hasattr(self._tts, "duration_predictor") or hasattr(
            getattr(self._tts, "generator", None), "duration_predictor"
        )
        self._model.to(device)
        self._extra = _extra(voice, self._tts)
        self._styles = _styles(voice, self._tts, self._rate_in(config))

    @property
    def tokens(self) -> frozenset[str]:
        return frozenset(self._ids)

    def run(
        self, tokens: Sequence[str], seed: int, speaker: int | None = None, style: str = ""
    ) -> Spoken:
        """
        Args:
            tokens: those that the model does not know are "<unk>".
            style: an emotion of the voice's `styles`; "" is its `style_audio`.

        Raises:
            SynthesisError: the model failed, or made nothing.
        """
        unknown = self._ids.get(_UNKNOWN, 0)
        ids = [self._ids.get(token, unknown) for token in tokens]
        if not 0 < len(ids) <= _LONGEST_TOKENS:
            raise SynthesisError(f"{len(ids)} tokens are not from 1 to {_LONGEST_TOKENS}")
        with seeded(seed, self._device):
            try:
                made = self._inferred(ids, speaker, style)
            except (RuntimeError, ValueError, IndexError) as error:
                raise SynthesisError(f"ESPnet's model failed: {error}") from error
        samples = made["wav"].float().cpu().numpy().reshape(-1)
        if not len(samples) or not np.isfinite(samples).all():
            raise SynthesisError("ESPnet's model made no sound of the text")
        return Spoken(samples, self._ends(made, len(ids), len(samples)))

    def _inferred(self, ids: list[int], speaker: int | None, style: str) -> dict[str, Any]:
        module = torch()
        given = {name: value.to(self._device) for name, value in self._extra.items()}
        if self._tts.spks is not None:
            given["sids"] = module.tensor([speaker or 0], device=self._device)
        if self._styles:
            given["speech"] = self._styles[style if style in self._styles else ""].to(self._device)
        text = module.tensor(ids, dtype=module.long, device=self._device)
        made: dict[str, Any] = self._model.inference(text=text, use_teacher_forcing=False, **given)
        if self._vocoder is not None:
            spectrum = made.get("feat_gen_denorm")
            made["wav"] = self._vocoder(made["feat_gen"] if spectrum is None else spectrum)
        return made

    def _ends(self, made: dict[str, Any], tokens: int, count: int) -> tuple[int, ...] | None:
        """Frames per token in samples; one token more than was given stands for the end."""
        frames = made.get("duration")
        if not self.timed or frames is None or frames.numel() < tokens:
            return None
        ends = np.cumsum(frames.reshape(-1).double().cpu().numpy())
        if ends[-1] <= 0:
            return None
        return tuple(np.rint(ends / ends[-1] * count).astype(int).tolist())

    def _rate_in(self, config: dict[str, Any]) -> int:
        """Of the speech that the model was trained on."""
        return int((config.get("feats_extract_conf") or {}).get("fs") or self.sample_rate)


class _Vocoder:
    """A generator of the ParallelWaveGAN project, with the statistics that its input is normalised by."""

    def __init__(self, generator: Any, fs: int, mean: Any, scale: Any) -> None:
        self._generator, self.fs, self._mean, self._scale = generator, fs, mean, scale

    def __call__(self, features: Any) -> Any:
        if self._mean is not None:
            features = (features - self._mean) / self._scale
        return self._generator.inference(features).reshape(-1)


def _built(config: dict[str, Any], voice: EspnetVoice) -> Any:
    """The model as its configuration says, with the weights of the file; without what only training needs."""
    task = library("espnet2.tasks.tts", "espnet").TTSTask
    arguments = Namespace(**config)
    with seeded(0):
        try:
            model = task.build_model(arguments)
        except (
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
            RuntimeError,
            AssertionError,
        ) as error:
            raise EngineError(
                f"{voice.train_config} does not fit the installed ESPnet: {type(error).__name__}: {error}"
            ) from error
    for part in _TRAINING:
        if hasattr(model.tts, part):
            delattr(model.tts, part)
    state = read_weights(voice.model_file)
    state = state.get("module", state)
    training = tuple(f"tts.{part}." for part in _TRAINING)
    kept = {k: v for k, v in state.items() if not k.startswith(training)}
    load_strictly(model, kept, voice.model_file)
    return model.eval()


def _vocoder(voice: EspnetVoice, model: Any, device: str) -> Any:
    if voice.vocoder_config is None or voice.vocoder_file is None:
        task = library("espnet2.tasks.tts", "espnet").TTSTask
        found = task.build_vocoder_from_file(None, None, model, device)
        if found is None:
            raise EngineError(
                f"{voice.train_config} tells no way back from its spectrograms; name a vocoder in "
                "vocoder_config and vocoder_file"
            )
        return found
    config = read_yaml(voice.vocoder_config)
    kind = str(config.get("generator_type", "ParallelWaveGANGenerator"))
    if kind not in _VOCODERS:
        raise EngineError(
            f"{voice.vocoder_config}: a vocoder of type {kind!r} cannot be used; {', '.join(_VOCODERS)} can"
        )
    name, _, attribute = _VOCODERS[kind].partition(":")
    try:
        with seeded(0):
            generator = getattr(library(name, "espnet"), attribute)(**config["generator_params"])
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(
            f"{voice.vocoder_config} is no vocoder's configuration: {error}"
        ) from error
    state = read_weights(voice.vocoder_file)
    load_strictly(generator, state.get("model", state).get("generator", state), voice.vocoder_file)
    mean, scale = _statistics(voice.vocoder_file.with_name("stats.h5"), device)
    generator.remove_weight_norm()
    return _Vocoder(generator.to(device).eval(), int(config["sampling_rate"]), mean, scale)


def _statistics(path: Path, device: str) -> tuple[Any, Any]:
    """Mean and scale of the vocoder's training spectrograms, where it came with them."""
    if not path.is_file():
        return None, None
    import h5py

    with h5py.File(path, "r") as file:
        rows = [np.asarray(file[name], np.float32).reshape(-1) for name in ("mean", "scale")]
    mean, scale = (torch().from_numpy(row).to(device) for row in rows)
    return mean, scale


def _extra(voice: EspnetVoice, tts: Any) -> dict[str, Any]:
    """What the model wants besides text, the same in all requests."""
    module, extra = torch(), {}
    if tts.langs is not None:
        extra["lids"] = module.tensor([voice.language_id])
    if tts.spk_embed_dim is not None:
        path = voice.speaker_embedding
        if path is None:
            raise EngineError(
                f"{voice.train_config}: this model wants a speaker's embedding of {tts.spk_embed_dim} "
                "numbers; name a .npy file in the voice's speaker_embedding"
            )
        vector = np.load(path, allow_pickle=False).reshape(-1).astype(np.float32)
        if len(vector) != tts.spk_embed_dim:
            raise EngineError(
                f"{path} has {len(vector)} numbers; the model wants {tts.spk_embed_dim}"
            )
        extra["spembs"] = module.from_numpy(vector)
    return extra


def _styles(voice: EspnetVoice, tts: Any, rate: int) -> dict[str, Any]:
    """Sound whose style is taken over, by emotion; nothing for models without style tokens."""
    if not getattr(tts, "use_gst", False):
        return {}
    if voice.style_audio is None:
        raise EngineError(
            f"{voice.train_config}: this model takes its style from speech; name some in the voice's style_audio"
        )
    from backends.speech.recorded import open_recording

    files = {"": voice.style_audio, **{str(e): path for e, path in voice.styles.items()}}
    sounds = {e: open_recording(path, str(path)).pieces(rate) for e, path in files.items()}
    return {e: torch().from_numpy(np.concatenate(list(sound))) for e, sound in sounds.items()}


def _tokens(config: dict[str, Any]) -> list[str]:
    tokens = config["token_list"]
    if isinstance(tokens, str):
        lines = Path(tokens).read_text("utf-8").splitlines()
        return [line[:1] + line[1:].rstrip() for line in lines]
    return [str(token) for token in tokens]


def _alphabet(voice: EspnetVoice, config: dict[str, Any], tokens: frozenset[str]) -> Alphabet:
    if voice.alphabet != "auto":
        return voice.alphabet
    g2p, kind = config.get("g2p"), str(config.get("token_type"))
    found = alphabet_of(tokens, g2p, kind)
    if found is None:
        raise EngineError(
            f"{voice.train_config}: tokens of type {kind!r} by {g2p!r} cannot be made of text here; "
            "models on IPA (espeak_ng_…), ARPAbet (g2p_en) and characters can be used"
        )
    return found


def _rate(part: Any) -> int | None:
    return getattr(part, "fs", None)
