"""Webhooks against a real receiver: signed as the standard says, sent until taken, never into our own network."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from backends.errors import InputError
from serve_app.jobs import new_job_id
from serve_app.problems import problem
from serve_app.schemas import VideoRequest
from serve_app.sql_jobs import SqlJobs
from serve_app.webhooks import Webhooks, pause_s, signature, signing_key

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
REQUEST = VideoRequest(text="Hello.", tier="test")


@dataclass
class Receiver:
    """Answers with the statuses in turn, the last one for ever."""

    url: str
    statuses: list[int] = field(default_factory=lambda: [204])
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(found.statuses[min(len(found.got), len(found.statuses)) - 1])
            self.send_header("location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Receiver(f"http://127.0.0.1:{server.server_port}/hook?a=b")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def failed_job(jobs: SqlJobs, url: str) -> str:
    job = jobs.create(new_job_id(), REQUEST, webhook=url).id
    assert jobs.due_message(60) is None, "nobody is told before the end"
    lease = jobs.lease("test", "me", 60)
    assert lease and jobs.finish(lease, "me", problem(422, "no_face", "no face"))
    return job


async def send(jobs: SqlJobs, private: bool = True) -> None:
    message = jobs.due_message(60)
    assert message is not None
    async with httpx.AsyncClient() as http:
        await Webhooks(jobs, signing_key(SECRET), private).deliver(http, message)


def test_signature_is_the_standard_s_own_example() -> None:
    body = b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    found = signature(signing_key(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found == expected


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_secret_that_is_none(secret: str) -> None:
    with pytest.raises(InputError, match="PROSOPON_WEBHOOK_SECRET"):
        signing_key(secret)


async def test_end_of_a_job_is_told_once_signed(jobs: SqlJobs, receiver: Receiver) -> None:
    job = failed_job(jobs, receiver.url)
    await send(jobs)
    ((headers, body),) = receiver.got
    event = json.loads(body)
    assert event["type"] == "video.failed" and event["data"]["id"] == job
    assert event["data"]["error"]["code"] == "no_face"
    assert headers["host"] in receiver.url
    stamp = int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == signature(signing_key(SECRET), job, stamp, body)
    assert jobs.due_message(60) is None


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_refused_message_is_due_again(
    jobs: SqlJobs, receiver: Receiver, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.statuses = [status, 200]
    failed_job(jobs, receiver.url)
    await send(jobs)
    assert len(receiver.got) == 1, "redirects are not followed"
    assert jobs.due_message(60) is None, "not at once"
    later = pause_s(1)
    assert later is not None
    real = time.time
    monkeypatch.setattr("serve_app.sql_jobs.time.time", lambda: real() + later + 1)
    await send(jobs)
    assert receiver.got[0][0]["webhook-id"] == receiver.got[1][0]["webhook-id"]
    monkeypatch.setattr("serve_app.sql_jobs.time.time", lambda: real() + 10**6)
    assert jobs.due_message(60) is None


async def test_message_whose_sender_died_is_due_again(jobs: SqlJobs, receiver: Receiver) -> None:
    failed_job(jobs, receiver.url)
    assert jobs.due_message(-1) is not None
    again = jobs.due_message(60)
    assert again is not None and again.tries == 2


async def test_addresses_inside_are_not_sent_to(jobs: SqlJobs, receiver: Receiver) -> None:
    failed_job(jobs, receiver.url.replace("127.0.0.1", "localhost"))
    await send(jobs, private=False)
    assert receiver.got == []


async def test_host_that_does_not_exist(jobs: SqlJobs) -> None:
    failed_job(jobs, "https://nobody.invalid/hook")
    await send(jobs)
    assert jobs.due_message(60) is None


def test_pauses_grow_and_end() -> None:
    pauses = [pause_s(tries) for tries in range(1, 13)]
    assert pauses[-1] is None
    waits = [p for p in pauses if p is not None]
    assert waits == sorted(waits) and len(waits) == 11
    assert 24 * 3600 < sum(waits) < 72 * 3600


def test_keys_may_have_the_lengths_of_the_standard() -> None:
    for size in (24, 64):
        assert len(signing_key("whsec_" + base64.b64encode(bytes(size)).decode())) == size
