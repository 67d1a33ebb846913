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
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import librosa
import numpy as np
import onnxruntime as ort
import soundfile
from rich.console import Console

from backends.animation.wav2lip.architecture import architecture
from backends.animation.wav2lip.checkpoint import read_checkpoint, write_checkpoint
from backends.animation.wav2lip.engine import Wav2LipAvatar, Wav2LipEngine, Wav2LipOptions
from backends.animation.wav2lip.export import export, voice
from backends.animation.wav2lip.graph import read_halves
from backends.animation.wav2lip.mouths import Finish
from backends.animation.wav2lip.runners import (
    OnnxRunner,
    OpenVinoRunner,
    Runner,
    TorchRunner,
    load_runner,
)
from backends.composition.encoders import probe
from backends.composition.segments import encode_segment
from backends.composition.settings import Codec, EncoderChoice, EncoderSettings, Quality
from backends.faces.clip import load_clip
from backends.faces.framing import Framing
from backends.faces.portrait import load_portrait
from backends.types import FloatArray, ImageArray, Performance, Portrait, ReferenceVideo, Speech
from benchmarks.machine import machine

FPS, BATCH, ROUNDS = 25, 5, 5
OUTPUT = Path("benchmarks/results/wav2lip.json")
Work = Callable[[], object]
Draw = Callable[[FloatArray, FloatArray], object]
_SCRIPT = ("inference", "models", "audio", "hparams", "face_detection")


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


def runtimes(checkpoint: Path, folder: Path) -> dict[str, Runner]:
    """The engine's ways to run its network, on one thread."""
    plan, weights = read_checkpoint(checkpoint)
    full, low, small = (folder / f"{name}.onnx" for name in ("full", "low", "int8"))
    export(checkpoint, full, whole=True)
    export(checkpoint, low)
    export(checkpoint, small, whole=True, int8=True)
    found: dict[str, Runner] = {
        "torch": TorchRunner(plan, weights, "cpu"),
        "onnxruntime": OnnxRunner(read_halves(full), "cpu", 1),
        "onnxruntime int8": OnnxRunner(read_halves(small), "cpu", 1),
        "torch, lower faces": TorchRunner(plan, weights, "cpu", first_row=48),
    }
    if find_spec("openvino"):
        found["openvino"] = OpenVinoRunner(read_halves(full), 1)
        found["openvino, lower faces"] = OpenVinoRunner(read_halves(low), 1)
    return found


def libraries(graph: Path) -> dict[str, Draw]:
    """The whole network as the libraries run it by themselves, on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    found: dict[str, Draw] = {
        "onnxruntime by itself": lambda mel, faces: session.run(None, {"mel": mel, "faces": faces})
    }
    if find_spec("openvino"):
        import openvino

        model = openvino.Core().read_model(graph)
        model.reshape({"mel": [BATCH, 1, 80, 16], "faces": [BATCH, 6, 96, 96]})
        settings = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
        compiled = openvino.Core().compile_model(model, "CPU", settings)
        found["openvino by itself"] = lambda mel, faces: compiled([mel, faces])[0]
    return found


def network_speed(runners: Mapping[str, Runner], others: Mapping[str, Draw]) -> dict[str, float]:
    """Frames a processor's second.

    What draws lower faces, as the engine does, is also measured as photos are drawn: looked at already.
    """
    rng = np.random.default_rng(0)
    mel = rng.uniform(-4, 4, (BATCH, 1, 80, 16)).astype(np.float32)
    faces = rng.uniform(0, 1, (BATCH, 6, 96, 96)).astype(np.float32)
    work: dict[str, Work] = {name: partial(draw, mel, faces) for name, draw in others.items()}
    for name, runner in runners.items():
        work[name] = partial(_all_of, runner, mel, faces)
        if runner.top:
            work[f"{name}, photo"] = partial(runner.draw, mel, runner.see(faces))
    return {name: BATCH / seconds for name, seconds in by_turns(work).items()}


def _all_of(runner: Runner, mel: FloatArray, faces: FloatArray) -> FloatArray:
    return runner.draw(mel, runner.see(faces))


def by_turns(work: Mapping[str, Work]) -> dict[str, float]:
    """Processor seconds of each in its best round, since neighbours only slow it down."""
    rounds = [{name: processor_s(one) for name, one in work.items()} for _ in range(ROUNDS)]
    return {name: min(seconds[name] for seconds in rounds) for name in work}


def processor_s(work: Work) -> float:
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


def prepared(
    checkpoint: Path, reference: Portrait | ReferenceVideo, expressive: bool
) -> tuple[Wav2LipEngine, Wav2LipAvatar]:
    engine = Wav2LipEngine(
        Wav2LipOptions(weights=checkpoint, device="cpu", expressive=expressive, threads=1)
    )
    return engine, engine.prepare(reference)


def drawn_and_encoded(
    engine: Wav2LipEngine, avatar: Wav2LipAvatar, speech: Speech, codec: EncoderSettings
) -> None:
    rows = still(int(speech.duration_s * FPS))
    plan = engine.plan(avatar, speech, rows, 0)
    encode_segment(engine.animate(avatar, plan, range(len(rows))), codec, 0)


def whole_way(
    checkpoint: Path, speech: Speech, portrait: Portrait, expressive: bool
) -> dict[str, float]:
    """Seconds to prepare a photo, and frames a second of its clip: from sound to encoded frames, and of the network by
    itself, for as many frames, in the same rounds."""
    began = time.process_time()
    engine, avatar = prepared(checkpoint, portrait, expressive)
    preparing = time.process_time() - began
    frames = int(speech.duration_s * FPS)
    runner = load_runner(checkpoint, "auto", "cpu", None, 1, Finish().first_row)
    mel = np.zeros((BATCH, 1, 80, 16), np.float32)
    seen = runner.see(np.zeros((BATCH, 6, 96, 96), np.float32))

    def network() -> None:
        for _ in range(frames // BATCH):
            runner.draw(mel, seen)

    codec = settings(portrait.size)
    # The rig's kernels compile once on a machine; that is no clip's time.
    drawn_and_encoded(engine, avatar, voice(0, 0.2), codec)
    everything = partial(drawn_and_encoded, engine, avatar, speech, codec)
    best = by_turns({"network": network, "all": everything})
    return {
        "prepare_s": preparing,
        "fps": frames / best["all"],
        "network_fps": frames / best["network"],
        "share": best["network"] / best["all"],
    }


def settings(size: tuple[int, int]) -> EncoderSettings:
    encoder = probe(Codec.H264, EncoderChoice.X264)
    return EncoderSettings(encoder, Quality.GOOD, FPS, size)


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
        reference = load_clip(video.read_bytes(), Framing(size=None))
        engine, avatar = prepared(checkpoint, reference, False)
        drawn_and_encoded(engine, avatar, speech, settings(reference.size))

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
        runners = runtimes(checkpoint, folder)
        told("network_fps", network_speed(runners, libraries(folder / "full.onnx")))
        speech = voice(0, arguments.seconds)
        portrait = load_portrait("preset:hopper", Framing(size=arguments.size))
        for title, expressive in (("mouth", False), ("with the rig", True)):
            told(f"whole way, {title}", whole_way(checkpoint, speech, portrait, expressive))
        if arguments.reference:
            found = against_the_script(arguments.reference, checkpoint, folder, speech, portrait)
            told("end_to_end_s", found)
    Console().print_json(data=report)


if __name__ == "__main__":
    main()
