"""`make fuzz SERVED=1`: the requests of `tests.fuzz.endpoints`, sent over the network to a service that runs.

What Ray Serve's proxy and replicas make of them is looked at here: no 5xx, no answer that is late, no process lost, no
file left, memory that does not grow.
"""

import http.client
import json
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx
import psutil

from serve_app.config import read_serve_config
from serve_app.service import LocalService
from tests.fuzz.client import Answer, Request
from tests.fuzz.endpoints import AGAIN, ANYWHERE, Kind, check, operations, requests_to, short

_PATIENCE_S = 1800.0
"""For an answer, by the clock of a machine that may be busy; how long the slowest took is told."""
_LEAVES_AFTER_S, _SOON_S = 1.0, 0.3
_BATCH = 100
_MOST_GROWTH_MB = 300.0
_FRAMED = frozenset({"Content-Length", "Transfer-Encoding", "Content-Type", "Host", "Connection"})
"""Headers with which HTTP servers themselves turn a request away, or wait for the rest of it."""

Tell = Callable[[str], None]


@dataclass
class Served:
    service: LocalService
    http: httpx.Client
    ids: dict[str, Sequence[str]] = field(default_factory=dict)
    operations: dict[str, Kind] = field(default_factory=dict)
    slowest_s: float = 0.0

    def prepare(self) -> None:
        """A finished video, a cancelled one, an upload and a consent; all else that is there goes."""
        for job in self._made():
            self._gone(job)
        if self.ids and set(self.ids["job"]) <= set(self._jobs()):
            return
        finished, cancelled = self._begun(), self._begun()
        self._gone(cancelled, once=True)
        while self.http.get(f"/v1/videos/{finished}").json()["status"] in ("queued", "running"):
            time.sleep(0.05)
        upload = self.http.post("/v1/uploads", files={"file": b"no picture"}).json()["id"]
        consent = self.http.post("/v1/consents", json={"who": "A", "purpose": "b"}).json()["id"]
        self.ids = {
            "job": [finished, cancelled], "video": [finished], "upload": [upload], "consent": [consent],
            "voice": ["tone:en", "auto"], "tier": ["test"], "model": ["test"], "name": ["astronaut", "init.mp4"],
            "portrait": ["preset:astronaut", upload], "text": ["Hello [happy] there."], "input": ["Hello."],
        }  # fmt: skip
        document = self.http.get("/openapi.json").json()
        self.operations = operations(document, self.ids, self.operations)

    def attack(self, name: str, count: int) -> None:
        """Raises AssertionError at the first answer that is none."""
        sent = 0
        while sent < count:
            self.prepare()
            size = min(_BATCH, -(-(count - sent) // (1 + AGAIN)))
            random = Random(f"{name} {sent}")
            for request in requests_to(name, self.operations.get(name), self.ids, size, random):
                self._judged(request)
                sent += 1

    def processes(self) -> dict[int, str]:
        """Replicas and the proxy."""
        found = {}
        for process in psutil.Process().children(recursive=True):
            try:
                title = process.cmdline()[0]
            except (psutil.Error, IndexError):  # it ended meanwhile
                continue
            if title.startswith(("ray::ServeReplica:", "ray::ProxyActor")):
                found[process.pid] = title.split("[")[0]
        return found

    def memory_mb(self) -> float:
        return sum(psutil.Process(pid).memory_info().rss for pid in self.processes()) / 2**20

    def _judged(self, request: Request) -> None:
        begun = time.monotonic()
        try:
            answer = ask(self.http.base_url.host, self.http.base_url.port or 80, request)
        except (OSError, http.client.HTTPException) as error:
            assert _FRAMED & request.headers.keys(), (
                f"{error!r} instead of an answer to {short(request)}"
            )
            return
        if not request.path.endswith(b"/events"):  # those go on until somebody leaves
            self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
        if not _of_the_server(answer):
            check(answer, request)
        if answer.status == 202:  # or else what is asked next waits until it is drawn
            for job in self._made():
                self._gone(job, once=True)

    def _jobs(self) -> list[str]:
        return [job["id"] for job in self.http.get("/v1/videos?limit=100").json()["videos"]]

    def _made(self) -> list[str]:
        """Those that requests have begun."""
        return [job for job in self._jobs() if job not in self.ids.get("job", ())]

    def _begun(self) -> str:
        order = {
            "text": "Hello.",
            "tier": "test",
            "size": 128,
            "quality": "draft",
            "captions": "vtt",
        }
        return str(self.http.post("/v1/videos", json=order).json()["id"])

    def _gone(self, job: str, once: bool = False) -> None:
        """Cancelled, and deleted when that is over."""
        deadline = time.monotonic() + _PATIENCE_S
        while self.http.delete(f"/v1/videos/{job}").is_success and not once:
            assert time.monotonic() < deadline, f"{job} cannot be deleted"


def _of_the_server(answer: Answer) -> bool:
    """Whether HTTP's own server, before the application, has turned a request away as none."""
    kind = dict(answer.headers).get(b"content-type", b"")
    return answer.status in (400, 413, 414, 431) and not kind.startswith(b"application/")


def ask(host: str, port: int, request: Request) -> Answer:
    """Sends the bytes as they are; of an answer that does not end, its beginning."""
    target = request.path + (b"?" + request.query if request.query else b"")
    headers = {"Connection": b"close", "Content-Length": b"%d" % len(request.body)}
    lines = [
        name.encode() + b": " + value for name, value in (headers | dict(request.headers)).items()
    ]
    first = request.method.encode() + b" " + _on_one_line(target) + b" HTTP/1.1"
    patience_s = _PATIENCE_S if _whole(headers | dict(request.headers), request.body) else _SOON_S
    with socket.create_connection((host, port), timeout=patience_s) as connection:
        connection.sendall(b"\r\n".join([first, *lines, b"", request.body]))
        response = http.client.HTTPResponse(connection, method=request.method)
        response.begin()
        connection.settimeout(_LEAVES_AFTER_S)
        body = bytearray()
        try:
            while part := response.read1(65_536):
                body += part
        except TimeoutError:
            pass
        known = [(n.lower().encode(), v.encode("latin-1")) for n, v in response.getheaders()]
        return Answer(response.status, known, bytes(body))


def _whole(headers: Mapping[str, bytes], body: bytes) -> bool:
    """Whether a server knows that nothing more comes; otherwise it may wait as long as we do."""
    return "Transfer-Encoding" not in headers and headers["Content-Length"] == b"%d" % len(body)


def _on_one_line(target: bytes) -> bytes:
    """A target with blanks would be a request of another kind."""
    return bytes(byte for byte in target if byte > 32)


@contextmanager
def served() -> Iterator[Served]:
    """A service with a tier of the quick test engines."""
    config = deepcopy(read_serve_config("lightweight"))
    gateway, tier = config["applications"]
    gateway["args"] |= {"tiers": ["test"], "generate_wait_s": 1.0}
    tier["name"] = "test"
    tier["args"] |= {
        "tier": "test",
        "speech": {"engine": "tone"},
        "animation": {"engine": "sketch"},
    }
    with (
        tempfile.TemporaryDirectory(prefix="prosopon-fuzz-") as folder,
        LocalService(config, 0, Path(folder), patience_s=_PATIENCE_S) as service,
        httpx.Client(base_url=service.url, timeout=_PATIENCE_S, trust_env=False) as client,
    ):
        yield Served(service, client)


def main(cases: int, only: str, findings: Path, tell: Tell) -> bool:
    """Whether nothing was found."""
    bad = 0
    with served() as attacked:
        attacked.prepare()
        names = [name for name in (*attacked.operations, *ANYWHERE) if only in name]
        for name in names:
            before, begun = attacked.processes(), time.monotonic()
            memory, attacked.slowest_s = attacked.memory_mb(), 0.0
            fault = _fault(attacked, name, cases)
            lost = [title for pid, title in before.items() if pid not in attacked.processes()]
            grown = attacked.memory_mb() - memory
            if not fault and lost:
                fault = f"lost {lost}"
            if not fault and grown > _MOST_GROWTH_MB:
                fault = f"memory grew by {grown:.0f} MB"
            facts = {
                "cases": cases,
                "s": round(time.monotonic() - begun),
                "slowest_s": round(attacked.slowest_s, 2),
                "grown_mb": round(grown),
            }
            tell(f"{'FOUND' if fault else 'fine '} {name}: {json.dumps(facts)} {fault[:2000]}")
            if fault:
                bad += 1
                (findings / f"served-{name.replace('/', '-')}.txt").write_text(fault)
    tell(f"{bad} of {len(names)} endpoints have findings" if bad else "nothing was found")
    return not bad


def _fault(attacked: Served, name: str, cases: int) -> str:
    try:
        attacked.attack(name, cases)
        assert attacked.http.get("/ready").is_success, "no tier is ready any more"
    except AssertionError as error:
        return str(error)
    return ""
