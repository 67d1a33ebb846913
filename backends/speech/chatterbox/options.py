"""Chatterbox's options, where its environment is, and the files of its checkpoint."""

import os
import unicodedata
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from backends.errors import EngineUnavailableError, WeightsMissingError
from backends.speech.engine import Licence
from backends.weights import home, weights_home

LICENCE = Licence(
    code="MIT",
    weights="MIT",
    commercial_use=True,
    note="Chatterbox Multilingual by Resemble AI; its sound carries a PerTh watermark that nobody hears",
)
LANGUAGES = (
    "el", "en", "ar", "da", "de", "es", "fi", "fr", "hi", "it", "ko", "ms", "nl", "no", "pl", "pt", "sv", "sw", "tr",
)  # fmt: skip
"""ISO 639-1, of those that it reads without a further download (Chinese, Hebrew, Japanese and Russian want one)."""
_FILES = (
    "t3_mtl23ls_v2.safetensors", "ve.pt", "s3gen.pt", "grapheme_mtl_merged_expanded_v1.json",
)  # fmt: skip
_HUB = "ResembleAI/chatterbox"


class ChatterboxReference(BaseModel):
    """Somebody whose voice is cloned from a recording on this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    audio: Path
    """At least 6 s of speech."""
    language: str = Field(default="el", pattern=r"^[a-z]{2}$")
    """The voice's own; it speaks all the others too."""
    gender: Literal["", "female", "male"] = ""


class ChatterboxOptions(BaseModel):
    """How the Chatterbox engine is set up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    python: Path | None = None
    """Interpreter of the environment that has chatterbox-tts, whose pins exclude the other engines'; by default what
    PROSOPON_CHATTERBOX_PYTHON names, else PROSOPON_HOME/environments/chatterbox/bin/python."""
    checkpoint: Path | None = None
    """Folder of the files as they are published, by default PROSOPON_HOME/weights/chatterbox."""
    references: dict[str, ChatterboxReference] = {}
    """Voices cloned from recordings on this machine, by name."""
    languages: tuple[str, ...] = Field(default=LANGUAGES, min_length=1)
    """What it is asked to speak, of LANGUAGES; the first is its built-in voice's own."""
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:[0-9]+)?)$")
    """auto takes the first GPU where there is one."""
    exaggeration: float = Field(default=0.5, ge=0, le=2)
    """How strongly it acts."""
    cfg_weight: float = Field(default=0.5, ge=0, le=1)
    """How closely it keeps to the reference's pace."""
    temperature: float = Field(default=0.8, gt=0, le=2)
    """How freely it speaks."""
    start_timeout_s: float = Field(default=600.0, gt=0)
    """For its process to load the model."""
    timeout_s: float = Field(default=300.0, gt=0)
    """For a sentence."""

    @field_validator("languages")
    @classmethod
    def _known(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(languages) - set(LANGUAGES):
            raise ValueError(f"{', '.join(sorted(unknown))} is not among {', '.join(LANGUAGES)}")
        return languages


def interpreter_of(options: ChatterboxOptions) -> Path:
    """
    Raises:
        EngineUnavailableError: there is none.
    """
    named = os.environ.get("PROSOPON_CHATTERBOX_PYTHON")
    usual = Path(named) if named else home() / "environments" / "chatterbox" / "bin" / "python"
    python = options.python or usual
    if not python.is_file():
        raise EngineUnavailableError(
            f"Chatterbox's environment is not at {python}: make it as docs/voices.md says (it cannot be in this one), "
            "or name its interpreter in the option python"
        )
    return python


def checkpoint_of(options: ChatterboxOptions) -> Path:
    """
    Raises:
        WeightsMissingError: it, or a file of it, is not here.
    """
    folder = options.checkpoint or weights_home() / "chatterbox"
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise WeightsMissingError(
            f"Chatterbox's {', '.join(missing)} is not in {folder}: put the files of {_HUB} there (hf download {_HUB} "
            f"{' '.join(_FILES)} conds.pt --local-dir {folder}), or name their folder in the option checkpoint"
        )
    return folder


def written(text: str) -> str:
    """A text as the model has learnt it: with accents apart from their letters, without which Greek comes out mixed
    with other languages."""
    return unicodedata.normalize("NFKD", text)
