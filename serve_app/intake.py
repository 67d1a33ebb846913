"""Requests as they come in: bounded, JSON or form, with at most one file."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json
from starlette.datastructures import Headers, UploadFile
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backends.errors import InputError
from serve_app.config import StrictModel
from serve_app.problems import RequestTooLargeError, UnsupportedBodyError, invalid

_MAX_FIELDS_BYTES = 2**20
"""Of a JSON document, or of a form beside its file."""
_MAX_FIELDS = 100

ModelT = TypeVar("ModelT", bound=StrictModel)


class BodyLimit:
    """ASGI middleware: a body that grows too large is not read on, whatever length it announced."""

    def __init__(self, app: ASGIApp, max_upload_bytes: int) -> None:
        self._app = app
        self._max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = _MAX_FIELDS_BYTES
        if _kind(headers) == "multipart/form-data":
            limit += self._max_upload_bytes
        announced = headers.get("content-length", "")
        received = int(announced) if announced.isdecimal() and int(announced) > limit else 0

        async def counted() -> Message:
            nonlocal received
            message = await receive() if received <= limit else {}
            received += len(message.get("body", b""))
            if received > limit:
                raise RequestTooLargeError(
                    f"the request is larger than the {limit} bytes that are taken; send a smaller file"
                )
            return message

        await self._app(scope, counted, send)


@asynccontextmanager
async def read_form(
    request: Request, file_field: str
) -> AsyncIterator[tuple[dict[str, Any], UploadFile | None]]:
    """The fields of a JSON or form body, and the file in `file_field` where one came.

    Raises:
        InputError: the body is not what its type says, or has a file elsewhere.
        RequestTooLargeError: see BodyLimit.
        UnsupportedBodyError: the body is of another type.
    """
    kind = _kind(request.headers)
    if kind == "application/json":
        yield _json_object(await request.body()), None
    elif kind == "multipart/form-data":
        limits = {"max_files": 1, "max_fields": _MAX_FIELDS, "max_part_size": _MAX_FIELDS_BYTES}
        async with request.form(**limits) as form:
            fields: dict[str, Any] = {}
            upload = None
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    if name != file_field:
                        raise InputError(f"field {name!r} takes no file; {file_field!r} does")
                    upload = value
                elif name in fields:
                    raise InputError(f"field {name!r} came twice")
                else:
                    fields[name] = value
            yield fields, upload
    else:
        raise UnsupportedBodyError(
            f"a body of type {kind or 'unknown'!r} cannot be read; "
            "send application/json or multipart/form-data"
        )


def validated(model: type[ModelT], fields: Mapping[str, Any]) -> ModelT:
    """Raises InputError, with the field named."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise invalid(error) from error


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise InputError(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError("the body is not a JSON object")
    return value


def _kind(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
