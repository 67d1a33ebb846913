"""Wav2Lip's networks: exactly those that are published, in PyTorch, folded, as a graph, and with rows left out."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from backends.animation.wav2lip.architecture import SIZES, Architecture, Size, architecture, cuts
from backends.animation.wav2lip.folding import fold
from backends.animation.wav2lip.graph import build_halves
from backends.animation.wav2lip.runners import OnnxRunner, OpenVinoRunner
from backends.types import FloatArray
from tests.contract.wav2lip_weights import random_weights
from tests.unit.wav2lip.conftest import drawn

PUBLISHED = json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8"))
"""Shapes of the convolutions' weights in published checkpoints, by size and name."""
COUNTS = {96: (36_298_035, 352), 256: (53_605_683, 380)}
"""Parameters and entries of the published networks."""
BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def published(size: Size) -> dict[str, tuple[int, ...]]:
    """Every entry: what stands in the file, and the biases and normalisations that go with it."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, text in PUBLISHED[str(size)].items():
        shape = tuple(map(int, text.split()))
        key = name.removesuffix(".weight")
        shapes[name] = shape
        # A transposed convolution, the first layer of a decoder stage, has its outputs second.
        up = key.startswith("face_decoder_blocks") and shape[2:] != (1, 1) and ".0.conv" in key
        channels = shape[1] if up else shape[0]
        shapes[f"{key}.bias"] = (channels,)
        if ".conv_block." in key:
            norm = key.removesuffix("0") + "1"
            for part in ("weight", "bias", *BUFFERS[:2]):
                shapes[f"{norm}.{part}"] = (channels,)
            shapes[f"{norm}.{BUFFERS[2]}"] = ()
    return shapes


def inputs(size: Size, count: int = 3) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(1)
    mel = rng.uniform(-4, 4, (count, 1, 80, 16)).astype(np.float32)
    return mel, rng.uniform(0, 1, (count, 6, size, size)).astype(np.float32)


def in_onnx(plan: Architecture, weights: dict[str, FloatArray], first_row: int) -> OnnxRunner:
    return OnnxRunner(build_halves(plan, fold(plan, weights), cuts(plan, first_row)), "cpu", 1)


@pytest.mark.parametrize("size", SIZES)
def test_entries_and_shapes_are_the_published_ones(size: Size) -> None:
    shapes = architecture(size).shapes()
    assert shapes == published(size)
    parameters = sum(int(np.prod(s)) for n, s in shapes.items() if not n.endswith(BUFFERS))
    assert (parameters, len(shapes)) == COUNTS[size]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_rows_that_are_left_out_change_nothing_below(size: Size, share: float) -> None:
    plan, weights = architecture(size, 2), random_weights(size)
    first = int(share * size)
    whole, part = in_onnx(plan, weights, 0), in_onnx(plan, weights, first)
    assert whole.top == 0
    assert 0 < part.top <= first < size
    mel, faces = inputs(size)
    expected = drawn(whole, mel, faces)[:, :, first:]
    assert expected.std() > 0.01  # the network draws something
    np.testing.assert_allclose(
        drawn(part, mel, faces)[:, :, first - part.top :], expected, rtol=0, atol=1e-6
    )


@pytest.mark.full
@pytest.mark.parametrize("size", SIZES)
def test_published_folded_and_graph_draw_the_same(size: Size) -> None:
    torch = pytest.importorskip("torch", reason="the full set has it")
    from backends.animation.wav2lip.networks import Generator
    from backends.animation.wav2lip.runners import TorchRunner

    plan, weights = architecture(size, 2), random_weights(size)
    network = Generator(plan).eval()
    network.load_state_dict({n: torch.from_numpy(v) for n, v in weights.items()}, strict=True)
    mel, faces = inputs(size)
    blue_first = np.ascontiguousarray(faces[:, [2, 1, 0, 5, 4, 3]])
    with torch.inference_mode():
        expected = network(torch.from_numpy(mel), torch.from_numpy(blue_first)).numpy()[:, ::-1]
    for runner in (TorchRunner(plan, weights, "cpu"), in_onnx(plan, weights, 0)):
        np.testing.assert_allclose(drawn(runner, mel, faces), expected, rtol=0, atol=1e-5)


@pytest.mark.full
@pytest.mark.parametrize("size", SIZES)
def test_the_modules_have_the_published_names(size: Size) -> None:
    torch = pytest.importorskip("torch", reason="the full set has it")
    from backends.animation.wav2lip.networks import Generator

    with torch.device("meta"):
        network = Generator(architecture(size))
    assert {n: tuple(v.shape) for n, v in network.state_dict().items()} == published(size)
    assert sum(p.numel() for p in network.parameters()) == COUNTS[size][0]


@pytest.mark.full
def test_threads_share_openvino() -> None:
    """Different numbers of faces at once; every thread gets what it would get alone."""
    pytest.importorskip("openvino", reason="the full set has it")
    plan, weights = architecture(96, 2), random_weights(96)
    halves = build_halves(plan, fold(plan, weights), cuts(plan, 48))
    runner, reference = OpenVinoRunner(halves, 1), OnnxRunner(halves, "cpu", 1)
    assert (runner.size, runner.top) == (reference.size, reference.top)
    asked = [inputs(96, 1 + k % 2) for k in range(12)]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda both: drawn(runner, *both), asked))
    for both, got in zip(asked, found, strict=True):
        np.testing.assert_allclose(got, drawn(reference, *both), rtol=0, atol=1e-5)
