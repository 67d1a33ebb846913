"""How fast the rig draws on one core: frames a second against what memory allows, and where the time goes.

taskset -c 0 python -m benchmarks.rig_speed [--portrait preset:astronaut] [--frames 100]
"""

import argparse
import json
import math
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from backends.animation.rig import canvas, compose
from backends.animation.rig.engine import RigAvatar, RigEngine
from backends.faces.portrait import load_portrait
from backends.types import INDEX, Box, Performance, Portrait
from benchmarks.machine import machine

SIZES = ((512, 512), (1280, 720), (1920, 1080))
STAGES: Mapping[str, tuple[object, str]] = {
    "deform": (canvas, "deform"),
    "project": (canvas, "project"),
    "shade": (canvas, "shade"),
    "paint": (compose.Texture, "paint"),
    "order": (canvas, "painting_order"),
    "reach": (compose, "reach"),
    "rasterize": (compose, "rasterize"),
    "sample": (compose, "sample"),
    "soften": (compose, "soften"),
    "convert": (cv2, "cvtColor"),
    "eyes": (canvas, "draw_eye"),
    "mouth": (canvas, "draw_mouth"),
}
"""What a frame's time goes into: where each function is looked up when it is called."""
ROUNDS = 15
"""Of drawing: the best counts, since whoever shares the processor can only slow it down."""
GROWTH_FRAMES = 15_000
"""Ten minutes at 25 frames a second."""
OUTPUT = Path("benchmarks/results/rig_speed.json")


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


@contextmanager
def timed(log: dict[str, float]) -> Iterator[None]:
    """Adds up the processor seconds of each stage while the block runs."""

    def clocked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            start = time.thread_time()
            result = function(*args, **kwargs)
            log[name] += time.thread_time() - start
            return result

        return run

    with ExitStack() as stack:
        for name, (owner, attribute) in STAGES.items():
            function = clocked(name, getattr(owner, attribute))
            stack.enter_context(patch.object(owner, attribute, function))
        yield


def seconds_a_frame(engine: RigEngine, avatar: RigAvatar, plan: Performance) -> list[float]:
    """Processor seconds of each frame, told by batches."""
    spent, last = [], time.thread_time()
    for batch in engine.animate(avatar, plan, range(len(plan))):
        now = time.thread_time()
        spent += [(now - last) / len(batch.frames)] * len(batch.frames)
        last = time.thread_time()
    return spent


def bandwidth() -> float:
    """Bytes a second that this core copies in memory, reading and writing counted."""
    block = np.ones(1 << 27, np.uint8)
    target = np.empty_like(block)
    best = math.inf
    for _ in range(5):
        start = time.thread_time()
        np.copyto(target, block)
        best = min(best, time.thread_time() - start)
    return 2 * block.nbytes / best


def touched(avatar: RigAvatar) -> int:
    """Bytes that a frame has to read and write at least: each pixel of the moving person once out of the texture and
    once into the frame."""
    height, width = avatar.still.shape[:2]
    moving = np.zeros((height, width), np.uint8)
    corners = avatar.mesh.pixels[avatar.triangles, :2]
    for corner in np.rint(corners).astype(np.int32):
        cv2.fillConvexPoly(moving, corner, (1,))
    return int(moving.sum()) * 7


def measure(portrait: Portrait, frames: int, bytes_a_second: float) -> dict[str, Any]:
    engine, preparing = RigEngine(), []
    for _ in range(3):
        start = time.thread_time()
        avatar = engine.prepare(portrait)
        preparing.append(time.thread_time() - start)
    plan = talking(frames)
    list(engine.animate(avatar, plan, range(8)))
    rounds = [statistics.median(seconds_a_frame(engine, avatar, plan)[4:]) for _ in range(ROUNDS)]
    frame = min(rounds)
    log: dict[str, float] = dict.fromkeys(STAGES, 0.0)
    with timed(log):
        whole = sum(seconds_a_frame(engine, avatar, plan))
    floor = touched(avatar) / bytes_a_second
    return {
        "prepare_ms": min(preparing) * 1e3,
        "frame_ms": frame * 1e3,
        "frames_a_second": 1 / frame,
        "rounds_ms": [spent * 1e3 for spent in rounds],
        "floor_ms": floor * 1e3,
        "floor_share": floor / frame,
        "stages": {name: spent / whole for name, spent in log.items()},
    }


def growth(portrait: Portrait) -> float:
    """MiB that the process has more after a ten-minute clip than after its first minute."""
    engine = RigEngine()
    avatar = engine.prepare(portrait)
    plan = talking(GROWTH_FRAMES)
    early = GROWTH_FRAMES // 10
    list(engine.animate(avatar, plan, range(early)))
    before = resident()
    for _ in engine.animate(avatar, plan, range(GROWTH_FRAMES)):
        pass
    return (resident() - before) / 2**20


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--portrait", default="preset:astronaut")
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    portrait = load_portrait(options.portrait)
    copied = bandwidth()
    sizes = {f"{w}x{h}": measure(fitted(portrait, w, h), options.frames, copied) for w, h in SIZES}
    result = {
        "machine": machine(),
        "copied_bytes_a_second": copied,
        "sizes": sizes,
        "growth_mib": growth(fitted(portrait, 128, 128)),
        "growth_frames": GROWTH_FRAMES,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=2) + "\n")
    show(result, options.frames)


def show(result: dict[str, Any], frames: int) -> None:
    sizes = result["sizes"]
    table = Table(
        title=f"rig, processor time, best of {ROUNDS} rounds of {frames} frames; {result['machine']['cpu']}"
    )
    table.add_column("")
    for name in sizes:
        table.add_column(name, justify="right")
    for key, form in (
        ("prepare_ms", "{:.0f} ms"), ("frame_ms", "{:.2f} ms"), ("frames_a_second", "{:.0f}"),
        ("floor_ms", "{:.2f} ms"), ("floor_share", "{:.0%}"),
    ):  # fmt: skip
        table.add_row(key, *(form.format(size[key]) for size in sizes.values()))
    for stage in STAGES:
        table.add_row(stage, *(f"{size['stages'][stage]:.0%}" for size in sizes.values()))
    console = Console()
    console.print(table)
    console.print(
        f"memory is copied at {result['copied_bytes_a_second'] / 1e9:.1f} GB/s; "
        f"{result['growth_mib']:.1f} MiB more after {result['growth_frames']} frames"
    )


if __name__ == "__main__":
    main()
