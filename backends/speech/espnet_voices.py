"""ESPnet's options and the models that they name."""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from backends.errors import EngineError, WeightsMissingError
from backends.speech.engine import Licence, Voice
from backends.types import Emotion
from backends.weights import weights_home

_CODE_LICENCE = "Apache-2.0"
_STATS = ("normalize_conf", "pitch_normalize_conf", "energy_normalize_conf")
_STATS_DEPTH = 4
"""Folders above a configuration in which its paths are looked for: it names them as seen from where it was trained."""


class EspnetVoice(BaseModel):
    """A model on this machine, as ESPnet's training leaves it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    train_config: Path
    """config.yaml."""
    model_file: Path
    """Its weights: .pth or .safetensors."""
    vocoder_config: Path | None = None
    """Of a vocoder of the ParallelWaveGAN project (config.yml), for models that make spectrograms."""
    vocoder_file: Path | None = None
    """Its weights; without a vocoder the phases are guessed (Griffin & Lim), which sounds metallic."""
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}$")
    gender: Literal["", "female", "male"] = ""
    style: str = ""
    licence: str = "unknown"
    """Of the weights: SPDX identifier, or the licence's name."""
    commercial_use: bool = False
    """Whether the weights' licence allows it."""
    alphabet: Literal["auto", "ipa", "arpabet", "characters"] = "auto"
    """What the model's tokens are, where its configuration does not tell."""
    speakers: dict[str, int] = {}
    """Names of a multi-speaker model's speakers, each a voice."""
    language_id: int = Field(default=0, ge=0)
    """Of a multi-language model."""
    speaker_embedding: Path | None = None
    """.npy: (dimensions,) x-vector or the like, for models that want one."""
    style_audio: Path | None = None
    """Speech whose style a model with global style tokens takes over."""
    styles: dict[Emotion, Path] = {}
    """The same by emotion: for sentences that are wholly in it."""

    @model_validator(mode="after")
    def _vocoder_whole(self) -> "EspnetVoice":
        if (self.vocoder_config is None) != (self.vocoder_file is None):
            raise ValueError("a vocoder is vocoder_config and vocoder_file together")
        return self

    def check(self, name: str) -> None:
        """Raises WeightsMissingError where a file is not there."""
        for field, path in self:
            if isinstance(path, Path) and not path.is_file():
                raise WeightsMissingError(
                    f"ESPnet's voice {name!r}: {field} {str(path)!r} is not here; put the model's "
                    "file there or correct the option"
                )

    def voices(self, name: str, sample_rate: int) -> tuple[Voice, ...]:
        """One, or one a speaker: "espnet:NAME:SPEAKER"."""
        licence = Licence(_CODE_LICENCE, self.licence, self.commercial_use)
        speakers: list[tuple[str, int | None]] = [*self.speakers.items()] or [("", None)]
        return tuple(
            Voice(
                id=":".join(filter(None, ("espnet", name, speaker))),
                name=f"{name} {speaker}".strip(),
                language=self.language,
                gender=self.gender,
                sample_rate=sample_rate,
                licence=licence,
                speaker=index,
                style=self.style,
                size_bytes=self.model_file.stat().st_size,
            )
            for speaker, index in speakers
        )


class EspnetOptions(BaseModel):
    """How the ESPnet engine is set up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    voices: dict[str, EspnetVoice] = {}
    """Models on this machine by name, besides those that were pulled."""
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:[0-9]+)?)$")
    """auto takes the first GPU where there is one."""


def find_voices(options: EspnetOptions) -> dict[str, EspnetVoice]:
    """The models of the options, and those that were pulled or put into weights/espnet, by name.

    Raises:
        WeightsMissingError: there is none, or a file of one is not there.
    """
    found = dict(options.voices)
    for folder in sorted((weights_home() / "espnet").glob("*/")):
        if folder.name not in found and (voice := _in_folder(folder)) is not None:
            found[folder.name] = voice
    if not found:
        raise WeightsMissingError(
            "ESPnet has no model: name one in the option voices (train_config and model_file), or put "
            f"config.yaml and model.pth into {weights_home() / 'espnet' / 'NAME'}"
        )
    for name, voice in found.items():
        voice.check(name)
    return found


def _in_folder(folder: Path) -> EspnetVoice | None:
    """config.yaml with the one file of weights beside it; voice.yaml may hold the other fields."""
    weights = [p for kind in ("*.safetensors", "*.pth") for p in sorted(folder.glob(kind))]
    if not weights or not (folder / "config.yaml").is_file():
        return None
    card = folder / "voice.yaml"
    facts = read_yaml(card) if card.is_file() else {}
    files = {"train_config": folder / "config.yaml", "model_file": weights[0]}
    return EspnetVoice.model_validate({**facts, **files})


def read_config(path: Path) -> dict[str, Any]:
    """What a model was trained with, the paths in it found on this machine.

    Raises:
        EngineError: it is no configuration, or names a file of statistics that is not here.
    """
    config = read_yaml(path)
    if not isinstance(config.get("tts_conf"), dict) or "token_list" not in config:
        raise EngineError(f"{path} is no configuration of an ESPnet2 text-to-speech model")
    for part in _STATS:
        if named := (config.get(part) or {}).get("stats_file"):
            config[part] = {**config[part], "stats_file": str(_found(path, str(named)))}
    if isinstance(config["token_list"], str):
        config["token_list"] = str(_found(path, config["token_list"]))
    return config


def read_yaml(path: Path) -> dict[str, Any]:
    """Raises EngineError where it is no mapping."""
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise EngineError(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(found, dict):
        raise EngineError(f"{path} holds no configuration")
    return found


def _found(config: Path, named: str) -> Path:
    """A file that a configuration names: as it says, from a folder above it, or beside it."""
    folders = [config.parent, *list(config.resolve().parents)[1:_STATS_DEPTH]]
    for path in (*(folder / named for folder in folders), config.parent / Path(named).name):
        if path.is_file():
            return path
    raise EngineError(
        f"{config} names {named!r}, which is not here; put it beside the configuration"
    )
