"""How fast SadTalker draws on the CPU, and how much faster than the authors' script: random weights of the published
size at 256 pixels; seconds are the processor's. A clip of 3 seconds is reckoned from what its parts take.

The script's own face detectors are not run, nor is its video written; that counts for it.

OMP_NUM_THREADS=1 python -m benchmarks.sadtalker [--reference CHECKOUT] [--frames 2]   (in the repository)
"""

import argparse
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar
from unittest.mock import patch

import cv2
import numpy as np
import psutil
import torch
import yaml
from rich.console import Console

from backends.animation.sadtalker import SadTalkerEngine, SadTalkerOptions
from backends.animation.sadtalker.engine import SadTalkerAvatar
from backends.animation.sadtalker.motion import Plan
from backends.faces.framing import Framing
from backends.faces.portrait import load_portrait
from backends.types import COEFFICIENTS, Performance, Speech, SpeechChunk
from benchmarks.machine import machine

OUTPUT = Path("benchmarks/results/sadtalker.json")
SECONDS, FPS, SIZE = 3, 25, 256
SCRIPT_GMAC, LEAST_GMAC = 599, 492
"""Multiplications of a frame, in thousand millions: as the script computes it, and with what is the same in all frames
done once and what is linear joined; the floor of an exact renderer without Winograd's way."""
MEMORY_FRAMES = 100
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds of all threads, and the result."""
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def clip() -> tuple[Speech, Performance]:
    rng, frames = np.random.default_rng(0), SECONDS * FPS
    sound = (0.1 * rng.standard_normal(SECONDS * 16_000)).astype(np.float32)
    pose = 4 * np.sin(np.arange(frames)[:, None] / FPS * [4, 5, 6, 0, 0, 0])
    rows = Performance(
        np.zeros((frames, len(COEFFICIENTS)), np.float32), pose.astype(np.float32),
        np.zeros((frames, 2), np.float32),
    )  # fmt: skip
    return Speech((SpeechChunk(sound, 16_000, (), (), ()),)), rows


def ours(weights: Path, frames: int) -> dict[str, float]:
    engine = SadTalkerEngine(SadTalkerOptions(weights=weights, device="cpu"))
    portrait = load_portrait("preset:astronaut", Framing(size=512))
    engine.prepare(portrait)  # detectors load with the first
    speech, rows = clip()
    preparing, avatar = timed(lambda: engine.prepare(portrait))
    planning, plan = timed(lambda: engine.plan(avatar, speech, rows, 0))
    list(engine.animate(avatar, plan, range(2)))
    drawing, _ = timed(lambda: [len(b.frames) for b in engine.animate(avatar, plan, range(frames))])
    return _figures(preparing, planning, drawing / frames)


def theirs(checkout: Path, weights: Path, frames: int) -> dict[str, float]:
    """The script's parts on the same weights, a frame at a time."""
    from safetensors.torch import load_file

    sys.path.insert(0, str(checkout))
    geometry = ModuleType("kornia.geometry")
    geometry.warp_affine = None  # type: ignore[attr-defined]
    stand_ins = {"kornia": ModuleType("kornia"), "kornia.geometry": geometry}
    with patch.dict(sys.modules, stand_ins), torch.inference_mode():
        entries = load_file(weights / "SadTalker_V0.0.2_256.safetensors")

        def filled(network: Any, prefix: str) -> Any:
            under = {n.removeprefix(prefix): v for n, v in entries.items() if n.startswith(prefix)}
            network.load_state_dict(under)
            return network.eval()

        load = importlib.import_module
        config = yaml.safe_load((checkout / "src/config/facerender_still.yaml").read_text())
        parameters, modules = config["model_params"], "src.facerender.modules."
        common = parameters["common_params"]
        generator = filled(
            load(modules + "generator").OcclusionAwareSPADEGenerator(
                **parameters["generator_params"], **common
            ),
            "generator.",
        )
        detector = filled(
            load(modules + "keypoint_detector").KPDetector(
                **parameters["kp_detector_params"], **common
            ),
            "kp_extractor.",
        )
        mapping = load(modules + "mapping").MappingNet(**parameters["mapping_params"]).eval()
        regressor = filled(
            load("src.face3d.models.networks").define_net_recon("resnet50", False, ""),
            "face_3drecon.",
        )
        expression = filled(load("src.audio2exp_models.networks").SimpleWrapperV2(), "audio2exp.")
        image, sound = torch.rand(1, 3, SIZE, SIZE), torch.randn(SECONDS * FPS, 1, 80, 16)
        rest, shut = torch.randn(1, len(sound), 64), torch.zeros(1, len(sound), 1)
        preparing, _ = timed(lambda: regressor(torch.rand(1, 3, 224, 224)))
        # Its poses cost as much again as its expressions: the same encoder hears the same sound.
        planning = 2 * timed(lambda: expression(sound, rest, shut))[0]
        animate = load(modules + "make_animation").make_animation
        window = torch.randn(1, frames, 73, 27)
        drawing, _ = timed(
            lambda: animate(image, window[:, 0], window, generator, detector, None, mapping)
        )
        picture = np.full((512, 512, 3), 90, np.uint8)
        crop, mask = np.full((180, 180, 3), 120, np.uint8), np.full((180, 180, 3), 255, np.uint8)
        pasting, _ = timed(
            lambda: cv2.seamlessClone(crop, picture, mask, (256, 200), cv2.NORMAL_CLONE)
        )
    return _figures(preparing, planning, drawing / frames + pasting)


def _figures(preparing: float, planning: float, frame: float) -> dict[str, float]:
    whole = preparing + planning + SECONDS * FPS * frame
    found = {"prepare_s": preparing, "plan_s": planning, "frame_s": frame, "clip_s": whole}
    return {name: round(value, 3) for name, value in found.items()}


def growth(folder: Path) -> float:
    """Megabytes by which memory grows in 1,000 frames, of narrow networks."""
    from tests.contract.sadtalker_weights import write_weights

    options = SadTalkerOptions(size=128, weights=write_weights(folder), device="cpu")
    engine = SadTalkerEngine(options)
    avatar: SadTalkerAvatar = engine.prepare(load_portrait("preset:astronaut", Framing(size=256)))
    rows = np.zeros((2 * MEMORY_FRAMES, 70), np.float32)
    plan = Plan(rows, 0, (), np.zeros((len(rows), 0), np.float32), FPS)
    memory, at = psutil.Process(), {}
    for batch in engine.animate(avatar, plan, range(len(rows))):
        at[batch.start] = memory.memory_info().rss
    grown = at[2 * MEMORY_FRAMES - 2] - at[MEMORY_FRAMES]
    return float(round(grown / 1e6 * 1000 / MEMORY_FRAMES, 2))


def main() -> None:
    from tests.contract.sadtalker_weights import write_weights

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--frames", type=int, default=2)
    arguments = parser.parse_args()
    found: dict[str, Any] = {"machine": machine(), "frames": arguments.frames}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found["growth_mb_per_1000_frames"] = growth(folder / "narrow")
        weights = write_weights(folder / "weights", SIZE, 1)
        found["ours"] = ours(weights, arguments.frames)
        if arguments.reference is not None:
            found["script"] = theirs(arguments.reference, weights, arguments.frames)
            found["times_faster"] = round(found["script"]["clip_s"] / found["ours"]["clip_s"], 2)
    found["gmac_a_frame"] = {"script": SCRIPT_GMAC, "least": LEAST_GMAC}
    found["gmac_per_s"] = round(LEAST_GMAC / found["ours"]["frame_s"], 1)
    OUTPUT.write_text(json.dumps(found, indent=2) + "\n")
    Console().print_json(data=found)


if __name__ == "__main__":
    main()
