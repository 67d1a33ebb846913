"""The graph of a Piper voice, edited in memory: in three parts, with its durations, without noise of its own.

Piper's voices are VITS graphs (Kim et al., "Conditional Variational Autoencoder with Adversarial
Learning for End-to-End Text-to-Speech", 2021) that draw their own noise and keep their durations to
themselves. The durations (the graph's only `Ceil`) follow speeds, one for each phoneme, and become an output; each
`RandomNormalLike` reads an input instead. One part reads the text and draws the latent, frame by frame. The others, the
flow and the decoder, make sound of that: they are convolutions, in which a frame only knows those about it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from backends.errors import EngineError
from backends.speech.pacing import ENDS, PACED, STARTS, follow_speeds

FRAMES_PER_ID = 8
"""Frames of noise for each phoneme id. It takes about 3; a longer one shares its noise with the next."""
CHANNELS = 192
"""Latent channels of Piper's models, of all qualities."""
SPEAKER = "sid"
"""Name of the input for the speaker's index, of models with several."""

_RISING = "ConvTranspose"
_TALL = "shape_of_picture"


@dataclass(frozen=True, slots=True)
class Part:
    """What makes frames of others, wherever it begins."""

    data: bytes
    given: tuple[str, ...]
    """Names of the inputs that have frames: what the part before made; then the mask, 1 for each frame."""
    made: str
    """Name of the output."""
    reach: int
    """Frames on either side that a frame depends on."""


@dataclass(frozen=True, slots=True)
class PatchedGraph:
    text: bytes
    """From phoneme ids to the durations and the latent."""
    latent: str
    """Name of the (1, CHANNELS, frames) that it makes."""
    noises: tuple[str, ...]
    """The 1-D inputs that each feed one former random node."""
    flow: Part
    """From the latent to what the decoder reads."""
    decoder: Part
    """From that to samples."""
    samples_per_frame: int


def patch(path: Path) -> PatchedGraph:
    """The graph in parts, with its durations as an output and its noise as inputs.

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
    try:
        return _patched(model)
    except (LookupError, ValueError, StopIteration) as error:
        raise EngineError(f"{path.name} is not a Piper voice: {error}") from error


def _patched(model: onnx.ModelProto) -> PatchedGraph:
    """Raises LookupError, ValueError or StopIteration where the graph is built otherwise."""
    graph = model.graph
    [durations] = [node.output[0] for node in graph.node if node.op_type == "Ceil"]
    timed = _downstream(graph.node, durations)
    drawn = next(
        n.output[0]
        for n in graph.node
        if n.op_type == "RandomNormalLike" and not timed.isdisjoint(n.input)
    )
    with_noise = _downstream(graph.node, drawn)
    latent = next(
        n.output[0] for n in graph.node if n.op_type == "Add" and not with_noise.isdisjoint(n.input)
    )
    decoded, samples = _read_by_decoder(graph, timed), graph.output[0].name
    follow_speeds(graph, durations, "speed")
    noises = _without_own_noise(graph)
    mask = _mask(graph, latent, decoded, timed)
    text = _part(model, (), (latent, PACED))
    flow = _part(model, (latent, mask), (decoded,))
    decoder = _part(model, (decoded,), (samples,))
    _as_pictures(decoder.graph, decoded)
    return PatchedGraph(
        text=text.SerializeToString(),
        latent=latent,
        noises=noises,
        flow=_as_part(flow, (latent, mask)),
        decoder=_as_part(decoder, (decoded,)),
        samples_per_frame=math.prod(
            _along(node, "strides") for node in decoder.graph.node if node.op_type == _RISING
        ),
    )


def _read_by_decoder(graph: onnx.GraphProto, timed: set[str]) -> str:
    """What the convolution before the first upsampling reads."""
    made_by = {name: node for node in graph.node for name in node.output}
    node = next(n for n in graph.node if n.op_type == _RISING)
    while node.op_type != "Conv":
        node = made_by[next(name for name in node.input if name in timed)]
    return str(next(name for name in node.input if name in timed))


def _mask(graph: onnx.GraphProto, latent: str, decoded: str, timed: set[str]) -> str:
    """What else the flow reads that has frames."""
    after = _downstream(graph.node, latent)
    nodes = graph.node[: next(i for i, n in enumerate(graph.node) if decoded in n.output) + 1]
    [mask] = {
        str(name)
        for node in nodes
        if not after.isdisjoint(node.input)
        for name in node.input
        if name in timed and name not in after
    }
    return mask


def _downstream(nodes: Iterable[onnx.NodeProto], value: str) -> set[str]:
    """Values that are made of a value, with itself; the nodes stand in order."""
    found = {value}
    for node in nodes:
        if not found.isdisjoint(node.input):
            found.update(node.output)
    return found


def _part(model: onnx.ModelProto, given: Sequence[str], wanted: Sequence[str]) -> onnx.ModelProto:
    """What is needed to make some values of a graph, from its inputs and from values that are given."""
    graph = model.graph
    needed, nodes = set(wanted), []
    for node in reversed(graph.node):
        if not needed.isdisjoint(name for name in node.output if name not in given):
            needed.update(node.input)
            nodes.append(node)
    framed = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, "frames"])
        for name, channels in zip(given, (CHANNELS, 1), strict=False)
    ]
    part = helper.make_model(
        helper.make_graph(
            nodes[::-1],
            graph.name,
            [*framed, *(value for value in graph.input if value.name in needed)],
            [onnx.ValueInfoProto(name=name) for name in wanted],
            [weights for weights in graph.initializer if weights.name in needed],
        ),
        opset_imports=model.opset_import,
    )
    part.ir_version = model.ir_version
    return part


def _as_part(model: onnx.ModelProto, given: tuple[str, ...]) -> Part:
    graph = model.graph
    return Part(
        data=model.SerializeToString(),
        given=given,
        made=graph.output[0].name,
        reach=_reach(graph, given[0]),
    )


def _reach(graph: onnx.GraphProto, given: str) -> int:
    """Frames on either side of one that what is made of it depends on."""
    reach, rate = {given: 0.0}, {given: 1}
    for node in graph.node:
        sources = [name for name in node.input if name in reach]
        if not sources:
            continue
        far, often = max(reach[n] for n in sources), max(rate[n] for n in sources)
        if node.op_type == "Conv":
            far += (_along(node, "kernel_shape") - 1) * _along(node, "dilations") / 2 / often
        elif node.op_type == _RISING:
            far += math.ceil(_along(node, "kernel_shape") / _along(node, "strides") / 2) / often
            often *= _along(node, "strides")
        for name in node.output:
            reach[name], rate[name] = far, often
    return math.ceil(max(reach.values()))


def _along(node: onnx.NodeProto, attribute: str) -> int:
    """A convolution's attribute, in the direction of time."""
    return next((int(a.ints[-1]) for a in node.attribute if a.name == attribute), 1)


def _as_pictures(graph: onnx.GraphProto, latent: str) -> None:
    """Makes lines of samples pictures one pixel high, whose convolutions ONNX Runtime does in three quarters of the
    time."""
    wide = _downstream(graph.node, latent)
    weights = {value.name: value for value in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    made: set[str] = set()
    for node in graph.node:
        if wide.isdisjoint(node.input):
            nodes.append(node)
            continue
        for i, name in enumerate(node.input):
            if name == latent or (name and name not in wide and name not in weights):
                node.input[i] = tall = f"{name}_as_picture"
                if tall not in made:
                    nodes.append(helper.make_node("Reshape", [name, _TALL], [tall]))
                    made.add(tall)
        if node.op_type in ("Conv", _RISING):
            _heighten(node, weights[node.input[1]])
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.append(helper.make_tensor(_TALL, TensorProto.INT64, [4], [0, 0, 1, -1]))


def _heighten(node: onnx.NodeProto, weights: onnx.TensorProto) -> None:
    """A convolution of a line as that of a picture."""
    kernel = numpy_helper.to_array(weights)
    if kernel.ndim == 3:
        weights.CopyFrom(numpy_helper.from_array(kernel[:, :, np.newaxis].copy(), weights.name))
    for attribute in node.attribute:
        along = list(attribute.ints)
        if attribute.name == "pads":
            attribute.ints[:] = [0, along[0], 0, along[1]]
        elif attribute.name == "output_padding":
            attribute.ints[:] = [0, along[0]]
        elif attribute.name in ("kernel_shape", "strides", "dilations"):
            attribute.ints[:] = [1, along[0]]


def _without_own_noise(graph: onnx.GraphProto) -> tuple[str, ...]:
    """Makes each random node read an input; their names."""
    nodes: list[onnx.NodeProto] = []
    noises: list[str] = []
    paced = False
    for node in graph.node:
        paced = paced or PACED in node.output
        if node.op_type == "RandomNormalLike":
            noise = f"noise_{len(noises)}"
            noises.append(noise)
            nodes.extend(_read_noise(noise, node.input[0], node.output[0], paced))
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    graph.input.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [f"{name}_length"])
        for name in noises
    )
    graph.initializer.extend(_constants())
    return tuple(noises)


def _constants() -> list[TensorProto]:
    numbers = {f"const_{n}": n for n in (0, 1, 2, FRAMES_PER_ID)}
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
    """Nodes by which frame j of phoneme id i takes frame i * FRAMES_PER_ID + j of the noise."""
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
        make("Mul", [named("id"), f"const_{FRAMES_PER_ID}"], [named("first")]),
        make("Add", [named("first"), named("within")], [named("own")]),
    ]
