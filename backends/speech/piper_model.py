"""A Piper voice as a function of phoneme ids and a seed, with its durations.

Piper's voices are VITS graphs (Kim et al., "Conditional Variational Autoencoder with Adversarial
Learning for End-to-End Text-to-Speech", 2021) that draw their own noise and keep their durations to
themselves. The graph is edited in memory: the durations (its only `Ceil`) follow a speed and become
an output, and each `RandomNormalLike` reads an input instead.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from backends.errors import EngineError, SynthesisError
from backends.types import FloatArray

_FRAMES_PER_ID = 8
"""Frames for which noise is drawn, per phoneme id at speed 1. Speech takes about 3; the noise repeats beyond."""
_CHANNELS = 192
"""Latent channels of Piper's models, of all qualities."""
_PACED = "paced_durations"
"""Name of the output: frames that each phoneme id takes."""


@dataclass(frozen=True, slots=True)
class PatchedGraph:
    data: bytes
    noises: tuple[str, ...]
    """Names of the 1-D inputs that each feed one former random node."""


def patch(path: Path) -> PatchedGraph:
    """The graph with its durations as an output and its noise as inputs.

    A random node's size depends on durations that are only known inside, so its input is a line of
    noise of any length, of which the node's place takes as many values as it needs, from the start
    again where the line is short.

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
    nodes: list[onnx.NodeProto] = []
    noises: list[str] = []
    for node in graph.node:
        if node.op_type == "RandomNormalLike":
            noises.append(f"noise_{len(noises)}")
            nodes.extend(_read_noise(noises[-1], like=node.input[0], output=node.output[0]))
            continue
        for i, name in enumerate(node.input):
            if name == durations[0]:
                node.input[i] = _PACED
        nodes.append(node)
        if node.op_type == "Ceil":
            nodes.extend(_paced(durations[0]))
    graph.output.append(onnx.ValueInfoProto(name=_PACED))
    del graph.node[:]
    graph.node.extend(nodes)
    graph.input.append(helper.make_tensor_value_info("speed", TensorProto.FLOAT, []))
    graph.input.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [f"{name}_length"])
        for name in noises
    )
    graph.initializer.extend(
        helper.make_tensor(f"const_{value}", TensorProto.INT64, [], [value]) for value in (0, 1, 2)
    )
    return PatchedGraph(model.SerializeToString(), tuple(noises))


def _read_noise(noise: str, like: str, output: str) -> list[onnx.NodeProto]:
    """Nodes that shape the start of a line of noise like another tensor."""
    name = "{}_{}".format
    make = helper.make_node
    return [
        make("Shape", [like], [name(noise, "shape")]),
        make("ReduceProd", [name(noise, "shape")], [name(noise, "size")], keepdims=0),
        make("Size", [noise], [name(noise, "limit")]),
        make(
            "Range",
            ["const_0", name(noise, "size"), "const_1"],
            [name(noise, "count")],
        ),
        make("Mod", [name(noise, "count"), name(noise, "limit")], [name(noise, "index")]),
        make("Gather", [noise, name(noise, "index")], [name(noise, "values")], axis=0),
        make("Reshape", [name(noise, "values"), name(noise, "shape")], [output]),
    ]


def _paced(durations: str) -> list[onnx.NodeProto]:
    """Nodes that divide the durations by the speed, so that the whole is as fast as asked.

    The voice's own length scale acts before each duration is rounded up, and so hardly shortens
    what has few frames. Here the ends are divided and rounded; a duration is the step from one end
    to the next, and may be none.
    """
    make = helper.make_node
    return [
        make("CumSum", [durations, "const_2"], ["paced_ends"]),
        make("Sub", ["paced_ends", durations], ["paced_starts"]),
        make("Div", ["paced_ends", "speed"], ["paced_ends_exact"]),
        make("Div", ["paced_starts", "speed"], ["paced_starts_exact"]),
        make("Round", ["paced_ends_exact"], ["paced_ends_whole"]),
        make("Round", ["paced_starts_exact"], ["paced_starts_whole"]),
        make("Sub", ["paced_ends_whole", "paced_starts_whole"], [_PACED]),
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
        self._outputs = [self._session.get_outputs()[0].name, _PACED]
        self._noises = graph.noises

    def run(
        self,
        ids: list[int],
        *,
        seed: int,
        scales: tuple[float, float, float],
        speed: float = 1.0,
        speaker: int | None = None,
    ) -> tuple[FloatArray, NDArray[np.int64]]:
        """Speaks.

        Args:
            ids: Phoneme ids, with the marks of beginning and end.
            seed: Of both noises, 0..2**64-1.
            scales: Of the voice's noise, of the length, of the durations' noise, as its config has
                them.
            speed: 1.2 is a fifth faster.

        Returns:
            (n,) float32 as the model makes it, and (len(ids),) the samples of each id; they sum to n.

        Raises:
            SynthesisError: the model failed.
        """
        length = math.ceil(len(ids) * _FRAMES_PER_ID * max(scales[1] / speed, 1.0)) * _CHANNELS
        streams = np.random.SeedSequence(seed).spawn(len(self._noises))
        feeds: dict[str, NDArray[Any]] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
            "speed": np.array(speed, np.float32),
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
