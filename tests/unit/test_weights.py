"""Fetching, against a server of this machine that behaves as badly as the real ones."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from backends import weights
from backends.errors import DownloadError, InputError, WeightsMissingError
from backends.speech import piper_hub
from backends.weights import File, Item

DATA = bytes(range(256)) * 9000  # more than two blocks
DIGEST = hashlib.sha256(DATA).hexdigest()
FILE = File("some/where/model.onnx", f"sha256:{DIGEST}", len(DATA))


class Hub(ThreadingHTTPServer):
    """Serves DATA at one path; `behave` may cut or change what goes out."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str | None]] = []
        self.data = DATA
        self.cut_after: list[int] = []
        """Bytes after which each of the next answers breaks off."""
        self.status: list[int] = []
        """Of the next answers, instead of 200."""
        self.ranges = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        hub, wanted = self.server, self.headers.get("Range")
        hub.asked.append((self.path, wanted))
        status = hub.status.pop(0) if hub.status else 200
        if status != 200:
            self.send_response(status)
            self.end_headers()
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and hub.ranges else 0
        body = hub.data[start:]
        self.send_response(206 if wanted and hub.ranges else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = hub.cut_after.pop(0) if hub.cut_after else len(body)
        self.wfile.write(body[:cut])
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("PROSOPON_MIRROR", server.url)
    monkeypatch.setenv("PROSOPON_HOME", str(tmp_path))
    monkeypatch.delenv("PROSOPON_OFFLINE", raising=False)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def item(*files: File) -> Item:
    return Item("piper:some", "owner/voices", "v1", files or (FILE,), "CC0-1.0")


def test_what_is_pulled_is_here_and_right(hub: Hub) -> None:
    told: list[tuple[str, int, int]] = []
    some = item()
    assert not some.here and weights.verify(some) == ["model.onnx"]
    folder = weights.pull(some, lambda *facts: told.append(facts))
    assert (folder / "model.onnx").read_bytes() == DATA
    assert some.here and weights.verify(some) == []
    assert hub.asked == [("/owner/voices/resolve/v1/some/where/model.onnx", None)]
    assert told[-1] == ("model.onnx", len(DATA), len(DATA))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert sorted(p.name for p in folder.iterdir()) == [".lock", "model.onnx"]


def test_what_is_here_is_not_asked_for_again(hub: Hub) -> None:
    weights.pull(item())
    hub.asked.clear()
    weights.pull(item())
    assert hub.asked == []


def test_a_cut_connection_goes_on_where_it_broke(hub: Hub) -> None:
    hub.cut_after = [1_000_000, 500_000]
    folder = weights.pull(item())
    assert (folder / "model.onnx").read_bytes() == DATA
    assert [wanted for _, wanted in hub.asked] == [None, "bytes=1000000-", "bytes=1500000-"]


def test_an_earlier_call_is_gone_on_with(hub: Hub) -> None:
    hub.cut_after = [100_000] * 4
    with pytest.raises(DownloadError, match="400000 of 2304000"):
        weights.pull(item())
    assert not item().here
    hub.asked.clear()
    assert (weights.pull(item()) / "model.onnx").read_bytes() == DATA
    assert hub.asked[0][1] == "bytes=400000-"


def test_a_server_without_ranges_begins_anew(hub: Hub) -> None:
    hub.cut_after, hub.ranges = [1_000_000], False
    assert (weights.pull(item()) / "model.onnx").read_bytes() == DATA


@pytest.mark.parametrize(
    "spoil",
    [lambda data: data[:-1] + b"x", lambda data: data + b"more", lambda data: b"<html>"],
    ids=["another", "longer", "shorter"],
)
def test_a_wrong_file_is_not_kept(hub: Hub, spoil: Callable[[bytes], bytes]) -> None:
    hub.data = spoil(DATA)
    with pytest.raises(DownloadError, match=r"model\.onnx"):
        weights.pull(item())
    assert not item().here and not (item().folder / "model.onnx").exists()


def test_a_checksum_may_be_md5(hub: Hub) -> None:
    digest = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
    file = File(FILE.path, f"md5:{digest}", len(DATA))
    assert weights.verify(item(file)) == ["model.onnx"]
    weights.pull(item(file))
    assert weights.verify(item(file)) == []


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (503, 4)])
def test_a_refusal_is_told(hub: Hub, status: int, asked: int) -> None:
    hub.status = [status] * 4
    with pytest.raises(DownloadError, match=str(status)):
        weights.pull(item())
    assert len(hub.asked) == asked


def test_trouble_that_passes_is_waited_out(hub: Hub) -> None:
    hub.status = [503, 429]
    assert (weights.pull(item()) / "model.onnx").read_bytes() == DATA


def test_nobody_there(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROSOPON_MIRROR", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match="cannot be fetched"):
        weights.pull(item())


def test_offline_asks_nobody(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROSOPON_OFFLINE", "1")
    with pytest.raises(WeightsMissingError, match="PROSOPON_OFFLINE"):
        weights.pull(item())
    assert hub.asked == []


def test_no_room(hub: Hub) -> None:
    huge = File(FILE.path, FILE.checksum, 10**18)
    with pytest.raises(DownloadError, match="make room"):
        weights.pull(item(huge))
    assert hub.asked == []


@pytest.mark.parametrize("name", ["model.pt", "model.pkl", "code.py", "model.bin"])
def test_files_that_can_hold_code_are_refused(hub: Hub, name: str) -> None:
    with pytest.raises(DownloadError, match="code"):
        weights.pull(item(File(name, FILE.checksum, FILE.size)))
    assert hub.asked == []


@pytest.mark.parametrize("mirror", ["ftp://host", "file:///etc", "host"])
def test_a_mirror_is_a_web_address(hub: Hub, monkeypatch: pytest.MonkeyPatch, mirror: str) -> None:
    monkeypatch.setenv("PROSOPON_MIRROR", mirror)
    with pytest.raises(InputError, match="PROSOPON_MIRROR"):
        weights.pull(item())


def test_two_at_once_fetch_once(hub: Hub) -> None:
    with ThreadPoolExecutor(4) as pool:
        folders = list(pool.map(lambda _: weights.pull(item()), range(4)))
    assert len(set(folders)) == 1 and len(hub.asked) == 1


def test_the_index_names_voices(hub: Hub) -> None:
    assert piper_hub.items() == (piper_hub.RAPUNZELINA,)
    hub.data = b"""{"en_US-amy-low": {"key": "en_US-amy-low", "quality": "low",
      "language": {"name_english": "English"}, "files": {"en/en_US/amy/low/en_US-amy-low.onnx":
      {"size_bytes": 7, "md5_digest": "0123456789abcdef0123456789abcdef"}}}}"""
    [amy] = piper_hub.fetch_index()
    assert piper_hub.items() == (amy,)
    assert (amy.id, amy.size, amy.summary) == ("piper:en_US-amy-low", 7, "English, low")
    assert weights.find([amy], "piper:en_US-amy-low") is amy
    with pytest.raises(InputError, match="did you mean piper:en_US-amy-low"):
        weights.find([amy], "piper:en_US-ami-low")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"<html>",
        b'{"../../x": {"quality": "", "language": {"name_english": ""}, "files": {}}}',
        b'{"x": {"quality": "", "language": {"name_english": ""}, "files": '
        b'{"../x.onnx/..//": {"size_bytes": 1, "md5_digest": "0123456789abcdef0123456789abcdef"}}}}',
        b'{"x": {"quality": "", "language": {"name_english": ""}, "files": '
        b'{"x.onnx": {"size_bytes": -1, "md5_digest": "zz"}}}}',
    ],
)
def test_a_broken_index_is_refused_and_not_kept(hub: Hub, data: bytes) -> None:
    hub.data = data
    with pytest.raises(DownloadError):
        piper_hub.fetch_index()
    assert piper_hub.items() == (piper_hub.RAPUNZELINA,)
