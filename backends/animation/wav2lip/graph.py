"""The generator as an ONNX graph: for ONNX Runtime and OpenVINO here, and for whatever else reads the format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.shape_inference import infer_shapes
from onnx.utils import Extractor

from backends.animation.wav2lip.architecture import (
    MELS,
    SIZES,
    STEPS,
    Architecture,
    Layer,
    Size,
    Stage,
)
from backends.animation.wav2lip.folding import Folded
from backends.errors import EngineError

OPSET = 17
_ALL = 2**31
_SEEN = "seen."
"""What the stages of the face encoder give is named so."""
_IR = 9  # what ONNX Runtime has read since 1.16


def build_graph(
    architecture: Architecture, folded: Mapping[str, Folded], rows: tuple[int, ...]
) -> onnx.ModelProto:
    """The whole network.

    Inputs are "mel" (n, 1, 80, 16) and "faces" (n, 6, size, size) as in `networks.Generator.forward`, the output
    "frames" (n, 3, size - rows[-1], size); n is free, colours are RGB.

    Args:
        rows: `architecture.cuts`.
    """
    writer = _Writer(folded)
    seen = writer.see(architecture)
    writer.draw(architecture, rows, seen)
    frames = _open("frames", 3, architecture.size - rows[-1], architecture.size)
    return writer.model([_MEL, _faces(architecture.size)], [frames])


@dataclass(frozen=True, slots=True)
class Halves:
    """A graph in two, since faces that stay as they are need be looked at once only."""

    size: Size
    top: int
    """The first row of a face that is drawn."""
    encoder: bytes
    """From "faces" to "seen.0" and so on."""
    drawer: bytes
    """From "mel" and those to "frames"."""


def build_halves(
    architecture: Architecture, folded: Mapping[str, Folded], rows: tuple[int, ...]
) -> Halves:
    """As `build_graph`."""
    size, encoder, drawer = architecture.size, _Writer(folded), _Writer(folded)
    names = encoder.see(architecture)
    drawer.draw(architecture, rows, names)
    widths = (stage[-1].outputs for stage in architecture.face)
    seen = [_open(name, width, None, None) for name, width in zip(names, widths, strict=True)]
    frames = _open("frames", 3, size - rows[-1], size)
    halves = encoder.model([_faces(size)], seen), drawer.model([_MEL, *seen], [frames])
    return Halves(size, rows[-1], *(half.SerializeToString() for half in halves))


def read_halves(path: Path) -> Halves:
    """Of a file that holds a graph as `build_graph` makes it, in 8 bits too.

    Raises:
        EngineError: it is another one.
    """
    try:
        model = onnx.load_from_string(path.read_bytes())
        onnx.checker.check_model(model)
        inputs = {value.name: _lengths(value) for value in model.graph.input}
        size, drawn = inputs["faces"][2], _lengths(model.graph.output[0])[2]
        taken = {"faces": inputs["faces"][1:], "mel": inputs["mel"][1:]}
        if taken != {"faces": [6, size, size], "mel": [1, MELS, STEPS]} or size not in SIZES:
            raise ValueError(f"it takes {inputs}")
        made = (output for node in model.graph.node for output in node.output)
        seen = sorted(output for output in made if re.fullmatch(rf"{_SEEN}\d+", output))
        if not seen:
            raise ValueError("it does not say where the face encoder ends; export it anew")
        extractor = Extractor(infer_shapes(model))
        encoder = extractor.extract_model(["faces"], seen)
        drawer = extractor.extract_model(["mel", *seen], ["frames"])
    except Exception as error:  # anything may stand in the file
        raise EngineError(f"{path.name} is not a Wav2Lip graph: {error}") from error
    return Halves(size, size - drawn, encoder.SerializeToString(), drawer.SerializeToString())


def _lengths(value: onnx.ValueInfoProto) -> list[int]:
    """Of an input or output; 0 where they are open."""
    return [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]


def _open(name: str, *lengths: int | None) -> onnx.ValueInfoProto:
    """Numbers of any batch."""
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", *lengths])


_MEL = _open("mel", 1, MELS, STEPS)


def _faces(size: Size) -> onnx.ValueInfoProto:
    return _open("faces", 6, size, size)


class _Writer:
    """Collects nodes and constants."""

    def __init__(self, folded: Mapping[str, Folded]) -> None:
        self._folded = folded
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def see(self, architecture: Architecture) -> list[str]:
        """The face encoder; what its stages give."""
        seen, x = [], "faces"
        for number, stage in enumerate(architecture.face):
            x = self.stage(stage, x, f"{_SEEN}{number}")
            seen.append(x)
        return seen

    def draw(self, architecture: Architecture, rows: tuple[int, ...], seen: list[str]) -> None:
        """The rest."""
        x, begun = self.stage(architecture.sound, "mel"), 0
        for index, (stage, beside) in enumerate(zip(architecture.decoder, seen[::-1], strict=True)):
            x = self.stage(stage, self.below(x, rows[index] - begun))
            begun = 2 * rows[index] if index > 1 else 0
            x = self.node("Concat", [x, self.below(beside, begun)], axis=1)
        x = self.layer(architecture.last, x)
        x = self.node("Conv", [x, *self.constants(architecture.head)], kernel_shape=[1, 1])
        self.nodes.append(helper.make_node("Sigmoid", [x], ["frames"]))

    def model(
        self, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]
    ) -> onnx.ModelProto:
        """Of what was collected."""
        graph = helper.make_graph(self.nodes, "wav2lip", inputs, outputs, self.initializers)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(
            graph, opset_imports=opset, ir_version=_IR, producer_name="prosopon"
        )
        helper.set_model_props(model, {"colours": "RGB", "licence": "non-commercial"})
        return model

    def stage(self, layers: Stage, x: str, name: str | None = None) -> str:
        for layer in layers[:-1]:
            x = self.layer(layer, x)
        return self.layer(layers[-1], x, name)

    def layer(self, layer: Layer, x: str, name: str | None = None) -> str:
        sizes: dict[str, Any] = {
            "kernel_shape": [layer.kernel] * 2,
            "strides": list(layer.stride),
            "pads": [layer.padding] * 4,
        }
        if layer.up:
            sizes["output_padding"] = [layer.output_padding] * 2
        kind = "ConvTranspose" if layer.up else "Conv"
        y = self.node(kind, [x, *self.constants(layer.key)], **sizes)
        return self.node("Relu", [self.node("Add", [y, x]) if layer.residual else y], name)

    def below(self, x: str, row: int) -> str:
        """Without the rows above one."""
        if not row:
            return x
        cut = [np.array(n, np.int64) for n in ([row], [_ALL], [2])]
        names = [f"cut.{len(self.initializers) + k}" for k in range(3)]
        self.initializers += map(numpy_helper.from_array, cut, names)
        return self.node("Slice", [x, *names])

    def node(self, kind: str, inputs: list[str], name: str | None = None, **attributes: Any) -> str:
        output = name or f"{kind}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def constants(self, key: str) -> list[str]:
        names = []
        for part, value in (("weight", self._folded[key].weight), ("bias", self._folded[key].bias)):
            names.append(f"{key}.{part}")
            self.initializers.append(numpy_helper.from_array(value, names[-1]))
        return names
