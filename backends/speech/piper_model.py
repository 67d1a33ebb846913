"""A Piper voice as a function of phoneme ids and a seed, with its durations.

Piper's voices are VITS graphs (Kim et al., "Conditional Variational Autoencoder with Adversarial
Learning for End-to-End Text-to-Speech", 2021) that draw their own noise and keep their durations to
themselves. The graph is edited in memory: the durations (its only `Ceil`) follow speeds, one for each
phoneme, and become an output, and each `RandomNormalLike` reads an input instead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from backends.errors import EngineError, SynthesisError
from backends.speech.pacing import ENDS, PACED, STARTS, follow_speeds
from backends.types import FloatArray

_FRAMES_PER_ID = 8
"""Frames of noise for each phoneme id. It takes about 3; a longer one shares its noise with the next."""
_CHANNELS = 192
"""Latent channels of Piper's models, of all qualities."""


@dataclass(frozen=True, slots=True)
class PatchedGraph:
    data: bytes
    noises: tuple[str, ...]
    """Names of the 1-D inputs that each feed one former random node."""


def patch(path: Path) -> PatchedGraph:
    """The graph with its durations as an output and its noise as inputs.

    A random node's size depends on durations that are only known inside, so its input is a line of
    noise of any length, frame after frame, of which the node's place takes what it needs, from the
    start again where the line is short.

    Raises:
        EngineError: the file is no Piper voice.
    """
    try:
        model = onnx.load(str(path))
    except Exception as error:  # protobuf's DecodeError, OSError and onnx's own have no common base
        raise EngineError(f"{path.name} is not a readable ONNX file: {error}") from error
    graph = model.graph
    durations = [node.output[0] for node in graph.node if node.op_type == "Ceil"]
    if len(durations) != 1 or not graph.output:
        raise EngineError(f"{path.name} is not a Piper voice: its graph has no single duration")
    follow_speeds(graph, durations[0], "speed")
    nodes: list[onnx.NodeProto] = []
    noises: list[str] = []
    paced = False
    for node in graph.node:
        paced = paced or PACED in node.output
        if node.op_type == "RandomNormalLike":
            noises.append(f"noise_{len(noises)}")
            nodes.extend(_read_noise(noises[-1], node.input[0], node.output[0], paced))
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    graph.input.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [f"{name}_length"])
        for name in noises
    )
    graph.initializer.extend(_constants())
    return PatchedGraph(model.SerializeToString(), tuple(noises))


def _constants() -> list[TensorProto]:
    numbers = {f"const_{n}": n for n in (0, 1, 2, _FRAMES_PER_ID)}
    lists = {"row": [1, -1], "column": [-1, 1], "line": [-1], "swapped": [0, 2, 1]}
    make = helper.make_tensor
    return [
        *(make(name, TensorProto.INT64, [], [n]) for name, n in numbers.items()),
        *(make(name, TensorProto.INT64, [len(ns)], ns) for name, ns in lists.items()),
    ]


def _read_noise(noise: str, like: str, output: str, paced: bool) -> list[onnx.NodeProto]:
    """Nodes that fill (1, channels, frames) with noise from a line of it, like another tensor.

    Args:
        paced: The frames are those of the sound, and each phoneme id has noise of its own, whatever
            the pace of those before it; otherwise they take the line's one after another.
    """
    make = helper.make_node

    def named(name: str) -> str:
        return f"{noise}_{name}"

    return [
        make("Shape", [like], [named("shape")]),
        make("Gather", [named("shape"), "const_1"], [named("channels")]),
        make("Gather", [named("shape"), "const_2"], [named("frames")]),
        make("Gather", [named("shape"), "swapped"], [named("shape_swapped")]),
        make("Range", ["const_0", named("frames"), "const_1"], [named("frame")]),
        *(_own_frames(named) if paced else ()),
        make("Reshape", [named("own" if paced else "frame"), "column"], [named("rows")]),
        make("Mul", [named("rows"), named("channels")], [named("firsts")]),
        make("Range", ["const_0", named("channels"), "const_1"], [named("channel")]),
        make("Add", [named("firsts"), named("channel")], [named("count")]),
        make("Size", [noise], [named("limit")]),
        make("Mod", [named("count"), named("limit")], [named("index")]),
        make("Gather", [noise, named("index")], [named("values")], axis=0),
        make("Reshape", [named("values"), named("shape_swapped")], [named("by_frame")]),
        make("Transpose", [named("by_frame")], [output], perm=[0, 2, 1]),
    ]


def _own_frames(named: Callable[[str], str]) -> list[onnx.NodeProto]:
    """Nodes by which frame j of phoneme id i takes frame i * _FRAMES_PER_ID + j of the noise."""
    make = helper.make_node
    return [
        make("Cast", [ENDS], [named("ends")], to=TensorProto.INT64),
        make("Cast", [STARTS], [named("starts")], to=TensorProto.INT64),
        make("Reshape", [named("frame"), "column"], [named("frame_column")]),
        make("Reshape", [named("ends"), "row"], [named("ends_row")]),
        make("Less", [named("frame_column"), named("ends_row")], [named("before_end")]),
        make("Cast", [named("before_end")], [named("before_end_number")], to=TensorProto.UINT8),
        make("ArgMax", [named("before_end_number")], [named("id")], axis=1, keepdims=0),
        make("Reshape", [named("starts"), "line"], [named("starts_line")]),
        make("Gather", [named("starts_line"), named("id")], [named("start")], axis=0),
        make("Sub", [named("frame"), named("start")], [named("within")]),
        make("Mul", [named("id"), f"const_{_FRAMES_PER_ID}"], [named("first")]),
        make("Add", [named("first"), named("within")], [named("own")]),
    ]


class PiperModel:
    """An ONNX Runtime session over a patched voice; safe to call from several threads."""

    def __init__(self, path: Path, threads: int) -> None:
        """
        Args:
            threads: Threads within one synthesis. Fixed, never the machine's core count: sums are
                split by it.

        Raises:
            EngineError: the file is no Piper voice.
        """
        graph = patch(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Planning which tensors share memory takes three quarters of the load and saves none here,
        # where every sentence has another length.
        options.enable_mem_reuse = False
        options.enable_mem_pattern = False
        try:
            self._session: Any = onnxruntime.InferenceSession(
                graph.data, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise EngineError(f"{path.name} does not load: {error}") from error
        self._outputs = [self._session.get_outputs()[0].name, PACED]
        self._noises = graph.noises

    def run(
        self,
        ids: list[int],
        *,
        seed: int,
        scales: tuple[float, float, float],
        speed: float | FloatArray = 1.0,
        speaker: int | None = None,
    ) -> tuple[FloatArray, NDArray[np.int64]]:
        """Speaks.

        Args:
            ids: Phoneme ids, with the marks of beginning and end.
            seed: Of both noises, 0..2**64-1.
            scales: Of the voice's noise, of the length, of the durations' noise, as its config has
                them.
            speed: 1.2 is a fifth faster; one for all, or (len(ids),) one for each.

        Returns:
            (n,) float32 as the model makes it, and (len(ids),) the samples of each id; they sum to n.

        Raises:
            SynthesisError: the model failed.
        """
        length = len(ids) * _FRAMES_PER_ID * _CHANNELS
        streams = np.random.SeedSequence(seed).spawn(len(self._noises))
        feeds: dict[str, NDArray[Any]] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
            "speed": np.full(len(ids), speed, np.float32),
        }
        for name, stream in zip(self._noises, streams, strict=True):
            feeds[name] = np.random.default_rng(stream).standard_normal(length, np.float32)
        if speaker is not None:
            feeds["sid"] = np.array([speaker], np.int64)
        try:
            audio, durations = self._session.run(self._outputs, feeds)
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise SynthesisError(f"the voice's model failed: {error}") from error
        samples = np.asarray(audio, np.float32).reshape(-1)
        frames = np.asarray(durations, np.float32).reshape(-1).astype(np.int64)
        hop, rest = divmod(len(samples), int(frames.sum()) or 1)
        if rest or not np.isfinite(samples).all():
            raise SynthesisError(
                "the voice's model made no usable sound; try another seed or speed"
            )
        return samples, frames * hop
