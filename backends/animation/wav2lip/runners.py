"""What runs the generator: PyTorch or ONNX Runtime, on the CPU or on a GPU."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol

from backends.animation.wav2lip.architecture import SIZES, Architecture, Size, cuts
from backends.animation.wav2lip.checkpoint import missing, read_checkpoint
from backends.animation.wav2lip.folding import Weights, fold
from backends.errors import AnimationError, EngineError, EngineUnavailableError, InputError
from backends.types import FloatArray

Precision = Literal["float32", "float16"]


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

    def __call__(self, mel: FloatArray, faces: FloatArray) -> FloatArray:
        """Draws lower faces.

        Args:
            mel: (n, 1, 80, 16).
            faces: (n, 6, size, size) RGB in 0..1: the face with its lower half zero, and the whole face.

        Returns:
            (n, 3, size - top, size) RGB in 0..1.

        Raises:
            AnimationError: the network failed.
        """
        ...


def load_runner(
    path: Path,
    provider: Literal["auto", "torch", "onnxruntime"],
    device: Literal["auto", "cpu", "cuda"],
    precision: Precision | None,
    threads: int,
    first_row: Callable[[int], int],
) -> Runner:
    """Weights, ready to run.

    Args:
        path: a checkpoint, or an exported graph (.onnx).
        precision: float16 on a GPU and float32 on the CPU when None; only torch has the choice.
        threads: of ONNX Runtime.
        first_row: of a face of that size, which has to be drawn.

    Raises:
        WeightsMissingError, EngineUnavailableError, EngineError: as `read_checkpoint` and the runners.
    """
    if path.suffix == ".onnx":
        if provider == "torch":
            raise InputError(f"{path.name} is a graph for ONNX Runtime, which torch cannot run")
        if not path.is_file():
            raise missing(path)
        runner = OnnxRunner(path, _onnx_device(device), threads)
        if runner.top > first_row(runner.size):
            raise EngineError(
                f"{path.name} draws lower faces only; export it anew: prosopon models export --whole"
            )
        return runner
    network, weights = read_checkpoint(path)
    first = first_row(network.size)
    if provider == "torch" or (provider == "auto" and find_spec("torch")):
        chosen = _torch_device(device)
        kind = precision or ("float16" if chosen == "cuda" else "float32")
        return TorchRunner(network, weights, chosen, kind, first)
    from backends.animation.wav2lip.graph import build_graph

    graph = build_graph(network, fold(network, weights), cuts(network, first))
    return OnnxRunner(graph.SerializeToString(), _onnx_device(device), threads)


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

    def __call__(self, mel: FloatArray, faces: FloatArray) -> FloatArray:
        torch = self._torch
        try:
            with torch.inference_mode():
                sound, seen = (
                    torch.from_numpy(array).to(self.device, self._kind, non_blocking=True)
                    for array in (mel, faces)
                )
                seen = seen.contiguous(memory_format=torch.channels_last)
                drawn: FloatArray = self._network(sound, seen, self._rows).float().cpu().numpy()
        except RuntimeError as error:  # also what CUDA runs out of memory with
            raise AnimationError(f"Wav2Lip's network failed on {self.device}: {error}") from error
        return drawn


class OnnxRunner:
    """The network in ONNX Runtime."""

    def __init__(self, model: bytes | Path, device: str, threads: int) -> None:
        """
        Raises:
            EngineError: it is not such a graph.
        """
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        kind = "CUDAExecutionProvider" if device == "cuda" else "CPUExecutionProvider"
        name = "the model" if isinstance(model, bytes) else model.name
        source = model if isinstance(model, bytes) else str(model)
        try:
            self._session = ort.InferenceSession(source, options, providers=[kind])
            self.size, self.top = _told(self._session)
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise EngineError(f"{name} is not a Wav2Lip graph: {error}") from error
        self.device = device

    def __call__(self, mel: FloatArray, faces: FloatArray) -> FloatArray:
        try:
            drawn: FloatArray = self._session.run(None, {"mel": mel, "faces": faces})[0]
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise AnimationError(f"Wav2Lip's network failed on {self.device}: {error}") from error
        return drawn


def _told(session: Any) -> tuple[Size, int]:
    """Size and top of a graph, by the shapes of what goes in and comes out."""
    inputs = {value.name: value.shape for value in session.get_inputs()}
    size, drawn = inputs["faces"][2], session.get_outputs()[0].shape[2]
    if inputs["faces"][1:] != [6, size, size] or size not in SIZES or inputs["mel"][1:3] != [1, 80]:
        raise ValueError(f"it takes {inputs}")
    return size, size - drawn
