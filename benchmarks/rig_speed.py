"""How fast the rig draws: processor milliseconds a frame for each stage, and frames a second, on one core.

taskset -c 0 python -m benchmarks.rig_speed [--portrait preset:astronaut] [--frames 100]
"""

import argparse
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import ModuleType
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from backends.animation.rig import engine as rig
from backends.faces.portrait import load_portrait
from backends.types import INDEX, Box, Performance, Portrait

SIZES = ((512, 512), (1280, 720), (1920, 1080))
STAGES = ("deform", "project", "shade", "rasterize", "remap", "draw_eye", "draw_mouth")


def talking(frames: int) -> Performance:
    """A smiling, nodding, blinking face that opens its mouth four times a second."""
    t = np.arange(frames) / 25
    coefficients = np.zeros((frames, 52), np.float32)
    opening = 0.5 - 0.5 * np.cos(2 * np.pi * 4 * t)
    for name, values in (
        ("jawOpen", 0.4 * opening),
        ("mouthLowerDownLeft", 0.3 * opening),
        ("mouthLowerDownRight", 0.3 * opening),
        ("mouthSmileLeft", 0.5 + 0.2 * np.sin(t)),
        ("mouthSmileRight", 0.5 + 0.2 * np.sin(t)),
        ("cheekSquintLeft", np.full(frames, 0.3)),
        ("browInnerUp", 0.2 + 0.2 * np.sin(2 * t)),
        ("eyeBlinkLeft", np.maximum(0, np.sin(3 * t)) ** 20),
        ("eyeBlinkRight", np.maximum(0, np.sin(3 * t)) ** 20),
    ):
        coefficients[:, INDEX[name]] = values
    pose = np.zeros((frames, 6), np.float32)
    pose[:, 0], pose[:, 1] = 4 * np.sin(t), 2 * np.sin(2 * t)
    gaze = np.stack([6 * np.sin(t), np.zeros(frames)], 1).astype(np.float32)
    extra = {"relax": np.ones(frames, np.float32), "closure": (opening < 0.05).astype(np.float32)}
    return Performance(coefficients, pose, gaze, extra)


def fitted(portrait: Portrait, width: int, height: int) -> Portrait:
    """The portrait's head filling the height of a picture of this size."""
    face = portrait.face
    share = 0.5
    scale = share * height / face.height
    shift = np.array([width / 2, 0.55 * height])
    centre = np.array([face.x + face.width / 2, face.y + face.height / 2])
    move = np.hstack([np.eye(2) * scale, (shift - scale * centre)[:, None]])
    pixels = cv2.warpAffine(
        portrait.pixels, move, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    x, y = move @ [face.x, face.y, 1]
    return Portrait(
        np.asarray(pixels, np.uint8), Box(x, y, face.width * scale, face.height * scale)
    )


def timed(
    log: dict[str, list[float]], name: str, function: Callable[..., Any]
) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        start = time.thread_time()
        result = function(*args, **kwargs)
        log[name].append(time.thread_time() - start)
        return result

    return run


def measure(portrait: Portrait, frames: int) -> Iterator[tuple[str, float]]:
    """(stage, median milliseconds a frame)."""
    engine = rig.RigEngine()
    start = time.thread_time()
    avatar = engine.prepare(portrait)
    yield "prepare", (time.thread_time() - start) * 1e3
    plan = talking(frames)
    list(engine.animate(avatar, plan, range(4)))
    whole: list[float] = []
    log: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        for name in STAGES:
            owner: ModuleType = cv2 if name == "remap" else rig
            stack.enter_context(patch.object(owner, name, timed(log, name, getattr(owner, name))))
        last = time.thread_time()
        for batch in engine.animate(avatar, plan, range(frames)):
            now = time.thread_time()
            whole.append((now - last) / len(batch.frames))
            last = now
    for name in STAGES:
        calls = 2 if name == "draw_eye" else 1
        yield name, statistics.median(log[name]) * 1e3 * calls if log[name] else 0.0
    yield "frame", statistics.median(whole[1:]) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--portrait", default="preset:astronaut")
    parser.add_argument("--frames", type=int, default=100)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    portrait = load_portrait(options.portrait)
    columns = {
        f"{w} x {h}": dict(measure(fitted(portrait, w, h), options.frames)) for w, h in SIZES
    }
    table = Table(title=f"rig, ms (median of {options.frames} frames), {os.cpu_count()} cores")
    table.add_column("stage")
    for name in columns:
        table.add_column(name, justify="right")
    for stage in ("prepare", *STAGES, "frame"):
        table.add_row(stage, *(f"{column[stage]:.2f}" for column in columns.values()))
    table.add_row("fps", *(f"{1000 / column['frame']:.0f}" for column in columns.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
