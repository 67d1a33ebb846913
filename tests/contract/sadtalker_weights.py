"""Checkpoints in SadTalker's published layout with random numbers, narrow enough for a CPU."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from backends.animation.sadtalker.blocks import SpectralConv2d
from backends.animation.sadtalker.checkpoint import MAPPINGS, build, main_file, parts
from backends.animation.sadtalker.keypoints import gaussian

SIZE, NARROW = 128, 16


def write_weights(folder: Path, size: int = SIZE, narrow: int = NARROW, seed: int = 0) -> Path:
    """The files of both framings; the folder."""
    random = torch.Generator().manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    networks = parts(build("full", narrow))
    entries = {
        f"{prefix}.{name}": value
        for prefix, network in networks.items()
        for name, value in numbers(network, random).items()
    }
    save_file(entries, folder / main_file(size))
    for framing, (name, _) in MAPPINGS.items():
        state = numbers(build(framing, narrow).mapping, random)
        optimizer = {"state": {0: {"step": 7, "exp_avg": torch.zeros(3)}}, "param_groups": []}
        content = {"mapping": state, "optimizer_mapping": optimizer, "epoch": 109}
        torch.save(content, folder / name)
    return folder


def numbers(network: nn.Module, random: torch.Generator) -> dict[str, Tensor]:
    """A state of that network in which signals neither grow nor fade."""
    state: dict[str, Tensor] = {}
    for name, value in network.state_dict().items():
        kind = name.rpartition(".")[2]
        if kind == "num_batches_tracked":
            state[name] = torch.tensor(109)
        elif kind == "running_mean":
            state[name] = 0.1 * torch.randn(value.shape, generator=random)
        elif name.endswith("bn3.weight") or name.startswith("final_layers"):
            state[name] = 0.2 * torch.rand(value.shape, generator=random) - 0.1
        elif kind == "running_var" or (kind == "weight" and value.ndim == 1):
            state[name] = 0.75 + 0.5 * torch.rand(value.shape, generator=random)
        elif name == "down.weight":
            state[name] = gaussian(1.5, 13).expand(3, 1, 13, 13).clone()
        else:
            scale = (2 / value[0].numel()) ** 0.5 if value.ndim > 1 else 0.1
            state[name] = scale * torch.randn(value.shape, generator=random)
    for name, module in network.named_modules():
        if isinstance(module, SpectralConv2d):
            _converge(state, name)
    return state


def _converge(state: dict[str, Tensor], name: str) -> None:
    weight = state[f"{name}.weight_orig"].flatten(1)
    u, v = state[f"{name}.weight_u"], state[f"{name}.weight_v"]
    for _ in range(10):
        v = nn.functional.normalize(weight.T @ u, dim=0)
        u = nn.functional.normalize(weight @ v, dim=0)
    state[f"{name}.weight_u"], state[f"{name}.weight_v"] = u, v
