"""A drawing stage that draws nothing and takes its time; replicas import it from here."""

import json
import os
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Event
from typing import NamedTuple

import numpy as np

from backends.composition.segments import encode_segment
from backends.composition.settings import EncoderSettings
from backends.faces.framing import Framing
from backends.types import FrameBatch, Segment
from serve_app import deployments, replicas
from serve_app.clients import DrawTask, Prepared

TIMELINE = "PROSOPON_BENCH_TIMELINE"
"""Environment variable: the folder in which each process notes what it drew and when."""
SERVICE = "service_s"
"""The file there that says how many seconds a segment takes."""


class Drawn(NamedTuple):
    """One segment: which process drew it, and when."""

    process: int
    began: float
    ended: float


class _Sleeping:
    """A stage that draws nothing, for a fixed time."""

    def warm_up(self) -> None:
        """There is nothing to warm."""

    def _avatar(self, portrait: str, framing: Framing) -> tuple[None, Prepared]:
        return None, Prepared((128, 128))

    def _draw(self, task: DrawTask, stop: Event) -> Segment:
        began = time.time()
        segment = blank(task.settings, len(task.performance))
        timeline = Path(os.environ[TIMELINE])
        service_s = float((timeline / SERVICE).read_text())
        stop.wait(max(0.0, service_s - (time.time() - began)))
        with (timeline / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(Drawn(os.getpid(), began, time.time())) + "\n")
        return replace(segment, start=task.performance.start)


class LocalSleeping(_Sleeping, deployments.Animation):
    pass


class ServedSleeping(_Sleeping, replicas.Animation):
    pass


@cache
def blank(settings: EncoderSettings, frames: int) -> Segment:
    width, height = settings.size
    grey = FrameBatch(np.full((frames, height, width, 3), 128, np.uint8), 0)
    return encode_segment([grey], settings, 0)
