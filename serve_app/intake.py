"""Requests as they come in: bounded, JSON or form, with at most one file."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, BinaryIO, TypeVar

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
            if received > limit and scope["method"] in ("GET", "HEAD"):  # no route reads it
                return {"type": "http.disconnect"}
            if received > limit:
                raise RequestTooLargeError(
                    f"the request is larger than the {limit} bytes that are taken; send a smaller file"
                )
            return message

        await self._app(scope, counted, send)


@asynccontextmanager
async def read_form(
    request: Request, *file_fields: str
) -> AsyncIterator[tuple[dict[str, Any], dict[str, BinaryIO]]]:
    """The fields of a JSON or form body, and the files that came in those of `file_fields`.

    Raises:
        InputError: the body is not what its type says, or has a file elsewhere.
        RequestTooLargeError: see BodyLimit.
        UnsupportedBodyError: the body is of another type.
    """
    kind = _kind(request.headers)
    if kind == "application/json":
        yield json_object_of(parsed_json(await request.body())), {}
    elif kind == "multipart/form-data":
        most = len(file_fields)
        limits = {"max_files": most, "max_fields": _MAX_FIELDS, "max_part_size": _MAX_FIELDS_BYTES}
        async with request.form(**limits) as form:
            fields: dict[str, Any] = {}
            files: dict[str, BinaryIO] = {}
            for name, value in form.multi_items():
                if name in fields or name in files:
                    raise InputError(f"field {name!r} came twice")
                if isinstance(value, UploadFile):
                    if name not in file_fields:
                        takes = " and ".join(map(repr, file_fields))
                        raise InputError(f"field {name!r} takes no file; {takes} may")
                    files[name] = value.file
                else:
                    fields[name] = value
            yield fields, files
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


async def read_json(request: Request) -> Any:
    """Raises as `read_form`."""
    kind = _kind(request.headers)
    if kind != "application/json":
        raise UnsupportedBodyError(
            f"a body of type {kind or 'unknown'!r} cannot be read; send application/json"
        )
    return parsed_json(await request.body())


def json_object_of(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError("the body is not a JSON object")
    return value


def json_list_of(value: Any, most: int) -> list[dict[str, Any]]:
    """A list of objects, 1 to `most` of them."""
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise InputError(f"the body is not a JSON list of 1 to {most} objects")
    for number, fields in enumerate(value):
        if not isinstance(fields, dict):
            raise InputError(f"entry {number} of the list is not a JSON object")
    return value


def with_pronounce(fields: dict[str, Any]) -> dict[str, Any]:
    """Forms have no objects: there it is a JSON text."""
    if not isinstance(fields.get("pronounce"), str):
        return fields
    try:
        return fields | {"pronounce": from_json(fields["pronounce"])}
    except ValueError as error:
        raise InputError(f"field 'pronounce' is not JSON: {error}") from error


def parsed_json(body: bytes | str) -> Any:
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise InputError(f"the body is not JSON: {error}") from error


def _kind(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
