"""The generator as an ONNX graph: for ONNX Runtime here, and for whatever else reads the format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from backends.animation.wav2lip.architecture import MELS, STEPS, Architecture, Layer, Stage
from backends.animation.wav2lip.folding import Folded

OPSET = 17
_ALL = 2**31
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
    seen, x = [], "faces"
    for stage in architecture.face:
        x = writer.stage(stage, x)
        seen.append(x)
    x = writer.stage(architecture.sound, "mel")
    begun = 0
    for index, stage in enumerate(architecture.decoder):
        x = writer.stage(stage, writer.below(x, rows[index] - begun))
        begun = 2 * rows[index] if index > 1 else 0
        x = writer.node("Concat", [x, writer.below(seen.pop(), begun)], axis=1)
    x = writer.layer(architecture.last, x)
    head = architecture.head
    x = writer.node("Conv", [x, *writer.constants(head)], kernel_shape=[1, 1])
    writer.nodes.append(helper.make_node("Sigmoid", [x], ["frames"]))
    size, real = architecture.size, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        writer.nodes,
        "wav2lip",
        [
            helper.make_tensor_value_info("mel", real, ["n", 1, MELS, STEPS]),
            helper.make_tensor_value_info("faces", real, ["n", 6, size, size]),
        ],
        [helper.make_tensor_value_info("frames", real, ["n", 3, size - rows[-1], size])],
        writer.initializers,
    )
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=_IR, producer_name="prosopon")
    helper.set_model_props(model, {"colours": "RGB", "licence": "non-commercial"})
    return model


class _Writer:
    """Collects nodes and constants."""

    def __init__(self, folded: Mapping[str, Folded]) -> None:
        self._folded = folded
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def stage(self, layers: Stage, x: str) -> str:
        for layer in layers:
            x = self.layer(layer, x)
        return x

    def layer(self, layer: Layer, x: str) -> str:
        sizes: dict[str, Any] = {
            "kernel_shape": [layer.kernel] * 2,
            "strides": list(layer.stride),
            "pads": [layer.padding] * 4,
        }
        if layer.up:
            sizes["output_padding"] = [layer.output_padding] * 2
        kind = "ConvTranspose" if layer.up else "Conv"
        y = self.node(kind, [x, *self.constants(layer.key)], **sizes)
        return self.node("Relu", [self.node("Add", [y, x]) if layer.residual else y])

    def below(self, x: str, row: int) -> str:
        """Without the rows above one."""
        if not row:
            return x
        cut = [np.array(n, np.int64) for n in ([row], [_ALL], [2])]
        names = [f"cut.{len(self.initializers) + k}" for k in range(3)]
        self.initializers += map(numpy_helper.from_array, cut, names)
        return self.node("Slice", [x, *names])

    def node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        output = f"{kind}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def constants(self, key: str) -> list[str]:
        names = []
        for part, value in (("weight", self._folded[key].weight), ("bias", self._folded[key].bias)):
            names.append(f"{key}.{part}")
            self.initializers.append(numpy_helper.from_array(value, names[-1]))
        return names
