"""Published checkpoints, read strictly.

`SadTalker_V0.0.2_256.safetensors` (or 512) holds five networks, each under a prefix of its own; MappingNet comes in a
PyTorch file with its optimiser's state beside it. Narrower networks of the same layout are known by their first layer.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from backends.animation.sadtalker.generator import Generator
from backends.animation.sadtalker.keypoints import KPDetector, MappingNet
from backends.animation.sadtalker.pose import PoseVAE
from backends.animation.sadtalker.regressor import Regressor
from backends.animation.sadtalker.sound import ExpNet
from backends.errors import EngineError, WeightsMissingError

Framing = Literal["full", "crop"]

MAPPINGS: Mapping[Framing, tuple[str, int]] = {
    "full": ("mapping_00109-model.pth.tar", 73),
    "crop": ("mapping_00229-model.pth.tar", 70),
}
"""File and number of coefficients."""
_FIRST, _WIDTH = "generator.first.conv.weight", 64


@dataclass(frozen=True, slots=True)
class Networks:
    """All of them, ready to be used."""

    expression: ExpNet
    pose: PoseVAE
    mapping: MappingNet
    keypoints: KPDetector
    regressor: Regressor
    generator: Generator

    def to(self, device: torch.device) -> Networks:
        return Networks(
            self.expression.to(device), self.pose.to(device), self.mapping.to(device),
            self.keypoints.to(device), self.regressor.to(device), self.generator.to(device),
        )  # fmt: skip


def main_file(size: int) -> str:
    return f"SadTalker_V0.0.2_{size}.safetensors"


def build(framing: Framing, narrow: int = 1) -> Networks:
    """Networks without numbers, on the meta device.

    Args:
        narrow: every width is divided by it.
    """
    with torch.device("meta"):
        return Networks(
            ExpNet(32 // narrow), PoseVAE(32 // narrow),
            MappingNet(MAPPINGS[framing][1], 1024 // narrow), KPDetector(32 // narrow),
            Regressor(64 // narrow), Generator(64 // narrow),
        )  # fmt: skip


def parts(networks: Networks) -> dict[str, nn.Module]:
    """What the main file holds, by prefix."""
    return {
        "audio2exp": networks.expression,
        "audio2pose": networks.pose,
        "face_3drecon": networks.regressor,
        "generator": networks.generator,
        "kp_extractor": networks.keypoints,
    }


def load(folder: Path, size: int, framing: Framing) -> Networks:
    """The networks of a folder's files.

    Raises:
        WeightsMissingError: a file is not there.
        EngineError: one is damaged, could run code, or holds other networks.
    """
    main, mapping = folder / main_file(size), folder / MAPPINGS[framing][0]
    for path in (main, mapping):
        if not path.is_file():
            name = "sadtalker:512" if size == 512 else "sadtalker"
            raise WeightsMissingError(
                f"there are no weights at {path}; run: prosopon models pull {name}"
            )
    entries = _safetensors(main)
    networks = build(framing, _narrowing(entries, main))
    for prefix, network in parts(networks).items():
        _fill(network, _under(prefix, entries), main, prefix)
    if entries:
        raise EngineError(f"{main.name} is not SadTalker's: it also holds {next(iter(entries))!r}")
    _fill(networks.mapping, _mapping(mapping), mapping, "mapping")
    return networks


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, ValueError, OSError) as error:
        raise _damaged(path, error) from error


def _mapping(path: Path) -> dict[str, Tensor]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, OSError, KeyError) as error:
        raise _damaged(path, error) from error
    found = content.get("mapping") if isinstance(content, dict) else None
    if not isinstance(found, dict) or not all(isinstance(v, Tensor) for v in found.values()):
        raise EngineError(f"{path.name} holds no state of a network called 'mapping'")
    return found


def _narrowing(entries: dict[str, Tensor], path: Path) -> int:
    first = entries.get(_FIRST)
    width = first.shape[0] if first is not None and first.ndim else 0
    if not 4 <= width <= _WIDTH or _WIDTH % width:
        raise EngineError(
            f"{path.name} is not SadTalker's: its entry {_FIRST!r} is "
            f"{tuple(first.shape) if first is not None else 'missing'}"
        )
    return _WIDTH // width


def _under(prefix: str, entries: dict[str, Tensor]) -> dict[str, Tensor]:
    """Takes what stands under a prefix out of the entries."""
    names = [name for name in entries if name.startswith(prefix + ".")]
    return {name.removeprefix(prefix + "."): entries.pop(name) for name in names}


def _fill(network: nn.Module, entries: dict[str, Tensor], path: Path, what: str) -> None:
    numbers = {
        name: value.float() if value.is_floating_point() else value
        for name, value in entries.items()
    }
    for name, value in numbers.items():
        if not value.isfinite().all():
            raise EngineError(
                f"{path.name} is damaged: {what}.{name} holds numbers that are not finite"
            )
    try:
        network.load_state_dict(numbers, strict=True, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise EngineError(f"{path.name} does not hold SadTalker's {what}: {reason}") from error
    network.eval().requires_grad_(False)


def _damaged(path: Path, error: Exception) -> EngineError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
    return EngineError(
        f"{path.name} cannot be read as weights ({reason}); fetch it again: prosopon models pull sadtalker"
    )
