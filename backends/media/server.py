"""The process behind `backends.media.apart`: it has the decoders loaded, and forks for each file that it is given.

The child reads the file, gives up the means to open anything else, decodes, and is gone. What a crafted file can do to
it ends there: it holds no secrets, since the server is started with an environment of its own and not forked off its
client, and reaches neither files nor network, since it may have no new descriptors.
"""

from __future__ import annotations

import gc
import os
import pkgutil
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from backends.errors import InputError, MediaTooLargeError
from backends.media.messages import REQUEST_BYTES, Limits, Part, Request, send


def main(number: int) -> None:
    """
    Args:
        number: of the descriptor on which requests come, each with two more: where the answer goes, and the file.
    """
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children need no funeral
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the client decides when it is over
    with socket.socket(fileno=number) as requests:
        while True:
            message, descriptors, _, _ = socket.recv_fds(requests, REQUEST_BYTES, 2)
            if not message:
                return
            if os.fork() == 0:
                requests.close()
                _answer(Request.unpacked(message), *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)


def _load() -> None:
    """All that decoding may import, since a child cannot import anything."""
    import encodings.ascii
    import encodings.cp1252
    import encodings.latin_1
    import encodings.utf_16

    import av
    import cv2
    from PIL import Image, ImageCms, ImageOps, MpoImagePlugin

    from backends.faces import images, video
    from backends.speech import recorded

    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    Image.init()
    ImageCms.createProfile("sRGB")
    cv2.setNumThreads(1)  # threads do not survive a fork
    assert images and video and recorded and ImageOps and MpoImagePlugin and encodings
    gc.disable()  # it would touch every object, and with that copy every page after each fork
    gc.freeze()


def _answer(request: Request, connection: int, file: int) -> NoReturn:
    code = 1
    try:
        with socket.socket(fileno=connection) as client:
            with os.fdopen(file, "rb") as source:
                data = source.read()
            confine(request.limits)
            send(client, Part())  # from here on it is the file's fault
            for part in _parts(request, data):
                send(client, part)
                _allow_seconds(request.limits.cpu_s)
        code = 0
    except (BrokenPipeError, ConnectionResetError):
        code = 0  # nobody waits for the rest
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _parts(request: Request, data: bytes) -> Iterator[Part]:
    try:
        yield from _JOBS[request.job](data, **request.arguments)
    except MemoryError:
        error = MediaTooLargeError(
            f"{request.arguments.get('name', 'the file')} takes more than the "
            f"{request.limits.memory_mb} MB of memory that are given to a file; save it smaller"
        )
        yield Part(last=True, error=(error.code, error.message))
    except InputError as error:
        yield Part(last=True, error=(error.code, error.message))
    else:
        yield Part(last=True)


def confine(limits: Limits) -> None:
    """Takes from this process, for good, what decoding does not need."""
    pages = Path("/proc/self/statm")
    if pages.exists():
        size = int(pages.read_text().split()[0]) * resource.getpagesize()
        most = size + limits.memory_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for nothing in (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE):
        resource.setrlimit(nothing, (0, 0))
    _allow_seconds(limits.cpu_s)


def _allow_seconds(seconds: int) -> None:
    """From now on; whoever takes longer is ended by the system."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = int(usage.ru_utime + usage.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _image(data: bytes, name: str) -> Iterator[Part]:
    from backends.faces.images import read_image

    yield Part(array=read_image(data, name))


def _video(data: bytes, name: str) -> Iterator[Part]:
    from backends.faces.video import open_video

    found = open_video(data, name)
    yield Part({"format": found.format, "size": found.size, "fps": found.fps})


def _frames(data: bytes, longest: int | None, **facts: Any) -> Iterator[Part]:
    from backends.faces.video import Footage

    for frame in Footage(data, **facts).frames(longest):
        yield Part(array=frame)


def _sound(data: bytes, **facts: Any) -> Iterator[Part]:
    from backends.faces.video import Footage

    sound = Footage(data, **facts).sound()
    if sound is not None:
        yield Part(array=sound)


def _recording(data: bytes, name: str) -> Iterator[Part]:
    from backends.speech.recorded import open_recording

    found = open_recording(data, name)
    yield Part({"format": found.format, "duration_s": found.duration_s, "gain": found.gain})


def _pieces(data: bytes, rate: int, **facts: Any) -> Iterator[Part]:
    from backends.speech.recorded import Recording

    for piece in Recording(data, **facts).pieces(rate):
        yield Part(array=piece)


_JOBS: Mapping[str, Callable[..., Iterator[Part]]] = {
    "image": _image, "video": _video, "frames": _frames, "sound": _sound, "recording": _recording, "pieces": _pieces,
}  # fmt: skip

if __name__ == "__main__":
    main(int(sys.argv[1]))
