"""XTTS's options, the files of its checkpoint, and what can be pulled."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from backends.errors import LicenceError, WeightsMissingError
from backends.speech.engine import Licence
from backends.types import Emotion
from backends.weights import File, Item

LICENCE = Licence(
    code="MPL-2.0",
    weights="CPML-1.0",
    commercial_use=False,
    note="Coqui Public Model License: model and output for non-commercial use only; https://coqui.ai/cpml",
)
LANGUAGES = (
    "en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru", "nl", "cs", "ar", "zh", "ja", "hu", "ko", "hi",
)  # fmt: skip
"""ISO 639-1, in the order of its card."""
V2 = Item(
    id="xtts:v2",
    repository="coqui/XTTS-v2",
    revision="6c2b0d75eae4b7047358e3b6bd9325f857d43f77",
    files=(
        File(
            "config.json",
            "sha256:ef262b1454dd2a77e1461b0b2cd53e19b8a7624cc131b837d36df67356bc75e8",
            4_368,
        ),
        File(
            "model.pth",
            "sha256:c7ea20001c6a0a841c77e252d8409f6a74fb423e79b3206a0771ba5989776187",
            1_867_929_118,
        ),
        File(
            "vocab.json",
            "sha256:928260878a59da8a72a2a5b7687fea29d5106137669d90945430fe17e415304a",
            361_219,
        ),
        File(
            "speakers_xtts.pth",
            "sha256:f0f6137c19a4eab0cbbe4c99b5babacf68b1746e50da90807708c10e645b943b",
            7_754_818,
        ),
    ),
    licence=LICENCE.weights,
    summary="XTTS v2, 17 languages, cloned voices; non-commercial",
)


class XttsReference(BaseModel):
    """Somebody whose voice is cloned from a recording on this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    audio: Path
    """At least 6 s of speech."""
    language: str = Field(default="en", pattern=r"^[a-z]{2}$")
    """The voice's own; it speaks all the others too."""
    gender: Literal["", "female", "male"] = ""
    emotions: dict[Emotion, Path] = {}
    """The same person in an emotion, at least 6 s each: for sentences that are wholly in it."""


class XttsOptions(BaseModel):
    """How the XTTS engine is set up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    accept_licence: bool = False
    """The Coqui Public Model License is accepted: model and output for non-commercial use only."""
    checkpoint: Path | None = None
    """Folder of config.json, model.pth or model.safetensors, vocab.json and speakers_xtts.pth; by default the one
    that `prosopon models pull xtts:v2` makes."""
    references: dict[str, XttsReference] = {}
    """Voices cloned from recordings on this machine, by name."""
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:[0-9]+)?)$")
    """auto takes the first GPU where there is one."""
    half: bool | None = None
    """Whether the language model computes in half precision; by default on GPUs."""
    temperature: float | None = Field(default=None, gt=0, le=2)
    """How freely it speaks; by default as the checkpoint's configuration says."""
    kept_speakers: int = Field(default=64, ge=1)
    """Speakers whose latents are kept in memory (130 kB each); the one unused for longest goes first."""


def checkpoint_of(options: XttsOptions) -> Path:
    """The folder of the checkpoint.

    Raises:
        LicenceError: the licence is not accepted.
        WeightsMissingError: the checkpoint, or a file of it, is not here.
    """
    if not options.accept_licence:
        raise LicenceError(
            "XTTS's weights are under the Coqui Public Model License (https://coqui.ai/cpml): model and "
            "output for non-commercial use only; who accepts it sets the option accept_licence: true"
        )
    folder = options.checkpoint or V2.folder
    missing = [name for name in ("config.json", "vocab.json") if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in ("model.pth", "model.safetensors")):
        missing.append("model.pth")
    if missing:
        raise WeightsMissingError(
            f"XTTS's {', '.join(missing)} is not in {folder}; run: prosopon models pull xtts:v2, or name "
            "the checkpoint's folder in the option checkpoint"
        )
    return folder


def weights_in(folder: Path) -> Path:
    safe = folder / "model.safetensors"
    return safe if safe.is_file() else folder / "model.pth"
