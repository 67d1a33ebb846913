"""How answers look on the wire: problem documents, and files of which parts can be asked for."""

import re
from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from serve_app import audit
from serve_app.problems import MEDIA_TYPE, LimitError, problem, problem_of
from serve_app.results import StoredFile
from serve_app.schemas import Problem
from serve_app.telemetry import request_id

RETRY_AFTER_S = 10
_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})", re.ASCII)


def made_by_ai(source_type: str, signed: bool) -> dict[str, str]:
    """Headers that tell machines what they are given.

    Args:
        source_type: IPTC's word for how it was made.
        signed: the file says so itself, in content credentials.
    """
    return {
        "X-Digital-Source-Type": source_type,
        "X-Content-Credentials": "embedded" if signed else "none",
    }


def problem_response(
    document: Problem, path: str, headers: Mapping[str, str] | None = None
) -> Response:
    """
    Args:
        path: what was asked for.
    """
    audit.answered(document.status, document.code)
    told = document.model_copy(
        update={"instance": quote(path), "request_id": request_id.get() or None}
    )
    more = dict(headers or {})
    if document.status == HTTPStatus.SERVICE_UNAVAILABLE:
        more["Retry-After"] = str(RETRY_AFTER_S)
    return JSONResponse(told.model_dump(exclude_none=True), document.status, more, MEDIA_TYPE)


def error_response(error: BaseException, path: str) -> Response:
    """As `problem_response`, with the headers that belong to the error."""
    document, headers = problem_of(error), {}
    if document.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, LimitError):
        headers["Retry-After"] = str(error.retry_after_s)
    return problem_response(document, path, headers)


def file_response(
    request: Request,
    file: StoredFile,
    media_type: str,
    name: str,
    download: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A file that never changes once it is there: a range, If-Range, If-None-Match and HEAD are served.

    Of several ranges at once the whole file is sent, as RFC 9110 section 14.2 allows.

    Args:
        name: what it is called when it is saved.
        download: it is to be saved rather than shown.
    """
    size = file.entry.size
    fixed = {"ETag": file.etag, "Cache-Control": "private, max-age=86400", **(headers or {})}
    if file.etag in _listed(request.headers.get("if-none-match", "")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=fixed)
    part, status = range(size), HTTPStatus.OK
    if request.headers.get("if-range", file.etag) == file.etag:
        wanted = request.headers.get("range", "")
        if (found := _range(wanted, size)) is not None:
            part, status = found, HTTPStatus.PARTIAL_CONTENT
            fixed["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
        if not part:
            detail = f"the file has {size} bytes; {wanted} is none of them"
            document = problem(416, "range_not_satisfiable", detail)
            return problem_response(
                document, request.scope["path"], {"Content-Range": f"bytes */{size}"}
            )
    fixed |= {
        "Accept-Ranges": "bytes",
        "Content-Length": str(len(part)),
        "Content-Disposition": _disposition(name, download),
        "Last-Modified": formatdate(file.entry.modified_at, usegmt=True),
    }
    if request.method == "HEAD":
        return Response(status_code=status, headers=fixed, media_type=media_type)
    return StreamingResponse(file.stream(part.start, part.stop), status, fixed, media_type)


def _range(header: str, size: int) -> range | None:
    """The one range of bytes that is asked for; empty where it lies behind the end, None where it is the whole."""
    found = _RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return range(max(0, size - int(found[2])), size)
    start, last = int(found[1]), int(found[2]) if found[2] else None
    if last is not None and last < start:
        return None  # no range at all, to be ignored
    return range(start, max(start, size if last is None else min(last + 1, size)))


def _disposition(name: str, download: bool) -> str:
    """RFC 6266, with RFC 8187's way to write names in other letters."""
    plain = name.encode("ascii", "ignore").decode().strip()
    kind = "attachment" if download else "inline"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"


def _listed(header: str) -> list[str]:
    """Compared weakly, as RFC 9110 section 13.1.2 says of If-None-Match."""
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]
