"""Several engines as one: each voice stays its engine's, and a language has the first voice that is native in it."""

import logging
from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from backends.errors import EngineUnavailableError, UnknownVoiceError, WeightsMissingError
from backends.speech.engine import SpeechEngine, SpeechInfo, Voice
from backends.types import SpeechChunk, Utterance

_log = logging.getLogger(__name__)


class PolyglotOptions(BaseModel):
    """Which engines speak."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engines: dict[str, dict[str, object]] = Field(
        default={"piper": {}, "kokoro": {}, "espeak": {}}, min_length=1
    )
    """Options of each engine by its name, the preferred first; one that is not installed is left out."""
    required: tuple[str, ...] = ()
    """Engines that are not left out: where one is missing, that is said instead."""


class PolyglotEngine:
    """Engines behind one `backends.speech.engine.SpeechEngine`; what a voice says is what its engine says."""

    Options: ClassVar[type[PolyglotOptions]] = PolyglotOptions

    def __init__(self, options: PolyglotOptions | None = None) -> None:
        """
        Raises:
            EngineUnavailableError, WeightsMissingError: a required engine does not work here, or none of them does; of
                the first.
        """
        chosen = options or PolyglotOptions()
        engines = _working(chosen.engines, chosen.required)
        infos = [engine.info for engine in engines]
        self._by_voice = {v.id: engine for engine in engines for v in engine.info.voices}
        self._info = SpeechInfo(
            name="polyglot",
            voices=tuple(voice for info in infos for voice in info.voices),
            languages=tuple(dict.fromkeys(lang for info in infos for lang in info.languages)),
            alignments=infos[0].alignments,
            deterministic=infos[0].deterministic,
            emotions=infos[0].emotions,
            cloning=any(info.cloning for info in infos),
            max_characters=min(info.max_characters for info in infos),
        )

    @property
    def info(self) -> SpeechInfo:
        """Alignments, emotions and whether it is deterministic are those of the first engine."""
        return self._info

    def synthesize(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float = 1.0
    ) -> Iterator[SpeechChunk]:
        """Speaks one utterance by the voice's engine; see `SpeechEngine.synthesize`."""
        engine = self._by_voice.get(voice.id)
        if engine is None:
            raise UnknownVoiceError(f"there is no voice {voice.id!r} here")
        return engine.synthesize(utterance, voice, seed, speed)


def _working(
    asked: Mapping[str, Mapping[str, object]], required: tuple[str, ...]
) -> list[SpeechEngine]:
    from backends.speech import load_engine

    engines: list[SpeechEngine] = []
    errors: list[EngineUnavailableError | WeightsMissingError] = []
    for name, options in asked.items():
        try:
            engines.append(load_engine(name, options))
        except (EngineUnavailableError, WeightsMissingError) as error:
            if name in required:
                raise
            _log.warning("speech without %s: %s", name, error.message)
            errors.append(error)
    if not engines:
        raise errors[0]
    return engines
