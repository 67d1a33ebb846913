"""How fast Wav2Lip draws on the CPU: its network against other runtimes, the whole way against the network, and against
the authors' script. Random weights of the published size; seconds are the processor's.

OMP_NUM_THREADS=1 python -m benchmarks.wav2lip [--reference CHECKOUT] [--seconds 2]
"""

import argparse
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import librosa
import numpy as np
import soundfile
from rich.console import Console

from backends.animation.wav2lip.architecture import architecture
from backends.animation.wav2lip.checkpoint import read_checkpoint, write_checkpoint
from backends.animation.wav2lip.engine import Wav2LipEngine, Wav2LipOptions
from backends.animation.wav2lip.export import export, voice
from backends.animation.wav2lip.runners import OnnxRunner, TorchRunner
from backends.composition.encoders import probe
from backends.composition.segments import encode_segment
from backends.composition.settings import Codec, EncoderChoice, EncoderSettings, Quality
from backends.faces.clip import load_clip
from backends.faces.framing import Framing
from backends.faces.portrait import load_portrait
from backends.types import FloatArray, ImageArray, Performance, Portrait, ReferenceVideo, Speech
from benchmarks.machine import machine

FPS, BATCH, ROUNDS = 25, 5, 7
OUTPUT = Path("benchmarks/results/wav2lip.json")
_SCRIPT = ("inference", "models", "audio", "hparams", "face_detection")
Draw = Callable[[FloatArray, FloatArray], FloatArray]


def random_checkpoint(folder: Path) -> Path:
    """Weights as large as the published ones."""
    import torch

    from backends.animation.wav2lip.networks import Generator

    torch.manual_seed(0)
    path = folder / "wav2lip_gan.pth"
    network = Generator(architecture(96))
    torch.save({"state_dict": {f"module.{n}": v for n, v in network.state_dict().items()}}, path)
    write_checkpoint(read_checkpoint(path)[1], path.with_suffix(".safetensors"))
    return path


def runtimes(checkpoint: Path, folder: Path) -> dict[str, Draw]:
    """The whole network on one thread."""
    plan, weights = read_checkpoint(checkpoint)
    full, small = folder / "full.onnx", folder / "int8.onnx"
    export(checkpoint, full, whole=True)
    export(checkpoint, small, whole=True, int8=True)
    found: dict[str, Draw] = {
        "torch": TorchRunner(plan, weights, "cpu"),
        "onnxruntime": OnnxRunner(full, "cpu", 1),
        "onnxruntime int8": OnnxRunner(small, "cpu", 1),
        "torch, lower faces": TorchRunner(plan, weights, "cpu", first_row=48),
    }
    try:
        import openvino
    except ImportError:
        return found
    settings = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    model = openvino.Core().read_model(full)
    model.reshape({"mel": [BATCH, 1, 80, 16], "faces": [BATCH, 6, 96, 96]})
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    found["openvino"] = lambda mel, faces: np.asarray(compiled([mel, faces])[0])
    return found


def network_speed(found: dict[str, Draw]) -> dict[str, float]:
    """Frames a processor's second, by turns; the best round counts, since neighbours only slow it down."""
    rng = np.random.default_rng(0)
    mel = rng.uniform(-4, 4, (BATCH, 1, 80, 16)).astype(np.float32)
    faces = rng.uniform(0, 1, (BATCH, 6, 96, 96)).astype(np.float32)
    best = dict.fromkeys(found, float("inf"))
    for _ in range(ROUNDS):
        for name, draw in found.items():
            best[name] = min(best[name], processor_s(partial(draw, mel, faces)))
    return {name: BATCH / seconds for name, seconds in best.items()}


def processor_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def clip(picture: ImageArray, frames: int, path: Path) -> None:
    """A picture that stirs, as a video that both can read."""
    height, width = picture.shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (width, height))
    for k in range(frames):
        shift = np.array([[1, 0, 3 * np.sin(k / 6)], [0, 1, 0]], np.float32)
        moved = cv2.warpAffine(picture, shift, (width, height), borderMode=cv2.BORDER_REFLECT)
        writer.write(np.ascontiguousarray(moved[..., ::-1]))
    writer.release()


def whole_way(
    checkpoint: Path, speech: Speech, reference: Portrait | ReferenceVideo, expressive: bool
) -> tuple[float, float]:
    """Seconds to load the engine and prepare a reference, and to draw and encode a clip of it."""
    began = time.process_time()
    engine = Wav2LipEngine(Wav2LipOptions(weights=checkpoint, device="cpu", expressive=expressive))
    avatar, rows = engine.prepare(reference), still(int(speech.duration_s * FPS))
    preparing = time.process_time() - began
    settings = EncoderSettings(
        probe(Codec.H264, EncoderChoice.X264), Quality.GOOD, FPS, reference.size
    )

    def draw() -> None:
        plan = engine.plan(avatar, speech, rows, 0)
        encode_segment(engine.animate(avatar, plan, range(len(rows))), settings, 0)

    # The rig's kernels compile once on a machine; that is no clip's time.
    for _ in engine.animate(avatar, engine.plan(avatar, speech, rows, 0), range(1)):
        pass
    return preparing, processor_s(draw)


def still(count: int) -> Performance:
    names = ("closure", "tongue", "teeth", "relax")
    coefficients, pose, gaze = (np.zeros((count, n), np.float32) for n in (52, 6, 2))
    return Performance(coefficients, pose, gaze, {n: np.zeros(count, np.float32) for n in names})


@contextmanager
def script(checkout: Path, face: tuple[int, int, int, int], *argv: str) -> Iterator[Any]:
    """The authors' script; its detector runs on random weights, and what it finds is taken as `face`."""
    triangles = librosa.filters.mel
    with ExitStack() as stack:
        stack.enter_context(patch.object(sys, "path", [str(checkout), *sys.path]))
        stack.enter_context(patch.object(sys, "argv", ["inference.py", *argv]))
        stack.enter_context(
            patch.object(librosa.filters, "mel", lambda sr, n, **k: triangles(sr=sr, n_fft=n, **k))
        )
        import torch

        module = importlib.import_module("inference")
        detector = importlib.import_module("face_detection.detection.sfd.net_s3fd").s3fd().eval()

        class Detector:
            def __init__(self, *_: object, **__: object) -> None: ...

            def get_detections_for_batch(self, images: Any) -> list[Any]:
                with torch.no_grad():
                    detector(torch.from_numpy(images.transpose(0, 3, 1, 2)).float())
                return [face] * len(images)

        stack.enter_context(patch.object(module.face_detection, "FaceAlignment", Detector))
        stack.enter_context(patch.object(module.subprocess, "call", lambda *_, **__: 0))
        yield module
        for name in [n for n in sys.modules if n.partition(".")[0] in _SCRIPT]:
            del sys.modules[name]


def against_the_script(
    checkout: Path, checkpoint: Path, folder: Path, speech: Speech, portrait: Portrait
) -> dict[str, float]:
    """Seconds of both for the same clip, weights and sound, from files to drawn and encoded frames."""
    video, sound = folder / "clip.mp4", folder / "sound.wav"
    clip(portrait.pixels, int(speech.duration_s * FPS), video)
    soundfile.write(sound, speech.samples, speech.sample_rate)
    box = portrait.face
    face = int(box.x), int(box.y), int(box.x + box.width), int(box.y + box.height)
    named = ("--checkpoint_path", str(checkpoint), "--face", str(video), "--audio", str(sound))
    known = ("--box", *map(str, (face[1], face[3] + 10, face[0], face[2])))
    make = cv2.VideoWriter

    def into(to: str, *more: Any) -> Any:
        """Its working files go into the folder."""
        return make(str(folder / Path(to).name), *more)

    seconds = {}
    for name, more in (("script", ()), ("script, face known", known)):
        with (
            script(checkout, face, *named, *more) as module,
            patch.object(cv2, "VideoWriter", into),
        ):
            seconds[name] = processor_s(module.main)

    def ours() -> None:
        whole_way(checkpoint, speech, load_clip(video.read_bytes(), Framing(size=None)), False)

    return seconds | {"prosopon": processor_s(ours)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, help="checkout of the authors' repository")
    parser.add_argument("--seconds", type=int, default=2, help="of the clips")
    parser.add_argument("--size", type=int, default=512, help="longer side of the clips")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    report: dict[str, Any] = {"machine": machine(), "frames": arguments.seconds * FPS}

    def told(part: str, found: Mapping[str, float]) -> None:
        """Kept at once: the parts take minutes."""
        report[part] = {name: round(value, 2) for name, value in found.items()}
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint = random_checkpoint(folder)
        told("network_fps", network_speed(runtimes(checkpoint, folder)))
        speech = voice(0, arguments.seconds)
        portrait = load_portrait("preset:hopper", Framing(size=arguments.size))
        for title, expressive in (("mouth", False), ("with the rig", True)):
            preparing, drawing = whole_way(checkpoint, speech, portrait, expressive)
            speed = {"prepare_s": preparing, "fps": report["frames"] / drawing}
            told(f"whole way, {title}", speed)
        if arguments.reference:
            found = against_the_script(arguments.reference, checkpoint, folder, speech, portrait)
            told("end_to_end_s", found)
    Console().print_json(data=report)


if __name__ == "__main__":
    main()
