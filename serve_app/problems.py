"""How failures look from outside: RFC 9457 problem documents with a stable code."""

from collections.abc import Mapping

from pydantic import ValidationError

from backends.errors import (
    EngineError,
    EngineUnavailableError,
    InputError,
    MediaTooLargeError,
    ProsoponError,
    WeightsMissingError,
)
from serve_app.schemas import Problem

MEDIA_TYPE = "application/problem+json"


class NotFoundError(InputError):
    code = "not_found"


class UnauthorizedError(InputError):
    """No API key, or one that is not valid (any more)."""

    code = "unauthorized"
    key = ""
    """Prefix of the key that it was about; never told to whoever asks."""


class ForbiddenError(InputError):
    """Whoever asks is known, and may not do this."""

    code = "forbidden"


class LimitError(InputError):
    """Whoever asks has asked for enough."""

    code = "limit_reached"
    retry_after_s = 10
    """When it is worth asking again."""


class NotReadyError(InputError):
    """What was asked for does not exist yet, or never will: the message says which."""

    code = "not_ready"


class GoneError(InputError):
    """What was asked for existed, or might have, and never will again."""

    code = "gone"


class RequestTooLargeError(MediaTooLargeError):
    code = "request_too_large"


class UnsupportedBodyError(InputError):
    code = "unsupported_body"


class KeyReusedError(InputError):
    """One idempotency key for two different requests."""

    code = "idempotency_key_reused"


class QueueFullError(EngineError):
    code = "queue_full"
    retryable = True


class IssuerUnavailableError(EngineError):
    """Tokens cannot be checked: whoever issues them does not answer."""

    code = "issuer_unavailable"
    retryable = True


class StageLostError(EngineError):
    """The replicas of a stage died one after the other over the same work."""

    code = "stage_lost"
    retryable = True


class OtherVersionError(EngineError):
    """A replica runs another version of the service than the one that began a clip; during an update that passes."""

    code = "other_version"
    retryable = True


class TierUnavailableError(EngineError):
    """A tier that is configured but cannot take work; the message says why."""

    code = "tier_unavailable"
    retryable = True


_STATUS: Mapping[type[ProsoponError], int] = {
    InputError: 422,
    MediaTooLargeError: 413,
    UnauthorizedError: 401,
    ForbiddenError: 403,
    LimitError: 429,
    NotFoundError: 404,
    NotReadyError: 409,
    GoneError: 410,
    UnsupportedBodyError: 415,
    IssuerUnavailableError: 503,
    QueueFullError: 503,
    TierUnavailableError: 503,
    EngineUnavailableError: 503,
    WeightsMissingError: 503,
}


def problem_of(error: BaseException) -> Problem:
    """The document for an error; what went wrong inside is told only for errors of our own tree."""
    if isinstance(error, ProsoponError):
        kinds = (kind for kind in type(error).__mro__ if kind in _STATUS)
        return problem(_STATUS.get(next(kinds, EngineError), 500), error.code, error.message)
    return problem(500, "internal_error", "something unexpected failed; the service's log has it")


def problem(status: int, code: str, detail: str) -> Problem:
    title = code.replace("_", " ").capitalize()
    return Problem(title=title, status=status, code=code, detail=detail)


def invalid(error: ValidationError) -> InputError:
    """The first fault of a request's fields, named."""
    first = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        return InputError(f"there is no field {field!r}; see /docs for those that there are{more}")
    where = f"field {field!r}: " if field else ""
    return InputError(f"{where}{first['msg']}{more}")
