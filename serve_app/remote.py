"""A service over HTTP, as the command line sees it."""

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import ValidationError

from backends.errors import EngineError, InputError, ProsoponError
from serve_app.schemas import ClipFacts, Job, JobStatus, Problem, Report, VideoRequest

_TIMEOUT = httpx.Timeout(30.0, read=120.0)
_POLL_S = 0.25
_DIRECT = {f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")}
"""Hosts that no proxy of the environment stands before."""
_TRIES, _PAUSE_S = 3, 1.0
_PATIENCE_S = 60.0
"""How long the service may be out of reach while it makes a video."""


class UnreachableError(EngineError):
    """Nobody answers at the service's address, or somebody else does, as Ray's proxy while a gateway is replaced."""

    code = "service_unreachable"
    retryable = True


class RemoteService:
    """A client for as long as a `with` block runs."""

    def __init__(self, url: str, key: str | None = None) -> None:
        """
        Args:
            key: API key, where the service asks for one.
        """
        if not url.startswith(("http://", "https://")):
            raise InputError(f"{url!r} is no service's address: it begins with http:// or https://")
        self._url = url
        try:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            self._http = httpx.Client(
                base_url=url, timeout=_TIMEOUT, mounts=_DIRECT, headers=headers
            )
        except httpx.InvalidURL as error:
            raise InputError(f"{url!r} is no service's address: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.close()

    def make(
        self, request: VideoRequest, media: Mapping[str, bytes], report: Report
    ) -> tuple[Job, ClipFacts]:
        """Has a video made and waits for it; a wait that is broken off cancels it.

        Args:
            media: content of files by the field of the request that they stand in.

        Raises:
            InputError: the service refuses the request.
            EngineError: it fails, or does not answer.
        """
        with (
            self._uploaded(media.get("driving_video")) as driving,
            self._uploaded(media.get("audio")) as audio,
            self._uploaded(media.get("reference_audio")) as reference,
            self._uploaded(media.get("background")) as background,
        ):
            kept = {
                "driving_video": driving,
                "audio": audio,
                "reference_audio": reference,
                "background": background or request.background,
            }
            request = request.model_copy(update=kept)
            job = self._job(self._post(request, media.get("portrait")))
            try:
                job = self._wait(job, report)
            except BaseException:
                with suppress(ProsoponError):
                    self._ask("DELETE", f"/v1/videos/{job.id}")
                raise
        if job.error is not None:
            raise _error(job.error)
        if job.status is not JobStatus.SUCCEEDED or job.clip is None:
            raise EngineError(f"the service ended the video as {job.status}")
        return job, job.clip

    def download(self, job: Job, file: str, path: Path) -> None:
        """Writes a file of a finished video: "content", "captions.srt", "performance.json", …"""
        try:
            with (
                self._http.stream("GET", f"/v1/videos/{job.id}/{file}") as response,
                path.open("wb") as target,
            ):
                if not response.is_success:
                    response.read()
                    raise _refusal(response)
                for piece in response.iter_bytes():
                    target.write(piece)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def _wait(self, job: Job, report: Report) -> Job:
        last_answer = time.monotonic()
        while not job.status.final:
            time.sleep(_POLL_S)
            try:
                job = self._job(self._ask("GET", f"/v1/videos/{job.id}"))
                last_answer = time.monotonic()
            except ProsoponError as error:
                if not error.retryable or time.monotonic() - last_answer > _PATIENCE_S:
                    raise
            if job.stage is not None:
                report(job.stage, job.progress)
        return job

    def _post(self, request: VideoRequest, portrait: bytes | None) -> httpx.Response:
        fields = request.model_dump(mode="json", exclude={"portrait"} if portrait else None)
        content: dict[str, Any] = {"json": fields}
        if portrait is not None:
            form = {name: _form_value(value) for name, value in fields.items() if value is not None}
            content = {"data": form, "files": {"portrait": ("portrait", portrait)}}
        content["headers"] = {"Idempotency-Key": secrets.token_hex(16)}
        return self._insist("POST", "/v1/videos", **content)

    def _insist(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Asks again where the answer was lost on its way, or the gateway was just being replaced."""
        tries = 1
        while True:
            try:
                return self._ask(method, path, **content)
            except UnreachableError as error:
                if tries == _TRIES or isinstance(error.__cause__, httpx.ConnectError):
                    raise
            tries += 1
            time.sleep(_PAUSE_S)

    @contextmanager
    def _uploaded(self, content: bytes | None) -> Iterator[str | None]:
        """The id of a file that the service keeps meanwhile; None for none."""
        if content is None:
            yield None
            return
        upload = self._ask("POST", "/v1/uploads", files={"file": ("file", content)}).json()["id"]
        try:
            yield upload
        finally:
            with suppress(ProsoponError):
                self._ask("DELETE", f"/v1/uploads/{upload}")

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **content)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        if not response.is_success:
            raise _refusal(response)
        return response

    def _job(self, response: httpx.Response) -> Job:
        try:
            return Job.model_validate_json(response.content)
        except ValidationError as error:
            raise UnreachableError(
                f"what answers at {self._url} is no service of this version of Prosopon"
            ) from error

    def _unreachable(self, error: httpx.HTTPError) -> UnreachableError:
        reason = str(error) or type(error).__name__
        return UnreachableError(
            f"no service answers at {self._url} ({reason}); start one with: prosopon serve"
        )


def _form_value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _refusal(response: httpx.Response) -> ProsoponError:
    try:
        return _error(Problem.model_validate_json(response.content))
    except ValidationError:
        return UnreachableError(
            f"what answers at {response.url} is not the service, or not yet: it said "
            f"{response.status_code} {response.reason_phrase}"
        )


def _error(problem: Problem) -> ProsoponError:
    """The error that the service met, of its own class where this process knows the code."""
    known = {kind.code: kind for kind in _kinds(ProsoponError)}
    kind = known.get(problem.code, InputError if problem.status < 500 else EngineError)
    return kind(problem.detail)


def _kinds(kind: type[ProsoponError]) -> Iterator[type[ProsoponError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)
