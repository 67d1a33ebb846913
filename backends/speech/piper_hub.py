"""Piper's published voices: what `prosopon models` can pull of them."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from backends.errors import DownloadError
from backends.weights import File, Item, Progress, fetch, weights_home

REPOSITORY, REVISION = "rhasspy/piper-voices", "v1.0.0"
_INDEX = File("voices.json", "", 0)
"""It tells sizes and checksums of the voices, and none is published of itself."""
_LICENCE = "see its MODEL_CARD"
_PLAIN = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"

RAPUNZELINA = Item(
    id="piper:el_GR-rapunzelina-low",
    repository=REPOSITORY,
    revision=REVISION,
    files=(
        File(
            "el/el_GR/rapunzelina/low/el_GR-rapunzelina-low.onnx",
            "md5:04e0151b653bb64540b1cde027054140",
            63_104_526,
        ),
        File(
            "el/el_GR/rapunzelina/low/el_GR-rapunzelina-low.onnx.json",
            "md5:7db5de1c165aec2c8ff9b9dd63f09f71",
            5_956,
        ),
        File("el/el_GR/rapunzelina/low/MODEL_CARD", "md5:c75270b41e7bf60dacd351753a483574", 303),
    ),
    licence=_LICENCE,
    summary="Greek, low",
)
"""Known without asking: what Greek is offered by default."""


class _Entry(BaseModel):
    size_bytes: int = Field(gt=0, le=2**31)
    md5_digest: str = Field(pattern=r"^[0-9a-f]{32}$")


class _Language(BaseModel):
    name_english: str


class _Voice(BaseModel):
    language: _Language
    quality: str
    files: dict[Annotated[str, Field(pattern=_PLAIN)], _Entry]


_VOICES = TypeAdapter(dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")], _Voice])


def items() -> tuple[Item, ...]:
    """Every voice of the index, where it was fetched; else the one that is known without it."""
    path = _index_path()
    return read_index(path.read_bytes()) if path.is_file() else (RAPUNZELINA,)


def fetch_index(progress: Progress | None = None) -> tuple[Item, ...]:
    """Every published voice, from the hub; errors as `backends.weights.fetch`."""
    path = _index_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    fetch(REPOSITORY, REVISION, _INDEX, path, progress)
    try:
        return read_index(path.read_bytes())
    except DownloadError:
        path.unlink()
        raise


def read_index(data: bytes) -> tuple[Item, ...]:
    """The voices that an index names, by name.

    Raises:
        DownloadError: it is no index of Piper's voices.
    """
    try:
        voices = _VOICES.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]["msg"]
        raise DownloadError(f"the list of Piper's voices cannot be read: {first}") from error
    return tuple(_item(name, voice) for name, voice in sorted(voices.items()))


def _item(name: str, voice: _Voice) -> Item:
    if f"piper:{name}" == RAPUNZELINA.id:
        return RAPUNZELINA
    return Item(
        id=f"piper:{name}",
        repository=REPOSITORY,
        revision=REVISION,
        files=tuple(
            File(path, f"md5:{entry.md5_digest}", entry.size_bytes)
            for path, entry in voice.files.items()
        ),
        licence=_LICENCE,
        summary=f"{voice.language.name_english}, {voice.quality}",
    )


def _index_path() -> Path:
    return weights_home() / "piper" / "voices.json"
