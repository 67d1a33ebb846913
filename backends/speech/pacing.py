"""Graphs whose durations follow speeds, one for each phoneme, edited in memory."""

import onnx
from onnx import TensorProto, helper

PACED = "paced_durations"
"""Name of the output: frames that each phoneme id takes."""
ENDS, STARTS = "paced_ends_whole", "paced_starts_whole"
"""Frames at which each phoneme id ends and begins."""

_AXIS = "paced_axis"


def follow_speeds(
    graph: onnx.GraphProto, durations: str, speed: str, least: str | None = None
) -> None:
    """Divides the durations by an input, so that all is as fast as asked, and makes them an output.

    A voice's own scale acts before each duration is rounded, and so hardly shortens what has few
    frames. Here each is divided and their ends are rounded; a duration is the step from one end to
    the next, and may be none.

    Args:
        durations: Name of the value that holds them, whole frames as floats, ids in the last axis.
        speed: Name of the new input, (ids,) float.
        least: Name of another, (ids,) float, frames that each id keeps however fast; none by default.
    """
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name == durations:
                node.input[i] = PACED
        nodes.append(node)
        if durations in node.output:
            nodes.extend(_paced(durations, speed, least))
    del graph.node[:]
    graph.node.extend(nodes)
    graph.output.append(onnx.ValueInfoProto(name=PACED))
    for name in filter(None, (speed, least)):
        graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["ids"]))
    graph.initializer.append(helper.make_tensor(_AXIS, TensorProto.INT64, [], [-1]))


def _paced(durations: str, speed: str, least: str | None) -> list[onnx.NodeProto]:
    make = helper.make_node
    steps = PACED if least is None else "paced_steps"
    nodes = [
        make("Div", [durations, speed], ["paced_exact"]),
        make("CumSum", ["paced_exact", _AXIS], ["paced_ends_exact"]),
        make("CumSum", ["paced_exact", _AXIS], ["paced_starts_exact"], exclusive=1),
        make("Round", ["paced_ends_exact"], [ENDS]),
        make("Round", ["paced_starts_exact"], [STARTS]),
        make("Sub", [ENDS, STARTS], [steps]),
    ]
    return nodes if least is None else [*nodes, make("Max", [steps, least], [PACED])]
