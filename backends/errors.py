"""The exception tree: what is the caller's fault, what is ours, and what may be tried again.

Every exception takes one positional message, so that it survives pickling between processes. The message says what is
wrong, with which input, and what to do about it. `code` is stable and part of the HTTP contract.
"""

from typing import ClassVar

_MOST_SHOWN = 200


def shown(text: str) -> str:
    """A caller's own words as they stand in a message: not long, and nothing that a terminal would obey."""
    cut = text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in cut)


class ProsoponError(Exception):
    """Base of every error that Prosopon raises on purpose."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(message)

    @property
    def message(self) -> str:
        return str(self.args[0])


class InputError(ProsoponError):
    """The caller's input is at fault (HTTP 4xx, exit code 2); trying again cannot help."""

    code = "invalid_input"


class EmptyTextError(InputError):
    code = "empty_text"


class TextTooLongError(InputError):
    code = "text_too_long"


class UnknownVoiceError(InputError):
    code = "unknown_voice"


class UnsupportedLanguageError(InputError):
    code = "unsupported_language"


class UnreadableMediaError(InputError):
    code = "unreadable_media"


class MediaTooLargeError(InputError):
    code = "media_too_large"


class UnknownPortraitError(InputError):
    code = "unknown_portrait"


class NoFaceError(InputError):
    code = "no_face"


class FaceTooSmallError(InputError):
    code = "face_too_small"


class UnwritableOutputError(InputError):
    code = "unwritable_output"


class UnknownEngineError(InputError):
    code = "unknown_engine"


class UnsupportedEncoderError(InputError):
    code = "unsupported_encoder"


class UnknownTierError(InputError):
    code = "unknown_tier"


class EngineError(ProsoponError):
    """Something of ours failed (HTTP 5xx, exit code 1)."""

    code = "engine_failed"


class EngineUnavailableError(EngineError):
    """The engine's packages are not installed; the message names the extra that brings them."""

    code = "engine_unavailable"


class WeightsMissingError(EngineError):
    """The engine's weights are not on this machine; the message names the command that fetches them."""

    code = "weights_missing"


class LicenceError(EngineError):
    """A licence forbids what the configuration says is done here."""

    code = "licence_forbids"


class DownloadError(EngineError):
    """Weights could not be fetched, or are not what was expected."""

    code = "download_failed"


class SynthesisError(EngineError):
    code = "synthesis_failed"
    retryable = True


class AnimationError(EngineError):
    code = "animation_failed"
    retryable = True


class EncodingError(EngineError):
    code = "encoding_failed"
    retryable = True


class StorageError(EngineError):
    code = "storage_failed"
    retryable = True
