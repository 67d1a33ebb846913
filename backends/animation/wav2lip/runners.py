"""What runs the generator: PyTorch or ONNX Runtime, on the CPU or on a GPU, or OpenVINO, on the CPU."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from backends.animation.wav2lip.architecture import Architecture, Size, cuts
from backends.animation.wav2lip.checkpoint import missing, read_checkpoint
from backends.animation.wav2lip.folding import Weights, fold
from backends.errors import AnimationError, EngineError, EngineUnavailableError, InputError
from backends.types import FloatArray

if TYPE_CHECKING:
    from backends.animation.wav2lip.graph import Halves

Precision = Literal["float32", "float16"]
Provider = Literal["auto", "torch", "onnxruntime", "openvino"]


Seen = Sequence[Any]
"""What a network has made of faces, as it keeps it."""


class Runner(Protocol):
    """Holds the network; safe to call from several threads."""

    @property
    def size(self) -> Size:
        """Pixels of the faces' sides."""
        ...

    @property
    def top(self) -> int:
        """The first row of a face that it draws."""
        ...

    @property
    def device(self) -> str: ...

    def see(self, faces: FloatArray) -> Seen:
        """Looks at faces, a seventh of the work: once is enough for one that stays as it is.

        Args:
            faces: (n, 6, size, size) RGB in 0..1: the face with its lower half zero, and the whole face.

        Raises:
            AnimationError: the network failed.
        """
        ...

    def draw(self, mel: FloatArray, seen: Seen) -> FloatArray:
        """Draws the lower parts of faces.

        Args:
            mel: (n, 1, 80, 16).
            seen: of n faces.

        Returns:
            (n, 3, size - top, size) RGB in 0..1.

        Raises:
            AnimationError: the network failed.
        """
        ...


def load_runner(
    path: Path,
    provider: Provider,
    device: Literal["auto", "cpu", "cuda"],
    precision: Precision | None,
    threads: int,
    first_row: Callable[[int], int],
) -> Runner:
    """Weights, ready to run.

    Args:
        path: a checkpoint, or an exported graph (.onnx).
        provider: auto takes torch on a GPU, and on the CPU what is fastest of that which is installed: OpenVINO, torch,
            ONNX Runtime.
        precision: float16 on a GPU and float32 on the CPU when None; only torch has the choice.
        threads: of ONNX Runtime and OpenVINO.
        first_row: of a face of that size, which has to be drawn.

    Raises:
        WeightsMissingError, EngineUnavailableError, EngineError: as `read_checkpoint` and the runners.
    """
    if path.suffix == ".onnx":
        if provider == "torch":
            raise InputError(f"{path.name} is a graph, which torch cannot run")
        if not path.is_file():
            raise missing(path)
        from backends.animation.wav2lip.graph import read_halves

        runner = _graph_runner(read_halves(path), provider, device, precision, threads)
        if runner.top > first_row(runner.size):
            raise EngineError(
                f"{path.name} draws lower faces only; export it anew: prosopon models export --whole"
            )
        return runner
    network, weights = read_checkpoint(path)
    first = first_row(network.size)
    if _in_torch(provider, device, precision):
        chosen = _torch_device(device)
        kind = precision or ("float16" if chosen == "cuda" else "float32")
        return TorchRunner(network, weights, chosen, kind, first)
    from backends.animation.wav2lip.graph import build_halves

    halves = build_halves(network, fold(network, weights), cuts(network, first))
    return _graph_runner(halves, provider, device, precision, threads)


def _in_torch(provider: Provider, device: str, precision: Precision | None) -> bool:
    if provider != "auto":
        return provider == "torch"
    if not find_spec("torch"):
        return False
    return _torch_device(device) == "cuda" or precision == "float16" or not find_spec("openvino")


def _graph_runner(
    halves: Halves,
    provider: Provider,
    device: str,
    precision: Precision | None,
    threads: int,
) -> OnnxRunner | OpenVinoRunner:
    if precision == "float16":
        raise InputError("half precision is torch's: set provider: torch, or precision: auto")
    if provider == "openvino" and device == "cuda":
        raise EngineUnavailableError("OpenVINO runs on the CPU here; set device: cpu")
    if provider == "openvino" and not find_spec("openvino"):
        raise EngineUnavailableError(
            "OpenVINO is not installed here: pip install 'prosopon[openvino]'"
        )
    if provider == "auto" and find_spec("openvino") and _onnx_device(device) == "cpu":
        provider = "openvino"
    if provider == "openvino":
        return OpenVinoRunner(halves, threads)
    return OnnxRunner(halves, _onnx_device(device), threads)


def _torch_device(wanted: str) -> str:
    import torch

    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise EngineUnavailableError("torch finds no CUDA device here; set device: cpu")
    return "cuda" if there and wanted != "cpu" else "cpu"


def _onnx_device(wanted: str) -> str:
    import onnxruntime as ort

    there = "CUDAExecutionProvider" in ort.get_available_providers()
    if wanted == "cuda" and not there:
        raise EngineUnavailableError(
            "onnxruntime has no support for CUDA here; install onnxruntime-gpu, or set device: cpu"
        )
    return "cuda" if there and wanted != "cpu" else "cpu"


class TorchRunner:
    """The network in PyTorch, normalisations folded, channels last."""

    def __init__(
        self,
        architecture: Architecture,
        weights: Weights,
        device: str,
        precision: Precision = "float32",
        first_row: int = 0,
    ) -> None:
        import torch

        from backends.animation.wav2lip.networks import folded_generator

        self._torch = torch
        self._kind = torch.float16 if precision == "float16" else torch.float32
        self._rows = cuts(architecture, first_row)
        self.size: Size = architecture.size
        self.top, self.device = self._rows[-1], device
        network = folded_generator(architecture, fold(architecture, weights))
        self._network = network.to(
            device=device, dtype=self._kind, memory_format=torch.channels_last
        )  # type: ignore[call-overload]

    def see(self, faces: FloatArray) -> Seen:
        with self._running():
            seen: Seen = self._network.see(self._moved(faces))
        return seen

    def draw(self, mel: FloatArray, seen: Seen) -> FloatArray:
        with self._running():
            drawn = self._network.draw(self._moved(mel), tuple(seen), self._rows)
            pixels: FloatArray = drawn.float().cpu().numpy()
        return pixels

    def _moved(self, array: FloatArray) -> Any:
        torch = self._torch
        moved = torch.from_numpy(array).to(self.device, self._kind, non_blocking=True)
        return moved.contiguous(memory_format=torch.channels_last)

    @contextmanager
    def _running(self) -> Iterator[None]:
        try:
            with self._torch.inference_mode():
                yield
        except RuntimeError as error:  # also what CUDA runs out of memory with
            raise AnimationError(f"Wav2Lip's network failed on {self.device}: {error}") from error


class OnnxRunner:
    """The network in ONNX Runtime."""

    def __init__(self, halves: Halves, device: str, threads: int) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        kind = "CUDAExecutionProvider" if device == "cuda" else "CPUExecutionProvider"
        self.size, self.top, self.device = halves.size, halves.top, device
        self._encoder, self._drawer = (
            ort.InferenceSession(half, options, providers=[kind])
            for half in (halves.encoder, halves.drawer)
        )
        self._names = [value.name for value in self._encoder.get_outputs()]

    def see(self, faces: FloatArray) -> Seen:
        return self._run(self._encoder, {"faces": faces})

    def draw(self, mel: FloatArray, seen: Seen) -> FloatArray:
        given = dict(zip(self._names, seen, strict=True))
        drawn: FloatArray = self._run(self._drawer, {"mel": mel, **given})[0]
        return drawn

    def _run(self, half: Any, given: Mapping[str, FloatArray]) -> list[FloatArray]:
        try:
            found: list[FloatArray] = half.run(None, given)
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise AnimationError(f"Wav2Lip's network failed on {self.device}: {error}") from error
        return found


class OpenVinoRunner:
    """The network in OpenVINO, which is the fastest on a CPU; compiled for a number of faces when it first comes."""

    device = "cpu"

    def __init__(self, halves: Halves, threads: int) -> None:
        import openvino

        self.size, self.top = halves.size, halves.top
        self._core = openvino.Core()
        self._halves = [self._core.read_model(half) for half in (halves.encoder, halves.drawer)]
        self._names = [output.any_name for output in self._halves[0].outputs]
        self._settings = {
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "f32",
            "ENABLE_CPU_PINNING": False,  # replicas share cores
        }
        self._compiling = threading.Lock()
        self._compiled = lru_cache(maxsize=4)(self._compile)

    def see(self, faces: FloatArray) -> Seen:
        return self._run(0, {"faces": faces})

    def draw(self, mel: FloatArray, seen: Seen) -> FloatArray:
        return self._run(1, {"mel": mel, **dict(zip(self._names, seen, strict=True))})[0]

    def _run(self, half: int, given: Mapping[str, FloatArray]) -> list[FloatArray]:
        try:
            with self._compiling:
                shapes = tuple((name, array.shape) for name, array in given.items())
                request = self._compiled(half, shapes).create_infer_request()
            request.infer(given, share_inputs=True)
            return [np.array(tensor.data) for tensor in request.output_tensors]  # it goes with them
        except RuntimeError as error:
            raise AnimationError(f"Wav2Lip's network failed in OpenVINO: {error}") from error

    def _compile(self, half: int, shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> Any:
        """Fixed shapes run faster than open ones."""
        graph = self._halves[half].clone()
        graph.reshape({name: list(lengths) for name, lengths in shapes})
        return self._core.compile_model(graph, "CPU", self._settings)
