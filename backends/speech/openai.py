"""Any server that speaks as OpenAI's does (POST /audio/speech), timed by ear."""

import io
import os
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
import numpy as np
import soundfile
from pydantic import BaseModel, ConfigDict, Field

from backends.errors import EngineError, SynthesisError
from backends.speech.delivery import Gains, delivered
from backends.speech.engine import Licence, SpeechInfo, Voice, check_request
from backends.speech.reading import with_commas
from backends.types import FloatArray, SpeechChunk, Utterance

MAX_CHARACTERS = 1000
_RATE = 24_000
"""Hertz at which sound goes on, whatever the server sends."""
_CALIBRATION = "One, two, three, four, five, six, seven, eight."
_MOST_BYTES = 64 * 2**20
_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 20.0
_PASSES = (408, 409, 425, 429, 500, 502, 503, 504)
"""Answers after which the same request may succeed."""
_SHOWN = 200
"""Characters of a refusal's reason."""


class OpenAiOptions(BaseModel):
    """Which server speaks, and how it is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(default="https://api.openai.com/v1", pattern=r"^https?://[!-~]+$")
    """What "/audio/speech" is put behind."""
    model: str = "gpt-4o-mini-tts"
    voices: tuple[str, ...] = Field(
        default=("alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer"),
        min_length=1,
    )
    """As the server names them, the default first."""
    languages: tuple[str, ...] = Field(
        default=("en", "el", "de", "es", "fr", "it", "nl", "pl", "pt"), min_length=1
    )
    """ISO 639-1, of what the voices speak; espeak-ng has to know them too."""
    key_variable: str = "OPENAI_API_KEY"
    """Environment variable that holds the key; where it is not set, none is sent."""
    timeout_s: float = Field(default=60.0, gt=0)
    """For each answer."""
    tries: int = Field(default=3, ge=1, le=10)
    """How often a sentence is asked for, where trouble may pass."""
    licence: str = "the server's terms"
    commercial_use: bool = False
    """Whether those terms allow it."""


class OpenAiEngine:
    """A speech server behind `backends.speech.engine.SpeechEngine`.

    Text goes to the server, and nothing else. Cues are followed here, in its sound.
    """

    Options: ClassVar[type[OpenAiOptions]] = OpenAiOptions

    def __init__(self, options: OpenAiOptions | None = None) -> None:
        """Asks the server nothing yet."""
        self._options = options = options or OpenAiOptions()
        local = urlsplit(options.base_url).hostname in ("127.0.0.1", "::1", "localhost")
        self._http = httpx.Client(timeout=options.timeout_s, trust_env=not local)
        self._url = f"{options.base_url.rstrip('/')}/audio/speech"
        self._gains = Gains()
        licence = Licence("none", options.licence, options.commercial_use)
        self._info = SpeechInfo(
            name="openai",
            voices=tuple(
                Voice(
                    f"openai:{name}", name, options.languages[0], "", _RATE, licence,
                    style=options.model, languages=options.languages[1:],
                )
                for name in options.voices
            ),
            languages=options.languages,
            alignments="estimated",
            deterministic=False,
            emotions=True,
            cloning=False,
            max_characters=MAX_CHARACTERS,
        )  # fmt: skip

    @property
    def info(self) -> SpeechInfo:
        return self._info

    def synthesize(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float = 1.0
    ) -> Iterator[SpeechChunk]:
        """Speaks one utterance as one chunk; see `SpeechEngine.synthesize`.

        Raises:
            EngineError: the server refuses, as for a wrong key.
            SynthesisError: it does not answer in time, or with no sound.
        """
        check_request(self._info, utterance, voice, speed)
        name = voice.id.partition(":")[2]
        calibrate = partial(self._said, _CALIBRATION, name)
        yield delivered(
            utterance,
            _RATE,
            partial(self._said, with_commas(utterance), name),
            lambda: self._gains.of(name, _RATE, calibrate),
            seed,
            speed,
        )

    def _said(self, text: str, voice: str) -> FloatArray:
        """(n,) samples of a text in the server's voice."""
        body = {
            "model": self._options.model,
            "input": text,
            "voice": voice,
            "response_format": "wav",
        }
        return _decoded(self._answer(body))

    def _answer(self, body: dict[str, str]) -> bytes:
        key = os.environ.get(self._options.key_variable)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        for attempt in range(1, self._options.tries + 1):
            pause_s = min(_PAUSE_S * 2 ** (attempt - 1), _LONGEST_PAUSE_S)
            try:
                with self._http.stream("POST", self._url, json=body, headers=headers) as answer:
                    content = _bounded(answer)
                    if answer.is_success:
                        return content
                    failure = self._refusal(answer, content)
                    if answer.status_code not in _PASSES:
                        raise failure
                    pause_s = _asked_pause_s(answer, pause_s)
            except httpx.HTTPError as error:
                failure = SynthesisError(
                    f"the speech server at {self._options.base_url} does not answer: "
                    f"{type(error).__name__} {error}".rstrip()
                )
            if attempt < self._options.tries:
                time.sleep(pause_s)
        raise failure

    def _refusal(self, answer: httpx.Response, content: bytes) -> EngineError:
        status = answer.status_code
        where = f"the speech server at {self._options.base_url}"
        if status in (401, 403):
            return EngineError(
                f"{where} does not accept the key ({status}); set the environment variable {self._options.key_variable}"
            )
        reason = content[:_SHOWN].decode("utf-8", "replace").strip()
        kind = SynthesisError if status in _PASSES else EngineError
        return kind(f"{where} answered {status}: {reason}")


def _bounded(answer: httpx.Response) -> bytes:
    """The body, as far as it is reasonable."""
    parts, size = [], 0
    for part in answer.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > _MOST_BYTES:
            raise SynthesisError(f"the speech server sent more than {_MOST_BYTES // 2**20} MiB")
    return b"".join(parts)


def _asked_pause_s(answer: httpx.Response, otherwise: float) -> float:
    """What the server asks to be waited."""
    wanted = answer.headers.get("retry-after", "")
    return min(float(wanted), _LONGEST_PAUSE_S) if wanted.isdecimal() else otherwise


def _decoded(content: bytes) -> FloatArray:
    """Mono at `_RATE`."""
    try:
        samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise SynthesisError(f"the speech server's answer is no sound: {error}") from error
    mono: Any = samples.mean(axis=1)
    if not len(mono) or not np.isfinite(mono).all():
        raise SynthesisError("the speech server's answer holds no sound")
    if rate != _RATE:
        import soxr

        mono = soxr.resample(mono, rate, _RATE)
    return np.asarray(np.clip(mono, -1.0, 1.0), np.float32)
