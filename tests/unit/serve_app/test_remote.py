"""The client of a service whose parts are just being replaced."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from backends.errors import InputError
from serve_app.problems import MEDIA_TYPE, problem
from serve_app.remote import RemoteService, UnreachableError
from serve_app.schemas import Job, JobStatus, Stage, VideoRequest
from tests.unit.serve_app.facts import FACTS

JOB = Job(
    id="1f",
    tier="lightweight",
    status=JobStatus.QUEUED,
    stage=None,
    progress=0.0,
    queue_position=1,
    eta_s=None,
    attempts=0,
    created_at=0.0,
    warnings=(),
    error=None,
    clip=None,
)
ACCEPTED = (202, "application/json", JOB.model_dump_json())
DONE = JOB.model_copy(update={"status": JobStatus.SUCCEEDED, "clip": FACTS})
FINISHED = (200, "application/json", DONE.model_dump_json())
PROXY_WITHOUT_ROUTES = (404, "text/plain", "Path '/v1/videos' not found.")
GATEWAY_DIED = (500, "text/plain", "Internal Server Error")
DISK_FULL = (500, MEDIA_TYPE, problem(500, "storage_failed", "no space").model_dump_json())
REFUSED = (422, MEDIA_TYPE, problem(422, "empty_text", "the text is empty").model_dump_json())

Answer = tuple[int, str, str]


@contextmanager
def answering(*answers: Answer) -> Iterator[tuple[RemoteService, list[tuple[str, str | None]]]]:
    """A client of a server that gives these answers in turn, and what it was asked: method and idempotency key."""
    asked: list[tuple[str, str | None]] = []
    left = iter(answers)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            asked.append((self.command, self.headers.get("idempotency-key")))
            status, kind, body = next(left)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with RemoteService(f"http://127.0.0.1:{server.server_port}") as service:
                yield service, asked
        finally:
            server.shutdown()
            thread.join()


def silent(stage: Stage, done: float) -> None:
    """Nobody is told how far the work is."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve_app.remote._PAUSE_S", 0.0)
    monkeypatch.setattr("serve_app.remote._POLL_S", 0.0)


@pytest.mark.parametrize("lost", [PROXY_WITHOUT_ROUTES, GATEWAY_DIED])
def test_a_request_whose_answer_was_lost_is_sent_again_under_the_same_name(lost: Answer) -> None:
    with answering(lost, ACCEPTED, FINISHED) as (service, asked):
        _, clip = service.make(VideoRequest(text="Hi."), {}, silent)
    assert clip == FACTS
    methods, keys = zip(*asked, strict=True)
    assert methods == ("POST", "POST", "GET")
    assert keys[0] and keys[0] == keys[1]


@pytest.mark.parametrize("lost", [PROXY_WITHOUT_ROUTES, GATEWAY_DIED, DISK_FULL])
def test_a_video_is_not_given_up_while_the_service_recovers(lost: Answer) -> None:
    with answering(ACCEPTED, lost, lost, FINISHED) as (service, asked):
        job, _ = service.make(VideoRequest(text="Hi."), {}, silent)
    assert job.status is JobStatus.SUCCEEDED
    assert [method for method, _ in asked] == ["POST", "GET", "GET", "GET"], "nothing is cancelled"


def test_two_requests_are_never_one() -> None:
    with answering(ACCEPTED, FINISHED, ACCEPTED, FINISHED) as (service, asked):
        for _ in range(2):
            service.make(VideoRequest(text="Hi."), {}, silent)
    keys = [key for method, key in asked if method == "POST"]
    assert len(set(keys)) == 2


def test_a_refusal_is_final() -> None:
    with answering(REFUSED) as (service, asked), pytest.raises(InputError, match="empty"):
        service.make(VideoRequest(text="."), {}, silent)
    assert len(asked) == 1


def test_somebody_else_at_the_address_is_told() -> None:
    with (
        answering(*[PROXY_WITHOUT_ROUTES] * 3) as (service, _),
        pytest.raises(UnreachableError, match="404 Not Found"),
    ):
        service.make(VideoRequest(text="Hi."), {}, silent)
