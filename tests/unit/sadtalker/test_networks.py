"""The networks have exactly the published entries, and the fast renderer draws what the plain one does."""

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the full set has it")

from backends.animation.sadtalker.checkpoint import build, parts  # noqa: E402
from backends.animation.sadtalker.fast import Conv3x3, accelerate  # noqa: E402
from tests.contract.sadtalker_weights import numbers  # noqa: E402

PUBLISHED = json.loads((Path(__file__).parent / "published.json").read_text())
PARAMETERS = {
    "audio2exp": 2_849_664,
    "audio2pose": 11_251_897,
    "mapping70": 10_195_190,
    "mapping73": 10_216_694,
    "generator": 100_988_176,
    "kp_extractor": 41_940_047,
}
ENTRIES = {
    "audio2exp": 93, "audio2pose": 419, "mapping70": 18, "mapping73": 18, "generator": 386,
    "kp_extractor": 75, "face_3drecon": 332,
}  # fmt: skip


def published(network: str) -> dict[str, tuple[int, ...]]:
    """Every entry: what stands in the file, and the rest of the normalisations that are named there."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, text in PUBLISHED[network].items():
        shape = tuple(map(int, text.split()))
        shapes[name] = shape
        if name.endswith(".weight") and len(shape) == 1:
            layer = name.removesuffix("weight")
            shapes |= {layer + part: shape for part in ("bias", "running_mean", "running_var")}
            shapes[layer + "num_batches_tracked"] = ()
    return shapes


def test_entries_shapes_and_counts_are_the_published_ones() -> None:
    full, crop = build("full"), build("crop")
    networks = {**parts(full), "mapping73": full.mapping, "mapping70": crop.mapping}
    assert networks.keys() == PUBLISHED.keys()
    for name, network in networks.items():
        state = network.state_dict()
        assert {n: tuple(v.shape) for n, v in state.items()} == published(name)
        assert len(state) == ENTRIES[name]
        if name in PARAMETERS:
            assert sum(p.numel() for p in network.parameters()) == PARAMETERS[name]


def test_winograds_way_gives_the_convolution() -> None:
    random = torch.Generator().manual_seed(1)
    weight = torch.randn(160, 128, 3, 3, generator=random) / 34
    bias, x = torch.randn(160, generator=random), torch.randn(2, 128, 12, 20, generator=random)
    plain = torch.nn.functional.conv2d(x, weight, bias, padding=1)
    assert torch.allclose(Conv3x3(weight, bias)(x), plain, atol=5e-5)
    odd = x[:, :, :11]
    plain = torch.nn.functional.conv2d(odd, weight, bias, padding=1)
    assert torch.allclose(Conv3x3(weight, bias)(odd), plain, atol=5e-5)


def test_the_fast_renderer_draws_what_the_plain_one_does() -> None:
    random = torch.Generator().manual_seed(2)
    generator = build("full", 16).generator
    generator.load_state_dict(numbers(generator, random), assign=True)
    generator.eval().requires_grad_(False)
    image = torch.rand(2, 3, 128, 128, generator=random)
    still = 0.3 * torch.randn(1, 15, 3, generator=random)
    driving = still + 0.05 * torch.randn(2, 15, 3, generator=random)
    with torch.inference_mode():
        plain = generator(generator.source(image), driving, still)
        accelerate(generator)
        fast = generator(generator.source(image), driving, still)
    assert plain.std() > 0.05
    assert (fast - plain).abs().max() < 2e-4
