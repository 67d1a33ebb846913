"""Files of others are decoded elsewhere, as they would be here; what they do to the process there ends it alone."""

import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from backends.errors import InputError, MediaTooLargeError, UnreadableMediaError
from backends.media import HERE, Media
from backends.media.apart import Apart
from backends.media.messages import Limits
from tests.fuzz.decoders import FOLDER, seeds

PIXELS = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


SMALL = encoded(Image.fromarray(PIXELS))


def many_scans(side: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again: kilobytes that keep a decoder busy."""
    data = encoded(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    return data[:-2] + data[data.rfind(b"\xff\xda") : -2] * scans + b"\xff\xd9"


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    with closing(Apart()) as found:
        yield found


def told(media: Media, kind: str, data: bytes) -> object:
    """All that is found in a file, or what is wrong with it."""
    try:
        if kind == "image":
            return media.read_image(data, "it").tobytes()
        if kind == "audio":
            recording = media.open_recording(data, "it")
            pieces = b"".join(piece.tobytes() for piece in recording.pieces(16_000))
            return recording.format, recording.duration_s, recording.gain, pieces
        footage = media.open_video(data, "it")
        frames = b"".join(frame.tobytes() for frame in footage.frames(64))
        sound = footage.sound()
        return footage.size, footage.fps, frames, None if sound is None else sound.tobytes()
    except InputError as error:
        return type(error), error.message


@pytest.mark.parametrize("kind", ["image", "video", "audio"])
def test_all_is_read_as_it_is_read_here(apart: Apart, kind: str) -> None:
    for number, data in enumerate(seeds(kind)):
        assert told(apart, kind, data) == told(HERE, kind, data), number


def test_recordings_are_read_from_where_they_are(apart: Apart, tmp_path: Path) -> None:
    path = FOLDER / "seeds/audio/flac"
    found = [apart.open_recording(source, "it") for source in (path, path.read_bytes())]
    assert len({recording.duration_s for recording in found}) == 1
    assert "apart" in repr(found[0]) and "fLaC" not in repr(found[1])
    with pytest.raises(UnreadableMediaError, match=r"^it cannot be read: No such file"):
        apart.open_recording(tmp_path / "gone.wav", "it")


def test_what_takes_too_long_or_too_much_is_ended() -> None:
    with closing(Apart(Limits(cpu_s=0, memory_mb=40))) as poor:
        with pytest.raises(UnreadableMediaError, match=r"^it cannot be read: .* too long"):
            poor.read_image(many_scans(2000, 4000), "it")
        with pytest.raises((MediaTooLargeError, UnreadableMediaError)):
            poor.read_image(encoded(Image.new("1", (7000, 7000))), "it")
        assert (poor.read_image(SMALL, "it") == PIXELS).all()


def servers() -> set[psutil.Process]:
    return {p for p in psutil.Process().children() if "backends.media.server" in p.cmdline()}


def server_of(apart: Apart) -> psutil.Process:
    apart.read_image(SMALL, "it")
    [found] = servers()
    return found


def test_server_that_was_killed_is_started_again(apart: Apart) -> None:
    server = server_of(apart)
    server.kill()
    server.wait(10)
    assert (apart.read_image(SMALL, "it") == PIXELS).all()


def test_nobody_waits_for_what_is_no_longer_wanted(apart: Apart) -> None:
    server = server_of(apart)
    frames = apart.open_video((FOLDER / "seeds/video/avi-rawvideo").read_bytes(), "it").frames()
    next(iter(frames))
    del frames
    psutil.wait_procs(server.children(), timeout=20)
    assert not server.children()


def test_secrets_are_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROSOPON_SECRET", "s")
    others = servers()
    with closing(Apart()) as apart:
        apart.read_image(SMALL, "it")
        [server] = servers() - others
        assert not server.environ().keys() & {"PROSOPON_SECRET", "PATH", "HOME"}


def test_no_descriptor_is_left(apart: Apart) -> None:
    told(apart, "image", SMALL)  # the server has one
    before = psutil.Process().num_fds()
    for data in (SMALL, b"nothing", many_scans(64, 1)):
        told(apart, "image", data)
    assert psutil.Process().num_fds() == before


def test_many_at_once(apart: Apart) -> None:
    found: list[bool] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(bool((apart.read_image(SMALL, "it") == PIXELS).all()))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [True] * 8


TRIES = """
import json, os, socket, sys, threading
from pathlib import Path
from backends.media.messages import Limits
from backends.media.server import confine

def refused(what):
    try:
        what()
    except (OSError, MemoryError):
        return True
    return False

confine(Limits(memory_mb=64))
tried = {
    "socket": refused(lambda: socket.socket()),
    "file": refused(lambda: open("/etc/passwd")),
    "write": refused(lambda: open("/tmp/never-made", "w")),
    "pipe": refused(os.pipe),
    "memory": refused(lambda: bytearray(128 * 2**20)),
    "after closing one": os.close(0) or refused(lambda: open("/etc/passwd")),
}
sys.stdout.write(json.dumps(tried))
"""


def test_what_decodes_reaches_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", TRIES], capture_output=True, check=True)
    assert all((found := json.loads(done.stdout)).values()), found
